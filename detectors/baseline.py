r"""Streaming baseline of settlements: what a core should look like, given season and surroundings.

Of every settlement and feature, 17 series are followed: the core and up to 16 sectors of its
ring. All share one weighted recursive least-squares fit on

.. math::

    x = [1,\ o_1 .. o_4,\ \cos \omega t,\ \sin \omega t,\ \cos 2\omega t,\ \sin 2\omega t]

with an indicator for each relative orbit after the first (the level differs by the angle of
view, the season does not). Because the fit is linear and every series has the same gains, the
baseline of any combination of the series is the same combination of their baselines: the weights
of the sectors may change at any time, and no history is needed to follow them.

The *error* of a look is the core's residual less that of its synthetic control, the sectors
weighted by non-negative least squares on the covariance of the residuals (Abadie et al. 2010).
Its scale is a stochastic median absolute deviation of errors made before they were learned from.

The state of one settlement has a fixed size and a look costs the same after ten years.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.ring import SECTORS, control_weights, fill_sectors, median, own_variance
from detectors.types import NEVER, PARTS

ORBITS = 5
"""Relative orbits with a level of their own; what comes after shares that of the first."""
TERMS = ORBITS + 4
DAY_S = 86_400.0
YEAR_S = 365.25 * DAY_S
SURE = 4.0
"""Scores beyond are cut before they teach how features or parts move together."""
MEDIAN = 0.6744898
"""Median absolute deviation of a standard normal variable."""

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class BaselineRules:
    """Constants of the baseline; the five numbers of a tuple belong to the five features.

    Attributes
    ----------
    scale_start, scale_floor : tuple of float
        First value and lower bound of the errors' scale, in units of the feature.
    prior : tuple of float
        Variances of the terms before the first look, in squared `scale_start`: level, orbits,
        annual and half-annual terms.
    memory : float
        Factor by which knowledge fades in five days: half of it in about 9.5 years.
    winsor : float
        Errors beyond so many scales teach with less weight.
    training : int
        Looks before a settlement is judged.
    prior_worth : float
        Looks that the prior is worth, for the degrees of freedom.
    refresh : int
        Looks after which the weights of the sectors are found anew.
    correlation : float
        Sectors whose residuals follow the core's less than this are not used.
    correlation_looks : int
        Looks before that is asked.
    disturbed : float
        A sector that departs so many scales from the others is left out of one look.
    sector_looks : int
        Looks at a sector before it has weight.
    covariance_looks : tuple of float
        Looks the first guess of the residuals' covariance is worth, and its longest memory.
    kinship : float
        First guess of the correlation between any two parts' residuals.
    likeness : float
        First guess of the correlation between the errors of two features.
    lasting_days, lasting_gain : float
        Days after which 1/e is left of what was odd about a place lately, and how much of a
        look's error is taken for it.
    null_least, null_worth : int
        Placebos a look's own centre and spread are taken from at least, and how many the guess
        that it is a look like any other is worth.
    null_spread : tuple of float
        Bounds of that spread.
    """

    scale_start: tuple[float, ...] = (0.06, 0.06, 0.02, 0.04, 0.06)
    scale_floor: tuple[float, ...] = (0.03, 0.04, 0.02, 0.03, 0.03)
    prior: tuple[float, float, float, float] = (400.0, 1.0, 5.0, 1.0)
    memory: float = 0.999
    winsor: float = 2.5
    training: int = 6
    prior_worth: float = 3.0
    refresh: int = 4
    correlation: float = 0.3
    correlation_looks: int = 12
    disturbed: float = 4.0
    sector_looks: int = 4
    covariance_looks: tuple[float, float] = (5.0, 60.0)
    kinship: float = 0.7
    likeness: float = 0.5
    lasting_days: float = 45.0
    lasting_gain: float = 0.35
    null_least: int = 8
    null_worth: int = 4
    null_spread: tuple[float, float] = (0.8, 20.0)


@dataclass(frozen=True, slots=True)
class Errors:
    """What one look departs from the baselines by, before it is learned from.

    Attributes
    ----------
    residual : ndarray, shape (place, feature, part)
        Of each part; what was not seen, or departs from all others, is replaced by their mean.
    error : ndarray, shape (place, feature)
        Core less synthetic control, or the core alone where there was no ring to compare with.
    score : ndarray, shape (place, feature)
        Error in predictive standard deviations; NaN where the feature was not seen.
    predictive : ndarray, shape (place, feature)
        Predictive standard deviation, in units of the feature.
    spread : ndarray, shape (feature,)
        How much wider than usual the look scatters, by its placebos.
    leverage : ndarray, shape (place, feature)
        x'Px.
    freedom : ndarray, shape (place, feature)
        Degrees of freedom of the score.
    kinship : ndarray, shape (place, feature, feature)
        Correlation of the features' errors at each settlement.
    ringed : ndarray of bool, shape (place, feature)
        Whether the surroundings were compared with.
    ring_changed : ndarray, shape (place, feature)
        Share of the sectors seen that departed from the others in the direction of burning.
    """

    residual: Array
    error: Array
    score: Array
    predictive: Array
    spread: Array
    leverage: Array
    freedom: Array
    kinship: Array
    ringed: NDArray[np.bool_]
    ring_changed: Array


def new_rows(count: int, rules: BaselineRules) -> dict[str, NDArray[Any]]:
    """Return the state of `count` settlements never looked at, by array name."""
    start = np.array(rules.scale_start)
    features = start.size
    covariance = _alike(PARTS, rules.kinship)
    return {
        "coefficients": np.zeros((count, features, PARTS, TERMS)),
        "knowledge": np.tile(_prior(rules), (count, features, 1, 1)),
        "covariance": np.tile(covariance, (count, features, 1, 1))
        * (start**2)[None, :, None, None],
        "weights": np.full((count, features, SECTORS), 1.0 / SECTORS),
        "scale": np.tile(start[:, None], (count, 1, 2)),
        "worth": np.zeros((count, features)),
        "kinship": np.tile(_alike(features, rules.likeness), (count, 1, 1)),
        "part_looks": np.zeros((count, features, PARTS), np.int32),
        "learned": np.full(count, NEVER, np.int64),
        "lately": np.zeros((count, features)),
    }


def terms(seconds: float, slot: int) -> Array:
    """Return x of a look `seconds` after the epoch, of the relative orbit number `slot`."""
    x = np.zeros(TERMS)
    x[0] = 1.0
    if 0 < slot < ORBITS:
        x[slot] = 1.0
    angle = 2.0 * math.pi * seconds / YEAR_S
    x[ORBITS:] = math.cos(angle), math.sin(angle), math.cos(2 * angle), math.sin(2 * angle)
    return x


def errors(
    rows: Rows, values: Array, x: Array, seconds: int, null: NDArray[np.bool_], unsure: Array,
    rules: BaselineRules,
) -> Errors:  # fmt: skip
    """Hold one look against the baselines.

    Each look is judged by its own null: the centre and spread of the placebos' scores. A hazy
    look scatters wider and so counts less; settlements never take part, for many of them may
    burn on one day.

    Parameters
    ----------
    values : ndarray, shape (place, feature, part)
        NaN where nothing was seen.
    null : ndarray of bool, shape (place,)
        Placebos that tell how much the look scatters.
    unsure : ndarray, shape (feature,)
        Standard deviation of what no history of a place shows: how far the feature itself may be
        out on a single look, in its units.
    """
    residual = values - np.einsum("pfkd,d->pfk", rows["coefficients"], x)
    reach = np.einsum("pfij,j->pfi", rows["knowledge"], x)
    leverage = np.einsum("pfi,i->pf", reach, x)
    widened = np.sqrt(1.0 + leverage)
    looks = rows["part_looks"]
    known = np.isfinite(values[..., 1:]) & ((looks[..., 1:] > 0) | (looks[..., :1] == 0))
    own = np.sqrt(own_variance(rows["covariance"][..., 1:, 1:]))
    judged = rows["worth"][..., None] >= rules.correlation_looks
    filled, burned = fill_sectors(
        residual, known, judged, own * widened[..., None], rules.disturbed
    )
    weights = np.where(known.any(-1, keepdims=True), rows["weights"], 0.0)
    seen = (weights * known).sum(-1)
    ringed = seen >= 0.5 * np.maximum(weights.sum(-1), 1e-12)
    control = np.where(ringed, (weights * filled[..., 1:]).sum(-1), 0.0)
    error = filled[..., 0] - control - _lately(rows, seconds, rules)
    scale = np.where(ringed, rows["scale"][..., 0], rows["scale"][..., 1])
    usual = scale * widened
    centre, spread = _own_null((error / usual)[null], rules)
    error, predictive = error - centre * usual, np.hypot(usual * spread, unsure)
    freedom = np.clip(rows["worth"] + rules.prior_worth - 5.0, 3.0, 30.0)
    score = error / predictive
    return Errors(
        filled, error, score, predictive, spread, leverage, freedom, _correlation(rows["kinship"]),
        ringed, burned,
    )  # fmt: skip


def learn(
    rows: Rows, values: Array, found: Errors, x: Array, seconds: int, trust: Array,
    rules: BaselineRules,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return the rows after one look.

    Parameters
    ----------
    trust : ndarray, shape (place,)
        How much each settlement may learn from this look, 0..1; at 0 it stays as it is.
    """
    use = (trust > 0.0)[:, None] & np.isfinite(found.score)
    after = {name: array.copy() for name, array in rows.items()}
    winsor = np.minimum(1.0, rules.winsor / np.maximum(np.abs(found.score), 1e-12))
    weight = winsor * trust[:, None] / found.spread**2
    _fit(after, found, x, seconds, use, weight, rules)
    _welcome(after, values, found, x, use)
    _spread(after, found, use, weight, rules)
    lately = _lately(rows, seconds, rules)
    step = np.where(use & found.ringed, rules.lasting_gain * weight * found.error, 0.0)
    ripe = use & (rows["worth"] >= rules.correlation_looks)
    # It is kept as of `learned`, which goes on for features that were not seen too.
    kept = np.where(use.any(-1, keepdims=True), lately, rows["lately"])
    after["lately"] = np.where(ripe, lately + np.where(np.isfinite(step), step, 0.0), kept)
    after["worth"] = rows["worth"] + np.where(use, np.minimum(weight, 1.0), 0.0)
    after["learned"] = np.where(use.any(-1), seconds, rows["learned"])
    _reweigh(after, rows["worth"], use, rules)
    return after


