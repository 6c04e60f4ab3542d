"""Every operation of an OpenAPI document, put into requests from the document alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FIXED = {"style": "false_colour", "collection": "sentinel-2-l2a", "z": "0", "x": "0", "y": "0"}
"""Parameters of the path that are the same for everybody."""
BY_PATH = {
    "/events/{event}/chart.{form}": {"form": "svg"},
    "/exports/{name}.{form}": {"form": "geojson"},
    "/exports/released.{form}": {"form": "geojson"},
}
FORM = "png"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address of the document."""

    method: str
    path: str
    operation: Mapping[str, Any]
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.method.upper()} {self.path}"

    @property
    def takes(self) -> set[str]:
        """Parameters of the path."""
        return set(re.findall(r"{(\w+)}", self.path))

    @property
    def filters(self) -> set[str]:
        """Parameters of the query."""
        return {p["name"] for p in self.operation.get("parameters", []) if p["in"] == "query"}

    @property
    def needed(self) -> set[str]:
        """Parameters of the query that have to be given."""
        every = self.operation.get("parameters", [])
        return {p["name"] for p in every if p["in"] == "query" and p.get("required")}

    def address(self, ids: Mapping[str, str], collection: str = "events") -> str:
        """Return the address for ids by parameter; `KeyError` for a parameter nobody knows."""
        values = {"form": FORM, **FIXED, **BY_PATH.get(self.path, {}), **ids, "name": collection}
        if "feature_id" in self.takes:
            values["feature_id"] = ids.get(collection.removesuffix("s"), ids["event"])
        return self.path.format(**{name: values[name] for name in self.takes})

    def body(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what goes with the request, by the name httpx has for it."""
        if "requestBody" not in self.operation:
            return {}
        if self.name in given:
            kind = "files" if isinstance(given[self.name], tuple) else "json"
            value = given[self.name]
            return {kind: {"file": value} if kind == "files" else value}
        content = self.operation["requestBody"]["content"]
        return {"json": _example(content["application/json"]["schema"], self.document)}


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Give every operation; reading ones first, those that take away last."""
    order = {"get": 0, "patch": 2, "put": 2, "delete": 3}
    found = [
        Operation(method, path, operation, document)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    yield from sorted(found, key=lambda one: order.get(one.method, 1))


def _example(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """Return the least value that a schema takes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _example(document["components"]["schemas"][name], document)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema or schema.get("examples"):
        return (schema.get("examples") or schema["enum"])[0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], document)
    if schema.get("type") == "object":
        known = schema.get("properties", {})
        return {name: _example(known[name], document) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [_example(schema["items"], document)] if schema.get("minItems") else []
    if schema.get("type") in ("integer", "number"):
        return schema.get("minimum", 1)
    if schema.get("type") == "boolean":
        return False
    return "x" * max(1, schema.get("minLength", 1))
