"""What a folder on disk has to offer: STAC items, SAFE products and products of OPERA."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagery.dist_alert import alert_products, scene_from_alerts
from imagery.errors import ImageryError, Permanent, Transient
from imagery.naming import read_name
from imagery.opera import bursts, scene_from_burst
from imagery.packed import Product, packed_product
from imagery.safe import METADATA, scene_from_safe
from imagery.stac import scene_from_item
from imagery.types import Scene

PROVIDER = "folder"

_RADAR_GEOMETRY = (
    "it is in radar geometry and not on a map; use a product corrected for terrain: OPERA "
    "RTC-S1, sentinel-1-rtc of the Planetary Computer, or one made with SNAP or ISCE and "
    "described by a STAC item"
)
_LEVEL_1 = "it is Level-1C, seen through the air; use the Level-2A product of the same tile"
_PACKED = "it is packed, which products of OPERA never are: unpack it"
_OPERA_FILES = ("OPERA_L2_RTC-S1", "OPERA_L3_DIST-ALERT-S1")
_OPERA = ("RTC", "DIST-ALERT-S1")
_NOT_WHOLE = f"it has no {METADATA}; the download is not whole"


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be read of a folder, ordered by (sensed, id), and in words what cannot."""

    scenes: tuple[Scene, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """Files by what they are; `faults` of those that are known and of no use."""

    documents: list[Path] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    rasters: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def files(self) -> Iterator[Path]:
        yield from self.documents
        yield from self.rasters
        for product in self.products:
            yield from product.files()


_offers: dict[Path, tuple[int, Offer]] = {}
_lock = threading.Lock()


def offer_of(path: Path) -> Offer:
    """Return what a catalogue's file or a folder offers.

    Read once per process and change of its files.

    Raises
    ------
    Permanent
        If there is nothing at `path` or it cannot be read.
    Transient
        If it changed meanwhile.
    """
    with _lock:
        try:
            if not path.exists():
                raise Permanent(f"there is no catalogue at {path}")
            found = _look(path)
            files = sorted(found.files())
            stamp = hash((*((f, s.st_size, s.st_mtime_ns) for f in files for s in [f.stat()]),
                          *found.faults))  # fmt: skip
        except FileNotFoundError as error:
            raise Transient(f"{path} changed while it was read") from error
        except (OSError, RuntimeError) as error:
            raise Permanent(f"{path} cannot be read: {error}") from error
        held = _offers.get(path)
        if held is None or held[0] != stamp:
            held = stamp, _parse(found)
            _offers[path] = held
        return held[1]


def _look(path: Path) -> _Found:
    if path.is_file() and _kind(_load(path)) in ("Feature", "FeatureCollection"):
        return _Found(documents=[path])
    return _walk(path if path.is_dir() else path.parent)


def _walk(top: Path) -> _Found:
    found = _Found()

    def unreadable(error: OSError) -> None:
        found.faults.append(f"{Path(error.filename or top).name} cannot be read: {error.strerror}")

    for here, folders, files in os.walk(top, onerror=unreadable):
        folder = Path(here)
        folders[:] = sorted(name for name in folders if not _is_product(folder / name, found))
        for name in sorted(files):
            _sort(folder / name, found)
    return found


def _is_product(folder: Path, found: _Found) -> bool:
    """Take a folder as one whole where it is a product, and say what is wrong with it."""
    named = read_name(folder.name)
    if named is None or named.kind in _OPERA:
        return False
    if (folder / METADATA).is_file():
        found.products.append(Product(folder.name, folder))
    elif folder.suffix == ".SAFE":
        wrong = _wrong_kind(named.kind) or _NOT_WHOLE
        found.faults.append(f"{folder.name}: {wrong}")
    else:
        return False
    return True


def _sort(path: Path, found: _Found) -> None:
    if path.suffix == ".json":
        found.documents.append(path)
    elif path.suffix == ".tif" and path.name.startswith(_OPERA_FILES):
        found.rasters.append(path)
    elif path.suffix == ".zip":
        _unpack(path, found)


def _unpack(path: Path, found: _Found) -> None:
    """Take a zip file as the product that its name says it is; any other is not ours."""
    named = read_name(path.name.removesuffix(".zip"))
    if named is None:
        return
    product, wrong = packed_product(path), _wrong_kind(named.kind)
    if wrong is None and product is not None:
        found.products.append(product)
    else:
        found.faults.append(f"{path.name}: {wrong or 'it cannot be unpacked, or is no product'}")


def _wrong_kind(kind: str) -> str | None:
    if kind == "MSIL1C":
        return _LEVEL_1
    if kind in _OPERA:
        return _PACKED
    return None if kind == "MSIL2A" else _RADAR_GEOMETRY


def _parse(found: _Found) -> Offer:
    scenes: dict[tuple[str, str], Scene] = {}
    faults = list(found.faults)

    def keep(where: str, make: Callable[..., Scene], *of: object) -> None:
        try:
            scene = make(*of, PROVIDER)
        except ImageryError as error:
            faults.append(f"{where}{error}")
        else:
            scenes[scene.collection, scene.id] = scene

    for file in found.documents:
        try:
            document = _load(file)
        except ImageryError as error:
            faults.append(str(error))
            continue
        for item in _items(document):
            keep(f"{file.name}: ", _from_item, item, file)
    for product in found.products:
        keep("", scene_from_safe, product)
    listed = _listed(scenes.values())
    rasters = [path for path in found.rasters if path not in listed]
    for files in bursts(rasters).values():
        keep("", scene_from_burst, files)
    for files in alert_products(rasters).values():
        keep("", scene_from_alerts, files)
    ordered = sorted(scenes.values(), key=lambda scene: (scene.sensed, scene.id))
    return Offer(tuple(ordered), tuple(faults))


def _from_item(item: dict[str, Any], file: Path, provider: str) -> Scene:
    scene = scene_from_item(item, provider, f"{file.parent}/")
    for asset in scene.assets:
        if "://" in asset.href:
            raise Permanent(f"the item {scene.id} points to a network address: {asset.band}")
    return scene


def _listed(scenes: Iterable[Scene]) -> set[Path]:
    """Return OPERA's files that an item speaks for: a file must not be two scenes."""
    hrefs = (asset.href for scene in scenes for asset in scene.assets if "OPERA_L" in asset.href)
    return {Path(os.path.normpath(href)) for href in hrefs}


def _items(document: Any) -> Iterator[dict[str, Any]]:
    kind = _kind(document)
    features = document.get("features") if kind == "FeatureCollection" else [document]
    for feature in features if isinstance(features, list) else ():
        # Other GeoJSON may lie beside the catalogue: outlines of villages, say.
        if _kind(feature) == "Feature" and ("assets" in feature or "stac_version" in feature):
            yield feature


def _kind(document: Any) -> Any:
    return document.get("type") if isinstance(document, dict) else None


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise Permanent(f"{path.name} is not readable JSON: {error}") from error
