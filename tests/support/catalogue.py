"""Static STAC catalogues with a known truth: the ground is drawn first, scenes are made of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.io import MemoryFile
from rasterio.warp import reproject, transform_bounds
from scipy import ndimage
from shapely.affinity import affine_transform
from shapely.geometry import Polygon, mapping
from shapely.geometry.base import BaseGeometry

CRS_CODE = "EPSG:32634"
ORIGIN = (630_000.0, 4_952_000.0)
"""Upper left corner; a square of 60 pixels there lies well inside the cell 34N_0061_0483."""
SIZE = 60
PIXEL_M = 10.0
OFFSET_DN = 1000
COLLECTION = "sentinel-2-l2a-test"

Bands = Mapping[str, NDArray[np.uint16]]
Renderer = Callable[[datetime], Bands]


def every(start: date, end: date, days: int = 5) -> list[datetime]:
    """Return looks from `start` to `end`, one each `days`, at ten o'clock UTC."""
    count = (end - start).days // days + 1
    return [sensed_at(start + timedelta(days=days * number)) for number in range(count)]


def sensed_at(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time(10), UTC)


def grid(
    crs: str = CRS_CODE,
    origin: tuple[float, float] = ORIGIN,
    size: int = SIZE,
    pixel_m: float = PIXEL_M,
) -> GeoBox:
    """Return the square grid whose upper left corner is `origin`."""
    transform = Affine(pixel_m, 0.0, origin[0], 0.0, -pixel_m, origin[1])
    return GeoBox((size, size), transform, crs)


def make_catalogue(
    path: Path,
    dates: Sequence[date],
    render: Renderer,
    *,
    crs: str = CRS_CODE,
    origin: tuple[float, float] = ORIGIN,
    size: int = SIZE,
    baseline: str | None = "02.14",
    offset: bool = False,
    without: Sequence[str] = (),
    platform: str | None = "sentinel-2b",
    orbit: int | None = 93,
    other_zone: str | None = None,
    driver: str = "GTiff",
    collection: str = COLLECTION,
    published_after: timedelta = timedelta(hours=6),
) -> Path:
    """Write a catalogue into the folder `path` and return its ``catalog.json``.

    A second call with other dates adds to what is there.

    Parameters
    ----------
    dates : sequence of date or datetime
        One acquisition each; a mere date means ten o'clock UTC.
    render : callable
        ``render(sensed)`` returns square uint16 arrays by band, reflectance times 10,000 and 0
        for no observation. Each covers the whole square, so its shape says its resolution.
    size : int
        Side of the square, pixels of 10 m.
    baseline, offset
        Processing baseline as stated; with `offset` all numbers but 0 are raised by 1000 and
        the items say so (offset -0.1), the date regardless.
    without : sequence of str
        Bands left out.
    platform, orbit
        None leaves them unstated, and with them the datatake.
    other_zone : str, optional
        CRS of a second tile of the same datatake: the western 60 % of the square come in `crs`,
        the eastern 60 % in this one.
    """
    path.mkdir(parents=True, exist_ok=True)
    side_m = size * PIXEL_M
    for sensed in map(sensed_at, dates):
        drawn = {
            band: (grid(crs, origin, dn.shape[0], side_m / dn.shape[0]), _shifted(dn, band, offset))
            for band, dn in render(sensed).items()
            if band not in without
        }
        tiles = [drawn] if other_zone is None else list(_cut(drawn, other_zone))
        for number, tile in enumerate(tiles):
            name = f"S2_{sensed:%Y%m%dT%H%M%S}" + ("" if other_zone is None else f"_T{number}")
            properties: dict[str, Any] = {
                "datetime": _text(sensed),
                "published": _text(sensed + published_after),
                "s2:processing_baseline": baseline,
                "sat:orbit_state": "descending",
            }
            if platform and orbit is not None:
                letter = platform[-1].upper()
                datatake = f"GS2{letter}_{sensed:%Y%m%dT%H%M%S}_{orbit:06d}_N{baseline or '00.00'}"
                properties |= {
                    "platform": platform,
                    "sat:relative_orbit": orbit,
                    "s2:datatake_id": datatake,
                }
            write_scene(
                path / name, name, tile, properties,
                offset=-0.1 if offset else 0.0, driver=driver, collection=collection,
            )  # fmt: skip
    return link_catalogue(path)


