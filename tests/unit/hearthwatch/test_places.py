"""Settlements from files: the truth is drawn first, in metres."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.cli.main import main
from hearthwatch.errors import RegionError
from hearthwatch.settings import Settings
from hearthwatch.watchlist import make_settlement, read_settlements
from tests.contract.store_records import NOON

SETTINGS = Settings()
GEOD = pyproj.Geod(ellps="WGS84")


def csv_of(tmp_path: Path, *lines: str, name: str = "places.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-79, 79),
    radius=st.floats(10, 20_000),
)  # fmt: skip
def test_a_circle_has_its_radius_and_its_area_anywhere(
    tmp_path_factory: pytest.TempPathFactory, lon: float, lat: float, radius: float
) -> None:
    path = csv_of(tmp_path_factory.mktemp("c"), "lon,lat,radius_m", f"{lon!r},{lat!r},{radius!r}")
    (area,) = read_settlements(path, SETTINGS)
    corners = shapely.get_coordinates(area.geometry)
    away = [
        distance
        for x, y in corners
        if abs(x) < 180.0 and (distance := GEOD.inv(lon, lat, x, y)[2]) > 0
    ]
    assert max(away) == pytest.approx(radius, rel=1e-6, abs=0.01)
    assert area.area_km2 * 1e6 == pytest.approx(math.pi * radius**2, rel=0.01)


def test_columns_are_found_by_exact_name_first(tmp_path: Path) -> None:
    path = csv_of(
        tmp_path, "Name,Longitude,Latitude,latitude,longitude", "Dola,0245404,131905,13.318,24.901"
    )
    (area,) = read_settlements(path, SETTINGS, radius_m=300)
    assert area.name == "Dola"
    assert area.geometry.centroid.coords[0] == pytest.approx((24.901, 13.318), abs=1e-6)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = csv_of(
        tmp_path, "name,lon,lat,radius_m", "a,24,13,300", "b,x,13,300", "c,24,95,300",
        "d,24,13,", "e,24,13,99999", "f,24", "", "g,nan,13,300",
    )  # fmt: skip
    with pytest.raises(RegionError) as caught:
        read_settlements(path, SETTINGS)
    said = caught.value.message
    for words in ("line 3", "line 4", "latitude runs from -90 to 90", "line 5", "--radius",
                  "line 6", "99999", "line 7", "line 9"):  # fmt: skip
        assert words in said
    assert "line 2" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), ("a,b\n1,2\n", "it has a, b"), ('lon,lat\n"1,2', "CSV"),
     ("lon,lat\n", "no feature")],
)  # fmt: skip
def test_a_table_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "places.csv"
    path.write_text(text)
    with pytest.raises(RegionError, match=words):
        read_settlements(path, SETTINGS, radius_m=100)


def test_an_encoding_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes("name,lon,lat\nAbéché,20.8,13.8\n".encode("latin-1"))
    with pytest.raises(RegionError, match="--encoding latin-1"):
        read_settlements(path, SETTINGS, radius_m=100)
    (area,) = read_settlements(path, SETTINGS, radius_m=100, encoding="latin-1")
    assert area.name == "Abéché"


def test_points_and_polygons_of_geojson(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "properties": {"name": "drawn"},
         "geometry": shapely.geometry.mapping(shapely.box(24, 13, 24.01, 13.01))},
        {"type": "Feature", "properties": {"name": "pointed", "radius_m": 500},
         "geometry": {"type": "Point", "coordinates": [24.1, 13.1, 400]}},
        {"type": "Feature", "properties": {"name": "two"},
         "geometry": {"type": "MultiPoint", "coordinates": [[24.2, 13.1], [24.3, 13.1]]}},
    ]  # fmt: skip
    path = tmp_path / "places.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    drawn, pointed, two = read_settlements(path, SETTINGS, radius_m=200)
    assert drawn.geometry.equals(shapely.box(24, 13, 24.01, 13.01))
    assert pointed.area_km2 == pytest.approx(math.pi * 0.25, rel=0.01)
    assert two.area_km2 == pytest.approx(2 * math.pi * 0.04, rel=0.01)
    assert len(two.geometry.geoms) == 2


def test_points_of_a_package_in_metres(tmp_path: Path) -> None:
    path = tmp_path / "places.gpkg"
    wkb = [shapely.to_wkb(shapely.Point(600_000, 1_470_000))]
    pyogrio.raw.write(
        path, np.array(wkb, object), [], [],
        driver="GPKG", geometry_type="Point", crs="EPSG:32634", layer="a",
    )  # fmt: skip
    (area,) = read_settlements(path, SETTINGS, radius_m=250)
    lon, lat = pyproj.Transformer.from_crs(32634, 4326, always_xy=True).transform(6e5, 1.47e6)
    assert area.geometry.centroid.coords[0] == pytest.approx((lon, lat), abs=1e-6)


def test_the_same_place_gets_the_same_id(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "name,lon,lat", "a,24,13", "b,24,13")
    a, b = read_settlements(path, SETTINGS, radius_m=100)
    first = make_settlement(a, "ours", "x", NOON)
    assert first.id == make_settlement(a, "ours", "another source", NOON).id
    assert first.id != make_settlement(b, "ours", "x", NOON).id
    assert first.id != make_settlement(a, "theirs", "x", NOON).id


def test_importing_listing_and_removing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))
    path = csv_of(tmp_path, "name,lon,lat", "Dola,24.9,13.3", "Surri,24.8,13.3", "Dola,24.9,13.3")

    def said(*words: str) -> dict[str, object]:
        assert main([*words, "--json"]) == 0
        return dict(json.loads(capsys.readouterr().out))

    first = said("settlement", "import", str(path), "--radius", "300", "--source", "a survey")
    assert (first["added"], first["there_already"]) == (2, 1)
    again = said("settlement", "import", str(path), "--radius", "300")
    assert (again["added"], again["there_already"]) == (0, 3)
    listed = said("settlement", "list")["settlements"]
    assert isinstance(listed, list)
    assert [one["name"] for one in listed] == ["Dola", "Surri"]
    assert {one["source"] for one in listed} == {"a survey"}
    near = said("settlement", "list", "--bbox", "24.85,13.2,25,13.4")["settlements"]
    assert isinstance(near, list) and [one["name"] for one in near] == ["Dola"]
    said("settlement", "remove", str(listed[0]["id"]))
    left = said("settlement", "list")["settlements"]
    assert isinstance(left, list) and [one["name"] for one in left] == ["Surri"]
    assert main(["settlement", "remove", "nothing"]) == 17


@pytest.mark.slow
@pytest.mark.shared_data
def test_nine_thousand_real_places(
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))
    file = shared_data / "labels-darfur-villages" / "darfurVillages.csv"
    words = ["settlement", "import", str(file), "--radius", "250", "--encoding", "latin-1"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["added"] + report["there_already"] == 9183
    assert main(["settlement", "list", "--limit", "20000", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["settlements"]
    assert len(listed) == report["added"] > 9100
    areas = [one["area_ha"] for one in listed]
    assert min(areas) == pytest.approx(max(areas), rel=0.001)
    assert areas[0] == pytest.approx(math.pi * 6.25, rel=0.01)
