"""What fallow, drought and neglect do to reflectance: mixtures a reader can recompute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.endmembers import Surface, spectrum
from hearthwatch.exercise.fallow import (
    chosen_fields,
    green_share,
    grown_over,
    in_drought,
    left_fallow,
)

BANDS = ("B04", "B08")
shares = st.floats(0.0, 1.0)


def surface(which):
    return {name: np.array([spectrum(which, [name])[0]]) for name in BANDS}


GREEN, DRY = surface(Surface.GREEN), surface(Surface.DRY)


def test_full_cover_is_all_green_and_dry_matter_is_not():
    assert green_share(GREEN) == pytest.approx(1.0)
    assert green_share(DRY) == pytest.approx(0.0)


@given(severity=shares)
def test_a_drought_takes_its_share_of_the_green_and_leaves_dry_matter(severity):
    found = in_drought(GREEN, severity)
    for name in BANDS:
        expected = (1.0 - severity) * GREEN[name] + severity * DRY[name]
        assert found[name] == pytest.approx(expected)
    assert in_drought(DRY, severity)["B08"] == pytest.approx(DRY["B08"])


@given(thickness=shares)
def test_fallow_ground_shows_nothing_of_the_field_it_was(thickness):
    found = left_fallow(GREEN, thickness)
    for name in BANDS:
        assert found[name] == pytest.approx(thickness * GREEN[name] + (1 - thickness) * DRY[name])


@given(share=shares)
def test_yards_turn_into_the_ground_round_them_by_their_share(share):
    found = grown_over(DRY, GREEN, share)
    assert found["B04"] == pytest.approx((1.0 - share) * DRY["B04"] + share * GREEN["B04"])


@given(parcels=st.integers(0, 60), share=shares, seed=st.integers(0, 99))
def test_as_many_fields_are_left_as_were_asked_for(parcels, share, seed):
    chosen = chosen_fields(parcels, share, np.random.default_rng(seed))
    assert chosen.sum() == round(parcels * share)
    assert np.array_equal(chosen, chosen_fields(parcels, share, np.random.default_rng(seed)))


@pytest.mark.parametrize("bad", [-0.1, 1.1])
def test_shares_outside_of_nought_and_one_are_refused(bad):
    for act in (
        lambda: left_fallow(GREEN, bad),
        lambda: in_drought(GREEN, bad),
        lambda: grown_over(DRY, GREEN, bad),
        lambda: chosen_fields(3, bad, np.random.default_rng(0)),
    ):
        with pytest.raises(ValueError, match=r"within 0\.\.1"):
            act()
