import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box, mapping

from hearthwatch.errors import RegionError
from hearthwatch.settings import Settings
from hearthwatch.watchlist import join_areas, make_region, read_area, read_bbox
from hearthwatch.watchlist.columns import doubt_in, name_in
from tiles.geodesy import area_m2

SETTINGS = Settings()
SQUARE = [[22.0, 45.0], [22.1, 45.0], [22.1, 45.1], [22.0, 45.1], [22.0, 45.0]]
SQUARE_KM2 = area_m2(Polygon(SQUARE)) / 1e6
"""0.1 degrees square at 45 N, some 7.9 km by 11.1 km."""


def polygon(*rings, **more):
    return {"type": "Polygon", "coordinates": list(rings), **more}


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*geometries, **more):
    features = [feature(geometry) for geometry in geometries]
    return {"type": "FeatureCollection", "features": features, **more}


def read(value, settings=SETTINGS):
    return read_area(json.dumps(value), settings)


def refusal(value, settings=SETTINGS):
    with pytest.raises(RegionError) as caught:
        read(value, settings)
    return caught.value.message


def test_a_sound_polygon_is_taken_as_it_is():
    (area,) = read(feature(polygon(SQUARE), name="Square"))
    assert area.name == "Square"
    assert area.repairs == ()
    assert area.area_km2 == pytest.approx(87.5, abs=0.5)
    assert area.geometry.equals(MultiPolygon([Polygon(SQUARE)]))


@pytest.mark.parametrize(
    ("geometry", "repair"),
    [
        (polygon([[*corner, 120.0] for corner in SQUARE]), "heights were dropped"),
        (polygon(SQUARE[:-1]), "a ring was closed"),
        (
            polygon(SQUARE[::-1]),
            "rings were wound right: outlines anticlockwise, holes clockwise",
        ),
        (
            {
                "type": "GeometryCollection",
                "geometries": [polygon(SQUARE), {"type": "Point", "coordinates": [22, 45]}],
            },
            "parts that are no areas were left out: Point",
        ),
        (
            {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]},
            "parts that overlap were joined",
        ),
    ],
)
def test_what_has_one_meaning_only_is_repaired_and_told(geometry, repair):
    (area,) = read(geometry)
    assert area.repairs == (repair,)
    assert area.area_km2 == pytest.approx(SQUARE_KM2)
    assert area.geometry.is_valid
    assert not area.geometry.has_z
    assert all(part.exterior.is_ccw for part in area.geometry.geoms)


def test_a_hole_is_kept_and_wound_the_other_way():
    hole = [[22.04, 45.04], [22.06, 45.04], [22.06, 45.06], [22.04, 45.06], [22.04, 45.04]]
    (area,) = read(polygon(SQUARE, hole))
    assert not area.geometry.geoms[0].interiors[0].is_ccw
    assert area.area_km2 == pytest.approx(SQUARE_KM2 - area_m2(Polygon(hole)) / 1e6)


@pytest.mark.parametrize(
    "ring",
    [
        [[179.9, 0], [180.1, 0], [180.1, 0.1], [179.9, 0.1], [179.9, 0]],
        [[179.9, 0], [-179.9, 0], [-179.9, 0.1], [179.9, 0.1], [179.9, 0]],
        [[-180.1, 0], [-179.9, 0], [-179.9, 0.1], [-180.1, 0.1], [-180.1, 0]],
    ],
)
def test_a_ring_over_the_dateline_is_split_into_both_sides(ring):
    (area,) = read(polygon(ring))
    assert area.repairs == ("split at 180° into 2 parts",)
    west, east = sorted((part.bounds for part in area.geometry.geoms), reverse=True)
    assert west == pytest.approx((179.9, 0, 180, 0.1))
    assert east == pytest.approx((-180, 0, -179.9, 0.1))
    assert area.area_km2 == pytest.approx(area_m2(box(0, 0, 0.2, 0.1)) / 1e6)


def test_an_area_already_split_at_the_dateline_stays_as_it_is():
    parts = MultiPolygon([box(179.9, 0, 180, 0.1), box(-180, 0, -179.9, 0.1)])
    (area,) = read(dict(mapping(shapely.orient_polygons(parts))))
    assert area.repairs == ()
    assert area.geometry.equals(parts)


