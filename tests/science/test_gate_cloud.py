"""Cloud and cirrus of real scenes never become burns, not even under a mask that sees none."""

from __future__ import annotations

import pytest

from tests.science.figures import Figure, record
from tests.science.slovenian_scenes import CLEAR, Mask, watch

pytestmark = pytest.mark.shared_data

DATA = "s2-eolearn-slovenia"
YEAR = 2015
ALERTS = ("PROBABLE", "ESTABLISHED")
LEARNED = "history of two summers synthesised from the clear scenes' real differences"


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / DATA


def told(watched):
    """Places of which anything at all was reported to have begun in the year of the real scenes."""
    return {one.place for _, one in watched.told if one.first_changed.year == YEAR}


def test_under_the_products_own_mask_overcast_scenes_are_not_looked_at(folder):
    watched = watch(folder, Mask.TRUE, guarded=True)
    record(
        Figure(
            "cloud: own mask", len(told(watched)), "0", DATA,
            f"places of {watched.places} reported in any state; {LEARNED}",
        )
    )  # fmt: skip
    assert watched.cloudy_scored == 0
    assert not told(watched)


@pytest.mark.parametrize("mask", [Mask.LYING, Mask.LYING_OVER_CORES])
def test_cloud_that_no_mask_shows_and_no_guard_stops_is_no_burn(folder, mask):
    watched = watch(folder, mask, guarded=False)
    record(
        Figure(
            f"cloud: {mask}", len(told(watched)), "0", DATA,
            f"places of {watched.places} reported in any state, two overcast scenes each scored "
            f"as clear and without the scene guard; {LEARNED}",
        )
    )  # fmt: skip
    assert watched.cloudy_scored == 2 * watched.places
    assert not told(watched)


def test_char_in_the_same_places_between_the_same_clouds_is_reported(folder):
    # What was quiet above could have been reported: the same looks, the same learning.
    watched = watch(folder, Mask.TRUE, guarded=True, burned=0.6)
    alerts = [one for _, one in watched.told if one.state.value in ALERTS]
    found = {one.place for one in alerts}
    dated = {one.place for one in alerts if f"{one.first_changed:%Y-%m-%d}" == CLEAR[1]}
    record(
        Figure(
            "cloud: control", len(found) / watched.places, "0.9", DATA,
            f"share of {watched.places} places found by the second look when 0.6 of char is mixed "
            f"into the cores of the last two real scenes; {LEARNED}",
        )
    )  # fmt: skip
    assert len(found) >= 0.9 * watched.places
    record(
        Figure(
            "cloud: control, dated", round(len(dated) / len(found), 3), "0.9", DATA,
            f"share of those found whose first changed look is the first with char; {LEARNED}",
        )
    )  # fmt: skip
    # The last look before is seven weeks old, and the one before that is of the summer before: a
    # faint suspicion of then may still be in the window.
    assert len(dated) >= 0.9 * len(found)
