"""What neighbours leave of the rings of a real list of places, and how long laying them takes.

Every place gets its parts and every cell its placebos, as a run lays them; no pixel is read. Each
ring is compared with those of places that have no neighbour, and its pixels are held against all
other cores by their distance, not by the code that laid them.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from hearthwatch.pipeline.sites import settlement_sites
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import Kind, Region, Settlement
from hearthwatch.settings import load_settings
from hearthwatch.watchlist import make_region, make_settlement, read_settlements
from hearthwatch.watchlist.areas import NamedArea
from tiles.cell import cell_from_id
from tiles.parts import NEIGHBOUR_MARGIN_M, PARTS, Parts, parts_of
from tiles.plane import PIXEL_M, to_plane

FULL_PIXELS = 12
"""Of a sector's ring; the median of fewer is not used by the detector."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What a place has.

    Attributes
    ----------
    counts : ndarray, shape (17,)
        Pixels of its core and of each sector.
    crowded, meets : bool
        Whether another core lies in reach of the ring, or within 120 m of its own core.
    within : int
        Pixels of the ring within the margin of another core.
    """

    counts: NDArray[np.int64]
    crowded: bool
    meets: bool
    within: int


def main() -> None:
    """Lay all places of a table and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="CSV with longitude and latitude")
    parser.add_argument("--radius", type=float, default=150.0, metavar="M")
    parser.add_argument("--encoding", default="latin-1")
    args = parser.parse_args()
    settlements = read_list(args.table, args.radius, args.encoding)
    west, south, east, north = shapely.total_bounds([one.geometry for one in settlements])
    whole = box(west - 0.1, south - 0.1, east + 0.1, north + 0.1)
    started = time.perf_counter()
    sites = settlement_sites(watch(whole), settlements, whole)
    placed = time.perf_counter() - started
    laid, rings = [], 0.0
    for site in sites:
        started = time.perf_counter()
        parts = lay(site)
        rings += time.perf_counter() - started
        laid.append(held(site, parts))
    told = figures(sites, laid)
    seconds = {"placebos_s": round(placed, 1), "rings_s": round(rings, 1)}
    print(json.dumps({"radius_m": args.radius, **told, **seconds}, indent=1))


def read_list(table: Path, radius_m: float, encoding: str) -> list[Settlement]:
    """Return the settlements of a table, each place once."""
    settings = load_settings()
    areas = read_settlements(table, settings, radius_m=radius_m, encoding=encoding)
    now = datetime.now(UTC)
    made = (make_settlement(area, "bench", table.name, now) for area in areas)
    return list({one.id: one for one in made}.values())


def watch(area: Polygon) -> Region:
    """Return a region that holds everything."""
    named = NamedArea(None, shapely.MultiPolygon([area]), 1.0, ())
    return make_region(named, "all", "bench", kind=Kind.BURNED)


def lay(site: Site) -> list[Parts]:
    """Return the parts of each settlement of a cell, as a run lays them."""
    epsg = cell_from_id(site.cell).epsg
    others = [shapely.from_wkb(wkb) for wkb in site.others_wkb]
    out = []
    for place in site.places:
        if place.settlement:
            core = shapely.from_wkb(place.core_wkb)
            apart = [one for one in others if not shapely.equals_exact(one, core)]
            out.append(parts_of(core, apart, epsg))
    return out


def held(site: Site, laid: list[Parts]) -> list[Ring]:
    """Return each settlement's ring, and what of it lies within reach of another's core."""
    epsg = cell_from_id(site.cell).epsg
    others = [shapely.from_wkb(wkb) for wkb in site.others_wkb]
    plane = np.array([to_plane(one, epsg) for one in others], object)
    tree = shapely.STRtree(plane)
    cores = [shapely.from_wkb(place.core_wkb) for place in site.places if place.settlement]
    return [
        _ring(parts, core, others, plane, tree) for parts, core in zip(laid, cores, strict=True)
    ]


def _ring(
    parts: Parts, core: BaseGeometry, others: list[BaseGeometry],
    plane: NDArray[np.object_], tree: shapely.STRtree,
) -> Ring:  # fmt: skip
    ring = parts.part > 0
    centres = shapely.points((parts.cols[ring] + 0.5) * PIXEL_M, (parts.rows[ring] + 0.5) * PIXEL_M)
    near = tree.query(box(*parts.bounds).buffer(NEIGHBOUR_MARGIN_M), predicate="intersects")
    foreign = [plane[i] for i in near if not shapely.equals_exact(others[i], core)]
    home = to_plane(core, parts.epsg)
    for one in foreign:
        shapely.prepare(one)
    within = sum(int(shapely.dwithin(one, centres, NEIGHBOUR_MARGIN_M).sum()) for one in foreign)
    meets = any(home.distance(one) < 2 * NEIGHBOUR_MARGIN_M for one in foreign)
    return Ring(np.bincount(parts.part, minlength=PARTS), bool(foreign), meets, within)


def figures(sites: tuple[Site, ...], laid: list[list[Ring]]) -> dict[str, object]:
    """Return what is left of the rings and how many placebos there are."""
    flat = [one for site in laid for one in site]
    counts = np.stack([one.counts for one in flat])
    alone = np.median(counts[[not one.crowded for one in flat], 1:].sum(axis=1))
    share = counts[:, 1:].sum(axis=1) / alone
    sectors = (counts[:, 1:] >= FULL_PIXELS).sum(axis=1)
    placebos = [sum(not place.settlement for place in site.places) for site in sites]
    settled = [len(site) for site in laid]
    return {
        "places": len(flat),
        "cells": len(sites),
        "ring_pixels_within_60_m_of_another_core": sum(one.within for one in flat),
        "places_with_a_neighbour_in_reach": sum(one.crowded for one in flat),
        "places_whose_core_meets_another": sum(one.meets for one in flat),
        "places_of_16_sectors": int((sectors == 16).sum()),
        "places_of_8_sectors": int((sectors >= 8).sum()),
        "places_of_half_a_ring": int((share >= 0.5).sum()),
        "least_share_of_a_ring": round(float(share.min()), 3),
        "median_share_of_a_ring": round(float(np.median(share)), 3),
        "cells_of_20_placebos": sum(count >= 20 for count in placebos),
        "fewest_placebos": min(placebos),
        "most_places_in_a_cell": max(settled),
    }


if __name__ == "__main__":
    main()
