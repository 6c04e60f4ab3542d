"""Changes that are no burn, written into a copy of a catalogue."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio

from hearthwatch.errors import CatalogueError
from hearthwatch.exercise.catalogue import write_exercise, write_otherwise
from hearthwatch.exercise.ground import cover_on
from hearthwatch.exercise.otherwise import Change, Otherwise, altered
from hearthwatch.exercise.touched import touched_ground
from imagery.providers.folder import FolderProvider
from tests.support import catalogue
from tests.unit.hearthwatch.exercise.drawn import (
    DAY,
    LOOKS,
    RESIDUES,
    SOIL,
    SOIL_20,
    burn,
    digests,
    even,
    village,
)
from tests.unit.hearthwatch.exercise.test_catalogue import EVERYWHERE, numbers

NUMBERS = SOIL | SOIL_20
SHOWN, BEFORE, AFTER = "20180601", "20180520", "20180611"


@pytest.fixture
def source(tmp_path):
    catalogue.make_catalogue(tmp_path / "source", LOOKS, even())
    return tmp_path / "source"


def change(kind, **more):
    return Change(Otherwise(kind), DAY, **{"days": 5.0, **more})


def write(source, tmp_path, asked, name="out"):
    return write_otherwise(source, tmp_path / name, village(), "Place", asked)


def shares(band, asked):
    """Return the whole grid's share that is touched."""
    size, pixel = (30, 20.0) if band in SOIL_20 else (60, 10.0)
    ground = touched_ground(village(), asked)
    if ground is None:
        return np.ones((size, size))
    part = cover_on(ground, catalogue.grid(size=size, pixel_m=pixel))
    whole = np.zeros((size, size))
    whole[part.rows, part.columns] = part.shares[0]
    return whole


@pytest.mark.parametrize("kind", [kind for kind in Otherwise if kind != "rain"])
def test_files_show_what_the_arrays_show_and_only_while_it_lasts(source, tmp_path, kind):
    asked = change(kind, strength=0.7)
    made = write(source, tmp_path, asked).catalogue
    for band, number in NUMBERS.items():
        touched = shares(band, asked)
        before = {band: np.full(touched.shape, number / 10_000)}
        pixel_m = 20.0 if band in SOIL_20 else 10.0
        after = altered(before, touched, asked, DAY, pixel_m)[band]
        found = numbers(made, SHOWN, band)
        assert found == pytest.approx(np.maximum(after * 10_000, 1), abs=0.51)
        assert (found[touched == 0] == number).all()
        for day in (BEFORE, AFTER):
            assert (numbers(made, day, band) == number).all()


def test_rain_falls_on_what_is_bare(tmp_path):
    def half_green(sensed):
        drawn = dict(even()(sensed))
        red, near = drawn["B04"].copy(), drawn["B08"].copy()
        red[:, :30], near[:, :30] = 300, 4500
        return drawn | {"B04": red, "B08": near}

    catalogue.make_catalogue(tmp_path / "source", LOOKS, half_green)
    made = write(tmp_path / "source", tmp_path, change("rain")).catalogue
    # NDVI 0.875 is greener than green; 0.18 is nearly as bare as bare.
    assert (numbers(made, SHOWN, "B04")[:, :30] == 300).all()
    assert (numbers(made, SHOWN, "B11")[:, :15] == 3600).all()
    bare = (numbers(made, SHOWN, "B04")[:, 30:] / 1800 - 1) / (0.54 - 1)
    assert bare == pytest.approx(0.96, abs=0.01)
    assert (numbers(made, SHOWN, "B11")[:, 15:] < 0.5 * 3600).all()


def test_a_shift_moves_what_is_drawn_by_10_m(tmp_path):
    def striped(sensed):
        drawn = dict(even()(sensed))
        drawn["B08"] = np.tile(np.arange(1000, 1060, dtype=np.uint16), (60, 1))
        drawn["B08"][20, 20] = 0
        return drawn

    catalogue.make_catalogue(tmp_path / "source", LOOKS, striped)
    made = write(tmp_path / "source", tmp_path, change("shift")).catalogue
    before, after = (numbers(made, day, "B08") for day in (BEFORE, SHOWN))
    expected = np.concatenate([before[:, :1], before[:, :-1]], axis=1)
    expected[20, 20:22] = 0, before[20, 21]
    assert (after == expected).all()


