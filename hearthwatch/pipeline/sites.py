"""Where the work of one region is done: the part of it that each cell of the grid answers for."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import shapely
from affine import Affine
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import NotFound
from hearthwatch.pipeline.tasks import Place, Site
from hearthwatch.records import Region, Settlement
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements
from hearthwatch.watchlist import doubt_of
from imagery.types import GeoBox
from tiles.cell import Cell
from tiles.grid import cell_at, cells_for, ground, share, window
from tiles.parts import RING_OUTER_M
from tiles.placebos import Placebo, lay_placebos
from tiles.plane import PIXEL_M, from_plane, to_plane

PLACEBOS = 24
"""Laid in each cell at most; the scene guard needs 20 of an acquisition."""
REACH_M = RING_OUTER_M + 4 * PIXEL_M
"""Of a settlement beyond its core: its ring, and the pixels its edge lies in."""


def area_sites(region: Region) -> tuple[Site, ...]:
    """Cut a region along the work grid."""
    sites = []
    for cell in cells_for(region.geometry):
        grid = window(cell, region.geometry)
        if grid is not None:
            part = shapely.to_wkb(share(cell, region.geometry))
            sites.append(Site(cell=cell.id, cells=(cell.id,), area_wkb=part, window=grid))
    return tuple(sites)


def settlement_sites(
    region: Region, settlements: Sequence[Settlement], covered: BaseGeometry
) -> tuple[Site, ...]:
    """Put every settlement of a region into the cell that its centre lies in.

    Parameters
    ----------
    settlements : sequence of Settlement
        All that the organisation has of the region's mode, those outside the region too: no
        ring may hold them.
    covered : shapely geometry
        CRS84 ground that imagery exists of; placebos are laid nowhere else.

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
    return tuple(
        _site(cell, homes[cell], cores, tree, covered) for cell in sorted(homes, key=lambda c: c.id)
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


def around(cell: Cell, geometry: BaseGeometry) -> BaseGeometry:
    """Return all ground within a ring's reach of a cell's share of an area; CRS84."""
    return _around(share(cell, geometry), cell.epsg)


def _home(settlement: Settlement) -> Cell:
    centre = settlement.geometry.centroid
    return cell_at(centre.x, centre.y)


def _site(
    cell: Cell,
    settlements: Sequence[Settlement],
    cores: Sequence[BaseGeometry],
    tree: shapely.STRtree,
    covered: BaseGeometry,
) -> Site:
    near = [cores[i] for i in sorted(tree.query(_around(ground(cell), cell.epsg)))]
    allowed = shapely.intersection(ground(cell), covered)
    placebos = lay_placebos(allowed, near, cell.epsg, PLACEBOS)
    places = tuple(
        [_place(one.id, one.id, one.geometry, doubt_of(one)) for one in settlements]
        + [_placebo(one) for one in placebos]
    )
    reached = [_square(shapely.from_wkb(place.core_wkb), cell.epsg) for place in places]
    grid = _window(reached, cell.epsg)
    reach = from_plane(shapely.union_all(reached), cell.epsg)
    others = sorted(tree.query(_around(reach, cell.epsg)))
    return Site(
        cell=cell.id,
        cells=_cells(cell, shapely.intersection(reach, covered)),
        area_wkb=shapely.to_wkb(reach),
        window=grid,
        places=places,
        others_wkb=tuple(shapely.to_wkb(cores[i]) for i in others),
        covered_wkb=b"" if covered.contains(reach) else shapely.to_wkb(covered),
    )


def _cells(home: Cell, reach: BaseGeometry) -> tuple[str, ...]:
    """Return the cells whose pixels are read, the settlements' own first."""
    others = [cell.id for cell in cells_for(reach) if cell.id != home.id]
    return (home.id, *others)


def _place(key: str, settlement: str, core: BaseGeometry, doubt: str = "") -> Place:
    # Another outline is another place to the detector: what it learned does not hold for it.
    wkb = shapely.to_wkb(core)
    digest = hashlib.sha256(wkb).hexdigest()[:8]
    return Place(key=f"{key}@{digest}", settlement=settlement, core_wkb=wkb, doubt=doubt)


def _placebo(placebo: Placebo) -> Place:
    return _place(placebo.id, "", placebo.geometry)


def _around(geometry: BaseGeometry, epsg: int) -> BaseGeometry:
    """Return all ground within a ring's reach of an area, and some more."""
    west, south, east, north = to_plane(geometry, epsg).bounds
    square = box(west - REACH_M, south - REACH_M, east + REACH_M, north + REACH_M)
    return from_plane(square, epsg)


def _square(core: BaseGeometry, epsg: int) -> BaseGeometry:
    """Return the square of whole pixels round a settlement with its ring, in the zone's plane."""
    west, south, east, north = to_plane(core, epsg).bounds
    low = [(edge - REACH_M) // PIXEL_M * PIXEL_M for edge in (west, south)]
    high = [-(-(edge + REACH_M) // PIXEL_M) * PIXEL_M for edge in (east, north)]
    return box(low[0], low[1], high[0], high[1])


def _window(squares: Sequence[BaseGeometry], epsg: int) -> GeoBox:
    west, south, east, north = shapely.total_bounds(squares)
    shape = (round((north - south) / PIXEL_M), round((east - west) / PIXEL_M))
    return GeoBox(shape, Affine(PIXEL_M, 0, west, 0, -PIXEL_M, north), f"EPSG:{epsg}")