def write_scene(
    folder: Path,
    name: str,
    bands: Mapping[str, tuple[GeoBox, NDArray[Any]]],
    properties: Mapping[str, Any],
    *,
    offset: float | None = 0.0,
    driver: str = "GTiff",
    collection: str = COLLECTION,
) -> Path:
    """Write one item and its files and return the item's path; properties of None are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    assets = {}
    for band, (geobox, dn) in bands.items():
        data = raster_bytes(geobox, dn, driver)
        (folder / f"{band}.tif").write_bytes(data)
        raster: dict[str, Any] = {"nodata": 0, "spatial_resolution": abs(geobox.transform.a)}
        if band != "SCL":
            raster |= {"scale": 0.0001} | ({} if offset is None else {"offset": offset})
        assets[band] = {
            "href": f"{band}.tif",
            "type": "image/tiff; application=geotiff",
            "eo:bands": [{"name": band}],
            "raster:bands": [raster],
            "file:checksum": _multihash(data),
        }
    outline = shapely.union_all([_outline(geobox) for geobox, _ in bands.values()]).convex_hull
    stated = {"hearthwatch:sensor": "sentinel-2-l2a", "eo:cloud_cover": 0.0, **properties}
    if "SCL" in bands:
        cloudy = np.isin(bands["SCL"][1], (8, 9, 10)).mean()
        stated["eo:cloud_cover"] = round(100.0 * float(cloudy), 2)
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": mapping(outline),
        "bbox": list(outline.bounds),
        "properties": {key: value for key, value in stated.items() if value is not None},
        "links": [{"rel": "root", "href": "../catalog.json"}],
        "assets": assets,
    }
    return write_json(folder / f"{name}.json", item)


def link_catalogue(path: Path) -> Path:
    """Write ``catalog.json`` for the items found in `path`."""
    links = [
        {"rel": "item", "href": f"./{file.relative_to(path).as_posix()}"}
        for file in item_files(path)
    ]
    catalogue = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "test",
        "description": "Drawn scenes.",
        "links": [{"rel": "root", "href": "./catalog.json"}, *links],
    }
    return write_json(path / "catalog.json", catalogue)


def item_files(path: Path) -> list[Path]:
    """Return the items below the folder `path`, in order."""
    return sorted(file for file in path.rglob("*.json") if file.name != "catalog.json")


def edit_item(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let `change` alter the item in `file` in place."""
    item = json.loads(file.read_bytes())
    change(item)
    write_json(file, item)


def damage(
    item: Path,
    band: str,
    how: Literal["truncate", "flip", "remove"] = "truncate",
    *,
    at: float = 0.5,
    recompute: bool = False,
) -> Path:
    """Damage the file of one band at the share `at` of its length and return its path.

    With `recompute` the item then states the checksum of the damaged file, as a catalogue made
    of broken files would.
    """
    file = item.parent / f"{band}.tif"
    data = bytearray(file.read_bytes())
    place = min(int(at * len(data)), len(data) - 1)
    if how == "remove":
        file.unlink()
        return file
    if how == "truncate":
        del data[place:]
    else:
        data[place] ^= 0xFF
    file.write_bytes(data)
    if recompute:
        checksum = _multihash(bytes(data))
        edit_item(item, lambda one: one["assets"][band].update({"file:checksum": checksum}))
    return file


@dataclass(frozen=True)
class Clearing:
    """Forest felled on one day; `polygon` in pixels of 10 m: (column, row) from the upper left."""

    felled: date
    polygon: Polygon

    def ground(self, origin: tuple[float, float] = ORIGIN) -> BaseGeometry:
        """Return the polygon in the catalogue's CRS."""
        return affine_transform(self.polygon, [PIXEL_M, 0, 0, -PIXEL_M, origin[0], origin[1]])


