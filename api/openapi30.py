"""The OpenAPI document in version 3.0, for GIS tools that read no newer one."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

VERSION = "3.0.3"

_REFERENCE = re.compile(r"^#/components/schemas/(.+)$")


def openapi_30(document: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the paths below a prefix as an OpenAPI 3.0 document, without its servers.

    Parameters
    ----------
    document : mapping
        OpenAPI 3.1, as FastAPI writes it.
    prefix : str
        Paths begin with it; the server's address is to take it up, as OGC API wants paths from
        the landing page on.
    """
    paths = {
        path.removeprefix(prefix) or "/": item
        for path, item in document["paths"].items()
        if path == prefix or path.startswith(f"{prefix}/")
    }
    components = document["components"]
    part = {
        "openapi": VERSION,
        "info": document["info"],
        "paths": paths,
        "components": {
            "schemas": _used(paths, components["schemas"]),
            "securitySchemes": components.get("securitySchemes", {}),
        },
    }
    older: dict[str, Any] = _older(copy.deepcopy(part))
    return older


def _used(value: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas that a value names, and those that they name."""
    found: dict[str, Any] = {}
    waiting = [value]
    while waiting:
        for name in _names(waiting.pop()):
            if name not in found:
                found[name] = schemas[name]
                waiting.append(schemas[name])
    return dict(sorted(found.items()))


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        reference = _REFERENCE.match(str(value.get("$ref", "")))
        below = set().union(*map(_names, value.values())) if value else set()
        return below | ({reference[1]} if reference else set())
    return set().union(*map(_names, value)) if isinstance(value, list) and value else set()


def _older(value: Any) -> Any:
    """Write null types, constants and examples as 3.0 has them."""
    if isinstance(value, list):
        return [_older(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: _older(one) for name, one in value.items()}
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("examples"), list):
        made["example"] = made.pop("examples")[0]
    options = made.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [one for one in options if one != {"type": "null"}]
        del made["anyOf"]
        made |= rest[0] if len(rest) == 1 and "$ref" not in rest[0] else {"allOf": rest}
        made["nullable"] = True
    return made
