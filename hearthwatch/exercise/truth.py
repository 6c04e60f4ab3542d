"""What is told of an exercise beside its scenes: the truth, the village and all parameters."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import mapping

from hearthwatch.exercise.ground import LATTICE_M, Ground
from hearthwatch.exercise.model import Burn, Pattern, Residues, Village
from imagery.types import Scene

DESCRIPTION = "exercise.json"
COLUMNS = ("place", "earliest", "latest", "kind", "share", "lon", "lat")
KIND = "burned"
DECIMALS = 7
"""Of a degree: one centimetre."""


def village_name(name: str) -> str:
    """Return how the village is called wherever it appears."""
    return f"EXERCISE {name}".strip()


def truth_text(place: str, village: Village, burns: Sequence[Burn], ground: Ground) -> str:
    """Return the truth as CSV, one row for each burn of huts.

    `share` is of all huts that stood before the first burn, and `earliest` and `latest` are the
    date of the burn, which is known. A fire round the village harms no hut and has no row.
    """
    middle = shapely.point_on_surface(village.core)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for burn, burned in zip(burns, ground.huts_burned, strict=True):
        if burned:
            day = f"{burn.date:%Y-%m-%d}"
            share = f"{burned / ground.huts:.4f}"
            lon, lat = f"{middle.x:.{DECIMALS}f}", f"{middle.y:.{DECIMALS}f}"
            writer.writerow((place, day, day, KIND, share, lon, lat))
    return text.getvalue()


def settlement_value(place: str, village: Village) -> dict[str, Any]:
    """Return the village's core as GeoJSON."""
    return {
        "type": "FeatureCollection",
        "hearthwatch:mode": "exercise",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": place, "mode": "exercise"},
                "geometry": mapping(village.core),
            }
        ],
    }


def description(
    place: str,
    village: Village,
    burns: Sequence[Burn],
    residues: Residues,
    ground: Ground,
    scenes: Sequence[Scene],
) -> dict[str, Any]:
    """Return every parameter of an exercise and what it was made from; no path, no clock."""
    items = "".join(sorted(scene.item_sha256 for scene in scenes))
    return {
        "mode": "exercise",
        "note": "Implanted by software into real scenes. Nothing here happened.",
        "place": place,
        "village": {
            "core": mapping(village.core),
            "huts": village.huts,
            "hut_radius_m": village.hut_radius_m,
            "seed": village.seed,
            "huts_standing_before": ground.huts,
        },
        "burns": [
            _burn(burn, number, ground) for number, burn in enumerate(burns)
        ],
        "residues": {"char": dict(residues.char), "ash": dict(residues.ash)},
        "source_items_sha256": hashlib.sha256(items.encode()).hexdigest(),
    }  # fmt: skip


def readable(value: Mapping[str, Any]) -> bytes:
    """Return JSON for people and programs."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _burn(burn: Burn, number: int, ground: Ground) -> dict[str, Any]:
    told = dataclasses.asdict(burn) | {"date": burn.date.isoformat()}
    where = "ring" if burn.pattern is Pattern.SURROUNDINGS else "core"
    square_metres = float((ground.burned == number).sum()) * LATTICE_M**2
    return told | {
        "where": where,
        "huts_burned": ground.huts_burned[number],
        "burned_ground_ha": round(square_metres / 10_000, 4),
    }