def _lately(rows: Rows, seconds: int, rules: BaselineRules) -> Array:
    """Return what is left of what was odd about each place lately, shape (place, feature)."""
    days = _days_since(rows["learned"], seconds)
    left: Array = rows["lately"] * np.exp(-days / rules.lasting_days)[:, None]
    return left


def _days_since(then: NDArray[np.int64], seconds: int) -> Array:
    """Return the days from each time to now; none from `NEVER`."""
    days: Array = (seconds - np.where(then == NEVER, seconds, then)) / DAY_S
    return days


def relevel(rows: Rows, place: int, recent: Array) -> None:
    """Make what the last looks showed the new normal of one settlement, in place.

    Parameters
    ----------
    recent : ndarray, shape (look, feature, part)
        Residuals of the looks the new level is taken from; NaN where nothing was seen. The
        season and the surroundings' weights stay.
    """
    seen = np.isfinite(recent)
    count = seen.sum(0)
    shift = np.where(seen, recent, 0.0).sum(0) / np.maximum(count, 1)
    rows["coefficients"][place, :, :, 0] += shift
    rows["lately"][place] = 0.0
    # As sure of the new level as so many looks make it.
    rows["knowledge"][place, :, 0, 0] += (count[:, 0] > 0) / np.maximum(count[:, 0], 1)


