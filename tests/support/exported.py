"""Features as a collection gives them, with all that a form of file may spoil."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Facts
from hearthwatch.export.writing import write_collection
from hearthwatch.records import Audience

MADE = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
SQUARE = [[25.3, 13.6], [25.3000001, 13.6], [25.3, 13.6000001], [25.3, 13.6]]
ACROSS_180 = [
    [[[179.9, -16.5], [180.0, -16.5], [180.0, -16.4], [179.9, -16.4], [179.9, -16.5]]],
    [[[-180.0, -16.5], [-179.9, -16.5], [-179.9, -16.4], [-180.0, -16.4], [-180.0, -16.5]]],
]
WITH_HOLE = [
    [[30.0, 10.0], [31.0, 10.0], [31.0, 11.0], [30.0, 11.0], [30.0, 10.0]],
    [[30.2, 10.2], [30.2, 10.4], [30.4, 10.4], [30.4, 10.2], [30.2, 10.2]],
]
NAMES = (
    "أبو زريقة", "=1+1", "'=kept", "-5 Mile", 'a,"b"\nc', "Ñandú 村 \U0001f3d8", "tab\x0bbed", None,
)  # fmt: skip
"""Arabic, what is a formula, what was kept from being one, a comma, quotes, and no character."""


def event(number: int, **changes: Any) -> dict[str, Any]:
    """Return one event as the collection has it."""
    properties: dict[str, Any] = {
        "id": f"evt-{number:06d}", "version": 1 + number, "organisation": "ours", "region": "reg-1",
        "region_name": "Dār Fūr", "settlement": "set-1", "settlement_name": "Um Baru",
        "settlement_pcode": "SD010021", "kind": "burned", "mode": "actual",
        "state": "provisional", "change": None,
        "merged_into": None, "last_unharmed": "2023-03-01T08:51:02.123456Z",
        "first_changed": "2023-03-06T08:51:02.024Z", "first_detected": "2023-03-06T08:51:02.024Z",
        "last_detected": "2024-01-06T08:51:02.024Z", "area_m2": 12_345.6, "area_ha": 1.2346,
        "looks": 3, "observed": "Burned.", "evidence": {"char": 0.123456789, "ok": True},
        "doubts": ["smoke; thin", "few looks"], "detector": "burned", "detector_state": "PROBABLE",
        "cell": "34N_0061_0483",
    }  # fmt: skip
    geometry = changes.pop("geometry", {"type": "Polygon", "coordinates": [SQUARE]})
    properties |= changes
    return {
        "type": "Feature", "id": properties["id"], "geometry": geometry, "properties": properties
    }  # fmt: skip


def trying() -> list[dict[str, Any]]:
    """Return events of which each has something that a form may spoil."""
    named = [event(number, settlement_name=name) for number, name in enumerate(NAMES)]
    at = len(named)
    return [
        *named,
        event(at, geometry={"type": "MultiPolygon", "coordinates": ACROSS_180}),
        event(at + 1, geometry={"type": "Polygon", "coordinates": WITH_HOLE}, mode="exercise"),
        event(at + 2, last_unharmed=None, settlement=None, doubts=[], evidence={}, state="closed"),
    ]


def told(facts: Facts, **changes: Any) -> Provenance:
    """Return a provenance of some facts."""
    said: dict[str, Any] = {
        "software": "hearthwatch 0.1.0", "code": "c" * 64, "made": MADE, "collection": "events",
        "features": facts.features, "query": {"bbox": "1,2,3,4", "filter": "kind = 'burned'"},
        "organisation": "ours", "audience": Audience.ORGANISATION,
        "notices": ("Contains modified Copernicus Sentinel data 2023-2024", "Naïve notice"),
        "modes": tuple(sorted(facts.modes)),
    }  # fmt: skip
    return Provenance(**{**said, **changes})


def written(
    features: Sequence[dict[str, Any]], form: str, folder: Path, name: str = "events"
) -> Path:
    """Write features, in pages of four, and return the file."""
    folder.mkdir(exist_ok=True)
    pages = (features[at : at + 4] for at in range(0, len(features), 4))
    path, _ = write_collection(pages, name, form, folder, told)
    return path
