"""From evidence per pixel to objects on the ground: components, outlines, areas."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from scipy import ndimage
from shapely.geometry.base import BaseGeometry
from skimage.measure import label

from imagery.types import GeoBox

Window = tuple[slice, slice]
"""Rows and columns of a part of an array."""

_GEOD = Geod(ellps="WGS84")
# Neighbours share an edge: two clearings that meet at a corner stay two.
_CROSS = ndimage.generate_binary_structure(2, 1)


def components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Label the edge-connected components of `mask`, shape (y, x), from 1 in scan order."""
    labels, count = label(mask, connectivity=1, return_num=True)
    return labels.astype(np.int32), int(count)


def windows(labels: NDArray[np.integer]) -> list[Window | None]:
    """Return where each number lies, at place number - 1, with a margin of one pixel."""
    height, width = labels.shape
    found = ndimage.find_objects(labels)
    return [
        None
        if one is None
        else (
            slice(max(one[0].start - 1, 0), min(one[0].stop + 1, height)),
            slice(max(one[1].start - 1, 0), min(one[1].stop + 1, width)),
        )
        for one in found
    ]


def touching(part: NDArray[np.bool_], labels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the numbers of the labelled objects that share an edge with `part`, ascending."""
    border = ndimage.binary_dilation(part, structure=_CROSS) & ~part
    found = np.unique(labels[border])
    return found[found > 0]


def outline(
    mask: NDArray[np.bool_], geobox: GeoBox, corner: tuple[int, int] = (0, 0)
) -> BaseGeometry:
    """Return the outline of the pixels in `mask`, in CRS84, wound as RFC 7946 asks.

    Parameters
    ----------
    mask : ndarray of bool, shape (y, x)
    corner : (int, int)
        Row and column of the mask's first pixel in `geobox`.
    """
    rows, starts, stops = _runs(mask)
    rows, starts, stops = rows + corner[0], starts + corner[1], stops + corner[1]
    if geobox.crs is None:
        raise ValueError("a grid without a CRS lies nowhere")
    a = geobox.affine
    boxes = shapely.box(
        a.c + a.a * starts, a.f + a.e * rows, a.c + a.a * stops, a.f + a.e * (rows + 1)
    )
    projected = shapely.union_all(boxes)
    to_lonlat = _to_lonlat(geobox.crs.to_wkt())
    lonlat = shapely.transform(
        projected, lambda xy: np.column_stack(to_lonlat.transform(xy[:, 0], xy[:, 1]))
    )
    oriented: BaseGeometry = shapely.orient_polygons(lonlat, exterior_cw=False)
    return oriented


def area_m2(geometry: BaseGeometry) -> float:
    """Return the area of a CRS84 geometry on the WGS 84 ellipsoid, square metres."""
    area, _ = _GEOD.geometry_area_perimeter(geometry)
    return abs(float(area))


@cache
def _to_lonlat(wkt: str) -> Transformer:
    return Transformer.from_crs(wkt, "OGC:CRS84", always_xy=True)


def _runs(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return row, first column and column after the last of every horizontal run in `mask`."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    edges = np.diff(padded, axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, stops = np.nonzero(edges == -1)
    return rows, starts, stops
