"""Burns written into a copy of a catalogue: what changes, what must not, and how it is marked."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely.geometry import box

from hearthwatch.errors import CatalogueError
from hearthwatch.evaluation.truth import read_truths
from hearthwatch.exercise.catalogue import write_exercise
from hearthwatch.exercise.ground import burn_ground, cover_on
from hearthwatch.exercise.model import Pattern, Residues
from hearthwatch.records import Kind, Mode
from hearthwatch.settings import load_settings
from hearthwatch.watchlist import make_settlement, read_settlements
from imagery.providers.folder import FolderProvider
from imagery.types import Query
from tests.support import catalogue
from tests.unit.hearthwatch.exercise.drawn import (
    AGAIN,
    ASH,
    CHAR,
    DAY,
    LOOKS,
    MIDDLE,
    RESIDUES,
    SOIL,
    SOIL_20,
    burn,
    core,
    degrees,
    digests,
    even,
    village,
)

EVERYWHERE = Query(box(-180, -90, 180, 90), datetime(2000, 1, 1, tzinfo=UTC),
                   datetime(2100, 1, 1, tzinfo=UTC))  # fmt: skip
NUMBERS = SOIL | SOIL_20


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    catalogue.make_catalogue(folder, LOOKS, even())
    return folder


def write(source, tmp_path, burns=None, name="out", **more):
    burns = [burn()] if burns is None else burns
    return write_exercise(source, tmp_path / name, village(**more), "Place", burns, RESIDUES)


def numbers(folder, day, band):
    (path,) = folder.glob(f"S2_{day}*/{band}.tif")
    with rasterio.open(path) as file:
        return file.read(1)


def covers(band, burns, **more):
    """Return the whole grid's cover, shape (burn, y, x)."""
    size, pixel = (30, 20.0) if band in SOIL_20 else (60, 10.0)
    ground = burn_ground(village(**more), burns)
    part = cover_on(ground, catalogue.grid(size=size, pixel_m=pixel))
    whole = np.zeros((len(burns), size, size))
    whole[:, part.rows, part.columns] = part.shares
    return whole


@pytest.mark.parametrize("band", sorted(NUMBERS))
def test_the_first_look_shows_each_pixels_burned_share(source, tmp_path, band):
    fire = burn(ash_share=0.25)
    made = write(source, tmp_path, [fire]).catalogue
    # Sensed at ten o'clock of the day that began with the fire.
    aged = 0.9 * 0.5 ** (10 / 24 / fire.half_life_days)
    left = 0.25 * np.exp(-10 / 24 / fire.ash_days)
    residue = left * ASH[band] + (1 - left) * CHAR[band]
    soil = NUMBERS[band] / 10_000
    share = (numbers(made, "20180601", band) / 10_000 - soil) / (residue - soil) / aged
    # Numbers are whole: half a number of reflectance is that much of a share.
    assert share == pytest.approx(covers(band, [fire])[0], abs=0.6e-4 / abs(residue - soil) / aged)
    assert share.max() > 0.3


def test_nothing_changes_before_the_date_and_outside_the_huts(source, tmp_path):
    made = write(source, tmp_path).catalogue
    for band, number in NUMBERS.items():
        assert (numbers(made, "20180501", band) == number).all()
        assert (numbers(made, "20180520", band) == number).all()
        untouched = covers(band, [burn()])[0] == 0
        assert (numbers(made, "20180601", band)[untouched] == number).all()
        assert (numbers(made, "20180601", band)[~untouched] != number).any()


def test_a_second_burn_darkens_what_the_first_left(source, tmp_path):
    burns = [burn(ash_share=0.0), burn(AGAIN, ash_share=0.0)]
    made = write(source, tmp_path, burns).catalogue
    first, second = covers("B08", burns)
    days = {"20180611": (10, None), "20180706": (35, 5)}
    for day, ages in days.items():
        expected = np.full((60, 60), 0.26)
        for share, age in zip((first, second), ages, strict=True):
            if age is not None:
                left = 0.9 * 0.5 ** ((age + 10 / 24) / 120)
                expected += share * left * (CHAR["B08"] - 0.26)
        assert numbers(made, day, "B08") == pytest.approx(expected * 10_000, abs=0.51)
    assert (first * second).max() > 0
    assert (first + second).max() <= 1


