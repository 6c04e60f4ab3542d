"""The look before the look saves money, and never a village's day in sight."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from hearthwatch.pipeline.prelook import PRELOOK_M, Glance, glance
from hearthwatch.pipeline.pull import Spent
from hearthwatch.pipeline.tasks import MeasureTask, Place, Site
from hearthwatch.records import LedgerRow, NotObservable
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import MemoryStore
from imagery.cube import CLASSES
from imagery.masks import Scl, look_cube
from imagery.types import (
    Acquisition,
    Cause,
    Chip,
    Cost,
    GeoBox,
    Layer,
    Provenance,
    Query,
    Scene,
)
from tests.support import settled
from tests.support.remote import Remote
from tests.support.settled import EAST, EVERYWHERE, LOOKS, WEST, Village
from tiles.cell import cell_from_id
from tiles.grid import rasterise
from tiles.plane import from_plane

CELL = cell_from_id("34N_0061_0147")
SIDE, NATIVE_M, MARGIN = 10_240.0, 20.0, 12
"""Metres of a cell, metres of a pixel of classes, and pixels that are drawn around the cell."""
PIXELS = int(SIDE / NATIVE_M) + 2 * MARGIN
SENSED = datetime(2020, 6, 1, 10, tzinfo=UTC)
Classes = NDArray[np.uint8]


def native() -> GeoBox:
    """Return the grid that classes are drawn on."""
    west, _, _, north = CELL.bounds
    corner = Affine(NATIVE_M, 0, west, 0, -NATIVE_M, north) * Affine.translation(-MARGIN, -MARGIN)
    return GeoBox((PIXELS, PIXELS), corner, f"EPSG:{CELL.epsg}")


@dataclass
class Drawn:
    """A provider of classes: whole, or resampled to the grid that is wanted as paid ones do."""

    classes: Classes
    resamples: bool = False
    name: str = "drawn"
    remote: bool = True

    def serving(self) -> AbstractContextManager[None]:
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        return iter(())

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        assert tuple(bands) == (CLASSES,)
        return self.chip(geobox.pad(1))

    def chip(self, geobox: GeoBox) -> Chip:
        grid, dn = native(), self.classes
        if self.resamples:
            left, top = ~grid.transform * (geobox.transform.c, geobox.transform.f)
            step = geobox.transform.a / NATIVE_M
            rows, cols = (
                np.clip(np.floor(start + step * (np.arange(n) + 0.5)).astype(int), 0, PIXELS - 1)
                for start, n in zip((top, left), geobox.shape, strict=True)
            )
            grid, dn = geobox, self.classes[np.ix_(rows, cols)]
        layer = Layer("scene", (CLASSES,), grid, dn[np.newaxis], (None,), (None,), (0,))
        cost = Cost(1, 0.0086, dn.nbytes)
        told = Provenance(self.name, ("scene",), ("0" * 64,), (), SENSED, cost)
        return Chip("look", "sentinel-2-l2a", SENSED, (layer,), told)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return Cost(1, 0.0086, 0)


def place(core: BaseGeometry, settlement: str = "village") -> Place:
    """Return a place; `core` in metres from the cell's south-western corner."""
    west, south, _, _ = CELL.bounds
    moved = shapely.transform(core, lambda xy: xy + np.array([west, south]))
    wkb = shapely.to_wkb(from_plane(moved, CELL.epsg))
    return Place(hashlib.sha256(wkb).hexdigest(), settlement, wkb)


def seen(
    classes: Classes,
    core: BaseGeometry,
    *,
    resamples: bool = True,
    area: BaseGeometry | None = None,
    settlement: str = "village",
) -> Glance:
    ground = place(area or core.buffer(700.0)).core_wkb
    site = Site(CELL.id, (CELL.id,), ground, CELL.geobox(10.0), (place(core, settlement),))
    look = Acquisition("look", SENSED, ())
    provider = Drawn(classes, resamples)
    task = MeasureTask(provider, look, site, "burned", Path(), Path(), 9.0)
    spent = Spent()
    found = glance(task, spent)
    assert spent.cost.requests == 1
    return found


def everywhere(kind: int) -> Classes:
    return np.full((PIXELS, PIXELS), kind, np.uint8)


