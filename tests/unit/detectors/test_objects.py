import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod, Proj

from detectors.objects import area_m2, components, outline, touching, windows


def mask(*rows: str) -> NDArray[np.bool_]:
    return np.array([[c == "#" for c in row] for row in rows])


def grid(shape: tuple[int, int], crs: str, corner: tuple[float, float], step: float) -> GeoBox:
    return GeoBox(shape, Affine(step, 0, corner[0], 0, -step, corner[1]), crs)


# On the central meridian of UTM the scale is 0.9996; 180 km off it is 1, and there a pixel of the
# grid has the area on the ground that its side says.
UTM_TRUE = (500_000 + 180_000, 5_100_000)
L_SHAPE = mask("#....", "#....", "###..", ".....")
RING = mask(".....", ".###.", ".#.#.", ".###.", ".....")


@pytest.mark.parametrize("shape", [L_SHAPE, RING, mask("#"), mask("##.##", "#...#")])
def test_an_outline_holds_as_much_ground_as_its_pixels(shape: NDArray[np.bool_]) -> None:
    box = grid(shape.shape, "EPSG:32635", UTM_TRUE, 10)
    geometry = outline(shape, box)
    assert area_m2(geometry) == pytest.approx(shape.sum() * 100, rel=1e-3)
    assert geometry.is_valid


@pytest.mark.parametrize("corner", [(500_000, 5_100_000), (200_000, 1_500_000)])
def test_the_area_is_that_on_the_ground_and_not_that_on_the_map(
    corner: tuple[float, float],
) -> None:
    shape = np.ones((20, 30), bool)
    geometry = outline(shape, grid(shape.shape, "EPSG:32635", corner, 10))
    middle = Proj("EPSG:32635")(corner[0] + 150, corner[1] - 100, inverse=True)
    scale = Proj("EPSG:32635").get_factors(*middle).areal_scale
    assert abs(scale - 1) > 2e-4
    assert area_m2(geometry) == pytest.approx(600 * 100 / scale, rel=1e-5)


def test_an_equal_area_grid_keeps_its_area() -> None:
    shape = np.ones((30, 20), bool)
    geometry = outline(shape, grid(shape.shape, "EPSG:3035", (5_400_000, 2_600_000), 20))
    # The straight edges of a small pixel are all but straight on the ellipsoid too.
    assert area_m2(geometry) == pytest.approx(600 * 400, rel=1e-4)


def test_a_hole_stays_a_hole() -> None:
    geometry = outline(RING, grid(RING.shape, "EPSG:32635", UTM_TRUE, 10))
    assert geometry.geom_type == "Polygon"
    assert len(geometry.interiors) == 1
    assert area_m2(geometry) == pytest.approx(800, rel=1e-3)


def test_outlines_are_in_degrees_and_wound_as_rfc_7946_asks() -> None:
    geometry = outline(RING, grid(RING.shape, "EPSG:32635", UTM_TRUE, 10))
    west, south, east, north = geometry.bounds
    assert 28 < west < east < 30
    assert 45 < south < north < 47
    assert geometry.exterior.is_ccw
    assert not geometry.interiors[0].is_ccw


def test_the_outline_lies_where_its_pixels_lie() -> None:
    shape = mask("...", "..#")
    geometry = outline(shape, grid(shape.shape, "EPSG:32635", UTM_TRUE, 10))
    expected = Proj("EPSG:32635")(UTM_TRUE[0] + 25, UTM_TRUE[1] - 15, inverse=True)
    _, _, apart = Geod(ellps="WGS84").inv(*expected, geometry.centroid.x, geometry.centroid.y)
    assert apart < 0.01


def test_pixels_that_meet_only_at_a_corner_are_two_objects() -> None:
    labels, count = components(mask("##..", "##..", "..##", "..##"))
    assert count == 2
    assert labels.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 2], [0, 0, 2, 2]]


def test_components_are_numbered_in_scan_order() -> None:
    labels, count = components(mask("..#", "#.#", "#.."))
    assert count == 2
    assert labels[0, 2] == 1
    assert labels[1, 0] == 2


def test_touching_needs_a_shared_edge() -> None:
    labels = np.array([[1, 1, 0, 0], [0, 0, 0, 3], [2, 0, 0, 0]], np.uint16)
    assert touching(mask("....", ".#..", "...."), labels).tolist() == [1]
    assert touching(mask("....", "###.", "...."), labels).tolist() == [1, 2, 3]
    assert touching(mask("....", "....", "..#."), labels).tolist() == []


def test_parts_that_meet_at_a_corner_make_a_valid_geometry() -> None:
    shape = mask("#.", ".#")
    geometry = outline(shape, grid(shape.shape, "EPSG:32635", UTM_TRUE, 10))
    assert shapely.is_valid(geometry)
    assert area_m2(geometry) == pytest.approx(200, rel=1e-3)


def test_a_part_of_the_grid_has_the_same_outline_as_the_whole() -> None:
    whole = np.zeros((9, 12), bool)
    whole[4:8, 6:11] = L_SHAPE
    box = grid(whole.shape, "EPSG:32635", UTM_TRUE, 10)
    assert outline(L_SHAPE, box, (4, 6)).equals(outline(whole, box))


def test_a_window_holds_its_object_and_a_margin_inside_the_grid() -> None:
    labels = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 3, 0], [0, 0, 0, 0, 0]])
    assert windows(labels) == [
        (slice(0, 2), slice(0, 3)),
        None,
        (slice(1, 4), slice(2, 5)),
    ]