def test_a_hole_over_the_dateline_is_cut_with_its_outline():
    outer = [[179.8, 0], [-179.8, 0], [-179.8, 0.3], [179.8, 0.3], [179.8, 0]]
    hole = [[-179.9, 0.1], [179.9, 0.1], [179.9, 0.2], [-179.9, 0.2], [-179.9, 0.1]]
    (area,) = read(polygon(outer, hole))
    whole = area_m2(box(0, 0, 0.4, 0.3)) - area_m2(box(0, 0.1, 0.2, 0.2))
    assert area.area_km2 == pytest.approx(whole / 1e6, rel=1e-5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            polygon([[22, 45], [22.2, 45.2], [22.2, 45], [22, 45.2], [22, 45]]),
            ["crosses or touches itself at 22.1, 45.1"],
        ),
        (collection(), ["holds no feature"]),
        (
            collection({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
            ["holds no polygon, only LineString"],
        ),
        (
            polygon([[630000, 4950000], [631000, 4950000], [631000, 4951000]]),
            ["these look like projected metres; reproject to EPSG:4326", "631000, 4951000"],
        ),
        (
            collection(
                polygon(SQUARE),
                crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32634"}},
            ),
            ["urn:ogc:def:crs:EPSG::32634", "reproject it to EPSG:4326"],
        ),
        (
            polygon([[45, 122], [45.1, 122], [45.1, 122.1], [45, 122]]),
            ["latitude runs from -90 to 90", "Are latitude and longitude swapped?"],
        ),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), ["encloses no area"]),
        (polygon([[0, 0], [1, 1], [0, 0]]), ["2 different corners", "an area needs three"]),
        (polygon([[0, 0], [math.nan, 1], [1, 1], [0, 0]]), ["not a finite number", "position 2"]),
        (polygon([[0, 0], [math.inf, 1], [1, 1], [0, 0]]), ["not a finite number", "position 2"]),
        (polygon([[0, 0], ["1", 1], [1, 1], [0, 0]]), ["position 2 of ring 1", "two numbers"]),
        (polygon([[0, 85], [1, 85], [1, 86], [0, 85]]), ["beyond 80° S and 84° N"]),
        (polygon([[-120, 80], [0, 80], [120, 80], [-120, 80]]), ["goes round a pole"]),
        ({"type": "Circle"}, ["unknown type 'Circle'"]),
        ([1, 2], ["JSON but not GeoJSON"]),
    ],
)
def test_what_cannot_be_watched_is_refused_with_what_to_do(value, words, tmp_path):
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps(value))
    with pytest.raises(RegionError) as caught:
        read_area(path, SETTINGS)
    message = caught.value.message
    assert str(path) in message
    for part in words:
        assert part in message


def test_everything_wrong_with_a_file_is_said_at_once():
    bow_tie = [[22, 45], [22.2, 45.2], [22.2, 45], [22, 45.2], [22, 45]]
    metres = [[630000, 4950000], [631000, 4950000], [631000, 4951000]]
    message = refusal(collection(polygon(bow_tie), polygon(SQUARE), polygon(metres), None))
    head, *lines = message.splitlines()
    assert head == "The GeoJSON cannot be used, 2 things are wrong with it:"
    assert lines[0].startswith("  - feature 1 crosses or touches itself at 22.1, 45.1")
    assert lines[1].startswith("  - feature 3 has the coordinates 631000, 4951000")


def test_an_area_beyond_the_limit_is_refused_with_both_numbers():
    message = refusal(polygon(SQUARE), Settings(max_region_km2=50.0))
    assert f"covers {SQUARE_KM2:.1f} km²" in message
    assert "50.0 km²" in message
    assert "max_region_km2" in message


def test_an_outline_with_too_many_corners_is_refused_with_both_numbers():
    corners = [[math.cos(a) * 0.1, math.sin(a) * 0.1] for a in np.linspace(0, 2 * math.pi, 100)]
    message = refusal(polygon(corners[:-1]), Settings(max_vertices=99))
    assert "has 100 corners" in message
    assert "99 at most" in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"{", "is not readable as GeoJSON"),
        (b'{"type":' * 100_000, "nested too deeply"),
        (b"\xff\xd8\xff\xe0", "neither GeoJSON"),
        (b"SQLite format 3\0" + bytes(100), "cannot be read"),
    ],
)
def test_a_file_that_is_no_area_file_is_refused(tmp_path, content, words):
    path = tmp_path / "area"
    path.write_bytes(content)
    with pytest.raises(RegionError, match=words):
        read_area(path, SETTINGS)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RegionError, match="No such file"):
        read_area(tmp_path / "absent.geojson", SETTINGS)


def write_package(path, geometry, crs):
    names = np.array(["Village"], dtype=object)
    wkb = np.array([shapely.to_wkb(geometry)], dtype=object)
    pyogrio.raw.write(
        path, wkb, [names], ["Name"], driver="GPKG", geometry_type="Polygon", crs=crs, layer="a"
    )


def test_a_geopackage_in_utm_is_reprojected_and_told(tmp_path):
    path = tmp_path / "area.gpkg"
    write_package(path, box(630_000, 4_951_000, 631_000, 4_952_000), "EPSG:32634")
    (area,) = read_area(path, SETTINGS)
    assert area.name == "Village"
    assert area.repairs[0] == "reprojected from EPSG:32634 to longitude and latitude"
    # The scale of UTM 130 km from its central meridian is 0.9998.
    assert area.area_km2 == pytest.approx(1.0, rel=1e-3)
    assert area.geometry.centroid.y == pytest.approx(44.7, abs=0.01)


