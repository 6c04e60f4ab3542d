"""The ground, the looks and the size of places are drawn; their thresholds follow from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors import baseline, episodes
from detectors.baseline import BaselineRules
from detectors.burn_features import NEAR_INFRARED, VISIBLE
from detectors.burn_strata import greenness, place_strata, place_thresholds
from detectors.calibration import (
    BUILT_IN,
    DENSE,
    GREEN,
    LARGE,
    POOLED,
    SMALL,
    Calibration,
    Thresholds,
)
from tests.support.villages import Fire, Land, Watch

STRICT = Thresholds(BUILT_IN.watch + 7, BUILT_IN.probable + 7, BUILT_IN.established + 7)


def rows_of(count: int) -> dict[str, NDArray[Any]]:
    return {**baseline.new_rows(count, BaselineRules()), **episodes.new_rows(count)}


def seen(rows: dict[str, NDArray[Any]], place: int, part: int, near: float, visible: float) -> None:
    """Say that a part of the ring has these mean reflectances."""
    for feature, light in ((NEAR_INFRARED, near), (VISIBLE, visible)):
        rows["coefficients"][place, feature, part, 0] = -math.log(light)
        rows["part_looks"][place, feature, part] = 9


def test_how_green_a_place_is_is_told_by_the_surroundings_that_were_seen() -> None:
    rows = rows_of(3)
    for part in (3, 7):
        seen(rows, 0, part, near=0.4, visible=0.05)
    seen(rows, 1, 2, near=0.3, visible=0.2)
    seen(rows, 1, 5, near=0.4, visible=0.1)
    # Neither the core nor a sector of which one of the two was never seen says anything.
    seen(rows, 1, 0, near=0.5, visible=0.01)
    seen(rows, 1, 6, near=0.5, visible=0.01)
    rows["part_looks"][1, VISIBLE, 6] = 0
    seen(rows, 2, 0, near=0.5, visible=0.01)
    found = greenness(rows)
    assert found[0] == pytest.approx(math.log(0.4 / 0.05))
    assert found[1] == pytest.approx((math.log(1.5) + math.log(4.0)) / 2)
    assert math.isnan(found[2])


def test_the_looks_of_years_that_are_over_make_the_density() -> None:
    rows = rows_of(3)
    for place in range(3):
        seen(rows, place, 1, near=0.1 * math.exp(GREEN + 0.1), visible=0.1)
    rows["peaks_looks"][0, -2:] = DENSE - 5, DENSE + 5
    rows["peaks_looks"][1, -1:] = DENSE - 1
    # Of the third no year is over.
    sizes = np.array([SMALL - 1, LARGE, LARGE])
    assert [one[0] for one in place_strata(rows, sizes)] == [
        "green/dense/small", "green/usual/large", "green",
    ]  # fmt: skip
    assert [one[0] for one in place_strata(rows, None)] == ["green/dense", "green/usual", "green"]


def test_every_place_gets_the_thresholds_of_its_stratum() -> None:
    rows = rows_of(2)
    seen(rows, 0, 1, near=0.1 * math.exp(GREEN + 0.1), visible=0.1)
    seen(rows, 1, 1, near=0.1 * math.exp(GREEN - 0.1), visible=0.1)
    chosen = Calibration("drawn", {POOLED: BUILT_IN, "bare": STRICT})
    found = place_thresholds(rows, None, chosen)
    assert found.tolist() == [
        [BUILT_IN.watch, BUILT_IN.probable, BUILT_IN.established],
        [STRICT.watch, STRICT.probable, STRICT.established],
    ]
    pooled = place_thresholds(rows, None, Calibration())
    assert pooled.tolist() == [found[0].tolist()] * 2
    assert place_thresholds(rows_of(0), None, chosen).shape == (0, 3)


def test_the_land_that_a_detector_watched_is_of_the_stratum_it_was_drawn_in() -> None:
    work = Watch().take(Land(settlements=3, placebos=2, seed=2).looks(np.arange(0.0, 900.0, 12.0)))
    truth = work.state.arrays
    assert (greenness(truth) > 0).all()
    for place, keys in enumerate(place_strata(truth, None)):
        word = "green" if greenness(truth)[place] >= GREEN else "bare"
        # A look every twelve days is some thirty a year.
        assert keys == (f"{word}/dense", word, POOLED)


def test_where_a_stratum_asks_for_more_a_burn_must_say_more() -> None:
    land = Land(settlements=1, placebos=0, seed=2, fires=[Fire(0, 402.0, 0.35)])
    looks = land.looks(np.arange(0.0, 405.0, 6.0))
    first = Watch().take(looks)
    word = place_strata(first.state.arrays, None)[0][-2]
    hard = {POOLED: BUILT_IN, word: Thresholds(100.0, 200.0, 300.0)}
    strict = Watch(detector=first.detector.calibrated(Calibration("drawn", hard))).take(looks)
    assert first.of(0)
    assert not strict.of(0)
    assert strict.state.arrays["thresholds"][0].tolist() == [100.0, 200.0, 300.0]
