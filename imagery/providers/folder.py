"""Scenes on disk: any static STAC catalogue, ItemCollection or folder of items with GeoTIFFs."""

from __future__ import annotations

import hashlib
import json
import math
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine, AffineError
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent, Transient
from imagery.stac import group_acquisitions, scene_from_item
from imagery.types import (
    Asset,
    Chip,
    Cost,
    ImageryProvider,
    Layer,
    Provenance,
    Query,
    Scene,
    Source,
)

MARGIN_M = 120.0
"""Read beyond the wanted ground: a cloud just outside it must widen into it, as one inside does."""
MARGIN_PX = 2
"""Source pixels read beyond at least, so that a view on another grid has no rim."""

DENSIFY = 21
"""Points per edge when a rectangle is carried into another projection."""

LARGEST = 200_000_000
"""Pixels read at once at most: a whole tile of 10 m has 120 million."""

# What GDAL, PROJ and the affine algebra throw at files that are broken inside.
_BROKEN = (RasterioError, CPLE_BaseError, AffineError, ValueError)

# Whatever the machine's environment says, a read is the same read.
_GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_NUM_THREADS": "1",
    "GDAL_PAM_ENABLED": "NO",
}


@dataclass(frozen=True, slots=True)
class _Read:
    """One band's pixels before they are put together by grid."""

    scene: str
    asset: Asset
    geobox: GeoBox
    dn: NDArray[np.generic]


class FolderProvider:
    """Reads a catalogue on disk; needs no account and no network.

    Parameters
    ----------
    path : str or Path
        A ``catalog.json`` or ``collection.json`` with links, an ItemCollection, a single item, or
        a folder searched for any of these.

    Notes
    -----
    An item that cannot be read is left out of `search` and listed by `faults`, so that one broken
    file does not blind every region. Files outside the catalogue's folder are refused.
    """

    name = "folder"
    remote = False

    def __init__(self, path: str | Path) -> None:
        # A worker elsewhere may run in another directory.
        self.path = Path(path).absolute()

    def serving(self) -> AbstractContextManager[None]:
        """Nothing is shared but the files."""
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        """Yield the scenes that meet `query`, ordered by (sensed, id)."""
        for scene in _index(self.path)[0]:
            if query.start <= scene.sensed <= query.end and _meets(scene, query):
                yield scene

    def faults(self) -> tuple[str, ...]:
        """Return what could not be read of the catalogue, in words."""
        return _index(self.path)[1]

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        """Read `bands` of one acquisition's scenes where they cover `geobox`."""
        give_up = time.monotonic() + deadline
        acquisition = _acquisition_key(scenes)
        reads, sources = [], []
        for scene in scenes:
            for asset in _wanted(scene, bands):
                if time.monotonic() >= give_up:
                    raise Transient(f"reading {scene.id} took longer than {deadline:.0f} s")
                path = self._file(asset)
                sources.append(_source(path, self._root(), asset))
                found = _read_window(path, geobox)
                if found is not None:
                    reads.append(_Read(scene.id, asset, *found))
        if not reads:
            raise NotYet(f"{scenes[0].id} is listed but has no pixels over the wanted ground")
        layers = tuple(_layers(reads))
        return Chip(
            acquisition=acquisition,
            sensor=scenes[0].sensor,
            sensed=scenes[0].sensed,
            layers=layers,
            provenance=_provenance(self.name, scenes, sources),
        )

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        """Say what a read takes: local files cost nothing but bytes."""
        paths = [self._file(asset) for scene in scenes for asset in _wanted(scene, bands)]
        return Cost(requests=len(paths), units=0.0, bytes=sum(_stat(p).st_size for p in paths))

    def _root(self) -> Path:
        return (self.path if self.path.is_dir() else self.path.parent).resolve()

    def _file(self, asset: Asset) -> Path:
        if "://" in asset.href:
            raise Permanent(f"{asset.band} is a network address, not a file")
        try:
            path = Path(asset.href).resolve()
            if not path.is_relative_to(self._root()):
                raise Permanent(f"{Path(asset.href).name} lies outside the catalogue's folder")
            if not path.is_file():
                raise IntegrityError(f"{path.relative_to(self._root())} is missing")
        except (OSError, ValueError, RuntimeError) as error:
            raise Permanent(f"{asset.band} is at no path a file can have: {error}") from error
        return path


