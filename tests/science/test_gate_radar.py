"""The stable bursts of California: how often the radar tests find change where there was none.

Twenty-one dates of five winters, October to January: nothing is said of a year. Discs are laid as
settlements; their rings overlap, it rains on all of them at once, and the looks at one disc follow
one another, so that intervals are taken over discs, and even these are too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from detectors.radar import BUILT_IN, Radar
from detectors.radar_map import radar_map
from detectors.types import DetectorState, Finding, GuardVerdict, SceneJudgement, Showed
from hearthwatch.evaluation.intervals import wilson
from tests.science.figures import Figure, record
from tests.science.radar_bursts import FOLDER, LAND, SEA, laid, lattice, read_burst

pytestmark = pytest.mark.shared_data

RADIUS_M, FIRST, STEP = 120.0, 14, 9
TRAINING = 6
LEVELS = (0.05, 0.01)
UNJUDGED = SceneJudgement("", GuardVerdict.UNGUARDED, 0, 0, "no placebos are laid")


@dataclass(frozen=True)
class Told:
    """Scores (look, place) from the seventh look on, and what was said."""

    lesser: NDArray[np.float64]
    speckle: NDArray[np.float64]
    seasonal: NDArray[np.float64]
    freedom: NDArray[np.float64]
    borne: NDArray[np.float64]
    found: list[Finding]
    showed: set[Showed]


def watched(root, name: str) -> Told:
    """Watch discs on one burst."""
    burst = read_burst(root, name)
    shape = burst.power.shape[2:]
    places = laid(shape, lattice(shape, FIRST, STEP), RADIUS_M)
    detector = Radar()
    state, found, showed, scores = detector.start(burst.grid), [], set(), []
    for cube in burst.cubes():
        look = detector.measure(cube, places)
        worth = state.arrays["worth"][:, :2].min(1) if len(state.objects) else np.zeros(1)
        state, new = detector.score(state, look, UNJUDGED)
        found += new
        showed |= {one.showed for one in detector.looks(state, look)}
        rows = state.arrays
        freedom = np.clip(worth + detector.parameters.baseline.prior_worth - 5.0, 3.0, 30.0)
        scores.append(np.broadcast_arrays(
            rows["lesser"], rows["speckle"][:, 0], rows["score"][:, 0], freedom,
            np.where(np.isfinite(rows["windowed"][:, 1]), rows["windowed"][:, 1], 0.0),
        ))  # fmt: skip
    kept = np.array(scores[TRAINING:], np.float64).swapaxes(0, 1)
    return Told(*kept, found, showed)


@pytest.fixture(scope="module")
def land(shared_data) -> list[Told]:
    """What was said of the four bursts on land."""
    return [watched(shared_data, name) for name in LAND]


def size_of(p: NDArray[np.float64], level: float) -> tuple[float, tuple[float, float]]:
    """Return the share of looks below a level, and its interval over discs.

    Looks at one disc are correlated: of how many independent ones the share is told by how much
    it varies from disc to disc.
    """
    each = (p < level).mean(0)
    share = float(each.mean())
    variance = each.var(ddof=1) / each.size
    looks = p.size if variance == 0.0 else min(share * (1 - share) / variance, p.size)
    inside = wilson(round(share * looks), round(looks))
    return share, (inside.low, inside.high)


@pytest.mark.slow
def test_the_score_that_counts_is_as_rare_on_quiet_land_as_it_says(land) -> None:
    p = np.hstack([2.0 * stats.t.sf(np.abs(one.lesser), one.freedom) for one in land])
    for level in LEVELS:
        share, inside = size_of(p, level)
        record(
            Figure(
                f"radar: size at {level:g}", round(share, 4), f"interval begins below {level:g}",
                FOLDER,
                f"two-sided, {p.shape[0]} looks at {p.shape[1]} discs on land, October to January",
                tuple(round(end, 4) for end in inside),
            )
        )  # fmt: skip
        assert inside[0] <= level


@pytest.mark.slow
def test_the_seasonal_score_keeps_its_size_and_the_pure_speckle_test_does_not(land) -> None:
    seasonal = np.hstack([2.0 * stats.t.sf(np.abs(one.seasonal), one.freedom) for one in land])
    pure = np.hstack([2.0 * stats.norm.sf(np.abs(one.speckle)) for one in land])
    for level in LEVELS:
        for words, p in (("seasonal", seasonal), ("pure speckle", pure)):
            share, inside = size_of(p, level)
            record(
                Figure(
                    f"radar: size of the {words} score of VV at {level:g}", round(share, 4), "",
                    FOLDER, f"{p.shape[0]} looks at {p.shape[1]} discs on land",
                    tuple(round(end, 4) for end in inside),
                )
            )  # fmt: skip
        inside = size_of(seasonal, level)[1]
        assert inside[0] <= level <= inside[1]
        # Soil gets wet and dries: this is why the lesser of the two counts.
        assert size_of(pure, level)[0] > 3.0 * level


@pytest.mark.slow
def test_quiet_land_is_hardly_ever_called_razed(land) -> None:
    probable = [
        one for told in land for one in told.found
        if one.state in (DetectorState.PROBABLE, DetectorState.ESTABLISHED)
    ]  # fmt: skip
    places = sum(told.lesser.shape[1] for told in land)
    false = len({(one.place, one.object) for one in probable})
    inside = wilson(false, places)
    record(
        Figure(
            "radar: discs called razed", false, f"at most 1 % of {places}", FOLDER,
            "episodes of PROBABLE on quiet land, thresholds not calibrated, 15 looks each",
            (round(inside.low, 4), round(inside.high, 4)),
        )
    )  # fmt: skip
    assert false <= 0.01 * places


@pytest.mark.slow
def test_a_threshold_set_on_three_bursts_holds_on_the_fourth(land) -> None:
    # Of the evidence that PROBABLE is asked of, the highest of each disc in its quiet looks.
    highest = [told.borne.max(0) for told in land]
    exceed = 0
    for number, (name, own) in enumerate(zip(LAND, highest, strict=True)):
        others = np.sort(np.concatenate(highest[:number] + highest[number + 1 :]))
        rank = int(np.ceil((others.size + 1) * 0.99)) - 1
        limit = max(float(others[rank]), 0.0)
        false = int((own > limit).sum())
        exceed += false
        inside = wilson(false, own.size)
        record(
            Figure(
                f"radar: held out, {name}", round(false / own.size, 4), "", FOLDER,
                f"share of {own.size} quiet discs beyond {limit:.2f} nats, which 1 % of those on "
                f"the three other bursts exceed; built in {BUILT_IN.probable:g}",
                (round(inside.low, 4), round(inside.high, 4)),
            )
        )  # fmt: skip
        assert limit <= BUILT_IN.probable
    count = sum(own.size for own in highest)
    inside = wilson(exceed, count)
    record(
        Figure(
            "radar: held out, all four", round(exceed / count, 4), "interval begins below 0.01",
            FOLDER, f"share of {count} quiet discs, each by the threshold of the other bursts",
            (round(inside.low, 4), round(inside.high, 4)),
        )
    )  # fmt: skip
    assert inside.low <= 0.01


def test_pixels_of_dry_land_change_no_more_often_than_drawn_speckle(shared_data) -> None:
    # Looks of one dry month against each other. Of so few, Welch's test itself is cautious, and
    # looks six days apart share some of their speckle.
    power = read_burst(shared_data, LAND[0]).power[:5, 0].astype(np.float64)
    drawn = np.random.default_rng(1).gamma(10.0, 0.1, power.shape)
    real, known = (radar_map(one[[0, 2, 4]], one[[1, 3]]).p for one in (power, drawn))
    for level in LEVELS:
        share = float((real < level).mean())
        record(
            Figure(
                f"radar: size of the map at {level:g}", round(share, 4), "1.1 times drawn speckle",
                FOLDER, "pixels of one burst, three looks of 2021 against two between them",
            )
        )  # fmt: skip
        assert 0.3 * level < share <= 1.1 * (known < level).mean()


def test_the_sea_with_its_zeros_neither_fails_nor_alarms(shared_data) -> None:
    burst = read_burst(shared_data, SEA)
    assert (burst.power == 0.0).any()
    told = watched(shared_data, SEA)
    assert not told.found
    # It is as bright as what is round it: nothing could be told, and that is what is said.
    assert told.showed == {Showed.LEARNING, Showed.BLIND}
    found = radar_map(burst.power[:10, 1].astype(float), burst.power[10:, 1].astype(float))
    assert np.isfinite(found.p).all()
