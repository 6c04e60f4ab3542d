"""What changes that are no burn do to reflectance, against sums done by hand."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.endmembers import Surface, spectrum
from hearthwatch.exercise.optics import (
    METAL,
    WAVELENGTH_UM,
    bare_share,
    haze_reflectance,
    hazy,
    moved,
    shadow_factor,
    wet_factor,
)
from hearthwatch.exercise.otherwise import DAYS, EXTENT, Change, Otherwise, altered
from tests.unit.hearthwatch.exercise.drawn import DAY

BANDS = tuple(WAVELENGTH_UM)
MIXED = {
    Otherwise.HARVEST: dict(zip(BANDS, spectrum(Surface.DRY, BANDS), strict=True)),
    Otherwise.PLOUGHING: dict(zip(BANDS, 0.8 * spectrum(Surface.DRY, BANDS), strict=True)),
    Otherwise.ROOFS: METAL,
}
OF_ONE_PIXEL = [kind for kind in Otherwise if kind is not Otherwise.SHIFT]
share = st.floats(0.0, 1.0)
kinds = st.sampled_from(list(Otherwise))


def change(kind, **more):
    return Change(kind, DAY, **{"days": 10.0, **more})


def ground(seed=0):
    rng = np.random.default_rng(seed)
    return {band: rng.uniform(0.02, 0.5, (6, 7)) for band in BANDS}


def cover(seed=1):
    """Return shares of which a third is nought."""
    drawn = np.random.default_rng(seed).uniform(0.1, 1.0, (6, 7))
    drawn[:2] = 0.0
    return drawn


@pytest.mark.parametrize("kind", MIXED)
def test_what_takes_a_share_of_a_pixel_takes_that_share_of_its_light(kind):
    before, touched = ground(), cover()
    after = altered(before, touched, change(kind, strength=0.5), DAY)
    for band in BANDS:
        expected = (1 - 0.5 * touched) * before[band] + 0.5 * touched * MIXED[kind][band]
        assert after[band] == pytest.approx(expected, abs=1e-12)
        # Light is neither made nor lost: over all pixels too, the sum is that of the parts.
        gained = (0.5 * touched * (MIXED[kind][band] - before[band])).sum()
        assert (after[band] - before[band]).sum() == pytest.approx(gained, abs=1e-12)


@pytest.mark.parametrize("kind", OF_ONE_PIXEL)
def test_pixels_without_a_share_stay_as_they_are_to_the_bit(kind):
    before, touched = ground(), cover()
    after = altered(before, touched, change(kind), DAY)
    for band in BANDS:
        assert np.array_equal(after[band][touched == 0], before[band][touched == 0])
        assert (after[band][touched > 0] != before[band][touched > 0]).all()


@pytest.mark.parametrize("kind", Otherwise)
def test_without_strength_or_before_and_after_its_days_nothing_changes(kind):
    before, ten = ground(), timedelta(days=10)
    instant = timedelta(microseconds=1)
    for one, at in (
        (change(kind, strength=0.0), DAY),
        (change(kind), DAY - instant),
        (change(kind), DAY + ten),
    ):
        after = altered(before, np.ones((6, 7)), one, at)
        assert all(np.array_equal(after[band], before[band]) for band in BANDS)
    last = altered(before, np.ones((6, 7)), change(kind), DAY + ten - instant)
    assert not np.array_equal(last["B08"], before["B08"])


@given(kind=kinds, seed=st.integers(0, 99), strength=share)
def test_ground_stays_between_dark_and_bright_but_for_an_offset_and_haze(kind, seed, strength):
    before = ground(seed)
    after = altered(before, cover(seed), change(kind, strength=strength), DAY)
    reach = strength * (0.1 if "offset" in kind else 0.06 if kind is Otherwise.HAZE else 0.0)
    for band in BANDS:
        assert np.isfinite(after[band]).all()
        assert after[band].min() >= -reach
        assert after[band].max() <= 0.5 + reach + 1e-12
    again = altered(ground(seed), cover(seed), change(kind, strength=strength), DAY)
    assert all(np.array_equal(after[band], again[band]) for band in BANDS)


@pytest.mark.parametrize("kind", Otherwise)
def test_what_was_not_seen_stays_unseen_and_nothing_else_is_lost(kind):
    before = ground()
    hole = np.zeros((6, 7), bool)
    hole[3, 2:5] = True
    before = {band: np.where(hole, np.nan, values) for band, values in before.items()}
    after = altered(before, np.ones((6, 7)), change(kind), DAY)
    assert all(np.array_equal(np.isnan(after[band]), hole) for band in BANDS)


def test_the_given_arrays_stay_as_they_were():
    before, kept = ground(), ground()
    for kind in Otherwise:
        altered(before, np.ones((6, 7)), change(kind), DAY)
    assert all(np.array_equal(before[band], kept[band]) for band in BANDS)


def test_an_offset_taken_off_twice_is_undone_by_one_that_was_not():
    before = ground()
    down = altered(before, np.ones((6, 7)), change(Otherwise.OFFSET_DOWN), DAY)
    assert all(down[band] == pytest.approx(before[band] - 0.1) for band in BANDS)
    back = altered(down, np.ones((6, 7)), change(Otherwise.OFFSET_UP), DAY)
    assert all(back[band] == pytest.approx(before[band], abs=1e-15) for band in BANDS)


def test_an_offset_and_a_shift_reach_bands_that_have_no_spectrum_and_the_rest_do_not():
    before = {"B01": np.linspace(0.1, 0.2, 12).reshape(3, 4)}
    for kind in Otherwise:
        after = altered(before, np.ones((3, 4)), change(kind), DAY)["B01"]
        moves = kind in (Otherwise.OFFSET_UP, Otherwise.OFFSET_DOWN, Otherwise.SHIFT)
        assert np.array_equal(after, before["B01"]) != moves


def test_wet_soil_is_darker_in_all_bands_and_most_in_the_short_wave_infrared():
    # Half of 0.155/0.279 and 0.114/0.221; 6.7 and 16.5 per cm through 0.2 mm of water.
    assert wet_factor("B04") == pytest.approx((0.155 / 0.279 + 0.114 / 0.221) / 2, abs=0.005)
    assert wet_factor("B11") == pytest.approx(0.54 * np.exp(-0.134))
    assert wet_factor("B12") == pytest.approx(0.54 * np.exp(-0.330))
    after = altered({"B12": np.full(1, 0.3)}, np.full(1, 0.5), change(Otherwise.RAIN), DAY)
    assert after["B12"].item() == pytest.approx(0.3 * (0.5 + 0.5 * wet_factor("B12")))


def test_water_absorbs_as_the_published_constants_say():
    # k of Appl. Opt. 12, 555 (1973): 8.55e-5 at 1.6 um and 2.89e-4 at 2.2 um.
    for band, k, wave_cm in (("B11", 8.55e-5, 1.6e-4), ("B12", 2.89e-4, 2.2e-4)):
        absorbed = -np.log(wet_factor(band) / wet_factor("B02")) / 0.02
        assert absorbed == pytest.approx(4 * np.pi * k / wave_cm, rel=0.01)


def test_a_shadow_leaves_most_light_in_blue_and_always_less_with_wavelength():
    left = [shadow_factor(band) for band in BANDS]
    assert left == sorted(left, reverse=True)
    assert 0.0 < left[-1] < left[0] < 0.5


def test_haze_falls_with_wavelength_by_the_exponent_of_angstrom():
    slope = np.log(haze_reflectance("B12") / haze_reflectance("B02"))
    assert slope / np.log(2.202 / 0.492) == pytest.approx(-1.3)


@given(haze=st.floats(0.0, 0.5), dark=st.floats(0.0, 0.2))
def test_haze_brightens_the_dark_leaves_the_whitest_and_narrows_what_lies_between(haze, dark):
    seen = hazy(np.array([0.0, dark, 1.0]), np.array(haze))
    assert seen[0] == pytest.approx(haze)
    assert seen[2] == pytest.approx(1.0)
    assert seen[1] >= dark - 1e-12
    assert seen[1] - seen[0] <= dark + 1e-12


def test_a_shift_puts_each_pixel_one_to_the_east_and_half_a_pixel_between():
    values = np.arange(12.0).reshape(3, 4)
    whole = altered({"B04": values}, np.ones((3, 4)), change(Otherwise.SHIFT), DAY)["B04"]
    assert whole[:, 1:].tolist() == values[:, :-1].tolist()
    assert whole[:, 0].tolist() == values[:, 0].tolist()
    coarse = altered({"B11": values}, np.ones((3, 4)), change(Otherwise.SHIFT), DAY, 20.0)["B11"]
    assert coarse[:, 1:] == pytest.approx((values[:, 1:] + values[:, :-1]) / 2)
    assert np.array_equal(moved(values, 0.0), values)


def test_dry_ground_is_all_bare_green_none_and_half_of_their_ndvi_half():
    dry, green = (spectrum(one, ("B04", "B08")) for one in (Surface.DRY, Surface.GREEN))
    assert bare_share(*dry[:, None]).item() == pytest.approx(1.0)
    assert bare_share(*green[:, None]).item() == pytest.approx(0.0)
    middle = sum((n - r) / (n + r) for r, n in (dry, green)) / 2
    red = np.array([0.1])
    assert bare_share(red, red * (1 + middle) / (1 - middle)).item() == pytest.approx(0.5)
    odd = bare_share(np.array([-0.01, 0.0, np.nan]), np.array([0.3, 0.0, 0.3]))
    assert odd[:2].tolist() == [0.0, 1.0]
    assert np.isnan(odd[2])


def test_every_kind_has_an_extent_and_a_length():
    assert EXTENT.keys() == DAYS.keys() == set(Otherwise)


@pytest.mark.parametrize("wrong", [{"share": 1.1}, {"strength": -0.1}, {"days": 0.0}])
def test_a_change_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        change(Otherwise.RAIN, **wrong)
    with pytest.raises(ValueError, match="time zone"):
        Change(Otherwise.RAIN, datetime(2018, 6, 1), 1.0)  # noqa: DTZ001
