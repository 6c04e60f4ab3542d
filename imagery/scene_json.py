"""Scenes as JSON: what a catalogue listed, remembered exactly."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import shapely

from imagery.errors import IntegrityError
from imagery.types import Asset, Scene

VERSION = 1
"""Of the format; a field that a scene gains later has a default and needs no new one."""

_TIMES = ("sensed", "published", "processed")


def scene_to_json(scene: Scene) -> str:
    """Return a scene as JSON that :func:`scene_from_json` turns into an equal one.

    The footprint is written as WKB, whose numbers are exact.
    """
    value = {one.name: getattr(scene, one.name) for one in dataclasses.fields(scene)}
    value["assets"] = [dataclasses.asdict(asset) for asset in scene.assets]
    value["footprint"] = shapely.to_wkb(scene.footprint, hex=True)
    value["unknown"] = list(scene.unknown)
    for name in _TIMES:
        value[name] = None if value[name] is None else value[name].astimezone(UTC).isoformat()
    return json.dumps({"version": VERSION, **value}, sort_keys=True, separators=(",", ":"))


def scene_from_json(text: str) -> Scene:
    """Return the scene that was written.

    Raises
    ------
    IntegrityError
        If it is no such document, or one of a version that this software does not know.
    """
    try:
        value = dict(json.loads(text))
        version = value.pop("version")
        if version != VERSION:
            raise IntegrityError(f"a scene was remembered in version {version}, not {VERSION}")
        return Scene(**_fields(value))
    except (LookupError, TypeError, ValueError, AttributeError, shapely.GEOSException) as error:
        raise IntegrityError(f"a remembered scene cannot be read: {error}") from error


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    times = {name: _time(value[name]) for name in _TIMES if name in value}
    return {
        **value,
        **times,
        "assets": tuple(Asset(**asset) for asset in value["assets"]),
        "footprint": shapely.from_wkb(value["footprint"]),
        "unknown": tuple(value["unknown"]),
    }


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
