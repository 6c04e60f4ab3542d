"""STAC items to scenes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from imagery.errors import Permanent
from imagery.footprints import footprint_of
from imagery.looks import unusable
from imagery.naming import ProductName, mgrs_tile, plain_platform, read_name
from imagery.orbits import is_ascending, track_of
from imagery.stac_assets import band_assets
from imagery.types import Scene

_BASELINE = re.compile(r"^N?(\d{1,2})(?:\.?(\d{2})|\.(\d))?$")
_BASELINE_IN_NAME = re.compile(r"_N(\d{4})_")
_MODES = ("actual", "exercise", "test")


def scene_from_item(item: Mapping[str, Any], provider: str, base: str = "") -> Scene:
    """Turn one STAC item into a scene.

    What the properties leave out is taken from the product's name, which says the same at every
    provider; the relative orbit of radar, where neither tells it, from its time and place.

    Parameters
    ----------
    base : str
        Put before every asset's href: the item's own folder, where hrefs are relative.

    Raises
    ------
    Permanent
        If the item lacks what nothing can be done without, states an unusable radiometry, or is
        radar that is not comparable with other passes; the error says which.
    """
    try:
        properties = item["properties"]
        sensor = _sensor(item)
        sensed, precision = _sensed(properties)
        footprint = footprint_of(item["geometry"])
        named = _named(item)
        stated = _stated(item, sensor, named)
        if _is_radar(sensor):
            stated |= _orbit(stated, sensed, footprint)
        scene = Scene(
            provider=provider,
            collection=str(item.get("collection") or "unnamed"),
            id=str(item["id"]),
            sensor=sensor,
            sensed=sensed,
            sensed_precision_s=precision,
            footprint=footprint,
            assets=tuple(band_assets(item, _is_radar(sensor), stated["baseline"], base)),
            item_sha256=item_sha256(item),
            unknown=tuple(sorted(name for name, value in stated.items() if value is None)),
            mode=_mode(properties),
            tile=_tile(item, named),
            processed=_processed(properties, named),
            backscatter=_backscatter(properties, sensor),
            instrument_mode=_instrument_mode(properties, named),
            **stated,
        )
    except _UNREADABLE as error:
        raise Permanent(f"the item {item.get('id', 'without an id')}: {error!r}") from error
    words = unusable(scene)
    if words is not None:
        raise Permanent(f"the item {scene.id}: {words}")
    return scene


def item_sha256(item: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an item in canonical JSON, links left out: they move with the file."""
    kept = {key: value for key, value in item.items() if key != "links"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _named(item: Mapping[str, Any]) -> ProductName | None:
    """Return what the product's name says, wherever the item has it."""
    properties = item["properties"]
    names = (item.get("id"), properties.get("s2:product_uri"), properties.get("title"))
    return next((found for name in names if name and (found := read_name(str(name)))), None)


def _stated(item: Mapping[str, Any], sensor: str, named: ProductName | None) -> dict[str, Any]:
    """Return what an item may leave out, None where it does."""
    properties = item["properties"]

    def given(key: str, kind: Callable[[Any], Any]) -> Any:
        value = properties.get(key)
        return None if value is None or value == "" else kind(value)

    platform = given("platform", str) or (named.platform if named else None)
    orbit = given("sat:relative_orbit", int)
    return {
        "platform": None if platform is None else plain_platform(platform),
        "relative_orbit": named.relative_orbit if orbit is None and named else orbit,
        "orbit_direction": given("sat:orbit_state", str),
        "datatake": _datatake(properties, sensor, named),
        "baseline": _baseline(item, sensor, named),
        "published": given("published", _time),
        "cloud_cover": given("eo:cloud_cover", float),
    }


def _datatake(properties: Mapping[str, Any], sensor: str, named: ProductName | None) -> str | None:
    for key in ("s2:datatake_id", "eopf:datatake_id", "s1:datatake_id"):
        if properties.get(key) not in (None, ""):
            return str(properties[key])
    if named is None or _is_radar(sensor):
        return None
    # The id without the number of the orbit, which no product's name holds.
    return f"GS{named.platform[-2:].upper()}_{named.started:%Y%m%dT%H%M%S}"


def _baseline(item: Mapping[str, Any], sensor: str, named: ProductName | None) -> str | None:
    """Return the processing baseline as ``05.00``, however it is written."""
    properties, identity = item["properties"], item.get("id")
    # The processor's version is written there too, of radar and by other rules.
    for key in () if _is_radar(sensor) else ("s2:processing_baseline", "processing:version"):
        if properties.get(key):
            found = _BASELINE.match(str(properties[key]))
            if found is None:
                raise ValueError(f"{properties[key]!r} is no processing baseline")
            major, two, one = found.groups()
            return f"{int(major):02d}.{two or (one + '0' if one else '00')}"
    if named is not None and named.baseline is not None:
        return named.baseline
    for name in (properties.get("s2:product_uri"), identity):
        found = _BASELINE_IN_NAME.search(f"{name}_")
        if found:
            return f"{found.group(1)[:2]}.{found.group(1)[2:]}"
    return None


def _orbit(stated: Mapping[str, Any], sensed: datetime, footprint: BaseGeometry) -> dict[str, Any]:
    """Return direction and relative orbit of radar, from time and place where not stated."""
    centre = footprint.centroid
    direction = stated["orbit_direction"]
    if direction is None:
        direction = "ascending" if is_ascending(sensed, centre.x) else "descending"
    orbit = stated["relative_orbit"]
    if orbit is None:
        orbit = track_of(sensed, centre.y, direction == "ascending")
    return {"orbit_direction": direction, "relative_orbit": orbit}


def _tile(item: Mapping[str, Any], named: ProductName | None) -> str | None:
    properties = item["properties"]
    for key in ("s2:mgrs_tile", "grid:code", "s2:tile_id"):
        found = mgrs_tile(str(properties.get(key) or ""))
        if found is not None:
            return found
    return named.tile if named is not None and named.tile else mgrs_tile(str(item["id"]))


def _processed(properties: Mapping[str, Any], named: ProductName | None) -> datetime | None:
    for key in ("s2:generation_time", "processing:datetime"):
        if properties.get(key):
            return _time(properties[key])
    return None if named is None else named.processed


def _backscatter(properties: Mapping[str, Any], sensor: str) -> str | None:
    stated = properties.get("hearthwatch:backscatter")
    if stated:
        return str(stated)
    return "gamma0_terrain" if sensor == "sentinel-1-rtc" else None


def _instrument_mode(properties: Mapping[str, Any], named: ProductName | None) -> str | None:
    stated = properties.get("sar:instrument_mode")
    if stated:
        mode = str(stated).upper()
        return "SM" if re.fullmatch(r"S[1-6]", mode) else mode
    return None if named is None else named.instrument_mode


def _is_radar(sensor: str) -> bool:
    return sensor.startswith("sentinel-1")


def _sensor(item: Mapping[str, Any]) -> str:
    stated = str(item["properties"].get("hearthwatch:sensor") or item.get("collection") or "")
    plain = stated.lower()
    if plain.startswith("sentinel-2") and "l2a" in plain:
        return "sentinel-2-l2a"
    if plain.startswith("sentinel-1"):
        return "sentinel-1-rtc" if "rtc" in plain else "sentinel-1-grd"
    if plain.startswith("opera") and "rtc-s1" in plain:
        return "sentinel-1-rtc"
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
