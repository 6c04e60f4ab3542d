"""Layers of context that an organisation holds: roads, industry, reservoirs, fields.

Each is kept as the file it came as, under its own digest, with a record of where it came from
and of every time it was taken in or off. A layer that was removed stays readable: what was once
doubted because of it can be looked up. These files say which ground somebody cares for, so
nobody but their owner may read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from hearthwatch.context_features import (
    ContextFeature,
    ContextSet,
    Nearby,
    near,
    read_features,
    suffix_of,
)
from hearthwatch.errors import CatalogueError, DigestMismatch, NotFound
from tiles.atomic import write_atomically

MAX_BYTES = 256 * 1024 * 1024
RADIUS_M = 10.0
"""Half the width of a line and the radius of a point, where nothing else is said."""
MOST_RADIUS_M = 10_000.0

_SECRET = 0o600
_RECORD = ".json"


class LayerKind(StrEnum):
    """What the features of a layer are."""

    ROAD = "road"
    INDUSTRY = "industry"
    FLARE = "flare"
    RESERVOIR = "reservoir"
    MINE = "mine"
    SOLAR = "solar"
    FIELD = "field"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Said:
    """That a layer was taken in (`what` is ``imported``) or off (``removed``)."""

    at: str
    what: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes
    ----------
    id : str
        Sixteen hex digits, of its kind and content.
    source : str
        Whose drawing it is, as whoever imported it last said.
    file : str
        What its file is called here.
    sha256 : str
        Of that file.
    radius_m : float
        Half the width of its lines and the radius of its points.
    history : tuple of Said
        Oldest first; never shortened.
    """

    id: str
    kind: LayerKind
    name: str
    source: str
    file: str
    sha256: str
    bytes: int
    features: int
    radius_m: float
    history: tuple[Said, ...]

    @property
    def is_removed(self) -> bool:
        """Whether it was taken off the list."""
        return self.history[-1].what == "removed"


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """A layer as it was when something was judged with it; another radius is another version.

    Attributes
    ----------
    id, file, sha256 : str
        As of the layer: what takes another file has another id.
    imported : str
        When it was last taken in.
    """

    id: str
    kind: str
    name: str
    source: str
    file: str
    sha256: str
    radius_m: float
    imported: str

    @property
    def words(self) -> str:
        """Return which layer it is, for people."""
        whose = "" if self.source == self.name else f" ({self.source})"
        return f"{self.name}{whose}, layer {self.id[:6]} taken in on {self.imported[:10]}"

    def as_value(self) -> dict[str, Any]:
        """Return it for the record of a judgement."""
        return {**asdict(self), "words": self.words}

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> LayerVersion:
        """Return the version that a record names."""
        return cls(**{name: value[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Found:
    """Ground of a layer near a place."""

    layer: LayerVersion
    near: Nearby


def import_layer(
    folder: Path,
    kind: LayerKind,
    path: Path,
    source: str,
    now: datetime,
    radius_m: float = RADIUS_M,
) -> Layer:
    """Take a file in; one that is there already is only noted again.

    Parameters
    ----------
    folder : Path
        That of the organisation's layers.
    path : Path
        GeoJSON, GeoPackage or FlatGeobuf.

    Raises
    ------
    CatalogueError
        If it cannot be used; nothing is kept then.
    """
    if not 0.0 < radius_m <= MOST_RADIUS_M:
        raise CatalogueError(f"A radius is above 0 and at most {MOST_RADIUS_M:,.0f} m.")
    data = _bytes_of(path)
    features = read_features(data, path)
    sha256 = hashlib.sha256(data).hexdigest()
    key = hashlib.sha256(f"{kind.value}\n{sha256}".encode()).hexdigest()[:16]
    said = Said(now.isoformat(), "imported", source or path.name)
    known = _read(folder / f"{key}{_RECORD}") if (folder / f"{key}{_RECORD}").exists() else None
    layer = Layer(
        id=key,
        kind=kind,
        name=path.name,
        source=said.source,
        file=f"{key}{suffix_of(data)}",
        sha256=sha256,
        bytes=len(data),
        features=len(features),
        radius_m=radius_m,
        history=(*(known.history if known else ()), said),
    )
    if not (folder / layer.file).exists():
        write_atomically(folder / layer.file, data, mode=_SECRET)
    return _write(folder, layer)


def list_layers(folder: Path, *, removed: bool = False) -> list[Layer]:
    """Return the layers there are, by kind and name; with `removed` also those taken off."""
    found = [_read(path) for path in sorted(folder.glob(f"*{_RECORD}"))]
    kept = [one for one in found if removed or not one.is_removed]
    return sorted(kept, key=lambda one: (one.kind, one.name, one.id))


def remove_layer(folder: Path, key: str, now: datetime) -> Layer:
    """Take a layer off the list; its file and its record stay.

    Parameters
    ----------
    key : str
        Its id or the beginning of it.

    Raises
    ------
    NotFound
        If no layer, or more than one, is called so.
    """
    found = [one for one in list_layers(folder) if key and one.id.startswith(key)]
    if len(found) != 1:
        few = "no layer" if not found else f"{len(found)} layers"
        raise NotFound(f"{few} with the id {key!r}: `hearthwatch layer list` names them.")
    layer = found[0]
    said = Said(now.isoformat(), "removed")
    return _write(folder, replace(layer, history=(*layer.history, said)))


def versions(folder: Path) -> tuple[LayerVersion, ...]:
    """Return the listed layers as they are now, by kind and name."""
    return tuple(_version(one) for one in list_layers(folder))


def layers_near(
    folder: Path, layers: Iterable[LayerVersion], place: BaseGeometry, within_m: float
) -> tuple[Found, ...]:
    """Return what of some layers lies near a place, the nearest first.

    Parameters
    ----------
    layers : iterable of LayerVersion
        Those that were taken off the list since can be asked as well.
    place : shapely geometry
        CRS84.
    within_m : float
        From the place's edge.

    Raises
    ------
    DigestMismatch
        If a layer's file is no longer the one that was taken in.
    """
    found = [
        Found(layer, one)
        for layer in layers
        for one in near(_features(folder, layer), place, within_m, layer.radius_m)
    ]
    return tuple(sorted(found, key=lambda one: (one.near.distance_m, one.layer.id)))


def features_at(
    folder: Path, kind: LayerKind, lon: float, lat: float
) -> tuple[ContextFeature, ...]:
    """Return the areas of the listed layers of a kind that a point lies in, the smallest first.

    Raises
    ------
    DigestMismatch
        If a layer's file is no longer the one that was taken in.
    """
    point = Point(lon, lat)
    found = [
        known.features[index]
        for layer in versions(folder)
        if layer.kind == kind.value
        for known in (_features(folder, layer),)
        for index in sorted(known.tree.query(point, predicate="intersects").tolist())
    ]
    areas = [one for one in found if one.geometry.area > 0]
    return tuple(sorted(areas, key=lambda one: one.geometry.area))


def _version(layer: Layer) -> LayerVersion:
    return LayerVersion(
        layer.id, layer.kind.value, layer.name, layer.source, layer.file, layer.sha256,
        layer.radius_m, layer.history[-1].at,
    )  # fmt: skip


def _features(folder: Path, layer: LayerVersion) -> ContextSet:
    path = folder / layer.file
    return _features_of(path, layer.sha256, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=2)
def _features_of(path: Path, sha256: str, modified_ns: int) -> ContextSet:
    """Read a layer once per process and change of its file; the time is part of the key."""
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DigestMismatch(
            f"the layer {path.stem} is missing or not the file that was taken in: import it again."
        )
    return ContextSet(read_features(data, path))


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CatalogueError(
                f"{path} has {size / 1e6:,.0f} MB, the limit is {MAX_BYTES / 1e6:,.0f} MB: "
                "keep only the part round the watched ground."
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise CatalogueError(f"{path} cannot be read: {reason}. Check its name.") from error


def _write(folder: Path, layer: Layer) -> Layer:
    text = json.dumps(asdict(layer), indent=1, ensure_ascii=False)
    write_atomically(folder / f"{layer.id}{_RECORD}", text.encode(), mode=_SECRET)
    return layer


def _read(path: Path) -> Layer:
    try:
        value = json.loads(path.read_bytes())
        history = tuple(Said(**one) for one in value.pop("history"))
        return Layer(**{**value, "kind": LayerKind(value["kind"]), "history": history})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}. Import the layer again.") from error
