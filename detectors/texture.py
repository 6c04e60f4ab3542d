"""What the pattern inside a settlement adds to its spectra: two features, each with a baseline.

The *texture*, how even the core has become against its margin: the pattern of roofs and yards
collapses where all of it burns, and where a part does there is a new one, so that both directions
count; and the *pixels*, the share of the core's pixels that moved towards a
burn on this look, as its logit. Neither can alarm alone: they add to a look whose spectra speak for
a burn already, or take a little away from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.evidence import log_likelihood_ratio
from detectors.patch_look import LEAST_PIXELS

NAMES = ("texture", "pixels")
MEDIAN = 0.6744898
"""Median absolute deviation of a standard normal variable."""

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TextureRules:
    """Constants of the two features; the two numbers of a tuple belong to `NAMES`.

    Attributes
    ----------
    weight : tuple of float
        Of each feature's evidence, beside that of the spectra; with 0 it takes no part.
    scale_start, scale_least : tuple of float
        First value and lower bound of the deviations' scale, in units of the feature.
    tail : tuple of float
        How much further the upper tails of the deviations reach than a normal law's of that
        scale: 95th percentiles at unharmed places of the Romanian sample, over 1.645.
    training : int
        Looks before a feature is weighed.
    memory : int
        Looks after which the level's gain stops falling.
    winsor : float
        Deviations beyond so many scales are cut before they teach the level.
    against : float
        Nats that both together may take from a look, at most.
    """

    weight: tuple[float, float] = (0.3, 0.3)
    scale_start: tuple[float, float] = (0.25, 1.0)
    scale_least: tuple[float, float] = (0.08, 0.5)
    tail: tuple[float, float] = (1.2, 2.1)
    training: int = 8
    memory: int = 25
    winsor: float = 2.5
    against: float = 1.0


def new_rows(count: int, rules: TextureRules) -> dict[str, NDArray[Any]]:
    """Return the state of `count` places never looked at: 40 bytes a place."""
    return {
        "texture_level": np.zeros((count, len(NAMES))),
        "texture_scale": np.tile(np.array(rules.scale_start), (count, 1)),
        "texture_looks": np.zeros((count, len(NAMES)), np.int32),
    }


def pixel_share(
    burned: NDArray[np.bool_], judged: NDArray[np.bool_], counts: NDArray[np.int64]
) -> Array:
    """Return the logit of the share of each place's pixels that burned, shape (place,).

    Half a pixel is added to either side, so that none and all have one. NaN where fewer than
    `LEAST_PIXELS` were judged.

    Parameters
    ----------
    burned, judged : ndarray of bool, shape (n,)
        Of the cores' pixels alone.
    counts : ndarray of int64, shape (place,)
    """
    place = np.repeat(np.arange(counts.size), counts)
    whole = np.bincount(place, judged, counts.size)
    part = np.bincount(place, burned & judged, counts.size)
    logit: Array = np.log((part + 0.5) / (whole - part + 0.5))
    return np.where(whole >= LEAST_PIXELS, logit, np.nan)


def scores(rows: Rows, values: Array, rules: TextureRules) -> Array:
    """Return the deviations of a look from the baselines in scales, shape (place, 2).

    NaN where a feature was not seen or is not trained.
    """
    trained = rows["texture_looks"] >= rules.training
    # The level is the mean of so many looks, and as unsure as that.
    worth = np.maximum(np.minimum(rows["texture_looks"], rules.memory), 1)
    usual = rows["texture_scale"] * np.sqrt(1.0 + 1.0 / worth) * np.array(rules.tail)
    return np.where(trained, (values - rows["texture_level"]) / usual, np.nan)


def evidence(score: Array, spectral: Array, rules: TextureRules) -> Array:
    """Return the nats that the two features add to a look, shape (place,).

    Each feature's log-likelihood ratio is capped (:mod:`detectors.evidence`). That of the pixels
    is one-sided, that of the texture is of a change in either direction, both as likely.

    Parameters
    ----------
    spectral : ndarray, shape (place,)
        What the spectra of the look brought; where that is 0 or less, nothing is added.
    """
    z = np.nan_to_num(score)
    one_sided = log_likelihood_ratio(z)
    either = np.logaddexp(one_sided[:, 0], log_likelihood_ratio(-z[:, 0])) - np.log(2.0)
    said = np.where(np.isfinite(score), np.stack([either, one_sided[:, 1]], axis=-1), 0.0)
    total = (said * np.array(rules.weight)).sum(-1)
    return np.where(spectral > 0.0, np.maximum(total, -rules.against), 0.0)


def learn(
    rows: Rows, values: Array, teaching: NDArray[np.bool_], rules: TextureRules
) -> dict[str, NDArray[Any]]:
    """Return the rows after one look.

    Parameters
    ----------
    teaching : ndarray of bool, shape (place,)
        Places that may learn from it; under suspicion none may.
    """
    level, scale, looks = (rows[f"texture_{one}"] for one in ("level", "scale", "looks"))
    use = teaching[:, None] & np.isfinite(values)
    error = np.where(use, values - level, 0.0)
    bound = np.where(looks > 0, rules.winsor * scale, np.inf)
    gain = 1.0 / (np.minimum(looks, rules.memory) + 1.0)
    pace = np.maximum(0.05, 0.6 / (looks + 2.0))
    step = np.where(np.abs(error) > MEDIAN * scale, pace, -pace)
    # The first look has nothing to deviate from.
    wider = np.where(use & (looks > 0), scale * np.exp(step), scale)
    return {
        "texture_level": level + gain * np.clip(error, -bound, bound),
        "texture_scale": np.maximum(wider, np.array(rules.scale_least)),
        "texture_looks": looks + use,
    }


def relevel(rows: Rows, place: int, values: Array) -> None:
    """Make what a look shows the new normal of one place, in place; what was not seen stays."""
    seen = np.isfinite(values[place])
    rows["texture_level"][place, seen] = values[place, seen]
