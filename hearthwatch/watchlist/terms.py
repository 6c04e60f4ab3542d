"""How closely a region is watched and until when: what falls back or ends does so by itself."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.errors import RegionError
from hearthwatch.records import Region, WatchLevel
from hearthwatch.settings import Settings
from hearthwatch.watchlist.raised import (
    higher,
    last_raised,
    raised_at,
    raised_value,
    raised_words,
)
from hearthwatch.watchlist.waiting import waiting_words
from hearthwatch.words import counted, day

ANNOUNCED = timedelta(days=14)
"""Before a watch ends it is told."""
HOURS = "hours_between_runs"
"""In the terms of a region: its cadence at level routine."""
LONGEST_HOURS = 744.0
LONGEST_REASON = 2000


def level_now(region: Region, now: datetime) -> WatchLevel:
    """Return the level in force: the higher of what was set and what context raises it to."""
    raised = raised_at(region, now)
    own = own_level(region, now)
    return own if raised is None else higher(own, raised.level)


def own_level(region: Region, now: datetime) -> WatchLevel:
    """Return the level that people set, or routine once its time is over."""
    over = region.level_until is not None and region.level_until <= now
    return WatchLevel.ROUTINE if over else region.level


def hours_between(region: Region, settings: Settings, now: datetime) -> float:
    """Return the hours between two runs over a region; a higher level never means more."""
    routine = float(region.terms.get(HOURS, settings.run_every_hours))
    most = {
        WatchLevel.ROUTINE: routine,
        WatchLevel.ELEVATED: settings.elevated_every_hours,
        WatchLevel.URGENT: settings.urgent_every_hours,
    }
    return min(routine, most[level_now(region, now)])


def with_level(
    region: Region, level: WatchLevel, until: datetime | None, reason: str, now: datetime
) -> Region:
    """Return a region at another level.

    Raises
    ------
    RegionError
        If a raised level has no end, one that is over, or no reason; or routine has one of them.
    """
    if level is WatchLevel.ROUTINE:
        if until is not None or reason.strip():
            raise RegionError("Level routine has no end and no reason: leave them out.")
        return dataclasses.replace(region, level=level, level_until=None, level_reason="")
    faults = []
    if until is None:
        faults.append("say until when, for it falls back by itself")
    elif until <= now:
        faults.append(f"its end, {day(until)}, is over: name a later day")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        faults.append(f"say why, in up to {LONGEST_REASON:,} characters")
    if faults:
        raise RegionError(f"The level cannot be {level.value}: {'; '.join(faults)}.")
    return dataclasses.replace(region, level=level, level_until=until, level_reason=reason.strip())


def with_hours(region: Region, hours: float | None) -> Region:
    """Return a region with another cadence at level routine; None takes that of the settings.

    Raises
    ------
    RegionError
        If it is not from 0.25 to 744 hours.
    """
    terms = {name: value for name, value in region.terms.items() if name != HOURS}
    if hours is not None:
        if not 0.25 <= hours <= LONGEST_HOURS:
            raise RegionError(
                f"{hours:g} hours between runs cannot be kept: name 0.25 to {LONGEST_HOURS:g}."
            )
        terms[HOURS] = hours
    return dataclasses.replace(region, terms=terms)


def has_ended(region: Region, now: datetime) -> bool:
    """Tell whether the watch has come to its end: nothing is looked at any more."""
    return region.expires is not None and region.expires <= now


def days_left(region: Region, now: datetime) -> int | None:
    """Return the whole days until the watch ends, 0 on its last day and after; None without end."""
    if region.expires is None:
        return None
    return max(0, math.floor((region.expires - now) / timedelta(days=1)))


def ending(region: Region, now: datetime) -> str:
    """Return what is told of the end of a watch, from 14 days before; empty until then."""
    if region.expires is None or region.expires - now > ANNOUNCED:
        return ""
    if has_ended(region, now):
        return (
            f"the watch ended on {day(region.expires)} and nothing is looked at: give it a later "
            "end to go on"
        )
    left = days_left(region, now) or 0
    when = f"in {counted(left, 'day')}" if left else "within a day"
    return f"the watch ends on {day(region.expires)}, {when}: give it a later end to go on"


def level_words(region: Region, now: datetime) -> str:
    """Return what is told of the level of a region; empty where it is and was routine.

    What people set and what context raises it to stand beside each other: the higher one counts.
    """
    found, raised = [], raised_at(region, now)
    if own_level(region, now) is not WatchLevel.ROUTINE:
        found.append(f"{region.level.value} until {day(region.level_until)}: {region.level_reason}")
    if raised is not None:
        words = raised_words(raised)
        own_is_higher = higher(own_level(region, now), raised.level) is not raised.level
        found = [*found, words] if own_is_higher else [words, *found]
    return "; ".join(found) or fallen_words(region, now)


def fallen_words(region: Region, now: datetime) -> str:
    """Return that a level that was raised is over and which one holds now; else nothing."""
    over = _over(region, now)
    if over is None:
        return ""
    level, until = over
    held = level_now(region, now)
    now_words = "is routine again" if held is WatchLevel.ROUTINE else f"is {held.value} now"
    return f"it was {level.value} until {day(until)} and {now_words}"


def _over(region: Region, now: datetime) -> tuple[WatchLevel, datetime] | None:
    """Return what was raised and ended last, whoever raised it."""
    found = [one for one in [last_raised(region, now)] if one is not None]
    # A level that is routine has no end.
    if region.level_until is not None and region.level_until <= now:
        found.append((region.level, region.level_until))
    return max(found, key=lambda one: one[1]) if found else None


def terms_value(region: Region, settings: Settings, now: datetime) -> dict[str, Any]:
    """Return how closely and until when a region is watched, for programs."""
    return {
        "level": level_now(region, now).value,
        "level_words": level_words(region, now),
        "raised": raised_value(raised_at(region, now)),
        "hours_between_runs": hours_between(region, settings, now),
        "days_left": days_left(region, now),
        "ending": ending(region, now),
        "waiting": waiting_words(region),
    }