# Reflectance of leafless forest, of forest in leaf, and of the ground once it is felled.
_GROUND = {
    "B02": (0.040, 0.024, 0.070),
    "B03": (0.055, 0.048, 0.092),
    "B04": (0.062, 0.026, 0.118),
    "B08": (0.180, 0.400, 0.215),
    "B8A": (0.195, 0.430, 0.240),
    "B11": (0.190, 0.165, 0.290),
    "B12": (0.125, 0.075, 0.215),
}
_NATIVE_20 = ("B8A", "B11", "B12", "SCL")
FOREST_BANDS = ("B02", "B03", "B04", "B08", "B8A", "B11", "SCL")


def forest(
    seed: int,
    clearings: Sequence[Clearing] = (),
    *,
    size: int = SIZE,
    bands: Sequence[str] = FOREST_BANDS,
    cloudy: float = 0.35,
    overcast: float = 0.15,
    noise: float = 0.004,
) -> Renderer:
    """Return a renderer of deciduous forest in which the given clearings are felled.

    Parameters
    ----------
    bands : sequence of str
        B8A, B11, B12 and SCL come at 20 m, the others at 10 m.
    cloudy, overcast : float
        Share of looks with broken cloud, and wholly under cloud.
    noise : float
        Standard deviation per pixel and look, reflectance.

    Notes
    -----
    What a look shows depends on the seed and its time alone, not on the order of the calls.
    """
    texture = np.random.default_rng(seed).normal(1.0, 0.05, (size, size))
    masks = [(sensed_at(one.felled), _mask(one.polygon, size)) for one in clearings]

    def render(sensed: datetime) -> Bands:
        rng = np.random.default_rng([seed, int(sensed.timestamp())])
        bare = np.zeros((size, size), bool)
        for felled, mask in masks:
            if sensed >= felled:
                bare |= mask
        cloud = _cloud(rng, size, cloudy, overcast)
        shadow = np.roll(cloud, (4, 6), axis=(0, 1)) & ~cloud
        haze = rng.normal(1.0, 0.02)
        drawn = {}
        for band in bands:
            if band == "SCL":
                continue
            leafless, in_leaf, felled_ground = _GROUND[band]
            leaf = leaf_share(sensed)
            value = ((1 - leaf) * leafless + leaf * in_leaf) * texture
            value = np.where(bare, felled_ground * texture, value) * haze
            value = np.where(shadow, 0.5 * value, value)
            value = value + rng.normal(0.0, noise, (size, size))
            value = np.where(cloud, 0.75 + rng.normal(0.0, 0.05, (size, size)), value)
            drawn[band] = np.clip(np.rint(value * 10_000), 1, 65_535)
        if "SCL" in bands:
            classes = np.where(bare | (leaf_share(sensed) < 0.3), 5, 4)
            drawn["SCL"] = np.where(cloud, 9, np.where(shadow, 3, classes))
        return {
            band: (_coarse(dn, band == "SCL") if band in _NATIVE_20 else dn).astype(np.uint16)
            for band, dn in drawn.items()
        }

    return render


def leaf_share(sensed: datetime) -> float:
    """Return how much of the canopy is in leaf: out in late April, off in late October."""
    day = sensed.timetuple().tm_yday
    return 1 / (1 + math.exp(-(day - 118) / 6)) * 1 / (1 + math.exp((day - 298) / 7))


def uniform(size: int = SIZE, **dn: int) -> Renderer:
    """Return a renderer of one number per band, and clear sky unless SCL is given."""
    values = {"SCL": 4, **dn}
    return lambda sensed: {
        band: np.full((size, size), value, np.uint16) for band, value in values.items()
    }


