r"""How much one look speaks for a settlement having burned, over all its features.

Under the alternative the core is what it was, with a burn on a share of it. Every burn of a grid
of covers and residues (:data:`detectors.burn_features.TEMPLATES`) is taken off the look again, and
what is left is held against the baseline: if the burn happened, it fits. The likelihood ratio of a
burn is

.. math::

    \Lambda = \frac{f(z - d;\ R + D) + \kappa}{f(z;\ R) + \kappa}, \qquad
    f(z; C) \propto |C|^{-1/2} \big(1 + z' C^{-1} z / \nu\big)^{-(\nu + n) / 2}

with `z` the scores of the `n` features seen, `d` what the burn moved them by, `R` the correlation
of their errors at this settlement, `D` how far the burn's own spectrum and cover may differ from
those of the grid, and :math:`\kappa` the density of contaminated looks, which caps what one look
can say. So a look speaks for a burn only where its features moved together as char and ash move
them, against how they move of themselves: ploughing, a clearing and a cloud's shadow move them
otherwise. The same cover must explain every look of an event; its ash may differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Errors
from detectors.burn_features import ASHES, COVERS

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """Constants of the evidence.

    Attributes
    ----------
    cap : float
        Nats that each feature of a look of the least contamination can bring at most.
    least_contamination : float
        Share of a core that is always taken to be haze or shadow that no mask shows.
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
    alone : float
        Nats, at most, that a look may bring that has one feature only.
    """

    cap: float = 4.0
    least_contamination: float = 0.02
    invisible: float = 0.1
    reference: float = 0.2
    telling: float = 2.5
    plain: float = -1.0
    shape: float = 0.25
    size: float = 0.3
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
    found: Errors, values: Array, unburned: Array, contamination: Array, rules: EvidenceRules
) -> Evidence:
    """Weigh one look.

    Parameters
    ----------
    values : ndarray, shape (place, feature)
        Of the core, as observed.
    unburned : ndarray, shape (place, template, feature)
        Of the core without each burn; NaN where that burn cannot have happened.
    contamination : ndarray, shape (place,)
        Share of the core that may be shadow or haze.
    """
    seen = np.isfinite(found.score)
    usual = np.asarray(_correlation(found.kinship, seen))[:, None]
    moved: Array = (values[:, None] - unburned) / found.predictive[:, None]
    fits = np.asarray((np.isfinite(moved) | ~seen[:, None]).all(-1))
    possible = fits & np.asarray(seen.any(-1))[:, None]
    moved = np.asarray(np.where(seen[:, None] & possible[..., None], moved, 0.0))
    score: Array = np.asarray(np.where(seen, found.score, 0.0))[:, None]
    count = seen.sum(-1)[:, None]
    freedom = np.where(seen, found.freedom, np.inf).min(-1)[:, None]
    dirt = _odds(contamination) / _odds(rules.least_contamination)
    kappa = np.exp(-rules.cap * count[:, 0]) * dirt
    burned = _density(score - moved, usual, _doubt(moved, rules), freedom, count)
    quiet = _density(score, usual, np.zeros(1), freedom, count)
    ratio = np.where(possible, (burned + kappa[:, None]) / (quiet + kappa[:, None]), 0.0)
    # Templates are ordered by ash, then cover: how much ash there is may differ by look.
    ratio = ratio.reshape(len(ratio), len(ASHES), len(COVERS)).mean(1)
    by_cover = np.log((1.0 - rules.invisible) * ratio + rules.invisible)
    by_cover = np.where(count < 2, np.minimum(by_cover, rules.alone), by_cover)
    by_cover = np.where(count > 0, by_cover, 0.0)
    reference = COVERS.index(rules.reference)
    distance = np.sqrt(_length(moved[:, reference, None], _inverse(usual))[:, 0])
    telling = possible[:, reference] & (distance >= rules.telling)
    plain = telling & (by_cover[:, reference] < rules.plain)
    return Evidence(by_cover, np.asarray(plain), np.asarray(telling))


def _odds(share: Array | float) -> Array:
    share = np.asarray(share)
    odds: Array = share / (1.0 - share)
    return odds


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
    """Return the density of the scores, over that of no departure at all in a usual look."""
    covariance = usual + more
    length = _length(score, _inverse(covariance))
    wider = np.sqrt(np.linalg.det(usual) / np.linalg.det(covariance))
    density: Array = wider * (1.0 + length / freedom) ** (-(freedom + count) / 2.0)
    return density
