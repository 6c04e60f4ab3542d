"""Files as people send them: each gets the answer that was written down beside it."""

from __future__ import annotations

import json
import math
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, mapping

from hearthwatch.cli.main import main
from hearthwatch.errors import RegionError
from hearthwatch.settings import Settings
from hearthwatch.store import open_store
from hearthwatch.watchlist import Options, read_file
from hearthwatch.watchlist.swapped import centres_of, seem_swapped
from tests.support.broken_files import (
    BOW_TIE,
    BROKEN,
    KML,
    REPAIRED,
    Case,
    feature,
    layer,
    many_corners,
    of_json,
    of_text,
    of_zip,
    polygon,
)

SETTINGS = Settings()
EACH = Options(each=True)
CRASHES_NOTHING = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def named(cases: tuple[Case, ...]) -> dict[str, Any]:
    return {"argvalues": cases, "ids": [case.name for case in cases]}


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return `f(*words)`, which runs a command and returns (status, answer, complaint)."""
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_the_corpus_is_as_large_as_was_promised() -> None:
    names = [case.name for case in (*BROKEN, *REPAIRED)]
    assert len(set(names)) == len(names)
    assert len(BROKEN) >= 40 and len(REPAIRED) >= 13


@pytest.mark.parametrize("case", **named(BROKEN))
def test_what_is_wrong_is_said_on_the_command_line_and_nothing_is_stored(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]], case: Case
) -> None:
    path = case.write(tmp_path)
    status, answer, complaint = run("region", "import", path)
    assert (status, answer) == (12, "")
    assert complaint == f"hearthwatch: {expected(case, path)}\n"
    database = tmp_path / "var" / "hearthwatch.sqlite"
    if database.exists():
        store = open_store(database)
        assert store.regions("local") == ()
        store.close()


def expected(case: Case, path: Path) -> str:
    if case.whole:
        return case.whole.replace("The file", str(path), 1)
    if len(case.faults) == 1:
        return f"{path} cannot be used: {case.faults[0]}."
    head = f"{path} cannot be used, {len(case.faults)} things are wrong with it:"
    return "\n".join([head, *(f"  - {fault}" for fault in case.faults)])


@pytest.mark.parametrize("case", **named(REPAIRED))
def test_what_is_repaired_is_said_on_the_command_line(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]], case: Case
) -> None:
    path = case.write(tmp_path)
    status, answer, complaint = run("region", "import", path, "--json")
    assert (status, complaint) == (0, "")
    told = json.loads(answer)
    assert tuple(told["repairs"]) == case.repairs
    assert tuple(told["checks"]) == case.checks
    assert told["faults"] == []


def test_sound_features_of_a_broken_file_are_taken_only_if_that_is_asked_for(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    path = next(case for case in BROKEN if case.name == "everything at once").write(tmp_path)
    status, answer, _ = run("region", "import", path, "--accept-valid", "--json")
    told = json.loads(answer)
    assert status == 0
    assert [one["name"] for one in told["regions"]] == ["B"]
    assert [fault[:13] for fault in told["faults"]] == ["feature 1 (A)", "feature 3 (C)",
                                                       "feature 4 (D)"]  # fmt: skip
    # What is there already bears its name, and the same file has nothing else that is sound.
    status, _, complaint = run("region", "import", path, "--accept-valid")
    assert status == 12
    assert "feature 2 (B) bears the name of a region that is watched already" in complaint


def test_features_without_a_name_or_of_one_name_are_no_regions_of_their_own(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    near, far = (
        feature(mapping(shapely.box(x, 13, x + 0.01, 13.01)), "Dola") for x in (24.0, 24.1)
    )
    far["properties"]["name"] = "DOLA"
    nameless = feature(mapping(shapely.box(24.2, 13, 24.21, 13.01)), "")
    path = of_json({"type": "FeatureCollection", "features": [near, far, nameless]})(tmp_path)
    status, _, complaint = run("region", "import", path)
    assert status == 12
    assert "feature 2 (DOLA) bears the name of feature 1 (Dola): call it otherwise" in complaint
    assert "feature 3 cannot be watched: A region's name is one line" in complaint


def test_a_feature_says_its_own_purpose_owner_and_end(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    text = (
        "name,lon,lat,radius_m,purpose,owner,expires\n"
        "Dola,24,13,300,raids near,Amal,2031-03-31\nSurri,25,13,300,,,\n"
    )
    path = of_text(text)(tmp_path)
    status, answer, _ = run(
        "region", "import", path, "--purpose", "all", "--owner", "us", "--expires", "2030-01-01",
        "--json",
    )  # fmt: skip
    assert status == 0
    said = {
        one["name"]: (one["purpose"], one["owner"], one["expires"][:10])
        for one in json.loads(answer)["regions"]
    }
    assert said == {
        "Dola": ("raids near", "Amal", "2031-03-31"), "Surri": ("all", "us", "2030-01-01"),
    }  # fmt: skip


def test_a_bow_tie_is_mended_only_where_somebody_chose_so(tmp_path: Path) -> None:
    path = of_json(feature(polygon(BOW_TIE)))(tmp_path)
    assert not read_file(path, SETTINGS, EACH).areas
    (area,) = read_file(path, SETTINGS, Options(each=True, mend=True)).required()
    assert area.repairs[0] == (
        "mended, as was asked: an outline crosses or touches itself at 24.01, 13.01; it became 2 "
        "parts"
    )
    # Two triangles of 0.02 degrees by 0.01: a quarter of the square each.
    assert area.geometry.is_valid
    assert area.geometry.area == pytest.approx(2 * 0.02 * 0.01 / 2)


def test_a_hole_outside_is_refused_even_where_crossings_are_mended(tmp_path: Path) -> None:
    case = next(case for case in BROKEN if case.name == "a hole outside its outline")
    found = read_file(case.write(tmp_path), SETTINGS, Options(each=True, mend=True))
    assert [str(fault) for fault in found.faults] == list(case.faults)


def test_a_crs_that_is_missing_can_be_stated_and_only_as_a_code(tmp_path: Path) -> None:
    path = next(c for c in BROKEN if c.name == "a shapefile without its CRS").write(tmp_path)
    stated = Options(each=True, crs="epsg:4326")
    (area,) = read_file(path, SETTINGS, stated).required()
    assert area.repairs[0] == "read in WGS 84, as was stated"
    assert area.geometry.bounds == (24.0, 13.0, 24.01, 13.01)
    for wrong in ("EPSG:999999", "+proj=utm +zone=34", "/etc/passwd"):
        with pytest.raises(RegionError, match="is not known: name it as EPSG:32634"):
            read_file(path, SETTINGS, Options(each=True, crs=wrong))


def test_a_hundred_thousand_corners_take_seconds_and_little_memory(tmp_path: Path) -> None:
    path = of_json(many_corners(99_998))(tmp_path)
    tracemalloc.start()
    try:
        (area,) = read_file(path, SETTINGS, EACH).required()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert shapely.get_num_coordinates(area.geometry) == 99_999
    assert most < 100e6


def test_what_is_watched_already_gives_a_swap_away(tmp_path: Path) -> None:
    path = of_json(feature(mapping(shapely.box(13, 24, 13.02, 24.02))))(tmp_path)
    areas = read_file(path, SETTINGS, EACH).required()
    assert seem_swapped(areas, centres_of([])) == []
    (said,) = seem_swapped(areas, centres_of([shapely.box(24, 13, 24.1, 13.1)]))
    assert "lies at longitude 13.01, latitude 24.01" in said.words
    # Near others as it is, or near nothing either way, there is nothing to suspect.
    assert seem_swapped(areas, centres_of([shapely.box(14, 25, 15, 26)])) == []
    assert seem_swapped(areas, centres_of([shapely.box(-60, -10, -59, -9)])) == []


@given(data=st.binary(max_size=400))
@CRASHES_NOTHING
def test_no_bytes_crash_it(tmp_path: Path, data: bytes) -> None:
    assert_answered(tmp_path, data)


@given(
    start=st.sampled_from([b"{", b"[", b"<kml>", b"PK\x03\x04", b"lon,lat\n", b"fgb\x03fgb\x03",
                           b"SQLite format 3\0", b"\x00\x00\x27\x0a", b"\xff\xfe"]),
    data=st.binary(max_size=400),
)  # fmt: skip
@CRASHES_NOTHING
def test_no_bytes_after_a_known_beginning_crash_it(
    tmp_path: Path, start: bytes, data: bytes
) -> None:
    assert_answered(tmp_path, start + data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "geometry", "geometries", "features",
                             "properties", "crs", "name", "radius_m", "expires", "id"]),
            inner | st.sampled_from(["Polygon", "MultiPolygon", "Point", "Feature",
                                     "FeatureCollection", "GeometryCollection", "MultiPoint"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(value=VALUES)
@CRASHES_NOTHING
def test_no_json_crashes_it(tmp_path: Path, value: Any) -> None:
    assert_answered(tmp_path, json.dumps(value).encode())


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_damage_to_a_sound_file_crashes_it(
    tmp_path: Path, sound: dict[str, bytes], data: st.DataObject
) -> None:
    content = bytearray(sound[data.draw(st.sampled_from(sorted(sound)))])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert_answered(tmp_path, bytes(content if cut % 2 else content[:cut]))


def assert_answered(folder: Path, data: bytes) -> None:
    """Assert that a file is either read or refused in words that name it."""
    path = folder / "any"
    path.write_bytes(data)
    try:
        found = read_file(path, SETTINGS, EACH, "The file")
    except RegionError as error:
        assert error.message.startswith("The file ")
        assert str(folder) not in error.message
        return
    assert found.faults or found.areas
    assert all(area.geometry.is_valid and area.area_km2 > 0 for area in found.areas)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One sound file of every format."""
    folder = tmp_path_factory.mktemp("sound")
    ground = Polygon([(24, 13), (24.01, 13), (24, 13.01)])
    return {name: write(folder, ground).read_bytes() for name, write in FORMATS.items()}


