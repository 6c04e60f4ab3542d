"""How much one radar look speaks for lost buildings: two statistics, of which the lesser counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Errors
from detectors.burn_evidence import EvidenceRules, any_cover, look_evidence
from detectors.radar_contrast import REFERENCE, TELLING, better, drop_of
from detectors.radar_features import (
    LOOKS,
    SCORED,
    VH,
    lost_features,
    otherwise_moved,
)
from detectors.radar_statistics import (
    less_significant,
    most_evidence,
    sequential_statistic,
    signed_combination,
    signed_root,
)
from detectors.types import PlaceFeatures

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]

DISTURBED = 3.0
"""Robust deviations by which the surroundings must move for a scene to count as disturbed."""
_POLARISATIONS = VH + 1


@dataclass(frozen=True, slots=True)
class RadarEvidence:
    """What one look brings.

    Attributes
    ----------
    by_cover : ndarray, shape (place, cover)
        Nats for the loss of each share of the buildings.
    plain : ndarray of bool, shape (place,)
        Whether the look shows the settlement plainly unharmed.
    speckle : ndarray, shape (place, 2)
        Signed root of the sequential statistic of VV and VH, positive where power was lost.
    lesser, freedom : ndarray, shape (place,)
        The less significant of the sequential and the seasonal score, the polarisations combined
        by their signs, and its degrees of freedom; what it can say at most caps the evidence.
    contrast : ndarray, shape (place, 4)
        Core over surroundings as the past lets expect it: ln of power, or coherence.
    jump, widened : ndarray, shape (place, 2)
        By how much the surroundings departed from their own past, ln of power, positive where
        they are brighter; and the factor by which what is unknown of that past scatters it.
    disturbed : ndarray, shape (place,)
        Factor, 1 or more, by which all scores were lessened for that.
    equivalent : ndarray, shape (place,)
        Equivalent looks of the core's mean on this look.
    """

    by_cover: Array
    plain: NDArray[np.bool_]
    speckle: Array
    lesser: Array
    freedom: Array
    contrast: Array
    jump: Array
    widened: Array
    disturbed: Array
    equivalent: Array

    @property
    def total(self) -> Array:
        """Nats for the loss of whatever share, shape (place,)."""
        return any_cover(self.by_cover)


def weigh(
    rows: Rows, places: PlaceFeatures, found: Errors, x: Array, slot: int | None,
    trained: NDArray[np.bool_], rules: EvidenceRules,
) -> RadarEvidence:  # fmt: skip
    """Weigh one look.

    Parameters
    ----------
    rows : mapping of str to ndarray
        The state before it.
    found : Errors
        What it departs from the baselines by.
    x : ndarray
        Terms of the baseline.
    slot : int or None
        Number of its orbit.
    trained : ndarray of bool, shape (place,)
        Settlements of which enough is known to call a scene disturbed.
    """
    jump, widened, disturbed = _disturbance(rows, found, trained)
    speckle = _speckle(rows, places.values, slot)
    contrast = _contrast(rows, places.values, x)
    wide = dataclasses.replace(
        found, score=found.score / disturbed[:, None],
        predictive=found.predictive * disturbed[:, None],
    )  # fmt: skip
    lesser, freedom = _lesser(wide, speckle)
    before = places.values[:, :SCORED, 0] - found.error
    effect = lost_features(before, before + contrast)
    seasonal = look_evidence(
        wide, effect, otherwise_moved(len(before)), places.contamination, rules
    )
    # What the lesser score holds back says nothing; it does not say that nothing happened.
    most = most_evidence(lesser, freedom)[:, None]
    return RadarEvidence(
        np.minimum(seasonal.by_cover, most), seasonal.plain & _tells(contrast, found.predictive),
        speckle, lesser, freedom, contrast, jump, widened, disturbed, places.values[:, LOOKS, 0],
    )  # fmt: skip


def _disturbance(
    rows: Rows, found: Errors, trained: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """Return how far the surroundings jumped, and what that takes from the look."""
    known = found.ringed[:, :_POLARISATIONS] & np.isfinite(found.score[:, :_POLARISATIONS])
    sectors = found.residual[:, :_POLARISATIONS, 1:].mean(-1)
    jump = np.where(known, -sectors, np.nan)
    widened = np.sqrt(1.0 + found.leverage[:, :_POLARISATIONS])
    far = np.where(known, np.abs(jump), 0.0) / (rows["still"] * widened)
    factor = np.where(trained, np.maximum(far.max(-1) / DISTURBED, 1.0), 1.0)
    return jump, widened, factor


def _speckle(rows: Rows, values: Array, slot: int | None) -> Array:
    """Return the sequential test of VV and VH, as scores that are positive where power was lost."""
    power = np.exp(-values[:, :_POLARISATIONS, 0])
    if slot is None:
        return np.full(power.shape, np.nan)
    looks = rows["power_looks"][:, slot] + 1.0
    total, equivalent = rows["power_sum"][:, slot], rows["power_equivalent"][:, slot, None]
    statistic = sequential_statistic(looks, power, total, equivalent)
    return signed_root(statistic, looks, power, total)


def _lesser(found: Errors, speckle: Array) -> tuple[Array, Array]:
    """Return the less significant of both statistics over the polarisations, and its freedom."""
    score = found.score[:, :_POLARISATIONS]
    between = found.kinship[:, :_POLARISATIONS, :_POLARISATIONS]
    freedom = found.freedom[:, :_POLARISATIONS].min(-1)
    seasonal = signed_combination(score, between)
    # Speckle of the two polarisations is independent.
    pure = signed_combination(np.where(np.isfinite(score), speckle, np.nan))
    return less_significant(pure, seasonal, freedom), freedom


def _contrast(rows: Rows, values: Array, x: Array) -> Array:
    """Return core over surroundings as the past lets expect it, shape (place, 4)."""
    expected = np.einsum("pfkd,d->pfk", rows["coefficients"], x)
    known = rows["part_looks"][:, :, 1:] > 0
    count = known.sum(-1)
    ring = np.where(known, expected[..., 1:], 0.0).sum(-1) / np.maximum(count, 1)
    seen = (count > 0) & np.isfinite(values[:, :SCORED, 0])
    return np.where(seen, ring - expected[..., 0], np.nan)


def _tells(contrast: Array, deviation: Array) -> NDArray[np.bool_]:
    """Tell where the loss of the reference share would show, as the ledger's words say it."""
    bright, scatter = contrast[:, :_POLARISATIONS], deviation[:, :_POLARISATIONS]
    best = better(bright, scatter)[:, None]
    bright, scatter = (np.take_along_axis(one, best, 1)[:, 0] for one in (bright, scatter))
    return np.nan_to_num(drop_of(bright, REFERENCE)) >= TELLING * np.nan_to_num(scatter, nan=np.inf)
