"""Villages are drawn and burned; the detector must say which burned, and between which looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.burned import Burned
from detectors.calibration import BUILT_IN, POOLED, Calibration, Thresholds
from detectors.types import (
    DetectorState,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    PlaceDetector,
    SceneJudgement,
    Showed,
)
from tests.support.villages import (
    DRY,
    GREEN,
    GRID,
    PROBABLE,
    Fire,
    Land,
    Watch,
    burned,
    day_of,
    interval,
    near_infrared_only,
    when,
)

Array = NDArray[np.float64]
RING = tuple(range(1, 17))
PASSED = SceneJudgement("look", GuardVerdict.PASSED, 24, 0, "drawn")

# What is true of each settlement of the valley
QUIET, NEIGHBOUR, TWICE, RING_ONLY, CLOUDED, EARLY, FADING, ALL_AROUND, BURNED = range(9)
FIRE_DAY, SECOND_DAY, EARLY_DAY = 702.0, 932.0, 12.0
CLOUD = (655.0, 780.0)
DAYS = np.arange(0.0, 1100.0, 5.0)


def fading(day: float, ground: Array) -> Array:
    """Abandoned since day 500: within two years the core is half bare and half green."""
    share = float(np.clip((day - 500.0) / 730.0, 0.0, 1.0))
    left = ground.copy()
    left[0] = (1 - share) * ground[0] + share * 0.8 * (0.5 * DRY + 0.5 * GREEN)
    return left


VALLEY = Land(
    seed=4,
    fires=(
        Fire(NEIGHBOUR, FIRE_DAY, 0.6, parts=(4, 5)),
        Fire(TWICE, FIRE_DAY, 0.5),
        Fire(TWICE, SECOND_DAY, 0.6),
        Fire(RING_ONLY, FIRE_DAY, 0.6, parts=RING),
        Fire(CLOUDED, FIRE_DAY, 0.5, half_life=400.0),
        Fire(EARLY, EARLY_DAY, 0.5),
        Fire(ALL_AROUND, FIRE_DAY, 0.6, parts=(0, *RING[:6])),
        Fire(BURNED, FIRE_DAY, 0.5),
    ),
    changes={FADING: fading},
)


@pytest.fixture(scope="module")
def valley() -> Watch:
    """Three years of looks at the valley, each judged and scored."""
    clouded = np.zeros((DAYS.size, VALLEY.places), bool)
    since, until = CLOUD
    clouded[(since <= DAYS) & (until > DAYS), CLOUDED] = True
    return Watch().take(VALLEY.looks(DAYS, clouded=clouded))


def test_it_is_a_detector_of_settlements() -> None:
    assert isinstance(Watch().detector, PlaceDetector)


def test_a_burn_is_found_with_the_two_looks_it_lies_between(valley: Watch) -> None:
    told = [(day, one.state) for day, one in valley.of(BURNED) if day < FIRE_DAY + 60]
    assert [state for _, state in told][-4:] == ["WATCH", "PROBABLE", "ESTABLISHED", "CLOSED"]
    assert [day for day, _ in told][-4:-1] == [705.0, 710.0, 715.0]
    for _, one in valley.of(BURNED, *PROBABLE):
        assert (one.kind, one.place, one.pixels) == ("burned", f"village{BURNED}", 0)
        assert interval(one) == (700.0, 705.0)
        assert one.geometry.is_empty
    assert [one.looks for _, one in valley.of(BURNED, *PROBABLE)] == [2, 3]


def test_the_numbers_of_a_finding_are_those_of_the_burn(valley: Watch) -> None:
    _, one = valley.of(BURNED, DetectorState.ESTABLISHED)[0]
    assert one.evidence["log_likelihood_ratio"] > BUILT_IN.established
    # Half of the near infrared that was there is left, and of the other half what residues send.
    assert 0.4 < one.evidence["near_infrared_factor"] < 0.8
    assert one.evidence["char_index_change"] > 0.05
    assert one.evidence["char_fraction_change"] > 0.1
    assert one.evidence["surroundings_changed"] == 0.0


def test_a_quiet_settlement_and_its_ledger_stay_quiet(valley: Watch) -> None:
    assert not valley.of(QUIET, *PROBABLE)
    words = valley.words(QUIET, since=100)
    assert words.count(Showed.UNCHANGED) > 0.9 * len(words)


def test_a_burning_neighbour_is_no_finding_here(valley: Watch) -> None:
    # The neighbour's ground fills two sectors of this settlement's ring.
    assert not [one for day, one in valley.of(NEIGHBOUR, *PROBABLE) if day >= FIRE_DAY]
    words = valley.words(NEIGHBOUR, FIRE_DAY, FIRE_DAY + 200)
    assert words.count(Showed.UNCHANGED) > 0.8 * len(words)


def test_a_fire_that_spares_the_settlement_is_no_finding(valley: Watch) -> None:
    assert not [one for day, one in valley.of(RING_ONLY, *PROBABLE) if day >= FIRE_DAY]


def test_a_burn_amid_burning_surroundings_is_found_and_the_doubt_is_said(valley: Watch) -> None:
    found = [one for day, one in valley.of(ALL_AROUND, *PROBABLE) if day >= FIRE_DAY]
    assert found
    assert any("of its surroundings changed as well" in " ".join(one.doubts) for one in found)


def test_a_settlement_that_burns_again_is_found_again(valley: Watch) -> None:
    found = [one for day, one in valley.of(TWICE, *PROBABLE) if day >= FIRE_DAY]
    first = [one for one in found if interval(one) == (700.0, 705.0)]
    second = [one for one in found if interval(one)[1] == 935.0]
    assert first
    assert second
    assert {one.object for one in first}.isdisjoint({one.object for one in second})
    closed = [day for day, one in valley.of(TWICE, DetectorState.CLOSED) if day > FIRE_DAY]
    assert closed[0] < SECOND_DAY - 180
    # A look at ground that still recovers may not show it plainly unharmed.
    assert all(SECOND_DAY - 20 <= interval(one)[0] < SECOND_DAY for one in second)


def test_after_months_of_cloud_the_interval_spans_all_of_them(valley: Watch) -> None:
    found = [one for day, one in valley.of(CLOUDED, *PROBABLE) if day >= FIRE_DAY]
    assert found
    assert {interval(one) for one in found} == {(650.0, 780.0)}
    assert set(valley.words(CLOUDED, *CLOUD)) == {Showed.UNUSABLE}


def test_a_burn_before_anything_is_known_is_never_called_unchanged(valley: Watch) -> None:
    assert set(valley.words(EARLY, 0, 30)) == {Showed.LEARNING}
    for _, one in valley.of(EARLY, *PROBABLE):
        # What is told later must not claim that the settlement was seen unharmed before.
        assert one.last_unharmed is None or interval(one)[0] >= 30.0


def test_a_settlement_that_is_left_and_slowly_fades_is_not_said_to_have_burned(
    valley: Watch,
) -> None:
    assert not [one for day, one in valley.of(FADING, *PROBABLE) if day >= 500]


def test_every_settlement_has_a_word_for_every_look(valley: Watch) -> None:
    assert len(valley.shown) == DAYS.size
    for _, told in valley.shown:
        assert set(told) == {f"village{n}" for n in range(VALLEY.settlements)}


def test_placebos_are_counted_and_never_told_of(valley: Watch) -> None:
    assert all(one.place.startswith("village") for _, one in valley.findings)
    assert valley.state.scalars["placebos"] == VALLEY.placebos
    reached = [
        valley.state.scalars[f"placebo_{name}"] for name in ("watch", "probable", "established")
    ]
    assert reached == sorted(reached, reverse=True)
    assert valley.state.scalars["looks"] == DAYS.size


def test_a_look_too_old_is_refused(valley: Watch) -> None:
    look = VALLEY.looks([DAYS[-1]])[0]
    with pytest.raises(ValueError, match="not younger"):
        valley.detector.score(valley.state, look, PASSED)
    with pytest.raises(ValueError, match="not younger"):
        valley.detector.placebo_evidence(valley.state, look)


def test_a_state_of_another_detector_or_version_is_refused(valley: Watch) -> None:
    look = VALLEY.looks([DAYS[-1] + 5])[0]
    for state in (replace(valley.state, version="0"), replace(valley.state, detector="camps")):
        with pytest.raises(ValueError, match="was written by"):
            valley.detector.score(state, look, PASSED)


def test_a_look_without_settlements_is_refused(valley: Watch) -> None:
    look = replace(VALLEY.looks([DAYS[-1] + 5])[0], places=None)
    with pytest.raises(ValueError, match="follows settlements"):
        valley.detector.score(valley.state, look, PASSED)


def test_the_same_look_at_the_same_state_gives_the_same_bits(valley: Watch) -> None:
    look = replace(VALLEY, fires=[Fire(0, 1000, 0.5)]).looks([DAYS[-1] + 5])[0]
    before = {name: array.copy() for name, array in valley.state.arrays.items()}
    one, said = valley.detector.score(valley.state, look, PASSED)
    two, again = valley.detector.score(valley.state, look, PASSED)
    for name, array in one.arrays.items():
        assert array.tobytes() == two.arrays[name].tobytes(), name
        # And what was given is as it was.
        assert before[name].tobytes() == valley.state.arrays[name].tobytes(), name
    assert said == again
    assert said
    assert one.scalars == two.scalars


def test_the_order_of_settlements_does_not_matter(valley: Watch) -> None:
    look = replace(VALLEY, fires=[Fire(0, 1000, 0.5)]).looks([DAYS[-1] + 5])[0]
    order = np.random.default_rng(1).permutation(VALLEY.places)
    after, _ = valley.detector.score(valley.state, look, PASSED)
    turned, _ = valley.detector.score(valley.state, only(look, order), PASSED)
    assert [one["id"] for one in turned.objects] == [VALLEY.ids[n] for n in order]
    for name, array in by_place(after).items():
        assert np.allclose(turned.arrays[name], array[order], equal_nan=True, atol=1e-9), name


def only(look: Features, rows: NDArray[np.int64] | list[int]) -> Features:
    """Return a look at these places alone, in this order."""
    places = look.places
    assert places is not None
    chosen = replace(
        places,
        ids=tuple(places.ids[n] for n in rows),
        lost=tuple(places.lost[n] for n in rows),
        placebo=places.placebo[rows],
        values=places.values[rows],
        seen=places.seen[rows],
        contamination=places.contamination[rows],
    )
    return replace(look, places=chosen)


# Who is watched changes


def test_rows_of_settlements_no_longer_watched_are_dropped(valley: Watch) -> None:
    look = VALLEY.looks([DAYS[-1] + 5])[0]
    after, _ = valley.detector.score(valley.state, only(look, [3, 20]), PASSED)
    assert after.objects == ({"id": "village3"}, {"id": "placebo8"})
    assert {len(array) for array in by_place(after).values()} == {2}


def test_another_outline_starts_anew_and_the_others_do_not(valley: Watch) -> None:
    look = VALLEY.looks([DAYS[-1] + 5])[0]
    assert look.places is not None
    ids = ("village0-moved", *look.places.ids[1:])
    moved = replace(look, places=replace(look.places, ids=ids))
    after, _ = valley.detector.score(valley.state, moved, PASSED)
    told = {one.place: one.showed for one in valley.detector.looks(after, moved)}
    assert told["village0-moved"] is Showed.LEARNING
    assert told["village1"] is Showed.UNCHANGED
    assert after.arrays["part_looks"][0].max() == 1
    assert after.arrays["part_looks"][1].max() > 200


def test_a_settlement_that_joins_late_is_judged_as_one_that_was_there_alone() -> None:
    fires = [Fire(1, 402.0, 0.5)]
    land = Land(settlements=2, placebos=3, seed=9, fires=fires)
    looks = land.looks(np.arange(0.0, 440.0, 5.0))
    later = [one for one in looks if day_of(one.sensed) >= 100]
    both = Watch().take([only(one, [0, 2, 3, 4]) for one in looks[:20]]).take(later)
    alone = Watch().take(later)
    assert [finding_key(one) for _, one in both.of(1)] == [
        finding_key(one) for _, one in alone.of(1)
    ]
    first = [told["village1"].showed for day, told in both.shown if day >= 100][:6]
    assert set(first) == {Showed.LEARNING}
    assert both.of(1, *PROBABLE)


def finding_key(one: Finding) -> tuple[object, ...]:
    return (one.state, one.object, one.first_changed, one.last_unharmed, one.looks)


# Scenes


def test_a_bad_scene_brings_no_finding_and_teaches_nothing(valley: Watch) -> None:
    def everywhere(day: float, ground: Array) -> Array:
        return np.concatenate([burned(ground[:1], 0.4, 0.0), ground[1:]])

    bad = Land(seed=4, changes=dict.fromkeys(range(VALLEY.places), everywhere))
    work = Watch(state=valley.state).take(bad.looks([DAYS[-1] + 5]))
    assert work.scenes[0].verdict is GuardVerdict.SUSPECT
    assert not work.findings
    assert set(work.words(QUIET)) == {Showed.SUSPECT}
    for name in ("coefficients", "knowledge", "scale", "covariance", "worth", "level", "episode"):
        assert np.array_equal(work.state.arrays[name], valley.state.arrays[name]), name


def test_a_mass_burning_is_not_taken_for_a_bad_scene(valley: Watch) -> None:
    fires = [Fire(n, 1099.0, 0.5) for n in range(VALLEY.settlements)]
    land = Land(seed=4, fires=fires)
    work = Watch(state=valley.state).take(land.looks([1100.0, 1105.0, 1110.0]))
    assert {one.verdict for one in work.scenes} == {GuardVerdict.PASSED}
    assert all(work.of(n, *PROBABLE) for n in (QUIET, NEIGHBOUR, 9, 10, 11))


def test_without_placebos_the_finding_says_that_no_guard_judged() -> None:
    land = Land(settlements=1, placebos=0, seed=2, fires=[Fire(0, 602.0, 0.5)])
    work = Watch().take(land.looks(np.arange(0.0, 630.0, 5.0)))
    _, one = work.of(0, DetectorState.PROBABLE)[-1]
    assert any("not guarded" in doubt for doubt in one.doubts)
    assert {scene.verdict for scene in work.scenes} == {GuardVerdict.UNGUARDED}


def test_without_a_ring_the_finding_says_so() -> None:
    land = Land(settlements=1, placebos=0, seed=2, fires=[Fire(0, 602.0, 0.6)])
    work = Watch().take(map(without_ring, land.looks(np.arange(0.0, 640.0, 5.0))))
    found = work.of(0, *PROBABLE)
    assert found
    assert "its surroundings could not be compared with" in found[-1][1].doubts


def without_ring(look: Features) -> Features:
    assert look.places is not None
    values, seen = look.places.values.copy(), look.places.seen.copy()
    values[..., 1:], seen[:, 1:] = np.nan, np.nan
    return replace(look, places=replace(look.places, values=values, seen=seen))


def test_two_orbits_with_levels_of_their_own_alarm_nobody() -> None:
    # A fifth darker from one side than from the other, and differently in every part.
    land = Land(settlements=8, placebos=12, seed=6, orbits={7: 0.2, 50: 0.2},
                fires=[Fire(0, 702.0, 0.5)])  # fmt: skip
    work = Watch().take(land.looks(np.arange(0.0, 730.0, 5.0)))
    assert work.state.scalars["orbits"] == "7,50"
    assert [interval(one) for _, one in work.of(0, DetectorState.PROBABLE)][-1:] == [(700.0, 705.0)]
    alarmed = [n for n in range(1, 8) if work.of(n, *PROBABLE)]
    assert len(alarmed) <= 1


NIR_ALONE = Land(
    settlements=5, placebos=4, seed=8,
    fires=[Fire(n, 602.0, 0.1 + 0.2 * n, half_life=400) for n in range(5)],
)  # fmt: skip


def test_with_the_near_infrared_alone_no_look_at_burned_ground_is_called_unchanged() -> None:
    work = Watch().take(map(near_infrared_only, NIR_ALONE.looks(np.arange(0.0, 640.0, 5.0))))
    for n in range(1, 5):
        # It may have burned, or been shaded or ploughed: the ledger must not tell of one of them.
        assert set(work.words(n, 602)) <= {Showed.BLIND, Showed.CHANGED}
    for _, one in work.findings:
        assert one.state in (DetectorState.WATCH, DetectorState.LAPSED)


def test_with_the_near_infrared_alone_a_lower_bar_brings_a_suspicion_and_no_more() -> None:
    low = Thresholds(BUILT_IN.watch / 2, BUILT_IN.probable, BUILT_IN.established)
    detector = Burned().calibrated(Calibration("low", {POOLED: low}))
    looks = NIR_ALONE.looks(np.arange(0.0, 640.0, 5.0))
    work = Watch(detector=detector).take(map(near_infrared_only, looks))
    told = [one for day, one in work.findings if day > 602]
    assert {one.place for one in told} >= {f"village{n}" for n in range(1, 5)}
    for one in told:
        assert one.state in (DetectorState.WATCH, DetectorState.LAPSED)
        assert set(one.evidence) == {
            "log_likelihood_ratio", "near_infrared_factor", "surroundings_changed",
        }  # fmt: skip
        assert "seen without B02" in one.doubts[-1]


def test_the_state_is_of_one_size_after_years(valley: Watch) -> None:
    land = Land(seed=4)
    after, _ = valley.detector.score(valley.detector.start(GRID), land.looks([0.0])[0], PASSED)
    assert size(after) == size(valley.state)
    assert valley.state.scalars["last"] == when(DAYS[-1]).isoformat()


def by_place(state: MonitorState) -> dict[str, NDArray[np.generic]]:
    """Return the state but for that of pixels, of which a place has many."""
    return {name: array for name, array in state.arrays.items() if name != "patch_state"}


def size(state: MonitorState) -> dict[str, int]:
    return {name: array.nbytes for name, array in state.arrays.items()}
