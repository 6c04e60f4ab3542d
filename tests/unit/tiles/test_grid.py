import itertools
import pickle

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from tiles.geodesy import CRS84, area_m2, project
from tiles.grid import (
    SIZE_M,
    Cell,
    cell_at,
    cell_from_id,
    cells_for,
    ground,
    is_regular,
    rasterise,
    share,
    window,
)

latitudes = st.floats(-79.9, 83.9)
anywhere = st.tuples(st.floats(-180, 180), latitudes)
near_borders = st.tuples(
    st.builds(lambda zone, off: -180 + 6 * zone + off, st.integers(1, 59), st.floats(-0.3, 0.3)),
    latitudes,
)
near_the_date_line = st.tuples(st.floats(179.7, 180) | st.floats(-180, -179.7), st.floats(-60, 70))
near_the_equator = st.tuples(st.floats(-170, 170), st.floats(-0.15, 0.15))
points = anywhere | near_borders | near_the_date_line | near_the_equator


@st.composite
def areas(draw: st.DrawFn) -> Polygon:
    """A box of up to some 30 km, anywhere but across 180 degrees."""
    lon, lat = draw(points)
    wide = draw(st.floats(0.002, 0.3))
    high = draw(st.floats(0.002, 0.2))
    west, south = min(lon, 180 - wide), min(lat, 83.95 - high)
    return box(west, south, west + wide, south + high)


def test_the_id_says_zone_hemisphere_column_and_row() -> None:
    # 0 N 33 E lies on the central meridian of zone 36: easting 500,000 = 48 cells and a part.
    assert cell_at(33.0, 0.001).id == "36N_0048_0000"
    assert cell_at(33.0, -0.1).id == "36S_0048_0975"


@given(st.integers(1, 60), st.sampled_from("NS"), st.integers(0, 9999), st.integers(0, 9999))
def test_an_id_leads_back_to_its_cell(zone: int, half: str, col: int, row: int) -> None:
    cell = cell_from_id(f"{zone:02d}{half}_{col:04d}_{row:04d}")
    assert (cell.col, cell.row) == (col, row)
    assert cell.epsg == (32600 if half == "N" else 32700) + zone
    assert cell_from_id(cell.id) == cell
    assert cell.bounds[:2] == (col * 10_240, row * 10_240)


@pytest.mark.parametrize(
    "wrong", ["", "36N_12_143", "61N_0001_0001", "00N_0001_0001", "36X_0001_0001", "../36N_0001"]
)
def test_what_is_no_id_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="id of a grid cell"):
        cell_from_id(wrong)


def test_a_cell_whose_id_lies_about_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="is not EPSG"):
        Cell("36N_0048_0000", 32636, 49, 0)


def test_a_cell_is_a_kilometre_square_of_pixels_and_can_be_sent_to_a_worker() -> None:
    cell = cell_at(33.0, 12.0)
    assert cell.geobox().shape == (1024, 1024)
    assert cell.geobox(20.0).shape == (512, 512)
    assert tuple(cell.geobox().boundingbox) == cell.bounds
    assert pickle.loads(pickle.dumps(cell)) == cell
    with pytest.raises(ValueError, match="does not divide"):
        cell.geobox(30.0)


@given(st.integers(20, 75), st.integers(0, 900), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None)
def test_inside_a_zone_the_cells_tile_the_plane(
    col: int, row: int, along: float, up: float
) -> None:
    spot = Point((col + along) * SIZE_M, (row + up) * SIZE_M)
    around = [cell_from_id(f"36N_{c:04d}_{r:04d}") for c in (col, col + 1) for r in (row, row + 1)]
    inside = [
        cell
        for cell in around
        if cell.bounds[0] <= spot.x < cell.bounds[2] and cell.bounds[1] <= spot.y < cell.bounds[3]
    ]
    assert len(inside) == 1
    one, other = around[0].footprint, around[-2].footprint
    assert one.intersection(other).area == 0


@given(points)
@example((-180.0, 10.0))
@example((180.0, 10.0))
@example((36.0, 0.0))
@example((36.0, 83.9))
@settings(deadline=None, max_examples=300)
def test_every_point_has_one_cell_that_contains_it(point: tuple[float, float]) -> None:
    lon, lat = point
    cell = cell_at(lon, lat)
    assert cells_for(Point(lon, lat)) == (cell,)
    spot = project(Point(lon, lat), CRS84, f"EPSG:{cell.epsg}")
    west, south, east, north = cell.bounds
    assert west <= spot.x <= east
    assert south <= spot.y <= north


@given(points)
@settings(deadline=None, max_examples=100)
def test_the_same_ground_is_always_the_same_cell(point: tuple[float, float]) -> None:
    lon, lat = point
    cell = cell_at(lon, lat)
    patch = Point(lon, lat).buffer(2e-6).intersection(box(-180, -80, 180, 84))
    around = box(max(lon - 0.1, -180), max(lat - 0.1, -80), min(lon + 0.1, 180), lat + 0.1)
    assert cell in cells_for(patch)
    assert cell in cells_for(around)
    assert ground(cell).distance(Point(lon, lat)) < 1e-6


