"""Where heat can tell anything at all: what it would take for a hint, settlement by settlement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.heat.matching import RULES, Matched
from hearthwatch.words import counted

UNHEARD = "fires under cloud, or out before the next pass, are never listed"
NO_RECORD = "no two earlier years of this month are on record: all heat is a hint, at no known rate"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What heat can say of a settlement in one month.

    Attributes
    ----------
    settlement : str
        Id.
    tells : bool
        Whether heat as a burning village gives it can be a hint. That it can says nothing of a
        village without a hint.
    threshold : float or None
        Nats; None where no earlier years are on record.
    quiet_years : int
        Settlement-years it rests on.
    per_thousand : float or None
        Of 1,000 quiet settlement-years, those in which it is exceeded at most; None where that
        is not known.
    keeps_budget : bool
    pixels_needed : int or None
        Of one day; None where more than any village was drawn to give.
    """

    settlement: str
    tells: bool
    threshold: float | None
    quiet_years: int
    per_thousand: float | None
    keeps_budget: bool
    pixels_needed: int | None
    words: str


def hearing(squares: Iterable[Matched], when: datetime) -> Iterator[Hearing]:
    """Yield what heat can say of settlements in the month of a moment."""
    for square in squares:
        for i, one in enumerate(square.settlements):
            yield _hearing(square, i, one.id, when)


def _hearing(square: Matched, index: int, settlement: str, when: datetime) -> Hearing:
    year, month = when.year, when.month
    bound = square.budget.bound(index, year, month - 1)
    earlier = sum(m == month and y < year for y, m in square.on_record[index])
    if bound is None or earlier < RULES.season.least_years:
        return Hearing(settlement, True, None, 0, None, False, 1, f"{NO_RECORD}; {UNHEARD}")
    if not bound.tells:
        words = "heat tells nothing here in this month: fires of every year are as strong"
    else:
        words = f"{counted(bound.needed, 'heat pixel')} of one day would be a hint"
    if not bound.kept:
        words += f"; on {counted(bound.years, 'quiet year')}, too few to keep the budget"
    return Hearing(
        settlement,
        bound.tells,
        bound.value,
        bound.years,
        bound.per_thousand,
        bound.kept,
        bound.needed if bound.tells else None,
        f"{words}; {UNHEARD}",
    )
