"""Camps of known areas are followed; what became of each must be said, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.baseline import DAY_S, YEAR_S
from detectors.camp_sites import CampSites
from detectors.site_area import SEPARATION, SITE
from detectors.site_trend import FIRST
from detectors.site_words import ChangeRules
from detectors.types import (
    DetectorState,
    GuardVerdict,
    PlaceDetector,
    SceneJudgement,
    Showed,
    SiteChange,
)
from tests.support.drawn_sites import PIXELS, Drawn, Followed, at, day_of, moves, steady

DAYS = np.arange(0.0, 900.0, 5.0)
CHANGE = 600.0
STEADY, GROWN, SLOW, SHRUNK, LEFT, EMPTY, BEGUN, AGAIN = range(8)


def left_and_back(day: float) -> float:
    return 0.3 if day < 500.0 or day >= 750.0 else 0.0


CAMPS = Drawn((
    steady(0.3), moves(0.3, 0.45, CHANGE), moves(0.2, 0.4, CHANGE, 120.0), moves(0.4, 0.25, CHANGE),
    moves(0.3, 0.0, CHANGE), steady(0.0), moves(0.0, 0.2, CHANGE), left_and_back,
), placebos=24, seed=3)  # fmt: skip
HECTARES = PIXELS * 0.01


@pytest.fixture(scope="module")
def followed() -> Followed:
    return Followed().take(CAMPS.looks(DAYS))


def test_it_is_a_detector_of_settlements():
    assert isinstance(CampSites(), PlaceDetector)


@pytest.mark.parametrize(
    ("camp", "words"),
    [
        (STEADY, []), (EMPTY, []), (GROWN, ["expanded"]), (SHRUNK, ["contracted"]),
        (LEFT, ["closed"]), (BEGUN, ["new"]), (AGAIN, ["closed", "reoccupied"]),
    ],
)  # fmt: skip
def test_each_camp_is_given_its_words_and_no_others(followed, camp, words):
    assert followed.words(camp) == words


def test_growth_that_goes_on_is_expansion_and_nothing_else(followed):
    assert set(followed.words(SLOW)) == {"expanded"}


def test_a_sudden_change_lies_between_the_two_looks_round_it(followed):
    told = [one for _, one in followed.of(GROWN) if one.state is DetectorState.ESTABLISHED]
    assert len(told) == 1
    assert day_of(told[0].last_unharmed) < CHANGE <= day_of(told[0].first_changed)
    assert day_of(told[0].first_changed) - day_of(told[0].last_unharmed) <= 15.0


def test_no_word_before_four_looks_show_it(followed):
    for camp in range(len(CAMPS.curves)):
        for _, one in followed.of(camp):
            assert (one.change is not None) <= (one.looks >= 4)
    first = next(day for day, one in followed.of(GROWN) if one.change is SiteChange.EXPANDED)
    assert first <= CHANGE + 5 * 5.0


def test_the_numbers_are_those_of_the_camp(followed):
    one = [one for _, one in followed.of(GROWN)][-1]
    numbers = one.evidence
    assert numbers["ha_low"] < 0.45 * HECTARES < numbers["ha_high"]
    assert numbers["ha_before"] == pytest.approx(0.3 * HECTARES, abs=0.5)
    assert numbers["ha_measured"] == HECTARES
    growing = next(one for _, one in followed.of(SLOW) if one.state is DetectorState.ESTABLISHED)
    # From 4 to 8 ha in 120 days.
    rate = 4.0 / (120.0 / 7.0)
    assert growing.evidence["ha_per_week_low"] < rate < growing.evidence["ha_per_week_high"]


def test_the_curve_ends_on_the_look_that_was_told_of(followed):
    day, one = followed.of(GROWN)[-1]
    curve = one.evidence["curve"]
    assert len(curve) <= 60
    assert [point[0] for point in curve] == sorted(point[0] for point in curve)
    assert curve[-1][0] == at(day).date().isoformat()
    assert curve[-1][1] == pytest.approx(one.evidence["ha"], abs=1e-3)
    assert all(low <= value <= high for _, value, low, high in curve)


def test_the_ledger_tells_changed_from_unchanged(followed):
    def showed(camp, since, until):
        return [
            row.showed for day, row in followed.ledger
            if row.place == f"camp{camp}" and since <= day < until
        ]  # fmt: skip

    assert set(showed(STEADY, 0, 25)) == {Showed.LEARNING}
    assert set(showed(STEADY, 50, 900)) == {Showed.UNCHANGED}
    assert Showed.CHANGED in showed(GROWN, CHANGE, CHANGE + 40)
    said = [row.said for day, row in followed.ledger if row.place == "camp0"][-1]
    observed, expected, deviation = said["features"]["site_area"]
    assert abs(observed - expected) < 4.0 * deviation
    assert set(said["thresholds"]) == {"WATCH", "PROBABLE", "ESTABLISHED"}


def test_a_look_that_shows_a_camp_gone_is_never_told_as_unchanged(followed):
    # The first such look moves the level too little for a suspicion: it is no sign of safety.
    for camp, when in ((SHRUNK, CHANGE), (LEFT, CHANGE), (AGAIN, 500.0)):
        (row,) = [one for day, one in followed.ledger if (one.place, day) == (f"camp{camp}", when)]
        assert row.said["scores"]["site_area"] < -5.0
        assert row.showed in {Showed.BLIND, Showed.CHANGED}


def test_looks_too_noisy_to_show_half_of_a_camp_gone_do_not_tell_it_as_unchanged():
    noisy = replace(CAMPS, curves=(steady(0.3),), placebos=0, own=0.25)
    rows = Followed().take(noisy.looks(DAYS[:60])).ledger
    # It takes some looks to find out how noisy they are.
    shown = {row.showed for day, row in rows if day >= 150.0}
    assert Showed.BLIND in shown
    assert Showed.UNCHANGED not in shown


def test_placebos_are_counted_and_never_told_of(followed):
    assert followed.state.scalars["placebos"] == 24
    assert followed.state.scalars["placebo_established"] == 0
    assert not [one for _, one in followed.told if one.place.startswith("placebo")]
    assert all(one.verdict is not GuardVerdict.SUSPECT for one in followed.scenes[10:])


def test_the_state_is_of_fixed_size():
    short, long = (Followed().take(CAMPS.looks(DAYS[:count])).state for count in (12, 60))
    assert {k: v.nbytes for k, v in short.arrays.items()} == {
        k: v.nbytes for k, v in long.arrays.items()
    }


def test_a_bad_scene_moves_nothing():
    whole = Followed().take(CAMPS.looks(DAYS[:40]))
    looks = list(CAMPS.looks(DAYS[:41]))
    bad = SceneJudgement("look", GuardVerdict.SUSPECT, 24, 20, "drawn")
    after, found = whole.detector.score(whole.state, looks[-1], bad)
    assert not found
    for name in ("trend", "covariance", "noise", "recent_share", "curve"):
        np.testing.assert_array_equal(after.arrays[name], whole.state.arrays[name])
    assert {one.showed for one in whole.detector.looks(after, looks[-1])} == {Showed.SUSPECT}


def test_a_scene_that_is_bad_everywhere_is_evidence_at_the_placebos():
    whole = Followed().take(CAMPS.looks(DAYS[:40]))
    look = list(CAMPS.looks(DAYS[:41]))[-1]
    values = look.places.values.copy()
    values[:, 0, 0] += 0.3
    hazy = replace(look, places=replace(look.places, values=values))
    assert min(whole.detector.placebo_evidence(whole.state, hazy)) > 3.0
    assert np.median(whole.detector.placebo_evidence(whole.state, look)) < 1.0


def test_what_was_not_seen_enough_is_lost():
    seen = Drawn((steady(0.3), steady(0.3)), seed=1)
    taken = Followed().take(seen.looks(DAYS[:20], lambda day, camp: 0.6 if camp else 1.0))
    rows = [row for _, row in taken.ledger if row.place == "camp1"]
    assert {row.showed for row in rows} == {Showed.UNUSABLE}
    assert taken.state.arrays["trend_looks"].tolist() == [20, 0]


def test_a_run_from_a_saved_state_comes_to_the_same_bits():
    looks = list(CAMPS.looks(DAYS[:140]))
    one = Followed().take(iter(looks))
    parts = Followed().take(iter(looks[:70])).take(iter(looks[70:]))
    for name, array in one.state.arrays.items():
        np.testing.assert_array_equal(array, parts.state.arrays[name])


def test_sites_that_joined_are_brought_up_and_keep_their_numbers():
    looks = list(CAMPS.looks(DAYS[:130]))
    whole = Followed().take(iter(looks))
    detector = whole.detector
    joined = detector.join(detector.beside(whole.state), whole.state)
    for name, array in whole.state.arrays.items():
        np.testing.assert_array_equal(array, joined.arrays[name])
    assert joined.objects == whole.state.objects
    fresh = Followed().take(iter(looks[:10])).state
    past = detector.past_numbers(fresh, whole.state)
    assert past.arrays["episode"].max() == whole.state.arrays["episode"].max()
    assert detector.past_numbers(whole.state, whole.state) is whole.state


def test_a_state_of_another_detector_or_an_older_look_is_refused():
    taken = Followed().take(CAMPS.looks(DAYS[:3]))
    (look,) = list(CAMPS.looks(DAYS[:1]))
    with pytest.raises(ValueError, match="not younger"):
        taken.detector.placebo_evidence(taken.state, look)
    with pytest.raises(ValueError, match="written by"):
        taken.detector.placebo_evidence(replace(taken.state, version="0"), look)
    with pytest.raises(ValueError, match="has none"):
        taken.detector.looks(taken.state, replace(look, places=None))


def test_words_need_the_least_change_they_are_set_to():
    detector = CampSites(replace(
        CampSites().parameters, changes=ChangeRules(least_share=0.8)
    ))  # fmt: skip
    taken = Followed(detector).take(CAMPS.looks(DAYS[:150]))
    assert taken.words(GROWN) == []


@pytest.mark.parametrize(("then", "words"), [(0.3, ["expanded"]), (0.45, [])])
def test_what_was_there_a_year_before_is_the_seasons_and_no_change(then, words):
    looks = list(Drawn((moves(0.3, 0.45, CHANGE),), seed=3).looks(DAYS))
    before = int(np.searchsorted(DAYS, CHANGE))
    taken = Followed().take(iter(looks[:before]))
    # What the site was at the same time of the year before, as it is remembered.
    trend, anchored = (taken.state.arrays[name].copy() for name in ("trend", "anchored"))
    away = np.abs(anchored[0] - (looks[before].sensed.timestamp() - YEAR_S))
    trend[0, FIRST:][away <= 75.0 * DAY_S] = then
    taken.state = replace(taken.state, arrays={**taken.state.arrays, "trend": trend})
    assert taken.take(iter(looks[before : before + 10])).words(0) == words


def test_a_change_that_fields_round_the_site_make_by_themselves_is_none():
    def bare_around(looks, spread):
        """Lay fields bare in the ring: sectors differ, and a third of it is bare throughout."""
        for one in looks:
            values = one.places.values.copy()
            sectors = np.linspace(-spread, spread, values.shape[-1] - 1)
            values[:, SITE, 1:] += 0.35 + sectors
            values[:, SITE, 0] += 0.35 - spread / 2.0
            yield replace(one, places=replace(one.places, values=values))

    drawn = Drawn((moves(0.3, 0.45, CHANGE),), seed=3)
    quiet = Followed().take(bare_around(drawn.looks(DAYS), 0.25))
    assert quiet.words(0) == []
    row = [row for _, row in quiet.ledger][-1]
    assert "fields round the site" in row.said["blind"]
    area = row.said["area"]
    assert area["ha_high"] - area["ha_low"] > 4.0
    # Of one kind all round, the same change is told.
    assert Followed().take(bare_around(drawn.looks(DAYS), 0.0)).words(0) == ["expanded"]


def test_where_site_and_surroundings_look_alike_it_is_said_so_and_when_in_the_year():
    def dry_season(looks):
        for one in looks:
            values = one.places.values.copy()
            if one.sensed.month in (1, 2, 3):
                values[:, SEPARATION, 0] = 1.0
            yield replace(one, places=replace(one.places, values=values))

    taken = Followed().take(dry_season(Drawn((steady(0.3),), seed=2).looks(DAYS[:110])))
    rows = [(at(day), row) for day, row in taken.ledger]
    dry = [row for day, row in rows if day.month <= 3]
    assert {row.showed for row in dry} == {Showed.BLIND}
    assert all("look as bare as the site itself" in row.said["blind"] for row in dry)
    assert (
        rows[-1][1]
        .said["observable"]
        .startswith("not observable here in January, February, March because on 3")
    )
    assert "observable" not in rows[3][1].said
    always = Followed().take(dry_season(Drawn((steady(0.3),), seed=2).looks(DAYS[:10])))
    assert (
        always.ledger[-1][1]
        .said["observable"]
        .startswith("not observable here because on 10 of 10 looks")
    )
