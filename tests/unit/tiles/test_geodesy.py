import math

import pytest
from pyproj import Proj
from shapely.geometry import MultiPolygon, Point, Polygon, box

from tiles.geodesy import CRS84, area_m2, ground_scale, north_bearing, project

# Surface of the WGS 84 ellipsoid in square metres (NIMA TR8350.2, table 3.2 gives its axes).
EARTH = 510_065_621_724_088.4
OCTANT = Polygon([(0, 0), (90, 0), (0, 90)])


def test_an_octant_of_the_earth_has_an_eighth_of_its_surface() -> None:
    assert area_m2(OCTANT) == pytest.approx(EARTH / 8, rel=1e-12)


def test_a_polygon_drawn_the_other_way_round_has_the_same_area() -> None:
    assert area_m2(Polygon(OCTANT.exterior.coords[::-1])) == area_m2(OCTANT)


@pytest.mark.parametrize("turned", [False, True])
def test_a_hole_is_taken_off_whichever_way_it_runs(turned: bool) -> None:
    hole = list(box(30.4, 10.4, 30.6, 10.6).exterior.coords)
    outer = box(30, 10, 31, 11)
    with_hole = Polygon(outer.exterior, [hole[::-1] if turned else hole])
    assert area_m2(with_hole) == pytest.approx(area_m2(outer) - area_m2(Polygon(hole)), rel=1e-12)


def test_parts_are_added_up_and_points_count_for_nothing() -> None:
    parts = [box(30, 10, 30.1, 10.1), box(31, 10, 31.1, 10.1)]
    both = MultiPolygon(parts)
    assert area_m2(both) == pytest.approx(sum(area_m2(part) for part in parts), rel=1e-12)
    assert area_m2(both.union(Point(0, 0))) == pytest.approx(area_m2(both), rel=1e-12)
    assert area_m2(Point(1, 1)) == 0


def test_a_hundred_metre_square_has_a_hectare() -> None:
    square = box(500_000, 1_000_000, 500_100, 1_000_100)
    on_ground = area_m2(project(square, "EPSG:32636", CRS84))
    assert on_ground == pytest.approx(10_000 / 0.9996**2, rel=1e-6)


def test_long_edges_are_carried_along_their_parallel_not_cut_short() -> None:
    flat = project(box(20, 60, 26, 60.1), CRS84, "EPSG:32635")
    south_middle = project(Point(23, 60), CRS84, "EPSG:32635")
    assert flat.buffer(0.2).contains(south_middle)


@pytest.mark.parametrize(("lon", "lat"), [(33.0, 10.0), (35.9, 60.0), (30.1, 60.0), (35.9, -50.0)])
def test_north_is_where_the_meridian_goes(lon: float, lat: float) -> None:
    epsg = "EPSG:32636" if lat > 0 else "EPSG:32736"
    spot = project(Point(lon, lat), CRS84, epsg)
    convergence = Proj(epsg).get_factors(lon, lat).meridian_convergence
    assert north_bearing(epsg, spot.x, spot.y) == pytest.approx(-convergence, abs=1e-3)


def test_web_mercator_metres_are_worth_less_on_the_ground() -> None:
    spot = project(Point(25, 60), CRS84, "EPSG:3857")
    along_x, _ = ground_scale("EPSG:3857", spot.x, spot.y, 1000.0)
    assert along_x == pytest.approx(math.cos(math.radians(60)), rel=0.004)