def at(core: BaseGeometry) -> tuple[slice, slice]:
    """Return the drawn pixels that a core lies in."""
    west, south, east, north = core.bounds
    first, last = (int(np.floor(one / NATIVE_M)) + MARGIN for one in (west, east))
    top, bottom = (int(np.floor((SIDE - one) / NATIVE_M)) + MARGIN for one in (north, south))
    return slice(top, bottom + 1), slice(first, last + 1)


MIDDLE = Point(5_000.0, 5_000.0).buffer(60.0)
HUT = Point(5_037.0, 5_021.0).buffer(8.0)
"""Far smaller than a pixel."""


@pytest.mark.parametrize("resamples", [False, True])
@pytest.mark.parametrize("core", [MIDDLE, HUT])
class TestOfOneVillage:
    """Whether a village may be seen, by what lies over it."""

    @pytest.mark.parametrize("kind", [Scl.CLOUD_MEDIUM, Scl.CLOUD_HIGH, Scl.CIRRUS])
    def test_cloud_hides_it(self, kind: Scl, core: BaseGeometry, resamples: bool) -> None:
        found = seen(everywhere(kind), core, resamples=resamples)
        assert (found.open_cores, found.clear, found.causes["cloud"]) == (0, 0.0, 1.0)
        assert found.is_hidden(0.15)

    def test_a_hole_in_the_cloud_shows_it(self, core: BaseGeometry, resamples: bool) -> None:
        classes = everywhere(Scl.CLOUD_HIGH)
        classes[at(core.buffer(120.0))] = Scl.BARE
        found = seen(classes, core, resamples=resamples)
        assert found.open_cores == 1
        assert found.clear < 0.15
        assert not found.is_hidden(0.15)

    @pytest.mark.parametrize("kind", [Scl.SNOW, Scl.SATURATED, 12, 200])
    def test_what_is_no_cloud_hides_nothing(
        self, kind: int, core: BaseGeometry, resamples: bool
    ) -> None:
        found = seen(everywhere(kind), core, resamples=resamples)
        assert (found.open_cores, found.clear) == (1, 0.0)

    def test_where_nothing_was_received_there_is_nothing_to_buy(
        self, core: BaseGeometry, resamples: bool
    ) -> None:
        found = seen(everywhere(Scl.NODATA), core, resamples=resamples)
        assert (found.open_cores, found.causes["nodata"]) == (0, 1.0)
        assert found.is_hidden(0.15)

    def test_at_the_rim_of_a_swath_it_may_be_seen(
        self, core: BaseGeometry, resamples: bool
    ) -> None:
        classes = everywhere(Scl.NODATA)
        _, cols = at(core)
        classes[:, cols.start :] = Scl.VEGETATION
        assert seen(classes, core, resamples=resamples).open_cores == 1

    def test_dark_ground_is_no_cloud(self, core: BaseGeometry, resamples: bool) -> None:
        for kind in (Scl.DARK, Scl.SHADOW, Scl.UNCLASSIFIED, Scl.WATER):
            found = seen(everywhere(kind), core, resamples=resamples)
            assert (found.open_cores, found.clear) == (1, 1.0)


def test_a_village_across_the_cells_edge_may_be_seen_beyond_it() -> None:
    for core in (Point(10.0, 5000.0), Point(SIDE - 10.0, 5000.0), Point(5000.0, 10.0),
                 Point(5000.0, SIDE - 10.0), Point(-500.0, 5000.0)):  # fmt: skip
        assert seen(everywhere(Scl.CLOUD_HIGH), core.buffer(60.0)).open_cores == 1


def test_a_placebo_in_the_clear_is_no_reason_to_buy() -> None:
    classes = everywhere(Scl.CLOUD_HIGH)
    classes[at(MIDDLE.buffer(120.0))] = Scl.BARE
    found = seen(classes, MIDDLE, area=box(0, 0, SIDE, SIDE), settlement="")
    assert found.is_hidden(0.15)


