"""Whether a file lies where Sentinel-2's own grid puts it."""

from __future__ import annotations

import re

from odc.geo.geobox import GeoBox

from imagery.errors import IntegrityError
from imagery.types import Scene

OFF = 0.01
"""Of a pixel. Every tile begins at a whole multiple of its pixels' size, in every resolution."""

_TILE = re.compile(r"^(\d{2})([C-X])")


def require_grid(scene: Scene, grid: GeoBox, name: str) -> None:
    """Refuse pixels of a Sentinel-2 tile that lie in another zone or between its pixels.

    Files in other projections than UTM were made by somebody else, who may lay them as they like.

    Raises
    ------
    IntegrityError
        Saying which it is.
    """
    code = grid.crs.epsg if grid.crs is not None else None
    if scene.sensor != "sentinel-2-l2a" or code is None or code // 100 not in (326, 327):
        return
    tile = _TILE.match(scene.tile or "")
    if tile is not None and int(tile[1]) != code % 100:
        raise IntegrityError(f"{name} is in zone {code % 100}, and its tile is {scene.tile}")
    for edge, step in ((grid.affine.c, grid.affine.a), (grid.affine.f, grid.affine.e)):
        along = edge / abs(step)
        if abs(along - round(along)) > OFF:
            raise IntegrityError(f"{name} does not lie on the grid of Sentinel-2's tiles")
