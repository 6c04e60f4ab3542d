"""Every method is tuned alike, on one half, and scored on the other; the tables say so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers.contest import Entry, Row, enter, only, sooner, tune
from benchmarks.peers.methods import Method, Numbers, Setting, monitored, ours
from benchmarks.peers.rules import RULES
from benchmarks.peers.scoring import Found
from benchmarks.peers.series import QUIET, SCORING, TUNING, Series, load
from benchmarks.peers.table import Budget, rate, tables, verdict
from hearthwatch.evaluation.intervals import Rate
from tests.support.drawn_series import drawn

LATE, SOON, BLIND = Setting("late"), Setting("soon"), Setting("blind")


@pytest.fixture(scope="module")
def series() -> Series:
    return drawn(420, 40, share=0.8, pixels=16)


def seeing(series: Series, name: str, settings: Sequence[Setting]) -> list[Numbers]:
    """Return statistics that know the truth: late by two looks, at once, or never."""
    out = []
    for setting in settings:
        statistic = np.random.default_rng(0).random(series.core.shape[:2])
        if name == "good" and setting is not BLIND:
            for row in np.flatnonzero(~series.quiet):
                usable = np.flatnonzero(series.usable[row, series.onset[row] :])
                statistic[row, series.onset[row] + usable[2 if setting is LATE else 0] :] = 9.0
        out.append(monitored(statistic, series))
    return out


ORACLE = Method("oracle", (LATE, BLIND, SOON), ("poor", "good"), 8.0, seeing)


def test_tuning_takes_the_input_and_setting_that_find_most_and_soonest(series: Series) -> None:
    tried = tune(ORACLE, series.take(series.group == TUNING), 5)
    assert len(tried) == 6
    for choice in tried:
        assert choice.quiet_years == 210
        assert 0.99 < choice.limit < 1.0  # the greatest of 210 years of noise below 1
    entry = enter(ORACLE, series, series, 5)
    assert (entry.tuned.fed, entry.tuned.setting) == ("good", SOON)
    assert entry.default is not None
    assert (entry.default.fed, entry.default.setting, entry.default.limit) == ("good", LATE, 8.0)


def test_the_scoring_half_alone_is_scored(series: Series) -> None:
    burned = ~series.quiet & (series.group == TUNING)
    hidden = replace(series, onset=np.where(burned, QUIET, series.onset))
    for given in (series, hidden):
        entry = enter(ORACLE, series, given, 5)
        assert entry.tuned.found.recall.of == 20
        assert (entry.tuned.found.looks == 1).all()
        assert entry.default is not None
        assert (entry.default.found.looks == 3).all()
        assert entry.tuned.false.exposure == 210.0


def test_a_method_has_no_threshold_where_quiet_years_are_too_few(series: Series) -> None:
    few = drawn(40, 10)
    entry = enter(ORACLE, few, few, 5)
    assert math.isinf(entry.tuned.limit)
    assert entry.tuned.found.recall.hits == 0
    lent = enter(ORACLE, series, few, 5)
    assert lent.tuned.found.recall.hits == 5


def test_both_rules_find_plain_burns_once_tuned(series: Series) -> None:
    for method in RULES:
        entry = enter(method, series, series, 5)
        assert entry.tuned.found.recall.hits >= 18
        assert entry.tuned.false.count <= 3


def test_our_own_statistic_is_taken_as_it_comes(series: Series) -> None:
    assert ours(series) is None
    (w,) = seeing(series, "good", [SOON])
    mine = ours(replace(series, w=w))
    assert mine is not None
    given = replace(series, w=w)
    entry = enter(mine, given, given, 5)
    assert entry.default is None
    assert entry.tuned.found.recall.hits == 20


def result(looks: list[int]) -> Found:
    return Found(np.array(looks), np.array(looks, float))


def test_burns_are_compared_one_by_one() -> None:
    one, other = result([1, 0, 2, 3, 0]), result([0, 4, 3, 3, 0])
    assert only(one, other) == (1, 1)
    assert sooner(one, other) == (1, 0)


def row(limit: float, false: Rate) -> Row:
    return Row("core", SOON, limit, result([1]), false, np.zeros((1, 1)))


def test_a_budget_is_held_only_where_its_bound_clears_it() -> None:
    budget = Budget(5.0, 2.5)
    # None in 600 years: at most 2.996 of 600, 4.99 per 1,000; none in 598 is 5.01.
    assert verdict(row(3.0, Rate(0, 600.0)), budget).startswith("held")
    assert verdict(row(3.0, Rate(0, 598.0)), budget) == "not established"
    assert verdict(row(math.inf, Rate(0, 9000.0)), budget) == "not established"
    assert rate(Rate(1, 200.0)) == "5.0 (0.1 to 27.9), 1 in 200"


def entries(series: Series) -> list[Entry]:
    given = replace(series, w=seeing(series, "good", [SOON])[0])
    mine = ours(given)
    assert mine is not None
    return [enter(method, given, given, 5) for method in (mine, ORACLE)]


def test_real_and_resampled_years_are_named_and_every_figure_has_its_counts(
    series: Series,
) -> None:
    budget = Budget(5.0, 5.0)
    text = "\n".join(tables(series, series, entries(series), budget))
    assert "## Resampled years" in text
    assert "scoring: 210 quiet series and 20 with a burn" in text
    assert "100.0% (83.9% to 100.0%), 20/20" in text
    assert "not established" in text
    assert "| oracle | 0 | 0 | 0 | 0 |" in text
    real = replace(series, real=True)
    text = "\n".join(tables(real, series, entries(series), budget))
    assert "## Real years" in text
    assert "tuned on resampled years" in text


def test_series_come_back_from_a_file_as_they_were(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "series.npz")
    back = load(tmp_path / "series.npz")
    assert (back.bands, back.start, back.real) == (series.bands, series.start, series.real)
    assert back.cover is None
    for field in ("times", "core", "ring", "onset", "name", "group", "burned_pixels"):
        np.testing.assert_array_equal(getattr(back, field), getattr(series, field))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bands": ("B8A",)}, "1 names for 6 bands"),
        ({"start": 0}, "cannot start at look 0"),
        ({"group": np.full(4, "other")}, "groups are"),
        ({"onset": np.array([3, -1, -1, -1])}, "before monitoring starts"),
        ({"ring": np.zeros((4, 3, 6), np.float32)}, "ring has shape"),
    ],
)
def test_series_that_contradict_themselves_are_refused(
    change: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        replace(drawn(4, 0), **change)


def test_halves_keep_what_belongs_to_each_series() -> None:
    made = drawn(6, 2)
    half = made.take(made.group == SCORING)
    assert len(half) == 4
    np.testing.assert_array_equal(half.core, made.core[1::2])
    assert half.name.tolist() == [f"series {n}" for n in (1, 3, 5, 7)]
