"""A STAC API over the scenes, in the dialect of one catalogue."""

from __future__ import annotations

import base64
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from shapely.geometry import shape

from tests.standin.catalog import read_area, read_interval
from tests.standin.dialects import Dialect, Href, Item
from tests.standin.scenes import Scene, moment
from tests.standin.wire import Answer, Refused, Request, as_json

GEOJSON = "application/geo+json"
MOST = 1000
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "neq": operator.ne, "lt": operator.lt, "lte": operator.le,
    "gt": operator.gt, "gte": operator.ge, "=": operator.eq, "<>": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TEXT_CLAUSE = re.compile(
    r"^\s*\"?([\w:]+)\"?\s*(<=|>=|<>|<|>|=)\s*(?:TIMESTAMP\(\s*)?('[^']*'|[-\d.]+)\s*\)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StacApi:
    """One catalogue.

    Attributes
    ----------
    url : str
        Of its landing page.
    href : callable
        Gives the address of a band's file.
    page : int or None
        Items on a page at most, whatever is asked for.
    """

    dialect: Dialect
    url: str
    href: Href
    page: int | None = None

    def landing(self, request: Request) -> Answer:
        """Answer a request for the landing page."""
        conforms = ["https://api.stacspec.org/v1.0.0/core"]
        conforms += [f"https://api.stacspec.org/v1.0.0/item-search{part}" for part in
                     ("", "#query", "#sort", "#filter")]  # fmt: skip
        links = [
            {"rel": "self", "href": self.url},
            {"rel": "data", "href": f"{self.url}/collections"},
            {"rel": "search", "href": f"{self.url}/search", "method": "GET", "type": GEOJSON},
            {"rel": "search", "href": f"{self.url}/search", "method": "POST", "type": GEOJSON},
        ]
        return as_json({"type": "Catalog", "stac_version": "1.0.0", "id": self.dialect.name,
                        "description": "A stand-in", "conformsTo": conforms,
                        "links": links})  # fmt: skip

    def collections(self, request: Request) -> Answer:
        """Answer a request for the list of collections."""
        found = [
            {"type": "Collection", "stac_version": "1.0.0", "id": name, "license": "proprietary",
             "description": "A stand-in", "links": [], "extent": {
                 "spatial": {"bbox": [[-180, -90, 180, 90]]},
                 "temporal": {"interval": [["2014-01-01T00:00:00Z", None]]}}}
            for name in self.dialect.collections
        ]  # fmt: skip
        return as_json({"collections": found, "links": []})

    def search(self, request: Request, scenes: Sequence[Scene]) -> Answer:
        """Answer a search, of either method."""
        asked = request.json() if request.method == "POST" else _of_query(request.query)
        limit = _limit(asked, self.page)
        offset = _offset(asked.get(self.dialect.token))
        found = _sorted(self._matching(asked, scenes), asked.get("sortby"))
        page = found[offset : offset + limit]
        more = offset + limit < len(found)
        links = [self._next(request.method, asked, offset + limit)] if more else []
        document = {"type": "FeatureCollection", "features": page, "links": links}
        return as_json(document | self._counts(len(found), len(page), limit), kind=GEOJSON)

    def _matching(self, asked: Mapping[str, Any], scenes: Sequence[Scene]) -> list[Item]:
        area, (start, end) = read_area(asked), read_interval(asked.get("datetime"))
        wanted = asked.get("collections") or list(self.dialect.collections)
        items = [
            self.dialect.describe(scene, collection, self.href)
            for collection in wanted
            for scene in scenes
            if self.dialect.collections.get(collection) == scene.kind
            and start <= scene.sensed <= end
        ]
        return [
            item for item in items
            if (not asked.get("ids") or item["id"] in asked["ids"])
            and (area is None or shape(item["geometry"]).intersects(area))
            and _passes(item, asked)
        ]  # fmt: skip

    def _next(self, method: str, asked: Mapping[str, Any], offset: int) -> dict[str, Any]:
        mark = base64.urlsafe_b64encode(f"at:{offset}".encode()).decode()
        token, address = self.dialect.token, f"{self.url}/search"
        link: dict[str, Any] = {"rel": "next", "type": GEOJSON, "method": method}
        if method == "GET":
            query = {k: v if isinstance(v, str) else _as_text(v) for k, v in asked.items()}
            return link | {"href": f"{address}?{urlencode({**query, token: mark})}"}
        if self.dialect.whole_body:
            return link | {"href": address, "merge": False, "body": {**asked, token: mark}}
        return link | {"href": address, "merge": True, "body": {token: mark}}

    def _counts(self, matched: int, returned: int, limit: int) -> dict[str, Any]:
        """Say how many there are, as far as each catalogue does."""
        if self.dialect.name == "earth-search":
            context = {"limit": limit, "matched": matched, "returned": returned}
            return {"numberMatched": matched, "numberReturned": returned, "context": context}
        if self.dialect.name == "opera":
            return {"numberMatched": matched, "numberReturned": returned}
        return {"numberReturned": returned}


def refusal(status: int, code: str, message: str) -> Refused:
    """Return an error in the shape of STAC APIs."""
    return Refused(as_json({"code": code, "description": message}, status))


def _of_query(query: Mapping[str, str]) -> dict[str, Any]:
    asked: dict[str, Any] = dict(query)
    for name in ("collections", "ids"):
        if name in asked:
            asked[name] = asked[name].split(",")
    if "bbox" in asked:
        asked["bbox"] = asked["bbox"].split(",")
    for name in ("intersects", "query"):
        if name in asked:
            asked[name] = json.loads(asked[name])
    return asked


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _limit(asked: Mapping[str, Any], page: int | None) -> int:
    try:
        limit = int(asked.get("limit", 10))
    except (TypeError, ValueError) as error:
        raise refusal(400, "BadRequest", "limit is a whole number") from error
    if not 1 <= limit <= MOST:
        raise refusal(400, "BadRequest", f"limit must be from 1 to {MOST}")
    return limit if page is None else min(limit, page)


def _offset(mark: str | None) -> int:
    if mark is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(mark).decode().removeprefix("at:"))
    except ValueError as error:
        raise refusal(400, "BadRequest", "the token is not one that was given") from error


