"""Features of a look on their way from the worker that measured them to the one that scores."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.types import Features, PatchLook, PlaceFeatures
from tiles.slabs import read_slab, write_slab

_PLACE_ARRAYS = ("placebo", "values", "seen", "contamination", "core_pixels")
_PATCH_ARRAYS = ("counts", "core", "edge", "east", "north", "values", "texture")


def keep_features(scratch: Path, features: Features) -> str:
    """Write features into a folder; return the path of the file."""
    path, places = scratch / f"{uuid.uuid4().hex}.features", features.places
    header = {
        "acquisition": features.acquisition,
        "sensed": features.sensed.isoformat(),
        "names": list(features.names),
        "usable": features.usable,
        "causes": dict(features.causes),
        "lived_without": list(features.lived_without),
        "orbit": features.orbit,
        "sensor": features.sensor,
        "second": None if places is None or places.patches is None else places.patches.second,
        "places": None
        if places is None
        else {name: list(getattr(places, name)) for name in ("ids", "lost", "bands")},
    }
    write_slab(path, header, {"pixels": features.pixels, **_place_arrays(places)})
    return str(path)


def load_features(path: str) -> Features:
    """Read back what :func:`keep_features` wrote."""
    header, arrays = read_slab(Path(path), mmap=False)
    return Features(
        acquisition=header["acquisition"],
        sensed=datetime.fromisoformat(header["sensed"]),
        names=tuple(header["names"]),
        usable=header["usable"],
        causes=header["causes"],
        pixels=np.asarray(arrays["pixels"], dtype=np.int16),
        places=_places_kept(header, arrays),
        orbit=header["orbit"],
        sensor=header["sensor"],
        lived_without=tuple(header["lived_without"]),
    )


def _places_kept(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> PlaceFeatures | None:
    """Read back what was kept of settlements and of their pixels."""
    places, second = header["places"], header["second"]
    if places is None:
        return None
    patches = None
    if second is not None:
        patches = PatchLook(second=second, **_named(arrays, "patch_", _PATCH_ARRAYS))
    return PlaceFeatures(
        ids=tuple(places["ids"]),
        lost=tuple(places["lost"]),
        bands=tuple(places["bands"]),
        patches=patches,
        **_named(arrays, "", [name for name in _PLACE_ARRAYS if name in arrays]),
    )


def _named(arrays: Mapping[str, NDArray[Any]], prefix: str, names: Iterable[str]) -> dict[str, Any]:
    return {name: np.asarray(arrays[prefix + name]) for name in names}


def _place_arrays(places: PlaceFeatures | None) -> dict[str, NDArray[Any]]:
    """Return the arrays kept of settlements, those of their pixels by other names."""
    if places is None:
        return {}
    own = {name: getattr(places, name) for name in _PLACE_ARRAYS}
    of_pixels = (
        {}
        if places.patches is None
        else {f"patch_{name}": getattr(places.patches, name) for name in _PATCH_ARRAYS}
    )
    return {name: array for name, array in (own | of_pixels).items() if array is not None}
