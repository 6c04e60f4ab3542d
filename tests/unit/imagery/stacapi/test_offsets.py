"""Shifted or not: by the item where it can be trusted, else by pixels drawn here either way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.errors import IntegrityError
from imagery.stacapi.offsets import offset_by_pixels, stated_offset


@pytest.mark.parametrize(
    ("baseline", "stated", "untrusted", "as_made", "expected"),
    [
        ("05.09", -0.1, False, False, -0.1),
        ("04.00", -0.1, False, False, -0.1),
        ("03.01", 0.0, False, False, 0.0),
        ("02.14", None, False, False, 0.0),
        (None, -0.1, False, False, -0.1),
        (None, 0.0, False, False, 0.0),
        # It contradicts itself, or says nothing.
        ("05.09", 0.0, False, False, None),
        ("03.01", -0.1, False, False, None),
        ("05.09", None, False, False, None),
        (None, None, False, False, None),
        # Known to be wrong at times; of numbers that were never shifted there is nothing to doubt.
        ("05.09", -0.1, True, False, None),
        ("05.09", None, True, False, None),
        (None, -0.1, True, False, None),
        ("03.01", -0.1, True, False, None),
        ("03.01", None, True, False, 0.0),
        # Known to be as the producer made them.
        ("04.00", None, False, True, -0.1),
        ("03.01", None, False, True, 0.0),
        (None, None, False, True, None),
        ("05.09", 0.0, False, True, None),
    ],
)
def test_an_item_vouches_for_an_offset_only_where_it_agrees_with_itself(
    baseline, stated, untrusted, as_made, expected
):
    assert stated_offset(baseline, stated, untrusted, as_made) == expected


def scene(ground: float, dark: float, share: float, shift: int = 0, seed: int = 1):
    """Red reflectance of a scene: a share of vegetation on other ground, 5 % unobserved."""
    rng = np.random.default_rng(seed)
    green = rng.random((120, 130)) < share
    reflectance = np.where(green, dark, ground) * rng.normal(1.0, 0.15, green.shape)
    dn = np.rint(reflectance * 10_000).clip(1) + shift
    dn[:6] = 0
    return dn.astype(np.uint16), np.where(green, 4, 5).astype(np.uint8)


@pytest.mark.parametrize("shift", [0, 1000])
@given(
    ground=st.floats(0.03, 0.35),
    dark=st.floats(0.012, 0.045),
    share=st.floats(0.1, 1.0),
    seed=st.integers(0, 99),
)
def test_vegetation_tells_which_side_the_numbers_are_on(shift, ground, dark, share, seed):
    dn, classes = scene(ground, dark, share, shift, seed)
    assert offset_by_pixels(dn, classes) == (-0.1 if shift else 0.0)


def test_water_without_a_single_plant_tells_too():
    dn, classes = scene(0.3, 0.02, 0.3, 1000)
    assert offset_by_pixels(dn, np.where(classes == 4, 6, classes)) == -0.1


def test_dark_ground_tells_that_numbers_are_not_shifted_whatever_it_is():
    dn, _ = scene(0.04, 0.03, 0.5)
    assert offset_by_pixels(dn, None) == 0.0


def test_between_the_two_sides_nothing_is_told():
    green = np.full((40, 40), 4, np.uint8)
    for level, offset in ((690, 0.0), (960, -0.1), (1390, -0.1)):
        assert offset_by_pixels(np.full((40, 40), level, np.uint16), green) == offset
    for level in (710, 940, 1410):
        with pytest.raises(IntegrityError, match=f"begin at {level}"):
            offset_by_pixels(np.full((40, 40), level, np.uint16), green)


@pytest.mark.parametrize("shift", [0, 1000])
def test_a_desert_under_a_clear_sky_tells_nothing(shift):
    """Unshifted sand looks like shifted shade: taken for it, every number would be wrong by 0.1."""
    dn, _ = scene(0.16, 0.16, 0.0, shift)
    assert np.percentile(dn[dn > 0], 1) > 950
    for classes in (None, np.full(dn.shape, 5, np.uint8), np.full(dn.shape, 9, np.uint8)):
        with pytest.raises(IntegrityError, match="too little vegetation and water"):
            offset_by_pixels(dn, classes)


def test_bright_ground_taken_for_vegetation_is_refused_and_not_shifted():
    dn, _ = scene(0.3, 0.3, 1.0)
    with pytest.raises(IntegrityError, match="neither dark nor lifted"):
        offset_by_pixels(dn, np.full(dn.shape, 4, np.uint8))


def test_nothing_seen_tells_nothing():
    with pytest.raises(IntegrityError, match="no pixels"):
        offset_by_pixels(np.zeros((50, 50), np.uint16), np.full((50, 50), 4))