def _meets(scene: Scene, query: Query) -> bool:
    if query.collection is not None and scene.collection != query.collection:
        return False
    if query.published_after is not None and (
        scene.published is None or scene.published <= query.published_after
    ):
        return False
    return bool(scene.footprint.intersects(query.area))


def _wanted(scene: Scene, bands: Sequence[str]) -> list[Asset]:
    missing = [band for band in bands if band not in scene.bands]
    if not bands:
        raise Permanent(f"no band of {scene.id} was asked for")
    if missing:
        raise Permanent(f"{scene.id} has no {', '.join(missing)}")
    return [scene.asset(band) for band in bands]


def _acquisition_key(scenes: Sequence[Scene]) -> str:
    groups = group_acquisitions(scenes)
    if len(groups) != 1:
        raise Permanent(f"{len(groups)} acquisitions were asked for in one read")
    return groups[0].key


def _read_window(path: Path, geobox: GeoBox) -> tuple[GeoBox, NDArray[np.generic]] | None:
    """Read the whole source pixels that cover `geobox`; None where there are none."""
    try:
        # Some other formats are lists of further files and addresses to read.
        with rasterio.Env(**_GDAL), rasterio.open(path, driver="GTiff") as source:
            if source.crs is None:
                raise IntegrityError(f"{path.name} does not say where it lies")
            whole = GeoBox(source.shape, source.transform, source.crs.to_wkt())
            window = _covering(whole, geobox)
            if window is None:
                return None
            dn = source.read(1, window=window)
    except _BROKEN as error:
        raise IntegrityError(f"{path.name} cannot be read: {error}") from error
    except MemoryError as error:
        raise Transient(f"there is not memory enough to read {path.name}") from error
    grid = GeoBox(
        dn.shape, whole.affine * Affine.translation(window.col_off, window.row_off), whole.crs
    )
    return grid, dn


@lru_cache(maxsize=256)
def _covering(whole: GeoBox, wanted: GeoBox) -> Window | None:
    if whole.crs is None or wanted.crs is None:
        raise Permanent("a grid without a CRS lies nowhere")
    west, south, east, north = transform_bounds(
        wanted.crs.to_wkt(), whole.crs.to_wkt(), *wanted.boundingbox.bbox, densify_pts=DENSIFY
    )
    corners = [~whole.affine * (x, y) for x in (west, east) for y in (south, north)]
    if not np.isfinite(corners).all():
        return None
    cols, rows = zip(*corners, strict=True)
    wanted_cols = math.floor(min(cols)), math.ceil(max(cols))
    wanted_rows = math.floor(min(rows)), math.ceil(max(rows))
    if not (
        _meets_range(wanted_cols, whole.shape[1]) and _meets_range(wanted_rows, whole.shape[0])
    ):
        return None
    rim = _rim(whole)
    first_col, last_col = max(0, wanted_cols[0] - rim), min(whole.shape[1], wanted_cols[1] + rim)
    first_row, last_row = max(0, wanted_rows[0] - rim), min(whole.shape[0], wanted_rows[1] + rim)
    if (last_col - first_col) * (last_row - first_row) > LARGEST:
        raise Permanent("the source's pixels are too small for the wanted ground")
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _meets_range(wanted: tuple[int, int], size: int) -> bool:
    return wanted[0] < size and wanted[1] > 0


def _rim(whole: GeoBox) -> int:
    """Pixels read beyond the wanted ground; a source in degrees has no metres to count."""
    if whole.crs is None or not whole.crs.projected:
        return MARGIN_PX
    return max(MARGIN_PX, math.ceil(MARGIN_M / abs(whole.affine.a)))


def _layers(reads: Sequence[_Read]) -> Iterator[Layer]:
    """Put bands of one scene on one grid together."""

    def place(read: _Read) -> tuple[str, str, tuple[float, ...], tuple[int, ...]]:
        grid = read.geobox
        return read.scene, str(grid.crs), tuple(grid.affine)[:6], tuple(grid.shape)

    for _, group in groupby(sorted(reads, key=place), key=place):
        same = list(group)
        dtype = np.result_type(*(read.dn.dtype for read in same))
        yield Layer(
            scene_id=same[0].scene,
            bands=tuple(read.asset.band for read in same),
            geobox=same[0].geobox,
            dn=np.stack([read.dn.astype(dtype, copy=False) for read in same]),
            scale=tuple(read.asset.scale for read in same),
            offset=tuple(read.asset.offset for read in same),
            nodata=tuple(read.asset.nodata for read in same),
        )


