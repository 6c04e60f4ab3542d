"""The schemas of STAC 1.1 that pystac's wheel carries; and the validator of STAC APIs over them.

Run as a program it is `stac-api-validator` with the same arguments, without a network. Schemas of
extensions are in no package: what they would look at is let through, and held to by
`test_stac_documents`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pystac

EXTENSIONS = "https://stac-extensions.github.io/"
_FOLDER = Path(pystac.__file__).parent / "validation" / "jsonschemas"


def schemas() -> dict[str, Any]:
    """Return the schemas by their addresses."""
    found = {}
    for path in sorted(_FOLDER.rglob("*.json")):
        schema = json.loads(path.read_text())
        # One of them says of itself that it is "commonjson"; the others call it by its file.
        address = f"{schema['$id'].rpartition('/')[0]}/{path.name}"
        found[address] = {**schema, "$id": address}
    return found


def schema_at(address: str) -> dict[str, Any]:
    """Return the schema at an address; `KeyError` if none is here."""
    if address.startswith(EXTENSIONS):
        return {}
    return dict(schemas()[address.rstrip("#")])


def main() -> int:
    """Validate a service."""
    from stac_api_validator.__main__ import main as validate
    from stac_validator import utilities

    utilities._schema_cache = schema_at
    return int(validate(standalone_mode=False) or 0)


if __name__ == "__main__":
    sys.exit(main())
