"""How many people a camp might hold: only from a density that a person sets, and only as a range.

Pixels show ground, not people. How many live on a hectare differs between camps by more than an
area is ever unsure, so that no density is built in and no single number is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

MOST = 100_000.0
"""People on a hectare beyond which a density is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Density:
    """People on a hectare of ground that is built on or laid bare, from low to high.

    Raises
    ------
    ValueError
        If the ends are not positive numbers, not in order, alike, or beyond reason.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError("a density is two numbers")
        if not 0.0 < self.low < self.high <= MOST:
            raise ValueError(
                f"a density is a range of people per hectare, the lower end first and above 0, "
                f"the upper at most {MOST:,.0f}"
            )


@dataclass(frozen=True, slots=True)
class People:
    """A range of people, with how it was come by."""

    low: int
    high: int
    method: str

    def as_value(self) -> dict[str, int | str]:
        """Return it for programs."""
        return {"low": self.low, "high": self.high, "method": self.method}

    def in_words(self) -> str:
        """Return it as a sentence."""
        return f"From {self.low:,} to {self.high:,} people, if {self.method}."


def people_range(low_ha: float, high_ha: float, density: Density) -> People:
    """Return the people that an area may hold.

    The lower end is the lower area at the lower density, the upper end the upper at the upper:
    both may be as far out at once. The ends are rounded outwards to two digits.

    Parameters
    ----------
    low_ha, high_ha : float
        Interval of the area, hectares.

    Raises
    ------
    ValueError
        If the interval is not one.
    """
    if not 0.0 <= low_ha <= high_ha < math.inf:
        raise ValueError("an area is an interval of hectares from 0 up")
    method = (
        f"{density.low:g} to {density.high:g} live on each hectare, as the user has set it, and "
        f"the site covers {low_ha:.2f} to {high_ha:.2f} ha (95 %); nobody was counted"
    )
    low = _rounded(low_ha * density.low, math.floor)
    return People(low, _rounded(high_ha * density.high, math.ceil), method)


def _rounded(people: float, outwards: Callable[[float], int]) -> int:
    """Round to two digits, or to a whole number below a hundred."""
    step = max(1, 10 ** (int(math.log10(max(people, 1.0))) - 1))
    rounded: int = outwards(people / step) * step
    return rounded
