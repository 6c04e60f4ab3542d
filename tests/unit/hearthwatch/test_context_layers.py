"""Layers of context: kept as they came, and what of them lies near a place."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import UTC, datetime, timedelta

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box, mapping

from hearthwatch.context_features import ContextFeature, ContextSet, near, read_features
from hearthwatch.context_layers import (
    LayerKind,
    LayerVersion,
    import_layer,
    layers_near,
    list_layers,
    remove_layer,
    versions,
)
from hearthwatch.errors import CatalogueError, DigestMismatch, NotFound
from tiles.geodesy import CRS84, area_m2, equal_area, project

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LON, LAT = 24.0, 13.5
METRIC = equal_area(LON, LAT)


def at(geometry):
    """Return geometry drawn in metres round the place, in degrees."""
    return project(geometry, METRIC, CRS84)


def geojson(*features, **members):
    """Return GeoJSON of pairs (geometry in degrees, properties)."""
    rows = [
        {"type": "Feature", "geometry": mapping(shape), "properties": properties}
        for shape, properties in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": rows, **members})


def nearby(folder, kinds, place, within_m):
    """Return what of the listed layers of some kinds lies near a place."""
    wanted = [one for one in versions(folder) if one.kind in set(kinds)]
    return layers_near(folder, wanted, place, within_m)


PLACE = at(box(-100, -100, 100, 100))
ROAD = at(LineString([(-5000, 300), (5000, 300)]))
MINE = at(box(150, -50, 250, 50))
FAR = at(Point(3000, 0))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "context.geojson"
    path.write_text(
        geojson(
            (ROAD, {"highway": "track", "surface": "sand"}),
            (MINE, {"landuse": "quarry"}),
            (FAR, {"name": "a well"}),
        )
    )
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "var" / "layers" / "local"


def test_what_lies_near_is_told_as_ground_nearest_first(file, folder):
    import_layer(folder, LayerKind.ROAD, file, "OSM", NOW, radius_m=5.0)
    mine, road = nearby(folder, [LayerKind.ROAD], PLACE, 250.0)
    assert (mine.near.tag, mine.layer.source) == ("landuse=quarry", "OSM")
    assert mine.near.distance_m == pytest.approx(50.0, abs=0.2)
    assert area_m2(mine.near.area) == pytest.approx(100 * 100, rel=1e-3)
    assert road.near.tag == "highway=track"
    # Drawn by its ends in degrees, it is no straight line in metres.
    assert road.near.distance_m == pytest.approx(195.0, abs=1.0)
    # Of the long road only what is near is told: 10 m wide, within 255 m of a place of 200 m.
    assert area_m2(road.near.area) == pytest.approx(10 * (200 + 2 * 255), rel=0.1)
    assert nearby(folder, [LayerKind.ROAD], PLACE, 40.0) == ()
    assert nearby(folder, [LayerKind.MINE], PLACE, 250.0) == ()


def test_what_overlaps_is_at_no_distance(folder, file):
    import_layer(folder, LayerKind.MINE, file, "", NOW)
    (found,) = nearby(folder, LayerKind, at(box(200, -20, 400, 20)), 10.0)
    assert found.near.distance_m == 0.0 and found.layer.source == "context.geojson"


def test_the_file_is_kept_as_it_came_and_only_its_owner_may_read_it(file, folder):
    layer = import_layer(folder, LayerKind.MINE, file, "survey", NOW)
    kept = folder / layer.file
    assert kept.read_bytes() == file.read_bytes()
    assert layer.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (layer.features, layer.bytes) == (3, file.stat().st_size)
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_file_again_is_one_layer_and_of_another_kind_another(file, folder):
    first = import_layer(folder, LayerKind.MINE, file, "a", NOW)
    again = import_layer(folder, LayerKind.MINE, file, "b", NOW + timedelta(days=1))
    assert again.id == first.id and [one.source for one in again.history] == ["a", "b"]
    other = import_layer(folder, LayerKind.FIELD, file, "a", NOW)
    assert [one.id for one in list_layers(folder)] == [other.id, first.id]
    assert list_layers(folder)[1].source == "b"


def test_a_version_is_a_file_with_a_radius_and_a_day_and_is_rebuilt_from_its_record(file, folder):
    first = import_layer(folder, LayerKind.ROAD, file, "OSM", NOW, radius_m=5.0)
    (narrow,) = versions(folder)
    import_layer(folder, LayerKind.ROAD, file, "OSM", NOW + timedelta(days=1), radius_m=50.0)
    (wide,) = versions(folder)
    assert (narrow.id, narrow.radius_m) == (wide.id, 5.0) == (first.id, 5.0) and narrow != wide
    rebuilt = LayerVersion.from_value(json.loads(json.dumps(narrow.as_value())))
    assert rebuilt == narrow
    assert narrow.words == f"context.geojson (OSM), layer {first.id[:6]} taken in on 2026-03-01"
    remove_layer(folder, first.id, NOW + timedelta(days=2))
    areas = [
        sum(area_m2(one.near.area) for one in layers_near(folder, [layer], PLACE, 250.0))
        for layer in (rebuilt, wide)
    ]
    # The road alone changes: it is cut where the search ends, and its ends are round.
    length = 200 + 2 * 250
    expected = [2 * radius * (length + 2 * radius) + np.pi * radius**2 for radius in (5.0, 50.0)]
    assert areas[1] - areas[0] == pytest.approx(expected[1] - expected[0], rel=0.02)


def test_a_removed_layer_is_off_the_list_and_stays_readable(file, folder):
    layer = import_layer(folder, LayerKind.MINE, file, "a", NOW)
    gone = remove_layer(folder, layer.id[:6], NOW + timedelta(days=2))
    assert gone.is_removed and list_layers(folder) == []
    assert nearby(folder, LayerKind, PLACE, 1000.0) == ()
    assert (folder / layer.file).exists()
    (kept,) = list_layers(folder, removed=True)
    assert [one.what for one in kept.history] == ["imported", "removed"]
    with pytest.raises(NotFound, match="no layer with the id"):
        remove_layer(folder, layer.id, NOW)
    back = import_layer(folder, LayerKind.MINE, file, "a", NOW + timedelta(days=3))
    assert not back.is_removed and len(back.history) == 3


@pytest.mark.parametrize("key", ["", "zz"])
def test_an_id_that_names_no_layer_is_refused(folder, file, key):
    import_layer(folder, LayerKind.MINE, file, "", NOW)
    with pytest.raises(NotFound):
        remove_layer(folder, key, NOW)


@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_a_layer_that_was_tampered_with_is_refused(file, folder, harm):
    layer = import_layer(folder, LayerKind.MINE, file, "a", NOW)
    assert nearby(folder, LayerKind, PLACE, 100.0)
    kept = folder / layer.file
    if harm == "missing":
        kept.unlink()
    else:
        kept.write_text(geojson((at(Point(0, 0)), {})))
    with pytest.raises(DigestMismatch, match="import it again"):
        nearby(folder, LayerKind, PLACE, 100.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not JSON", "neither GeoJSON nor"),
        ("[1]", "not GeoJSON"),
        (geojson(), "holds no point, line or polygon"),
        ('{"type": "Feature", "geometry": null, "properties": {}}', "holds no point"),
        ('{"type": "Point", "coordinates": [500000, 1500000]}', "not in longitude and latitude"),
        ('{"type": "Point", "coordinates": ["x"]}', "is no geometry"),
        ('{"type": "Circle", "coordinates": [1, 2]}', "is no geometry"),
        (geojson((PLACE, {}), crs={"properties": {"name": "EPSG:32635"}}), "reproject it"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_nothing_kept(tmp_path, folder, text, words):
    path = tmp_path / "bad.geojson"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=words):
        import_layer(folder, LayerKind.ROAD, path, "", NOW)
    assert not folder.exists()


@pytest.mark.parametrize("radius", [0.0, -1.0, 20_000.0, float("nan")])
def test_a_radius_that_makes_no_ground_is_refused(file, folder, radius):
    with pytest.raises(CatalogueError, match="A radius is above 0"):
        import_layer(folder, LayerKind.ROAD, file, "", NOW, radius)


def test_a_missing_file_is_told(folder, tmp_path):
    with pytest.raises(CatalogueError, match="No such file"):
        import_layer(folder, LayerKind.ROAD, tmp_path / "none.geojson", "", NOW)


@pytest.mark.parametrize(("driver", "end"), [("GPKG", "gpkg"), ("FlatGeobuf", "fgb")])
def test_other_formats_and_projections_say_the_same(tmp_path, folder, driver, end):
    path = tmp_path / f"roads.{end}"
    shapes = [project(one, CRS84, "EPSG:32635") for one in (ROAD, MINE)]
    pyogrio.raw.write(
        path, np.array([shapely.to_wkb(one) for one in shapes], object),
        [np.array(["track", None], object)], ["highway"], driver=driver, crs="EPSG:32635",
        geometry_type="Unknown",
    )  # fmt: skip
    layer = import_layer(folder, LayerKind.ROAD, path, "", NOW)
    assert layer.file == f"{layer.id}.{end}" and nearby(folder, LayerKind, PLACE, 999.0)
    found = {one.tag: one.geometry for one in read_features(path.read_bytes(), path)}
    assert sorted(found) == ["", "highway=track"]
    metric = project(found[""], CRS84, METRIC)
    assert metric.symmetric_difference(box(150, -50, 250, 50)).area < 5.0


def test_a_crossed_outline_is_mended_and_heights_are_dropped():
    bow = Polygon([(24, 13, 5), (24.01, 13.01, 5), (24.01, 13, 5), (24, 13.01, 5)])
    data = geojson((bow, {})).encode()
    (feature,) = read_features(data, None)
    assert feature.geometry.is_valid and not feature.geometry.has_z
    assert isinstance(feature.geometry, MultiPolygon)


@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(-900, 900)), min_size=1, max_size=8),
    st.integers(1, 600),
    st.sampled_from([0.0, 55.0, -71.0]),
)
def test_nothing_near_is_left_out_and_nothing_far_is_told(points, within, latitude):
    metric = equal_area(LON, latitude)
    place = project(box(-100, -100, 100, 100), metric, CRS84)
    features = ContextSet(
        tuple(
            ContextFeature(project(Point(x, y), metric, CRS84), f"tag={number}")
            for number, (x, y) in enumerate(points)
        )
    )
    found = {one.tag for one in near(features, place, within, 10.0)}
    for number, (x, y) in enumerate(points):
        distance = max(np.hypot(max(abs(x) - 100, 0), max(abs(y) - 100, 0)) - 10.0, 0.0)
        if abs(distance - within) > 0.5:
            assert (f"tag={number}" in found) is bool(distance <= within)
