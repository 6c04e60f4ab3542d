"""Which subscriptions an event meets: an index over those of an organisation.

An event lies in the area of a subscription if the two share ground: a part of positive area, or,
where the event is a point or a line, any point of it. An event that only touches the border of an
area from outside does not.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from hearthwatch.alerting.answering import UNSUBSCRIBED
from hearthwatch.alerting.kept import Kept
from hearthwatch.alerting.severity import SEVERITIES
from hearthwatch.records import (
    About,
    Event,
    EventState,
    Kind,
    Mode,
    Receiver,
    Rhythm,
    Severity,
    Subscription,
)
from hearthwatch.store.protocol import Store

STARTING = (
    EventState.CANDIDATE,
    EventState.PROVISIONAL,
    EventState.CORROBORATED,
    EventState.CONFIRMED,
)
"""States in which an event is told of to who knows nothing of it, lowest first."""


HALF_TURN = 180.0
"""Degrees of longitude at which areas are split."""

_NO_MATCH: Mapping[str, tuple[Subscription, ...]] = MappingProxyType({})
_ANYWHERE, _NOWHERE = -1, -2

Met = Mapping[str, tuple[Subscription, ...]]


class Index:
    """The subscriptions of one organisation, laid out to be asked about events.

    Usable from several threads.

    Parameters
    ----------
    receivers : iterable of Receiver
        Those that are not confirmed, are disabled or were removed are told nothing new.
    subscriptions : iterable of Subscription
        Those that are paused, were removed or are of such a receiver are passed over.

    Raises
    ------
    ValueError
        The records are of several organisations.
    """

    def __init__(
        self, receivers: Iterable[Receiver], subscriptions: Iterable[Subscription]
    ) -> None:
        theirs, every = tuple(receivers), tuple(subscriptions)
        owners = {one.organisation for one in theirs} | {one.organisation for one in every}
        if len(owners) > 1:
            raise ValueError("an index is of one organisation")
        self._organisation = next(iter(owners), None)
        self._rhythm = {one.id: one.rhythm for one in every}
        told = {one.id: one for one in theirs if is_told(one)}
        self._told: Mapping[str, Receiver] = MappingProxyType(told)
        self._owed: Mapping[str, Receiver] = MappingProxyType(
            {one.id: one for one in theirs if is_owed(one)}
        )
        self._all = tuple(
            one
            for one in every
            if one.receiver in told and is_open(one) and one.about is About.EVENTS
        )
        regions = dict.fromkeys(one.region for one in self._all if one.region)
        self._regions = {region: place for place, region in enumerate(regions)}
        self._region = _codes(self._regions.get(one.region, _ANYWHERE) for one in self._all)
        self._kinds = _codes(_bits(one.kinds or tuple(Kind), Kind) for one in self._all)
        self._modes = _codes(_bits(one.modes, Mode) for one in self._all)
        self._state = _codes(_rank(one.least_state) for one in self._all)
        self._severity = _codes(SEVERITIES.index(one.least_severity) for one in self._all)
        self._areas = _Areas([one.geometry for one in self._all])

    def __len__(self) -> int:
        """Return how many subscriptions can be met at all."""
        return len(self._all)

    @property
    def receivers(self) -> Mapping[str, Receiver]:
        """Those who are told of anything, by id."""
        return self._told

    @property
    def owed(self) -> Mapping[str, Receiver]:
        """Those who hear what becomes of what they were told, at once or later, by id."""
        return self._owed

    def rhythms(self, subscriptions: Iterable[str]) -> set[Rhythm]:
        """Return how often subscriptions are told of, by their ids; paused ones too."""
        return {self._rhythm[one] for one in subscriptions if one in self._rhythm}

    @property
    def names_regions(self) -> bool:
        """Whether any subscription is narrowed to a region."""
        return bool(self._regions)

    def meets(self, event: Event, severity: Severity, near: Collection[str] = ()) -> Met:
        """Return the subscriptions that an event meets, by the id of their receiver.

        Subscriptions keep the order in which they were given. An event in another state than
        those of `STARTING` meets none.

        Parameters
        ----------
        near : collection of str
            Ids of regions beside its own in which it counts as lying.

        Raises
        ------
        ValueError
            The event is of another organisation.
        """
        if not self._all or event.state not in STARTING:
            return _NO_MATCH
        if event.organisation != self._organisation:
            raise ValueError("the event is of another organisation than the subscriptions")
        met = self._areas.met_by(event.geometry, self._but_for_area(event, severity, near))
        found: dict[str, list[Subscription]] = {}
        for at in np.flatnonzero(met).tolist():
            one = self._all[at]
            found.setdefault(one.receiver, []).append(one)
        return {receiver: tuple(theirs) for receiver, theirs in found.items()}

    def _but_for_area(
        self, event: Event, severity: Severity, near: Collection[str]
    ) -> NDArray[np.bool_]:
        here = [self._regions.get(one, _NOWHERE) for one in (event.region, *near)]
        met: NDArray[np.bool_] = (self._region == _ANYWHERE) | np.isin(self._region, here)
        met &= (self._kinds & _bits((event.kind,), Kind)) != 0
        met &= (self._modes & _bits((event.mode,), Mode)) != 0
        met &= self._state <= STARTING.index(event.state)
        met &= self._severity <= SEVERITIES.index(severity)
        return met


class _Areas:
    """The areas of subscriptions in a tree; one that several have is in it once."""

    def __init__(self, areas: Sequence[BaseGeometry | None]) -> None:
        places: dict[bytes, int] = {}
        distinct: list[BaseGeometry] = []
        self._which = np.full(len(areas), _ANYWHERE)
        for at, area in enumerate(areas):
            if area is None:
                continue
            place = places.setdefault(shapely.to_wkb(area), len(distinct))
            if place == len(distinct):
                distinct.append(_valid(area))
            self._which[at] = place
        self._count = len(distinct)
        # Parts apart: a box round both sides of 180 degrees would go round the earth.
        self._parts, self._whose = shapely.get_parts(distinct, return_index=True)
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        # What is prepared completes itself when first asked, and not for two threads at once.
        self._turn = threading.Lock()

    def met_by(self, geometry: BaseGeometry, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which subscriptions have an event in their area, or no area; of those asked."""
        anywhere = self._which == _ANYWHERE
        left = np.zeros(self._count, np.bool_)
        left[self._which[asked & ~anywhere]] = True
        met = np.zeros(self._count, np.bool_)
        with self._turn:
            for piece in _pieces(geometry) if left.any() else ():
                near = self._tree.query(piece)
                near = near[left[self._whose[near]]]
                met[self._whose[near[_share_ground(self._parts[near], piece)]]] = True
                left &= ~met
        found: NDArray[np.bool_] = anywhere.copy()
        found[~anywhere] = met[self._which[~anywhere]]
        return found & asked