def test_a_geopackage_in_degrees_is_taken_longitude_first(tmp_path):
    path = tmp_path / "area.gpkg"
    write_package(path, shapely.orient_polygons(Polygon(SQUARE)), "EPSG:4326")
    (area,) = read_area(path, SETTINGS)
    assert area.repairs == ()
    assert area.geometry.bounds == (22.0, 45.0, 22.1, 45.1)


@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_a_geopackage_without_a_crs_is_refused(tmp_path):
    path = tmp_path / "area.gpkg"
    write_package(path, Polygon(SQUARE), None)
    with pytest.raises(RegionError, match="does not say in which CRS"):
        read_area(path, SETTINGS)


def test_a_box_is_an_area_and_may_cross_the_dateline():
    assert read_bbox("22,45,22.1,45.1", SETTINGS).area_km2 == pytest.approx(SQUARE_KM2)
    area = read_bbox("179.9,0,-179.9,0.1", SETTINGS)
    assert len(area.geometry.geoms) == 2
    assert area.repairs == ("split at 180° into 2 parts",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,3", "not four numbers"),
        ("1,2,3,x", "not four numbers"),
        ("1,2,1,3", "encloses no area"),
        ("1,3,2,2", "encloses no area"),
        ("nan,0,1,1", "finite"),
        ("0,0,20,20", "covers"),
    ],
)
def test_a_box_that_is_none_is_refused(text, words):
    with pytest.raises(RegionError, match=words):
        read_bbox(text, SETTINGS)


def test_several_features_make_one_region_within_the_limit():
    areas = read(collection(polygon(SQUARE), dict(mapping(box(23, 45, 23.1, 45.1)))))
    whole = join_areas(areas, SETTINGS)
    assert whole.area_km2 == pytest.approx(2 * SQUARE_KM2)
    assert whole.repairs[-1] == "2 features were joined into one region"
    with pytest.raises(RegionError, match=r"All features together .*100\.0 km²"):
        join_areas(areas, Settings(max_region_km2=100.0))


def test_a_region_keeps_what_it_was_made_from():
    area = read_bbox("22,45,22.1,45.1", SETTINGS)
    expires = datetime.now(UTC) + timedelta(days=10)
    region = make_region(area, " Oak ", "local", purpose="why", owner="who", expires=expires)
    assert (region.name, region.purpose, region.owner) == ("Oak", "why", "who")
    assert region.expires == expires
    assert len(region.id) == 36
    assert region.id != make_region(area, "Oak", "local").id


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("  ", {}, "one line of 1 to 200"),
        ("a\nb", {}, "one line of 1 to 200"),
        ("x" * 201, {}, "one line of 1 to 200"),
        ("OAK", {"taken": ["Oak"]}, "There is a region OAK already"),
        ("Oak", {"expires": datetime(2020, 1, 1, tzinfo=UTC)}, "ended on 2020-01-01"),
    ],
)
def test_a_region_that_could_not_be_told_apart_is_refused(name, more, words):
    with pytest.raises(RegionError, match=words):
        make_region(read_bbox("22,45,22.1,45.1", SETTINGS), name, "local", **more)


@st.composite
def star_polygons(draw):
    """Draw polygons that are valid by construction: corners by rising angle round a middle."""
    count = draw(st.integers(3, 12))
    lon, lat = draw(st.floats(-179.5, 179.5)), draw(st.floats(-75, 75))
    radii = draw(st.lists(st.floats(0.01, 0.1), min_size=count, max_size=count))
    angles = np.arange(count) * 2 * math.pi / count
    return Polygon(
        [(lon + r * math.cos(a), lat + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    )


@given(star_polygons())
def test_a_valid_polygon_keeps_its_area_and_needs_no_repair(drawn):
    (area,) = read(dict(mapping(drawn)))
    assert area.repairs == ()
    assert area.area_km2 * 1e6 == pytest.approx(area_m2(drawn), rel=1e-12)
    assert area.geometry.symmetric_difference(drawn).area == 0


def test_a_crs_member_that_is_no_object_is_refused_in_words():
    document = {"type": "Polygon", "coordinates": [], "crs": {"properties": ["EPSG:4326"]}}
    with pytest.raises(RegionError, match="crs member"):
        read(document)


def test_a_name_or_a_doubt_holds_no_control_characters():
    said = {"name": "Um\x1b[2Jm  Heglig\x00", "doubt": "drawn\x01by\nhand"}
    assert name_in(said) == "Um [2Jm Heglig"
    assert doubt_in(said) == "drawn by hand"
    # Joiners are part of how names are written.
    assert name_in({"name": "\u0645\u06cc\u200c\u062f\u0647"}) == "\u0645\u06cc\u200c\u062f\u0647"
