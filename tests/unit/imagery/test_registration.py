"""Fields and roads are laid out on a fine grid, moved by a known part of a pixel, then seen."""

import numpy as np
import pytest
from numpy.typing import NDArray

from imagery.registration import shift_between

SIZE, FINE = 128, 20
MARGIN = 6
"""Pixels of ground beyond the window, so that a moved look is not empty at its rim."""


def scenery(seed: int) -> NDArray[np.float64]:
    """Return ground of parcels, roads and soil on a grid of `FINE` steps per pixel."""
    rng = np.random.default_rng(seed)
    side = (SIZE + 2 * MARGIN) * FINE
    at = np.arange(side) / FINE
    rows, cols = np.meshgrid(at, at, indexing="ij")
    parcels = rng.uniform(0.12, 0.35, (24, 24))
    turned = rows * 0.94 + cols * 0.34, cols * 0.94 - rows * 0.34
    ground = parcels[(turned[0] / 11).astype(int) % 24, (turned[1] / 8).astype(int) % 24]
    for slope, start in ((0.4, 20), (-0.7, 120), (2.2, -90)):
        ground[np.abs(rows - slope * cols - start) < 1.2] = 0.42
    soil = np.kron(rng.normal(0, 0.02, (side // 40, side // 40)), np.ones((40, 40)))
    return ground + soil[:side, :side]


def seen(
    ground: NDArray[np.float64], down: float, right: float, seed: int, noise: float = 0.006
) -> NDArray[np.float64]:
    """Return the ground in pixels, each the mean of its part, displaced by pixels."""
    first = [MARGIN * FINE - round(step * FINE) for step in (down, right)]
    part = ground[first[0] : first[0] + SIZE * FINE, first[1] : first[1] + SIZE * FINE]
    pixels = part.reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3))
    return pixels + np.random.default_rng(seed).normal(0, noise, pixels.shape)


GROUND = scenery(1)
EVERYWHERE = np.ones((SIZE, SIZE), bool)
SHIFTS = [(0.0, 0.0), (0.35, -0.6), (-1.45, 0.8), (0.05, 0.1), (2.3, -2.75)]


@pytest.mark.parametrize(("down", "right"), SHIFTS)
def test_a_shift_is_found_to_a_tenth_of_a_pixel(down: float, right: float) -> None:
    found = shift_between(seen(GROUND, down, right, 2), seen(GROUND, 0, 0, 3), EVERYWHERE)
    assert found is not None
    assert found.rows == pytest.approx(down, abs=0.1)
    assert found.cols == pytest.approx(right, abs=0.1)
    assert found.confidence > 0.6


@pytest.mark.parametrize(("down", "right"), SHIFTS)
def test_clouds_over_half_the_ground_do_not_pull_a_shift_to_zero(down: float, right: float) -> None:
    at = np.arange(SIZE)
    wave = np.sin(at[:, None] / 9.0) + np.sin(at[None, :] / 13.0 + 1)
    clear = wave < np.median(wave)
    look = np.where(clear, seen(GROUND, down, right, 4), 0.7)
    found = shift_between(look, seen(GROUND, 0, 0, 5), clear)
    assert found is not None
    assert found.rows == pytest.approx(down, abs=0.1)
    assert found.cols == pytest.approx(right, abs=0.1)


def test_a_settlement_that_burned_and_another_light_move_nothing() -> None:
    look = 0.8 * seen(GROUND, 0.45, -0.3, 6) + 0.03
    look[44:84, 44:84] = 0.05 + 0.02 * np.random.default_rng(7).random((40, 40))
    ring = EVERYWHERE.copy()
    ring[40:88, 40:88] = False
    found = shift_between(look, seen(GROUND, 0, 0, 8), ring)
    assert found is not None
    assert found.rows == pytest.approx(0.45, abs=0.1)
    assert found.cols == pytest.approx(-0.3, abs=0.1)


def test_unlike_ground_is_told_by_a_low_confidence() -> None:
    found = shift_between(seen(GROUND, 0, 0, 9), seen(scenery(10), 0, 0, 11), EVERYWHERE)
    assert found is not None
    assert found.confidence < 0.3


def test_nothing_is_said_of_too_little_or_of_featureless_ground() -> None:
    look, reference = seen(GROUND, 0, 0, 12), seen(GROUND, 0, 0, 13)
    little = np.zeros((SIZE, SIZE), bool)
    little[:20, :20] = True
    assert shift_between(look, reference, little) is None
    assert shift_between(np.full_like(look, np.nan), reference, EVERYWHERE) is None
    assert shift_between(np.full_like(look, 0.2), reference, EVERYWHERE) is None
