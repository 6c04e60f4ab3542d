"""Which archived pixels an organisation may see: whole cells of looks in its own ledger.

Each organisation has an archive of its own. Of that, what the ledger does not name does not exist,
and its bands neither: a run that was cut short, or a look pulled by hand, is nothing watched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from api.context import Context
from api.problems import Problem
from hearthwatch.ledger_words import masters_of, was_pulled
from tiles.archive import Archive
from tiles.cell import cell_from_id, cell_of

_AROUND = tuple(step for step in product((-1, 0, 1), repeat=2) if step != (0, 0))


@dataclass(frozen=True, slots=True)
class Visible:
    """What an organisation, or one of its regions, may see of an acquisition.

    Attributes
    ----------
    organisation : str
        Whose archive it is.
    cells : tuple of str
        Ids, sorted; not empty.
    masters : frozenset of str
        SHA-256 of the files that its ledger names.
    """

    organisation: str
    cells: tuple[str, ...]
    masters: frozenset[str]

    def archive(self, here: Context) -> Archive:
        """Return the archive as if there were nothing else in it."""
        return here.archive(self.organisation).only(self.masters)


def visible_of(
    here: Context, organisation: str, acquisition: str, region: str | None = None
) -> Visible:
    """Return what an organisation may see of an acquisition, or one region may.

    Raises
    ------
    Problem
        404 where there is nothing.
    """
    rows = [
        row
        for row in here.store.looks(organisation, acquisition)
        if region in (None, row.region) and was_pulled(row)
    ]
    masters = masters_of(rows)
    archive = here.archive(organisation).only(masters)
    own = {row.cell for row in rows}
    cells = own.union(*(beside(archive, cell, acquisition) for cell in own))
    if not any(archive.bands(acquisition, cell) for cell in cells):
        raise Problem(404, "not_found", "There is no such look.")
    return Visible(organisation, tuple(sorted(cells)), masters)


def beside(archive: Archive, cell_id: str, acquisition: str) -> tuple[str, ...]:
    """Return the cells next to a look's own whose pixels it took as well.

    A settlement's surroundings reach beyond its cell. Across the border of two UTM zones they
    are not shown.

    Parameters
    ----------
    archive : Archive
        With nothing in it but what the look was made of.
    """
    return tuple(
        cell
        for cell in _neighbours(cell_id)
        if archive.listed(cell_id=cell, acquisition=acquisition)
    )


def _neighbours(cell_id: str) -> Iterator[str]:
    cell = cell_from_id(cell_id)
    for east, north in _AROUND:
        yield cell_of(cell.epsg, cell.col + east, cell.row + north).id
