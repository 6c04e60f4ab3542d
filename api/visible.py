"""Which archived pixels an organisation may see: whole cells of looks in its own ledger.

Each organisation has an archive of its own. Of that, what the ledger does not name does not exist,
and its bands neither: a run that was cut short, or a look pulled by hand, is nothing watched.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.context import Context
from api.problems import Problem
from hearthwatch.before_after import beside
from hearthwatch.ledger_words import masters_of, was_pulled
from tiles.archive import Archive


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
