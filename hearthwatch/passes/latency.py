"""How long it takes until a change is seen, and until its look can be had, from what was listed.

What a catalogue says of cloud is of whole scenes, so a look counts as usable here if at most half
of its sky was cloudy. Over one village that is right on the mean and wrong on many a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np

from hearthwatch.passes.calendar import expected, passes_of
from hearthwatch.values import moment
from imagery.types import Acquisition, Scene

DAY = timedelta(days=1)
YEAR = 365 * DAY
AHEAD = 60 * DAY
"""How far passes are foretold, where nothing else is known."""
MOST_CLOUD = 0.5
"""Of the sky, 0..1, under which a look still counts as usable."""
ANEW = 30 * DAY
"""What is published so long after it was sensed was processed anew: that is no delay."""


class KnownFrom(StrEnum):
    """What a latency is known from, the best first."""

    CATALOGUE = "catalogue"
    REMEMBERED = "remembered"
    CALENDAR = "calendar"
    UNKNOWN = "unknown"


_WORDS = {
    KnownFrom.CATALOGUE: "from the looks that the catalogue lists",
    KnownFrom.REMEMBERED: "from what is remembered of the catalogue over regions there",
    KnownFrom.CALENDAR: "from the passes that are to be expected; cloud is not known",
    KnownFrom.UNKNOWN: "unknown: no look there is listed, and no pass is to be expected",
}


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Median and 90 % quantile of `count` values."""

    median: float
    p90: float
    count: int


@dataclass(frozen=True, slots=True)
class Month:
    """Looks of one month of the calendar, ``2026-11``, and how many of them were usable."""

    month: str
    looks: int
    usable: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long it takes to see something.

    Attributes
    ----------
    first, last : datetime or None
        Sensing times of the looks it is known from.
    by_month : tuple of Month
        Oldest first; empty where cloud is not known.
    between : Quantiles or None
        Days between usable looks; of passes where only these are known.
    wait : Quantiles or None
        Days from a change at any time to the next of those looks.
    published : Quantiles or None
        Hours from sensing to publication, as the provider's records say; None where they do not.
    """

    known_from: KnownFrom
    first: datetime | None = None
    last: datetime | None = None
    by_month: tuple[Month, ...] = ()
    between: Quantiles | None = None
    wait: Quantiles | None = None
    published: Quantiles | None = None

    @property
    def words(self) -> str:
        """What it is known from, for people."""
        return _WORDS[self.known_from]


UNKNOWN = Latency(KnownFrom.UNKNOWN)


def latency_of(looks: Sequence[Acquisition], known_from: KnownFrom, now: datetime) -> Latency:
    """Return how long it takes to see something, from looks of one kind over an area.

    Parameters
    ----------
    looks : sequence of Acquisition
        Those of the year before the newest count.
    known_from : KnownFrom
        Where they are listed; gives way where they say less.
    """
    lately = sorted((one for one in looks if one.sensed <= now), key=lambda one: one.sensed)
    lately = [one for one in lately if one.sensed > lately[-1].sensed - YEAR]
    if not lately:
        return UNKNOWN
    first, last = lately[0].sensed, lately[-1].sensed
    published = publication_of([scene for look in lately for scene in look.scenes])
    told = [(one.sensed, usable) for one in lately if (usable := is_usable(one)) is not None]
    if not told:
        return _by_calendar(lately, now, published)
    between, wait = _gaps([sensed for sensed, usable in told if usable])
    return Latency(known_from, first, last, _months(told), between, wait, published)


def is_usable(look: Acquisition) -> bool | None:
    """Tell whether a look counts as usable; None where its cloud is not told. Radar always does."""
    if not look.sensor.startswith("sentinel-2"):
        return True
    told = [scene.cloud_cover for scene in look.scenes if scene.cloud_cover is not None]
    return sum(told) / len(told) <= 100.0 * MOST_CLOUD if told else None


def publication_of(scenes: Sequence[Scene]) -> Quantiles | None:
    """Return the hours from sensing to publication; None where no record says."""
    delays = [one.published - one.sensed for one in scenes if one.published is not None]
    hours = [delay / timedelta(hours=1) for delay in delays if timedelta(0) <= delay <= ANEW]
    return _quantiles(hours) if hours else None


def wait_quantile(gaps: Sequence[float], share: float) -> float:
    """Return within how long, of changes at any time, a share is seen at the end of its gap.

    Parameters
    ----------
    gaps : sequence of float
        Days between looks.

    Notes
    -----
    A change falls into a gap with a probability in proportion to its length, and anywhere in it:
    P(wait <= w) is the sum of min(gap, w) over the sum of gaps.
    """
    ends = np.sort(np.asarray(gaps, float))
    reached = np.array([np.minimum(ends, end).sum() for end in ends]) / ends.sum()
    return float(np.interp(share, np.concatenate([[0.0], reached]), np.concatenate([[0.0], ends])))


def latency_value(found: Latency) -> dict[str, Any]:
    """Return a latency for programs."""
    return {
        "known_from": found.known_from.value,
        "words": found.words,
        "first": moment(found.first),
        "last": moment(found.last),
        "by_month": [
            {"month": one.month, "looks": one.looks, "usable": one.usable} for one in found.by_month
        ],
        "days_between_usable_looks": _quantiles_value(found.between),
        "days_to_the_next": _quantiles_value(found.wait),
        "hours_to_publication": _quantiles_value(found.published),
    }


def _by_calendar(
    looks: Sequence[Acquisition], now: datetime, published: Quantiles | None
) -> Latency:
    history = passes_of(scene for look in looks for scene in look.scenes)
    ahead = [one.expected for one in expected(history, now, now + AHEAD)]
    between, wait = _gaps(ahead)
    known_from = KnownFrom.UNKNOWN if between is None else KnownFrom.CALENDAR
    return Latency(known_from, looks[0].sensed, looks[-1].sensed, (), between, wait, published)


def _gaps(times: Sequence[datetime]) -> tuple[Quantiles | None, Quantiles | None]:
    """Return the days between looks, and from a change to the next look; None of fewer than two."""
    gaps = [(after - before) / DAY for before, after in pairwise(sorted(set(times)))]
    if not gaps:
        return None, None
    wait = Quantiles(wait_quantile(gaps, 0.5), wait_quantile(gaps, 0.9), len(gaps))
    return _quantiles(gaps), wait


def _months(told: Sequence[tuple[datetime, bool]]) -> tuple[Month, ...]:
    looks = Counter(f"{sensed:%Y-%m}" for sensed, _ in told)
    usable = Counter(f"{sensed:%Y-%m}" for sensed, clear in told if clear)
    return tuple(Month(month, count, usable[month]) for month, count in sorted(looks.items()))


def _quantiles(values: Sequence[float]) -> Quantiles:
    middle, high = np.percentile(values, [50, 90])
    return Quantiles(float(middle), float(high), len(values))


def _quantiles_value(found: Quantiles | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"median": round(found.median, 3), "p90": round(found.p90, 3), "n": found.count}
