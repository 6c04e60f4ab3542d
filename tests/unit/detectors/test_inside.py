"""Villages whose pixels are followed too: what these add to a detection, and what they leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.burned import Burned, BurnedParameters
from detectors.held import Held, held_back
from detectors.inside import InsideRules
from detectors.texture import TextureRules
from detectors.types import DetectorState
from tests.support.drawn_patches import Blaze, Patches
from tests.support.villages import PROBABLE, Fire, Land, Watch

FIRE, ALL, THROUGH = 452.0, 0, 1
DAYS = np.arange(0.0, 475.0, 5.0)
SHAPE = Patches()
BURNED = SHAPE.disc(5)
LAND = Land(
    settlements=3, placebos=9, seed=7, fires=[Fire(ALL, FIRE, 0.5), Fire(THROUGH, FIRE, 0.5)]
)
PIXELS = Patches(
    settlements=3, placebos=9,
    blazes=[Blaze(ALL, FIRE, BURNED), Blaze(THROUGH, FIRE, SHAPE.disc(9, 8))],
)  # fmt: skip
NONE = Burned(BurnedParameters(inside=InsideRules(texture=TextureRules(weight=(0.0, 0.0)))))


def looks(days=DAYS, chosen=None):
    chosen = list(range(LAND.places)) if chosen is None else chosen
    shown = []
    for day, look in zip(days, LAND.looks(days), strict=True):
        places = look.places
        part = replace(
            places,
            ids=tuple(places.ids[n] for n in chosen),
            lost=tuple(places.lost[n] for n in chosen),
            **{
                name: getattr(places, name)[chosen]
                for name in ("placebo", "values", "seen", "contamination")
            },
            patches=PIXELS.look(day, chosen),
        )
        shown.append(replace(look, places=part))
    return shown


@pytest.fixture(scope="module")
def watched():
    return Watch().take(looks())


def test_a_finding_tells_the_share_the_area_and_the_severity(watched):
    _, one = watched.of(ALL, DetectorState.ESTABLISHED)[0]
    _, _, core, _ = SHAPE.shape()
    said = one.evidence
    assert said["burned_share"] == pytest.approx((BURNED & core).sum() / core.sum(), abs=0.05)
    assert said["burned_share_low"] <= said["burned_share"] <= said["burned_share_high"]
    assert said["burned_area_m2"] == pytest.approx(100 * BURNED.sum(), rel=0.1)
    assert said["containment"] == "inside"
    assert said["severity"] == "moderate-low"
    assert 0.25 < said["dnbr"] < 0.45
    assert "the burned patch goes on beyond the settlement" not in one.doubts


def test_a_fire_that_passes_through_is_told_and_held_against(watched):
    found = [one for day, one in watched.of(THROUGH, *PROBABLE) if day > FIRE]
    assert found
    assert found[-1].evidence["containment"] == "passing through"
    assert "the burned patch goes on beyond the settlement" in found[-1].doubts


def test_a_first_suspicion_says_that_no_patch_shows_yet(watched):
    first = [one for day, one in watched.of(ALL, DetectorState.WATCH) if day > FIRE]
    for one in first:
        assert "burned_share" in one.evidence or (
            "no patch of its pixels shows the burn yet" in one.doubts
        )


def test_pixels_lend_a_burn_evidence_and_a_look_that_speaks_for_none_nothing(watched):
    before = Watch(detector=NONE).take(looks(DAYS[DAYS < FIRE]))
    look = looks([FIRE + 3])[0]
    alone, _ = NONE.score(before.state, look, before.scenes[-1])
    both, _ = watched.detector.score(before.state, look, before.scenes[-1])
    spectral = alone.arrays["evidence"]
    more = both.arrays["evidence"] - spectral
    assert 0.05 < more[ALL] < 0.3 * 4.0
    assert (more[spectral <= 0.0] == 0.0).all()
    assert (spectral <= 0.0).sum() >= 3
    assert not watched.of(2, *PROBABLE)


def test_without_weights_the_evidence_is_exactly_that_of_the_spectra():
    # A fire through the place lowers its odds all the same: it is left out here.
    with_pixels = Watch(detector=NONE).take(looks(DAYS[:60]))
    without = Watch().take(LAND.looks(DAYS[:60]))
    for name in ("evidence", "windowed", "coefficients", "scale", "level", "window_evidence"):
        one, two = with_pixels.state.arrays[name], without.state.arrays[name]
        assert one.tobytes() == two.tobytes(), name


def test_who_joins_later_has_the_state_of_one_that_was_there_from_the_start():
    days = DAYS[:40]
    placebos = list(range(LAND.settlements, LAND.places))
    whole = Watch().take(looks(days))
    part = Watch().take(looks(days, [0, 2, *placebos]))
    joins = Watch(state=part.detector.beside(part.state)).take(looks(days, [1, *placebos]))
    joined = part.detector.join(part.state, joins.state)
    order = [record["id"] for record in joined.objects]
    assert sorted(order) == sorted(LAND.ids)
    state = whole.detector.join(whole.state, whole.detector.beside(whole.state))
    pixels = dict(zip(order, np.split(joined.arrays["patch_state"], LAND.places), strict=True))
    expected = dict(zip(LAND.ids, np.split(state.arrays["patch_state"], LAND.places), strict=True))
    for one in LAND.ids:
        assert pixels[one].tobytes() == expected[one].tobytes(), one
    rows = [order.index(one) for one in LAND.ids]
    for name in ("texture_level", "texture_scale", "texture_looks", "patch_counts"):
        assert joined.arrays[name][rows].tobytes() == state.arrays[name].tobytes(), name


def test_the_order_of_places_changes_no_bit_of_their_pixels():
    days = DAYS[:30]
    turned = list(np.random.default_rng(3).permutation(LAND.places))
    one, two = Watch().take(looks(days)), Watch().take(looks(days, turned))
    mine = np.split(one.state.arrays["patch_state"], LAND.places)
    theirs = np.split(two.state.arrays["patch_state"], LAND.places)
    for row, place in enumerate(turned):
        assert theirs[row].tobytes() == mine[place].tobytes()
        assert (
            two.state.arrays["texture_level"][row].tobytes()
            == one.state.arrays["texture_level"][place].tobytes()
        )


def test_places_that_leave_take_their_pixels_with_them(watched):
    left = looks([DAYS[-1] + 5], [0, 5])
    after, _ = watched.detector.score(watched.state, left[0], watched.scenes[-1])
    assert len(after.arrays["patch_state"]) == 2 * BURNED.size
    assert after.arrays["patch_counts"].tolist() == [BURNED.size] * 2


def test_a_look_without_pixels_forgets_them_and_says_what_the_spectra_say(watched):
    bare = LAND.looks([DAYS[-1] + 5])[0]
    after, _ = watched.detector.score(watched.state, bare, watched.scenes[-1])
    assert after.arrays["patch_state"].shape == (0, 13)
    assert not after.arrays["patch_counts"].any()


def test_what_a_passing_fire_held_back_is_named():
    lowered = {Held.PASSING_THROUGH: np.array([[-2.0], [0.0]])}
    total, thresholds = np.full((2, 3), 3.0), np.full((2, 3), 4.0)
    got = held_back(total, lowered, thresholds)
    assert Held(int(got[0])) & Held.PASSING_THROUGH
    assert not Held(int(got[1])) & Held.PASSING_THROUGH
