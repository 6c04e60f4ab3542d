"""WebMercatorQuad, the one tile matrix set there is, as OGC's standard 17-083r4 describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from tiles.mercator import MOST_ZOOM, TILE_PIXELS, cell_size_m, corner_m, tile_over

ID = "WebMercatorQuad"
TITLE = "Google Maps Compatible for the World"
URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{ID}"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
SCALES = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"
_PIXEL_M = 0.000_28
"""Side of the pixel that scales are told by."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The tiles of one zoom.

    Attributes
    ----------
    scale : float
        Denominator of the scale, on a screen with pixels of 0.28 mm.
    cell_m : float
        Side of a pixel, metres of EPSG:3857.
    count : int
        Tiles a side.
    """

    zoom: int
    scale: float
    cell_m: float
    count: int


class Limits(NamedTuple):
    """The tiles of one zoom that show something: first and last, both included."""

    zoom: int
    first_row: int
    last_row: int
    first_col: int
    last_col: int


def matrices() -> tuple[Matrix, ...]:
    """Return all zooms, from 0 to 24."""
    sizes = [(zoom, cell_size_m(zoom)) for zoom in range(MOST_ZOOM + 1)]
    return tuple(Matrix(zoom, size / _PIXEL_M, size, 1 << zoom) for zoom, size in sizes)


def limits(
    bounds: tuple[float, float, float, float], minzoom: int, maxzoom: int
) -> tuple[Limits, ...]:
    """Return which tiles meet some bounds, zoom by zoom.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north, degrees CRS84.
    """
    west, south, east, north = bounds
    found = []
    for zoom in range(minzoom, maxzoom + 1):
        (first_col, first_row), (last_col, last_row) = (
            tile_over(west, north, zoom), tile_over(east, south, zoom)
        )  # fmt: skip
        found.append(Limits(zoom, first_row, last_row, first_col, last_col))
    return tuple(found)


def document() -> dict[str, Any]:
    """Return the tile matrix set as its JSON."""
    west, north = corner_m()
    return {
        "id": ID,
        "title": TITLE,
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": SCALES,
        "tileMatrices": [
            {
                "id": str(one.zoom),
                "scaleDenominator": one.scale,
                "cellSize": one.cell_m,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [west, north],
                "tileWidth": TILE_PIXELS,
                "tileHeight": TILE_PIXELS,
                "matrixWidth": one.count,
                "matrixHeight": one.count,
            }
            for one in matrices()
        ],
    }
