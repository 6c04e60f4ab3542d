"""Outlines of scenes on a round earth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry


def footprint_of(geometry: Mapping[str, Any]) -> BaseGeometry:
    """Return the outline of a scene, cut in two where it crosses 180 degrees.

    Parameters
    ----------
    geometry : mapping
        GeoJSON, CRS84.

    Raises
    ------
    ValueError
        If it is empty or not finite.
    """
    outline = shape(dict(geometry))
    if outline.is_empty or not all(map(math.isfinite, outline.bounds)):
        raise ValueError("its geometry is empty")
    if not outline.is_valid:
        outline = shapely.make_valid(outline)
    parts = [half for part in getattr(outline, "geoms", [outline]) for half in _halves(part)]
    whole: BaseGeometry = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return whole


def _halves(part: BaseGeometry) -> Iterable[BaseGeometry]:
    west, _, east, _ = part.bounds
    if 180.0 < east - west < 360.0:
        # No scene is half the globe wide: its corners lie on both sides of the date line.
        part = shapely.transform(part, lambda at: at + (at[:, :1] < 0) * np.array([360.0, 0.0]))
    elif west >= -180.0 and east <= 180.0:
        return (part,)
    part = shapely.make_valid(part)
    found = (
        translate(part.intersection(box(turn - 180.0, -90.0, turn + 180.0, 90.0)), -turn)
        for turn in (-360.0, 0.0, 360.0)
    )
    return tuple(half for half in found if not half.is_empty)