def _alike(size: int, value: float) -> Array:
    """Return a correlation matrix of one value."""
    matrix = np.full((size, size), value)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _correlation(product: Array) -> Array:
    """Return mean products as correlations, kept away from certainty."""
    deviation = np.sqrt(np.diagonal(product, axis1=-2, axis2=-1))
    scaled = product / (deviation[..., :, None] * deviation[..., None, :])
    correlation: Array = 0.95 * scaled + 0.05 * np.eye(product.shape[-1])
    return correlation


def _own_null(score: Array, rules: BaselineRules) -> tuple[Array, Array]:
    """Return the median and robust spread of the placebos' scores, drawn towards 0 and 1.

    Parameters
    ----------
    score : ndarray, shape (placebo, feature)
    """
    if len(score) < rules.null_least:
        return np.zeros(score.shape[1]), np.ones(score.shape[1])
    count = np.isfinite(score).sum(0)
    centre = median(score.T)
    spread = median(np.abs(score - centre).T) / MEDIAN
    share = np.where(count >= rules.null_least, count / (count + rules.null_worth), 0.0)
    low, high = rules.null_spread
    return share * centre, np.clip(spread, low, high) ** share


def _prior(rules: BaselineRules) -> Array:
    level, orbit, annual, half = rules.prior
    return np.diag([level, *([orbit] * (ORBITS - 1)), annual, annual, half, half])


def _fit(
    after: dict[str, NDArray[Any]], found: Errors, x: Array, seconds: int,
    use: NDArray[np.bool_], weight: Array, rules: BaselineRules,
) -> None:  # fmt: skip
    """Take one look into the coefficients of every series."""
    knowledge = _faded(after["knowledge"], after["learned"], seconds, use, rules)
    reach = np.einsum("pfij,j->pfi", knowledge, x)
    leverage = np.einsum("pfi,i->pf", reach, x)
    gain = reach * (weight / (1.0 + weight * leverage))[..., None]
    gain = np.where(use[..., None], gain, 0.0)
    step = np.where(np.isfinite(found.residual), found.residual, 0.0)
    after["coefficients"] += step[..., None] * gain[..., None, :]
    knowledge = knowledge - gain[..., :, None] * reach[..., None, :]
    symmetric = (knowledge + np.swapaxes(knowledge, -1, -2)) / 2.0
    after["knowledge"] = np.where(use[..., None, None], symmetric, after["knowledge"])


