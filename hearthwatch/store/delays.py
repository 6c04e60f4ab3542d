"""How long sections of the way from a look to an answer took, counted over all alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

SECTIONS = {
    "detected": ("sensed", "detected"),
    "told": ("sensed", "sent"),
    "sent": ("due", "sent"),
    "acknowledged": ("sent", "acknowledged"),
}
"""From what to what, by the name of the section."""
LIVE = timedelta(days=30)
"""What was sensed so long before was found in the past, and is not counted where that matters."""
AT_ONCE = timedelta(minutes=1)
"""What is due so long after it was made was held for a rhythm or for quiet hours."""


@dataclass(frozen=True, slots=True)
class Delays:
    """How long one section took.

    Attributes
    ----------
    up_to : tuple of int
        How many took at most each of the bounds that were asked for.
    count : int
        How many there are.
    seconds : float
        Of all of them.
    """

    up_to: tuple[int, ...]
    count: int
    seconds: float


def needs_look(section: str) -> bool:
    """Tell whether a section begins with the look, so that only what was found live counts."""
    return SECTIONS[section][0] == "sensed"
