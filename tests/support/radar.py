"""Radar catalogues with a known truth: gamma nought is drawn first, scenes are made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.io import MemoryFile
from shapely.geometry import Polygon, mapping

from tests.support.catalogue import CRS_CODE, ORIGIN, link_catalogue, sensed_at, write_json

COLLECTION = "sentinel-1-rtc-test"
PIXEL_M = 10.0
SIZE = 60

Power = NDArray[np.float32]
RadarRenderer = Callable[[datetime, "Track"], Mapping[str, Power]]
"""``render(sensed, track)`` returns VV and VH, linear power, NaN where nothing was seen."""


@dataclass(frozen=True, slots=True)
class Track:
    """One relative orbit: passes of one direction at one time of day.

    Attributes
    ----------
    swath : tuple of float
        Part of the width that it sees, from the left: 0 to 1.
    gain : float
        What this look direction makes of the drawn power: slopes shine or hide.
    """

    orbit: int
    direction: str
    at: time
    swath: tuple[float, float] = (0.0, 1.0)
    gain: float = 1.0


ASCENDING = Track(29, "ascending", time(16, 20, 5), swath=(0.0, 0.8), gain=1.15)
DESCENDING = Track(80, "descending", time(4, 35, 41), swath=(0.2, 1.0))
TRACKS = (ASCENDING, DESCENDING)


def make_radar_catalogue(
    path: Path,
    dates: Sequence[date],
    render: RadarRenderer,
    *,
    tracks: Sequence[Track] = TRACKS,
    crs: str = CRS_CODE,
    origin: tuple[float, float] = ORIGIN,
    pixel_m: float = PIXEL_M,
    platform: str = "sentinel-1a",
    instrument_mode: str = "IW",
    collection: str = COLLECTION,
    published_after: timedelta = timedelta(hours=9),
    nodata: float = np.nan,
) -> Path:
    """Write a catalogue of terrain-corrected radar into `path`; return its ``catalog.json``.

    A second call adds to what is there. On each date every track passes once, though a real one
    comes again after twelve days only. Orbits and times of the day are of real tracks over
    `ORIGIN`.

    Parameters
    ----------
    dates : sequence of date
    render : callable
        Square float32 arrays by polarisation; what lies outside a track's swath becomes NaN.
    pixel_m : float
        30 for scenes such as OPERA's.
    platform : str
        ``sentinel-1a``, ``-1b``, ``-1c`` or ``-1d``.
    nodata : float
        What stands in the files where nothing was seen.
    """
    path.mkdir(parents=True, exist_ok=True)
    for day in dates:
        for track in tracks:
            sensed = sensed_at(day).replace(
                hour=track.at.hour, minute=track.at.minute, second=track.at.second
            )
            bands = {name: _swath(power, track) for name, power in render(sensed, track).items()}
            name = f"S1_{sensed:%Y%m%dT%H%M%S}_R{track.orbit:03d}"
            properties = {
                "datetime": f"{sensed:%Y-%m-%dT%H:%M:%SZ}",
                "published": f"{sensed + published_after:%Y-%m-%dT%H:%M:%SZ}",
                "platform": platform,
                "sat:relative_orbit": track.orbit,
                "sat:orbit_state": track.direction,
                "sar:instrument_mode": instrument_mode,
                "sar:polarizations": sorted(bands),
                "hearthwatch:sensor": "sentinel-1-rtc",
                "hearthwatch:backscatter": "gamma0_terrain",
            }
            _write(path / name, name, collection, bands, properties, crs, origin, pixel_m, nodata)
    return link_catalogue(path)


def radar_truth(seed: int, size: int = SIZE, *, razed: date | None = None) -> RadarRenderer:
    """Return a renderer of fields with a settlement in the middle, speckled anew at each pass.

    Parameters
    ----------
    razed : date, optional
        From then on the settlement, a square of a third of the width, shines 6 dB less in VV.

    Notes
    -----
    What a pass shows depends on the seed, its time and its track alone. Speckle is gamma
    distributed, of 40 looks.
    """
    ground = np.random.default_rng(seed).gamma(40.0, 0.08 / 40.0, (size, size))
    third = slice(size // 3, 2 * size // 3)

    def render(sensed: datetime, track: Track) -> dict[str, Power]:
        rng = np.random.default_rng([seed, int(sensed.timestamp())])
        power = ground.copy()
        power[third, third] *= 10.0 ** (
            0.0 if razed is not None and sensed.date() >= razed else 0.6
        )
        speckle = rng.gamma(40.0, 1.0 / 40.0, (2, size, size))
        vv, vh = power * speckle[0] * track.gain, 0.2 * ground * speckle[1] * track.gain
        return {"VV": vv.astype(np.float32), "VH": vh.astype(np.float32)}

    return render


def even(vv: float = 0.1, vh: float = 0.02, size: int = SIZE) -> RadarRenderer:
    """Return a renderer of one power per polarisation."""

    def render(sensed: datetime, track: Track) -> dict[str, Power]:
        return {
            "VV": np.full((size, size), vv, np.float32),
            "VH": np.full((size, size), vh, np.float32),
        }

    return render


def _swath(power: Power, track: Track) -> Power:
    width = power.shape[1]
    first, last = (round(part * width) for part in track.swath)
    seen = np.full(power.shape, np.nan, np.float32)
    seen[:, first:last] = power[:, first:last]
    return seen


def _write(
    folder: Path,
    name: str,
    collection: str,
    bands: Mapping[str, Power],
    properties: Mapping[str, Any],
    crs: str,
    origin: tuple[float, float],
    pixel_m: float,
    nodata: float,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shape = next(iter(bands.values())).shape
    grid = GeoBox(shape, Affine(pixel_m, 0, origin[0], 0, -pixel_m, origin[1]), crs)
    seen = np.isfinite(next(iter(bands.values())))
    layers: dict[str, tuple[NDArray[Any], float]] = {
        band: (np.nan_to_num(power, nan=nodata), nodata) for band, power in bands.items()
    }
    layers["mask"] = np.where(seen, 0, 255).astype(np.uint8), 255
    assets = {}
    for band, (values, hole) in layers.items():
        (folder / f"{band}.tif").write_bytes(_cog(grid, values, hole))
        raster = {
            "nodata": "nan" if np.isnan(hole) else int(hole),
            "data_type": values.dtype.name,
            "spatial_resolution": pixel_m,
        }
        assets[band] = {
            "href": f"{band}.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "raster:bands": [raster],
        }
    outline = _outline(grid, seen)
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": mapping(outline),
        "bbox": list(outline.bounds),
        "properties": dict(properties),
        "links": [{"rel": "root", "href": "../catalog.json"}],
        "assets": assets,
    }
    write_json(folder / f"{name}.json", item)


def _outline(grid: GeoBox, seen: NDArray[np.bool_]) -> Polygon:
    """Return the outline of the columns that were seen."""
    columns = np.flatnonzero(seen.any(axis=0))
    first, last = int(columns[0]), int(columns[-1]) + 1
    move = Transformer.from_crs(str(grid.crs), "OGC:CRS84", always_xy=True)
    height = grid.shape[0]
    corners = [grid.transform * p for p in ((first, 0), (first, height), (last, height), (last, 0))]
    return Polygon([tuple(round(v, 7) for v in move.transform(*corner)) for corner in corners])


def _cog(grid: GeoBox, values: NDArray[Any], nodata: float) -> bytes:
    profile = {
        "driver": "COG", "dtype": values.dtype.name, "count": 1, "height": grid.shape[0],
        "width": grid.shape[1], "crs": CRS.from_user_input(str(grid.crs)),
        "transform": grid.transform, "nodata": nodata, "compress": "DEFLATE",
        "overviews": "NONE",
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(values, 1)
        return bytes(memory.read())
