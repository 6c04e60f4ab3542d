"""What one radar look says of a settlement and its surroundings, and what lost buildings change.

Every feature has the sign that lost buildings make positive; the comparison of the core with its
surroundings is the baseline's business.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.burn_features import COVERS
from detectors.part_statistics import part_reflectance
from detectors.types import PARTS, PlaceSet

Array = NDArray[np.float64]

NAMES = ("vv", "vh", "corners", "coherence", "equivalent_looks")
VV, VH, CORNERS, COHERENCE, LOOKS = range(5)
SCORED = 4
"""Features that are scored; the last one tells how far speckle alone throws the first two."""
BANDS = ("VV", "VH", "COH")
TOP_SHARE = 0.1
"""Brightest pixels that stand for the corners of walls and ground."""
TOP_PIXELS = 20
"""Of a part: the brightest tenth of fewer is a pixel or two."""
RESIDUES = ((1.0, 0.0), (1.0, 1.0), (1.6, 0.0), (1.6, 1.0))
"""What a loss may leave: its power over that of the surroundings (rubble is rougher), and whether
coherence is back, as between two looks at the same rubble."""
INCOHERENT = 0.2
"""Coherence that is measured of ground that has none."""
_LIKE_SOIL = np.array([1.0, 1.2, 1.0, 0.0])
_SOIL = np.array([-0.2, -0.1, 0.1, 0.2])


def radar_features(
    power: Mapping[str, NDArray[np.float32]], clear: NDArray[np.bool_], looks: float,
    places: PlaceSet,
) -> tuple[Array, Array]:  # fmt: skip
    """Return the features of every part.

    Parameters
    ----------
    power : mapping of str to ndarray of float32, shape (y, x)
        VV and, where they exist, VH in linear power and COH in 0..1; NaN where nothing was seen.
    clear : ndarray of bool, shape (y, x)
        Pixels that may be used.
    looks : float
        Equivalent looks of a pixel, :func:`detectors.radar_looks.equivalent_looks`.

    Returns
    -------
    values : ndarray, shape (place, 5, part)
        In the order of `NAMES`; NaN where nothing was seen:

        - ``-ln`` of the mean VV power of a core, of the median of a sector, which lies
          0.1 to 0.3 dB below its mean by speckle alone,
        - the same of VH,
        - ``-ln`` of the mean of the brightest tenth of the pixels in VV,
        - coherence, negative,
        - equivalent looks of the core's mean; NaN of sectors.
    seen : ndarray, shape (place, part)
        Share of the part's pixels that were clear; NaN where a part has no ground.
    """
    dry = np.ones_like(clear)
    out = np.full((len(places.ids), len(NAMES), PARTS), np.nan)
    names = [band for band in ("VV", "VH") if band in power]
    means, seen = part_reflectance(np.stack([power[b] for b in names]), clear, dry, places)
    for row, name in enumerate(names):
        out[:, VV if name == "VV" else VH] = -np.log(means[:, row])
    top = _brightest(power["VV"], clear, places)
    out[:, CORNERS] = np.where(np.isfinite(out[:, VV]), -np.log(top), np.nan)
    if "COH" in power:
        known = clear & np.isfinite(power["COH"])
        coherence, _ = part_reflectance(power["COH"][None], known, dry, places)
        out[:, COHERENCE] = -coherence[:, 0]
    pixels = np.diff(places.starts)[::PARTS]
    out[:, LOOKS, 0] = looks * pixels * np.nan_to_num(seen[:, 0])
    return out, seen


def _brightest(power: NDArray[np.float32], clear: NDArray[np.bool_], places: PlaceSet) -> Array:
    """Return the mean power of the brightest tenth of every part, shape (place, part)."""
    flat, use = power.ravel(), clear.ravel()
    out = np.full(len(places.starts) - 1, np.nan)
    for part in range(out.size):
        mine = places.pixels[places.starts[part] : places.starts[part + 1]]
        values = flat[mine[use[mine]]].astype(np.float64)
        if values.size >= TOP_PIXELS:
            out[part] = np.sort(values)[-max(1, round(TOP_SHARE * values.size)) :].mean()
    return out.reshape(-1, PARTS)


def lost_features(core: Array, ring: Array) -> Array:
    """Return what losing a share of the buildings would move the features of cores by.

    Power adds up linearly: of a lost share there remains what the surroundings send, or half as
    much again. Where a core is no brighter than its surroundings nothing moves.

    Parameters
    ----------
    core, ring : ndarray, shape (place, 4)
        What the past and the season let expect of the core, and of the surroundings.

    Returns
    -------
    ndarray, shape (place, template, 4)
        Templates by residue, then by share lost (:data:`detectors.burn_features.COVERS`).
    """
    covers = np.array(COVERS)
    moved = np.empty((len(core), len(RESIDUES), len(COVERS), SCORED))
    for row, (rubble, back) in enumerate(RESIDUES):
        left = rubble * np.exp(core - ring)
        for feature in (VV, VH):
            after = 1.0 - covers + covers * left[:, feature, None]
            moved[:, row, :, feature] = -np.log(after)
        corners = np.maximum(_top_left(covers), left[:, CORNERS, None])
        moved[:, row, :, CORNERS] = -np.log(corners)
        gone = np.maximum(-core[:, COHERENCE] - INCOHERENT, 0.0)
        moved[:, row, :, COHERENCE] = (1.0 - back) * covers * gone[:, None]
    out: Array = np.maximum(moved, 0.0).reshape(len(core), -1, SCORED)
    return out


def _top_left(covers: Array) -> Array:
    """Return what is left of the brightest tenth where so much of a core lost its brightness.

    The rest gives the brightest pixels then. Of exponentially distributed power, the mean of the
    brightest share q is ``1 + ln(1/q)`` times the mean of all.
    """
    left: Array = 1.0 + np.log(np.maximum((1.0 - covers) / TOP_SHARE, 1.0))
    out: Array = left / (1.0 - np.log(TOP_SHARE))
    return out


def otherwise_moved(count: int) -> Array:
    """Return what the soil's moisture alone may move cores by, shape (place, change, 4)."""
    moved: Array = np.broadcast_to(_SOIL[:, None] * _LIKE_SOIL, (count, _SOIL.size, SCORED))
    return moved
