"""The two rules people use, on looks whose right answer can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.peers.inputs import (
    AGAINST_RING,
    BURN_RATIO,
    CORE,
    INDEX_INPUTS,
    NEAR_INFRARED,
    band_input,
    burn_ratio,
    expected,
    index_input,
)
from benchmarks.peers.rules import NBR_RULE, TWO_LOOK, lowest_of_last
from benchmarks.peers.series import Series
from tests.support.drawn_series import drawn

HISTORY = 146


def still(series: int = 2) -> Series:
    """Return ground without noise or season, every look usable."""
    made = drawn(series, 0, history=HISTORY, noise=0.0)
    ground = np.broadcast_to([0.09, 0.13, 0.18, 0.30, 0.36, 0.30], made.core.shape)
    return replace(made, core=ground.astype(np.float32), ring=ground.astype(np.float32))


def with_core(series: Series, looks: list[int], band: str, value: float) -> Series:
    core = series.core.copy()
    core[0, looks, series.band(band)] = value
    return replace(series, core=core)


def ring_too(series: Series) -> Series:
    return replace(series, ring=series.core.copy())


def test_the_two_look_rule_waits_for_the_second_look_and_takes_the_smaller_fall() -> None:
    look = HISTORY + 10
    series = with_core(still(), [look], "B8A", 0.30 * 0.6)
    series = with_core(series, [look + 1], "B8A", 0.30 * 0.75)
    (statistic,) = TWO_LOOK.run(series, CORE, TWO_LOOK.settings[:1])
    # The smaller of falls of 40 % and 25 %, over 20 %.
    assert statistic[0, look + 1] == pytest.approx(1.25, abs=1e-4)
    assert statistic[0, look] == pytest.approx(0.0, abs=1e-4)
    assert np.isnan(statistic[:, :HISTORY]).all()
    assert np.abs(statistic[1, HISTORY:]).max() < 1e-4


def test_a_fall_of_the_ring_as_well_is_no_fall_against_the_ring() -> None:
    look = HISTORY + 10
    series = ring_too(with_core(still(), [look, look + 1], "B8A", 0.15))
    alone, against = (
        TWO_LOOK.run(series, part, TWO_LOOK.settings[:1])[0] for part in (CORE, AGAINST_RING)
    )
    assert alone[0, look + 1] == pytest.approx(2.5, abs=1e-3)
    assert against[0, look + 1] == pytest.approx(0.0, abs=1e-4)


def test_successive_looks_are_usable_ones() -> None:
    look = HISTORY + 10
    series = with_core(still(), [look, look + 2], "B8A", 0.15)
    core = series.core.copy()
    core[0, look + 1] = np.nan
    (statistic,) = TWO_LOOK.run(replace(series, core=core), CORE, TWO_LOOK.settings[:1])
    assert np.isnan(statistic[0, look + 1])
    assert statistic[0, look + 2] == pytest.approx(2.5, abs=1e-3)


def test_a_season_is_no_fall() -> None:
    series = drawn(6, 0, history=HISTORY, noise=0.0, seed=4)
    (statistic,) = TWO_LOOK.run(series, CORE, TWO_LOOK.settings[:1])
    assert np.nanmax(statistic) < 0.05  # of a season that swings by 0.3 of ln reflectance


def test_the_burn_ratio_rule_needs_both_limits() -> None:
    look = HISTORY + 10
    series = with_core(still(), [look], "B8A", 0.20)
    # NBR from 0 to -0.2: twice the limit after, 4/3 of the drop.
    (statistic,) = NBR_RULE.run(series, CORE, NBR_RULE.settings[:1])
    assert statistic[0, look] == pytest.approx(4 / 3, rel=1e-5)
    # Low for long: at the next look nothing drops any more.
    low = with_core(still(), list(range(look, look + 4)), "B8A", 0.20)
    (statistic,) = NBR_RULE.run(low, CORE, NBR_RULE.settings[:1])
    assert statistic[0, look + 1] == pytest.approx(0.0, abs=1e-6)


def test_the_burn_ratio_rule_counts_pixels() -> None:
    look, enough = HISTORY + 10, 11
    for burned in (enough - 1, enough):
        made = still()
        pixels = np.repeat(made.core[:, :, None], 16, axis=2)
        pixels[0, look, :burned, made.band("B8A")] = 0.20
        pixels[0, look, 15] = np.nan
        series = replace(made, burned_pixels=pixels)
        (statistic,) = NBR_RULE.run(series, CORE, NBR_RULE.settings[:1])
        assert (statistic[0, look] > NBR_RULE.limit) == (burned == enough)


def test_the_burn_ratio_rule_wants_a_look_before_that_is_not_too_old() -> None:
    look = HISTORY + 30
    for gap, alarm in ((11, True), (12, False)):  # 60 and 65 days between the two looks
        series = with_core(still(), [look], "B8A", 0.20)
        core = series.core.copy()
        core[0, look - gap : look] = np.nan
        (statistic,) = NBR_RULE.run(replace(series, core=core), CORE, NBR_RULE.settings[:1])
        assert (statistic[0, look] > NBR_RULE.limit) == alarm


def test_every_input_rises_where_the_core_burns_and_not_the_ring() -> None:
    series = drawn(0, 8, history=HISTORY, noise=0.01, share=0.8, seed=2)
    for name in INDEX_INPUTS:
        values = index_input(series, name)
        for row, onset in enumerate(series.onset):
            before, after = values[row, onset - 20 : onset], values[row, onset : onset + 20]
            assert np.nanmin(after) > np.nanmax(before)


def test_indices_are_what_their_names_say() -> None:
    series = still()
    assert burn_ratio(np.float32([0.06, 0.08, 0.09, 0.21, 0.25, 0.22]), series) == pytest.approx(
        -0.0232558, abs=1e-6
    )
    assert index_input(series, f"{NEAR_INFRARED}, {CORE}")[0, 0] == pytest.approx(-np.log(0.30))
    assert index_input(series, f"{BURN_RATIO}, {AGAINST_RING}")[0, 0] == pytest.approx(0.0)


def test_without_the_bands_of_choice_the_next_best_are_taken() -> None:
    made = still()
    bands = ("B02", "B03", "B04", "B08", "B11")
    series = replace(made, bands=bands, core=made.core[..., :5], ring=made.ring[..., :5])
    assert index_input(series, f"{BURN_RATIO}, {CORE}")[0, 0] == pytest.approx(0.06 / 0.66)


def test_bands_against_the_ring_keep_the_level_of_the_ring_in_the_history() -> None:
    look = HISTORY + 3
    series = with_core(still(), [look], "B8A", 0.10)
    values = band_input(series, AGAINST_RING, ("B8A",))
    assert values[0, look, 0] == pytest.approx(0.10, abs=1e-6)
    assert band_input(ring_too(series), AGAINST_RING, ("B8A",))[0, look, 0] == pytest.approx(0.30)


def test_too_short_a_history_gives_no_season() -> None:
    times = np.datetime64("2020-01-01", "s") + np.timedelta64(5, "D") * np.arange(20)
    values = np.full((2, 20), np.nan)
    values[0, :7], values[1, :8] = 1.0, 1.0  # five coefficients need seven and a half looks
    season = expected(values, times, 15, 2)
    assert np.isnan(season[0]).all()
    assert season[1] == pytest.approx(np.ones(20))


def test_the_lowest_of_the_last_looks_skips_those_not_usable() -> None:
    values = np.array([[5.0, np.nan, 3.0, 4.0, np.nan, 9.0]])
    assert lowest_of_last(values, 2)[0].tolist() == pytest.approx(
        [np.nan, np.nan, 3.0, 3.0, np.nan, 4.0], nan_ok=True
    )
