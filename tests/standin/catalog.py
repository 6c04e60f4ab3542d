"""The Catalog API of Sentinel Hub."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shapely.geometry import box, mapping, shape
from shapely.geometry.base import BaseGeometry

from tests.standin import names
from tests.standin.account import Limits
from tests.standin.process import TYPES
from tests.standin.scenes import Scene, moment, stamp
from tests.standin.wire import Answer, Request, as_json, bad_payload

MOST = 100
_CLAUSE = re.compile(r"^\s*([\w:]+)\s*(<=|>=|<|>|=)\s*('[^']*'|[-\d.]+)\s*$")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "=": lambda a, b: a == b,
}  # fmt: skip
ALWAYS = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def answer(request: Request, scenes: Sequence[Scene], limits: Limits, base: str) -> Answer:
    """Answer a search."""
    asked = request.json()
    area = read_area(asked)
    start, end = read_interval(asked.get("datetime"))
    kinds = [TYPES.get(name) for name in asked.get("collections", [])]
    limit, offset = _page(asked)
    if len(kinds) != 1 or kinds[0] is None or asked.get("datetime") is None:
        raise bad_payload("collections must name one that there is, and datetime is needed")
    found = [
        scene for scene in reversed(scenes)
        if scene.kind == kinds[0] and start <= scene.sensed <= end
        and (area is None or scene.footprint.intersects(area))
    ]  # fmt: skip
    items = [item(scene, str(asked["collections"][0]), base) for scene in found]
    items = [one for one in items if _passes(one["properties"], asked.get("filter"))]
    units = _price(area, start, end)
    limits.charge(units)
    document = _document(items, asked, limit, offset, base)
    return as_json(document, kind="application/geo+json;charset=utf-8",
                   x_processingunits_spent=f"{units:.6f}", units=units)  # fmt: skip


def item(scene: Scene, collection: str, base: str) -> dict[str, Any]:
    """Return one scene in the shape of the Catalog's items."""
    optical = scene.kind == "optical"
    name = names.optical_name(scene) if optical else f"{names.radar_name(scene)}_COG"
    name = f"{name}.SAFE"
    properties: dict[str, Any] = {
        "datetime": stamp(scene.sensed),
        "created": stamp(scene.published),
        "updated": stamp(scene.published),
        "platform": f"sentinel-{2 if optical else 1}{names.letter(scene)}",
        "instruments": ["msi" if optical else "c-sar"],
        "constellation": f"sentinel-{2 if optical else 1}",
    }
    properties |= _optical(scene) if optical else _radar(scene)
    address = f"{base}/api/v1/catalog/1.0.0/collections/{collection}"
    return {
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.0.0/schema.json"],
        "type": "Feature",
        "id": name,
        "collection": collection,
        "geometry": dict(scene.geometry),
        "bbox": list(scene.footprint.bounds),
        "properties": properties,
        "links": [{"rel": "self", "href": f"{address}/items/{name}"}],
        "assets": {
            "data": {"href": f"s3://EODATA/{name}/", "title": "s3", "type": "inode/directory"}
        },
    }


def read_area(asked: Mapping[str, Any]) -> BaseGeometry | None:
    """Return what ``bbox`` or ``intersects`` names; None where neither is there."""
    try:
        if asked.get("bbox") is not None:
            west, south, east, north = map(float, asked["bbox"])
            if west > east:
                return box(west, south, 180, north).union(box(-180, south, east, north))
            return box(west, south, east, north)
        return None if asked.get("intersects") is None else shape(asked["intersects"])
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise bad_payload(f"the area is not understood: {error}") from error


def read_interval(text: str | None) -> tuple[datetime, datetime]:
    """Return both ends of an interval, which may be open, or a moment twice."""
    if text is None:
        return ALWAYS
    first, _, last = text.partition("/")
    try:
        start = ALWAYS[0] if first in ("", "..") else moment(first)
        if "/" not in text:
            return start, start
        return start, ALWAYS[1] if last in ("", "..") else moment(last)
    except ValueError as error:
        raise bad_payload(f"datetime is not understood: {error}") from error


def _optical(scene: Scene) -> dict[str, Any]:
    grid = next(iter(scene.bands.values())).grid
    west, north = grid.transform * (0, 0)
    east, south = grid.transform * (grid.width, grid.height)
    bounds = west, south, east, north
    return {
        "gsd": 10,
        "eo:cloud_cover": scene.get("eo:cloud_cover", 0.0),
        "proj:epsg": grid.epsg,
        "proj:bbox": list(bounds),
        "proj:geometry": mapping(box(*bounds)),
    }


def _radar(scene: Scene) -> dict[str, Any]:
    return {
        "sar:instrument_mode": scene.get("sar:instrument_mode", "IW"),
        "sat:orbit_state": scene.get("sat:orbit_state"),
        "s1:polarization": scene.get("s1:polarization", "DV"),
        "s1:resolution": scene.get("s1:resolution", "HIGH"),
        # With a hyphen here, and without one where pixels are asked for.
        "s1:timeliness": scene.get("s1:timeliness", "Fast-24h"),
    }


def _page(asked: Mapping[str, Any]) -> tuple[int, int]:
    try:
        limit, offset = int(asked.get("limit", 10)), int(asked.get("next") or 0)
    except (TypeError, ValueError) as error:
        raise bad_payload("limit and next are whole numbers") from error
    if not 1 <= limit <= MOST or offset < 0:
        raise bad_payload(f"limit must be from 1 to {MOST}")
    return limit, offset


def _passes(properties: Mapping[str, Any], text: str | None) -> bool:
    """Tell whether all clauses, joined by AND, hold."""
    for clause in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text else ():
        found = _CLAUSE.match(clause)
        if found is None:
            raise bad_payload(f"the filter is not understood: {clause}")
        name, sign, value = found.groups()
        wanted: Any = value[1:-1] if value.startswith("'") else float(value)
        have = properties.get(name)
        if have is None or not _COMPARE[sign](have if isinstance(wanted, str) else float(have),
                                              wanted):  # fmt: skip
            return False
    return True


def _document(
    items: Sequence[dict[str, Any]], asked: Mapping[str, Any], limit: int, offset: int, base: str
) -> dict[str, Any]:
    features: Sequence[Any] = items
    if asked.get("distinct") == "date":
        features = sorted({one["properties"]["datetime"][:10] for one in items}, reverse=True)
    page = features[offset : offset + limit]
    context: dict[str, Any] = {"limit": limit, "returned": len(page)}
    if offset + limit < len(features):
        context["next"] = offset + limit
    address = f"{base}/api/v1/catalog/1.0.0/search"
    links: list[dict[str, Any]] = [{"rel": "self", "href": address, "method": "POST"}]
    if "next" in context:
        links.append({"rel": "next", "href": address, "method": "POST", "merge": True,
                      "body": {"next": context["next"]}})  # fmt: skip
    return {"type": "FeatureCollection", "features": page, "links": links, "context": context}


def _price(area: BaseGeometry | None, start: datetime, end: datetime) -> float:
    if area is None:
        return 1.0
    west, south, east, north = area.bounds
    km2 = (east - west) * (north - south) * 111.0 * 111.0
    months = max(1.0, (end - start).days / 30)
    return min(1.0, max(0.01, km2 / 1e6 * months))
