r"""How much one look speaks for a settlement having burned, over all its features.

Under the alternative the core is what it was, with a burn on a share of it. Every burn of a grid
of covers and residues (:data:`detectors.burn_features.TEMPLATES`) is added to what the baseline
lets expect, and the look is held against both. The likelihood ratio of a burn is

.. math::

    \Lambda = \frac{f(z - d;\ R + D) + \kappa}
        {\max\big(f(z;\ R),\ \omega f(z - d';\ R + D')\big) + \kappa}, \qquad
    f(z; C) = \big(1 + z' C^{-1} z / \nu\big)^{-(\nu + n) / 2}

with `z` the scores of the `n` features seen, `d` what the burn moved them by, `R` the correlation
of their errors at this settlement, `D` how far the burn's own spectrum and cover may differ from
those of the grid, `d'` what the likeliest change that is no burn moves the scores by (ground
cleared, grown over, or darkened in all bands) with its prior :math:`\omega`, and :math:`\kappa`
the density of fouled looks, which caps what one look can say. So a look speaks for a burn
only where its features moved together as char and ash move them, against how they move of
themselves: ploughing, a clearing and a cloud's shadow move them otherwise. The same cover must
explain every look of an event; its residues may differ.

The densities are not divided by the spread of `C`: they are profiles, so that doubt about what a
burn looks like never weighs against a burn, and the clearer one is, the more it says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Errors
from detectors.burn_features import COVERS, RESIDUES

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """Constants of the evidence.

    Attributes
    ----------
    reach : tuple of float
        Range, in each feature's own units, over which what fouls a look may throw it: haze,
        shadow, a missed cloud. The wider against the noise, the more a look can say.
    invisible : float
        Share of looks at burned ground that show nothing of it.
    reference : float
        Share of the core that a burn covers which a quiet look must be able to exclude.
    telling : float
        Distance in scores by which it must move the features: else a quiet look proves nothing.
    plain : float
        Nats for the reference burn below which a look shows the settlement plainly unharmed.
    shape, size : float
        Standard deviation, as a share of what a burn moves the features by, of each feature's own
        movement (char differs by half of its mean) and of all together (covers lie on a grid).
    otherwise : float
        How likely a change that is no burn is, over no change.
    alone : float
        Nats, at most, that a look may bring that has one feature only.
    """

    reach: tuple[float, ...] = (1.5, 1.5, 0.6, 1.0, 1.5)
    invisible: float = 0.1
    reference: float = 0.2
    telling: float = 2.5
    plain: float = -0.7
    shape: float = 0.2
    size: float = 0.15
    otherwise: float = 0.03
    alone: float = 3.6


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of one look.

    Attributes
    ----------
    by_cover : ndarray, shape (place, cover)
        Nats for a burn of each of `COVERS`.
    plain : ndarray of bool, shape (place,)
        Whether the look shows the settlement plainly unharmed: the reference burn is unlikely.
    telling : ndarray of bool, shape (place,)
        Whether a burned settlement could have been told at all.
    """

    by_cover: Array
    plain: NDArray[np.bool_]
    telling: NDArray[np.bool_]

    @property
    def total(self) -> Array:
        """Nats for a burn of whatever cover, shape (place,)."""
        return any_cover(self.by_cover)


def any_cover(by_cover: Array) -> Array:
    """Return the evidence for a burn of whatever cover, all being as likely; last axis goes."""
    highest = by_cover.max(-1, keepdims=True)
    total: Array = highest[..., 0] + np.log(np.exp(by_cover - highest).mean(-1))
    return total


