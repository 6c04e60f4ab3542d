"""Pulling one acquisition over the cells of a site: from the archive, or into it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum, auto

import shapely

from detectors.types import DetectorInfo
from hearthwatch.archives import archive_at
from hearthwatch.pipeline.tasks import COARSE_M, NOTHING, MeasureTask
from imagery.cube import MASK
from imagery.errors import ImageryError, NotYet, Permanent
from imagery.naming import mgrs_tile
from imagery.types import Acquisition, Chip, Cost, Scene
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import ground
from tiles.notes import note_superseded
from tiles.overviews import keep_overviews

PICTURE_BANDS = ("B02", "B03", "B04", "B08", "B12")
"""For natural colours, false colours and the burn ratio: whoever verifies must see the ground."""


class Covered(Enum):
    """How much of a cell an acquisition says it shows."""

    NOT = auto()
    PARTLY = auto()
    WHOLE = auto()


class Spent:
    """What a task has asked of its provider so far, also where it came to nothing."""

    def __init__(self) -> None:
        self.cost = NOTHING

    def add(self, cost: Cost) -> None:
        """Count one more read."""
        self.cost = Cost(
            requests=self.cost.requests + cost.requests,
            units=self.cost.units + cost.units,
            bytes=self.cost.bytes + cost.bytes,
        )


def pull_all(task: MeasureTask, info: DetectorInfo, spent: Spent) -> tuple[list[str], list[Chip]]:
    """Return the chips of all cells of a site, its own first, and whose they are.

    A ring that reaches into a cell the acquisition does not cover is seen in part.
    """
    cells, chips = [], []
    for cell, covered in _shown(task):
        try:
            chips.append(_pull(task, info, cell, spent))
            cells.append(cell)
        except NotYet:
            # Only what is listed to be there in full and is not will come later.
            if covered is Covered.WHOLE:
                raise
    return cells, chips


def asked_anew(task: MeasureTask, info: DetectorInfo) -> tuple[str, ...]:
    """Return the cells of a site whose pixels of an acquisition are not in the archive yet."""
    bands = wanted_bands(task.acquisition, info, task.beside)
    archive = archive_at(task.archive)
    return tuple(
        cell
        for cell, _ in _shown(task)
        if _lacks(archive, task.acquisition, cell, bands, task.pixel_m(cell))
    )


def read(
    task: MeasureTask,
    cell_id: str,
    pixel_m: float,
    bands: Sequence[str],
    spent: Spent,
    seconds: float,
) -> Chip:
    """Ask the provider for a cell, and count what that took; it ends within `seconds`.

    Always the whole cell, never the watched ground alone: a provider's log must not draw the
    watchlist.
    """
    grid = cell_from_id(cell_id).geobox(pixel_m)
    try:
        chip = task.provider.read(task.acquisition.scenes, grid, bands, seconds)
    except ImageryError as error:
        spent.add(Cost(error.requests, error.units, 0))
        raise
    spent.add(chip.provenance.cost)
    return chip


def merged(chips: Sequence[Chip]) -> Chip:
    """Return one chip with the layers of all; they are of one acquisition."""
    layers = tuple(layer for chip in chips for layer in chip.layers)
    return dataclasses.replace(chips[0], layers=layers)


def wanted_bands(
    acquisition: Acquisition, info: DetectorInfo, beside: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the needed bands, and of the useful ones and the pictures' those there are.

    Parameters
    ----------
    beside : sequence of str
        Those that others use of the look.

    Raises
    ------
    Permanent
        If a needed band is missing.
    """
    offered = frozenset.intersection(*(scene.bands for scene in acquisition.scenes))
    missing = [band for band in info.needed if band not in offered]
    if missing:
        raise Permanent(f"the acquisition has no {', '.join(missing)}")
    welcome = (b for b in (*info.useful, *beside, *PICTURE_BANDS, MASK) if b in offered)
    return tuple(dict.fromkeys((*info.needed, *welcome)))