def _source(path: Path, root: Path, asset: Asset) -> Source:
    status = _stat(path)
    digest = _file_sha256(path, status.st_size, status.st_mtime_ns)
    if asset.sha256 is not None and digest != asset.sha256:
        raise IntegrityError(f"{path.relative_to(root)} is not the file its catalogue lists")
    return Source(str(path.relative_to(root)), digest, status.st_size)


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise IntegrityError(f"{path.name} cannot be read: {error.strerror}") from error


@lru_cache(maxsize=65536)
def _file_sha256(path: Path, size: int, modified_ns: int) -> str:
    """Hash a file once per content; size and time are part of the cache's key."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise IntegrityError(f"{path.name} cannot be read: {error.strerror}") from error


def _provenance(name: str, scenes: Sequence[Scene], sources: Sequence[Source]) -> Provenance:
    return Provenance(
        provider=name,
        scene_ids=tuple(scene.id for scene in scenes),
        item_sha256=tuple(scene.item_sha256 for scene in scenes),
        sources=tuple(sources),
        fetched=datetime.now(UTC),
        cost=Cost(requests=len(sources), units=0.0, bytes=sum(s.bytes for s in sources)),
        software=(("gdal", rasterio.__gdal_version__), ("rasterio", rasterio.__version__)),
    )


_indexed: dict[Path, tuple[int, tuple[tuple[Scene, ...], tuple[str, ...]]]] = {}
_lock = threading.Lock()


def _index(path: Path) -> tuple[tuple[Scene, ...], tuple[str, ...]]:
    """Parse the catalogue once per process and change of its files."""
    with _lock:
        try:
            if not path.exists():
                raise Permanent(f"there is no catalogue at {path}")
            files = sorted(_documents(path))
            stamp = hash(tuple((f, s.st_size, s.st_mtime_ns) for f in files for s in [f.stat()]))
        except FileNotFoundError as error:
            raise Transient(f"{path} changed while it was read") from error
        except (OSError, RuntimeError) as error:
            raise Permanent(f"{path} cannot be read: {error}") from error
        held = _indexed.get(path)
        if held is None or held[0] != stamp:
            held = stamp, _parse(files)
            _indexed[path] = held
        return held[1]


def _documents(path: Path) -> Iterator[Path]:
    """Return every JSON document that may hold items."""
    folder = path if path.is_dir() else path.parent
    if path.is_file() and _kind(_load(path)) in ("Feature", "FeatureCollection"):
        yield path
    else:
        yield from folder.rglob("*.json")


def _parse(files: Sequence[Path]) -> tuple[tuple[Scene, ...], tuple[str, ...]]:
    scenes: dict[tuple[str, str], Scene] = {}
    faults = []
    for file in files:
        try:
            document = _load(file)
        except ImageryError as error:
            faults.append(str(error))
            continue
        for item in _items(document):
            try:
                scene = scene_from_item(item, FolderProvider.name, f"{file.parent}/")
                _refuse_addresses(scene)
                scenes[scene.collection, scene.id] = scene
            except ImageryError as error:
                faults.append(f"{file.name}: {error}")
    ordered = sorted(scenes.values(), key=lambda scene: (scene.sensed, scene.id))
    return tuple(ordered), tuple(faults)


def _items(document: Any) -> Iterator[dict[str, Any]]:
    kind = _kind(document)
    features = document.get("features") if kind == "FeatureCollection" else [document]
    for feature in features if isinstance(features, list) else ():
        # Other GeoJSON may lie beside the catalogue: outlines of villages, say.
        if _kind(feature) == "Feature" and ("assets" in feature or "stac_version" in feature):
            yield feature


def _kind(document: Any) -> Any:
    return document.get("type") if isinstance(document, dict) else None


def _refuse_addresses(scene: Scene) -> None:
    for asset in scene.assets:
        if "://" in asset.href:
            raise Permanent(f"the item {scene.id} points to a network address: {asset.band}")


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise Permanent(f"{path.name} is not readable JSON: {error}") from error


_: type[ImageryProvider] = FolderProvider
