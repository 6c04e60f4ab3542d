r"""The area of a site in time: a local linear trend, filtered look by look.

The state of a site is its level `l`, the rate `v` at which it changes, and what its season
differs from that of its surroundings by, `s_1, s_2`. A look at time `t` shows

.. math::

    y = l + s_1 \cos \omega t + s_2 \sin \omega t + e

The rate is a stationary process that forgets itself (an Ornstein-Uhlenbeck process with standard
deviation `rate_deviation` and memory `rate_weeks`), the level its integral with a random walk
besides: growth goes on for a while and is not carried on for ever into a time nobody saw. For any
step in time the transition and its noise are exact.

Earlier levels are terms of the state as well, the *anchors*: what they were is refined by later
looks, and how far the level has moved since is known with its own uncertainty, in which what both
are wrong by alike (a season that is not learned yet) cancels.

The noise of looks is learned at every site. A look far from what was expected moves the state no
further than `winsor` deviations would; once `jump_looks` of them in a row lie on one side it is
the level that moved, and the filter follows. Everything is a share of the measured ground.

Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter", chapter 2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import DAY_S, MEDIAN, YEAR_S
from detectors.types import NEVER

WEEK_S = 7.0 * DAY_S
LEVEL, RATE, SEASON = 0, 1, slice(2, 4)
ANCHORS = 14
FIRST = 4
"""Of the anchors, oldest first."""
TERMS = FIRST + ANCHORS
LEAST_VARIANCE = 1e-8
"""Of a difference, whose terms are rounded."""
SURE = 1.959964
"""Standard deviations on either side of a 95 % interval."""

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TrendRules:
    """Constants of the filter, in shares of the measured ground and weeks.

    Attributes
    ----------
    level_deviation : float
        Of the level's own random walk in a week.
    rate_deviation, rate_weeks : float
        Standard deviation of the rate, a week, and after how many weeks 1/e of it is left.
    season_deviation : float
        Of the two terms of the season, before anything was seen.
    noise_start, noise_floor, noise_ceiling : float
        Standard deviation of a look: first guess and bounds.
    winsor : float
        Predictive deviations beyond which a look has no more weight.
    jump_looks : int
        Such looks in a row, all on one side, after which the level is let go there.
    training : int
        Looks before anything is said.
    """

    level_deviation: float = 0.003
    rate_deviation: float = 0.004
    rate_weeks: float = 8.0
    season_deviation: float = 0.02
    noise_start: float = 0.03
    noise_floor: float = 0.005
    noise_ceiling: float = 0.3
    winsor: float = 2.5
    jump_looks: int = 3
    training: int = 6


@dataclass(frozen=True, slots=True)
class Expected:
    """What a look was expected to show, and by how much it departed.

    Attributes
    ----------
    mean : ndarray, shape (place,)
    deviation : ndarray, shape (place,)
        Predictive standard deviation.
    score : ndarray, shape (place,)
        Departure in such deviations; NaN where nothing was measured.
    """

    mean: Array
    deviation: Array
    score: Array


def new_rows(count: int, rules: TrendRules) -> dict[str, NDArray[Any]]:
    """Return the state of `count` sites never looked at, by array name."""
    season = rules.season_deviation**2
    prior = np.diag([1.0, rules.rate_deviation**2, season, season, *([0.0] * ANCHORS)])
    return {
        "trend": np.zeros((count, TERMS)),
        "covariance": np.tile(prior, (count, 1, 1)),
        "noise": np.full(count, rules.noise_start),
        "trend_looks": np.zeros(count, np.int32),
        "trend_until": np.full(count, NEVER, np.int64),
        "far": np.zeros(count, np.int8),
        "anchored": np.full((count, ANCHORS), NEVER, np.int64),
    }


def expect(rows: Rows, shown: Array, variance: Array, seconds: int, rules: TrendRules) -> Expected:
    """Hold a look against the state, which stays as it is.

    Parameters
    ----------
    shown, variance : ndarray, shape (place,)
        Share and its variance by the look alone; NaN where there is none.
    """
    mean, covariance = _predicted(rows, seconds, rules)
    found = _held(mean, covariance, rows["noise"], shown, variance, _terms(seconds))
    # The first look has nothing to depart from.
    score = np.where(rows["trend_looks"] > 0, found.score, np.nan)
    return Expected(found.mean, found.deviation, score)


def take(
    rows: Rows, shown: Array, variance: Array, seconds: int, rules: TrendRules
) -> dict[str, NDArray[Any]]:
    """Return the rows after a look; of sites it did not show nothing changes."""
    use = np.isfinite(shown) & np.isfinite(variance)
    mean, covariance = _predicted(rows, seconds, rules)
    terms, first = _terms(seconds), rows["trend_looks"] == 0
    found = _held(mean, covariance, rows["noise"], shown, variance, terms)
    side = np.where(np.abs(found.score) > rules.winsor, np.sign(found.score), 0.0)
    same = (side != 0.0) & (np.sign(rows["far"]) == side)
    far = np.where(same, rows["far"] + side, side)
    jumps = use & ~first & (np.abs(far) >= rules.jump_looks)
    departs = np.where(use, shown - found.mean, 0.0)
    covariance[:, LEVEL, LEVEL] += np.where(jumps, departs**2, 0.0)
    found = _held(mean, covariance, rows["noise"], shown, variance, terms)
    size = np.maximum(np.abs(np.nan_to_num(found.score)), 1e-12)
    weight = np.where(first | jumps, 1.0, np.minimum(1.0, rules.winsor / size))
    error = np.where(use, rows["noise"] ** 2 + np.nan_to_num(variance), 1.0) / weight
    after = _updated(mean, covariance, error, departs, terms)
    return {
        **rows,
        "trend": np.where(use[:, None], after[0], rows["trend"]),
        "covariance": np.where(use[:, None, None], after[1], rows["covariance"]),
        "noise": _noise(rows, found.score, use & ~first & ~jumps, rules),
        "trend_looks": rows["trend_looks"] + use.astype(np.int32),
        "trend_until": np.where(use, seconds, rows["trend_until"]),
        "far": np.where(use, np.where(jumps | first, 0, far), rows["far"]).astype(np.int8),
    }


def interval(rows: Rows, term: int, lasting: Array | float = 0.0) -> tuple[Array, Array, Array]:
    """Return a term of the trend with its 95 % interval, shares (of the rate: a week).

    Parameters
    ----------
    lasting : ndarray, shape (place,), or float
        Standard deviation of an error that all looks of a season have in common.
    """
    value = rows["trend"][:, term]
    reach = SURE * np.sqrt(rows["covariance"][:, term, term] + np.square(lasting))
    return value, value - reach, value + reach


def season(rows: Rows, seconds: float) -> Array:
    """Return what the season makes of each site at a time, beside its level; shares."""
    seasonal: Array = rows["trend"][:, SEASON] @ _terms(seconds)[SEASON]
    return seasonal


def anchor(rows: Rows, which: NDArray[np.bool_], seconds: int) -> None:
    """Make the level of some sites as it is known now their latest anchor, in place."""
    order = [*range(FIRST), *range(FIRST + 1, TERMS), LEVEL]
    covariance, trend = rows["covariance"], rows["trend"]
    covariance[which] = covariance[which][:, order][:, :, order]
    trend[which] = trend[which][:, order]
    rows["anchored"][which, :-1] = rows["anchored"][which, 1:]
    rows["anchored"][which, -1] = seconds


def forget_anchors(rows: Rows, place: int) -> None:
    """Leave one site without anchors, in place."""
    rows["covariance"][place, FIRST:] = rows["covariance"][place, :, FIRST:] = 0.0
    rows["trend"][place, FIRST:] = 0.0
    rows["anchored"][place] = NEVER


def moved(rows: Rows) -> tuple[Array, Array]:
    """Return how far the level is from every anchor, and the standard deviation of that.

    Returns
    -------
    moved, deviation : ndarray, shape (place, anchor)
        Shares; NaN where there is no anchor.
    """
    known = rows["anchored"] != NEVER
    covariance = rows["covariance"]
    own = np.diagonal(covariance, axis1=-2, axis2=-1)
    variance = own[:, [LEVEL]] + own[:, FIRST:] - 2.0 * covariance[:, LEVEL, FIRST:]
    by = rows["trend"][:, [LEVEL]] - rows["trend"][:, FIRST:]
    deviation = np.sqrt(np.maximum(variance, LEAST_VARIANCE))
    return np.where(known, by, np.nan), np.where(known, deviation, np.nan)


def _terms(seconds: float) -> Array:
    angle = 2.0 * math.pi * seconds / YEAR_S
    terms = np.zeros(TERMS)
    terms[LEVEL], terms[SEASON] = 1.0, (math.cos(angle), math.sin(angle))
    return terms


def _predicted(rows: Rows, seconds: int, rules: TrendRules) -> tuple[Array, Array]:
    """Return mean and covariance of the state at a time, with exact noise for any step."""
    then = rows["trend_until"]
    weeks = (seconds - np.where(then == NEVER, seconds, then)) / WEEK_S
    memory, variance = rules.rate_weeks, rules.rate_deviation**2
    left = np.exp(-weeks / memory)
    mean, covariance = rows["trend"].copy(), rows["covariance"].copy()
    ahead = memory * (1.0 - left)
    mean[:, LEVEL] += ahead * mean[:, RATE]
    mean[:, RATE] *= left
    # Only the level and the rate move of themselves: two rows, then two columns.
    covariance[:, LEVEL] += ahead[:, None] * covariance[:, RATE]
    covariance[:, RATE] *= left[:, None]
    covariance[:, :, LEVEL] += ahead[:, None] * covariance[:, :, RATE]
    covariance[:, :, RATE] *= left[:, None]
    drift = 2.0 * weeks / memory - 3.0 + 4.0 * left - left**2
    covariance[:, LEVEL, LEVEL] += variance * memory**2 * np.maximum(drift, 0.0)
    covariance[:, LEVEL, LEVEL] += rules.level_deviation**2 * weeks
    both = variance * memory * (1.0 - left) ** 2
    covariance[:, LEVEL, RATE] += both
    covariance[:, RATE, LEVEL] += both
    covariance[:, RATE, RATE] += variance * (1.0 - left**2)
    return mean, covariance


def _held(
    mean: Array, covariance: Array, noise: Array, shown: Array, variance: Array, terms: Array
) -> Expected:
    expected = mean @ terms
    spread = np.einsum("i,pij,j->p", terms, covariance, terms) + noise**2
    deviation = np.sqrt(spread + np.nan_to_num(variance))
    return Expected(expected, deviation, (shown - expected) / deviation)


def _updated(
    mean: Array, covariance: Array, error: Array, departs: Array, terms: Array
) -> tuple[Array, Array]:
    """Take one number into mean and covariance, in the form that keeps it positive (Joseph)."""
    reach = np.einsum("pij,j->pi", covariance, terms)
    gain = reach / (np.einsum("pi,i->p", reach, terms) + error)[:, None]
    # Joseph's form, multiplied out.
    across = gain[:, :, None] * reach[:, None, :]
    kept = covariance - across - np.swapaxes(across, -1, -2)
    whole = np.einsum("pi,i->p", reach, terms) + error
    kept += gain[:, :, None] * gain[:, None, :] * whole[:, None, None]
    return mean + gain * departs[:, None], kept


def _noise(rows: Rows, score: Array, use: NDArray[np.bool_], rules: TrendRules) -> Array:
    """Move the noise of looks so that half of the scores lie within their median deviation."""
    pace = np.maximum(0.03, 0.6 / (rows["trend_looks"] + 2.0))
    step = np.where(np.abs(np.nan_to_num(score)) > MEDIAN, pace, -pace)
    moved = np.clip(rows["noise"] * np.exp(step), rules.noise_floor, rules.noise_ceiling)
    return np.where(use, moved, rows["noise"])
