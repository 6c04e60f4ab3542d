"""Thresholds, false alarms and looks to detect, on series short enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers.scoring import annual_maxima, false_alarms, found, threshold
from benchmarks.peers.series import QUIET, SCORING, Series
from hearthwatch.evaluation.intervals import poisson

HISTORY, YEAR_LOOKS = 10, 73


def seen(onsets: list[int], looks: int, lost: tuple[tuple[int, int], ...] = ()) -> Series:
    """Return series of one band, five days apart, with `lost` (series, look) not usable."""
    core = np.full((len(onsets), looks, 1), 0.2, np.float32)
    for row, look in lost:
        core[row, look] = np.nan
    return Series(
        ("B8A",),
        np.datetime64("2020-01-01", "s") + np.timedelta64(5, "D") * np.arange(looks),
        core,
        core.copy(),
        np.array(onsets),
        HISTORY,
        np.array([f"place {n}" for n in range(len(onsets))]),
        np.full(len(onsets), SCORING),
        False,
    )


def silent(series: Series) -> np.ndarray:
    out = np.zeros(series.core.shape[:2])
    out[:, : series.start] = np.nan
    return np.where(series.usable, out, np.nan)


def test_the_threshold_is_the_conformal_rank_of_the_quiet_years() -> None:
    # (199 + 1) 0.995 = 199: the greatest of 199; (999 + 1) 0.995 = 995, the 995th of 999.
    assert threshold(np.arange(1.0, 200.0), 5) == 199.0
    assert threshold(np.arange(1.0, 1000.0), 5) == 995.0
    assert threshold(np.arange(1.0, 1000.0), 2.5) == 998.0


def test_too_few_quiet_years_give_no_threshold_rather_than_a_guess() -> None:
    assert math.isinf(threshold(np.arange(198.0), 5))
    assert math.isinf(threshold(np.array([]), 5))


@given(st.integers(1, 400), st.floats(0.5, 500))
def test_a_threshold_leaves_no_more_quiet_years_above_it_than_the_budget(
    years: int, budget: float
) -> None:
    maxima = np.random.default_rng(years).normal(size=years)
    above = (maxima > threshold(maxima, budget)).sum()
    assert above <= (years + 1) * budget / 1000


@pytest.mark.parametrize("budget", [0.0, 1000.0])
def test_a_budget_of_nothing_or_everything_is_refused(budget: float) -> None:
    with pytest.raises(ValueError, match="no budget"):
        threshold(np.arange(10.0), budget)


def test_years_are_counted_from_the_start_of_monitoring_and_history_is_left_out() -> None:
    series = seen([QUIET], HISTORY + 2 * YEAR_LOOKS + 1)
    statistic = silent(series)
    statistic[0, 3] = 99.0  # before monitoring: a method that gives it anyway is not asked
    statistic[0, HISTORY + 5] = 2.0
    statistic[0, HISTORY + YEAR_LOOKS + 1] = 7.0
    assert annual_maxima(statistic, series).tolist() == [2.0, 7.0]


def test_a_year_nobody_could_see_is_no_year_and_one_the_method_skipped_is_silent() -> None:
    blind = tuple((0, look) for look in range(HISTORY, HISTORY + YEAR_LOOKS))
    series = seen([QUIET, QUIET], HISTORY + YEAR_LOOKS, blind)
    nothing = np.full(series.core.shape[:2], np.nan)
    assert annual_maxima(nothing, series).tolist() == [-math.inf]


def test_less_than_a_year_of_monitoring_is_refused() -> None:
    series = seen([QUIET], HISTORY + 60)
    with pytest.raises(ValueError, match="a year of monitoring"):
        annual_maxima(silent(series), series)


def test_false_alarms_count_settlement_years_however_long_the_alarm_stands() -> None:
    series = seen([QUIET, QUIET, QUIET, HISTORY + 2], HISTORY + YEAR_LOOKS)
    statistic = silent(series)
    statistic[0, HISTORY + 3 : HISTORY + 40] = 5.0
    statistic[1, HISTORY + 3] = 3.0  # at the threshold, not above it
    statistic[3, HISTORY + 3] = 9.0  # burned: no quiet year
    rate = false_alarms(statistic, series, 3.0)
    assert (rate.count, rate.exposure, rate.value) == (1, 3.0, pytest.approx(1000 / 3))
    assert rate.interval[1] == pytest.approx(1000 / 3 * poisson(1).high)


def test_the_first_look_after_the_burn_is_look_one() -> None:
    series = seen([HISTORY + 5], HISTORY + YEAR_LOOKS)
    statistic = silent(series)
    statistic[0, HISTORY + 5] = 4.0
    result = found(statistic, series, 3.0)
    assert (result.looks.tolist(), result.days.tolist()) == ([1], [0.0])


def test_only_looks_that_could_be_used_count_until_the_alarm_but_all_days_do() -> None:
    onset = HISTORY + 5
    series = seen([onset], HISTORY + YEAR_LOOKS, ((0, onset), (0, onset + 2)))
    statistic = silent(series)
    statistic[0, onset + 3] = 4.0  # usable: onset + 1 and onset + 3
    result = found(statistic, series, 3.0)
    assert (result.looks.tolist(), result.days.tolist()) == ([2], [15.0])


@pytest.mark.parametrize(("waited", "hit"), [(12, True), (13, False)])
def test_an_alarm_counts_for_sixty_days(waited: int, hit: bool) -> None:
    series = seen([HISTORY + 5], HISTORY + YEAR_LOOKS)
    statistic = silent(series)
    statistic[0, HISTORY + 5 + waited] = 4.0
    result = found(statistic, series, 3.0)
    assert (result.recall.hits, result.recall.of) == (int(hit), 1)


def test_an_alarm_that_stands_since_before_the_burn_did_not_find_it() -> None:
    onset = HISTORY + 5
    series = seen([onset, onset, onset], HISTORY + YEAR_LOOKS, ((2, onset),))
    statistic = silent(series)
    statistic[:, onset - 1 : onset + 10] = 4.0
    statistic[1, onset + 1] = 0.0  # falls and is raised again at the third look
    statistic[2, onset] = np.nan  # a look without a statistic does not end an alarm
    result = found(statistic, series, 3.0)
    assert result.looks.tolist() == [0, 3, 0]
    assert math.isnan(result.days[0])


def test_burns_never_found_weigh_on_the_median_of_all() -> None:
    onset = HISTORY + 5
    series = seen([onset] * 3, HISTORY + YEAR_LOOKS)
    statistic = silent(series)
    statistic[0, onset + 1] = 4.0
    result = found(statistic, series, 3.0)
    assert result.median_of_all == math.inf
    assert result.looks_of_found.quartiles == (2.0, 2.0, 2.0)
    statistic[1, onset + 3] = 4.0
    assert found(statistic, series, 3.0).median_of_all == 4.0
