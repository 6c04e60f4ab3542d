"""Where the work of one region is done: the part of it that each cell of the grid answers for."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import shapely
from affine import Affine
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from detectors.types import DetectorInfo, Watches, Zones
from hearthwatch.errors import NotFound
from hearthwatch.pipeline.tasks import USUAL_ZONES, Place, Site
from hearthwatch.records import Region, Settlement
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements
from hearthwatch.watchlist import doubt_of
from imagery.types import GeoBox
from tiles.cell import Cell, cell_from_id
from tiles.grid import cell_at, cells_for, ground, share, window
from tiles.parts import USUAL, Reach
from tiles.placebos import Placebo, lay_placebos
from tiles.plane import PIXEL_M, from_plane, to_plane

PLACEBOS = 24
"""Laid in each cell at most; the scene guard needs 20 of an acquisition."""
EDGE_PX = 4
"""Pixels beyond a settlement's ring: those its edge lies in."""


def reach_of(zones: Zones) -> Reach:
    """Return how far round a settlement a detector's zones reach.

    Raises
    ------
    ValueError
        If their pixels are no whole metres.
    """
    if zones.pixel_m != int(zones.pixel_m):
        raise ValueError(f"pixels of {zones.pixel_m} m are no whole metres")
    return Reach(zones.near_m, zones.inner_m, zones.outer_m, int(zones.pixel_m))


def searched(region: Region, detectors: Sequence[DetectorInfo]) -> BaseGeometry:
    """Return where scenes are wanted: rings of settlements reach beyond the region."""
    rings = [_beyond(reach_of(one.zones)) for one in detectors if one.watches is not Watches.AREA]
    if not rings:
        return region.geometry
    cells = cells_for(region.geometry)
    return shapely.union_all(
        [_around(share(cell, region.geometry), cell.epsg, max(rings)) for cell in cells]
    )


def area_sites(region: Region) -> tuple[Site, ...]:
    """Cut a region along the work grid."""
    sites = []
    for cell in cells_for(region.geometry):
        grid = window(cell, region.geometry)
        if grid is not None:
            part = shapely.to_wkb(share(cell, region.geometry))
            sites.append(Site(cell=cell.id, cells=(cell.id,), area_wkb=part, window=grid))
    return tuple(sites)


def around(core: BaseGeometry, reach: Reach) -> BaseGeometry:
    """Return the ground that is looked at of one settlement, as a square; CRS84."""
    centre = core.centroid
    return _around(core, cell_at(centre.x, centre.y).epsg, _beyond(reach))


def settlement_sites(
    region: Region,
    settlements: Sequence[Settlement],
    covered: BaseGeometry,
    zones: Zones = USUAL_ZONES,
) -> tuple[Site, ...]:
    """Put every settlement of a region into the cell that its centre lies in.

    Parameters
    ----------
    settlements : sequence of Settlement
        All that the organisation has of the region's mode, those outside the region too: no
        ring may hold them.
    covered : shapely geometry
        CRS84 ground that imagery exists of; placebos are laid nowhere else.
    zones : Zones
        What is measured round each. A window reaches from a cell as far as they do, and so holds
        at most ``((10,240 m + 2 outer_m + the widest core) / pixel_m)²`` pixels: 10 km of ring at
        20 m make 2.3 million.

    Raises
    ------
    NotFound
        If no settlement lies in the region.
    """
    inside = settlements_in(region, settlements)
    if not inside:
        raise NotFound(
            f"No settlement lies in {region.name}: import some with "
            "`hearthwatch settlement import FILE`."
        )
    homes = defaultdict(list)
    for one in inside:
        homes[_home(one)].append(one)
    cores = [one.geometry for one in settlements]
    tree = shapely.STRtree(cores)
    reach = reach_of(zones)
    return tuple(
        _site(cell, homes[cell], cores, tree, covered, reach)
        for cell in sorted(homes, key=lambda c: c.id)
    )


def settlements_in(region: Region, settlements: Sequence[Settlement]) -> list[Settlement]:
    """Return the settlements whose centre lies in a region, by id."""
    shapely.prepare(region.geometry)
    found = [s for s in settlements if region.geometry.intersects(s.geometry.centroid)]
    return sorted(found, key=lambda one: one.id)


def stored_settlements(store: Store, region: Region) -> list[Settlement]:
    """Return all settlements of a region's organisation and mode."""
    everything = all_settlements(store, region.organisation)
    return [one for one in everything if one.mode is region.mode]


