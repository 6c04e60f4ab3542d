from collections.abc import Iterable, Mapping
from typing import Any

import mapbox_vector_tile
import morecantile
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from tiles.mercator import check_tile, native_zoom, tile_bounds, tile_geobox, tile_over
from tiles.vector import encode_mvt, smallest_drawn

TILE = (14, 9227, 5920)
WEST, SOUTH, EAST, NORTH = tile_bounds(*TILE)
TMS = morecantile.tms.get("WebMercatorQuad")


def place(across: float, down: float, tile: tuple[int, int, int] = TILE) -> tuple[float, float]:
    """Return the longitude and latitude of a place in a tile, 0..1 from its north-west corner."""
    z, x, y = tile
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + down) / 2**z))))
    return (x + across) / 2**z * 360 - 180, float(lat)


def area(*corners: tuple[float, float]) -> Polygon:
    return Polygon([place(*corner) for corner in corners])


def encode(
    features: Iterable[tuple[BaseGeometry, Mapping[str, Any]]],
    tile: tuple[int, int, int] = TILE,
    most: int = 1000,
) -> bytes:
    """Encode features given one by one; a property that one lacks is None."""
    pairs = list(features)
    names = dict.fromkeys(name for _, told in pairs for name in told)
    columns = {name: [told.get(name) for _, told in pairs] for name in names}
    shapes = np.array([one for one, _ in pairs], dtype=object)
    return encode_mvt(shapes, columns, *tile, layer="events", most=most)


def decoded(data: bytes, layer: str = "events") -> list[tuple[BaseGeometry, dict[str, object]]]:
    tile = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})
    assert tile[layer]["extent"] == 4096
    return [(shape(one["geometry"]), one["properties"]) for one in tile[layer]["features"]]


def test_a_polygon_comes_back_within_a_unit_with_its_properties() -> None:
    corners = [(0.1, 0.2), (0.7, 0.15), (0.9, 0.8), (0.4, 0.55)]
    told = {"id": "747eb169", "ha": 0.69, "looks": 5, "open": True, "none": None}
    ((found, properties),) = decoded(encode([(area(*corners), told)]))
    drawn = Polygon([(4096 * across, 4096 * down) for across, down in corners])
    assert found.hausdorff_distance(drawn) < 1.0
    assert properties == {"id": "747eb169", "ha": 0.69, "looks": 5, "open": True}


