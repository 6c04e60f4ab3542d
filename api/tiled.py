"""What the routes of tiles have in common: their parameters and their words."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query

ATTRIBUTION = "Contains modified Copernicus Sentinel data"
MVT = "application/vnd.mapbox-vector-tile"
EVENTS, EVENT_ZOOM = "events", 16
"""Layer of the vector tiles, and the zoom beyond which they need not be asked for."""
DRAWN = ("events", "camps")
"""Collections that are drawn as vector tiles."""
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
SCHEMES = f"{_REL}/tiling-schemes"
SCHEME = f"{_REL}/tiling-scheme"
VECTOR = f"{_REL}/tilesets-vector"
CONFORMANCE = (
    *(f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{one}"
      for one in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "png")),
    *(f"http://www.opengis.net/spec/tms/2.0/conf/{one}"
      for one in ("tilematrixset", "json-tilematrixset", "tilesetmetadata", "json-tilesetmetadata",
                  "tilematrixsetlimits")),
)  # fmt: skip
"""Classes of OGC API - Tiles and of tile matrix sets."""
LARGEST_ZOOM = 22
"""Beyond it a pixel of the sources would fill a screen."""

Acquisition = Annotated[str, Path(max_length=200, description="Id of an archived acquisition.")]
Zoom = Annotated[int, Path(ge=0, le=LARGEST_ZOOM)]
Place = Annotated[int, Path(ge=0)]
PictureForm = Literal["png", "webp"]
Before = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Acquisition to compare with; needed by the styles dnbr and change.",
    ),
]