def _sorted(items: list[Item], by: Any) -> list[Item]:
    found = sorted(items, key=lambda one: (one["properties"]["datetime"], one["id"]), reverse=True)
    fields = [_field(one) for one in (by.split(",") if isinstance(by, str) else by or ())]
    for name, down in reversed(fields):
        found.sort(key=lambda one, name=name: _have(one, name), reverse=down)  # type: ignore[misc]
    return found


def _field(stated: Any) -> tuple[str, bool]:
    if isinstance(stated, str):
        return stated.strip().lstrip("+-").removeprefix("properties."), stated.startswith("-")
    return stated["field"].removeprefix("properties."), stated.get("direction") == "desc"


def _have(item: Item, name: str) -> Any:
    if name in ("id", "collection"):
        return item[name]
    value = item["properties"].get(name)
    return "" if value is None else value


def _passes(item: Item, asked: Mapping[str, Any]) -> bool:
    for name, wanted in (asked.get("query") or {}).items():
        for sign, value in wanted.items():
            if not _holds(item, name, sign, value):
                return False
    stated = asked.get("filter")
    if isinstance(stated, str):
        return all(_text_holds(item, part) for part in re.split(r"(?i)\s+and\s+", stated))
    return stated is None or _cql_holds(item, stated)


def _text_holds(item: Item, clause: str) -> bool:
    found = _TEXT_CLAUSE.match(clause)
    if found is None:
        raise refusal(400, "BadRequest", f"the filter is not understood: {clause}")
    name, sign, value = found.groups()
    return _holds(item, name, sign, value[1:-1] if value.startswith("'") else float(value))


def _cql_holds(item: Item, node: Mapping[str, Any]) -> bool:
    try:
        if node["op"] == "and":
            return all(_cql_holds(item, part) for part in node["args"])
        left, right = node["args"]
        value = right.get("timestamp") if isinstance(right, dict) else right
        return _holds(item, left["property"], node["op"], value)
    except (KeyError, TypeError, ValueError) as error:
        raise refusal(400, "BadRequest", f"the filter is not understood: {error!r}") from error


def _holds(item: Item, name: str, sign: str, value: Any) -> bool:
    have = _have(item, name.removeprefix("properties."))
    if sign == "in":
        return have in value
    if sign not in _COMPARE:
        raise refusal(400, "BadRequest", f"{sign} is not understood")
    if have == "":
        return False
    try:
        return _COMPARE[sign](moment(have), moment(value))
    except (TypeError, ValueError):
        return _COMPARE[sign](have, value)