def covered_of(acquisition: Acquisition, cell_id: str) -> Covered:
    """Tell how much of a cell the scenes of an acquisition say they show."""
    wanted = ground(cell_from_id(cell_id))
    shown = shapely.union_all([scene.footprint for scene in acquisition.scenes])
    if not shown.intersects(wanted):
        return Covered.NOT
    return Covered.WHOLE if shown.contains(wanted) else Covered.PARTLY


def _shown(task: MeasureTask) -> Iterator[tuple[str, Covered]]:
    """Yield the cells of a site that are asked for, its own first, and how much of them is shown.

    Of its own cell everything is wanted, whatever the scenes say they show.
    """
    for cell in task.site.cells:
        is_home = cell == task.site.cell
        covered = Covered.WHOLE if is_home else covered_of(task.acquisition, cell)
        if covered is not Covered.NOT:
            yield cell, covered


def _pull(task: MeasureTask, info: DetectorInfo, cell_id: str, spent: Spent) -> Chip:
    """Return the chip from the archive, and from the provider (into the archive) if need be."""
    bands = wanted_bands(task.acquisition, info, task.beside)
    archive = archive_at(task.archive)
    key = task.acquisition.key
    until = time.monotonic() + task.deadline
    with archive.pulling(key, cell_id, task.deadline):
        if _lacks(archive, task.acquisition, cell_id, bands, task.pixel_m(cell_id)):
            _note_superseded(archive, task, cell_id)
            left = until - time.monotonic()
            chip = read(task, cell_id, task.pixel_m(cell_id), bands, spent, left)
            before = archive.asked(key, cell_id)
            keep_overviews(archive, chip, archive.store(chip, cell_id))
            if not before:
                return chip
        stored = archive.load(key, cell_id)
        assert stored is not None
        return stored


def _lacks(
    archive: Archive, look: Acquisition, cell_id: str, bands: Sequence[str], pixel_m: float
) -> bool:
    """Tell whether the archive lacks bands, a part of the pass, its newest processing or detail."""
    if not archive.has(look.key, cell_id, bands):
        return True
    if pixel_m < COARSE_M and _is_coarse(archive, look, cell_id, bands):
        return True
    asked = archive.asked(look.key, cell_id)
    if any(old.id in asked and _successor(look, old).id not in asked for old in look.superseded):
        return True
    # Of what another provider gave only the tile can be told, not which of its scenes it was.
    listed = {scene.id for scene in (*look.scenes, *look.superseded)}
    tiles = {mgrs_tile(one) for one in asked - listed} - {None}
    over = ground(cell_from_id(cell_id))
    return any(
        scene.id not in asked and scene.tile not in tiles and scene.footprint.intersects(over)
        for scene in look.scenes
    )


def _is_coarse(archive: Archive, look: Acquisition, cell_id: str, bands: Sequence[str]) -> bool:
    """Tell whether a finer band was read coarsely, for somebody to whom that was fine enough."""
    stored = archive.pixels(look.key, cell_id)
    finer = {one.band for scene in look.scenes for one in scene.assets if one.resolution < COARSE_M}
    return any(stored.get(band) == COARSE_M for band in finer.intersection(bands))


def _note_superseded(archive: Archive, task: MeasureTask, cell_id: str) -> None:
    """Note of what is stored that it was processed anew; it stays, and the newest is used."""
    look = task.acquisition
    asked = archive.asked(look.key, cell_id)
    for old in look.superseded:
        if old.id in asked:
            note_superseded(
                archive, look.key, old.id, _successor(look, old).id, who=task.provider.name,
                why="the provider lists a newer processing", at=datetime.now(UTC),
            )  # fmt: skip


def _successor(look: Acquisition, old: Scene) -> Scene:
    """Return what took the place of a superseded scene.

    A tile may lie across two strips of one pass, and then has a scene of each.
    """
    same = [scene for scene in look.scenes if scene.tile == old.tile] or look.scenes
    return max(same, key=lambda scene: scene.footprint.intersection(old.footprint).area)
