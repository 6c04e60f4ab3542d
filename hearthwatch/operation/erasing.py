"""Erasing content from the files of the service too: states, caches, pictures, and old pages."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from hearthwatch.archives import archive_at
from hearthwatch.disclosure.erasing import Erasures
from hearthwatch.errors import HearthwatchError
from hearthwatch.layout import Layout
from hearthwatch.records import Proposal
from hearthwatch.store.erasing import Parts
from hearthwatch.store.protocol import Store
from tiles.grid import cells_for
from tiles.retention import retire_cells

REACH_DEGREES = 0.02
"""About 2 km: a watch looks at the ring round what it watches too."""
_WHY = "its content was erased by two people"

_log = logging.getLogger(__name__)


def agree(erasures: Erasures, layout: Layout, proposal_id: str) -> Proposal:
    """Agree to an erasure and carry it out, in the files beside the store and in its own.

    Raises
    ------
    NotFound, ReleaseError
        As `Erasures.agree`.
    IntegrityError, StorageFailed
        The archive cannot be changed; then nothing is erased.
    """
    store = erasures.store

    def before(parts: Parts) -> None:
        at = erasures.clock()
        for region in parts.regions:
            remove_pictures(store, layout, parts.organisation, region, erasures.who.key, at)

    agreed = erasures.agree(proposal_id, before)
    try:
        store.scrub()
    except HearthwatchError as error:
        # It is erased all the same; only old pages may hold it still.
        _log.warning("old pages of the store are not overwritten yet: %s", error.message)
    return agreed


def remove_pictures(
    store: Store, layout: Layout, organisation: str, region: str, who: str, at: datetime
) -> int:
    """Remove a region's states and the archive of cells that no other of its regions looks at.

    What other organisations have archived of the same ground is theirs.

    Parameters
    ----------
    who, at : str, datetime
        Whose act the archive's manifest says it was, and when.

    Returns
    -------
    int
        Masters removed.
    """
    mine: list[BaseGeometry] = []
    others: list[BaseGeometry] = []
    for one in store.regions(organisation, removed=True):
        (mine if one.id == region else others).append(one.geometry)
    orphans = _cells(mine, 0.0) - _cells(others, REACH_DEGREES)
    shutil.rmtree(layout.states / region, ignore_errors=True)
    for cube in layout.cubes(organisation).glob("*/*"):
        if cube.name in orphans:
            shutil.rmtree(cube, ignore_errors=True)
    archive = archive_at(layout.archive(organisation))
    if not archive.root.is_dir() or not orphans:
        return 0
    return len(retire_cells(archive, orphans, who=who, why=_WHY, at=at))


def _cells(geometries: Iterable[BaseGeometry], reach: float) -> set[str]:
    return {
        cell.id for one in geometries for cell in cells_for(one.buffer(reach) if reach else one)
    }
