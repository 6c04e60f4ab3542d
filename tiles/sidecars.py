"""The sidecar of a master: what its pixels mean and where they came from, as JSON.

It says the same as the GeoTIFF without GDAL, exactly where the format can only say it nearly (an
absent scale, a "no data" value per band, a CRS without a code), and adds the whole provenance:
digests of the catalogue's items, of requests, scripts and responses, costs, versions and times.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagery.types import Chip, Cost, Layer, Provenance, Source
from tiles.errors import IntegrityError
from tiles.gridjson import geobox_from_json
from tiles.masters import meaning
from tiles.rows import iso

SIDECAR_FORMAT = "hearthwatch master 2"
SIDECAR_FORMATS = ("hearthwatch master 1", SIDECAR_FORMAT)
"""What can be read. Format 1 knew neither originals nor what a source was asked and charged."""


@dataclass(frozen=True, slots=True)
class OriginalRef:
    """Where a response lies just as its provider sent it.

    Attributes
    ----------
    path : str
        Relative to the archive, with forward slashes.
    sha256, bytes : str, int
        Digest and size.
    """

    path: str
    sha256: str
    bytes: int


def sidecar(
    chip: Chip,
    layer: Layer,
    cell_id: str,
    sha256: str,
    content: str,
    original: OriginalRef | None = None,
) -> bytes:
    """Return the sidecar of a layer, with the digests of its GeoTIFF and of its content.

    Parameters
    ----------
    sha256, content : str
        Digests of the GeoTIFF, and of the pixels and what they mean.
    original : OriginalRef, optional
        The response the layer was read from, where it is kept.
    """
    value = {
        "format": SIDECAR_FORMAT,
        "acquisition": chip.acquisition,
        "cell": cell_id,
        "sensor": chip.sensor,
        "sensed": iso(chip.sensed),
        "notes": list(chip.notes),
        "master": {"sha256": sha256, "content_sha256": content},
        "layer": meaning(layer),
        "original": None if original is None else asdict(original),
        "provenance": _provenance_to_json(chip.provenance),
    }
    return json.dumps(value, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def read_sidecar(data: bytes, name: str) -> dict[str, Any]:
    """Return what a sidecar says.

    Raises
    ------
    IntegrityError
        If it is none, or of a format this version does not know.
    """
    try:
        value = json.loads(data)
    except ValueError as error:
        raise IntegrityError(f"{name}: no JSON: {error}") from error
    if not isinstance(value, dict) or value.get("format") not in SIDECAR_FORMATS:
        known = " or ".join(map(repr, SIDECAR_FORMATS))
        raise IntegrityError(f"{name}: not a sidecar of the format {known}")
    return value


def original_of(value: Mapping[str, Any]) -> OriginalRef | None:
    """Return where the response lies that a sidecar's layer was read from, None if not kept."""
    said = value.get("original")
    return None if said is None else OriginalRef(**said)


def scenes_of(value: Mapping[str, Any]) -> frozenset[str]:
    """Return the scenes whose pixels a sidecar's layer holds.

    A layer that bears the name of no scene of its chip was laid of all of them.
    """
    scene = str(value["layer"]["scene"])
    scenes = frozenset(value["provenance"]["scenes"])
    return frozenset((scene,)) if scene in scenes or not scenes else scenes


def layer_from(value: Mapping[str, Any], pixels: NDArray[np.generic], name: str) -> Layer:
    """Return the layer a sidecar describes, with its pixels.

    Raises
    ------
    IntegrityError
        If the description and the pixels do not belong together.
    """
    try:
        said = value["layer"]
        if str(pixels.dtype) != said["dtype"]:
            raise ValueError(f"pixels are {pixels.dtype}, the sidecar says {said['dtype']}")
        return Layer(
            scene_id=said["scene"],
            bands=tuple(said["bands"]),
            geobox=geobox_from_json(said["grid"]),
            dn=pixels,
            scale=tuple(said["scale"]),
            offset=tuple(said["offset"]),
            nodata=tuple(said["nodata"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{name}: {error}") from error


def provenance_from(values: list[Mapping[str, Any]]) -> Provenance:
    """Return the provenance told by the sidecars of one chip.

    Layers stored by one call tell the same. Where they were stored by several, the result holds
    the scenes and sources of all, the sum of their costs, and the latest time of fetching.
    """
    told = [_provenance_from_json(value) for value in values]
    distinct = list(dict.fromkeys(told))
    if len(distinct) == 1:
        return distinct[0]
    items = dict(
        pair for one in distinct for pair in zip(one.scene_ids, one.item_sha256, strict=True)
    )
    return Provenance(
        provider="+".join(dict.fromkeys(one.provider for one in distinct)),
        scene_ids=tuple(items),
        item_sha256=tuple(items.values()),
        sources=tuple(dict.fromkeys(source for one in distinct for source in one.sources)),
        fetched=max(one.fetched for one in distinct),
        cost=Cost(
            requests=sum(one.cost.requests for one in distinct),
            units=sum(one.cost.units for one in distinct),
            bytes=sum(one.cost.bytes for one in distinct),
        ),
        software=tuple(dict.fromkeys(pair for one in distinct for pair in one.software)),
    )


def _provenance_to_json(value: Provenance) -> dict[str, Any]:
    return {
        "provider": value.provider,
        "scenes": list(value.scene_ids),
        "item_sha256": list(value.item_sha256),
        "sources": [asdict(one) for one in value.sources],
        "fetched": iso(value.fetched),
        "cost": {
            "requests": value.cost.requests,
            "units": value.cost.units,
            "bytes": value.cost.bytes,
        },
        "software": [list(pair) for pair in value.software],
    }


def _provenance_from_json(sidecar_value: Mapping[str, Any]) -> Provenance:
    value = sidecar_value["provenance"]
    return Provenance(
        provider=value["provider"],
        scene_ids=tuple(value["scenes"]),
        item_sha256=tuple(value["item_sha256"]),
        sources=tuple(Source(**one) for one in value["sources"]),
        fetched=datetime.fromisoformat(value["fetched"]),
        cost=Cost(**value["cost"]),
        software=tuple((name, version) for name, version in value["software"]),
    )