def raster_bytes(geobox: GeoBox, dn: NDArray[Any], driver: str = "GTiff") -> bytes:
    """Return a one-band raster file."""
    profile: dict[str, Any] = {
        "driver": driver, "dtype": dn.dtype.name, "count": 1, "height": geobox.shape[0],
        "width": geobox.shape[1], "crs": CRS.from_user_input(str(geobox.crs)),
        "transform": geobox.transform, "nodata": 0, "compress": "DEFLATE",
    }  # fmt: skip
    if driver == "COG":
        profile["overviews"] = "NONE"
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(dn, 1)
        return bytes(memory.read())


def write_json(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    return path


def _shifted(dn: NDArray[np.uint16], band: str, offset: bool) -> NDArray[np.uint16]:
    if not offset or band == "SCL":
        return dn
    return np.where(dn == 0, 0, dn + OFFSET_DN).astype(np.uint16)


def _cut(
    bands: Mapping[str, tuple[GeoBox, NDArray[np.uint16]]], other: str
) -> Iterator[dict[str, tuple[GeoBox, NDArray[np.uint16]]]]:
    west, east = {}, {}
    for band, (geobox, dn) in bands.items():
        width = dn.shape[1]
        west[band] = geobox[:, : round(0.6 * width)], dn[:, : round(0.6 * width)]
        part, first = dn[:, round(0.4 * width) :], round(0.4 * width)
        east[band] = _moved(geobox[:, first:], part, other)
    yield west
    yield east


def _moved(geobox: GeoBox, dn: NDArray[np.uint16], crs: str) -> tuple[GeoBox, NDArray[np.uint16]]:
    """Warp to whole pixels of another zone; 0 outside."""
    step = abs(geobox.transform.a)
    west, south, east, north = transform_bounds(str(geobox.crs), crs, *geobox.boundingbox)
    left, top = math.floor(west / step) * step, math.ceil(north / step) * step
    shape = math.ceil((top - south) / step), math.ceil((east - left) / step)
    target = GeoBox(shape, Affine(step, 0, left, 0, -step, top), crs)
    out = np.zeros(shape, np.uint16)
    reproject(
        dn, out, src_transform=geobox.transform, src_crs=str(geobox.crs), src_nodata=0,
        dst_transform=target.transform, dst_crs=crs, dst_nodata=0, resampling=Resampling.nearest,
    )  # fmt: skip
    return target, out


@lru_cache
def _outline(geobox: GeoBox) -> Polygon:
    move = Transformer.from_crs(str(geobox.crs), "OGC:CRS84", always_xy=True)
    height, width = geobox.shape
    corners = [geobox.transform * p for p in ((0, 0), (0, height), (width, height), (width, 0))]
    return Polygon([tuple(round(v, 7) for v in move.transform(*corner)) for corner in corners])


def _mask(polygon: Polygon, size: int) -> NDArray[np.bool_]:
    drawn: NDArray[np.uint8] = rasterize([polygon], (size, size), dtype="uint8")
    return drawn.astype(bool)


def _cloud(
    rng: np.random.Generator, size: int, cloudy: float, overcast: float
) -> NDArray[np.bool_]:
    lot = rng.random()
    if lot < overcast:
        return np.ones((size, size), bool)
    field = ndimage.gaussian_filter(rng.normal(size=(size, size)), size / 15, mode="wrap")
    share = rng.uniform(0.03, 0.25) if lot < overcast + cloudy else 0.0
    cloud: NDArray[np.bool_] = field > np.quantile(field, 1.0 - share)
    return cloud


def _coarse(values: NDArray[Any], classes: bool) -> NDArray[Any]:
    """Halve the resolution: means, but for classes the highest of four, so that cloud wins."""
    height, width = values.shape
    blocks = values.reshape(height // 2, 2, width // 2, 2)
    return blocks.max(axis=(1, 3)) if classes else np.rint(blocks.mean(axis=(1, 3)))


def _multihash(data: bytes) -> str:
    return "1220" + hashlib.sha256(data).hexdigest()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
