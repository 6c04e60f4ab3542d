"""Which pixels of a look can be used, and what the others were lost to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from imagery.cube import CLASSES, build_cube
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
    """Return the cube of one look with the variable ``cause`` (time, y, x) beside its bands.

    Clouds are widened on a grid larger than `geobox` by the margin, so that ground at the edge
    of a window is masked as it is in the middle of one.
    """
    margin = math.ceil(CLOUD_MARGIN_M / abs(float(geobox.transform.a)))
    classes = build_cube([chip], geobox.pad(margin), [CLASSES])[CLASSES].values[0]
    causes = causes_of(classes, abs(float(geobox.transform.a)))
    inner = causes[margin:-margin, margin:-margin][np.newaxis]
    return build_cube([chip], geobox, bands).assign(cause=(("time", "y", "x"), inner))
