"""What is said of a burned patch is compared with what was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import kernel
from detectors.burn_pixels import day_of as kernel_day
from detectors.burned_patch import PatchRules, burned_patch, edge_shares, passing_odds
from detectors.kernel import EVIDENCE_UNIT
from tests.support.drawn_patches import RULES, Blaze, Patches, follow, hidden, seconds
from tests.support.villages import GRID

FIRE = 402.0
DAYS = list(np.arange(0.0, 445.0, 5.0))
THIRD = 415.0
PLACE = Patches()
_, _, CORE, EDGE = PLACE.shape()
N = CORE.size
PATCH = PatchRules()


def patch_of(burned, day=THIRD, strength=0.7, look=None):
    land = Patches(settlements=1, placebos=2, blazes=[Blaze(0, FIRE, burned, strength)])
    days = [one for one in DAYS if one <= day]
    state, said = follow(land, days, suspected=[0], since=FIRE + 3)
    shown = land.look(days[-1]) if look is None else look(land)
    return burned_patch(
        state, shown, said[-1], 0, seconds(405.0), seconds(days[-1]), GRID, PATCH,
        RULES.kernel.training,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("radius", "strength", "day", "least"),
    [(5, 0.7, 410.0, 0.97), (3, 0.7, THIRD, 0.97), (5, 0.35, 440.0, 0.9)],
)
def test_the_burned_pixels_are_those_that_were_drawn(radius, strength, day, least):
    burned = PLACE.disc(radius, 1, -2)
    found = patch_of(burned, day, strength)
    dice = 2.0 * (found.mask & burned).sum() / (found.mask.sum() + burned.sum())
    assert dice >= least


def test_the_share_is_that_of_the_core_and_its_interval_holds_it():
    burned = PLACE.disc(4)
    truth = (burned & CORE).sum() / CORE.sum()
    found = patch_of(burned)
    assert found.share == pytest.approx(truth, abs=0.02)
    assert found.low <= truth <= found.high
    assert found.edge == 0.0


def test_what_was_not_seen_widens_the_interval():
    burned = PLACE.disc(4, -2)

    def clouded(land):
        where = np.zeros(N * land.places, bool)
        where[:N] = PLACE.disc(4, 5)
        return hidden(land.look(THIRD), where)

    whole, part = patch_of(burned), patch_of(burned, look=clouded)
    assert part.high > whole.high + 0.1
    assert part.low == whole.low


def test_the_area_is_that_of_the_pixels_on_the_ellipsoid():
    burned = PLACE.disc(5)
    found = patch_of(burned)
    # 100 m2 a pixel in the plane; a zone's scale is off by 0.1 % at most.
    assert found.area_m2 == pytest.approx(100.0 * found.mask.sum(), rel=2e-3)


def test_a_fire_that_goes_on_beyond_is_passing_through_and_one_inside_is_not():
    inside, through = patch_of(PLACE.disc(6)), patch_of(PLACE.disc(9, 8))
    assert inside.edge == 0.0
    assert through.edge > PATCH.passing


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 1.0))
def test_passing_through_only_ever_lowers_the_odds(edge):
    odds = passing_odds(np.array([edge]), PATCH)[0]
    assert -PATCH.through <= odds <= 0.0
    assert (odds == 0.0) == (edge < PATCH.passing)


def test_the_edge_that_burned_is_counted_for_every_place():
    land = Patches(settlements=2, placebos=0)
    state = np.zeros((2 * N, kernel.FIELDS), np.int16)
    east = PLACE.shape()[0] > 0
    state[N:][east & EDGE, kernel.EVIDENCE] = round(PATCH.growth / EVIDENCE_UNIT) + 1
    now = np.zeros(2, np.int64)
    state[N:, kernel.CHANGED] = kernel_day(0)
    shares = edge_shares(state, land.look(0.0), now, PATCH)
    assert shares.tolist() == [0.0, pytest.approx((east & EDGE).sum() / EDGE.sum())]
    # What burned in the margin long before is no part of what burns now.
    later = now + round((PATCH.before_days + 2.0) * 86_400)
    assert edge_shares(state, land.look(0.0), later, PATCH).tolist() == [0.0, 0.0]


def test_fewer_pixels_than_a_patch_has_at_least_are_none():
    burned = PLACE.disc(1)  # five pixels
    assert burned.sum() == 5
    assert patch_of(burned, strength=1.0) is not None
    corner = np.flatnonzero(burned)[:3]
    three = np.zeros(N, bool)
    three[corner] = True
    assert patch_of(three, strength=1.0) is None


def test_what_changed_long_before_is_no_part_of_it():
    old = Patches(settlements=1, placebos=2, blazes=[Blaze(0, 302.0, PLACE.disc(4))])
    days = [day for day in DAYS if day < FIRE]
    state, said = follow(old, days, suspected=[0], since=303.0)
    args = (state, old.look(days[-1]), said[-1], 0)
    rest = (seconds(days[-1]), GRID, PATCH, RULES.kernel.training)
    assert burned_patch(*args, seconds(395.0), *rest) is None
    assert burned_patch(*args, seconds(305.0), *rest) is not None


def test_one_look_makes_no_seed():
    # Two looks must agree before a pixel is said to have burned.
    assert patch_of(PLACE.disc(5), day=405.0) is None
    assert patch_of(PLACE.disc(5), day=410.0) is not None


def test_severity_is_that_of_the_drawn_change():
    found = patch_of(PLACE.disc(5))
    # ln(B12 / B8A) of -0.3 and 0.15 cos(season) before, 0.7 of a burn of dry ground after.
    turn = 0.15 * np.cos(2 * np.pi * THIRD / 365.25)
    before, after = (-np.tanh((-0.3 + turn + more) / 2) for more in (0.0, 0.7 * 1.0369))
    assert found.severity.dnbr == pytest.approx(before - after, abs=0.03)
    assert found.severity.rbr == pytest.approx((before - after) / (before + 1.001), abs=0.03)
    assert found.severity.name == "moderate-low"
