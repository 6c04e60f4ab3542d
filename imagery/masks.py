"""Which pixels of a look can be used, and what the others were lost to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from imagery.cube import CLASSES, MASK, UNKNOWN_CLASS, build_cube
from imagery.dist_alert import COVERAGE
from imagery.dist_alert import SENSOR as ALERTS
from imagery.radiometry import RADAR_BANDS
from imagery.shadows import shadow_likely
from imagery.types import Cause, Chip, GeoBox


class Scl(IntEnum):
    """Classes of the Sentinel-2 Level-2A scene classification."""

    NODATA = 0
    SATURATED = 1
    DARK = 2
    SHADOW = 3
    VEGETATION = 4
    BARE = 5
    WATER = 6
    UNCLASSIFIED = 7
    CLOUD_MEDIUM = 8
    CLOUD_HIGH = 9
    CIRRUS = 10
    SNOW = 11


CLOUD_MARGIN_M = 100.0
"""Clouds are widened by this much: their edges are thin and unclassified."""

_CLOUDS = (Scl.CLOUD_MEDIUM, Scl.CLOUD_HIGH, Scl.CIRRUS)
_SHADOWY = (Scl.DARK, Scl.SHADOW, Scl.UNCLASSIFIED)


def causes_of(scl: NDArray[np.uint8], pixel_m: float) -> NDArray[np.uint8]:
    """Return per pixel what it was lost to, as :class:`imagery.types.Cause`.

    Parameters
    ----------
    scl : ndarray of uint8, shape (y, x)
        Scene classification.
    pixel_m : float
        Side of a pixel, metres.

    Notes
    -----
    Dark, shadow and unclassified ground (2, 3, 7) stays in use: char, burnt thatch and dark roofs
    are taken for shadow. An unknown class counts as no observation.
    """
    causes = np.full(scl.shape, Cause.CLEAR, np.uint8)
    causes[scl == Scl.SNOW] = Cause.SNOW
    cloud = np.isin(scl, _CLOUDS)
    if cloud.any():
        # Distance to the nearest cloud is the same as dilation by a disk, at any radius.
        near = ndimage.distance_transform_edt(~cloud) * pixel_m <= CLOUD_MARGIN_M
        causes[near] = Cause.CLOUD
    causes[(scl <= Scl.SATURATED) | (scl > Scl.SNOW)] = Cause.NODATA
    return causes


def look_cube(chip: Chip, geobox: GeoBox, bands: Sequence[str]) -> xr.Dataset:
    """Return the cube of one look with what its pixels are worth beside its bands.

    Returns
    -------
    xarray.Dataset
        As of :func:`imagery.cube.build_cube`, and uint8 variables (time, y, x): ``cause``, what a
        pixel was lost to (:class:`imagery.types.Cause`), and of optical looks ``contaminated``: 1
        where ground in use is dark and a cloud in sight may shade it, else 0.

    Notes
    -----
    Clouds are widened on a grid larger than `geobox` by the margin, so that ground at the edge
    of a window is masked as it is in the middle of one. Radar is lost where nothing was received
    (NODATA) and where relief hides the ground or folds it over (SHADOW); alerts where their own
    pass saw nothing, whatever passes before it said.
    """
    cube = build_cube([chip], geobox, bands)
    if chip.sensor == ALERTS:
        made = _alerts(cube)
    elif chip.sensor.startswith("sentinel-1"):
        made = _radar(cube)
    else:
        made = _optical(chip, geobox)
    return cube.assign(
        {name: (("time", "y", "x"), values[np.newaxis]) for name, values in made.items()}
    )


def _optical(chip: Chip, geobox: GeoBox) -> dict[str, NDArray[np.uint8]]:
    pixel_m = abs(float(geobox.transform.a))
    margin = math.ceil(CLOUD_MARGIN_M / pixel_m)
    wider = geobox.pad(margin)
    classes = build_cube([chip], wider, [CLASSES])[CLASSES].values[0]
    causes = causes_of(classes, pixel_m)
    dark = np.isin(classes, _SHADOWY) & (causes == Cause.CLEAR)
    shaded = shadow_likely(np.isin(classes, _CLOUDS), dark, wider, chip.sensed)
    inner = slice(margin, -margin), slice(margin, -margin)
    return {"cause": causes[inner], "contaminated": shaded[inner].astype(np.uint8)}


def _radar(cube: xr.Dataset) -> dict[str, NDArray[np.uint8]]:
    bands = [str(name) for name in cube.data_vars if name in RADAR_BANDS]
    seen = np.ones((cube.sizes["y"], cube.sizes["x"]), bool)
    for band in bands:
        seen &= np.isfinite(cube[band].values[0])
    causes = np.where(seen & bool(bands), np.uint8(Cause.CLEAR), np.uint8(Cause.NODATA))
    if MASK in cube:
        mask = cube[MASK].values[0]
        causes[(mask > 0) & (mask < UNKNOWN_CLASS)] = Cause.SHADOW
    return {"cause": causes}


def _alerts(cube: xr.Dataset) -> dict[str, NDArray[np.uint8]]:
    causes = np.full((cube.sizes["y"], cube.sizes["x"]), Cause.NODATA, np.uint8)
    if COVERAGE in cube:
        causes[cube[COVERAGE].values[0] != UNKNOWN_CLASS] = Cause.CLEAR
    return {"cause": causes}
