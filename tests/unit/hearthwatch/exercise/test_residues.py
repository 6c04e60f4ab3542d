"""Residues drawn about the mean ones: one surface each, and two groups that share none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.endmembers import BANDS, Surface, spectrum
from hearthwatch.exercise.optics import WAVELENGTH_UM
from hearthwatch.exercise.residues import Group, drawn_residues, mean_residues

seeds = st.integers(0, 2**40)
WAVES = np.log([WAVELENGTH_UM[band] / 0.865 for band in BANDS])


def factors(found, surface):
    """Return brightness and tilt of a drawn spectrum: the straight line through its logarithm."""
    ratio = np.log([found[band] for band in BANDS] / spectrum(surface, BANDS))
    tilt, brightness = np.polyfit(WAVES, ratio, 1)
    assert ratio == pytest.approx(brightness + tilt * WAVES, abs=1e-9)
    return brightness, tilt


@given(seed=seeds, group=st.sampled_from(Group))
def test_a_drawn_spectrum_is_the_mean_by_one_brightness_and_one_tilt(seed, group):
    found = drawn_residues(seed, group)
    for values, surface, reach in (
        (found.char, Surface.CHAR, 0.82),
        (found.ash, Surface.ASH, 0.18),
    ):
        brightness, tilt = factors(values, surface)
        assert abs(brightness) <= reach
        assert (abs(tilt) < 0.15) == (group is Group.TUNING)
        assert abs(tilt) <= 0.3
        assert all(0.0 < value <= 1.0 for value in values.values())


@given(seed=seeds)
def test_the_same_seed_draws_the_same_and_the_groups_differ(seed):
    tuning, scoring = (drawn_residues(seed, group) for group in Group)
    assert drawn_residues(seed, Group.TUNING) == tuning
    assert tuning != scoring


def test_brightness_spreads_as_the_averaged_spectra_did():
    drawn = [drawn_residues(seed, Group.SCORING).char for seed in range(800)]
    brightness = np.array([factors(one, Surface.CHAR)[0] for one in drawn])
    # Half of the mean, as a lognormal's; 800 draws leave 2 % of it.
    assert brightness.std() == pytest.approx(np.sqrt(np.log(1.25)), rel=0.08)
    assert brightness.mean() == pytest.approx(0.0, abs=0.06)


def test_the_mean_residues_are_the_spectra_of_char_and_ash():
    found = mean_residues()
    assert list(found.char.values()) == spectrum(Surface.CHAR, BANDS).tolist()
    assert list(found.ash.values()) == spectrum(Surface.ASH, BANDS).tolist()
    assert tuple(found.char) == BANDS


def test_a_seed_below_nought_is_refused():
    with pytest.raises(ValueError, match="non-negative"):
        drawn_residues(-1, Group.TUNING)
