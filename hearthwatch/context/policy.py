"""By which rules observations raise the level of a watch, and for how long.

Pure: observations in, levels out. docs/context.md has the same as a table, with its sources.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.records import ContextObservation, ContextSort, Grade, Variable, WatchLevel
from hearthwatch.values import moment
from hearthwatch.watchlist.raised import Sign
from hearthwatch.words import day

ACUTE = frozenset({7, 8, 10, 11, 12, 13, 14})
"""Risk factors of what is under way; the others change within years."""
PREPARING = frozenset({7, 8})
"""Of those, the common ones."""
SPECIFIC = ACUTE - PREPARING

SPEECH_LASTS = timedelta(days=30)
ACUTE_LASTS = timedelta(days=30)
SLOW_LASTS = timedelta(days=180)

STRONG_OF_FIVE = 2
"""So many variables at least are strong in speech that is dangerous."""
GRAVE_OF_FIVE = 4
"""So many, the speech act among them, in speech that is grave by itself."""
SLOW_TOGETHER = 2
"""So many different slow risk factors count together."""

UNRELIABLE, IMPROBABLE = frozenset("E"), frozenset({5})
SOUND_SOURCES, SOUND_WORDS = frozenset("ABC"), frozenset({1, 2, 3})


@dataclass(frozen=True, slots=True)
class Counted:
    """What policy makes of one observation by itself.

    Attributes
    ----------
    until : datetime or None
        Until when it counts; None where it does not, or not any more.
    words : str
        What that means, or why not.
    """

    until: datetime | None
    words: str


def counted(one: ContextObservation, now: datetime) -> Counted:
    """Return what policy makes of one observation by itself."""
    why_not = _why_not(one)
    if why_not or one.observed is None:
        return Counted(None, why_not)
    until = _end(one)
    if until <= now:
        return Counted(None, f"it counted until {day(until)}")
    if one.factor and one.factor not in ACUTE:
        return Counted(until, f"a slow risk factor: it counts with another until {day(until)}")
    weak = "" if _is_sound(one) else "; its source and word are too weak for level urgent"
    return Counted(until, f"it counts until {day(until)}{weak}")


def raises(observations: Iterable[ContextObservation], now: datetime) -> Mapping[str, Any]:
    """Return to what observations raise a level from now on, as a region keeps it.

    Returns
    -------
    mapping
        ``steps``, each a level and until when it holds, one after the other, and ``signs``, the
        newest first; empty where nothing raises anything.
    """
    there = [one for one in observations if counted(one, now).until is not None]
    steps: list[dict[str, str]] = []
    begin = now
    for end in sorted({_end(one) for one in there}):
        level = level_of([one for one in there if _end(one) > begin])
        begin = end
        if level is WatchLevel.ROUTINE:
            break
        if steps and steps[-1]["level"] == level.value:
            steps.pop()
        steps.append({"level": level.value, "until": str(moment(end))})
    if not steps:
        return {}
    newest = sorted(there, key=lambda one: (one.observed, one.id), reverse=True)
    return {"steps": steps, "signs": [_sign(one) for one in newest]}


def level_of(there: Collection[ContextObservation]) -> WatchLevel:
    """Return the level that observations ask for, all of which count at one time."""
    if any(_is_urgent(there)):
        return WatchLevel.URGENT
    slow = {one.factor for one in there if one.factor and one.factor not in ACUTE}
    fast = any(not one.factor or one.factor in ACUTE for one in there)
    return WatchLevel.ELEVATED if fast or len(slow) >= SLOW_TOGETHER else WatchLevel.ROUTINE


def _is_urgent(there: Iterable[ContextObservation]) -> Iterator[bool]:
    sound = [one for one in there if _is_sound(one)]
    speech = [one for one in sound if one.sort is ContextSort.SPEECH]
    acute = [one for one in sound if one.factor in ACUTE]
    yield any(_is_grave(one) for one in speech)
    yield _apart(speech, acute)
    yield _apart(
        [one for one in acute if one.factor in PREPARING],
        [one for one in acute if one.factor in SPECIFIC],
    )


def _apart(some: Iterable[ContextObservation], others: Collection[ContextObservation]) -> bool:
    """Tell whether there is one of each that are not from the same source."""
    return any(_origin(one) != _origin(other) for one in some for other in others)


def _origin(one: ContextObservation) -> str:
    return " ".join(one.source.casefold().split())


def _is_sound(one: ContextObservation) -> bool:
    return one.reliability in SOUND_SOURCES and one.credibility in SOUND_WORDS


def _strong(one: ContextObservation) -> int:
    return sum(grade == Grade.STRONG for grade in one.grades.values())


def _is_grave(one: ContextObservation) -> bool:
    return one.grades.get(Variable.ACT) == Grade.STRONG and _strong(one) >= GRAVE_OF_FIVE


def _why_not(one: ContextObservation) -> str:
    """Return why an observation counts for nothing; empty where it counts."""
    if one.withdrawn is not None:
        return "it is withdrawn"
    if one.reliability in UNRELIABLE or one.credibility in IMPROBABLE:
        return "its source is unreliable or its word improbable: it raises nothing"
    if one.sort is not ContextSort.SPEECH:
        return ""
    if one.grades.get(Variable.ACT, Grade.NONE) == Grade.NONE:
        return "its speech act is none or not known: it raises nothing"
    if _strong(one) < STRONG_OF_FIVE:
        return f"fewer than {STRONG_OF_FIVE} of its variables are strong: it raises nothing"
    return ""


def _end(one: ContextObservation) -> datetime:
    assert one.observed is not None
    if not one.factor:
        return one.observed + SPEECH_LASTS
    return one.observed + (ACUTE_LASTS if one.factor in ACUTE else SLOW_LASTS)


def _sign(one: ContextObservation) -> Sign:
    return {
        "observation": one.id,
        "sort": one.sort.value,
        "on": day(one.observed),
        "grades": {name.value: one.grades[name] for name in Variable if name in one.grades},
        "factor": one.factor or None,
        "reliability": one.reliability,
        "credibility": one.credibility,
        "until": str(moment(_end(one))),
    }
