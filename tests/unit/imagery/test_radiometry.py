import numpy as np
import pytest

from imagery.radiometry import to_reflectance


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
