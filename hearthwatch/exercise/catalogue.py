"""A copy of a catalogue of scenes with burns or another change, marked as an exercise throughout.

What is written, in a folder that appears whole or not at all::

    catalogue/          the scenes: the only part a detector is ever shown
    truth.csv           what was implanted: place, dates, kind, share, where
    settlements.geojson the village's core and name
    exercise.json       every parameter, and what the source was
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hearthwatch.errors import CatalogueError
from hearthwatch.exercise.alteration import Alteration
from hearthwatch.exercise.copying import Copy
from hearthwatch.exercise.ground import Ground, burn_ground
from hearthwatch.exercise.model import Burn, Residues, Village
from hearthwatch.exercise.otherwise import Change
from hearthwatch.exercise.scenes import SENSOR, Burning, Plan
from hearthwatch.exercise.source import documents_below, folder_of, loaded, require_apart
from hearthwatch.exercise.touched import touched_ground
from hearthwatch.exercise.truth import (
    DESCRIPTION,
    changed,
    described,
    items_digest,
    readable,
    settlement_value,
    truth_text,
    village_name,
)
from imagery.types import Scene

CATALOGUE = "catalogue"
TRUTH = "truth.csv"
SETTLEMENTS = "settlements.geojson"


@dataclass(frozen=True, slots=True)
class ExerciseReport:
    """What `write_exercise` left on disk.

    Attributes
    ----------
    folder, catalogue : Path
        Of the exercise, and of its scenes within.
    place : str
        Name of the village, as the truth and the settlements have it.
    ground : Ground or None
        What burned or changed otherwise; None for a change of whole scenes.
    scenes, altered : int
        Scenes of the catalogue, and those of which at least one file was changed.
    fresh : bool
        False if the same exercise was there already.
    change : Change or None
        That was implanted instead of burns.
    """

    folder: Path
    catalogue: Path
    place: str
    ground: Ground | None
    scenes: int
    altered: int
    fresh: bool
    change: Change | None = None


def write_exercise(
    source: Path,
    out: Path,
    village: Village,
    name: str,
    burns: Sequence[Burn],
    residues: Residues,
    progress: Callable[[int, int], None] | None = None,
) -> ExerciseReport:
    """Copy the catalogue `source` into the folder `out` with burns in its scenes.

    Parameters
    ----------
    source : Path
        Folder of a static catalogue, or its ``catalog.json``; nothing in it is changed, but files
        that stay as they are share their bytes with it (hard links) where the disk can do so.
    out : Path
        Folder to make; if the very same exercise is there it stays.
    name : str
        Of the village; it is given as ``EXERCISE`` and the name.
    progress : callable, optional
        Told (scenes done, scenes in all).

    Raises
    ------
    CatalogueError
        If there is no catalogue on disk, it is an exercise already, holds files that lie outside
        it or none that covers the place from the first burn on, or `out` holds something else.
    RegionError
        If the village cannot be drawn.
    ValueError
        If the burns are not in order.
    """
    ground = burn_ground(village, burns)
    place = village_name(name)
    told = described(place, village, burns, residues, ground)
    truth = truth_text(place, village, burns, ground)
    plan = Burning(ground, tuple(burns), residues)
    order = _Order(source, out, village, place, burns[0].date, plan, ground, truth, told)
    return _written(order, progress)


def write_otherwise(
    source: Path,
    out: Path,
    village: Village,
    name: str,
    change: Change,
    progress: Callable[[int, int], None] | None = None,
) -> ExerciseReport:
    """Copy the catalogue `source` into the folder `out` with a change in it that is no burn.

    The truth has no event: whatever is reported is false. Parameters and errors are those of
    `write_exercise`. A change of whole scenes holds several numbers of 8 bytes for each of their
    pixels: use clips, not whole tiles.
    """
    ground = touched_ground(village, change)
    place = village_name(name)
    told = changed(place, village, change, ground)
    truth = truth_text(place, village, (), None)
    plan = Alteration(change, ground)
    order = _Order(source, out, village, place, change.date, plan, ground, truth, told, change)
    return _written(order, progress)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be written, and what is told of it beside the scenes."""

    source: Path
    out: Path
    village: Village
    place: str
    since: datetime
    plan: Plan
    ground: Ground | None
    truth: str
    told: dict[str, Any]
    change: Change | None = None

    def report(self, scenes: int, altered: int, *, fresh: bool) -> ExerciseReport:
        out = self.out
        return ExerciseReport(
            out, out / CATALOGUE, self.place, self.ground, scenes, altered, fresh, self.change
        )


def _written(order: _Order, progress: Callable[[int, int], None] | None) -> ExerciseReport:
    """Write an exercise beside its folder and put it there whole, unless it is there already."""
    root, out = folder_of(order.source), order.out
    require_apart(root, out)
    documents = tuple(documents_below(root))
    scenes = [scene for document in documents for scene in document.scenes if scene is not None]
    _require_cover(scenes, order.village, order.since)
    told = order.told | {"source_items_sha256": items_digest(scenes)}
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        return _known(order, told)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        made = Path(work) / "exercise"
        altered = Copy(root, made / CATALOGUE).write(documents, order.plan, progress)
        told |= {"scenes": len(scenes), "altered": altered}
        (made / TRUTH).write_text(order.truth, encoding="utf-8")
        settlement = settlement_value(order.place, order.village)
        (made / SETTLEMENTS).write_bytes(readable(settlement))
        (made / DESCRIPTION).write_bytes(readable(told))
        if out.exists():
            out.rmdir()
        made.replace(out)
    return order.report(len(scenes), altered, fresh=True)


def _require_cover(scenes: Sequence[Scene], village: Village, since: datetime) -> None:
    if not scenes:
        raise CatalogueError("The catalogue has no scene that can be read.")
    over = [
        scene for scene in scenes
        if scene.sensor == SENSOR and scene.footprint.intersects(village.core)
    ]  # fmt: skip
    if not over:
        raise CatalogueError("No Sentinel-2 L2A scene of the catalogue covers the settlement.")
    last = max(scene.sensed for scene in over)
    if last < since:
        raise CatalogueError(
            f"The last scene that covers the settlement is of {last:%Y-%m-%d}, before the date "
            f"of the exercise: name an earlier date."
        )


def _known(order: _Order, told: dict[str, Any]) -> ExerciseReport:
    """Report the exercise that is there, if it is this one."""
    out = order.out
    there = loaded(out / DESCRIPTION) if (out / DESCRIPTION).is_file() else None
    if not isinstance(there, dict) or there | json.loads(readable(told)) != there:
        raise CatalogueError(f"{out} exists and is not this exercise: name another folder.")
    return order.report(int(there["scenes"]), int(there["altered"]), fresh=False)
