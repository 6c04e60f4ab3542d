"""Ground of which something burned, archived and in the ledger, so that it can be pictured."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import shapely

from hearthwatch.records import Event, EventState, LedgerRow
from hearthwatch.store import Store
from tests.contract import store_records as a
from tests.support.drawn import CELL, grid, layer, level, store
from tiles.archive import Archive
from tiles.geodesy import CRS84, project

GREEN = {"B02": 0.04, "B03": 0.08, "B04": 0.05, "B08": 0.40}
BARE = {"B02": 0.10, "B03": 0.14, "B04": 0.18, "B08": 0.22}
ROWS, COLS = slice(44, 54), slice(46, 56)
LOOKS = {f"look{days}": a.NOON + timedelta(days=days) for days in (-10, -5, 0, 5)}
BEFORE, AFTER = "look-5", "look0"
"""Those that show the change best: the nearest on either side."""
_GROUND = grid()


def draw(folder: Path, bands: Collection[str] = tuple(GREEN)) -> Archive:
    """Archive looks before and after a village changed, which lies in the middle."""
    for name, sensed in LOOKS.items():
        drawn = {band: level(GREEN[band], _GROUND) for band in bands}
        for band in bands if sensed >= a.NOON else ():
            drawn[band][ROWS, COLS] = BARE[band]
        drawn["SCL"] = level(4, _GROUND)
        archive = store(folder, name, layer(drawn, _GROUND), sensed=sensed)
    return archive


def event(number: int = 1, version: int = 1, **changes: Any) -> Event:
    """Return an event that befell the village."""
    left, top = _GROUND.affine * (COLS.start, ROWS.start)
    right, bottom = _GROUND.affine * (COLS.stop, ROWS.stop)
    village = project(shapely.box(left, bottom, right, top), f"EPSG:{CELL.epsg}", CRS84)
    plain = a.event(
        id=f"evt-{number}", version=version, cell=CELL.id, geometry=shapely.MultiPolygon([village]),
        state=EventState.PROVISIONAL, last_unharmed=LOOKS[BEFORE], first_changed=LOOKS[AFTER],
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def note(into: Store, archive: Archive) -> None:
    """Put into the ledger that the looks were taken in."""
    with into.transaction() as tx:
        tx.put_ledger_rows([_row(archive, one) for one in LOOKS])


def _row(archive: Archive, name: str) -> LedgerRow:
    masters = [one.sha256 for one in archive.listed(cell_id=CELL.id, acquisition=name)]
    return a.look(
        cell=CELL.id, acquisition=name, sensed=LOOKS[name],
        detail={"masters": masters, "said": "nothing"},
    )  # fmt: skip
