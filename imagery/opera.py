"""OPERA RTC-S1 bursts as users download them: GeoTIFFs whose names say what they are."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import rasterio
from rasterio.warp import transform_bounds
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from imagery.errors import IntegrityError, Permanent
from imagery.naming import ProductName, read_name
from imagery.orbits import is_ascending
from imagery.radiometry import RADAR_BANDS
from imagery.types import Asset, Scene
from imagery.windows import BROKEN, GDAL_OPTIONS

COLLECTION = "opera-rtc-s1"

_LAYERS = {"VV": "VV", "VH": "VH", "HH": "HH", "HV": "HV", "COH": "COH", "mask": "MASK"}
"""OPERA's own, and coherence that was made elsewhere and laid beside them."""
_MASK_NODATA = 255


def bursts(files: Iterable[Path]) -> dict[str, dict[str, Path]]:
    """Sort files by burst and then by band; those of other names are left out."""
    found: defaultdict[str, dict[str, Path]] = defaultdict(dict)
    for path in files:
        named = read_name(path.name)
        granule, _, layer = path.stem.rpartition("_")
        if named is not None and named.kind == "RTC" and layer in _LAYERS:
            found[str(path.parent / granule)][_LAYERS[layer]] = path
    return dict(found)


def scene_from_burst(files: Mapping[str, Path], provider: str) -> Scene:
    """Turn the files of one burst into a scene.

    Parameters
    ----------
    files : mapping of str to Path
        By band: ``VV``, ``VH``, ``COH``, ``MASK``.

    Raises
    ------
    IntegrityError
        If a file cannot be read, or its tags contradict its name.
    Permanent
        If there is no backscatter among them.
    """
    band = next((name for name in files if name in RADAR_BANDS), None)
    if band is None:
        raise Permanent(f"{next(iter(files.values())).name} has no backscatter beside it")
    path = files[band]
    granule = path.stem.rpartition("_")[0]
    named = read_name(granule)
    if named is None:
        raise Permanent(f"{path.name} is not named as a burst of OPERA RTC-S1")
    footprint, resolution, tags = _looked_at(path)
    return Scene(
        provider=provider,
        collection=COLLECTION,
        id=granule,
        sensor="sentinel-1-rtc",
        sensed=named.started,
        footprint=footprint,
        assets=tuple(_asset(name, files[name], resolution) for name in sorted(files)),
        item_sha256=_digest(files),
        platform=named.platform,
        relative_orbit=_track(named, tags, path),
        orbit_direction=_direction(named, tags, footprint),
        baseline=named.baseline,
        unknown=("cloud_cover", "datatake", "published"),
        tile=named.tile,
        processed=named.processed,
        backscatter="gamma0_terrain",
        instrument_mode=named.instrument_mode,
    )


def _looked_at(path: Path) -> tuple[BaseGeometry, float, Mapping[str, str]]:
    try:
        with rasterio.Env(**GDAL_OPTIONS), rasterio.open(path, driver="GTiff") as source:
            if source.crs is None:
                raise IntegrityError(f"{path.name} does not say where it lies")
            bounds = transform_bounds(source.crs, "OGC:CRS84", *source.bounds)
            return box(*bounds), abs(float(source.transform.a)), source.tags()
    except BROKEN as error:
        raise IntegrityError(f"{path.name} cannot be read: {error}") from error


def _track(named: ProductName, tags: Mapping[str, str], path: Path) -> int | None:
    tagged = tags.get("TRACK_NUMBER")
    if tagged is not None and tagged != str(named.relative_orbit):
        raise IntegrityError(
            f"{path.name} is of track {named.relative_orbit}, but its tags say {tagged}"
        )
    return named.relative_orbit


def _direction(named: ProductName, tags: Mapping[str, str], footprint: BaseGeometry) -> str:
    tagged = tags.get("ORBIT_PASS_DIRECTION", "").lower()
    ascending = is_ascending(named.started, footprint.centroid.x)
    if tagged[:1] in ("a", "d"):
        ascending = tagged.startswith("a")
    return "ascending" if ascending else "descending"


def _asset(band: str, path: Path, resolution: float) -> Asset:
    classes = band == "MASK"
    return Asset(
        band=band,
        href=str(path),
        scale=None if classes else 1.0,
        offset=None if classes else 0.0,
        nodata=_MASK_NODATA if classes else None,
        resolution=resolution,
    )


def _digest(files: Mapping[str, Path]) -> str:
    """Return a digest of what stands for an item here: the names of the files."""
    names = "\n".join(sorted(path.name for path in files.values()))
    return hashlib.sha256(names.encode()).hexdigest()
