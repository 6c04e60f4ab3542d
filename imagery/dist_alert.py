"""OPERA DIST-ALERT-S1 products as they are downloaded: a folder of GeoTIFFs for each tile and pass.

They are another detector's alerts and no pixels of a satellite. What their numbers mean is told
in the product documentation of opera-adt/dist-s1 (version 0.1). Every product carries the alerts of
the passes before it; which ground its own pass saw is in ``GEN-DIST-STATUS-ACQ``, 255 where none.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import rasterio
from rasterio.warp import transform_bounds
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from imagery.errors import IntegrityError, Permanent
from imagery.naming import ProductName, read_name
from imagery.orbits import is_ascending, track_of
from imagery.radiometry import ALERT_CLASSES, ALERT_NUMBERS
from imagery.types import Asset, Scene
from imagery.windows import BROKEN, GDAL_OPTIONS

SENSOR = "opera-dist-alert-s1"

COVERAGE = "GEN-DIST-STATUS-ACQ"
"""Layer that tells what a product's own pass saw."""

_STATUS = "GEN-DIST-STATUS"
# "No data" of the layers; those of floating point say it by NaN.
_NODATA = {
    "GEN-DIST-STATUS": 255,
    "GEN-DIST-STATUS-ACQ": 255,
    "GEN-DIST-COUNT": 255,
    "GEN-DIST-PERC": 255,
    "GEN-DIST-DATE": -1,
    "GEN-DIST-DUR": -1,
    "GEN-DIST-LAST-DATE": -1,
}
_TRACK = re.compile(r"OPERA_L2_RTC-S1_T(\d{3})-")
_INPUTS = "post_rtc_opera_ids"
"""Tag that lists the bursts a product was made of."""


def alert_products(files: Iterable[Path]) -> dict[str, dict[str, Path]]:
    """Sort files by product and then by layer; those of other names are left out."""
    found: defaultdict[str, dict[str, Path]] = defaultdict(dict)
    for path in files:
        product, _, layer = path.stem.rpartition("_")
        named = read_name(product)
        if named is None or named.kind != "DIST-ALERT-S1":
            continue
        if layer in ALERT_CLASSES | ALERT_NUMBERS:
            found[str(path.parent / product)][layer] = path
    return dict(found)


def scene_from_alerts(files: Mapping[str, Path], provider: str) -> Scene:
    """Turn the layers of one product into a scene.

    Parameters
    ----------
    files : mapping of str to Path
        By layer: ``GEN-DIST-STATUS``, ``GEN-DIST-DATE`` ...

    Raises
    ------
    IntegrityError
        If a file cannot be read, or it was made of passes of several tracks.
    Permanent
        If the layer of states is missing.
    """
    if _STATUS not in files:
        raise Permanent(f"{next(iter(files.values())).name} has no {_STATUS} beside it")
    path = files[_STATUS]
    product = path.stem.rpartition("_")[0]
    named = read_name(product)
    if named is None:
        raise Permanent(f"{path.name} is not named as a product of OPERA DIST-ALERT-S1")
    footprint, resolution, tags = _looked_at(path)
    ascending = is_ascending(named.started, footprint.centroid.x)
    return Scene(
        provider=provider,
        collection=SENSOR,
        id=product,
        sensor=SENSOR,
        sensed=named.started,
        footprint=footprint,
        assets=tuple(_asset(layer, files[layer], resolution) for layer in sorted(files)),
        item_sha256=_digest(files),
        platform=named.platform,
        relative_orbit=_track(named, tags, footprint, ascending, path),
        orbit_direction="ascending" if ascending else "descending",
        baseline=named.baseline,
        unknown=("cloud_cover", "datatake", "published"),
        tile=named.tile,
        processed=named.processed,
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


def _track(
    named: ProductName,
    tags: Mapping[str, str],
    footprint: BaseGeometry,
    ascending: bool,
    path: Path,
) -> int:
    """Return the relative orbit of the bursts a product was made of, or by its time and place."""
    tagged = {int(one) for one in _TRACK.findall(tags.get(_INPUTS, ""))}
    if len(tagged) > 1:
        raise IntegrityError(f"{path.name} was made of several tracks: {sorted(tagged)}")
    if tagged:
        return tagged.pop()
    return track_of(named.started, footprint.centroid.y, ascending)


def _asset(layer: str, path: Path, resolution: float) -> Asset:
    classes = layer in ALERT_CLASSES
    return Asset(
        band=layer,
        href=str(path),
        scale=None if classes else 1.0,
        offset=None if classes else 0.0,
        nodata=_NODATA.get(layer),
        resolution=resolution,
    )


def _digest(files: Mapping[str, Path]) -> str:
    """Return a digest of what stands for an item here: the names of the files."""
    names = "\n".join(sorted(path.name for path in files.values()))
    return hashlib.sha256(names.encode()).hexdigest()
