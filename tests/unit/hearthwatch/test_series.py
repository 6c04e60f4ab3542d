import math
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from detectors.burn_features import NAMES
from detectors.types import GuardVerdict
from hearthwatch.records import Kind
from hearthwatch.series import BURNED, FEATURES, GROUND_CHANGE, event_curve, event_series
from tests.contract import store_records as a
from tests.support.drawn import CELL, WHEN, grid, layer, level, store
from tiles.archive import Archive
from tiles.errors import IntegrityError
from tiles.geodesy import CRS84, project

FOREST = {"B04": 0.03, "B08": 0.40, "B11": 0.165}
BARE = {"B04": 0.12, "B08": 0.20, "B11": 0.30}
ROWS, COLS = slice(40, 50), slice(60, 72)
GROUND = grid()


def ground_of(rows: slice, cols: slice) -> BaseGeometry:
    """Return the outline of some pixels of the drawn square."""
    left, top = GROUND.affine * (cols.start, rows.start)
    right, bottom = GROUND.affine * (cols.stop, rows.stop)
    return project(shapely.box(left, bottom, right, top), f"EPSG:{CELL.epsg}", CRS84)


def look(
    root: Path,
    number: int,
    *,
    bare: bool = False,
    cloud: tuple[slice, slice] | None = None,
    without: tuple[str, ...] = (),
) -> Archive:
    drawn = {band: level(value, GROUND) for band, value in FOREST.items()}
    drawn["SCL"] = level(4, GROUND)
    if bare:
        for band, value in BARE.items():
            drawn[band][ROWS, COLS] = value
    if cloud is not None:
        drawn["SCL"][cloud] = 9
    fine = {band: drawn[band] for band in ("B04", "B08", "SCL") if band not in without}
    coarse = GROUND.zoom_out(2)
    layers = [layer(fine, GROUND)]
    if "B11" not in without:
        layers.append(layer({"B11": drawn["B11"][::2, ::2]}, coarse))
    return store(root, f"look{number}", *layers, sensed=WHEN + timedelta(days=5 * number))


def features(ground: dict[str, float]) -> tuple[float, float]:
    return math.log(ground["B04"] / ground["B08"]), math.log(ground["B11"])


def test_a_drawn_step_is_found_again(tmp_path: Path) -> None:
    for number in range(6):
        archive = look(tmp_path, number, bare=number >= 3)
    names = [f"look{number}" for number in reversed(range(6))]
    samples = event_series(archive, CELL.id, names, ground_of(ROWS, COLS))
    assert [sample.acquisition for sample in samples] == sorted(names)
    assert [sample.sensed for sample in samples] == [
        WHEN + timedelta(days=5 * number) for number in range(6)
    ]
    for number, sample in enumerate(samples):
        wanted = features(BARE if number >= 3 else FOREST)
        assert sample.values == pytest.approx(wanted, abs=5e-4)
        assert sample.clear == 1.0
    assert len(FEATURES) == 2


def test_under_cloud_there_is_no_value(tmp_path: Path) -> None:
    look(tmp_path, 0, cloud=(slice(30, 60), slice(50, 80)))
    # A hundred metres around a cloud count as cloud: here the western half of the event.
    look(tmp_path, 1, cloud=(slice(40, 50), slice(40, 54)))
    archive = look(tmp_path, 2, cloud=(slice(0, 10), slice(0, 10)))
    names = ["look0", "look1", "look2"]
    under, beside, far = event_series(archive, CELL.id, names, ground_of(ROWS, COLS))
    assert (under.values, under.clear) == ((None, None), 0.0)
    assert 0.5 < beside.clear < 1.0
    assert beside.values == pytest.approx(features(FOREST), abs=5e-4)
    assert far.clear == 1.0


def test_the_limit_is_half_of_the_pixels(tmp_path: Path) -> None:
    archive = look(tmp_path, 0, cloud=(slice(40, 50), slice(40, 59)))
    (sample,) = event_series(archive, CELL.id, ["look0"], ground_of(ROWS, COLS))
    assert 0.0 < sample.clear < 0.5
    assert sample.values == (None, None)


def test_a_cloud_beyond_the_window_widens_into_it(tmp_path: Path) -> None:
    archive = look(tmp_path, 0, cloud=(slice(30, 60), slice(48, 52)))
    (sample,) = event_series(archive, CELL.id, ["look0"], ground_of(ROWS, slice(60, 62)))
    assert sample.clear < 1.0


def test_a_look_without_a_useful_band_lacks_only_that_value(tmp_path: Path) -> None:
    archive = look(tmp_path, 0, without=("B11",))
    (sample,) = event_series(archive, CELL.id, ["look0"], ground_of(ROWS, COLS))
    assert sample.values[0] == pytest.approx(features(FOREST)[0], abs=5e-4)
    assert sample.values[1] is None


def test_looks_that_cannot_tell_are_left_out(tmp_path: Path) -> None:
    look(tmp_path, 0)
    archive = look(tmp_path, 1, without=("SCL",))
    samples = event_series(archive, CELL.id, ["look0", "look1", "gone"], ground_of(ROWS, COLS))
    assert [sample.acquisition for sample in samples] == ["look0"]


