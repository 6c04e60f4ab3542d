"""Probability that a change is what it looks like, from its likelihood ratio.

Without verdicts of people it is Bayes' rule with a prior somebody states. With them, two curves
are fitted to what people confirmed and rejected: the logistic one of Platt, J. (1999),
Probabilistic outputs for support vector machines, with his smoothed targets; and the isotonic one
of Zadrozny, B. & Elkan, C. (2002), Transforming classifier scores into accurate multiclass
probability estimates. The one that forecasts what it was not fitted to better is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logsumexp

from detectors.folds import folds

_NEARLY_SURE = math.nextafter(1.0, 0.0)

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Platt:
    """Probability 1 / (1 + exp(-(slope x + offset))) of a score x, nats."""

    slope: float
    offset: float

    def __call__(self, scores: Array) -> Array:
        """Return the probability of each score."""
        return np.asarray(expit(self.slope * scores + self.offset), np.float64)


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising curve: straight between the knots, level beyond them.

    Attributes
    ----------
    scores, values : tuple of float
        Nats, rising, and the probability at each.
    """

    scores: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, scores: Array) -> Array:
        """Return the probability of each score."""
        return np.asarray(np.interp(scores, self.scores, self.values), np.float64)


Model = Platt | Isotonic


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model that forecasts better, and what it forecast of what it was not fitted to.

    Attributes
    ----------
    forecasts : ndarray, shape (verdict,)
    brier : mapping of str to float
        Cross-validated Brier score of each model.
    """

    kind: str
    model: Model
    forecasts: Array
    brier: Mapping[str, float]


def prior_within(rate: float, years: float) -> float:
    """Return the probability of at least one event in a time, at a rate per settlement-year.

    It is below 1, however long the time: nothing is certain before it was looked at.
    """
    return min(-math.expm1(-rate * years), _NEARLY_SURE)


def posterior(log_ratio: float, prior: float) -> float:
    """Return the probability after evidence of `log_ratio` nats, by Bayes' rule.

    Raises
    ------
    ValueError
        If the prior is not between 0 and 1.
    """
    if not 0.0 < prior < 1.0:
        raise ValueError(f"{prior} is no prior: it must lie between 0 and 1")
    return float(expit(log_ratio + math.log(prior) - math.log1p(-prior)))


def fit_platt(scores: Array, truth: Truth, weights: Array | None = None) -> Platt:
    """Fit the logistic curve, by maximum likelihood of Platt's smoothed targets.

    The slope is never below 0: more evidence for a burn never makes one less likely.

    Parameters
    ----------
    weights : ndarray, shape (verdict,), or None
        How many each verdict stands for, above 0; None for one each.
    """
    for_, against = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (for_ + 1.0) / (for_ + 2.0), 1.0 / (against + 2.0))
    middle, spread = float(scores.mean()), float(scores.std()) or 1.0
    x = (scores - middle) / spread
    each = _weights(scores, weights)

    def loss(ab: Array) -> tuple[float, Array]:
        f = ab[0] * x + ab[1]
        nothing = np.zeros_like(f)
        value = each * target * logsumexp([nothing, -f], axis=0)
        value += each * (1.0 - target) * logsumexp([nothing, f], axis=0)
        off = each * (expit(f) - target)
        return float(value.sum()), np.array([(off * x).sum(), off.sum()])

    start = np.array([1.0, math.log((for_ + 1.0) / (against + 1.0))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
    slope = float(found.x[0]) / spread
    return Platt(slope, float(found.x[1]) - slope * middle)


def fit_isotonic(scores: Array, truth: Truth, weights: Array | None = None) -> Isotonic:
    """Fit the rising step curve by least squares; equal scores have one value.

    No value is nearer to 0 or 1 than 1 / (verdicts + 2): no number of verdicts makes certain.

    Parameters
    ----------
    weights : ndarray, shape (verdict,), or None
        How many each verdict stands for, above 0; None for one each.
    """
    at, index = np.unique(scores, return_inverse=True)
    each = _weights(scores, weights)
    count = np.bincount(index, each)
    share = np.bincount(index, each * truth) / count
    least = 1.0 / (len(scores) + 2.0)
    values = np.clip(isotonic_regression(share, weights=count).x, least, 1.0 - least)
    ends = np.ones(len(at), bool)
    ends[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
    return Isotonic(tuple(map(float, at[ends])), tuple(map(float, values[ends])))


FITS: Mapping[str, Callable[[Array, Truth, Array], Model]] = {
    "platt": fit_platt,
    "isotonic": fit_isotonic,
}


def fit(scores: Array, truth: Truth, places: Sequence[str], weights: Array | None = None) -> Fitted:
    """Fit both curves and choose the one of the lower cross-validated Brier score.

    Parameters
    ----------
    scores : ndarray, shape (verdict,)
        Evidence, nats.
    places : sequence of str
        Where each verdict is about: verdicts on one place are left out together.
    weights : ndarray, shape (verdict,), or None
        How many each verdict stands for, above 0; None for one each.

    Raises
    ------
    ValueError
        If all verdicts say the same, or all are about one place.
    """
    if truth.all() or not truth.any():
        raise ValueError("all verdicts say the same: no probability can be learned from them")
    fold = folds(places)
    if len(np.unique(fold)) < 2:
        raise ValueError("all verdicts are about one place: none can be left out")
    each = _weights(scores, weights)
    forecasts = {kind: _left_out(one, scores, truth, each, fold) for kind, one in FITS.items()}
    scored = {kind: brier(one, truth, each) for kind, one in forecasts.items()}
    kind = min(FITS, key=lambda one: scored[one])
    return Fitted(kind, FITS[kind](scores, truth, each), forecasts[kind], scored)


def brier(forecasts: Array, truth: Truth, weights: Array | None = None) -> float:
    """Return the mean squared error of forecasts. Brier, G. (1950), Mon. Weather Rev. 78, 1-3."""
    return float(np.average((forecasts - truth) ** 2, weights=weights))


def brier_interval(
    forecasts: Array, truth: Truth, seed: int, weights: Array | None = None, draws: int = 2000
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the Brier score."""
    each = _weights(forecasts, weights)
    error = each * (forecasts - truth) ** 2
    chosen = np.random.default_rng(seed).integers(0, len(error), (draws, len(error)))
    low, high = np.percentile(error[chosen].sum(-1) / each[chosen].sum(-1), [2.5, 97.5])
    return float(low), float(high)


def _weights(verdicts: Array, weights: Array | None) -> Array:
    return np.ones(len(verdicts)) if weights is None else weights


def _left_out(
    one: Callable[[Array, Truth, Array], Model], scores: Array, truth: Truth, weights: Array,
    fold: NDArray[np.int64],
) -> Array:  # fmt: skip
    """Return the forecast of each verdict by a model that was fitted without its place."""
    out = np.empty(len(scores))
    for part in np.unique(fold):
        rest = fold != part
        out[~rest] = one(scores[rest], truth[rest], weights[rest])(scores[~rest])
    return out