@pytest.mark.parametrize("kind", Otherwise)
def test_clouds_hide_the_ground_and_not_an_error_of_the_file(tmp_path, kind):
    def clouded(sensed):
        drawn = dict(even(classes=9)(sensed))
        drawn["B08"] = np.tile(np.arange(2000, 2060, dtype=np.uint16), (60, 1))
        return drawn

    catalogue.make_catalogue(tmp_path / "source", LOOKS, clouded)
    told = write(tmp_path / "source", tmp_path, change(kind))
    changes = kind in (Otherwise.OFFSET_UP, Otherwise.OFFSET_DOWN, Otherwise.SHIFT)
    assert told.altered == (1 if changes else 0)


def test_ground_that_rain_makes_very_dark_becomes_dark_area(tmp_path):
    dark = even(B02=900, B04=700, B08=950)
    catalogue.make_catalogue(tmp_path / "source", LOOKS, lambda at: dark(at) | {
        "B8A": np.full((30, 30), 950, np.uint16)})  # fmt: skip
    made = write(tmp_path / "source", tmp_path, change("rain")).catalogue
    assert (numbers(made, SHOWN, "SCL") == 2).all()
    assert (numbers(made, BEFORE, "SCL") == 5).all()


@pytest.mark.parametrize("kind", ["haze", "offset-down", "shift"])
def test_classes_stay_where_the_ground_did_not_change(source, tmp_path, kind):
    made = write(source, tmp_path, change(kind)).catalogue
    assert (numbers(made, SHOWN, "SCL") == 5).all()


def test_the_truth_has_no_event_and_every_parameter_is_told(source, tmp_path):
    told = write(source, tmp_path, change("harvest", share=0.25, strength=0.5))
    truth = (told.folder / "truth.csv").read_text()
    assert truth == "place,earliest,latest,kind,share,lon,lat\n"
    described = json.loads((told.folder / "exercise.json").read_bytes())
    assert described["mode"] == "exercise"
    assert described["otherwise"] == {
        "kind": "harvest", "date": "2018-06-01T00:00:00+00:00", "days": 5.0, "share": 0.25,
        "strength": 0.5, "extent": "fields",
        "changed_ground_ha": described["otherwise"]["changed_ground_ha"],
    }  # fmt: skip
    # A quarter of a circle of 400 m without 0.4 of one of 100 m.
    expected = 0.25 * np.pi * (400**2 - 0.4 * 100**2) / 10_000
    assert described["otherwise"]["changed_ground_ha"] == pytest.approx(expected, rel=0.02)
    assert "burns" not in described


def test_the_scenes_are_marked_and_read_and_tell_nothing(source, tmp_path):
    told = write(source, tmp_path, change("haze"))
    provider = FolderProvider(told.catalogue)
    scenes = list(provider.search(EVERYWHERE))
    assert [scene.mode for scene in scenes] == ["exercise"] * len(LOOKS)
    assert (told.scenes, told.altered) == (5, 1)
    for scene in scenes:
        provider.read([scene], catalogue.grid(), [*NUMBERS, "SCL"], 60.0)
    assert not any("haze" in path.read_text() for path in told.catalogue.rglob("*.json"))


def test_the_same_change_is_not_written_twice_and_a_burn_or_another_is_refused(source, tmp_path):
    assert write(source, tmp_path, change("haze")).fresh
    before = digests(tmp_path / "out")
    assert not write(source, tmp_path, change("haze")).fresh
    with pytest.raises(CatalogueError, match="not this exercise"):
        write(source, tmp_path, change("haze", strength=0.5))
    with pytest.raises(CatalogueError, match="not this exercise"):
        write_exercise(source, tmp_path / "out", village(), "Place", [burn()], RESIDUES)
    assert digests(tmp_path / "out") == before


def test_two_writings_are_the_same_to_the_byte(source, tmp_path):
    for name in ("one", "two"):
        write(source, tmp_path, change("ploughing"), name)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_without_strength_no_file_changes(source, tmp_path):
    for kind in Otherwise:
        assert write(source, tmp_path, change(kind, strength=0.0), f"out-{kind}").altered == 0


def test_a_change_after_the_last_look_is_refused(source, tmp_path):
    late = Change(Otherwise.HAZE, datetime(2019, 1, 1, tzinfo=UTC), days=5.0)
    with pytest.raises(CatalogueError, match="earlier date"):
        write(source, tmp_path, late)


def test_the_bands_that_an_offset_reaches_hold_their_profile(source, tmp_path):
    made = write(source, tmp_path, change("offset-up")).catalogue
    (new,) = made.glob(f"S2_{SHOWN}*/B11.tif")
    with rasterio.open(new) as altered_file, rasterio.open(source / new.relative_to(made)) as old:
        assert altered_file.profile == old.profile
