"""Outlines of settlements that are known as points, drawn from a few archived looks.

Nothing here is put on a watchlist: what was drawn goes to a person, who looks at it first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import shapes
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from detectors.core_marks import USED
from detectors.cores import Core, find_core
from hearthwatch.watchlist import NamedArea
from imagery.cube import CLASSES
from imagery.masks import look_cube
from imagery.types import Acquisition, Cause, Chip, GeoBox
from tiles.geodesy import area_m2
from tiles.grid import cell_at
from tiles.plane import PIXEL_M, from_plane, to_plane

SENSOR = "sentinel-2-l2a"
LOOKS = 8
CLOUDY = 40.0
"""Cloud over a whole scene, per cent, from which it is not tried."""
REACH_M = 1000.0
"""Of the window round a point."""
STAIRS_M = 7.0
"""By which the stairs of pixels are straightened; less than a pixel's diagonal."""
CIRCLE_STAYS = "the circle round the point stays"
UNCHECKED = "a program drew the outline from satellite images; nobody has checked it"
_HECTARE_M2 = 10_000.0


@dataclass(frozen=True, slots=True)
class Window:
    """The pixels round one point.

    Attributes
    ----------
    place : NamedArea
        The circle round the point.
    geobox : GeoBox
        On the lattice of 10 m of `epsg`.
    seed : tuple of int
        Row and column of the point.
    """

    place: NamedArea
    epsg: int
    geobox: GeoBox
    seed: tuple[int, int]

    @property
    def ground(self) -> BaseGeometry:
        """All of it; CRS84."""
        return from_plane(shapely.box(*self.geobox.boundingbox.bbox), self.epsg)


def window_round(place: NamedArea) -> Window:
    """Return the window round the middle of a place, in the zone of its cell."""
    middle = place.geometry.centroid
    epsg = cell_at(middle.x, middle.y).epsg
    centre = to_plane(place.geometry, epsg).centroid
    left, bottom = (math.floor((v - REACH_M) / PIXEL_M) * PIXEL_M for v in (centre.x, centre.y))
    side = 2 * int(REACH_M) // PIXEL_M + 1
    top = bottom + side * PIXEL_M
    box = GeoBox((side, side), Affine(PIXEL_M, 0, left, 0, -PIXEL_M, top), f"EPSG:{epsg}")
    seed = (int((top - centre.y) // PIXEL_M), int((centre.x - left) // PIXEL_M))
    return Window(place, epsg, box, seed)


def choose_looks(found: Iterable[Acquisition], count: int = LOOKS) -> list[Acquisition]:
    """Return looks of Sentinel-2 spread over the time, of each part of it the least cloudy.

    Scenes that were made for an exercise are left out.
    """
    offered = sorted((one for one in found if _is_usable(one)), key=lambda one: one.sensed)
    if len(offered) <= count:
        return offered
    first, last = offered[0].sensed, offered[-1].sensed
    step = (last - first) / count
    parts: list[list[Acquisition]] = [[] for _ in range(count)]
    for one in offered:
        parts[min(int((one.sensed - first) / step), count - 1)].append(one)
    return [min(part, key=lambda one: (_cloud(one), one.sensed)) for part in parts if part]


def bands_of(look: Acquisition) -> tuple[str, ...]:
    """Return the bands of a look that outlines are drawn from."""
    offered = frozenset.intersection(*(scene.bands for scene in look.scenes))
    return tuple(band for band in USED if band in offered)


def clear_ground(chip: Chip, window: Window, bands: Sequence[str]) -> NDArray[np.float32]:
    """Return what a look shows of a window, shape (band, y, x); NaN under cloud and shadow."""
    cube = look_cube(chip, window.geobox, [*bands, CLASSES]).isel(time=0)
    clear = (cube["cause"].values == Cause.CLEAR) & (cube["contaminated"].values == 0)
    pixels = np.stack([cube[band].values for band in bands])
    return np.where(clear, pixels, np.nan).astype(np.float32)


def draw(
    window: Window, looks: Sequence[NDArray[np.float32]], bands: Sequence[str],
    taken: Sequence[tuple[str, datetime]],
) -> dict[str, Any]:  # fmt: skip
    """Return a GeoJSON feature: the outline that was seen, or the circle with the reason.

    Parameters
    ----------
    looks : sequence of ndarray, shape (band, y, x)
        See `clear_ground`.
    taken : sequence of (str, datetime)
        Key and time of each look.
    """
    if looks:
        core = find_core(np.stack(looks).astype(np.float64), bands, window.seed, float(PIXEL_M))
    else:
        core = Core(None, "no outline could be seen: the catalogue lists no clear look", 0)
    area = window.place.geometry if core.outline is None else _outline(window, core.outline)
    drawn = core.outline is not None
    return {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(area),
        "properties": {
            "name": window.place.name or "",
            "outlined": drawn,
            "doubt": _doubt(core) if drawn else f"{core.refusal}; {CIRCLE_STAYS}",
            "area_ha": round(area_m2(area) / _HECTARE_M2, 2),
            **_figures(core),
            "looks": [key for key, _ in taken],
            "first_look": min((f"{day:%Y-%m-%d}" for _, day in taken), default=None),
            "last_look": max((f"{day:%Y-%m-%d}" for _, day in taken), default=None),
        },
    }


def _outline(window: Window, outline: NDArray[np.bool_]) -> BaseGeometry:
    found = shapes(outline.astype(np.uint8), outline, transform=window.geobox.transform)
    stairs = shapely.union_all([shape(geometry) for geometry, _ in found])
    return from_plane(shapely.simplify(stairs, STAIRS_M), window.epsg)


def _doubt(core: Core) -> str:
    return (
        f"{UNCHECKED}. It stands out from the ground around by {core.contrast:.1f} deviations in "
        f"{core.looks} looks, {core.rarity:.0%} of the ground looks as much like a settlement, and "
        f"outlines of half of the looks agree with it by {core.stability:.0%}"
    )


def _figures(core: Core) -> dict[str, float | int | None]:
    names = ("contrast", "rarity", "drop", "edge", "broad", "stability")
    values = {name: float(getattr(core, name)) for name in names}
    told = {name: round(v, 3) if math.isfinite(v) else None for name, v in values.items()}
    return {"looks_used": core.looks, **told}


def _is_usable(look: Acquisition) -> bool:
    real = all(scene.mode == "actual" for scene in look.scenes)
    classed = all(CLASSES in scene.bands for scene in look.scenes)
    return look.sensor == SENSOR and real and classed and _cloud(look) < CLOUDY


def _cloud(look: Acquisition) -> float:
    """Return the cloud over a look's scenes, per cent; 0 where the catalogue does not say."""
    told = [scene.cloud_cover for scene in look.scenes if scene.cloud_cover is not None]
    return max(told, default=0.0)
