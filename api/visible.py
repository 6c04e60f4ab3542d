"""Which archived pixels an organisation may see: whole cells of looks in its own ledger.

The archive is shared, so that nothing is pulled twice. That somebody else's watch pulled a scene
must not show: an acquisition whose masters are not named in one's own ledger does not exist.
"""

from __future__ import annotations

from api.context import Context
from api.problems import Problem
from hearthwatch.ledger_words import was_pulled


def cells_of(here: Context, organisation: str, acquisition: str) -> tuple[str, ...]:
    """Return the cells in which an organisation may see an acquisition.

    Raises
    ------
    Problem
        404 where there are none.
    """
    rows = here.store.looks(organisation, acquisition)
    cells = tuple(sorted({row.cell for row in rows if was_pulled(row)}))
    if not any(here.archive.bands(acquisition, cell) for cell in cells):
        raise Problem(404, "not_found", "There is no such look.")
    return cells
