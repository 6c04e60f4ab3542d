"""Reading one pass over one grid: the requests it takes, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.errors import NotYet, Permanent
from imagery.hub.asking import Exchange, units_of
from imagery.hub.cost import processing_units
from imagery.hub.grids import MOST_SIDE, Window, grid_over, ground, pixel_metres, windows, within
from imagery.hub.payloads import digest, pixels_request, script_of, span_of
from imagery.hub.products import (
    CLASSES,
    SENTINEL_1,
    Way,
    by_resolution,
    is_harmonised,
    reflectance_assets,
    timeliness_of,
)
from imagery.hub.replies import Picture, Wanted, picture
from imagery.net.types import Reply
from imagery.types import Asset, Cost, Layer, Original, Scene, Source
from imagery.windows import MARGIN_M

_CLOSE = 0.01
"""Degrees by which an outline in a catalogue may fall short of its pixels."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bands of one resolution: one layer, in one request per window.

    Attributes
    ----------
    metres : float
        Pixel size.
    inner : tuple of slice
        The pixels on the ground that is wanted, without those around it.
    """

    way: Way
    metres: float
    bands: tuple[str, ...]
    grid: GeoBox
    windows: tuple[Window, ...]
    inner: Window

    def cost(self) -> Cost:
        """Return what the part takes."""
        bands, size = len(self.bands), 4 if self.way.radar else 2
        pixels = self.grid.shape[0] * self.grid.shape[1]
        units = sum(self.units(window) for window in self.windows)
        return Cost(len(self.windows), units, pixels * (bands + 1) * size)

    def units(self, window: Window) -> float:
        """Return the processing units of one window's request."""
        height, width = self.grid[window].shape
        radar = self.way.radar
        return processing_units(width, height, len(self.bands), float32=radar, radar_terrain=radar)


@dataclass(frozen=True, slots=True)
class Result:
    """One layer as it was read, and what it rests on.

    Attributes
    ----------
    seen : float
        Share of the pixels on the ground that is wanted.
    """

    layer: Layer
    sources: tuple[Source, ...]
    originals: tuple[Original, ...]
    notes: tuple[str, ...]
    seen: float


def parts(
    scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], most_side: int = MOST_SIDE
) -> tuple[Part, ...]:
    """Return what to ask for, finest resolution first.

    Raises
    ------
    Permanent
        If the scenes have no such bands, or no grid can be made of `geobox`.
    """
    way = _way(scenes)
    made = []
    for metres, same in by_resolution(way.collection, bands):
        # A cloud just outside must widen into the ground wanted, as one inside does.
        grid = grid_over(geobox, metres, MARGIN_M if CLASSES in same else 0.0)
        size, inner = pixel_metres(grid), within(grid, geobox)
        made.append(Part(way, size, same, grid, windows(grid, most_side), inner))
    return tuple(made)


def covers(scenes: Sequence[Scene], geobox: GeoBox) -> bool:
    """Return whether any scene lists pixels over `geobox`."""
    wanted = shapely.buffer(ground(geobox), _CLOSE)
    return any(wanted.intersects(scene.footprint) for scene in scenes)


def read_part(exchange: Exchange, url: str, scenes: Sequence[Scene], part: Part) -> Result:
    """Ask for all windows of a part and put them together.

    Raises
    ------
    ImageryError
        What the transport or the checks raise.
    NotYet
        If nothing at all was seen: the scene is listed and its pixels are not there.
    """
    dn: NDArray[Any] = np.empty((len(part.bands), *part.grid.shape), part.way.dtype)
    seen = np.empty(part.grid.shape, bool)
    sources: list[Source] = []
    originals: list[Original] = []
    notes: list[str] = []
    for number, window in enumerate(part.windows):
        got, source, original = _read_window(exchange, url, scenes, part, number)
        dn[:, *window], seen[window] = got.dn, got.seen
        sources.append(source)
        originals.append(original)
        notes.extend(got.notes)
    share = float(seen[part.inner].mean())
    if not share:
        raise NotYet(f"{scenes[0].id} is listed, and its pixels are not there yet")
    layer = _layer(scenes, part, dn)
    return Result(layer, tuple(sources), tuple(originals), tuple(notes), share)


def _read_window(
    exchange: Exchange, url: str, scenes: Sequence[Scene], part: Part, number: int
) -> tuple[Picture, Source, Original]:
    window = part.windows[number]
    wanted = Wanted(part.grid[window], part.bands, part.way.dtype)
    request = pixels_request(
        url, part.way, wanted.grid, part.bands, span_of(scenes), part.units(window)
    )

    def parse(reply: Reply) -> Picture:
        return picture(reply.body, wanted)

    got, reply = exchange.ask(request, parse)
    source = Source(
        name=_name(part, number),
        sha256=reply.sha256,
        bytes=len(reply.body),
        request_sha256=digest(request.body or b""),
        script_sha256=digest(script_of(request)),
        units=units_of(reply, request),
    )
    return got, source, Original(_layer_name(scenes), part.bands, reply.sha256, reply.body)


def _name(part: Part, number: int) -> str:
    name = f"process {part.metres:g} m"
    count = len(part.windows)
    return name if count == 1 else f"{name}, window {number + 1} of {count}"


def _way(scenes: Sequence[Scene]) -> Way:
    first = scenes[0]
    asset = first.assets[0]
    if first.collection == SENTINEL_1:
        direction = (first.orbit_direction or "").upper()
        deliveries = {timeliness_of(scene.assets[0]) for scene in scenes}
        return Way(
            SENTINEL_1,
            direction=direction if direction in ("ASCENDING", "DESCENDING") else None,
            # Neighbouring slices may come by different ways; then any will do.
            timeliness=timeliness_of(asset) if len(deliveries) == 1 else None,
        )
    mixed = len({_offset(scene) for scene in scenes}) > 1
    return Way(first.collection, harmonised=mixed or is_harmonised(asset))


def _offset(scene: Scene) -> float | None:
    return scene.asset("B04").offset


def _layer_name(scenes: Sequence[Scene]) -> str:
    """Return what a layer is called: its scene, or what stands for all that it was laid of.

    A pass of which more is listed later is another layer, and does not take the first one's name.
    """
    first = scenes[0].id
    if len(scenes) == 1:
        return first
    others = "\n".join(scene.id for scene in scenes)
    return f"{first}+{len(scenes) - 1}-{sha256(others.encode()).hexdigest()[:8]}"


def _layer(scenes: Sequence[Scene], part: Part, dn: NDArray[Any]) -> Layer:
    assets = [_asset(scenes, part.way, band) for band in part.bands]
    return Layer(
        scene_id=_layer_name(scenes),
        bands=part.bands,
        geobox=part.grid,
        dn=dn,
        scale=tuple(asset.scale for asset in assets),
        offset=tuple(asset.offset for asset in assets),
        nodata=tuple(asset.nodata for asset in assets),
    )


def _asset(scenes: Sequence[Scene], way: Way, band: str) -> Asset:
    if not way.harmonised:
        return scenes[0].asset(band)
    found = [asset for asset in reflectance_assets(None) if asset.band == band]
    if not found:
        raise Permanent(f"{scenes[0].id} has no {band}")
    return found[0]