@pytest.mark.parametrize("classes", [0, 1, 8, 9, 10, 11, 12])
def test_nothing_changes_where_no_ground_is_seen(tmp_path, classes):
    render = even()

    def half(sensed):
        drawn = dict(render(sensed))
        drawn["SCL"] = drawn["SCL"].copy()
        drawn["SCL"][:, :15] = classes
        return drawn

    catalogue.make_catalogue(tmp_path / "source", LOOKS, half)
    made = write(tmp_path / "source", tmp_path).catalogue
    for band, number in NUMBERS.items():
        found = numbers(made, "20180611", band)
        middle = found.shape[1] // 2
        assert (found[:, :middle] == number).all()
        assert (found[:, middle:] != number).any()
    assert (numbers(made, "20180611", "SCL")[:, :15] == classes).all()


def test_pixels_without_data_stay_so_and_no_other_becomes_one(tmp_path):
    def holed(sensed):
        drawn = dict(even()(sensed))
        drawn["B04"] = drawn["B04"].copy()
        drawn["B04"][30, 20:40] = 0
        return drawn

    catalogue.make_catalogue(tmp_path / "source", LOOKS, holed)
    # Residues darker than dark: their number is nodata, and less than the type holds.
    black = Residues({"B04": 0.0}, {"B04": -0.2})
    fires = [burn(share=1.0, completeness=1.0)]
    made = write_exercise(
        tmp_path / "source", tmp_path / "out", village(huts=1.0), "Place", fires, black
    ).catalogue
    found = numbers(made, "20180601", "B04")
    hole = np.zeros((60, 60), bool)
    hole[30, 20:40] = True
    assert (found[hole] == 0).all()
    assert (found[~hole] >= 1).all()
    assert (found == 1).any()


def test_the_offset_of_the_item_is_used(tmp_path):
    catalogue.make_catalogue(
        tmp_path / "source", LOOKS, even(), baseline="05.00", offset=True
    )  # fmt: skip
    catalogue.make_catalogue(tmp_path / "plain", LOOKS, even())
    shifted = write(tmp_path / "source", tmp_path, name="one").catalogue
    plain = write(tmp_path / "plain", tmp_path, name="two").catalogue
    for band in NUMBERS:
        moved = numbers(shifted, "20180611", band).astype(int) - catalogue.OFFSET_DN
        assert (moved == numbers(plain, "20180611", band)).all()


def test_the_source_stays_as_it_is_to_the_byte(source, tmp_path):
    before = digests(source)
    write(source, tmp_path)
    assert digests(source) == before


def test_the_provider_reads_every_scene_and_finds_it_an_exercise(source, tmp_path):
    told = write(source, tmp_path)
    provider = FolderProvider(told.catalogue)
    scenes = list(provider.search(EVERYWHERE))
    assert [scene.mode for scene in scenes] == ["exercise"] * len(LOOKS)
    assert provider.faults() == ()
    assert (told.scenes, told.altered) == (5, 3)
    for scene in scenes:
        # A checksum that did not fit the file would be refused here.
        chip = provider.read([scene], catalogue.grid(), [*NUMBERS, "SCL"], 60.0)
        assert len(chip.provenance.sources) == len(NUMBERS) + 1
    actual = FolderProvider(source)
    assert {scene.mode for scene in actual.search(EVERYWHERE)} == {"actual"}
    title = json.loads((told.catalogue / "catalog.json").read_bytes())["title"]
    assert title == "EXERCISE test"


def test_an_item_collection_and_whole_paths_are_copied_too(source, tmp_path):
    items = [json.loads(file.read_bytes()) for file in catalogue.item_files(source)]
    for item, file in zip(items, catalogue.item_files(source), strict=True):
        for asset in item["assets"].values():
            asset["href"] = str(file.parent / asset["href"])
        file.unlink()
    (source / "catalog.json").unlink()
    catalogue.write_json(source / "items.json", {"type": "FeatureCollection", "features": items})
    made = write(source, tmp_path).catalogue
    provider = FolderProvider(made)
    scenes = list(provider.search(EVERYWHERE))
    assert [scene.mode for scene in scenes] == ["exercise"] * len(LOOKS)
    provider.read(scenes[-1:], catalogue.grid(), ["B08"], 60.0)
    assert all(str(made) in asset.href for scene in scenes for asset in scene.assets)