@given(areas())
@settings(deadline=None, max_examples=80)
def test_shares_make_the_whole_without_gap_or_overlap(area: Polygon) -> None:
    shares = [share(cell, area) for cell in cells_for(area)]
    assert all(not part.is_empty for part in shares)
    assert sum(part.area for part in shares) == pytest.approx(area.area, rel=1e-9)
    assert shapely.union_all(shares).area == pytest.approx(area.area, rel=1e-9)


def test_along_a_zone_border_fillers_close_the_wedges_and_overlaps_are_counted_once() -> None:
    area = box(35.7, 60.0, 36.3, 61.0)
    cells = cells_for(area)
    assert {cell.epsg for cell in cells} == {32636, 32637}
    assert any(not is_regular(cell) for cell in cells)
    overlaps = [
        one.footprint.intersection(other.footprint).area
        for one, other in itertools.combinations(cells, 2)
    ]
    assert max(overlaps) > 1e-4, "the squares themselves do overlap here"
    shares = [share(cell, area) for cell in cells]
    assert sum(part.area for part in shares) == pytest.approx(area.area, rel=1e-9)


def test_ground_beyond_the_grid_belongs_to_no_cell() -> None:
    assert cells_for(box(10, 85, 11, 86)) == ()
    assert cells_for(Polygon()) == ()
    assert cells_for(MultiPoint([(10, 85), (10, -81)])) == ()
    with pytest.raises(ValueError, match="off the grid"):
        cell_at(0, 84.5)
    assert ground(cell_from_id("36N_0000_0143")).is_empty


def test_a_footprint_over_the_date_line_comes_in_two_parts() -> None:
    cell = cell_at(179.99, 65.0)
    west, _, east, _ = cell.footprint.bounds
    assert (west, east) == (-180, 180)
    assert cell.footprint.geom_type == "MultiPolygon"
    assert area_m2(cell.footprint) == pytest.approx(SIZE_M**2, rel=2e-3)


def test_a_cell_that_an_area_only_touches_is_left_alone() -> None:
    cell = cell_at(33.05, 12.0)
    assert cells_for(cell.footprint) == (cell,)


def test_a_line_and_a_point_find_their_cells_too() -> None:
    assert len(cells_for(LineString([(33.0, 12.0), (33.3, 12.0)]))) in (4, 5)
    assert len(cells_for(MultiPoint([(33.0, 12.0), (33.0001, 12.0)]))) == 1


@given(areas(), st.sampled_from([1, 32, 64, 250]))
@settings(deadline=None, max_examples=60)
def test_a_window_covers_its_share_and_lies_on_blocks(area: Polygon, block: int) -> None:
    for cell in cells_for(area):
        view = window(cell, area, block)
        assert view is not None
        part = project(share(cell, area), CRS84, f"EPSG:{cell.epsg}")
        # Between its vertices a footprint's edge leaves the straight line by centimetres.
        assert box(*view.boundingbox).buffer(0.5).covers(part)
        left = round((view.boundingbox.left - cell.bounds[0]) / 10)
        top = round((cell.bounds[3] - view.boundingbox.top) / 10)
        assert left % block == 0
        assert top % block == 0
        assert (left + view.width) % block == 0 or left + view.width == 1024
        assert (top + view.height) % block == 0 or top + view.height == 1024


def test_a_window_loses_no_pixel_of_the_whole_cell() -> None:
    cell = cell_at(33.05, 12.0)
    area = cell.footprint.centroid.buffer(0.012)
    view = window(cell, area)
    assert view is not None
    assert view.width < 1024
    assert rasterise(area, view).sum() == rasterise(area, cell.geobox()).sum()


def test_there_is_no_window_where_the_cell_answers_for_nothing() -> None:
    assert window(cell_at(33.05, 12.0), box(34, 12, 34.1, 12.1)) is None
    with pytest.raises(ValueError, match="at least one pixel"):
        window(cell_at(33.05, 12.0), box(33, 12, 33.1, 12.1), block=0)


def pixel_centres(geometry: BaseGeometry, cell: Cell) -> np.ndarray:
    flat = project(geometry, CRS84, f"EPSG:{cell.epsg}")
    west, _, _, north = cell.bounds
    along = np.arange(1024) * 10 + 5
    x, y = np.meshgrid(west + along, north - along)
    shapely.prepare(flat)
    return shapely.contains_xy(flat, x, y)


def test_a_pixel_counts_if_its_centre_is_inside() -> None:
    cell = cell_at(33.05, 12.0)
    centre = cell.footprint.centroid
    ring = centre.buffer(0.02).difference(centre.buffer(0.01))
    assert np.array_equal(rasterise(ring, cell.geobox()), pixel_centres(ring, cell))


def test_neighbouring_shares_rasterise_without_a_pixel_twice() -> None:
    cell = cell_at(33.05, 12.0)
    area = cell.footprint.centroid.buffer(0.03)
    half = box(cell.footprint.centroid.x, -90, 180, 90)
    one, other = area.intersection(half), area.difference(half)
    masks = [rasterise(part, cell.geobox()).astype(int) for part in (one, other)]
    assert (masks[0] + masks[1]).max() == 1
    assert np.array_equal(masks[0] + masks[1], rasterise(area, cell.geobox()))


def test_points_and_nothing_cover_no_pixel() -> None:
    cell = cell_at(33.05, 12.0)
    assert not rasterise(Point(33.05, 12.0), cell.geobox()).any()
    assert not rasterise(Polygon(), cell.geobox()).any()
