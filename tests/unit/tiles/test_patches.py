"""The pixels of patches are held against distances worked out one by one."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Point, box

from tiles.parts import parts_of, window_of
from tiles.patches import MARGIN_M, index_patches, patch_of
from tiles.plane import PIXEL_M, from_plane

EPSG = 32635


def village(east, north, radius=60.0):
    return parts_of(from_plane(Point(east, north).buffer(radius), EPSG), [], EPSG)


def test_the_margin_is_all_within_a_hundred_metres_of_the_core_and_no_more():
    parts = village(500_003, 1_500_007)
    patch = patch_of(parts)
    core = np.column_stack([patch.cols, patch.rows])[patch.core]
    assert {tuple(one) for one in core} == {
        (c, r) for c, r, p in zip(parts.cols, parts.rows, parts.part, strict=True) if p == 0
    }
    for col, row, of_core in zip(patch.cols, patch.rows, patch.core, strict=True):
        far = PIXEL_M * np.hypot(core[:, 0] - col, core[:, 1] - row).min()
        assert (far == 0.0) == of_core
        assert far <= MARGIN_M
    around = {tuple(one) for one in np.column_stack([patch.cols, patch.rows])}
    for col, row in core:
        assert {(col + 10, row), (col - 10, row), (col, row + 10), (col + 7, row - 7)} <= around


def test_the_edge_is_what_has_a_neighbour_outside():
    patch = patch_of(village(500_003, 1_500_007))
    around = set(zip(patch.cols.tolist(), patch.rows.tolist(), strict=True))
    for col, row, edge in zip(patch.cols, patch.rows, patch.edge, strict=True):
        beside = {(col + 1, row), (col - 1, row), (col, row + 1), (col, row - 1)}
        assert edge == (not beside <= around)
    assert not (patch.edge & patch.core).any()


def test_pixels_are_the_same_in_any_window():
    one, two = village(500_000, 1_500_000), village(503_000, 1_501_000)
    near, wide = window_of([one]), window_of([one, two])
    patches = [patch_of(one), patch_of(two)]
    mine, count = index_patches(patches[:1], near)
    both, counts = index_patches(patches, wide)
    assert counts.tolist()[:1] == count.tolist() == [len(patches[0].cols)]

    def where(pixels, window):
        row, col = np.divmod(pixels, window.shape[1])
        return np.column_stack(window.affine * (col + 0.5, row + 0.5))

    assert np.array_equal(where(mine, near), where(both[: count[0]], wide))
    centres = PIXEL_M * (np.column_stack([patches[0].cols, patches[0].rows]) + 0.5)
    assert np.array_equal(where(mine, near), centres)


def test_a_window_that_does_not_hold_them_is_refused():
    one, two = village(500_000, 1_500_000), village(503_000, 1_501_000)
    with pytest.raises(ValueError, match="outside the window"):
        index_patches([patch_of(two)], window_of([one]))


def test_a_settlement_of_one_pixel_has_a_patch():
    tiny = from_plane(box(500_001, 1_500_001, 500_003, 1_500_003), EPSG)
    patch = patch_of(parts_of(tiny, [], EPSG))
    assert patch.core.sum() == 1
    assert len(patch.cols) == 317  # lattice points within ten steps of one
