"""Detectors that look far round a settlement: what is read, how finely, and what is laid."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from shapely.geometry import Point, box

from detectors.burned import Burned
from detectors.types import PARTS, Zones
from hearthwatch.pipeline.measure import _place_set, _yards
from hearthwatch.pipeline.sites import searched, settlement_sites
from hearthwatch.pipeline.tasks import COARSE_M, MeasureTask, Reading, Site
from hearthwatch.records import Kind, Mode, Region, Settlement
from imagery.providers.folder import FolderProvider
from imagery.types import Acquisition
from tiles.cell import SIZE_M, cell_from_id
from tiles.plane import from_plane, to_plane

EPSG = 32635
CELL = (27, 141)
"""Column and row of the cell the first settlement lies in the middle of."""
MIDDLE = ((CELL[0] + 0.5) * SIZE_M, (CELL[1] + 0.5) * SIZE_M)
WIDE = Zones(near_m=2000.0, inner_m=2000.0, outer_m=10_000.0, pixel_m=60.0)
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
GROUND = box(24.0, 12.0, 26.0, 14.0)
REGION = Region("r", "ours", Kind.BURNED, Mode.ACTUAL, "all", GROUND, 1.0, NOON)


def settlement(name: str, x: float, y: float, radius: float = 150.0) -> Settlement:
    core = from_plane(Point(x, y).buffer(radius), EPSG)
    return Settlement(name, "ours", Mode.ACTUAL, name, core, math.pi * radius**2, NOON)


HOME = settlement("home", *MIDDLE)
NEXT = settlement("next", MIDDLE[0] + SIZE_M, MIDDLE[1])


def laid(*places: Settlement, zones: Zones = WIDE) -> Site:
    return settlement_sites(REGION, places, GROUND, zones)[0]


def test_the_window_holds_the_ring_and_little_more() -> None:
    site = laid(HOME)
    height, width = site.window.shape
    assert abs(site.window.transform.a) == 60.0
    # From one end of the cell to the other, where placebos may lie, and the ring beyond both.
    most = math.ceil((SIZE_M + 2 * (10_000.0 + 4 * 60.0)) / 60.0) + 1
    assert max(height, width) <= most
    assert height * width < 300_000
    places = _place_set(site)
    assert places is not None and places.patches is None
    assert places.pixels.max() < height * width
    counts = np.diff(places.starts).reshape(-1, PARTS)
    assert (counts > 0).all()


def test_placebos_lie_where_they_do_for_every_detector() -> None:
    wide, usual = laid(HOME, NEXT), laid(HOME, NEXT, zones=Zones())
    assert [place.key for place in wide.places] == [place.key for place in usual.places]


def test_cells_without_settlements_are_read_coarsely_and_no_others() -> None:
    site = laid(HOME, NEXT)
    assert len(site.cells) >= 9
    beside = f"35N_{CELL[0] + 1:04d}_{CELL[1]:04d}"
    assert site.cell == site.cells[0] == f"35N_{CELL[0]:04d}_{CELL[1]:04d}"
    assert {site.cell, beside} <= set(site.cells) - set(site.coarse)
    far = f"35N_{CELL[0] - 1:04d}_{CELL[1] + 1:04d}"
    assert far in site.coarse
    for cell in site.coarse:
        core = to_plane(NEXT.geometry, EPSG)
        west, south, east, north = cell_from_id(cell).bounds
        assert core.distance(box(west, south, east, north)) > 1500.0
    assert laid(HOME, NEXT, zones=Zones()).coarse == ()


def test_what_is_asked_for_of_a_cell_follows_from_it(tmp_path: Path) -> None:
    site = laid(HOME)
    provider, look = FolderProvider(tmp_path), Acquisition("look", NOON, ())
    task = MeasureTask(provider, look, site, "burned", tmp_path, tmp_path, 1.0)
    assert task.pixel_m(site.cell) == 10.0
    assert {task.pixel_m(cell) for cell in site.coarse} == {COARSE_M}
    short = dataclasses.replace(task, reading=Reading(COARSE_M))
    assert short.pixel_m(site.cell) == COARSE_M


def test_yards_are_the_usual_parts_on_the_same_grid() -> None:
    site = laid(HOME)
    wide, yards = _place_set(site), _yards(site)
    assert wide is not None and yards is not None
    assert yards.ids == wide.ids
    # A disc of 150 m holds 19.6 pixels of 60 m, but for how it lies on the lattice.
    assert 16 <= yards.starts[1] - yards.starts[0] <= 23
    near = set(wide.pixels[wide.starts[0] : wide.starts[1]].tolist())
    assert set(yards.pixels[: yards.starts[1]].tolist()) <= near
    assert _yards(laid(HOME, zones=Zones())) is None


def test_scenes_are_asked_for_as_far_as_the_widest_ring_reaches() -> None:
    wide = dataclasses.replace(Burned.info, zones=WIDE)
    small = dataclasses.replace(REGION, geometry=HOME.geometry)
    ground = to_plane(searched(small, [Burned.info, wide]), EPSG)
    west, _, east, _ = ground.bounds
    assert east - west > 2 * 10_000.0
    west, _, east, _ = to_plane(searched(small, [Burned.info]), EPSG).bounds
    assert east - west < 2 * 2_000.0