def _faded(
    knowledge: Array, learned: NDArray[np.int64], seconds: int, use: NDArray[np.bool_],
    rules: BaselineRules,
) -> Array:  # fmt: skip
    """Let what is known fade with time, never beyond what was known at first."""
    factor = rules.memory ** (-_days_since(learned, seconds) / 5.0)
    growth = np.asarray(np.where(use, factor[:, None], 1.0))
    # Term by term: of an orbit that never came nothing can fade, and that must not stop the rest.
    known = np.diagonal(knowledge, axis1=-2, axis2=-1)
    wider = np.sqrt(np.minimum(growth[..., None], np.diagonal(_prior(rules)) / known))
    faded: Array = knowledge * wider[..., :, None] * wider[..., None, :]
    return faded


def _welcome(
    after: dict[str, NDArray[Any]], values: Array, found: Errors, x: Array, use: NDArray[np.bool_]
) -> None:
    """Give a sector that is seen for the first times the core's season and a level of its own.

    The gains are the core's: once they have become small, a sector that joins would never learn.
    """
    looks, coefficients = after["part_looks"], after["coefficients"]
    seen = use[..., None] & np.isfinite(values)
    young = seen & (looks < looks[..., :1]) & (looks < 4)
    fresh = young & (looks == 0)
    fresh[..., 0] = young[..., 0] = False
    coefficients[...] = np.where(fresh[..., None], coefficients[..., :1, :], coefficients)
    typical = found.residual[..., 1:].mean(-1, keepdims=True)
    excess = values - np.einsum("pfkd,d->pfk", coefficients, x) - typical
    share = 1.0 / (looks + 1.0)
    coefficients[..., 0] += np.where(young, excess * share, 0.0)
    after["part_looks"] = looks + seen


def _spread(
    after: dict[str, NDArray[Any]], found: Errors, use: NDArray[np.bool_], weight: Array,
    rules: BaselineRules,
) -> None:  # fmt: skip
    """Take one look into the scales and the covariance of the residuals."""
    widened = np.sqrt(1.0 + found.leverage)
    widened = widened * found.spread
    both = np.stack([found.error, found.residual[..., 0]], -1) / widened[..., None]
    pace = np.maximum(0.03, 0.6 / (after["worth"] + 2.0))[..., None]
    scale = after["scale"]
    step = np.where(np.abs(both) > MEDIAN * scale, pace, -pace)
    apply = use[..., None] & np.isfinite(both)
    # The first look has nothing to depart from, and one without a ring says nothing of rings.
    apply &= (after["worth"] > 0.0)[..., None]
    apply[..., 0] &= found.ringed
    floor = np.array(rules.scale_floor)[:, None]
    after["scale"] = np.maximum(np.where(apply, scale * np.exp(step), scale), floor)
    bound = SURE * scale[..., 1:]
    part = np.clip(found.residual / widened[..., None], -bound, bound)
    first, longest = rules.covariance_looks
    rate = np.minimum(weight, 1.0) / np.minimum(first + after["worth"] + 1.0, longest)
    rate = np.asarray(np.where(use, rate, 0.0))[..., None, None]
    product = part[..., :, None] * part[..., None, :]
    product = np.where(use[..., None, None], product, 0.0)
    after["covariance"] = (1.0 - rate) * after["covariance"] + rate * product
    score = np.clip(np.where(use, found.score, 0.0), -SURE, SURE)
    pair = score[:, :, None] * score[:, None, :]
    # Features learn at rates of their own, and one that was not seen at none. The roots keep it the
    # covariance of something: with the lesser rate of the two it turns indefinite.
    old, new = (
        np.sqrt(one * np.swapaxes(one, -1, -2)) for one in (1.0 - rate[..., 0], rate[..., 0])
    )
    after["kinship"] = old * after["kinship"] + new * pair


def _reweigh(
    after: dict[str, NDArray[Any]], before: Array, use: NDArray[np.bool_], rules: BaselineRules
) -> None:
    """Find the sectors' weights anew, every so many looks."""
    now = after["worth"]
    due = use & (now >= 2 * rules.refresh) & (now // rules.refresh > before // rules.refresh)
    ripe = now[due] >= rules.correlation_looks
    after["weights"][due] = control_weights(
        after["covariance"][due],
        after["part_looks"][due][:, 1:] >= rules.sector_looks,
        np.where(ripe, rules.correlation, -1.0),
    )