def test_a_hole_stays_a_hole() -> None:
    ring = area((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    holed = ring.difference(area((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))
    ((found, _),) = decoded(encode([(holed, {})]))
    assert found.area == pytest.approx((0.8**2 - 0.2**2) * 4096**2, rel=1e-3)
    assert not found.contains(Point(2048, 2048))


def test_what_reaches_beyond_is_cut_at_the_buffer() -> None:
    wide = area((-3, 0.25), (4, 0.25), (4, 0.75), (-3, 0.75))
    ((found, _),) = decoded(encode([(wide, {})]))
    assert found.bounds == pytest.approx((-64, 1024, 4160, 3072), abs=1)


def test_an_edge_straight_in_degrees_is_bent_on_the_map() -> None:
    triangle = Polygon([(0, 0), (60, 60), (60, 0)])
    ((found, _),) = decoded(encode([(triangle, {})], (1, 1, 0)))
    lat = np.radians(30.0)
    middle = Point(30 / 180 * 4096, 4096 * (1 - np.arcsinh(np.tan(lat)) / np.pi))
    assert found.exterior.distance(middle) < 1.5


@pytest.mark.parametrize("z", [3, 8, 14])
def test_a_small_polygon_stays_visible_where_it_is(z: int) -> None:
    small = box(22.60, 44.70, 22.6001, 44.7001)
    tile = TMS.tile(22.60005, 44.70005, z)
    bounds = TMS.xy_bounds(tile)
    ((found, _),) = decoded(encode([(small, {})], (z, tile.x, tile.y)))
    x, y = TMS.xy(22.60005, 44.70005)
    side = bounds.right - bounds.left
    middle = Point((x - bounds.left) / side * 4096, (bounds.top - y) / side * 4096)
    assert found.area >= 15 * 15
    assert found.centroid.distance(middle) < 1.5


def test_a_sliver_and_a_touching_neighbour() -> None:
    sliver = area((0.2, 0.5), (0.8, 0.5), (0.8, 0.50001), (0.2, 0.50001))
    beyond = box(WEST - 1, SOUTH, WEST - 64 / 4096 * (EAST - WEST), NORTH)
    found = decoded(encode([(sliver, {"n": 1}), (beyond, {"n": 2})]))
    assert [told["n"] for _, told in found] == [1]
    assert found[0][0].area > 0


def test_an_invalid_polygon_is_drawn_all_the_same() -> None:
    bow = area((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8))
    over_edge = area((-0.5, 0.2), (0.5, 0.8), (0.5, 0.2), (-0.5, 0.8))
    found = decoded(encode([(bow, {}), (over_edge, {})]))
    assert found[0][0].area == pytest.approx(0.18 * 4096**2, rel=0.01)
    assert len(found) == 2


def test_points_and_lines_are_kept() -> None:
    line = LineString([place(0.1, 0.1), place(0.9, 0.9)])
    found = decoded(encode([(Point(place(0.25, 0.5)), {}), (line, {})]))
    assert [one.geom_type for one, _ in found] == ["Point", "LineString"]
    assert found[0][0].distance(Point(1024, 2048)) < 1


def test_a_full_tile_says_that_it_is_cut() -> None:
    spots = [area((s, s), (s + 0.01, s), (s, s + 0.01)) for s in np.linspace(0.1, 0.9, 12)]
    far = (box(0, 0, 1, 1), {"n": -1})
    features = [far, *((spot, {"n": n}) for n, spot in enumerate(spots))]
    whole = encode(features, most=12)
    cut = encode(iter(features), most=5)
    assert "meta" not in mapbox_vector_tile.decode(whole)
    assert [told["n"] for _, told in decoded(whole)] == list(range(12))
    assert [told["n"] for _, told in decoded(cut)] == list(range(5))
    ((_, told),) = decoded(cut, "meta")
    assert told == {"truncated": True, "layer": "events", "most": 5}


def test_an_empty_tile_is_empty() -> None:
    assert encode([]) == b""
    assert encode([(box(0, 0, 1, 1), {}), (Polygon(), {})]) == b""


def test_refusals() -> None:
    with pytest.raises(ValueError, match="zoom 25"):
        encode([], (25, 0, 0))
    with pytest.raises(ValueError, match="meta"):
        encode_mvt(np.array([], dtype=object), {}, *TILE, layer="meta", most=1)


def test_many_outlines_are_all_there() -> None:
    rng = np.random.default_rng(0)
    spots = [
        box(x, y, x + 1e-5, y + 1e-5)
        for x, y in rng.uniform((WEST, SOUTH), (EAST, NORTH), (500, 2))
    ]
    found = decoded(encode([(spot, {"n": n}) for n, spot in enumerate(spots)]))
    assert {told["n"] for _, told in found} == set(range(500))
    assert all(shapely.is_valid(one) for one, _ in found)


numbers = st.integers(min_value=-3, max_value=2**25)


@given(st.integers(0, 24).flatmap(lambda z: st.tuples(st.just(z), *[st.integers(0, 2**z - 1)] * 2)))
def test_bounds_are_those_of_the_standard(tile: tuple[int, int, int]) -> None:
    z, x, y = tile
    check_tile(*tile)
    wanted = TMS.bounds(morecantile.Tile(x, y, z))
    assert tile_bounds(*tile) == pytest.approx(tuple(wanted), abs=1e-9)
    metres = TMS.xy_bounds(morecantile.Tile(x, y, z))
    assert tuple(tile_geobox(*tile).boundingbox) == pytest.approx(tuple(metres), abs=1e-6)


@given(st.integers(-2, 27), numbers, numbers)
def test_only_tiles_of_the_standard_are_let_through(z: int, x: int, y: int) -> None:
    is_tile = 0 <= z <= 24 and TMS.is_valid(morecantile.Tile(x, y, z))
    if is_tile:
        check_tile(z, x, y)
        return
    for function in (check_tile, tile_bounds, tile_geobox):
        with pytest.raises(ValueError):
            function(z, x, y)


@given(st.floats(0.3, 100), st.floats(-80, 80))
def test_no_pixel_is_lost_at_its_own_zoom(pixel_m: float, latitude: float) -> None:
    zoom = native_zoom(pixel_m, latitude)
    tile_pixel = 40_075_016.686 * np.cos(np.radians(latitude)) / 256 / 2.0**zoom
    assert tile_pixel <= pixel_m * (1 + 1e-9)
    assert 2 * tile_pixel > pixel_m * (1 - 1e-9)


@given(
    zoom=st.integers(0, 22),
    lon=st.floats(-179.9, 179.9),
    lat=st.floats(-85.0, 85.0),
    sides=st.tuples(st.floats(0.01, 0.999), st.floats(0.01, 0.999)),
)
def test_what_is_smaller_than_is_drawn_is_drawn_alike_from_its_box(
    zoom: int, lon: float, lat: float, sides: tuple[float, float]
) -> None:
    x, y = tile_over(lon, lat, zoom)
    wide, high = (smallest_drawn(zoom, y) * side for side in sides)
    outline = Polygon([
        (lon, lat), (lon + wide, lat + high / 3), (lon + wide / 3, lat + high), (lon, lat)
    ])  # fmt: skip
    tile = (zoom, x, y)
    drawn = encode([(outline, {"id": "e1"})], tile)
    assert drawn == encode([(box(*outline.bounds), {"id": "e1"})], tile)
    ((square, _),) = decoded(drawn)
    assert (square.area, square.length) == (256.0, 64.0)


def test_what_is_drawn_smallest_is_no_more_than_a_pixel_anywhere_in_a_row() -> None:
    # A pixel of zoom 8 is 1.40625 degrees / 256 wide, and at 60 degrees half as many high.
    assert 0.99 * 1.40625 / 256 < smallest_drawn(8, 127) <= 1.40625 / 256
    _, y = tile_over(0.0, 60.0, 8)
    assert 0.95 * 1.40625 / 512 < smallest_drawn(8, y) < 1.02 * 1.40625 / 512
