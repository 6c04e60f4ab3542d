"""To what context raises the level of a watch, as it stands in the region.

`hearthwatch.context` writes it there whenever an observation is added or withdrawn, or its rules
are others, for all time to come: what is over ends without anybody's doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from hearthwatch.records import Region, WatchLevel
from hearthwatch.values import moment
from hearthwatch.words import day

LEVELS = (WatchLevel.ROUTINE, WatchLevel.ELEVATED, WatchLevel.URGENT)
"""From the lowest to the highest."""
IN_WORDS = 3
"""Signs that are named in one line; how many more there are is said."""


class Sign(TypedDict):
    """What raises a level, without words and source: whoever has it cannot tell who told of it.

    Attributes
    ----------
    observation : str
        Id.
    sort : str
        ``speech`` or ``risk_factor``.
    on : str
        Day of what was observed, in UTC.
    grades : mapping of str to str
        Of speech, by variable; what is not known is left out.
    factor : int or None
        Number of a risk factor.
    reliability, credibility : str, int
        How source and word are graded.
    until : str
        When it counts no longer.
    """

    observation: str
    sort: str
    on: str
    grades: Mapping[str, str]
    factor: int | None
    reliability: str
    credibility: int
    until: str


@dataclass(frozen=True, slots=True)
class Raised:
    """To what a level is raised at one time.

    Attributes
    ----------
    until : datetime
        When it is not as high any more.
    because : sequence of Sign
        The newest first.
    """

    level: WatchLevel
    until: datetime
    because: Sequence[Sign]


def higher(one: WatchLevel, other: WatchLevel) -> WatchLevel:
    """Return the higher of two levels."""
    return max(one, other, key=LEVELS.index)


def raised_at(region: Region, now: datetime) -> Raised | None:
    """Return to what context raises the level of a region; None where it does not."""
    for step in region.raised.get("steps", ()):
        until = datetime.fromisoformat(step["until"])
        if until > now:
            signs = [one for one in region.raised["signs"] if _end(one) > now]
            return Raised(WatchLevel(step["level"]), until, signs)
    return None


def from_now(region: Region, now: datetime) -> Mapping[str, Any]:
    """Return what stands in a region of how context raises its level, without what is over."""
    left = {
        name: [one for one in region.raised.get(name, ()) if _end(one) > now]
        for name in ("steps", "signs")
    }
    return left if left["steps"] else {}


def last_raised(region: Region, now: datetime) -> tuple[WatchLevel, datetime] | None:
    """Return to what context last raised the level, and until when; None where it is or was not."""
    over = [
        (WatchLevel(step["level"]), datetime.fromisoformat(step["until"]))
        for step in region.raised.get("steps", ())
        if datetime.fromisoformat(step["until"]) <= now
    ]
    return over[-1] if over else None


def raised_value(found: Raised | None) -> dict[str, Any] | None:
    """Return the same for programs."""
    if found is None:
        return None
    return {
        "level": found.level.value,
        "until": moment(found.until),
        "because": [dict(one) for one in found.because],
    }


def raised_words(found: Raised) -> str:
    """Return in one line to what context raises a level, and why."""
    named = [sign_words(one) for one in found.because[:IN_WORDS]]
    if len(found.because) > IN_WORDS:
        named.append(f"{len(found.because) - IN_WORDS} more")
    return f"{found.level.value} until {day(found.until)} because of {'; '.join(named)}"


def sign_words(one: Sign) -> str:
    """Return a sign in words."""
    graded = f"{one['on']}, source graded {one['reliability']}{one['credibility']}"
    if one["factor"]:
        return f"risk factor {one['factor']} ({graded})"
    grades = ", ".join(f"{variable} {grade}" for variable, grade in one["grades"].items())
    return f"dangerous speech ({graded}: {grades})"


def _end(one: Mapping[str, Any] | Sign) -> datetime:
    return datetime.fromisoformat(one["until"])
