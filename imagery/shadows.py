"""Dark ground that a cloud in sight may shade: contamination, never a mask."""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Transformer

from imagery.errors import IntegrityError
from imagery.sun import sun_position
from imagery.types import GeoBox

LOWEST_M, HIGHEST_M = 200.0, 12_000.0
"""Heights of clouds above ground; Zhu & Woodcock (2012), Remote Sens. Environ. 118."""

LOWEST_SUN = 10.0
"""Degrees: below it a shadow lies too far off to be put to a cloud."""

_STEP_DEGREES = 0.001


def shadow_likely(
    cloud: NDArray[np.bool_], dark: NDArray[np.bool_], geobox: GeoBox, at: datetime
) -> NDArray[np.bool_]:
    """Tell which dark pixels lie where a cloud on the grid throws its shadow.

    Parameters
    ----------
    cloud, dark : ndarray of bool, shape (y, x)
        Clouds as seen, and ground classed as dark, shadow or nothing at all.
    geobox : GeoBox
        Their grid.
    at : datetime
        When it was sensed; from this and the place follows where the sun stood.

    Notes
    -----
    A cloud seen from above at height h shades the ground h / tan(elevation) away from the sun.
    The height is not known, so everything from the lowest to the highest cloud counts. A cloud
    outside the grid is not known of: False does not say that there is no shadow. Char is dark as
    well, so True does not say that there is one.
    """
    if not (cloud.any() and dark.any()):
        return np.zeros(cloud.shape, bool)
    step = _away_from_sun(geobox, at)
    if step is None:
        return np.zeros(cloud.shape, bool)
    towards, per_metre = step
    pixel_m = abs(float(geobox.transform.a))
    across = int(math.hypot(*cloud.shape)) + 1
    first = int(LOWEST_M * per_metre / pixel_m)
    count = min(across, math.ceil(HIGHEST_M * per_metre / pixel_m)) - first + 1
    if count <= 0:
        return np.zeros(cloud.shape, bool)
    found: NDArray[np.bool_] = _swept(cloud, towards, first, count) & dark
    return found


def _away_from_sun(geobox: GeoBox, at: datetime) -> tuple[tuple[float, float], float] | None:
    """Return the way shadows fall as rows and columns, and their length per metre of height."""
    if geobox.crs is None:
        raise IntegrityError("a grid without a CRS lies nowhere")
    to_ground = _to_ground(geobox.crs)
    centre = geobox.transform * (geobox.shape[1] / 2, geobox.shape[0] / 2)
    longitude, latitude = to_ground.transform(*centre)
    azimuth, elevation = sun_position(longitude, latitude, at)
    if elevation < LOWEST_SUN:
        return None
    east, north = -math.sin(math.radians(azimuth)), -math.cos(math.radians(azimuth))
    there = to_ground.transform(
        longitude + _STEP_DEGREES * east / math.cos(math.radians(latitude)),
        latitude + _STEP_DEGREES * north,
        direction="INVERSE",
    )
    col, row = ~geobox.transform * there
    col, row = col - geobox.shape[1] / 2, row - geobox.shape[0] / 2
    length = math.hypot(row, col)
    return (row / length, col / length), 1.0 / math.tan(math.radians(elevation))


@lru_cache(maxsize=16)
def _to_ground(crs: CRS) -> Transformer:
    """Make the way to longitude and latitude once: that takes longer than the shadows do."""
    return Transformer.from_crs(crs.to_wkt(), "OGC:CRS84", always_xy=True)


def _swept(
    cloud: NDArray[np.bool_], towards: tuple[float, float], first: int, count: int
) -> NDArray[np.bool_]:
    """Return where `cloud` comes when moved by `first` and up to `count` - 1 further pixels."""
    swept, width = _moved(cloud, towards, first), 1
    while width < count:
        more = min(width, count - width)
        swept = swept | _moved(swept, towards, more)
        width += more
    return swept


def _moved(mask: NDArray[np.bool_], towards: tuple[float, float], pixels: int) -> NDArray[np.bool_]:
    """Move a mask; what leaves the grid is lost and what comes in is False."""
    out = np.zeros_like(mask)
    down, right = round(towards[0] * pixels), round(towards[1] * pixels)
    height, width = mask.shape
    if abs(down) < height and abs(right) < width:
        out[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = mask[
            max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
    return out
