import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imagery.errors import IntegrityError
from imagery.radiometry import to_power, to_reflectance


def test_zero_means_unseen_before_the_offset_moves_it():
    got = to_reflectance(np.array([0, 1, 1000, 1001, 11_000], np.uint16), 1e-4, -0.1, 0)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [np.nan, -0.0999, 0.0, 0.0001, 1.0], atol=1e-7)


def test_dark_ground_below_zero_is_kept():
    assert to_reflectance(np.array([600], np.uint16), 1e-4, -0.1, 0)[0] == pytest.approx(-0.04)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
def test_the_numbers_delivered_stay_as_they_are(dtype):
    dn = np.array([[0, 7], [100, 3]], dtype)
    before = dn.copy()
    to_reflectance(dn, 1e-4, -0.1, 0)
    np.testing.assert_array_equal(dn, before)


def test_both_ways_of_stating_the_same_ground_agree():
    ground = np.arange(1, 5000, dtype=np.uint16)
    old, new = to_reflectance(ground, 1e-4, 0.0, 0), to_reflectance(ground + 1000, 1e-4, -0.1, 0)
    np.testing.assert_allclose(old, new, atol=1e-6)


def test_without_a_number_for_unseen_every_number_is_an_observation():
    assert np.isfinite(to_reflectance(np.zeros(3, np.uint16), 1e-4, 0.0, None)).all()


def test_what_arrives_as_no_number_stays_none():
    assert np.isnan(to_reflectance(np.array([np.nan], np.float32), 1.0, 0.0, None)).all()


def test_power_is_as_delivered_where_there_is_any_and_nothing_elsewhere():
    dn = np.array([0.05, 0.0, -0.01, np.nan, np.inf, -np.inf, 1e-9, 80.0], np.float32)
    before = dn.copy()
    got = to_power(dn, 1.0, 0.0, None)
    nothing = np.array([False, True, True, True, True, True, False, False])
    np.testing.assert_array_equal(np.isnan(got), nothing)
    np.testing.assert_array_equal(got[~nothing], dn[~nothing])
    np.testing.assert_array_equal(dn, before)


def test_a_number_for_unseen_power_is_no_power():
    got = to_power(np.array([-32768, 7, 20], np.int16), 0.01, 0.0, 7)
    np.testing.assert_allclose(got, [np.nan, np.nan, 0.2])


@given(hnp.arrays(np.float32, 50, elements=st.floats(width=32)))
def test_whatever_comes_the_logarithm_of_power_exists(dn):
    got = to_power(dn, 1.0, 0.0, None)
    assert got.dtype == np.float32 and np.isfinite(np.log(got[~np.isnan(got)])).all()


def test_decibels_are_no_power():
    decibels = np.linspace(-25, -3, 400, dtype=np.float32)
    with pytest.raises(IntegrityError, match="decibels"):
        to_power(decibels, 1.0, 0.0, None)
    # A little noise below zero is what is left of noise taken off.
    assert (
        np.isnan(to_power(np.where(np.arange(400) % 3, 0.1, -0.001), 1.0, 0.0, None)).sum() == 134
    )