def test_ground_beyond_the_scene_was_not_clear(tmp_path: Path) -> None:
    archive = look(tmp_path, 0)
    away = ground_of(slice(400, 410), slice(400, 410))
    (sample,) = event_series(archive, CELL.id, ["look0"], away)
    assert (sample.values, sample.clear) == ((None, None), 0.0)


def test_refusals(tmp_path: Path) -> None:
    archive = look(tmp_path, 0)
    assert event_series(archive, CELL.id, ["look0"], shapely.box(0, 0, 1, 1)) == ()
    speck = ground_of(ROWS, COLS).centroid.buffer(1e-7)
    assert event_series(archive, CELL.id, ["look0"], speck) == ()
    file = tmp_path / archive.masters("look0", CELL.id)[0].path
    file.unlink()
    with pytest.raises(IntegrityError):
        event_series(archive, CELL.id, ["look0"], ground_of(ROWS, COLS))


def test_the_order_of_bands_and_layers_does_not_matter(tmp_path: Path) -> None:
    archive = look(tmp_path, 0, bare=True)
    swapped = Archive(tmp_path / "swapped")
    chip = archive.load("look0", CELL.id)
    assert chip is not None
    first = chip.layers[0]
    turned = layer({band: _reflectance(first, band) for band in reversed(first.bands)}, GROUND)
    store(swapped.root, "look0", chip.layers[1], turned)
    place = ground_of(ROWS, COLS)
    assert event_series(swapped, CELL.id, ["look0"], place) == event_series(
        archive, CELL.id, ["look0"], place
    )


def told(number: int, verdict: GuardVerdict = GuardVerdict.PASSED, **said: object) -> object:
    """Return the ledger row of a settlement, with what its detector said."""
    detail = {"guard": {"verdict": verdict.value}, "said": said}
    when = {"acquisition": f"look{number}", "sensed": WHEN + timedelta(days=5 * number)}
    return a.look(settlement="set-1", usable=0.8, detail=detail, **when)


def test_of_a_burned_event_it_is_what_the_detector_said(tmp_path: Path) -> None:
    rows = [
        told(0, scores={"near_infrared": 0.25, "visible": -0.5}),
        told(1, scores={name: 4.0 + n for n, name in enumerate(NAMES)}, evidence=2.5),
        told(2, GuardVerdict.SUSPECT, scores={"char_index": 9.0}, evidence=3.0),
        told(3, placebos=24),
        a.look(settlement="set-1", acquisition="late", detail={"reason": "it came after"}),
    ]
    curve = event_curve(Archive(tmp_path), a.event(kind=Kind.BURNED, settlement="set-1"), rows)
    assert curve.quantities == BURNED
    assert [quantity.key for quantity in BURNED] == [*NAMES, "evidence"]
    assert [one.acquisition for one in curve.samples] == ["look0", "look1", "look2", "look3"]
    assert [one.values for one in curve.samples] == [
        (0.25, -0.5, None, None, None, None),
        (4.0, 5.0, 6.0, 7.0, 8.0, 2.5),
        (None, None, 9.0, None, None, 3.0),
        (None,) * 6,
    ]
    assert [one.used for one in curve.samples] == [True, True, False, True]
    assert {one.clear for one in curve.samples} == {0.8}


def test_of_changed_ground_it_is_measured_on_the_pixels(tmp_path: Path) -> None:
    archive = look(tmp_path, 0, bare=True)
    ground = ground_of(ROWS, COLS)
    event = a.event(kind=Kind.GROUND_CHANGE, cell=CELL.id, geometry=ground)
    rows = [a.look(acquisition="look0", cell=CELL.id), a.look(acquisition="gone", cell=CELL.id)]
    curve = event_curve(archive, event, rows)
    assert curve.quantities == GROUND_CHANGE
    assert [quantity.key for quantity in GROUND_CHANGE] == list(FEATURES)
    assert curve.samples == event_series(archive, CELL.id, ["look0"], ground)
    assert curve.samples[0].used


def _reflectance(one: object, band: str) -> np.ndarray:
    values = one.dn[one.bands.index(band)]  # type: ignore[attr-defined]
    return values.astype(float) * (1.0 if band == "SCL" else 1e-4)


def test_of_a_settlement_only_what_its_own_detector_said_is_followed(tmp_path: Path) -> None:
    said = {"scores": {"core_power": 3.5, "contrast": -1.0}, "evidence": 2.0}
    event = a.event(settlement="set-1", detector="radar", cell=CELL.id)
    rows = [
        a.look(acquisition="S1A", detector="radar", settlement="set-1", detail={"said": said}),
        a.look(acquisition="S2A", detector="burned", settlement="set-1",
               detail={"said": {"scores": {"visible": 1.0}}}),
    ]  # fmt: skip
    curve = event_curve(Archive(tmp_path), event, rows)
    assert [one.key for one in curve.quantities] == ["core_power", "contrast", "evidence"]
    assert [(one.acquisition, one.values) for one in curve.samples] == [("S1A", (3.5, -1.0, 2.0))]
