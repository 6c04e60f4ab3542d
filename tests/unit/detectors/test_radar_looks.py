"""Speckle of a known number of looks is drawn over ground; the count must come back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter

from detectors.radar_looks import FALLBACK, equivalent_looks

SIZE = (384, 384)


def ground(seed: int = 5):
    """Return power of fields and hills, the same in both polarisations but for a factor."""
    rough = np.random.default_rng(seed).standard_normal(SIZE)
    return np.exp(2.0 * gaussian_filter(rough, 3.0, mode="wrap") - 2.0)


def speckle(rng: np.random.Generator, looks: float):
    return rng.gamma(looks, 1.0 / looks, SIZE)


@pytest.mark.parametrize("looks", [1.0, 4.4, 12.0])
def test_independent_pixels_are_worth_their_looks(looks: float) -> None:
    rng = np.random.default_rng(1)
    got = equivalent_looks(speckle(rng, looks), 0.2 * speckle(rng, looks), 10.0)
    assert got == pytest.approx(looks, rel=0.2)


def test_neighbours_that_share_their_looks_are_counted_once() -> None:
    # A mean over 3 by 3 pixels of one look each: nine looks a pixel, each in nine pixels.
    rng = np.random.default_rng(2)
    vv, vh = (uniform_filter(speckle(rng, 1.0), 3, mode="wrap") for _ in range(2))
    assert equivalent_looks(vv, vh, 10.0) == pytest.approx(1.0, rel=0.25)


def test_pixels_laid_on_a_finer_grid_are_worth_no_more() -> None:
    rng = np.random.default_rng(3)
    vv, vh = (speckle(rng, 10.0) for _ in range(2))
    fine = [np.kron(one[:128, :128], np.ones((3, 3))) for one in (vv, vh)]
    assert equivalent_looks(*fine, 10.0) == pytest.approx(10.0 / 9.0, rel=0.25)


def test_ground_alike_in_both_polarisations_is_not_taken_for_speckle() -> None:
    rng = np.random.default_rng(4)
    vv, vh = ground() * speckle(rng, 4.4), 0.2 * ground() * speckle(rng, 4.4)
    both, alone = equivalent_looks(vv, vh, 10.0), equivalent_looks(vv, None, 10.0)
    assert both == pytest.approx(4.4, rel=0.2)
    # With one polarisation it errs on the side of too few, never of too many.
    assert alone < both


def test_where_nearly_nothing_was_seen_few_looks_are_assumed() -> None:
    power = np.full(SIZE, np.nan)
    power[:40, :40] = 1.0
    assert equivalent_looks(power, power, 10.0) == FALLBACK
    assert equivalent_looks(np.ones((20, 20)), None, 10.0) == FALLBACK
    # Without any scatter there is nothing to count.
    assert equivalent_looks(np.ones(SIZE), None, 10.0) == FALLBACK