def look_evidence(
    found: Errors, effect: Array, otherwise: Array, contamination: Array, rules: EvidenceRules
) -> Evidence:
    """Weigh one look.

    Parameters
    ----------
    effect : ndarray, shape (place, template, feature)
        What each burn would move the features of the core by.
    otherwise : ndarray, shape (place, change, feature)
        What each change that is no burn would.
    contamination : ndarray, shape (place,)
        Share of the core that may be shadow or haze.
    """
    seen = np.isfinite(found.score)
    usual = np.asarray(_correlation(found.kinship, seen))[:, None]
    moved, apart = (
        np.asarray(np.where(seen[:, None], one / found.predictive[:, None], 0.0))
        for one in (effect, otherwise)
    )
    score: Array = np.asarray(np.where(seen, found.score, 0.0))[:, None]
    count = seen.sum(-1)[:, None]
    freedom = np.where(seen, found.freedom, np.inf).min(-1)[:, None]
    kappa = _foul(found.predictive, seen, contamination, rules)
    burned = _density(score - moved, usual, _doubt(moved, rules), freedom, count)
    quiet = _density(score, usual, np.zeros(1), freedom, count)
    other = _density(score - apart, usual, _doubt(apart, rules), freedom, count)
    unburned = np.maximum(quiet, rules.otherwise * other.max(-1, keepdims=True))
    by_cover = _by_cover(burned + kappa[:, None], unburned + kappa[:, None], rules)
    by_cover = np.where(count < 2, np.minimum(by_cover, rules.alone), by_cover)
    by_cover = np.where(count > 0, by_cover, 0.0)
    reference = COVERS.index(rules.reference)
    distance = np.sqrt(_length(moved[:, reference, None], _inverse(usual))[:, 0])
    telling = distance >= rules.telling
    # Ground that changed in another way is not burned, but it is not plainly unharmed either.
    against = _by_cover(burned + kappa[:, None], quiet + kappa[:, None], rules)[:, reference]
    plain = telling & (against < rules.plain)
    return Evidence(by_cover, np.asarray(plain), np.asarray(telling))


def _by_cover(burned: Array, unburned: Array, rules: EvidenceRules) -> Array:
    """Return the evidence for a burn of each cover, nats, shape (place, cover)."""
    # Templates are ordered by residue, then cover: how much ash there is may differ by look.
    ratio = (burned / unburned).reshape(len(burned), len(RESIDUES), len(COVERS)).mean(1)
    evidence: Array = np.log((1.0 - rules.invisible) * ratio + rules.invisible)
    return evidence


def _foul(
    predictive: Array, seen: NDArray[np.bool_], contamination: Array, rules: EvidenceRules
) -> Array:
    """Return the density of fouled looks, over that of what is expected exactly.

    Uniform over the reach of every feature seen, weighed by the odds that the look is fouled.
    """
    share = predictive * math.sqrt(2.0 * math.pi) / np.array(rules.reach)
    foul: Array = np.where(seen, np.minimum(share, 1.0), 1.0).prod(-1)
    return foul * contamination / (1.0 - contamination)


def _correlation(kinship: Array, seen: NDArray[np.bool_]) -> Array:
    """Return the correlation of the errors, with nothing said of features that were not seen."""
    both = seen[:, :, None] & seen[:, None, :]
    return np.where(both, kinship, np.eye(kinship.shape[-1]))


def _doubt(moved: Array, rules: EvidenceRules) -> Array:
    """Return the covariance of what a burn moves the scores by, for every template."""
    own = rules.shape**2 * np.eye(moved.shape[-1])
    doubt: Array = (own + rules.size**2) * moved[..., :, None] * moved[..., None, :]
    return doubt


def _inverse(covariance: Array) -> Array:
    inverse: Array = np.linalg.inv(covariance).astype(np.float64)
    return inverse


def _length(score: Array, precision: Array) -> Array:
    """Return z' C^-1 z of every template, shape (place, template)."""
    length: Array = np.einsum("pti,ptij,ptj->pt", score, precision, score)
    return length


def _density(
    score: Array, usual: Array, more: Array, freedom: Array, count: NDArray[np.int64]
) -> Array:
    """Return the density of the scores, over that of what is expected exactly."""
    length = _length(score, _inverse(usual + more))
    density: Array = (1.0 + length / freedom) ** (-(freedom + count) / 2.0)
    return density
