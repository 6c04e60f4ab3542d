"""STAC items to scenes, and scenes to acquisitions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from shapely.geometry import shape

from imagery.errors import Permanent
from imagery.types import Acquisition, Asset, Scene

SAME_PASS = timedelta(minutes=50)
"""Scenes of one platform and orbit closer than this are one datatake."""

_BAND = re.compile(r"^(B\d{2}|B8A|SCL|VV|VH|HH|HV)(?![A-Za-z0-9])", re.IGNORECASE)
_SHA256 = "1220"
"""Multihash prefix of a SHA-256 digest: function 0x12, length 0x20."""
_STATED = {
    "platform": "platform",
    "relative_orbit": "sat:relative_orbit",
    "orbit_direction": "sat:orbit_state",
    "datatake": "s2:datatake_id",
    "baseline": "s2:processing_baseline",
    "published": "published",
    "cloud_cover": "eo:cloud_cover",
}


def scene_from_item(item: Mapping[str, Any], provider: str, base: str = "") -> Scene:
    """Turn one STAC item into a scene.

    Parameters
    ----------
    base : str
        Put before every asset's href: the item's own folder, where hrefs are relative.

    Raises
    ------
    Permanent
        If the item lacks what nothing can be done without, or states an unusable radiometry.
    """
    try:
        properties = item["properties"]
        values = {name: properties.get(key) for name, key in _STATED.items()}
        published = _time(values["published"]) if values["published"] else None
        sensed, precision = _sensed(properties)
        baseline = values["baseline"]
        return Scene(
            provider=provider,
            collection=str(item.get("collection") or "unnamed"),
            id=str(item["id"]),
            sensor=_sensor(item),
            sensed=sensed,
            sensed_precision_s=precision,
            footprint=shape(item["geometry"]),
            assets=tuple(_assets(item, str(baseline) if baseline else None, base)),
            item_sha256=item_sha256(item),
            platform=values["platform"],
            relative_orbit=values["relative_orbit"],
            orbit_direction=values["orbit_direction"],
            datatake=values["datatake"],
            baseline=str(baseline) if baseline else None,
            published=published,
            cloud_cover=values["cloud_cover"],
            unknown=tuple(sorted(name for name, value in values.items() if value is None)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Permanent(f"the item {item.get('id', 'without an id')}: {error!r}") from error


def item_sha256(item: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an item in canonical JSON, links left out: they move with the file."""
    kept = {key: value for key, value in item.items() if key != "links"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def group_acquisitions(scenes: Iterable[Scene]) -> list[Acquisition]:
    """Put the scenes of one pass of one satellite together: a datatake cut in tiles is one look.

    Of scenes of the same name but for the processing, the newest baseline is kept. The result is
    ordered by sensing time and key.
    """
    ordered = sorted(scenes, key=lambda scene: (_pass_key(scene), scene.sensed, scene.id))
    found = []
    for _, group in groupby(ordered, key=_pass_key):
        for members in _by_time(list(group)):
            newest = _newest(members)
            found.append(Acquisition(_key(newest), newest[0].sensed, tuple(newest)))
    return sorted(found, key=lambda a: (a.sensed, a.key))


def _pass_key(scene: Scene) -> tuple[str, str]:
    if scene.datatake:
        return scene.sensor, scene.datatake
    if scene.platform and scene.relative_orbit is not None:
        return scene.sensor, f"{scene.platform}_R{scene.relative_orbit:03d}"
    return scene.sensor, f"{scene.collection}_{scene.sensed.isoformat()}"


def _by_time(scenes: Sequence[Scene]) -> Iterable[list[Scene]]:
    part = [scenes[0]]
    for scene in scenes[1:]:
        if scene.sensed - part[0].sensed > SAME_PASS:
            yield part
            part = []
        part.append(scene)
    yield part


def _newest(scenes: Sequence[Scene]) -> list[Scene]:
    """Keep one scene per footprint: the newest processing of each tile."""
    best: dict[bytes, Scene] = {}
    for scene in scenes:
        tile = scene.footprint.normalize().wkb
        rival = best.get(tile)
        if rival is None or (scene.baseline or "", scene.id) > (rival.baseline or "", rival.id):
            best[tile] = scene
    return sorted(best.values(), key=lambda scene: (scene.sensed, scene.id))


def _key(scenes: Sequence[Scene]) -> str:
    first = scenes[0]
    day = first.sensed.strftime("%Y%m%dT%H%M%S")
    name = first.datatake or (
        f"{first.platform}_R{first.relative_orbit:03d}_{day}"
        if first.platform and first.relative_orbit is not None
        else f"{first.collection}_{day}"
    )
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _sensor(item: Mapping[str, Any]) -> str:
    stated = str(item["properties"].get("hearthwatch:sensor") or item.get("collection") or "")
    if stated.startswith("sentinel-2") and "l2a" in stated:
        return "sentinel-2-l2a"
    if stated.startswith("sentinel-1"):
        return "sentinel-1-rtc" if "rtc" in stated else "sentinel-1-grd"
    return stated or "unknown"


def _sensed(properties: Mapping[str, Any]) -> tuple[datetime, float]:
    if properties.get("datetime"):
        at = _time(properties["datetime"])
        start, end = properties.get("start_datetime"), properties.get("end_datetime")
        spread = (_time(end) - _time(start)).total_seconds() if start and end else 0.0
        return at, spread
    start, end = _time(properties["start_datetime"]), _time(properties["end_datetime"])
    return start, (end - start).total_seconds()


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at.astimezone(UTC)


def _assets(item: Mapping[str, Any], baseline: str | None, base: str) -> Iterable[Asset]:
    for key, asset in item["assets"].items():
        band = _band_name(key, asset)
        if band is not None:
            yield _asset(band, asset, baseline, base)


def _asset(band: str, asset: Mapping[str, Any], baseline: str | None, base: str) -> Asset:
    raster = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    scale = _first(raster, asset, "scale")
    offset = _first(raster, asset, "offset")
    if band != "SCL" and scale is None:
        raise ValueError(f"{band} states no raster:scale")
    if band.startswith("B") and offset is None and baseline and baseline >= "04.00":
        raise ValueError(
            f"{band} has processing baseline {baseline} and states no offset: whether -0.1 is "
            "already applied cannot be told"
        )
    if band != "SCL" and offset is None:
        offset = 0.0
    nodata = _first(raster, asset, "nodata")
    return Asset(
        band=band,
        href=base + str(asset["href"]),
        scale=None if band == "SCL" else float(scale),
        offset=None if band == "SCL" else float(offset),
        nodata=0 if nodata is None else int(nodata),
        resolution=float(_first(raster, asset, "spatial_resolution") or asset.get("gsd") or 10.0),
        sha256=_checksum(asset.get("file:checksum")),
    )


def _first(raster: Mapping[str, Any], asset: Mapping[str, Any], name: str) -> Any:
    for holder, key in ((raster, name), (raster, f"raster:{name}"), (asset, f"raster:{name}")):
        if holder.get(key) is not None:
            return holder[key]
    return asset.get(name)


def _band_name(key: str, asset: Mapping[str, Any]) -> str | None:
    named = [band.get("name", "") for band in asset.get("eo:bands") or asset.get("bands") or []]
    for candidate in (key, *named):
        found = _BAND.match(str(candidate))
        if found:
            return found.group(1).upper()
    return None


def _checksum(multihash: str | None) -> str | None:
    if multihash is None:
        return None
    if not multihash.startswith(_SHA256) or len(multihash) != len(_SHA256) + 64:
        return None
    return multihash[len(_SHA256) :]
