"""Truth: settlements laid out in metres, and what ground they leave free."""

import itertools
import random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate, scale, translate
from shapely.geometry import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from tiles.cell import Cell
from tiles.geodesy import area_m2
from tiles.grid import cell_at, ground
from tiles.parts import parts_of
from tiles.placebos import Placebo, lay_placebos
from tiles.plane import from_plane, to_plane

CELL = cell_at(25.05, 13.05)
WEST, SOUTH, EAST, NORTH = CELL.bounds


def crs84(shapes: list[BaseGeometry], cell: Cell = CELL) -> list[BaseGeometry]:
    return [from_plane(shape, cell.epsg) for shape in shapes]


def villages(cell: Cell = CELL, seed: int = 0) -> list[BaseGeometry]:
    """35 settlements some 1.74 km apart, of 60 to 250 m, in metres of the cell's zone."""
    rng = np.random.default_rng(seed)
    west, south, _, _ = cell.bounds
    found = []
    for number in range(35):
        x = west + 740 + 1740 * (number % 6) + rng.uniform(-200, 200)
        y = south + 740 + 1740 * (number // 6) + rng.uniform(-200, 200)
        long, wide = rng.uniform(60, 250), rng.uniform(60, 250)
        found.append(rotate(scale(Point(x, y).buffer(1), long, wide), rng.uniform(0, 180)))
    return found


def in_the_plane(placebos: tuple[Placebo, ...], cell: Cell = CELL) -> list[BaseGeometry]:
    return [to_plane(one.geometry, cell.epsg) for one in placebos]


def assert_rightly_laid(
    placebos: tuple[Placebo, ...],
    allowed: BaseGeometry,
    cores: list[BaseGeometry],
    cell: Cell = CELL,
) -> None:
    """`allowed` and `cores` in the plane; a centimetre is granted to the way there and back."""
    laid = in_the_plane(placebos, cell)
    widened = allowed.buffer(0.01)
    assert all(widened.covers(one) for one in laid)
    for core in cores:
        assert all(core.distance(one) > 99.99 for one in laid)
    for one, other in itertools.combinations(laid, 2):
        assert one.intersection(other).area < 0.1
    assert len({one.id for one in placebos}) == len(placebos)


@pytest.mark.parametrize("place", [(25.05, 13.05), (179.99, -16.5), (-60.2, -51.3), (30.0, 0.0)])
def test_a_cell_of_35_settlements_has_24(place: tuple[float, float]) -> None:
    cell = cell_at(*place)
    cores = villages(cell)
    allowed = ground(cell)
    placebos = lay_placebos(allowed, crs84(cores, cell), cell.epsg)
    assert len(placebos) == 24
    assert_rightly_laid(placebos, to_plane(allowed, cell.epsg), cores, cell)
    median = np.median([core.area for core in cores])
    fitting = [core.area for core in cores if core.area <= median]
    for one in in_the_plane(placebos, cell):
        assert min(abs(one.area - area) for area in fitting) < 1
    # Of 18 shapes 24 draws take 13 or so.
    assert len({round(one.area) for one in in_the_plane(placebos, cell)}) >= 8


@given(st.floats(0, 9000), st.floats(0, 9000))
@settings(deadline=None, max_examples=30)
def test_a_square_kilometre_with_a_hamlet_in_the_middle_holds_20(x: float, y: float) -> None:
    square = box(WEST + x, SOUTH + y, WEST + x + 1000, SOUTH + y + 1000)
    core = square.centroid.buffer(60)
    placebos = lay_placebos(*crs84([square]), crs84([core]), CELL.epsg)
    assert 20 <= len(placebos) <= 24
    assert_rightly_laid(placebos, square, [core])


@st.composite
def scenes(draw: st.DrawFn) -> tuple[BaseGeometry, list[BaseGeometry]]:
    """Allowed ground with bays and islands, and up to 30 settlements of any size and shape."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corners = rng.uniform(0, 10_240, (draw(st.integers(1, 6)), 2)) + np.array([WEST, SOUTH])
    lands = [Point(corner).buffer(rng.uniform(300, 3000), quad_segs=4) for corner in corners]
    holes = [Point(corner + 400).buffer(rng.uniform(10, 800), quad_segs=2) for corner in corners]
    allowed = shapely.union_all(lands).difference(shapely.union_all(holes))
    cores = []
    for _ in range(draw(st.integers(1, 30))):
        x, y = rng.uniform(-2000, 12_240, 2)
        size = rng.uniform(5, draw(st.sampled_from([60, 200, 1500])))
        yard = Polygon([(0, 0), (size, 0), (size, size / 3), (size / 3, size / 3), (0, size)])
        cores.append(rotate(translate(yard, WEST + x, SOUTH + y), rng.uniform(0, 360)))
    if draw(st.booleans()):
        cores.append(MultiPolygon([cores.pop(), Point(WEST - 3000, SOUTH - 3000).buffer(20)]))
    return allowed, cores


@given(scenes(), st.integers(0, 40))
@settings(deadline=None, max_examples=30)
def test_placebos_keep_off_settlements_and_each_other_and_on_allowed_ground(
    scene: tuple[BaseGeometry, list[BaseGeometry]], count: int
) -> None:
    allowed, cores = scene
    placebos = lay_placebos(*crs84([allowed]), crs84(cores), CELL.epsg, count)
    assert len(placebos) <= count
    assert_rightly_laid(placebos, allowed, cores)


def test_the_order_in_which_settlements_are_named_does_not_matter() -> None:
    cores = crs84(villages())
    first = lay_placebos(ground(CELL), cores, CELL.epsg)
    random.Random(3).shuffle(cores)
    turned = [core.reverse() for core in cores]
    again = lay_placebos(ground(CELL), [*turned, *turned], CELL.epsg)
    assert [one.id for one in again] == [one.id for one in first]
    for one, other in zip(first, again, strict=True):
        assert one.geometry.normalize().equals_exact(other.geometry.normalize(), 1e-12)


def test_the_id_tells_the_pixel_whatever_ground_is_allowed() -> None:
    cores = crs84(villages())
    for allowed in (ground(CELL), ground(CELL).buffer(0.03)):
        placebos = lay_placebos(allowed, cores, CELL.epsg, count=40)
        for one, outline in zip(placebos, in_the_plane(placebos), strict=True):
            word, zone, col, row = one.id.split(":")
            assert (word, zone) == ("placebo", "35N")
            centre = outline.centroid
            # A millimetre granted, for centroids on a pixel's edge.
            assert int(col) * 10 - 1e-3 <= centre.x <= int(col) * 10 + 10 + 1e-3
            assert int(row) * 10 - 1e-3 <= centre.y <= int(row) * 10 + 10 + 1e-3


def test_wider_ground_keeps_the_placebos_whose_turn_came_first() -> None:
    cores = crs84(villages())
    near = {one.id: one for one in lay_placebos(ground(CELL), cores, CELL.epsg, count=300)}
    wide = {one.id: one for one in lay_placebos(ground(CELL).buffer(0.01), cores, CELL.epsg, 300)}
    shared = near.keys() & wide.keys()
    assert len(shared) > 100
    assert all(near[key].geometry.equals(wide[key].geometry) for key in shared)


def test_one_settlement_more_leaves_most_placebos_where_they_are() -> None:
    cores = villages()
    more = [*cores, Point(EAST - 700, NORTH - 700).buffer(100)]
    before = lay_placebos(ground(CELL), crs84(cores), CELL.epsg)
    after = lay_placebos(ground(CELL), crs84(more), CELL.epsg)
    kept = {one.id for one in before} & {one.id for one in after}
    assert len(kept) >= 18
    assert_rightly_laid(after, to_plane(ground(CELL), CELL.epsg), more)


def test_a_placebo_has_as_many_pixels_as_the_settlement_it_is_copied_from() -> None:
    core = Point(WEST + 5003.3, SOUTH + 5007.1).buffer(150)
    (home,) = crs84([core])
    truth = np.bincount(parts_of(home, [], CELL.epsg).part)[0]
    placebos = lay_placebos(ground(CELL), [home], CELL.epsg)
    assert len(placebos) == 24
    for one in placebos:
        assert np.bincount(parts_of(one.geometry, [], CELL.epsg).part)[0] == truth
        assert area_m2(one.geometry) == pytest.approx(area_m2(home), rel=1e-3)


def test_there_are_fewer_or_none_where_there_is_no_room() -> None:
    town = Point(WEST + 5000, SOUTH + 5000).buffer(6000)
    assert lay_placebos(ground(CELL), crs84([town]), CELL.epsg) == ()
    # A strip that holds discs of 60 m in a single row, 100 m from the only core: 8 at most.
    strip = box(WEST + 2000, SOUTH + 2000, WEST + 3000, SOUTH + 2130)
    core = Point(WEST + 1840, SOUTH + 2065).buffer(60)
    placebos = lay_placebos(*crs84([strip]), crs84([core]), CELL.epsg)
    assert 1 <= len(placebos) <= 8
    assert_rightly_laid(placebos, strip, [core])


def test_without_ground_or_settlements_there_are_none() -> None:
    assert lay_placebos(Polygon(), crs84(villages()), CELL.epsg) == ()
    assert lay_placebos(ground(CELL), [], CELL.epsg) == ()
