"""Shapefiles and KML, loose and packed: truth is what was written into them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import Point, box

from hearthwatch.errors import RegionError
from hearthwatch.settings import load_settings
from hearthwatch.watchlist import NamedArea, doubt_of, is_circle, make_settlement, read_settlements
from hearthwatch.watchlist.columns import name_in
from tests.unit.hearthwatch.test_places import NOON

SETTINGS = load_settings()
HOUSE, TOWN = Point(24.9, 13.3), box(24.0, 13.0, 24.01, 13.01)
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>layer</name>
<Placemark><name>Dola</name><Point><coordinates>24.9,13.3,700</coordinates></Point></Placemark>
<Folder><name>towns</name><Placemark><name>Surri</name><Polygon><outerBoundaryIs><LinearRing>
<coordinates>24,13 24.01,13 24.01,13.01 24,13.01 24,13</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"""


def shapefile(path: Path, shapes: list[shapely.Geometry], names: list[str]) -> Path:
    pyogrio.raw.write(
        path, np.array(shapely.to_wkb(shapes), object), [np.array(names, object)], ["NAME"],
        driver="ESRI Shapefile", geometry_type=shapes[0].geom_type, crs="EPSG:4326",
    )  # fmt: skip
    return path


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def read(path: Path) -> list[NamedArea]:
    return read_settlements(path, SETTINGS, radius_m=200.0)


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_shapefile_is_read_loose_and_zipped(tmp_path: Path, is_packed: bool) -> None:
    path = shapefile(tmp_path / "towns.shp", [TOWN], ["Surri"])
    if is_packed:
        beside = {f"data/{one.name}": one.read_bytes() for one in tmp_path.glob("towns.*")}
        path = packed(tmp_path / "towns.zip", beside)
    (area,) = read(path)
    assert area.name == "Surri"
    assert area.geometry.equals(TOWN)


def test_points_of_a_shapefile_become_circles(tmp_path: Path) -> None:
    (area,) = read(shapefile(tmp_path / "places.shp", [HOUSE], ["Dola"]))
    assert (area.name, area.area_km2) == ("Dola", pytest.approx(np.pi * 0.04, rel=0.01))


@pytest.mark.parametrize("is_packed", [False, True])
def test_kml_is_read_loose_and_packed(tmp_path: Path, is_packed: bool) -> None:
    path = tmp_path / "places.kml"
    path.write_text(KML)
    if is_packed:
        path = packed(tmp_path / "places.kmz", {"doc.kml": KML.encode()})
    found = {one.name: one.geometry for one in read(path)}
    assert set(found) == {"Dola", "Surri"}
    assert found["Surri"].equals(TOWN)
    assert found["Dola"].centroid.coords[0] == pytest.approx((24.9, 13.3), abs=1e-6)


BOMB = '<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KML.replace("<kml", BOMB + "<kml", 1), "entities"),
        (KML.replace("<Document>", f"<Document>{BOMB}", 1), "not readable as KML"),
        (KML.replace("<Document>", "<Document><NetworkLink><Link/></NetworkLink>", 1), "links"),
        ('<?xml version="1.0"?><OGRVRTDataSource></OGRVRTDataSource>', "neither"),
        (KML.encode("utf-16").decode("latin-1"), "UTF-8|neither"),
    ],
)
def test_xml_that_reaches_beyond_itself_is_refused_unread(
    tmp_path: Path, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyogrio, "list_layers", lambda *_: pytest.fail("it was opened"))
    path = tmp_path / "places.kml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(RegionError, match=words):
        read(path)
    with pytest.raises(RegionError, match=words):
        read(packed(tmp_path / "places.kmz", {"doc.kml": path.read_bytes()}))


def test_an_archive_that_grows_too_large_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", {"a.shp": b"\0" * 270_000_000})
    assert path.stat().st_size < 1e6
    with pytest.raises(RegionError, match="MB unpacked"):
        read(path)


@pytest.mark.parametrize("files", [{}, {"a.txt": b"x"}, {"a.kml": b"<kml/>", "b.kml": b"<kml/>"}])
def test_an_archive_without_exactly_one_layer_is_refused(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    path = packed(tmp_path / "some.zip", {"note": b"", **files})
    with pytest.raises(RegionError, match="exactly one"):
        read(path)


@pytest.mark.parametrize(
    "name", ["../../../escaped.kml", "/escaped.kml", "..\\escaped.kml", "C:\\escaped.kml"]
)
def test_an_archive_with_a_path_that_leads_out_of_it_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RegionError, match="leads out of it"):
        read(packed(tmp_path / "places.kmz", {name: KML.encode()}))
    assert not list(tmp_path.parent.rglob("escaped.kml"))


def test_a_broken_archive_and_a_shapefile_alone_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(RegionError, match="unpacked"):
        read(broken)
    path = shapefile(tmp_path / "towns.shp", [TOWN], ["Surri"])
    path.with_suffix(".shx").unlink()
    with pytest.raises(RegionError, match=r"without its \.shx"):
        read(path)


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"NAME": "Dola", "id": 7}, "Dola"),
        ({"id": 7}, "7"),
        ({"name": "  ", "P_CODE": "SD 01"}, "SD 01"),
        ({"Village": "Surri", "status": "DAMAGED"}, "Surri"),
        ({"name": 3.5, "id": True}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_name_is_found_in_the_usual_columns(
    properties: dict[str, object], name: str | None
) -> None:
    assert name_in(properties) == name


def test_a_doubt_in_the_file_stays_with_the_settlement(tmp_path: Path) -> None:
    path = tmp_path / "drawn.csv"
    path.write_text('name,lon,lat,doubt\nDola,24.9,13.3,"seen in 3 looks; at an edge"\nB,24,13,\n')
    doubtful, plain = (make_settlement(one, "ours", "drawn.csv", NOON) for one in read(path))
    assert doubt_of(doubtful) == "seen in 3 looks; at an edge"
    assert doubtful.source == "drawn.csv; doubt: seen in 3 looks; at an edge"
    assert (plain.source, doubt_of(plain)) == ("drawn.csv", "")


@pytest.mark.parametrize("place", [(24.9, 13.3), (20.0, -69.0), (179.9, 65.0)])
def test_a_circle_is_told_from_an_outline(tmp_path: Path, place: tuple[float, float]) -> None:
    path = tmp_path / "places.csv"
    path.write_text(f"lon,lat\n{place[0]},{place[1]}\n")
    assert is_circle(read(path)[0].geometry)
    assert not is_circle(TOWN)
    square = shapely.segmentize(box(0, 0, 1, 1), 0.125)
    assert not is_circle(square)
    assert shapely.get_num_coordinates(square) == 33
