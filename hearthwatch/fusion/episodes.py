"""Displacement as an episode: events that may have to do with each other, as suggestions.

A village burns, its fields stay fallow, a camp grows elsewhere. That one followed the other is all
that is said; whether it was for that reason is for people to find out. No state ever rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from pyproj import Geod

from hearthwatch.records import Event, EventFilter, EventState, Kind
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events
from hearthwatch.words import counted, interval

MOST_KM = 100.0
"""Between two events of an episode: some days' walk."""
_GEOD = Geod(ellps="WGS84")
_NOT_AN_EVENT = frozenset({EventState.REJECTED, EventState.RETRACTED})


@dataclass(frozen=True, slots=True)
class Step:
    """Which change may follow which, how far away and how much later.

    Attributes
    ----------
    slack : timedelta
        How much before the first the second may lie: neither is dated to the day.
    """

    first: frozenset[Kind]
    second: frozenset[Kind]
    changes: frozenset[str]
    within_km: float
    within: timedelta
    slack: timedelta
    words: str


_BURNS = frozenset({Kind.BURNED, Kind.RAZED})
_LEFT, _CAMP = frozenset({Kind.ABANDONMENT}), frozenset({Kind.CAMP_CHANGE})
_GONE, _GROWN = frozenset({"", "abandoned"}), frozenset({"", "new", "expanded"})
STEPS = (
    # That a village is left is told at the end of a season, and of one season.
    Step(_BURNS, _LEFT, _GONE, 5.0, timedelta(days=365), timedelta(days=30),
         "fields left fallow after a burning"),
    Step(_BURNS, _CAMP, _GROWN, MOST_KM, timedelta(days=180), timedelta(days=14),
         "a camp that grew after a burning"),
    Step(_LEFT, _CAMP, _GROWN, MOST_KM, timedelta(days=180), timedelta(days=120),
         "a camp that grew about when fields were left fallow"),
)  # fmt: skip
"""Chosen, not measured: no series of known displacements was there to take them from."""


@dataclass(frozen=True, slots=True)
class Link:
    """A suggestion that two events belong to one episode.

    Attributes
    ----------
    before : bool
        Whether the other event is the first of both.
    km : float
        Between their centres, on the WGS 84 ellipsoid.
    least, most : timedelta
        Between the two changes, as far as they are dated; below 0 where the second may have come
        first.
    reasons : tuple of str
        In words.
    """

    event: Event
    before: bool
    km: float
    least: timedelta
    most: timedelta
    reasons: tuple[str, ...]


def links_of(store: Store, event: Event) -> tuple[Link, ...]:
    """Return the events that may be of one episode with another, the nearest in time first."""
    found = [link for other in _around(store, event) for link in _links(event, other)]
    return tuple(sorted(found, key=lambda one: (abs(one.least), one.km, one.event.id)))


def _links(event: Event, other: Event) -> Iterator[Link]:
    for before, (first, second) in ((False, (event, other)), (True, (other, event))):
        for step in STEPS:
            link = _link(step, first, second, other, before=before)
            if link is not None:
                yield link


def _link(step: Step, first: Event, second: Event, other: Event, *, before: bool) -> Link | None:
    is_step = first.kind in step.first and second.kind in step.second
    if not is_step or second.change not in step.changes:
        return None
    km = _km(first, second)
    least = (second.last_unharmed or second.first_changed) - first.first_changed
    most = second.first_changed - (first.last_unharmed or first.first_changed)
    if km > step.within_km or most < -step.slack or least > step.within:
        return None
    reasons = (
        f"{step.words}, {km:.1f} km away",
        f"{first.kind.value} {interval(first.last_unharmed, first.first_changed)}, then "
        f"{second.kind.value} {interval(second.last_unharmed, second.first_changed)}: "
        f"{_between(least, most)}",
    )
    return Link(other, before, km, least, most, reasons)


def _around(store: Store, event: Event) -> Iterator[Event]:
    """Yield the events near enough in place and time that were neither rejected nor merged."""
    reach = max(step.within + step.slack for step in STEPS)
    since = (event.last_unharmed or event.first_changed) - reach
    # Another's interval may have begun long before its end.
    until = event.first_changed + 2 * reach
    where = EventFilter(bbox=_box(event), since=since, until=until)
    for other in all_events(store, event.organisation, where):
        is_one = other.state not in _NOT_AN_EVENT and not other.merged_into
        if is_one and other.id != event.id and other.mode is event.mode:
            yield other


def _box(event: Event) -> tuple[float, float, float, float]:
    """Return the box round an event that holds all that is near enough."""
    lon, lat = _centre(event)
    # Centres may be farther in than the edges, and the box of a circle is not its meridians.
    far = [_GEOD.fwd(lon, lat, azimuth, 1.1 * MOST_KM * 1e3) for azimuth in (270, 180, 90, 0)]
    return far[0][0], far[1][1], far[2][0], far[3][1]


def _centre(event: Event) -> tuple[float, float]:
    centre = event.geometry.centroid
    return centre.x, centre.y


def _km(one: Event, other: Event) -> float:
    _, _, metres = _GEOD.inv(*_centre(one), *_centre(other))
    return float(metres) / 1e3


def _between(least: timedelta, most: timedelta) -> str:
    if least.days == most.days:
        return f"{counted(most.days, 'day')} between them"
    return f"{least.days} to {counted(most.days, 'day')} between them"
