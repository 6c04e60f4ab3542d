"""Tuning every method alike on one half of the series and scoring it on the other."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.peers.methods import Method, Numbers, Setting
from benchmarks.peers.scoring import Found, annual_maxima, false_alarms, found, threshold
from benchmarks.peers.series import SCORING, TUNING, Series
from hearthwatch.evaluation.intervals import Rate


@dataclass(frozen=True, slots=True)
class Choice:
    """An input and a setting, their threshold, and how they did on the tuning half."""

    fed: str
    setting: Setting
    limit: float
    found: Found
    quiet_years: int


@dataclass(frozen=True, slots=True)
class Row:
    """A method at one threshold, on the scoring half."""

    fed: str
    setting: Setting
    limit: float
    found: Found
    false: Rate
    statistic: Numbers


@dataclass(frozen=True, slots=True)
class Entry:
    """A method at its own default, if it has one, and tuned to the budget."""

    name: str
    default: Row | None
    tuned: Row


def enter(method: Method, tuned_on: Series, scored_on: Series, per_thousand: float) -> Entry:
    """Tune a method on the tuning half of one set of series; score it on the other half of one.

    Parameters
    ----------
    per_thousand : float
        False alarms per 1,000 settlement-years that the threshold aims at.
    """
    tried = tune(method, tuned_on.take(tuned_on.group == TUNING), per_thousand)
    scoring = scored_on.take(scored_on.group == SCORING)
    best = max(tried, key=_rank)
    tuned = _scored(method, scoring, best, best.limit)
    if method.limit is None:
        return Entry(method.name, None, tuned)
    # A method's own default says nothing of what it is fed: it takes the better input too.
    usual = max((one for one in tried if one.setting is method.settings[0]), key=_rank)
    return Entry(method.name, _scored(method, scoring, usual, method.limit), tuned)


def tune(method: Method, tuning: Series, per_thousand: float) -> list[Choice]:
    """Try every setting on every input, with the threshold that the quiet years of it give."""
    out = []
    for fed in method.inputs:
        statistics = method.run(tuning, fed, method.settings)
        for setting, statistic in zip(method.settings, statistics, strict=True):
            maxima = annual_maxima(statistic, tuning)
            limit = threshold(maxima, per_thousand)
            result = found(statistic, tuning, limit)
            out.append(Choice(fed, setting, limit, result, len(maxima)))
    return out


def _rank(choice: Choice) -> tuple[int, int]:
    """Most burns found; of equals, in the fewest looks."""
    return choice.found.recall.hits, -int(choice.found.looks.sum())


def _scored(method: Method, scoring: Series, choice: Choice, limit: float) -> Row:
    (statistic,) = method.run(scoring, choice.fed, (choice.setting,))
    result = found(statistic, scoring, limit)
    false = false_alarms(statistic, scoring, limit)
    return Row(choice.fed, choice.setting, limit, result, false, statistic)


def only(one: Found, other: Found) -> tuple[int, int]:
    """Return how many burns only the one found, and how many only the other."""
    first, second = one.looks > 0, other.looks > 0
    return int((first & ~second).sum()), int((second & ~first).sum())


def sooner(one: Found, other: Found) -> tuple[int, int]:
    """Return, of the burns both found, how many the one found in fewer looks, and the other."""
    both = (one.looks > 0) & (other.looks > 0)
    return int((one.looks < other.looks)[both].sum()), int((other.looks < one.looks)[both].sum())
