"""Parts that reach far, on a coarse lattice: Pythagoras gives them, whatever the window."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from tiles.parts import PARTS, Parts, Reach, index_parts, parts_of, window_of
from tiles.patches import patch_of
from tiles.plane import from_plane

EPSG = 32635
X, Y = 281_613.0, 1_443_827.0
RADIUS = 150.0
WIDE = Reach(near_m=2000.0, inner_m=2000.0, outer_m=10_000.0, pixel_m=60)
MARGIN = Reach(near_m=100.0)
OFF_M = 1.5
"""A circle of straight lines lies so far inside the round one, at most."""


def settlement(x: float = X, y: float = Y, radius: float = RADIUS) -> BaseGeometry:
    return from_plane(Point(x, y).buffer(radius, quad_segs=32), EPSG)


def away(found: Parts, x: float = X, y: float = Y) -> NDArray[np.float64]:
    """Return how far the pixels' centres are from a spot, metres."""
    return np.hypot((found.cols + 0.5) * found.pixel_m - x, (found.rows + 0.5) * found.pixel_m - y)


@pytest.mark.parametrize("reach", [WIDE, MARGIN])
def test_the_widened_core_is_the_disc_round_it(reach: Reach) -> None:
    found = parts_of(settlement(), [], EPSG, reach)
    near = found.part == 0
    edge = RADIUS + reach.near_m
    assert away(found)[near].max() <= edge
    count = np.pi * edge**2 / reach.pixel_m**2
    assert near.sum() == pytest.approx(count, rel=0.02)
    # None twice, and none left out well inside.
    spots = set(zip(found.cols[near].tolist(), found.rows[near].tolist(), strict=True))
    assert len(spots) == near.sum()
    side = int(0.6 * edge / reach.pixel_m)
    middle = int(X // reach.pixel_m), int(Y // reach.pixel_m)
    square = {
        (middle[0] + i, middle[1] + j) for i in range(-side, side) for j in range(-side, side)
    }
    assert square <= spots


def test_the_ring_lies_between_its_distances_in_sixteen_equal_sectors() -> None:
    found = parts_of(settlement(), [], EPSG, WIDE)
    ring = found.part > 0
    far = away(found)[ring]
    assert far.min() > RADIUS + WIDE.inner_m - OFF_M
    assert far.max() <= RADIUS + WIDE.outer_m
    each = np.pi * ((RADIUS + 10_000.0) ** 2 - (RADIUS + 2000.0) ** 2) / 16 / (9 * 60**2)
    assert np.bincount(found.part)[1:] == pytest.approx(np.full(16, each), rel=0.04)


def test_neighbours_are_taken_out_of_the_ring_and_of_what_the_core_is_widened_by() -> None:
    near, far = (X + 1200.0, Y), (X, Y + 6000.0)
    others = [settlement(*near, 300.0), settlement(*far, 600.0)]
    found = parts_of(settlement(), others, EPSG, WIDE)
    assert away(found, *near).min() > 300.0 + 60.0 - OFF_M
    assert away(found, *far).min() > 600.0 + 60.0 - OFF_M
    alone = parts_of(settlement(), [], EPSG, WIDE)
    lost = alone.part.size - found.part.size
    expected = np.pi * 360.0**2 / 60**2 + np.pi * 660.0**2 / (9 * 60**2)
    assert lost == pytest.approx(expected, rel=0.1)


def test_a_neighbour_that_touches_takes_nothing_of_ones_own_core() -> None:
    found = parts_of(settlement(), [settlement(X + 160.0, Y, 20.0)], EPSG, MARGIN)
    own = parts_of(settlement(), [], EPSG)
    core = {pair for pair, part in zip(zip(own.cols, own.rows, strict=True), own.part, strict=True)
            if part == 0}  # fmt: skip
    kept = {pair for pair, part in zip(zip(found.cols, found.rows, strict=True), found.part,
                                       strict=True) if part == 0}  # fmt: skip
    assert core <= kept


def test_the_pixels_do_not_depend_on_the_window() -> None:
    one = parts_of(settlement(), [], EPSG, WIDE)
    other = parts_of(settlement(X + 7000.0, Y - 3000.0), [], EPSG, WIDE)
    alone, both = window_of([one]), window_of([one, other])
    assert abs(alone.transform.a) == 60.0
    assert len(index_parts([one, other], both)[1]) == 2 * PARTS + 1
    places = []
    for window in (alone, both):
        pixels, _ = index_parts([one], window)
        rows, cols = np.divmod(pixels, window.shape[1])
        x, y = window.transform * (cols + 0.5, rows + 0.5)
        places.append(np.column_stack([x, y]))
    assert np.array_equal(*places)
    assert np.array_equal(places[0][:, 0], (one.cols + 0.5) * 60.0)


def test_lattices_are_not_mixed() -> None:
    wide, usual = parts_of(settlement(), [], EPSG, WIDE), parts_of(settlement(), [], EPSG)
    with pytest.raises(ValueError, match="lattice"):
        window_of([wide, usual])
    with pytest.raises(ValueError, match="off the lattice"):
        index_parts([wide], window_of([usual]))
    with pytest.raises(ValueError, match="sizes"):
        index_parts([wide, usual], window_of([wide]))
    with pytest.raises(ValueError, match="too coarse"):
        patch_of(wide)