_kept: Kept[Index] = Kept()


def of(store: Store, organisation: str) -> Index:
    """Return the index of an organisation, built anew only where something changed.

    Usable from several threads; kept for the organisations asked about last, as long as the store
    is there.
    """
    return _kept.get(
        store,
        organisation,
        store.subscribed(organisation),
        lambda: Index(store.receivers(organisation), store.subscriptions(organisation)),
    )


def is_told(receiver: Receiver) -> bool:
    """Tell whether a receiver is told anything: confirmed, not disabled, not removed."""
    return receiver.confirmed is not None and receiver.disabled is None and receiver.removed is None


def is_owed(receiver: Receiver) -> bool:
    """Tell whether a receiver hears what becomes of what it was told: now, or when it is on again.

    Not if it was removed, or if whoever receives said that they want no more.
    """
    wants_no_more = receiver.confirmed is None and receiver.disabled_reason == UNSUBSCRIBED
    return receiver.removed is None and not wants_no_more


def is_open(subscription: Subscription) -> bool:
    """Tell whether anything is told because of a subscription: not paused, not removed."""
    return subscription.paused is None and subscription.removed is None


def _share_ground(areas: NDArray[np.object_], piece: BaseGeometry) -> NDArray[np.bool_]:
    """Tell which prepared areas share ground with a piece of an event."""
    if not piece.area:
        return np.asarray(shapely.intersects(areas, piece))
    # A point of its inside that is in the inside of an area decides, and soon: most are decided so.
    within = piece.representative_point()
    found = np.asarray(shapely.contains_xy(areas, within.x, within.y))
    open_ = np.flatnonzero(~found)
    open_ = open_[shapely.intersects(areas[open_], piece)]
    found[open_] = ~shapely.touches(areas[open_], piece)
    return found


def _pieces(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Return an event's ground as pieces that are of areas alone or of none, on both sides of 180°.

    What reaches 180 degrees of longitude, or beyond, reaches the other side too.
    """
    west, _, east, _ = geometry.bounds
    whole = [geometry]
    if east >= HALF_TURN:
        whole.append(affinity.translate(geometry, -2 * HALF_TURN))
    if west <= -HALF_TURN:
        whole.append(affinity.translate(geometry, 2 * HALF_TURN))
    return [piece for one in whole for piece in _by_dimension(_valid(one))]


def _by_dimension(geometry: BaseGeometry) -> list[BaseGeometry]:
    if geometry.geom_type != "GeometryCollection":
        return [geometry]
    parts = shapely.get_parts(geometry)
    return [piece for part in parts for piece in _by_dimension(part)]


def _valid(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry that can be compared with others without an error."""
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def _rank(state: EventState) -> int:
    """Return the place of a state; beyond all for one that starts nothing."""
    return STARTING.index(state) if state in STARTING else len(STARTING)


def _bits(words: Collection[str], vocabulary: type[Kind] | type[Mode]) -> int:
    """Return words of a vocabulary as a number, one bit each."""
    return sum(1 << place for place, word in enumerate(vocabulary) if word in words)


def _codes(numbers: Iterable[int]) -> NDArray[np.int64]:
    return np.fromiter(numbers, np.int64)
