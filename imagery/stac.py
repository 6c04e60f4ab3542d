"""STAC items to scenes, and scenes to acquisitions."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.errors import ShapelyError
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from imagery.errors import Permanent
from imagery.types import Acquisition, Asset, Scene

SAME_PASS = timedelta(minutes=50)
"""Scenes of one platform and orbit closer than this are one datatake, where it has no name."""

# Names that catalogues of Cloud-Optimised GeoTIFFs give to Sentinel-2's bands.
_ALIASES = {
    "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "rededge1": "B05",
    "rededge2": "B06", "rededge3": "B07", "nir": "B08", "nir08": "B8A", "nir09": "B09",
    "swir16": "B11", "swir22": "B12", "scl": "SCL",
}  # fmt: skip
_BAND = re.compile(r"^(B\d{2}|B8A|SCL|VV|VH|HH|HV)(?![A-Za-z0-9])", re.IGNORECASE)
_SHA256 = "1220"
"""Multihash prefix of a SHA-256 digest: function 0x12, length 0x20."""
_BASELINE = re.compile(r"^N?(\d{1,2})(?:\.?(\d{2})|\.(\d))?$")
_BASELINE_IN_NAME = re.compile(r"_N(\d{4})_")
_BASELINE_OF_DATATAKE = re.compile(r"_N\d\d\.?\d\d$")
_LONGEST_KEY = 120
_MODES = ("actual", "exercise", "test")


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
        stated = _stated(item)
        sensed, precision = _sensed(properties)
        return Scene(
            provider=provider,
            collection=str(item.get("collection") or "unnamed"),
            id=str(item["id"]),
            sensor=_sensor(item),
            sensed=sensed,
            sensed_precision_s=precision,
            footprint=_footprint(item["geometry"]),
            assets=tuple(_assets(item, stated["baseline"], base)),
            item_sha256=item_sha256(item),
            unknown=tuple(sorted(name for name, value in stated.items() if value is None)),
            mode=_mode(properties),
            **stated,
        )
    except _UNREADABLE as error:
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
    ordered = sorted(scenes, key=lambda scene: (_pass_key(scene), _order(scene)))
    found = []
    for _, group in groupby(ordered, key=_pass_key):
        for members in _by_time(list(group)):
            newest = _newest(members)
            found.append(Acquisition(_key(newest), newest[0].sensed, tuple(newest)))
    return sorted(found, key=lambda a: (a.sensed, a.key))


def _pass_key(scene: Scene) -> tuple[str, str]:
    return scene.sensor, _pass_name(scene) or f"{scene.collection}_{_second(scene)}"


def _pass_name(scene: Scene) -> str | None:
    """Return the name of the datatake without its processing, or of the orbit; None if unknown."""
    if scene.datatake:
        return _BASELINE_OF_DATATAKE.sub("", scene.datatake)
    if scene.platform and scene.relative_orbit is not None:
        return f"{scene.platform}_R{scene.relative_orbit:03d}"
    return None


def _second(scene: Scene) -> str:
    return scene.sensed.astimezone(UTC).strftime("%Y%m%dT%H%M%S")


def _by_time(scenes: Sequence[Scene]) -> Iterable[list[Scene]]:
    part = [scenes[0]]
    for scene in scenes[1:]:
        if not scene.datatake and scene.sensed - part[0].sensed > SAME_PASS:
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
        if rival is None or _age(scene) > _age(rival):
            best[tile] = scene
    return sorted(best.values(), key=_order)


def _order(scene: Scene) -> tuple[datetime, str, str, str]:
    """Return what scenes are ordered by, so that no two of them tie by chance."""
    return scene.sensed, scene.id, scene.platform or "", scene.item_sha256


def _age(scene: Scene) -> tuple[str, str, str, str]:
    """Return what rises with the processing of one tile."""
    return scene.baseline or "", scene.id, scene.platform or "", scene.item_sha256


def _key(scenes: Sequence[Scene]) -> str:
    first = scenes[0]
    name = _pass_name(first) or first.collection
    if not first.datatake:
        name = f"{name}_{_second(first)}"
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)
    if safe == name and len(name) <= _LONGEST_KEY:
        return name
    # What was changed or cut off must not make two looks one.
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{safe[:_LONGEST_KEY]}-{digest}"


def _stated(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an item may leave out, None where it does."""
    properties = item["properties"]

    def given(key: str, kind: Callable[[Any], Any]) -> Any:
        value = properties.get(key)
        return None if value is None or value == "" else kind(value)

    return {
        "platform": given("platform", str),
        "relative_orbit": given("sat:relative_orbit", int),
        "orbit_direction": given("sat:orbit_state", str),
        "datatake": given("s2:datatake_id", str),
        "baseline": _baseline(item),
        "published": given("published", _time),
        "cloud_cover": given("eo:cloud_cover", float),
    }


def _baseline(item: Mapping[str, Any]) -> str | None:
    """Return the processing baseline as ``05.00``, however it is written."""
    properties = item["properties"]
    for key in ("s2:processing_baseline", "processing:version"):
        if properties.get(key):
            found = _BASELINE.match(str(properties[key]))
            if found is None:
                raise ValueError(f"{properties[key]!r} is no processing baseline")
            major, two, one = found.groups()
            return f"{int(major):02d}.{two or (one + '0' if one else '00')}"
    for name in (properties.get("s2:product_uri"), item.get("id")):
        named = _BASELINE_IN_NAME.search(f"{name}_")
        if named:
            return f"{named.group(1)[:2]}.{named.group(1)[2:]}"
    return None


