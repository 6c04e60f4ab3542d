"""Truth: discs whose pixels and sectors follow from Pythagoras on the lattice."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from tiles.cell import cell_of
from tiles.geodesy import CRS84, transformer
from tiles.grid import SIZE_M, cell_at
from tiles.parts import PARTS, Parts, index_parts, parts_of, window_of
from tiles.plane import from_plane, to_plane

EPSG = 32635
# The same place in all tests that do not ask for another: off the lattice, far from borders.
X, Y = 283_334.7, 1_441_228.9
PLACES = {
    "inside a zone": (25.0, 13.0),
    "on a zone's border": (30.0, 13.0),
    "beyond a zone's border": (29.9999, 60.0),
    "just north of the equator": (33.05, 0.004),
    "just south of the equator": (33.05, -0.004),
    "far south": (-60.2, -51.3),
    "west of 180 degrees": (179.9995, 65.0),
    "east of 180 degrees": (-179.9995, -16.5),
}


def disc(x: float, y: float, radius: float) -> Polygon:
    return Point(x, y).buffer(radius, quad_segs=90)


def settlement(x: float, y: float, radius: float, epsg: int = EPSG) -> BaseGeometry:
    return from_plane(disc(x, y, radius), epsg)


def pixels(found: Parts, low: int = 0, high: int = 16) -> set[tuple[int, int]]:
    chosen = (found.part >= low) & (found.part <= high)
    return set(zip(found.cols[chosen].tolist(), found.rows[chosen].tolist(), strict=True))


def centres(found: Parts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return found.cols * 10.0 + 5, found.rows * 10.0 + 5


def lattice_around(
    x: float, y: float, reach: float, step: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every lattice pixel, or the middle ones of squares of three by three, around a spot."""
    cols = np.arange(int(x - reach) // 10, int(x + reach) // 10 + 1)
    rows = np.arange(int(y - reach) // 10, int(y + reach) // 10 + 1)
    cols, rows = cols[cols % step == step // 2], rows[rows % step == step // 2]
    across, along = np.meshgrid(cols, rows)
    return across.ravel(), along.ravel()


def assert_disc(found: Parts, x: float, y: float, radius: float) -> None:
    """Its pixels are those Pythagoras gives, but for some a few centimetres from an edge."""
    cols, rows = lattice_around(x, y, radius + 50)
    away = np.hypot(cols * 10 + 5 - x, rows * 10 + 5 - y)
    sure = set(zip(cols[away < radius - 0.05], rows[away < radius - 0.05], strict=True))
    perhaps = set(zip(cols[away < radius + 0.05], rows[away < radius + 0.05], strict=True))
    assert sure <= pixels(found, 0, 0) <= perhaps

    cols, rows = lattice_around(x, y, radius + 1550, step=3)
    away = np.hypot(cols * 10 + 5 - x, rows * 10 + 5 - y) - radius
    within = (away > 300.05) & (away < 1499.95)
    about = (away > 299.95) & (away < 1500.05)
    sure = set(zip(cols[within], rows[within], strict=True))
    assert sure <= pixels(found, 1) <= set(zip(cols[about], rows[about], strict=True))
    assert len(sure) > 5000


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("radius", [60.0, 150.0, 700.0])
def test_a_lone_disc_has_the_pixels_pythagoras_gives_it(place: str, radius: float) -> None:
    lon, lat = PLACES[place]
    epsg = cell_at(lon, lat).epsg
    x, y = transformer(CRS84, f"EPSG:{epsg}").transform(lon, lat)
    core = settlement(x, y, radius, epsg)
    assert core.is_valid
    if "180" in place:
        assert core.geom_type == "MultiPolygon", "cut at the date line, as GeoJSON wants it"
    assert_disc(parts_of(core, [], epsg), x, y, radius)


def test_sectors_run_clockwise_from_north_and_are_of_one_size() -> None:
    found = parts_of(settlement(X, Y, 150), [], EPSG)
    x, y = centres(found)
    ring = found.part > 0
    azimuth = np.degrees(np.arctan2(x - X, y - Y)) % 360
    expected = 1 + (azimuth // 22.5).astype(int)
    # A spoke passes so close to a few centres that the centroid's last decimals decide.
    spoke = np.abs(azimuth - 22.5 * np.round(azimuth / 22.5)) < 1e-4
    assert spoke.sum() < 5
    assert np.array_equal(found.part[ring & ~spoke], expected[ring & ~spoke])
    eastward = ring & (np.abs(y - Y) < 100) & (x > X)
    assert set(found.part[eastward]) == {4, 5}
    # A sixteenth of the annulus between 450 m and 1,650 m, of which every ninth pixel counts.
    each = np.pi * (1650**2 - 450**2) / 16 / 900
    assert np.bincount(found.part)[1:] == pytest.approx(np.full(16, each), rel=0.04)


def test_pixels_come_in_order_once_and_cannot_be_changed() -> None:
    found = parts_of(settlement(X, Y, 150), [], EPSG)
    keys = list(zip(found.part.tolist(), found.rows.tolist(), found.cols.tolist(), strict=True))
    assert keys == sorted(keys)
    assert len(pixels(found)) == len(keys)
    assert (found.cols.dtype, found.rows.dtype, found.part.dtype) == ("int32", "int32", "uint8")
    with pytest.raises(ValueError, match="read-only"):
        found.cols[0] = 0


@given(st.integers(-2000, 2000), st.integers(-2000, 2000), st.floats(60, 400))
@settings(deadline=None, max_examples=25)
def test_a_settlement_has_the_same_pixels_in_whatever_cell_it_lies(
    across: int, along: int, radius: float
) -> None:
    here = parts_of(settlement(X, Y, radius), [], EPSG)
    # Moved by squares of three by three pixels, up to six cells away and over any cell's edge.
    moved = settlement(X + 30 * across, Y + 30 * along, radius)
    there = parts_of(moved, [], EPSG)
    assert np.array_equal(there.cols - 3 * across, here.cols)
    assert np.array_equal(there.rows - 3 * along, here.rows)
    assert np.array_equal(there.part, here.part)


@st.composite
def neighbourhoods(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    """Up to eight discs 0.6 to 4.5 km from the settlement: x, y, radius."""
    found = []
    for _ in range(draw(st.integers(1, 8))):
        away, bearing = draw(st.floats(600, 4500)), draw(st.floats(0, 2 * np.pi))
        radius = draw(st.floats(5, 400))
        found.append((X + away * np.sin(bearing), Y + away * np.cos(bearing), radius))
    return found


@given(neighbourhoods(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_ring_keeps_clear_of_neighbours_and_loses_nothing_else(
    neighbours: list[tuple[float, float, float]], rng: object
) -> None:
    core = settlement(X, Y, 150)
    others = [settlement(*one) for one in neighbours]
    found = parts_of(core, others, EPSG)
    lone = parts_of(core, [], EPSG)
    x, y = centres(lone)
    gaps = [np.hypot(x - a, y - b) - radius for a, b, radius in neighbours]
    nearest = np.min(gaps, axis=0)
    ring = lone.part > 0
    clear = {
        sure: set(zip(lone.cols[chosen].tolist(), lone.rows[chosen].tolist(), strict=True))
        for sure, chosen in (
            (True, ring & (nearest > 60.05)), (False, ring & (nearest > 59.95)),
        )
    }  # fmt: skip
    assert clear[True] <= pixels(found, 1) <= clear[False]
    assert pixels(found, 0, 0) == pixels(lone, 0, 0), "neighbours take nothing from a core"
    rng.shuffle(others)  # type: ignore[attr-defined]
    again = parts_of(core, [*others, *others], EPSG)
    assert np.array_equal(again.cols, found.cols)
    assert np.array_equal(again.part, found.part)


@pytest.mark.parametrize("lon", [179.97, -179.97])
def test_neighbours_over_the_date_line_are_seen(lon: float) -> None:
    epsg = cell_at(lon, -16.5).epsg
    x, y = transformer(CRS84, f"EPSG:{epsg}").transform(lon, -16.5)
    toward_it = 1000.0 if lon > 0 else -1000.0
    core, line = settlement(x, y, 2000, epsg), settlement(x + 3.2 * toward_it, y, 120, epsg)
    far = settlement(x - 30 * toward_it, y, 120, epsg)
    assert line.bounds[0] * lon < 0 or line.geom_type == "MultiPolygon"
    lost = len(parts_of(core, [], epsg).part) - len(parts_of(core, [far, line], epsg).part)
    assert lost == pytest.approx(np.pi * 180**2 / 900, rel=0.1)


@pytest.mark.parametrize("lat", [-79.5, -40.0, 0.01, 65.0, 83.5])
@pytest.mark.parametrize("bearing", [0, 45, 90, 180, 270])
def test_a_neighbour_that_only_reaches_the_rim_of_the_ring_is_seen(
    lat: float, bearing: int
) -> None:
    epsg = cell_at(32.0, lat).epsg
    x, y = transformer(CRS84, f"EPSG:{epsg}").transform(32.0, lat)
    turn = np.radians(bearing)
    # Edges 1,480 m apart: with its margin of 60 m the neighbour takes 80 m of the rim.
    other = settlement(x + 1880 * np.sin(turn), y + 1880 * np.cos(turn), 250, epsg)
    core = settlement(x, y, 150, epsg)
    lost = pixels(parts_of(core, [], epsg), 1) - pixels(parts_of(core, [other], epsg), 1)
    assert 10 < len(lost) < 40


def test_a_neighbour_from_the_next_zone_is_seen() -> None:
    x, y = transformer(CRS84, "EPSG:32635").transform(29.999, 13.0)
    core, other = settlement(x, y, 150), settlement(x + 1000, y, 150)
    assert cell_at(other.centroid.x, other.centroid.y).epsg == 32636
    assert parts_of(core, [other], EPSG).part.size < parts_of(core, [], EPSG).part.size - 100


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0.2, 9))
@settings(deadline=None, max_examples=80)
def test_a_core_smaller_than_a_pixel_takes_those_it_touches(
    across: float, along: float, radius: float
) -> None:
    x, y = X + across, Y + along
    found = parts_of(settlement(x, y, radius), [], EPSG)
    cols, rows = lattice_around(x, y, 40)
    away = np.hypot(cols * 10 + 5 - x, rows * 10 + 5 - y)
    inside = set(zip(cols[away < radius], rows[away < radius], strict=True))
    if np.any(np.abs(away - radius) < 0.01):
        assert pixels(found, 0, 0)
    elif inside:
        assert pixels(found, 0, 0) == inside
    else:
        squares = shapely.box(cols * 10, rows * 10, cols * 10 + 10, rows * 10 + 10)
        depth = radius - shapely.distance(Point(x, y), squares)
        touched = set(zip(cols[depth > 0.05], rows[depth > 0.05], strict=True))
        grazed = set(zip(cols[depth > -0.05], rows[depth > -0.05], strict=True))
        assert touched <= pixels(found, 0, 0) <= grazed


def test_a_core_of_many_parts_far_apart_costs_what_its_parts_cost() -> None:
    rng = np.random.default_rng(4)
    spots = [(X + 10_000 * i, Y + 10_000 * j) for i in range(4) for j in range(4)]
    spots = [(x + rng.uniform(-9, 9), y + rng.uniform(-9, 9)) for x, y in spots]
    whole = MultiPolygon([disc(*spot, 150) for spot in spots])
    found = parts_of(from_plane(whole, EPSG), [], EPSG)
    alone = [parts_of(settlement(*spot, 150), [], EPSG) for spot in spots]
    assert pixels(found, 0, 0) == set().union(*(pixels(one, 0, 0) for one in alone))
    assert pixels(found, 1) == set().union(*(pixels(one, 1) for one in alone))


def test_huts_drawn_one_by_one_share_one_ring() -> None:
    rng = np.random.default_rng(5)
    corners = X + rng.uniform(0, 800, 300), Y + rng.uniform(0, 800, 300)
    huts = shapely.union_all(shapely.box(*corners, corners[0] + 9, corners[1] + 9))
    found = parts_of(from_plane(huts, EPSG), [], EPSG)
    x, y = centres(found)
    gap = shapely.distance(huts, shapely.points(x, y))
    assert np.all(gap[found.part == 0] < 0.01)
    assert gap[found.part > 0].min() > 299.99
    assert gap[found.part > 0].max() < 1500.01
    assert np.bincount(found.part)[1:].min() > 500


def test_a_core_with_a_hole_has_ring_on_both_sides_and_none_in_the_core() -> None:
    core = disc(X, Y, 2000).difference(disc(X, Y, 900))
    found = parts_of(from_plane(core, EPSG), [], EPSG)
    x, y = centres(found)
    away = np.hypot(x - X, y - Y)
    assert np.all((away[found.part == 0] > 899.9) & (away[found.part == 0] < 2000.1))
    in_the_hole = (found.part > 0) & (away < 900)
    assert away[in_the_hole].max() < 600.1
    assert in_the_hole.sum() == pytest.approx(np.pi * 600**2 / 900, rel=0.02)


def test_of_a_town_of_five_kilometres_not_every_pixel_is_a_part() -> None:
    town = settlement(X, Y, 5000)
    found = parts_of(town, [settlement(X + 6000, Y, 150)], EPSG)
    assert (found.part == 0).sum() == pytest.approx(np.pi * 500**2, rel=1e-3)
    ring = np.pi * (6500**2 - 5300**2) / 900
    assert (found.part > 0).sum() == pytest.approx(ring - np.pi * 210**2 / 900, rel=2e-3)


@pytest.mark.parametrize("nothing", [Point(25, 13), Polygon(), MultiPolygon()])
def test_what_has_no_area_has_no_parts(nothing: BaseGeometry) -> None:
    with pytest.raises(ValueError, match="core is an area"):
        parts_of(nothing, [], EPSG)


@pytest.fixture(scope="module")
def village() -> list[Parts]:
    """Three settlements across the corner of four cells."""
    x, y = 28 * SIZE_M + 3.3, 141 * SIZE_M - 4.4
    cores = [settlement(x, y, 150), settlement(x + 1740, y, 40), settlement(x, y + 1740, 90)]
    return [
        parts_of(core, cores[:number] + cores[number + 1 :], EPSG)
        for number, core in enumerate(cores)
    ]


EXTREMES = (min, min, max, max)


def window_from(west: int, south: int, east: int, north: int, epsg: int = EPSG) -> GeoBox:
    shape = ((north - south) // 10, (east - west) // 10)
    return GeoBox(shape, Affine(10, 0, west, 0, -10, north), f"EPSG:{epsg}")


def test_the_smallest_window_holds_all_parts_and_no_empty_edge(village: list[Parts]) -> None:
    window = window_of(village)
    values = np.zeros(window.shape, bool)
    places, _ = index_parts(village, window)
    values.ravel()[places] = True
    assert values[0].any()
    assert values[-1].any()
    assert values[:, 0].any()
    assert values[:, -1].any()
    assert tuple(window.boundingbox) == (
        min(one.bounds[0] for one in village), min(one.bounds[1] for one in village),
        max(one.bounds[2] for one in village), max(one.bounds[3] for one in village),
    )  # fmt: skip


def test_any_window_gives_the_same_ground_in_the_same_order(village: list[Parts]) -> None:
    smallest = window_of(village)
    west, south, east, north = (round(edge) for edge in smallest.boundingbox)
    four_cells = [cell_of(EPSG, col, row).bounds for col in (27, 28) for row in (140, 141)]
    windows = [
        smallest,
        window_from(west - 70, south - 10, east + 1230, north + 20),
        window_from(*(round(pick([b[i] for b in four_cells])) for i, pick in enumerate(EXTREMES))),
    ]
    for window in windows:
        found, starts = index_parts(village, window)
        assert found.dtype == starts.dtype == np.int64
        assert len(starts) == len(village) * PARTS + 1
        assert (starts[0], starts[-1]) == (0, len(found))
        # The truth of each pixel: where its centre is, by the window's own transform.
        cols, rows = found % window.width, found // window.width
        x, y = window.transform * (cols + 0.5, rows + 0.5)
        for place, one in enumerate(village):
            for part in range(PARTS):
                here = slice(starts[place * PARTS + part], starts[place * PARTS + part + 1])
                wanted = one.part == part
                assert np.array_equal(x[here], one.cols[wanted] * 10 + 5)
                assert np.array_equal(y[here], one.rows[wanted] * 10 + 5)


def test_an_index_of_no_place_is_empty() -> None:
    found, starts = index_parts([], window_from(0, 0, 100, 100))
    assert found.tolist() == []
    assert starts.tolist() == [0]


def wrong_windows(one: Parts) -> Sequence[GeoBox]:
    west, south, east, north = one.bounds
    return [
        window_from(west + 10, south, east, north),
        window_from(west, south + 10, east, north),
        window_from(west, south, east - 10, north),
        window_from(west, south, east, north - 10),
        window_from(west, south, east, north, epsg=32636),
        window_from(west - 5, south, east + 5, north),
        GeoBox((400, 400), Affine(20, 0, west, 0, -20, north), f"EPSG:{EPSG}"),
        GeoBox((400, 400), Affine(10, 0, west, 0, -10, north), None),
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_window_that_does_not_hold_the_pixels_is_refused(number: int) -> None:
    found = parts_of(settlement(X, Y, 150), [], EPSG)
    index_parts([found], window_from(*found.bounds))
    with pytest.raises(ValueError, match=r"outside the window|another zone|off the lattice"):
        index_parts([found], wrong_windows(found)[number])


def test_a_window_is_of_one_zone() -> None:
    with pytest.raises(ValueError, match="one zone"):
        window_of([])
    other = parts_of(settlement(X, Y, 150, 32636), [], 32636)
    with pytest.raises(ValueError, match="one zone"):
        window_of([parts_of(settlement(X, Y, 150), [], EPSG), other])


def test_a_core_cut_at_the_date_line_is_whole_in_the_plane() -> None:
    x, y = transformer(CRS84, "EPSG:32760").transform(180.0, -16.5)
    square = box(x - 100, y - 100, x + 100, y + 100)
    cut = from_plane(square, 32760)
    assert cut.bounds[0] == -180
    assert cut.bounds[2] == 180
    whole = to_plane(cut, 32760)
    assert whole.geom_type == "Polygon"
    # A millimetre along its edges: a line straight in degrees is not quite so in the plane.
    assert whole.symmetric_difference(square).area < 0.4


@pytest.mark.shared_data
def test_villages_of_darfur_keep_all_sectors(shared_data: Path) -> None:
    layer = shared_data / "labels-darfur-villages" / "darfurVillages.csv"
    with layer.open(encoding="latin-1", newline="") as file:
        spots = np.array(
            [(float(one["longitude"]), float(one["latitude"])) for one in csv.DictReader(file)]
        )
    assert len(spots) == 9183
    drawn = np.random.default_rng(1).choice(len(spots), 150, replace=False)
    counts = []
    for spot in spots[drawn]:
        epsg = cell_at(*spot).epsg
        near = spots[np.max(np.abs(spots - spot), axis=1) < 0.05]
        x, y = transformer(CRS84, f"EPSG:{epsg}").transform(*near.T)
        here = np.flatnonzero((near == spot).all(axis=1))[0]
        cores = [settlement(a, b, 150, epsg) for a, b in zip(x, y, strict=True)]
        found = parts_of(cores.pop(here), cores, epsg)
        counts.append(np.bincount(found.part, minlength=PARTS))
    # Of all 9,183 villages the barest sector keeps 240 of some 549 pixels.
    assert np.min(counts) >= 240
    assert np.array(counts)[:, 0] == pytest.approx(np.pi * 15**2, rel=0.03)
    crowded = np.array(counts)[:, 1:].sum(axis=1) < 16 * 549 * 0.97
    assert 0 < crowded.sum() < len(drawn), "some have neighbours in their ring, some have not"
