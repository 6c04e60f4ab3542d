"""Spectra are mixed first; the features, and the burn taken off again, are checked against that."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.burn_features import (
    CHAR_FRACTION,
    CHAR_INDEX,
    COVERS,
    NAMES,
    NEAR_INFRARED,
    OTHERS,
    RESIDUES,
    SHADES,
    SHORT_WAVE,
    TEMPLATES,
    USED,
    VISIBLE,
    Template,
    burn_features,
    burned_features,
    otherwise_features,
    unsure,
)
from detectors.endmembers import Surface, spectrum
from detectors.types import PARTS

BANDS = ("B02", "B03", "B04", "B8A", "B11", "B12")
GREEN, DRY, CHAR, ASH = (
    spectrum(one, BANDS) for one in (Surface.GREEN, Surface.DRY, Surface.CHAR, Surface.ASH)
)


def features(*spectra: NDArray[np.float64], bands: tuple[str, ...] = BANDS) -> NDArray[np.float64]:
    """Return the features of spectra, shape (spectrum, feature)."""
    return burn_features(np.stack(spectra)[:, :, None], bands)[:, :, 0]


def test_the_features_of_a_spectrum_are_these_numbers() -> None:
    found = features(np.array([0.06, 0.08, 0.09, 0.21, 0.25, 0.22]))[0]
    assert math.isclose(found[NEAR_INFRARED], -math.log(0.21))
    assert math.isclose(found[VISIBLE], -math.log(0.23 / 3))
    assert math.isclose(found[SHORT_WAVE], -math.log(0.25))
    # Check value of the index's published vector.
    assert math.isclose(found[CHAR_INDEX], -0.0877193, abs_tol=1e-7)


def test_the_char_fraction_is_the_share_of_char_that_was_mixed_in() -> None:
    mixed = 0.3 * CHAR + 0.2 * GREEN + 0.4 * DRY
    assert np.isclose(features(mixed)[0, CHAR_FRACTION], 0.3)
    assert np.isclose(features(GREEN)[0, CHAR_FRACTION], 0.0)


@pytest.mark.parametrize("cover", COVERS)
def test_charring_dry_ground_raises_every_feature(cover: float) -> None:
    before, after = features(DRY, (1 - cover) * DRY + cover * CHAR)
    assert (after > before).all()


def test_features_do_not_depend_on_the_part_they_are_of() -> None:
    spectra = np.random.default_rng(1).uniform(0.02, 0.5, (3, len(BANDS), PARTS))
    together = burn_features(spectra, BANDS)
    assert together.shape == (3, len(NAMES), PARTS)
    for part in range(PARTS):
        assert np.array_equal(together[:, :, part], features(*spectra[:, :, part]))


@settings(max_examples=60, deadline=None)
@given(
    green=st.floats(0.0, 1.0), bright=st.floats(0.3, 1.3), char=st.floats(0.0, 0.3),
    template=st.sampled_from(range(len(TEMPLATES))),
)  # fmt: skip
def test_a_burn_is_foretold_from_the_features_of_before(
    green: float, bright: float, char: float, template: int
) -> None:
    ground = bright * (green * GREEN + (1 - green) * DRY)
    before = (1 - char) * ground + char * CHAR
    burn = TEMPLATES[template]
    residue = (1 - burn.ash) * burn.brightness * CHAR + burn.ash * ASH
    after = features((1 - burn.cover) * before + burn.cover * residue)[0]
    found = burned_features(features(before), BANDS)[0, template]
    exact = [NEAR_INFRARED, VISIBLE, SHORT_WAVE]
    assert np.allclose(found[exact], after[exact], atol=1e-9)
    # The other two are not linear in the ground: the index is a ratio, and no share of an
    # unmixing falls below 0.
    assert math.isclose(found[CHAR_INDEX], after[CHAR_INDEX], abs_tol=0.12)
    assert math.isclose(found[CHAR_FRACTION], after[CHAR_FRACTION], abs_tol=0.2)


def test_templates_are_ordered_by_residue_and_then_cover() -> None:
    # The evidence folds them into that shape.
    expected = [(cover, *residue) for residue in RESIDUES for cover in COVERS]
    assert [(one.cover, one.ash, one.brightness) for one in TEMPLATES] == expected


def test_a_settlement_that_burned_whole_looks_like_its_residues() -> None:
    whole = TEMPLATES.index(Template(COVERS[-1], 0.0, 1.0))
    found = burned_features(features(DRY), BANDS)[0, whole]
    assert np.allclose(found, features(CHAR)[0], atol=0.5)
    assert (found > features(DRY)[0] + 0.08).all()


def test_what_was_not_seen_has_no_features() -> None:
    nothing = np.full((1, len(BANDS)), np.nan)
    assert np.isnan(features(nothing[0])).all()
    assert np.isnan(burned_features(features(nothing[0]), BANDS)).all()


@pytest.mark.parametrize(
    ("bands", "there"),
    [
        (("B08",), {NEAR_INFRARED}),
        (("B02", "B03", "B04"), {VISIBLE}),
        (("B11", "B12"), {CHAR_INDEX, SHORT_WAVE}),
        (("B08", "B11"), {NEAR_INFRARED, SHORT_WAVE}),
        (("B08", "B11", "B12"), {NEAR_INFRARED, CHAR_INDEX, SHORT_WAVE}),
        (("B02", "B03", "B04", "B08"), {NEAR_INFRARED, VISIBLE, CHAR_FRACTION}),
        (("B03", "B04", "B08", "B11"), {NEAR_INFRARED, CHAR_FRACTION, SHORT_WAVE}),
        (USED, {NEAR_INFRARED, VISIBLE, CHAR_INDEX, CHAR_FRACTION, SHORT_WAVE}),
    ],
)
def test_fewer_bands_give_fewer_features(bands: tuple[str, ...], there: set[int]) -> None:
    ground = (spectrum(Surface.DRY, bands) + spectrum(Surface.GREEN, bands)) / 2
    found = features(ground, bands=bands)[0]
    assert set(np.flatnonzero(np.isfinite(found))) == there
    after = burned_features(found[None], bands)[0]
    assert set(np.flatnonzero(np.isfinite(after[0]))) == there


def test_the_narrow_near_infrared_is_taken_where_both_exist() -> None:
    both = np.array([0.30, 0.20])
    assert math.isclose(features(both, bands=("B8A", "B08"))[0, NEAR_INFRARED], -math.log(0.30))


# Changes that are no burn


@settings(max_examples=60, deadline=None)
@given(
    green=st.floats(0.0, 1.0), bright=st.floats(0.3, 1.3),
    change=st.sampled_from(range(len(OTHERS))),
)  # fmt: skip
def test_ground_that_turns_into_another_is_foretold_from_the_features_of_before(
    green: float, bright: float, change: int
) -> None:
    before = bright * (green * GREEN + (1 - green) * DRY)
    surface, cover = OTHERS[change]
    after = features((1 - cover) * before + cover * spectrum(surface, BANDS))[0]
    found = otherwise_features(features(before), BANDS)[0, change]
    exact = [NEAR_INFRARED, VISIBLE, SHORT_WAVE]
    assert np.allclose(found[exact], after[exact], atol=1e-9)
    assert math.isclose(found[CHAR_INDEX], after[CHAR_INDEX], abs_tol=0.12)


@given(green=st.floats(0.0, 1.0), bright=st.floats(0.3, 1.3))
def test_shade_darkens_every_band_by_its_factor(green: float, bright: float) -> None:
    ground = bright * (green * GREEN + (1 - green) * DRY)
    found = otherwise_features(features(ground), BANDS)[0, len(OTHERS) :]
    assert len(found) == len(SHADES)
    exact = [NEAR_INFRARED, VISIBLE, SHORT_WAVE]
    for factor, one in zip(SHADES, found, strict=True):
        assert np.allclose(one[exact], features(factor * ground)[0, exact], atol=1e-9)


def test_bare_soil_is_brighter_in_the_short_wave_infrared_than_char_whatever_it_is() -> None:
    # What the fifth feature is for: on dry ground soil and char move it against each other.
    char = features(CHAR)[0, SHORT_WAVE]
    for surface in (Surface.SOIL, Surface.DARK_SOIL, Surface.DRY):
        soil = features(spectrum(surface, BANDS))[0, SHORT_WAVE]
        assert char - soil > math.log(2)
    assert features(spectrum(Surface.SOIL, BANDS))[0, SHORT_WAVE] < features(DRY)[0, SHORT_WAVE]


# How far a feature may be out


@pytest.mark.parametrize("bands", [USED, BANDS, BANDS[:-1], ("B02", "B03", "B04", "B08")])
def test_haze_and_shade_are_doubted_and_of_the_rest_a_place_s_history_says_all(
    bands: tuple[str, ...],
) -> None:
    found = unsure(bands)
    assert found.shape == (len(NAMES),)
    assert (found[[VISIBLE, CHAR_FRACTION]] > 0.0).all()
    assert not found[[NEAR_INFRARED, CHAR_INDEX, SHORT_WAVE]].any()


def test_the_fewer_bands_tell_char_from_shade_the_less_a_share_of_it_is_sure() -> None:
    ten, five, six = ("B02", "B03", "B04", "B08"), BANDS[:-1], BANDS
    sets = (ten, five, six)
    said = np.array([unsure(bands)[CHAR_FRACTION] for bands in sets])
    # In proportion to the standard errors of the shares, to the digits the code has them in.
    errors = np.array([round(standard_error(bands), 2) for bands in sets])
    assert (np.diff(errors) < 0).all()
    assert np.allclose(said / said[-1], errors / errors[-1])


def standard_error(bands: tuple[str, ...]) -> float:
    """Return that of an unbounded share of char, beside shade, from noise of 0.01."""
    ends = np.stack([spectrum(one, bands) for one in (Surface.CHAR, Surface.GREEN, Surface.DRY)])
    solve = np.linalg.pinv(ends.T)
    return 0.01 * float(np.linalg.norm(solve[0]))