def test_two_writings_are_the_same_to_the_byte(source, tmp_path):
    write(source, tmp_path, name="one")
    write(source, tmp_path, name="two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_files_that_stay_are_shared_with_the_source_and_changed_ones_are_not(source, tmp_path):
    made = write(source, tmp_path).catalogue
    (before,), (after,) = (made.glob(f"S2_{day}*/B08.tif") for day in ("20180501", "20180611"))
    assert before.stat().st_nlink == 2
    assert after.stat().st_nlink == 1


@pytest.mark.parametrize("driver", ["GTiff", "COG"])
def test_the_files_keep_their_profile(tmp_path, driver):
    catalogue.make_catalogue(tmp_path / "source", LOOKS, even(), driver=driver)
    made = write(tmp_path / "source", tmp_path).catalogue
    for band in ("B08", "B11"):
        (new,) = made.glob(f"S2_20180611*/{band}.tif")
        with (
            rasterio.open(new) as altered,
            rasterio.open(tmp_path / "source" / new.relative_to(made)) as source,
        ):
            assert altered.profile == source.profile
            assert altered.tags(ns="IMAGE_STRUCTURE") == source.tags(ns="IMAGE_STRUCTURE")


def test_the_same_exercise_is_not_written_twice_and_another_is_refused(source, tmp_path):
    assert write(source, tmp_path).fresh
    before = digests(tmp_path / "out")
    again = write(source, tmp_path)
    assert (again.fresh, again.scenes, again.altered) == (False, 5, 3)
    for other in ({"seed": 4}, {"huts": 0.2}, {"burns": [burn(AGAIN)]}):
        with pytest.raises(CatalogueError, match="not this exercise"):
            write(source, tmp_path, **other)
    assert digests(tmp_path / "out") == before


def test_a_folder_that_holds_something_else_is_refused_and_stays(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(CatalogueError, match="not this exercise"):
        write(source, tmp_path)
    assert digests(tmp_path / "out").keys() == {"mine.txt"}


def test_an_exercise_of_an_exercise_is_refused(source, tmp_path):
    made = write(source, tmp_path).catalogue
    with pytest.raises(CatalogueError, match="exercise already"):
        write(made, tmp_path, name="second")


def test_a_failure_half_way_leaves_no_target(source, tmp_path):
    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_exercise(source, tmp_path / "out", village(), "Place", [burn()], RESIDUES, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


KILLED = """
import os, signal, sys
from pathlib import Path
from hearthwatch.exercise.catalogue import write_exercise
from tests.unit.hearthwatch.exercise.drawn import RESIDUES, burn, village
def stop(done, total):
    if done == 4:
        os.kill(os.getpid(), signal.SIGKILL)
write_exercise(Path(sys.argv[1]), Path(sys.argv[2]), village(), "Place", [burn()], RESIDUES, stop)
"""


def test_a_kill_half_way_leaves_no_target_and_the_next_try_writes_it(source, tmp_path):
    root = Path(__file__).parents[4]
    words = [sys.executable, "-c", KILLED, source, tmp_path / "out"]
    killed = subprocess.run(words, cwd=root, check=False)
    assert killed.returncode == -9
    assert not (tmp_path / "out").exists()
    assert write(source, tmp_path).fresh


def test_truth_and_settlement_lie_beside_the_scenes_and_agree(source, tmp_path):
    told = write(source, tmp_path, [burn(), burn(AGAIN)])
    area = read_settlements(told.folder / "settlements.geojson", load_settings())[0]
    settlement = make_settlement(area, "local", "x", DAY, Mode.EXERCISE)
    assert settlement.name == "EXERCISE Place" == told.place
    truths = read_truths(told.folder / "truth.csv", [settlement])
    huts = told.ground.huts
    assert [t.kind for t in truths] == [Kind.BURNED, Kind.BURNED]
    assert [t.earliest for t in truths] == [DAY, AGAIN]
    assert [t.share for t in truths] == [
        pytest.approx(count / huts, abs=1e-4) for count in told.ground.huts_burned
    ]
    assert sum(t.share for t in truths) == pytest.approx(0.75, abs=0.01)
    beside = {path.name for path in told.folder.iterdir()}
    assert beside == {"catalogue", "truth.csv", "settlements.geojson", "exercise.json"}
    assert json.loads((told.folder / "exercise.json").read_bytes())["mode"] == "exercise"


def test_nothing_in_the_scenes_tells_what_was_implanted(source, tmp_path):
    made = write(source, tmp_path, [burn(share=0.4321)]).catalogue
    for file in made.rglob("*.json"):
        text = file.read_text()
        assert "0.4321" not in text
        assert "Place" not in text
        assert "burn" not in text


def test_a_fire_of_the_surroundings_burns_no_hut_and_leaves_a_truth_without_rows(tmp_path):
    origin = MIDDLE[0] - 1000.0, MIDDLE[1] + 1000.0

    def wide(sensed):
        return {"B08": np.full((200, 200), 2600, np.uint16),
                "SCL": np.full((100, 100), 5, np.uint16)}  # fmt: skip

    catalogue.make_catalogue(tmp_path / "source", LOOKS, wide, origin=origin, size=200)
    fires = [burn(share=1.0, pattern=Pattern.SURROUNDINGS)]
    told = write(tmp_path / "source", tmp_path, fires)
    found = numbers(told.catalogue, "20180601", "B08")
    y, x = np.mgrid[:200, :200] * 10 - 995
    away = np.hypot(x, y)
    assert (found[away < 390] == 2600).all()
    assert (found[away > 410] < 2000).all()
    truth = (told.folder / "truth.csv").read_text()
    assert truth == "place,earliest,latest,kind,share,lon,lat\n"


def test_ground_that_burns_black_becomes_dark_area(tmp_path):
    catalogue.make_catalogue(tmp_path / "source", LOOKS, even())
    black = Residues(dict.fromkeys(CHAR, 0.03), dict.fromkeys(ASH, 0.03))
    fires = [burn(share=1.0, completeness=1.0)]
    made = write_exercise(
        tmp_path / "source", tmp_path / "out", village(huts=1.0), "Place", fires, black
    ).catalogue
    classes = numbers(made, "20180601", "SCL")
    share = covers("B8A", fires, huts=1.0)[0]
    assert (classes[share == 1.0] == 2).all()
    # Half burned is 0.16 in the near infrared: no shadow.
    assert (classes[share < 0.5] == 5).all()
    assert (numbers(made, "20180520", "SCL") == 5).all()


def test_what_cannot_be_copied_is_refused_in_words(source, tmp_path):
    elsewhere = village().__class__(core((MIDDLE[0] + 5000, MIDDLE[1])))
    with pytest.raises(CatalogueError, match="covers the settlement"):
        write_exercise(source, tmp_path / "out", elsewhere, "Place", [burn()], RESIDUES)
    with pytest.raises(CatalogueError, match="earlier date"):
        write(source, tmp_path, [burn(datetime(2019, 1, 1, tzinfo=UTC))])
    with pytest.raises(CatalogueError, match="no catalogue"):
        write(tmp_path / "nowhere", tmp_path)
    with pytest.raises(CatalogueError, match="single file"):
        write(catalogue.item_files(source)[0], tmp_path)
    with pytest.raises(CatalogueError, match="lie in each other"):
        write(source, source)
    assert not (tmp_path / "out").exists()


def test_a_file_of_two_looks_is_refused(source, tmp_path):
    late, later = catalogue.item_files(source)[-2:]
    shared = f"../{late.parent.name}/B08.tif"

    def share(item):
        asset = item["assets"]["B08"]
        asset["href"] = shared
        asset.pop("file:checksum")

    catalogue.edit_item(later, share)
    with pytest.raises(CatalogueError, match="several items"):
        write(source, tmp_path)


def test_files_compressed_with_loss_are_refused(source, tmp_path):
    (path,) = source.glob("S2_20180611*/B08.tif")
    with rasterio.open(path) as file:
        data, profile = file.read(1), file.profile
    profile |= {"dtype": "uint8", "compress": "JPEG", "nodata": 0, "blockxsize": 64,
                "blockysize": 64, "tiled": True}  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write((data // 100).astype(np.uint8), 1)
    with pytest.raises(CatalogueError, match="lose detail"):
        write(source, tmp_path)


def test_a_scene_of_radar_stays_as_it_is(source, tmp_path):
    catalogue.edit_item(
        catalogue.item_files(source)[-1],
        lambda item: item["properties"].update({"hearthwatch:sensor": "sentinel-1-rtc"}),
    )
    made = write(source, tmp_path).catalogue
    assert (numbers(made, "20180706", "B08") == 2600).all()
    assert (numbers(made, "20180611", "B08") != 2600).any()


def test_a_village_across_two_zones_burns_alike_in_both(tmp_path):
    def wide(sensed):
        return {"B08": np.full((60, 60), 2600, np.uint16), "SCL": np.full((60, 60), 5, np.uint16)}

    catalogue.make_catalogue(tmp_path / "source", LOOKS, wide, other_zone="EPSG:32635")
    made = write(tmp_path / "source", tmp_path).catalogue
    lost = []
    for tile in ("T0", "T1"):
        (path,) = made.glob(f"S2_20180611*_{tile}/B08.tif")
        with rasterio.open(path) as file:
            dn, inside = file.read(1), degrees(box(*file.bounds), file.crs.to_string())
        lost.append((np.where(dn == 0, 0, 2600 - dn.astype(int)).sum(), inside))
    # Each tile holds 60 % of the square, and so the same part of the village in its middle.
    assert lost[0][0] == pytest.approx(lost[1][0], rel=0.1)
    assert lost[0][0] > 0
