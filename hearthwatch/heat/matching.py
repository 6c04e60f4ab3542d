"""Heat on record held against settlements, square by square."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely

from detectors.heat import INFO, HeatAt, HeatRules, Mask, heat_at_settlements, masks
from detectors.heat_season import months_on_record
from hearthwatch.heat.ground import Ground, reach_of, squares_of
from hearthwatch.heat.spots import as_processed_last, heat_of
from hearthwatch.records import HeatCover, HeatSource, HeatSpot, Region, Settlement
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Store
from imagery.firms_table import HeatPixel

RULES = HeatRules()


@dataclass(frozen=True, slots=True)
class Matched:
    """The heat of one square with what it came to at the settlements there.

    Attributes
    ----------
    pixels : tuple of HeatPixel
        As processed last, oldest first.
    settlements : tuple of Settlement
        Those that `passes` speaks of, by index.
    on_record : tuple of frozenset of (year, month)
        Months of which there is a record, for each settlement.
    """

    pixels: tuple[HeatPixel, ...]
    masks: tuple[Mask, ...]
    settlements: tuple[Settlement, ...]
    on_record: tuple[frozenset[tuple[int, int]], ...]
    passes: tuple[HeatAt, ...]


def matched(
    store: Store, organisation: str, ground: Ground, spots: Iterable[HeatSpot] | None = None
) -> Iterator[Matched]:
    """Yield what heat came to at settlements, square by square.

    Parameters
    ----------
    spots : iterable of HeatSpot, optional
        Only squares near them; by default all.
    """
    near = None if spots is None else shapely.multipoints([(one.lon, one.lat) for one in spots])
    covers = store.heat_covers(organisation)
    known = store.heat_sources(organisation)
    tree = shapely.STRtree([one.geometry for one in ground.settlements])
    for mine in squares_of(ground.settlements).values():
        reach = reach_of(mine)
        if near is None or shapely.box(*reach).intersects(near):
            yield _square(store, organisation, ground, tree, mine, reach, covers, known)


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


def _square(
    store: Store,
    organisation: str,
    ground: Ground,
    tree: shapely.STRtree,
    mine: Sequence[Settlement],
    reach: Bounds,
    covers: Sequence[HeatCover],
    known: Sequence[HeatSource],
) -> Matched:
    pixels = as_processed_last(store.heat(organisation, bbox=_asked(reach)))
    heat = heat_of(pixels, known)
    others = _others(ground, tree, mine, reach)
    # The square's own come first, so that an index is one into them.
    cores = [one.geometry for one in (*mine, *others)]
    # What the others show is told where they are at home.
    nothing: list[frozenset[tuple[int, int]]] = [frozenset()] * len(others)
    nobody: list[Mapping[int, int]] = [{}] * len(others)
    on_record = [_on_record(one, covers) for one in mine]
    told = [episodes_known(store, region_of(ground, one), one) for one in mine]
    masked = masks(heat, RULES)
    found = heat_at_settlements(
        heat, masked, cores, [*on_record, *nothing], [*told, *nobody], RULES
    )
    passes = tuple(one for one in found if one.core < len(mine))
    return Matched(pixels, masked, tuple(mine), tuple(on_record), passes)


def _asked(reach: Bounds) -> Bounds:
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
