"""What the methods are fed: two indices that burning raises, of the core alone or against the ring.

Every method is given the same four, and takes the one that does best on the tuning half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.series import Series

CORE, AGAINST_RING = "core alone", "core minus ring"
NEAR_INFRARED, BURN_RATIO = "-ln NIR", "-NBR"
INDEX_INPUTS = tuple(
    f"{index}, {part}" for index in (NEAR_INFRARED, BURN_RATIO) for part in (CORE, AGAINST_RING)
)
PARTS = (CORE, AGAINST_RING)
YEAR_DAYS = 365.25
_DARKEST = 0.001

Numbers = NDArray[np.float64]


def near_infrared(series: Series) -> int:
    """Return where B8A is, or B08 in its stead."""
    return series.band("B8A" if "B8A" in series.bands else "B08")


def short_wave(series: Series) -> int:
    """Return where B12 is, or B11 in its stead: then NBR is NDMI, and the report says so."""
    return series.band("B12" if "B12" in series.bands else "B11")


def burn_ratio(reflectance: NDArray[np.float32], series: Series) -> Numbers:
    """Return (NIR - SWIR) / (NIR + SWIR) over the last axis of `reflectance`, the bands."""
    near = _positive(reflectance[..., near_infrared(series)])
    far = _positive(reflectance[..., short_wave(series)])
    return np.asarray((near - far) / (near + far), np.float64)


def index_input(series: Series, name: str) -> Numbers:
    """Return one of `INDEX_INPUTS` by look, larger where burned.

    Returns
    -------
    (series, look) float64
        NaN where the look is not usable.
    """
    index, part = name.split(", ")

    def measured(reflectance: NDArray[np.float32]) -> Numbers:
        if index == BURN_RATIO:
            return -burn_ratio(reflectance, series)
        return -np.log(_positive(reflectance[..., near_infrared(series)]))

    values = measured(series.core)
    if part == AGAINST_RING:
        values = values - measured(series.ring)
    return np.where(series.usable, values, np.nan)


def band_input(series: Series, part: str, bands: tuple[str, ...]) -> Numbers:
    """Return the core's reflectance, or what the ring leaves of it, by look and band.

    Against the ring, the ring's own mean over the history is added back, so that the values stay
    what a method made for reflectance expects.

    Returns
    -------
    (series, look, band) float64
        Reflectance; NaN where the look is not usable.
    """
    where = [series.band(band) for band in bands]
    usable = series.usable[..., None]
    core = np.where(usable, series.core[..., where].astype(np.float64), np.nan)
    if part == CORE:
        return core
    ring = np.where(usable, series.ring[..., where].astype(np.float64), np.nan)
    history = ring[:, : series.start]
    seen = np.isfinite(history)
    usual = np.where(seen, history, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.asarray(core - ring + usual[:, None])


def expected(values: Numbers, times: NDArray[np.datetime64], start: int, order: int) -> Numbers:
    """Return the season of each series, by least squares on its usable looks before `start`.

    Parameters
    ----------
    values : (series, look) float64
        NaN where the look is not usable.
    order : int
        Harmonics of the year; there is no trend.

    Returns
    -------
    (series, look) float64
        NaN for a series with fewer than one and a half usable looks for each coefficient: the
        least that nrt takes too.
    """
    angle = 2 * np.pi * (times - times[0]) / np.timedelta64(1, "s") / (YEAR_DAYS * 86400)
    waves = [wave(k * angle) for k in range(1, order + 1) for wave in (np.cos, np.sin)]
    design = np.stack([np.ones_like(angle), *waves], axis=1)
    out = np.full(values.shape, np.nan)
    for row, one in enumerate(values):
        seen = np.flatnonzero(np.isfinite(one[:start]))
        if len(seen) >= 1.5 * design.shape[1]:
            out[row] = design @ np.linalg.lstsq(design[seen], one[seen], rcond=None)[0]
    return out


def _positive(reflectance: NDArray[np.float32]) -> Numbers:
    # Dark looks can have reflectance of 0 and less after correction for the atmosphere.
    return np.maximum(reflectance.astype(np.float64), _DARKEST)