def written(driver: str, name: str) -> Callable[[Path, Any], Path]:
    def write(folder: Path, shape: Any) -> Path:
        path = folder / name
        path.unlink(missing_ok=True)
        return layer(path, driver, shape=shape)

    return write


def zipped_shapefile(folder: Path, shape: Any) -> Path:
    layer(folder / "a.shp", "ESRI Shapefile", shape=shape)
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one in folder.glob("a.*"):
            if one != path:
                archive.write(one, one.name)
    return path


def kml(folder: Path, shape: Any) -> Path:
    ring = " ".join(f"{x!r},{y!r}" for x, y in np.array(shape.exterior.coords).tolist())
    return of_text(KML[: KML.index("24,13")] + ring + KML[KML.index("</coordinates>") :])(folder)


def kmz(folder: Path, shape: Any) -> Path:
    return of_zip({"doc.kml": kml(folder, shape).read_bytes()})(folder)


FORMATS: dict[str, Callable[[Path, Any], Path]] = {
    "geojson": lambda folder, shape: of_json(feature(mapping(shape)))(folder),
    "gpkg": written("GPKG", "a.gpkg"),
    "fgb": written("FlatGeobuf", "a.fgb"),
    "shp": zipped_shapefile,
    "kml": kml,
    "kmz": kmz,
}


@st.composite
def outlines(draw: st.DrawFn) -> Polygon:
    """Draw polygons that are valid by construction: corners by rising angle round a middle."""
    count = draw(st.integers(3, 12))
    lon, lat = draw(st.floats(-179, 179)), draw(st.floats(-75, 75))
    radii = draw(st.lists(st.floats(0.01, 0.1), min_size=count, max_size=count))
    turns = np.arange(count) * 2 * math.pi / count
    ring = [
        (lon + r * math.cos(a), lat + r * math.sin(a)) for r, a in zip(radii, turns, strict=True)
    ]
    return Polygon(ring)


@pytest.mark.parametrize("form", FORMATS)
@given(shape=outlines())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_a_valid_area_comes_through_every_format_unchanged(
    tmp_path: Path, form: str, shape: Polygon
) -> None:
    (area,) = read_file(FORMATS[form](tmp_path, shape), SETTINGS, EACH).required()
    # A shapefile winds its rings the other way; that is set right and told.
    assert set(area.repairs) <= {"rings were wound right: outlines anticlockwise, holes clockwise"}
    assert area.name == "Dola"
    assert area.geometry.normalize().equals_exact(MultiPolygon([shape]).normalize(), 1e-12)