def _footprint(geometry: dict[str, Any]) -> BaseGeometry:
    """Return the outline, cut in two where it crosses 180 degrees."""
    outline = shape(geometry)
    if outline.is_empty or not all(map(math.isfinite, outline.bounds)):
        raise ValueError("its geometry is empty")
    if not outline.is_valid:
        outline = shapely.make_valid(outline)
    parts = [half for part in getattr(outline, "geoms", [outline]) for half in _halves(part)]
    whole: BaseGeometry = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return whole


def _halves(part: BaseGeometry) -> Iterable[BaseGeometry]:
    west, _, east, _ = part.bounds
    if 180.0 < east - west < 360.0:
        # No scene is half the globe wide: its corners lie on both sides of the date line.
        part = shapely.transform(part, lambda at: at + (at[:, :1] < 0) * np.array([360.0, 0.0]))
    elif west >= -180.0 and east <= 180.0:
        return (part,)
    part = shapely.make_valid(part)
    found = (
        translate(part.intersection(box(turn - 180.0, -90.0, turn + 180.0, 90.0)), -turn)
        for turn in (-360.0, 0.0, 360.0)
    )
    return tuple(half for half in found if not half.is_empty)


def _sensor(item: Mapping[str, Any]) -> str:
    stated = str(item["properties"].get("hearthwatch:sensor") or item.get("collection") or "")
    if stated.startswith("sentinel-2") and "l2a" in stated:
        return "sentinel-2-l2a"
    if stated.startswith("sentinel-1"):
        return "sentinel-1-rtc" if "rtc" in stated else "sentinel-1-grd"
    return stated or "unknown"


def _mode(properties: Mapping[str, Any]) -> str:
    mode = properties.get("hearthwatch:mode", "actual")
    if mode not in _MODES:
        raise ValueError(f"hearthwatch:mode {mode!r} is none of {', '.join(_MODES)}")
    return str(mode)


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


_UNREADABLE = (
    LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError,
    ShapelyError,
)  # fmt: skip


def _assets(item: Mapping[str, Any], baseline: str | None, base: str) -> Iterable[Asset]:
    for key, asset in item["assets"].items():
        band = _band_name(key, asset)
        if band is not None:
            made = _asset(band, asset, baseline, base)
            if made.offset and item["properties"].get("earthsearch:boa_offset_applied"):
                raise ValueError(f"{band} states an offset and that it is already applied")
            yield made


def _asset(band: str, asset: Mapping[str, Any], baseline: str | None, base: str) -> Asset:
    raster = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    scale = _first(raster, asset, "scale")
    offset = _first(raster, asset, "offset")
    if band != "SCL" and scale is None:
        raise ValueError(f"{band} states no raster:scale")
    if band.startswith("B") and offset is None and (baseline is None or baseline >= "04.00"):
        raise ValueError(
            f"{band} has processing baseline {baseline or 'unknown'} and states no offset: "
            "whether -0.1 is already applied cannot be told"
        )
    return Asset(
        band=band,
        href=_href(str(asset["href"]), base),
        scale=None if band == "SCL" else _number(scale, positive=True),
        offset=None if band == "SCL" else _number(0.0 if offset is None else offset),
        nodata=_nodata(_first(raster, asset, "nodata")),
        resolution=_number(
            _first(raster, asset, "spatial_resolution") or asset.get("gsd") or 10.0, positive=True
        ),
        sha256=_checksum(asset.get("file:checksum")),
    )


def _href(href: str, base: str) -> str:
    return href if href.startswith("/") or "://" in href else base + href


def _number(value: Any, positive: bool = False) -> float:
    number = float(value)
    if not math.isfinite(number) or (positive and number <= 0.0):
        raise ValueError(f"{value!r} is no usable number")
    return number


def _nodata(value: Any) -> int | None:
    if value is None:
        return 0
    # Pixels that are no number need no number to be told by.
    return None if math.isnan(float(value)) else int(value)


def _first(raster: Mapping[str, Any], asset: Mapping[str, Any], name: str) -> Any:
    for holder, key in ((raster, name), (raster, f"raster:{name}"), (asset, f"raster:{name}")):
        if holder.get(key) is not None:
            return holder[key]
    return asset.get(name)


def _band_name(key: str, asset: Mapping[str, Any]) -> str | None:
    named = [band.get("name", "") for band in asset.get("eo:bands") or asset.get("bands") or []]
    # A picture of three bands is none of them.
    for candidate in (key, *named) if len(named) <= 1 else ():
        found = _BAND.match(str(candidate))
        if found:
            return found.group(1).upper()
        if str(candidate).lower() in _ALIASES:
            return _ALIASES[str(candidate).lower()]
    return None


def _checksum(multihash: str | None) -> str | None:
    if multihash is None:
        return None
    if not multihash.startswith(_SHA256) or len(multihash) != len(_SHA256) + 64:
        return None
    return multihash[len(_SHA256) :].lower()
