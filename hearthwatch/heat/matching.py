"""Heat on record held against settlements, square by square."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely

from detectors.heat import INFO, Heat, HeatAt, HeatRules, Mask, masks
from detectors.heat_budget import Budget, budget_of, enough
from detectors.heat_climate import Past
from detectors.heat_passes import Here, Shared, heat_at_settlements, pasts_of, shared_out
from detectors.heat_season import months_on_record
from hearthwatch.heat.covers import Finals, finals_of
from hearthwatch.heat.ground import Ground, reach_of, squares_of
from hearthwatch.heat.spots import as_processed_last, heat_of
from hearthwatch.records import (
    EventFilter,
    EventState,
    HeatCover,
    HeatSpot,
    Region,
    Settlement,
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events
from imagery.firms_table import HeatPixel

RULES = HeatRules()


@dataclass(frozen=True, slots=True)
class Matched:
    """The heat of one square with what it came to at the settlements there.

    Attributes
    ----------
    pixels : tuple of HeatPixel
        As processed last, oldest first.
    gone : tuple of HeatPixel
        Those that standard processing does not list again.
    settlements : tuple of Settlement
        Those that `passes` speaks of, by index.
    on_record : tuple of frozenset of (year, month)
        Months of which there is a record, for each settlement.
    shared : Shared
        Which pixels are at which settlement; those of other squares follow `settlements`.
    budget : Budget
        The thresholds.
    """

    pixels: tuple[HeatPixel, ...]
    gone: tuple[HeatPixel, ...]
    masks: tuple[Mask, ...]
    settlements: tuple[Settlement, ...]
    on_record: tuple[frozenset[tuple[int, int]], ...]
    shared: Shared
    budget: Budget
    passes: tuple[HeatAt, ...]


def matched(
    store: Store,
    organisation: str,
    ground: Ground,
    spots: Iterable[HeatSpot] | None = None,
    boxes: Iterable[Bounds] = (),
) -> Iterator[Matched]:
    """Yield what heat came to at settlements, square by square.

    Parameters
    ----------
    spots : iterable of HeatSpot, optional
        Only squares near them, or that meet `boxes`; by default all.
    """
    near = None if spots is None else _ground(spots, boxes)
    square = _Squares(store, organisation, ground)
    for mine in squares_of(ground.settlements).values():
        if near is None or shapely.box(*reach_of(mine)).intersects(near):
            yield square.matched(mine)


def _ground(spots: Iterable[HeatSpot], boxes: Iterable[Bounds]) -> shapely.Geometry:
    points = shapely.MultiPoint([(one.lon, one.lat) for one in spots])
    return shapely.GeometryCollection([points, *(shapely.box(*box) for box in boxes)])


def region_of(ground: Ground, settlement: Settlement) -> list[Region]:
    """Return the regions that a settlement's centre lies in and that heat is of interest in."""
    centre = settlement.geometry.centroid
    return [one for one in ground.regions if one.geometry.intersects(centre)]


def episodes_known(
    store: Store, regions: Sequence[Region], settlement: Settlement
) -> Mapping[int, int]:
    """Return the episodes at a settlement that were told of: second of the first pass, by number.

    The number is the same in all regions that hold the settlement.
    """
    found: dict[int, int] = {}
    for region in regions:
        box = settlement.geometry.bounds
        for one in store.sources_in(region.organisation, region.id, bbox=box):
            if one.detector == INFO.id and one.settlement == settlement.id:
                found[int(one.evidence["episode"])] = int(one.first_changed.timestamp())
    return found


@dataclass(frozen=True, slots=True)
class _Heard:
    """The heat of one square, dealt out to its settlements."""

    pixels: tuple[HeatPixel, ...]
    gone: tuple[HeatPixel, ...]
    heat: Heat
    masks: tuple[Mask, ...]
    shared: Shared
    here: tuple[Here, ...]


