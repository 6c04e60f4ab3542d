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

from hearthwatch.exercise.ground import Ground
from hearthwatch.exercise.lattice import LATTICE_M
from hearthwatch.exercise.model import Burn, Pattern, Residues, Village
from hearthwatch.exercise.otherwise import Change
from imagery.types import Scene

DESCRIPTION = "exercise.json"
COLUMNS = ("place", "earliest", "latest", "kind", "share", "lon", "lat")
KIND = "burned"
DECIMALS = 7
"""Of a degree: one centimetre."""


def village_name(name: str) -> str:
    """Return how the village is called wherever it appears."""
    return f"EXERCISE {name}".strip()


def truth_text(place: str, village: Village, burns: Sequence[Burn], ground: Ground | None) -> str:
    """Return the truth as CSV, one row for each burn of huts.

    `share` is of all huts that stood before the first burn, and `earliest` and `latest` are the
    date of the burn, which is known. A fire round the village harms no hut and has no row; nor
    has a change that is no burn.
    """
    middle = shapely.point_on_surface(village.core)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    counts = ground.huts_burned if ground is not None else ()
    for burn, burned in zip(burns, counts, strict=True):
        if burned and ground is not None:
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


def described(
    place: str, village: Village, burns: Sequence[Burn], residues: Residues, ground: Ground
) -> dict[str, Any]:
    """Return every parameter of an exercise of burns; no path, no clock."""
    village_told = _village(village) | {"huts_standing_before": ground.huts}
    return {
        **_head(place),
        "village": village_told,
        "burns": [_burn(burn, number, ground) for number, burn in enumerate(burns)],
        "residues": {"char": dict(residues.char), "ash": dict(residues.ash)},
    }


def changed(place: str, village: Village, change: Change, ground: Ground | None) -> dict[str, Any]:
    """Return every parameter of an exercise of a change that is no burn; no path, no clock."""
    told = dataclasses.asdict(change) | {
        "date": change.date.isoformat(),
        "extent": change.extent,
        "changed_ground_ha": None if ground is None else _hectares(ground, 0),
    }
    return {**_head(place), "village": _village(village), "otherwise": told}


def items_digest(scenes: Sequence[Scene]) -> str:
    """Return a digest of the items that an exercise was made from."""
    items = "".join(sorted(scene.item_sha256 for scene in scenes))
    return hashlib.sha256(items.encode()).hexdigest()


def _head(place: str) -> dict[str, Any]:
    note = "Implanted by software into real scenes. Nothing here happened."
    return {"mode": "exercise", "note": note, "place": place}


def _village(village: Village) -> dict[str, Any]:
    return {
        "core": mapping(village.core),
        "huts": village.huts if village.structures is None else None,
        "structures": village.structures,
        "hut_radius_m": village.hut_radius_m,
        "seed": village.seed,
    }


def readable(value: Mapping[str, Any]) -> bytes:
    """Return JSON for people and programs."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _burn(burn: Burn, number: int, ground: Ground) -> dict[str, Any]:
    told = dataclasses.asdict(burn) | {"date": burn.date.isoformat()}
    where = "ring" if burn.pattern is Pattern.SURROUNDINGS else "core"
    return told | {
        "where": where,
        "huts_burned": ground.huts_burned[number],
        "burned_ground_ha": _hectares(ground, number),
    }


def _hectares(ground: Ground, number: int) -> float:
    square_metres = float((ground.burned == number).sum()) * LATTICE_M**2
    return round(square_metres / 10_000, 4)
