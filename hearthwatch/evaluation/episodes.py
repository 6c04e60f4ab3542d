"""What a replay left in the store, as the scoring needs it: alerts and usable looks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from hearthwatch.evaluation.definitions import GAP_DAYS, LEVELS, Level
from hearthwatch.records import USABLE, Event, Kind, LedgerRow


@dataclass(frozen=True, slots=True)
class Report:
    """An alert as it stood at the look on which it reached a level.

    Attributes
    ----------
    reached : datetime
        Sensing time of that look.
    last_unharmed : datetime or None
        The reported interval is open at this end; None: nothing was seen before.
    first_changed : datetime
        The other end, included.
    """

    reached: datetime
    last_unharmed: datetime | None
    first_changed: datetime

    def __post_init__(self) -> None:
        if self.last_unharmed is not None and self.last_unharmed > self.first_changed:
            raise ValueError("a reported interval does not end before it begins")


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode at one settlement, with the levels that it reached."""

    id: str
    settlement: str
    kind: Kind
    reports: Mapping[Level, Report]


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks at one settlement.

    Attributes
    ----------
    taken : int
        Acquisitions of any status.
    usable : tuple of datetime
        Sensing times of the usable ones, ascending; two of one time stand twice.
    first, last : datetime or None
        Sensing times of the first and the last one of any status.
    """

    taken: int = 0
    usable: tuple[datetime, ...] = ()
    first: datetime | None = None
    last: datetime | None = None

    def count(self, first: datetime, last: datetime) -> int:
        """Return how many usable looks lie from `first` to `last`, both included."""
        return max(0, bisect_right(self.usable, last) - bisect_left(self.usable, first))

    def armed(self, since: datetime, end: datetime) -> int:
        """Return the days from the first usable look, or `since`, to `end`."""
        if not self.usable:
            return 0
        return max(0, days_between(max(since, self.usable[0]), end))

    def observed(self, since: datetime, end: datetime) -> int:
        """Return the armed days without stretches between usable looks longer than `GAP_DAYS`."""
        marks = [time for time in self.usable if time <= end]
        stretches = pairwise([*marks, end]) if marks else ()
        return sum(
            days_between(max(start, since), stop)
            for start, stop in stretches
            if stop > since and days_between(start, stop) <= GAP_DAYS
        )


def days_between(first: datetime, last: datetime) -> int:
    """Return the days from date to date, UTC, whatever the time of day."""
    return (last.astimezone(UTC).date() - first.astimezone(UTC).date()).days


def episode_of(history: Iterable[Event]) -> Episode:
    """Return the episode that the versions of one event tell, given in any order.

    Raises
    ------
    ValueError
        If there is no version, or it belongs to no settlement.
    """
    versions = sorted(history, key=lambda event: event.version)
    if not versions or not versions[0].settlement:
        raise ValueError("an episode has at least one version, and a settlement")
    reports: dict[Level, Report] = {}
    for event in versions:
        for level in _levels(event.detector_state):
            told = Report(event.last_detected, event.last_unharmed, event.first_changed)
            reports.setdefault(level, told)
    first = versions[0]
    return Episode(first.id, first.settlement, first.kind, reports)


def looks_of(rows: Iterable[LedgerRow]) -> dict[str, Looks]:
    """Return the looks of each settlement; rows that belong to none are left out.

    A look over several cells or regions counts once, and is usable if any row of it is.
    """
    places: dict[str, dict[str, tuple[datetime, bool]]] = {}
    for row in rows:
        if row.settlement:
            looks = places.setdefault(row.settlement, {})
            sensed, usable = looks.get(row.acquisition, (row.sensed, False))
            looks[row.acquisition] = (sensed, usable or row.status in USABLE)
    return {place: _looks(list(looks.values())) for place, looks in places.items()}


def _looks(looks: Sequence[tuple[datetime, bool]]) -> Looks:
    return Looks(
        taken=len(looks),
        usable=tuple(sorted(sensed for sensed, usable in looks if usable)),
        first=min(sensed for sensed, _ in looks),
        last=max(sensed for sensed, _ in looks),
    )


def _levels(state: str) -> Sequence[Level]:
    """Return the levels that a detector state has reached; an ended episode reaches none."""
    return LEVELS[: LEVELS.index(Level(state)) + 1] if state in LEVELS else ()