class _Squares:
    """Reads squares; what one needs of the others is read once, and where it is needed."""

    def __init__(self, store: Store, organisation: str, ground: Ground) -> None:
        self._store, self._organisation, self._ground = store, organisation, ground
        self._covers = store.heat_covers(organisation)
        self._known = store.heat_sources(organisation)
        self._finals: Finals = finals_of(self._covers)
        self._tree = shapely.STRtree([one.geometry for one in ground.settlements])
        self._unquiet = _unquiet(store, organisation)
        self._pasts: dict[str, tuple[Past, ...]] = {}

    def matched(self, mine: Sequence[Settlement]) -> Matched:
        """Return what heat came to in one square."""
        heard = self._heard(mine)
        kin = self._kin(mine, heard)
        found = heat_at_settlements(heard.heat, heard.shared, heard.here, kin, RULES)
        pasts = pasts_of(heard.heat, heard.shared, heard.here)
        return Matched(
            heard.pixels,
            heard.gone,
            heard.masks,
            tuple(mine),
            tuple(one.on_record for one in heard.here),
            heard.shared,
            budget_of(pasts, kin, RULES.season, RULES.budget),
            found,
        )

    def _heard(self, mine: Sequence[Settlement]) -> _Heard:
        reach = reach_of(mine)
        spots = self._store.heat(self._organisation, bbox=asked(reach))
        pixels, gone = as_processed_last(spots, self._finals)
        heat = heat_of(pixels, self._known)
        masked = masks(heat, RULES)
        others = _others(self._ground, self._tree, mine, reach)
        # The square's own come first, so that an index is one into them.
        cores = [one.geometry for one in (*mine, *others)]
        here = tuple(
            Here(
                one.geometry,
                _on_record(one, self._covers),
                episodes_known(self._store, region_of(self._ground, one), one),
                self._unquiet.get(one.id, frozenset()),
            )
            for one in mine
        )
        return _Heard(pixels, gone, heat, masked, shared_out(heat, masked, cores, RULES), here)

    def _kin(self, mine: Sequence[Settlement], heard: _Heard) -> list[tuple[Past, ...]]:
        """Return what the other squares have on record, where this one's years are too few."""
        years = max((len({y for y, _ in one.on_record}) for one in heard.here), default=0)
        if enough(len(mine), years, RULES.budget):
            return []
        found = []
        for other in squares_of(self._ground.settlements).values():
            if other[0].id == mine[0].id:
                continue
            if other[0].id not in self._pasts:
                theirs = self._heard(other)
                self._pasts[other[0].id] = pasts_of(theirs.heat, theirs.shared, theirs.here)
            found.append(self._pasts[other[0].id])
        return found


def _unquiet(store: Store, organisation: str) -> dict[str, frozenset[int]]:
    """Return the years in which people confirmed that settlements burned, by settlement."""
    found: dict[str, set[int]] = {}
    where = EventFilter(states=(EventState.CONFIRMED,))
    for event in all_events(store, organisation, where):
        if event.settlement:
            found.setdefault(event.settlement, set()).add(event.first_changed.year)
    return {settlement: frozenset(years) for settlement, years in found.items()}


def asked(reach: Bounds) -> Bounds:
    """Return the part of a box that is on the globe."""
    west, south, east, north = reach
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)


def _others(
    ground: Ground, tree: shapely.STRtree, mine: Sequence[Settlement], reach: Bounds
) -> list[Settlement]:
    own = {one.id for one in mine}
    found = (ground.settlements[i] for i in sorted(tree.query(shapely.box(*reach))))
    return [one for one in found if one.id not in own]


def _on_record(settlement: Settlement, covers: Sequence[HeatCover]) -> frozenset[tuple[int, int]]:
    centre = settlement.geometry.centroid
    spans = [
        (int(one.since.timestamp()), int(one.until.timestamp()))
        for one in covers
        if one.west <= centre.x <= one.east and one.south <= centre.y <= one.north
    ]
    return months_on_record(spans, RULES.season)
