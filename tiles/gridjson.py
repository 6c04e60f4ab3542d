"""Pixel grids as JSON, and back, without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affine import Affine
from odc.geo.geobox import GeoBox


def geobox_to_json(geobox: GeoBox) -> dict[str, Any]:
    """Return ``{"crs", "transform", "shape"}`` of a grid.

    Returns
    -------
    dict
        CRS as ``EPSG:n`` where it has a code, else WKT; the six numbers of the affine transform
        (a, b, c, d, e, f); shape (y, x) in pixels.

    Raises
    ------
    ValueError
        If the grid has no CRS.
    """
    if geobox.crs is None:
        raise ValueError("a grid without a CRS lies nowhere")
    return {
        "crs": str(geobox.crs),
        "transform": [float(value) for value in tuple(geobox.transform)[:6]],
        "shape": [int(geobox.height), int(geobox.width)],
    }


def geobox_from_json(value: Mapping[str, Any]) -> GeoBox:
    """Return the grid that :func:`geobox_to_json` described.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not such a description.
    """
    height, width = value["shape"]
    return GeoBox((int(height), int(width)), Affine(*value["transform"]), value["crs"])