def _home(settlement: Settlement) -> Cell:
    centre = settlement.geometry.centroid
    return cell_at(centre.x, centre.y)


def _site(
    cell: Cell,
    settlements: Sequence[Settlement],
    cores: Sequence[BaseGeometry],
    tree: shapely.STRtree,
    covered: BaseGeometry,
    reach: Reach,
) -> Site:
    # Placebos lie where they do whatever a detector measures round them.
    near = _about(ground(cell), cores, tree, cell.epsg, USUAL)
    allowed = shapely.intersection(ground(cell), covered)
    placebos = lay_placebos(allowed, near, cell.epsg, PLACEBOS)
    places = tuple(
        [_place(one.id, one.id, one.geometry, doubt_of(one)) for one in settlements]
        + [_placebo(one) for one in placebos]
    )
    reached = [_square(shapely.from_wkb(place.core_wkb), cell.epsg, reach) for place in places]
    grid = _window(reached, cell.epsg, reach.pixel_m)
    area = from_plane(shapely.union_all(reached), cell.epsg)
    others = _about(area, cores, tree, cell.epsg, reach)
    cells = _cells(cell, shapely.intersection(area, covered))
    return Site(
        cell=cell.id,
        cells=cells,
        area_wkb=shapely.to_wkb(area),
        window=grid,
        places=places,
        others_wkb=tuple(shapely.to_wkb(core) for core in others),
        covered_wkb=b"" if covered.contains(area) else shapely.to_wkb(covered),
        zones=Zones(reach.near_m, reach.inner_m, reach.outer_m, reach.pixel_m),
        coarse=() if reach.pixel_m <= PIXEL_M else _empty(cells[1:], cores, tree),
    )


def _about(
    area: BaseGeometry,
    cores: Sequence[BaseGeometry],
    tree: shapely.STRtree,
    epsg: int,
    reach: Reach,
) -> list[BaseGeometry]:
    """Return the cores within a ring's reach of an area, in their order."""
    found = tree.query(_around(area, epsg, _beyond(reach)))
    return [cores[index] for index in sorted(found)]


def _cells(home: Cell, reach: BaseGeometry) -> tuple[str, ...]:
    """Return the cells whose pixels are read, the settlements' own first."""
    others = [cell.id for cell in cells_for(reach) if cell.id != home.id]
    return (home.id, *others)


def _empty(
    cells: Sequence[str], cores: Sequence[BaseGeometry], tree: shapely.STRtree
) -> tuple[str, ...]:
    """Return the cells that no settlement's usual ring reaches into."""
    return tuple(
        one
        for one in cells
        if not _about(ground(cell := cell_from_id(one)), cores, tree, cell.epsg, USUAL)
    )


def _place(key: str, settlement: str, core: BaseGeometry, doubt: str = "") -> Place:
    # Another outline is another place to the detector: what it learned does not hold for it.
    wkb = shapely.to_wkb(core)
    digest = hashlib.sha256(wkb).hexdigest()[:8]
    return Place(key=f"{key}@{digest}", settlement=settlement, core_wkb=wkb, doubt=doubt)


def _placebo(placebo: Placebo) -> Place:
    return _place(placebo.id, "", placebo.geometry)


def _beyond(reach: Reach) -> float:
    """Return how far beyond its core ground is wanted of a settlement, metres."""
    return reach.outer_m + EDGE_PX * reach.pixel_m


def _around(geometry: BaseGeometry, epsg: int, metres: float) -> BaseGeometry:
    """Return all ground within some metres of an area, and some more."""
    west, south, east, north = to_plane(geometry, epsg).bounds
    return from_plane(box(west - metres, south - metres, east + metres, north + metres), epsg)


def _square(core: BaseGeometry, epsg: int, reach: Reach) -> BaseGeometry:
    """Return the square of whole pixels round a settlement with its ring, in the zone's plane."""
    west, south, east, north = to_plane(core, epsg).bounds
    beyond, pixel = _beyond(reach), reach.pixel_m
    low = [(edge - beyond) // pixel * pixel for edge in (west, south)]
    high = [-(-(edge + beyond) // pixel) * pixel for edge in (east, north)]
    return box(low[0], low[1], high[0], high[1])


def _window(squares: Sequence[BaseGeometry], epsg: int, pixel: int) -> GeoBox:
    west, south, east, north = shapely.total_bounds(squares)
    shape = (round((north - south) / pixel), round((east - west) / pixel))
    return GeoBox(shape, Affine(pixel, 0, west, 0, -pixel, north), f"EPSG:{epsg}")
