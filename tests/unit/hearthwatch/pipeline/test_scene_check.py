"""A look that lies elsewhere, or is a tenth too bright, is told from one that is only changed."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from scipy import ndimage
from shapely.geometry import box

from hearthwatch.pipeline.scene_check import MOST_REFUSED, SIDE, read_view, view_of, what_is_wrong
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import ObservationStatus
from hearthwatch.store import MemoryStore
from imagery.types import Cause, GeoBox
from tests.support import catalogue, settled
from tests.support.settled import EAST, LOOKS, MIDDLE
from tiles.plane import from_plane

GRID = GeoBox((200, 200), Affine(10, 0, 620_000, 0, -10, 1_500_000), "EPSG:32634")
AREA = from_plane(box(620_000, 1_498_000, 622_000, 1_500_000), 32634)
SITE = Site("34N_0060_0146", ("34N_0060_0146",), AREA.wkb, GRID)
LEVELS = {"B02": 0.07, "B08": 0.28, "B12": 0.2}
FIELDS = np.exp(ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(260, 260)), 2) * 3)


def look(
    seed: int, moved: tuple[int, int] = (0, 0), change: dict[str, float] | None = None
) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    rows, cols = (30 - step for step in moved)
    fields = FIELDS[rows : rows + 200, cols : cols + 200]
    bands = {
        band: level * fields + (change or {}).get(band, 0.0) + rng.normal(0, 0.004, fields.shape)
        for band, level in LEVELS.items()
    }
    cause = np.full((1, 200, 200), Cause.CLEAR, np.uint8)
    cube = xr.Dataset(
        {band: (("time", "y", "x"), v[np.newaxis].astype(np.float32)) for band, v in bands.items()}
    )
    cube["cause"] = (("time", "y", "x"), cause)
    return cube.assign_attrs(orbit=78, sensed="2026-01-02T08:00:00+00:00")


REFERENCE = view_of(look(2), SITE)


def wrong(cube: xr.Dataset) -> str:
    return what_is_wrong(view_of(cube, SITE), REFERENCE)


def test_a_good_look_smoke_and_fire_pass() -> None:
    assert wrong(look(3)) == ""
    assert wrong(look(3, (1, 0))) == ""
    assert wrong(look(4, change={"B02": 0.1})) == ""
    assert wrong(look(5, change={"B08": -0.1, "B12": 0.08})) == ""


def test_a_displaced_look_is_refused_by_how_much() -> None:
    assert wrong(look(3, (1, -2))) == (
        "it is displaced by 2.2 pixels against the look of 2026-01-02 on the same orbit"
    )


def test_looks_whose_orbit_nobody_states_are_not_said_to_be_displaced() -> None:
    displaced = dataclasses.replace(view_of(look(3, (1, -2)), SITE), orbit=None)
    assert what_is_wrong(displaced, dataclasses.replace(REFERENCE, orbit=None)) == ""


def test_f46_a_look_with_its_offset_applied_twice_is_refused() -> None:
    words = wrong(look(3, change=dict.fromkeys(LEVELS, -0.1)))
    assert words == (
        "its dark ground jumped against the look of 2026-01-02 on the same orbit "
        "(B02 by -0.10, B12 by -0.10), as a wrong offset does"
    )


def test_a_reference_that_looks_keep_disagreeing_with_is_given_up() -> None:
    moved = view_of(look(3, (0, 3)), SITE)
    for refused in range(MOST_REFUSED):
        assert what_is_wrong(moved, dataclasses.replace(REFERENCE, refused=refused))
    assert what_is_wrong(moved, dataclasses.replace(REFERENCE, refused=MOST_REFUSED)) == ""
    assert what_is_wrong(moved, None) == ""


def test_a_view_comes_back_from_its_file_and_a_broken_one_is_no_view(tmp_path: Path) -> None:
    path = tmp_path / "new" / "78.slab"
    REFERENCE.write(path)
    back = read_view(path)
    assert back is not None
    assert np.array_equal(back.pixels, REFERENCE.pixels)
    assert dataclasses.replace(back, pixels=REFERENCE.pixels) == REFERENCE
    assert back.pixels.shape == (3, SIDE, SIDE)
    path.write_bytes(path.read_bytes()[:-9])
    assert read_view(path) is None
    assert read_view(tmp_path / "none") is None


DISPLACED, NUMBER = 7, 10


def with_fields(render: catalogue.Renderer) -> catalogue.Renderer:
    """Return ground with small fields, whose edges tell where it lies."""
    side = settled.SIDE
    fields = np.exp(
        ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(side, side)), 2) * 2
    )

    def drawn(sensed: datetime) -> catalogue.Bands:
        bands = render(sensed)
        fine = {one: (dn * fields).astype(np.uint16) for one, dn in bands.items()
                if dn.shape == fields.shape}  # fmt: skip
        return {**bands, **fine}

    return drawn


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Store of a run over ten looks, of which one lies 30 m too far to the north."""
    root = tmp_path_factory.mktemp("displaced")
    render = with_fields(settled.dry_land())
    plain = [one for number, one in enumerate(LOOKS[:NUMBER]) if number != DISPLACED]
    settled.write_looks(root / "looks", plain, render)
    origin = (settled.CORNER[0] - 1400.0, settled.CORNER[1] + 1430.0)
    settled.write_looks(root / "looks" / "off", [LOOKS[DISPLACED]], render, origin=origin)
    store = MemoryStore()
    settled.enrol(store)
    settings = settled.settings_for(root / "var", root / "looks", workers=1)
    settled.run(settings, store)
    settled.run(settings, store)
    return store


@pytest.mark.parametrize("village", [EAST, MIDDLE])
def test_a_displaced_look_is_quarantined_and_those_after_it_are_not(
    store: MemoryStore, village: settled.Village
) -> None:
    rows = settled.rows_of(store, village)
    assert len(rows) == NUMBER
    quarantined = [row for row in rows if "quarantined" in str(row.detail.get("reason", ""))]
    assert [row.sensed.date() for row in quarantined] == [_day(DISPLACED)]
    assert quarantined[0].status is ObservationStatus.NOT_PROCESSED
    assert "displaced by 3.0 pixels" in quarantined[0].detail["reason"]
    assert quarantined[0].detail["masters"]


def _day(number: int) -> date:
    return LOOKS[number].date()
