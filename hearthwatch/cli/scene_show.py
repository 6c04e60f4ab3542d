"""`hearthwatch scene show`: where an archived look came from, and a picture of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hearthwatch.archives import archive_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer, shown
from hearthwatch.errors import NotFound
from hearthwatch.values import moment
from imagery.types import Chip
from tiles.archive import Archive, MasterRef
from tiles.cell import cell_from_id
from tiles.stretch import COMPOSITES, Look, common_stretch, to_rgb
from tiles.views import view


def show(call: Call) -> Answer:
    """Show the masters of a look, what they were made of, and on request a picture."""
    args = call.args
    archive = archive_of(call.settings, call.organisation)
    refs = archive.listed(cell_id=args.cell, acquisition=args.acquisition)
    if not refs:
        raise NotFound(
            f"Nothing of {args.acquisition} is archived. `hearthwatch scene pull` fetches a look."
        )
    cells = list(dict.fromkeys(ref.cell for ref in refs))
    told = [_cell_value(archive, args.acquisition, cell, refs) for cell in cells]
    document: dict[str, Any] = {"look": args.acquisition, "cells": told, "picture": None}
    lines = [line for value in told for line in _lines(value)]
    if args.out is not None:
        target = Path(args.out).expanduser()
        target.write_bytes(picture(archive, args.acquisition, cells[0], args.colours))
        document["picture"] = {"file": str(target), "cell": cells[0]}
        lines.append(f"picture of {cells[0]} in {shown(target.absolute())}")
    return Answer(document, "\n".join(lines))


def picture(archive: Archive, acquisition: str, cell_id: str, colours: Look) -> bytes:
    """Return a look at one cell as PNG, north up, a pixel for every 10 m.

    Raises
    ------
    NotFound
        If the look lacks bands for these colours.
    """
    footprint = cell_from_id(cell_id).footprint
    offered = archive.bands(acquisition, cell_id)
    choices = [bands for bands in COMPOSITES[colours] if offered.issuperset(bands)]
    cube = view(archive, acquisition, cell_id, footprint, choices[0]) if choices else None
    if cube is None:
        raise NotFound(f"{acquisition} has no bands archived for {colours} colours.")
    rgba = to_rgb(cube, common_stretch([cube], colours))
    image = Image.fromarray((np.clip(rgba, 0.0, 1.0) * 255.0).round().astype(np.uint8))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _cell_value(
    archive: Archive, acquisition: str, cell: str, refs: tuple[MasterRef, ...]
) -> dict[str, Any]:
    chip = archive.load(acquisition, cell)
    return {
        "cell": cell,
        "masters": [
            {"path": ref.path, "sha256": ref.sha256, "bytes": ref.bytes, "row": ref.row_hash}
            for ref in refs
            if ref.cell == cell
        ],
        "notes": [*(chip.notes if chip else ()), *(str(n) for n in archive.notes(acquisition))],
        **(_provenance_value(chip) if chip else {}),
    }


def _provenance_value(chip: Chip) -> dict[str, Any]:
    made = chip.provenance
    return {
        "sensor": chip.sensor,
        "sensed": moment(chip.sensed),
        "bands": sorted({band for layer in chip.layers for band in layer.bands}),
        "provider": made.provider,
        "scenes": [
            {"id": scene, "item_sha256": digest}
            for scene, digest in zip(made.scene_ids, made.item_sha256, strict=True)
        ],
        "sources": [
            {"name": source.name, "sha256": source.sha256, "bytes": source.bytes,
             "request_sha256": source.request_sha256, "script_sha256": source.script_sha256,
             "units": source.units}
            for source in made.sources
        ],
        "fetched": moment(made.fetched),
        "units": made.cost.units,
        "software": dict(made.software),
    }  # fmt: skip


def _lines(value: dict[str, Any]) -> list[str]:
    lines = [f"{value['cell']}"]
    if "sensed" in value:
        lines += [
            f"  sensed    {value['sensed']} ({value['sensor']})",
            f"  bands     {', '.join(value['bands'])}",
            f"  from      {value['provider']}, fetched {value['fetched']}, "
            f"{value['units']:g} units",
            *(f"  scene     {one['id']} (item {one['item_sha256'][:12]})"
              for one in value["scenes"]),
        ]  # fmt: skip
    lines += [
        f"  master    {one['path']} ({one['bytes']:,} bytes, SHA-256 {one['sha256'][:12]})"
        for one in value["masters"]
    ]
    return [*lines, *(f"  note      {note}" for note in value["notes"])]
