"""A GeoTIFF written again with other numbers in its first band, all else kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from hearthwatch.errors import CatalogueError
from imagery.types import Asset

LOSSLESS = frozenset({None, "deflate", "lzw", "zstd", "lzma", "packbits"})

# Whatever the machine's environment says, the same bytes are written.
_GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_NUM_THREADS": "1",
    "GDAL_PAM_ENABLED": "NO",
}


@dataclass(frozen=True, slots=True)
class Raster:
    """First band of a file: its grid, its numbers, and the number it has for no observation."""

    geobox: GeoBox
    dn: NDArray[Any]
    nodata: float | None


def read_raster(path: Path) -> Raster:
    """Read the first band of a GeoTIFF.

    Raises
    ------
    CatalogueError
        If it cannot be read or does not say where it lies.
    """
    try:
        with rasterio.Env(**_GDAL), rasterio.open(path, driver="GTiff") as source:
            if source.crs is None:
                raise CatalogueError(f"{path} does not say where it lies.")
            grid = GeoBox(source.shape, source.transform, source.crs.to_wkt())
            return Raster(grid, source.read(1), source.nodata)
    except RasterioError as error:
        raise CatalogueError(f"{path} cannot be read: {error}.") from error


def absent_numbers(raster: Raster, asset: Asset) -> list[float]:
    """Return the numbers that stand for no observation, by the item and by the file."""
    return [n for n in (asset.nodata, raster.nodata) if n is not None and np.isfinite(n)]


def reflectance_of(dn: NDArray[Any], raster: Raster, asset: Asset) -> NDArray[np.float64]:
    """Return the reflectance of numbers of a file, NaN where nothing was seen.

    Raises
    ------
    ValueError
        If the item states no scale.
    """
    if asset.scale is None or asset.offset is None:
        raise ValueError(f"{asset.band} states no scale")
    valid = np.isfinite(dn) & ~np.isin(dn, absent_numbers(raster, asset))
    return np.where(valid, dn.astype(np.float64) * asset.scale + asset.offset, np.nan)


def write_raster(source: Path, target: Path, dn: NDArray[Any], *, classes: bool) -> None:
    """Write the file `source` to `target` with `dn` as its first band.

    Driver, tiling, compression, predictor, further bands, tags and overviews stay as they are.

    Parameters
    ----------
    classes : bool
        Whether the numbers are classes, which overviews must not average.

    Raises
    ------
    CatalogueError
        If the file is compressed with loss, so that pixels that are to stay would change.
    """
    average = Resampling.nearest if classes else Resampling.average
    try:
        with rasterio.Env(**_GDAL), rasterio.open(source, driver="GTiff") as old:
            profile = _profile(old, average)
            levels = [] if profile["driver"] == "COG" else old.overviews(1)
            with rasterio.open(target, "w", **profile) as new:
                new.write(dn, 1)
                for band in range(2, old.count + 1):
                    new.write(old.read(band), band)
                _carry_over(old, new)
            if levels:
                with rasterio.open(target, "r+") as new:
                    new.build_overviews(levels, average)
    except RasterioError as error:
        raise CatalogueError(f"{source} cannot be written again: {error}.") from error


def _profile(old: DatasetReader, average: Resampling) -> dict[str, Any]:
    structure = old.tags(ns="IMAGE_STRUCTURE")
    profile = dict(old.profile)
    if profile.get("compress") not in LOSSLESS:
        raise CatalogueError(
            f"{old.name} is compressed as {profile['compress']}, which may lose detail: "
            "use scenes that are compressed without loss."
        )
    if "PREDICTOR" in structure:
        profile["predictor"] = structure["PREDICTOR"]
    if structure.get("LAYOUT") != "COG":
        return profile
    kept = ("dtype", "count", "width", "height", "crs", "transform", "nodata", "compress",
            "predictor")  # fmt: skip
    cog = {name: profile[name] for name in kept if profile.get(name) is not None}
    overviews = "AUTO" if old.overviews(1) else "NONE"
    return cog | {
        "driver": "COG", "blocksize": profile["blockxsize"], "overviews": overviews,
        "overview_resampling": average.name,
    }  # fmt: skip


def _carry_over(old: DatasetReader, new: Any) -> None:
    """Copy what a profile does not hold."""
    new.update_tags(**old.tags())
    for band in range(1, old.count + 1):
        if kept := {k: v for k, v in old.tags(band).items() if not k.startswith("STATISTICS_")}:
            new.update_tags(band, **kept)
    if any(old.descriptions):
        new.descriptions = old.descriptions
    if set(old.scales) != {1.0} or set(old.offsets) != {0.0}:
        new.scales, new.offsets = old.scales, old.offsets
