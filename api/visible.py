"""Which archived pixels an organisation may see: whole cells of looks in its own ledger.

The archive is shared, so that nothing is pulled twice. That somebody else's watch pulled a scene
must not show: an acquisition whose masters are not named in one's own ledger does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from api.context import Context
from api.problems import Problem
from hearthwatch.ledger_words import was_pulled
from hearthwatch.records import LedgerRow
from tiles.cell import cell_from_id, cell_of

_AROUND = tuple(step for step in product((-1, 0, 1), repeat=2) if step != (0, 0))


def cells_of(here: Context, organisation: str, acquisition: str) -> tuple[str, ...]:
    """Return the cells in which an organisation may see an acquisition.

    Raises
    ------
    Problem
        404 where there are none.
    """
    # Of all settlements of one cell the ledger names the same masters.
    rows = {row.cell: row for row in here.store.looks(organisation, acquisition) if was_pulled(row)}
    cells = set(rows).union(*(beside(here, row) for row in rows.values()))
    if not any(here.archive.bands(acquisition, cell) for cell in cells):
        raise Problem(404, "not_found", "There is no such look.")
    return tuple(sorted(cells))


def beside(here: Context, row: LedgerRow) -> tuple[str, ...]:
    """Return the cells next to a ledger row's own whose pixels its look took as well.

    A settlement's surroundings reach beyond its cell. Across the border of two UTM zones they
    are not shown.
    """
    named = frozenset(row.detail.get("masters", ()))
    return tuple(
        cell
        for cell in _neighbours(row.cell)
        if any(
            one.sha256 in named
            for one in here.archive.listed(cell_id=cell, acquisition=row.acquisition)
        )
    )


def _neighbours(cell_id: str) -> Iterator[str]:
    cell = cell_from_id(cell_id)
    for east, north in _AROUND:
        yield cell_of(cell.epsg, cell.col + east, cell.row + north).id
