"""Change between two images: drawn ground of which it is known what changed, and how."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from detectors.bitemporal import (
    BURN_COSINE,
    Quiet,
    burn_score,
    change_score,
    offset_of,
    quiet_history,
    quiet_pair,
)
from detectors.endmembers import Surface, spectrum

BANDS = ("B04", "B8A", "B11", "B12")
CHAR = spectrum(Surface.CHAR, BANDS)
SIDE = 60
NOISE = 0.01


def ground(seed=0, noise=NOISE):
    """Return the same dry ground twice, with noise of its own each time."""
    rng = np.random.default_rng(seed)
    land = spectrum(Surface.DRY, BANDS)[:, None, None] * rng.uniform(0.6, 1.0, (SIDE, SIDE))
    return tuple(land + rng.normal(0.0, noise / np.sqrt(2.0), land.shape) for _ in range(2))


def burn(after, where, share=0.6):
    """Return the image with char mixed into some pixels."""
    return np.where(where, (1.0 - share) * after + share * CHAR[:, None, None], after)


def rows(share):
    """Return a mask of the upper rows."""
    return np.broadcast_to((np.arange(SIDE) < share * SIDE)[:, None], (SIDE, SIDE))


def test_unchanged_ground_with_normal_noise_scores_chi_squared():
    before, after = ground()
    score = change_score(before, after, quiet_pair(before, after))
    for level in (0.5, 0.95):
        assert (score <= chi2.ppf(level, len(BANDS))).mean() == pytest.approx(level, abs=0.03)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.4])
def test_ground_that_changed_stands_out_however_much_of_it_there_is(share):
    before, after = ground(1)
    changed = rows(share)
    score = change_score(before, burn(after, changed), quiet_pair(before, burn(after, changed)))
    assert score[changed].min() > np.quantile(score[~changed], 0.999)


@settings(max_examples=25)
@given(
    gains=st.lists(st.floats(0.2, 5.0), min_size=4, max_size=4),
    offsets=st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=4),
)
def test_haze_or_another_calibration_of_a_whole_image_changes_nothing(gains, offsets):
    before, after = ground(2)
    after = burn(after, rows(0.2))
    plain = change_score(before, after, quiet_pair(before, after))
    other = np.array(gains)[:, None, None] * after + np.array(offsets)[:, None, None]
    np.testing.assert_allclose(
        change_score(before, other, quiet_pair(before, other)), plain, rtol=1e-6, atol=1e-9
    )


def test_the_same_pixels_give_the_same_bits():
    before, after = ground(3)
    one, two = (change_score(before, after, quiet_pair(before, after)) for _ in range(2))
    assert np.array_equal(one, two)


def test_burning_is_positive_and_regrowth_as_negative():
    before, after = ground(4)
    where = rows(0.3)
    quiet = quiet_pair(before, after)
    there = burn_score(before, burn(after, where), quiet, CHAR)
    back = burn_score(burn(before, where, 0.3), after, quiet, CHAR)
    assert there.score[where].min() > 5.0
    assert there.cosine[where].min() > BURN_COSINE
    assert back.score[where].max() < 0.0
    assert np.abs(there.score[~where]).mean() == pytest.approx(np.sqrt(2.0 / np.pi), abs=0.05)


def test_ground_that_turned_green_or_was_laid_bare_is_no_burn():
    before, after = ground(5)
    quiet = quiet_pair(before, after)
    green = spectrum(Surface.GREEN, BANDS)[:, None, None]
    for turned in (0.5 * after + 0.5 * green, 1.3 * after):
        found = burn_score(before, turned, quiet, CHAR)
        assert not ((found.score > 2.3) & (found.cosine > BURN_COSINE)).any()


def test_what_was_not_seen_has_no_score_and_teaches_nothing():
    before, after = ground(6)
    whole = quiet_pair(before[:, :, 10:], after[:, :, 10:])
    before[1, :, :10] = np.nan
    quiet = quiet_pair(before, after)
    np.testing.assert_array_equal(quiet.covariance, whole.covariance)
    score = change_score(before, after, quiet)
    found = burn_score(before, after, quiet, CHAR)
    for values in (score, found.score, found.cosine):
        assert np.isnan(values[:, :10]).all()
        assert np.isfinite(values[:, 10:]).all()


def test_quiet_years_tell_their_noise_and_not_the_weather_of_a_whole_year():
    rng = np.random.default_rng(7)
    images = rng.normal(0.3, NOISE, (4, 4, SIDE, SIDE)) + np.arange(4)[:, None, None, None] * 0.1
    images[1, 2, :3] = np.nan
    found = quiet_history(images)
    np.testing.assert_allclose(found, 2.0 * NOISE**2 * np.eye(4), atol=0.1 * 2.0 * NOISE**2)


def test_the_offset_is_that_of_the_steady_ground():
    before, after = ground(8)
    burned = rows(0.7)
    offset = offset_of(before, burn(after, burned) + 0.05, ~burned)
    np.testing.assert_allclose(offset, -0.05, atol=0.001)
    quiet = Quiet(np.ones(4), offset, np.eye(4) * NOISE**2)
    assert np.median(change_score(before, after + 0.05, quiet)) == pytest.approx(
        chi2.ppf(0.5, 4), rel=0.1
    )


def test_images_that_cannot_be_compared_are_refused():
    before, after = ground(9)
    with pytest.raises(ValueError, match="cannot be compared"):
        quiet_pair(before, after[:, 1:])
    with pytest.raises(ValueError, match="too few"):
        quiet_pair(before[:, :3, :3], after[:, :3, :3])
    with pytest.raises(ValueError, match="the same in a band"):
        quiet_pair(np.zeros_like(before), after)
    twice = before.copy()
    twice[1] = twice[0]
    with pytest.raises(ValueError, match="not independent"):
        quiet_pair(twice, np.stack([after[0], after[0], after[2], after[3]]))
    with pytest.raises(ValueError, match="no difference"):
        quiet_history(before[None])
