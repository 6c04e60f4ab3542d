"""Scenes on disk: STAC catalogues with GeoTIFFs, SAFE products, products of OPERA."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.bandreads import BandRead, acquisition_key, band_layers, wanted_assets
from imagery.disk import PROVIDER, offer_of
from imagery.errors import IntegrityError, NotYet, Permanent, Transient
from imagery.packed import INSIDE, vsi_path
from imagery.types import (
    Asset,
    Chip,
    Cost,
    ImageryProvider,
    Provenance,
    Query,
    Scene,
    Source,
)
from imagery.windows import BROKEN, GDAL_OPTIONS, read_window


class FolderProvider:
    """Reads a catalogue on disk; needs no account and no network.

    Parameters
    ----------
    path : str or Path
        A ``catalog.json`` or ``collection.json`` with links, an ItemCollection, a single item, or
        a folder searched for any of these, for Sentinel-2 Level-2A products (``.SAFE``, unpacked
        or in zip files) and for GeoTIFFs of OPERA RTC-S1 and DIST-ALERT-S1.

    Notes
    -----
    An item that cannot be read is left out of `search` and listed by `faults`, so that one broken
    file does not blind every region. Files outside the catalogue's folder are refused.
    """

    name = PROVIDER
    remote = False

    def __init__(self, path: str | Path) -> None:
        # A worker elsewhere may run in another directory.
        self.path = Path(path).absolute()

    def serving(self) -> AbstractContextManager[None]:
        """Nothing is shared but the files."""
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        """Yield the scenes that meet `query`, ordered by (sensed, id)."""
        for scene in offer_of(self.path).scenes:
            if query.start <= scene.sensed <= query.end and _meets(scene, query):
                yield scene

    def faults(self) -> tuple[str, ...]:
        """Return what could not be read of the catalogue, in words."""
        return offer_of(self.path).faults

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        """Read `bands` of one acquisition's scenes where they cover `geobox`."""
        give_up = time.monotonic() + deadline
        acquisition = acquisition_key(scenes)
        reads, sources = [], []
        for scene in scenes:
            for asset in wanted_assets(scene, bands):
                if time.monotonic() >= give_up:
                    raise Transient(f"reading {scene.id} took longer than {deadline:.0f} s")
                path = self._file(asset)
                sources.append(_source(path, self._root(), asset))
                found = _read_window(path, _member(asset), geobox)
                if found is not None:
                    reads.append(BandRead(scene.id, asset, *found))
        if not reads:
            raise NotYet(f"{scenes[0].id} is listed but has no pixels over the wanted ground")
        layers = tuple(band_layers(reads))
        return Chip(
            acquisition=acquisition,
            sensor=scenes[0].sensor,
            sensed=scenes[0].sensed,
            layers=layers,
            provenance=_provenance(self.name, scenes, sources),
        )

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        """Say what a read takes: local files cost nothing but bytes."""
        paths = [self._file(asset) for scene in scenes for asset in wanted_assets(scene, bands)]
        return Cost(requests=len(paths), units=0.0, bytes=sum(_stat(p).st_size for p in paths))

    def _root(self) -> Path:
        return (self.path if self.path.is_dir() else self.path.parent).resolve()

    def _file(self, asset: Asset) -> Path:
        if "://" in asset.href:
            raise Permanent(f"{asset.band} is a network address, not a file")
        try:
            path = Path(asset.href.partition(INSIDE)[0]).resolve()
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


def _member(asset: Asset) -> str:
    """Return what of a zip file an asset is; empty for a file of its own."""
    return asset.href.partition(INSIDE)[2]


def _read_window(
    path: Path, member: str, geobox: GeoBox
) -> tuple[GeoBox, NDArray[np.generic]] | None:
    """Read the whole source pixels that cover `geobox`; None where there are none."""
    # Some other formats are lists of further files and addresses to read.
    driver = "JP2OpenJPEG" if (member or path.name).lower().endswith(".jp2") else "GTiff"
    where = vsi_path(path, member) if member else path
    try:
        with rasterio.Env(**GDAL_OPTIONS), rasterio.open(where, driver=driver) as source:
            return read_window(source, geobox, path.name)
    except BROKEN as error:
        raise IntegrityError(f"{path.name} cannot be read: {error}") from error
    except MemoryError as error:
        raise Transient(f"there is not memory enough to read {path.name}") from error


def _source(path: Path, root: Path, asset: Asset) -> Source:
    status = _stat(path)
    digest = _file_sha256(path, status.st_size, status.st_mtime_ns)
    if asset.sha256 is not None and digest != asset.sha256:
        raise IntegrityError(f"{path.relative_to(root)} is not the file its catalogue lists")
    inside = _member(asset)
    name = f"{path.relative_to(root)}{INSIDE}{inside}" if inside else str(path.relative_to(root))
    return Source(name, digest, status.st_size)


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


_: type[ImageryProvider] = FolderProvider
