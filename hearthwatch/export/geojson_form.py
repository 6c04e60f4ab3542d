"""GeoJSON: the features as the API gives them, with the provenance as foreign members."""

from __future__ import annotations

import json
from pathlib import Path

from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Spool


def write(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write a FeatureCollection (RFC 7946), one feature on a line."""
    head = {
        "type": "FeatureCollection",
        "name": spool.name,
        "notice": provenance.notice,
        "provenance": provenance.members(),
    }
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(f'{opening}, "features": [')
        for number, line in enumerate(spool.lines()):
            file.write(f"{',' if number else ''}\n{line}")
        file.write("\n]}\n")
