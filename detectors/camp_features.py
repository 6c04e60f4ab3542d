"""What one look shows of cells of 20 m: how bare, bright and rough they are, and what they are not.

Four features a camp changes, each by another piece of physics: plants go (red against near
infrared), ground and roofs are bright (visible light), roofs smaller than a pixel make the ground
mottled (texture at 10 m) and built (texture of the short-wave infrared at 20 m). Three more tell
a camp from water, char and rows.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import structure_tensor
from skimage.filters import laplace

from detectors.area_look import log_reflectance, put_fixed
from detectors.indices import mndwi, nbr
from detectors.kernel import NO_DATA

NAMES = (
    "ln(B04/B08)", "ln visible", "texture of visible light", "texture of B11",
    "MNDWI", "-NBR", "rows",
)  # fmt: skip
"""Names of what is measured per cell, in their order; the first four are followed."""
FOLLOWED, SPECTRA = 4, 2
"""How many are followed; the first of them are of spectra, the others of texture."""
GREEN, WET, CHAR, ROWS = 0, 4, 5, 6
VISIBLE = ("B02", "B03", "B04")
CELL = 2
"""Pixels along a cell's side."""
NEIGHBOURHOOD = 3
"""Cells along the side of the square that texture is taken over: 60 m."""
CLEAR_SHARE = 0.75
"""Of a cell's pixels, that must be clear."""
FLATTEST = 0.005
"""Added to texture, natural-log units, so that it has a logarithm; fixed point ends at 0.02."""
ROWS_SIGMA = 3.0
"""Pixels over which the direction of an image is taken."""

Values = NDArray[np.float32]
Mask = NDArray[np.bool_]


def cell_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of the cells over a grid; an odd edge has a cell of its own."""
    return -(-int(shape[0]) // CELL), -(-int(shape[1]) // CELL)


def cell_features(look: xr.Dataset, clear: Mask) -> NDArray[np.int16]:
    """Return the features of a look in fixed point, `NO_DATA` where nothing was seen.

    Parameters
    ----------
    look : Dataset
        One time step with B04 and B08 on pixels of 10 m.
    clear : ndarray of bool, shape (y, x)
        Watched pixels that show ground.

    Returns
    -------
    ndarray of int16, shape (7, cell y, cell x)
        In steps of 1/4096: natural-log units for the first four, of the others as they are.
    """
    shown = _cells(clear.astype(np.float32)) >= CLEAR_SHARE
    bands = {
        band: _cells(np.where(clear, look[band].values, np.nan))
        for band in ("B02", "B03", "B04", "B08", "B11", "B12")
        if band in look
    }
    bright = log_reflectance(
        np.mean([look[band].values for band in VISIBLE if band in look], axis=0), 0.005
    )
    out = np.full((len(NAMES), *shown.shape), NO_DATA, np.int16)
    for at, values in enumerate(_values(bands, bright, clear)):
        if values is not None:
            put_fixed(out[at], values.astype(np.float32), shown)
    return out


def _values(bands: dict[str, Values], bright: Values, clear: Mask) -> tuple[Values | None, ...]:
    """Return the features in the order of `NAMES`, None for one whose bands are not there."""
    swir, green, red, near = (bands.get(band) for band in ("B11", "B03", "B04", "B08"))
    assert red is not None
    assert near is not None
    log_swir = None if swir is None else log_reflectance(swir, 0.02)
    return (
        log_reflectance(red, 0.005) - log_reflectance(near, 0.02),
        _cells(np.where(clear, bright, np.nan)),
        _texture(bright, clear),
        None if log_swir is None else _cell_texture(log_swir, np.isfinite(log_swir)),
        None if swir is None or green is None else mndwi(green, swir).astype(np.float32),
        -nbr(near, bands["B12"]).astype(np.float32) if "B12" in bands else None,
        _rows(bright, clear),
    )


def _cells(values: NDArray[np.floating]) -> Values:
    """Return the means of 2 x 2 pixels, NaN left out; NaN where there is nothing else."""
    rows, columns = values.shape
    padded = np.pad(
        values.astype(np.float32), ((0, rows % CELL), (0, columns % CELL)), constant_values=np.nan
    )
    blocks = padded.reshape(padded.shape[0] // CELL, CELL, padded.shape[1] // CELL, CELL)
    count = np.isfinite(blocks).sum(axis=(1, 3))
    total = np.nansum(blocks, axis=(1, 3))
    means: Values = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
    return means


def _texture(bright: Values, clear: Mask) -> Values:
    """Return ln of the mean absolute Laplacian of 10 m pixels over the neighbourhood."""
    rough, known = _rough(bright, clear)
    return _around(_cells(np.where(known, rough, np.nan)))


def _cell_texture(values: Values, clear: Mask) -> Values:
    rough, known = _rough(values, clear)
    return _around(np.where(known, rough, np.float32(np.nan)))


def _rough(values: Values, clear: Mask) -> tuple[Values, Mask]:
    """Return the absolute Laplacian, which is 0 on even slopes, and where it is known."""
    known = clear & np.isfinite(values)
    middle = np.float32(np.median(values[known])) if known.any() else np.float32(0.0)
    rough = np.abs(laplace(np.where(known, values, middle), ksize=3)).astype(np.float32)
    inner = ndimage.binary_erosion(known, border_value=1)
    return rough, np.asarray(inner, dtype=bool)


def _around(rough: Values) -> Values:
    """Return the log of the mean over the neighbourhood of each cell; NaN where half is unseen."""
    seen = np.isfinite(rough)
    share = ndimage.uniform_filter(seen.astype(np.float32), NEIGHBOURHOOD, mode="nearest")
    total = ndimage.uniform_filter(np.where(seen, rough, 0.0), NEIGHBOURHOOD, mode="nearest")
    mean = np.where(share >= 0.5, total / np.maximum(share, 0.5), np.nan)
    texture: Values = np.log(np.maximum(mean, 0.0) + FLATTEST).astype(np.float32)
    return texture


def _rows(bright: Values, clear: Mask) -> Values:
    """Return how much the image has one direction, 0..1: coherence of the structure tensor."""
    known = clear & np.isfinite(bright)
    middle = np.float32(np.median(bright[known])) if known.any() else np.float32(0.0)
    a, b, c = structure_tensor(np.where(known, bright, middle), sigma=ROWS_SIGMA, order="rc")
    apart, together = np.hypot(a - c, 2.0 * b), np.maximum(a + c, 1e-9)
    return _cells(np.where(known, apart / together, np.nan))
