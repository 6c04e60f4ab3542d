"""What lies on disk: STAC items and their GeoTIFFs, read without the product's own reader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import rasterio
from affine import Affine
from rasterio.crs import CRS
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

Kind = Literal["optical", "radar"]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the pixels of one file lie; `epsg` is None where its system has no such number."""

    crs: CRS
    epsg: int | None
    transform: Affine
    height: int
    width: int
    dtype: str


@dataclass(frozen=True, slots=True)
class Band:
    """One file of one band; `scale` and `offset` as the item on disk states them."""

    name: str
    path: Path
    scale: float | None
    offset: float | None
    nodata: float | None
    resolution: float
    checksum: str | None

    @property
    def offset_dn(self) -> int:
        """Return the offset counted in DN: 0 or -1000."""
        return round((self.offset or 0.0) / self.scale) if self.scale else 0

    @property
    def grid(self) -> Grid:
        """Return where the file lies."""
        return _grid(self.path, self.path.stat().st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Scene:
    """One item on disk."""

    id: str
    kind: Kind
    sensed: datetime
    published: datetime
    footprint: BaseGeometry
    bands: Mapping[str, Band]
    properties: Mapping[str, Any]
    geometry: Mapping[str, Any]

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return a property of the item."""
        value = self.properties.get(name)
        return otherwise if value is None else value


def scenes(folder: Path) -> list[Scene]:
    """Return the scenes below a folder as they are now, ordered by time and name."""
    found = [scene for file in sorted(folder.rglob("*.json")) for scene in _in_file(file)]
    return sorted(found, key=lambda scene: (scene.sensed, scene.id))


# What an item may state that would still name the old time.
_TIMED = ("s2:datatake_id", "s2:product_uri", "s2:generation_time", "processing:datetime")


def moved(scene: Scene, by: timedelta) -> Scene:
    """Return the scene as if it had been taken that much later."""
    properties = {name: value for name, value in scene.properties.items() if name not in _TIMED}
    return replace(
        scene, sensed=scene.sensed + by, published=scene.published + by, properties=properties
    )


def with_substitutes(scene: Scene, substitutes: Mapping[str, str]) -> Scene:
    """Return the scene with bands it lacks taken from others: ``{"B12": "B11"}``."""
    extra = {
        name: replace(scene.bands[other], name=name)
        for name, other in substitutes.items()
        if name not in scene.bands and other in scene.bands
    }
    return replace(scene, bands={**scene.bands, **extra}) if extra else scene


def moment(text: str) -> datetime:
    """Return a time of RFC 3339 in UTC; without a zone it is taken as UTC, as the services do."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def stamp(at: datetime) -> str:
    """Return a time as text, with milliseconds where it has any."""
    spec = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def _in_file(file: Path) -> tuple[Scene, ...]:
    try:
        status = file.stat()
    except FileNotFoundError:
        return ()
    return _parsed(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _parsed(file: Path, modified: int, size: int) -> tuple[Scene, ...]:
    document = json.loads(file.read_bytes())
    return tuple(_scene(item, file.parent) for item in _items(document))


def _items(document: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        return
    if document.get("type") == "Feature" and "assets" in document:
        yield document
    elif document.get("type") == "FeatureCollection":
        yield from (one for one in document["features"] if "assets" in one)


def _scene(item: dict[str, Any], folder: Path) -> Scene:
    stated = item["properties"]
    sensed = moment(stated.get("datetime") or stated["start_datetime"])
    sensor = str(stated.get("hearthwatch:sensor") or item.get("collection"))
    bands = {band.name: band for band in (_band(k, a, folder) for k, a in item["assets"].items())}
    return Scene(
        id=str(item["id"]),
        kind="radar" if sensor.startswith("sentinel-1") else "optical",
        sensed=sensed,
        published=moment(stated["published"]) if stated.get("published") else sensed,
        footprint=shape(item["geometry"]),
        bands=bands,
        properties=stated,
        geometry=item["geometry"],
    )


def _band(key: str, asset: dict[str, Any], folder: Path) -> Band:
    raster = (asset.get("raster:bands") or [{}])[0]
    nodata = raster.get("nodata", 0)
    return Band(
        name=key,
        path=(folder / asset["href"]).resolve(),
        scale=raster.get("scale"),
        offset=raster.get("offset"),
        nodata=None if nodata is None else float(nodata),
        resolution=float(raster.get("spatial_resolution") or asset.get("gsd") or 10.0),
        checksum=asset.get("file:checksum"),
    )


@lru_cache(maxsize=4096)
def _grid(path: Path, modified: int) -> Grid:
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), rasterio.open(path) as file:
        epsg = _epsg(file.crs.to_wkt())
        return Grid(file.crs, epsg, file.transform, file.height, file.width, file.dtypes[0])


@lru_cache(maxsize=256)
def _epsg(wkt: str) -> int | None:
    code: int | None = CRS.from_wkt(wkt).to_epsg()
    return code