def test_of_ground_narrower_than_a_pixel_the_whole_cell_tells() -> None:
    classes = everywhere(Scl.CLOUD_HIGH)
    classes[: PIXELS // 2] = Scl.BARE
    sliver = box(5_003.0, 5_003.0, 5_009.0, 9_000.0)
    found = seen(classes, MIDDLE, area=sliver, settlement="")
    assert found.clear == pytest.approx(0.5, abs=0.02)
    assert not found.is_hidden(0.15)


@given(
    seed=st.integers(0, 10_000),
    grain=st.sampled_from([0.0, 1.0, 4.0, 12.0]),
    share=st.floats(0.3, 0.995),
    kind=st.sampled_from([Scl.CLOUD_HIGH, Scl.CIRRUS, Scl.SNOW, Scl.NODATA, 77]),
    radius=st.sampled_from([6.0, 15.0, 60.0, 200.0]),
    east=st.floats(300.0, SIDE - 300.0),
    north=st.floats(300.0, SIDE - 300.0),
)
@settings(max_examples=60, deadline=None)
def test_what_is_called_hidden_is_never_a_village_that_lies_clear(
    seed: int, grain: float, share: float, kind: int, radius: float, east: float, north: float
) -> None:
    rng = np.random.default_rng(seed)
    field = rng.normal(size=(PIXELS, PIXELS))
    field = ndimage.gaussian_filter(field, grain) if grain else field
    classes = np.where(field <= np.quantile(field, share), kind, Scl.BARE).astype(np.uint8)
    core = Point(east, north).buffer(radius)
    if seen(classes, core).open_cores:
        return
    whole = CELL.geobox(10.0)
    rows, cols = at(core.buffer(150.0))
    near = whole[
        2 * (rows.start - MARGIN) : 2 * (rows.stop - MARGIN),
        2 * (cols.start - MARGIN) : 2 * (cols.stop - MARGIN),
    ]
    causes = look_cube(Drawn(classes).chip(near), near, ())["cause"].values[0]
    inside = rasterise(shapely.from_wkb(place(core).core_wkb), near)
    assert not (inside & (causes == Cause.CLEAR)).any()


def test_clouds_in_the_middle_of_all_pixels_leave_nothing_clear_between_them() -> None:
    classes = everywhere(Scl.BARE)
    middles = (np.arange(int(SIDE / PRELOOK_M)) + 0.5) * PRELOOK_M
    drawn = np.floor(middles / NATIVE_M).astype(int) + MARGIN
    classes[np.ix_(drawn, drawn)] = Scl.CLOUD_HIGH
    assert seen(classes, HUT).open_cores == 0
    near = CELL.geobox(10.0)[100:200, 100:200]
    causes = look_cube(Drawn(classes).chip(near), near, ())["cause"].values[0]
    assert not (causes == Cause.CLEAR).any()


@pytest.fixture
def looks(tmp_path: Path) -> Path:
    """Four looks: clear, under cloud, under cloud but for one village, clear."""
    hole = Point(EAST.east, EAST.north).buffer(400.0)
    clouds = {LOOKS[1].date(): EVERYWHERE, LOOKS[2].date(): EVERYWHERE.difference(hole)}
    drawn = settled.dry_land(clouds=clouds, villages=(EAST, WEST))
    return settled.write_looks(tmp_path / "looks", LOOKS[:4], drawn)


def test_of_a_look_under_cloud_no_pixel_is_bought_unless_a_village_shows(
    looks: Path, tmp_path: Path
) -> None:
    store, provider = MemoryStore(), Remote(looks)
    settled.enrol(store, (EAST, WEST))
    told = settled.settings_for(tmp_path, looks, workers=1)
    settled.run(told, store, provider=provider)
    assert bought(provider, 0) == bought(provider, 3) == {10.0, PRELOOK_M}
    assert bought(provider, 1) == {PRELOOK_M}
    assert bought(provider, 2) == {10.0, PRELOOK_M}
    for village in (EAST, WEST):
        told_of = row(store, village, 1)
        assert (told_of.status, told_of.cause) == (Status.NOT_OBSERVABLE, NotObservable.CLOUD)
        assert told_of.detail["reason"] == "a first look at 128 m showed 0% of the ground clear"
    assert row(store, EAST, 2).usable == 1.0
    west = row(store, WEST, 2)
    assert (west.status, west.cause) == (Status.NOT_OBSERVABLE, NotObservable.CLOUD)
    # It is over: the next run asks for none of it again.
    asked = len(provider.asked)
    settled.run(told, store, provider=provider)
    assert len(provider.asked) == asked


def bought(provider: Remote, number: int) -> set[float]:
    day = f"{LOOKS[number]:%Y%m%d}"
    return {metres for name, metres in provider.asked if day in name}


def row(store: MemoryStore, village: Village, number: int) -> LedgerRow:
    return next(r for r in settled.rows_of(store, village) if r.sensed == LOOKS[number])
