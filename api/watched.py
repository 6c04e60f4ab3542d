"""The regions and settlements of one organisation, by their id alone."""

from __future__ import annotations

from api.context import Context
from api.problems import Problem
from hearthwatch.records import Region


def region_of(here: Context, organisation: str, region: str, *, removed: bool = False) -> Region:
    """Return a region by its id: names are for people, and may look like another's id.

    Parameters
    ----------
    removed : bool
        Whether one that is no longer watched will do: its events and ledger stay readable.

    Raises
    ------
    Problem
        404 where there is none.
    """
    for known in here.store.regions(organisation, removed=removed):
        if known.id == region:
            return known
    raise Problem(404, "not_found", "There is no such region on the watchlist.")


def require_settlement(here: Context, organisation: str, settlement: str) -> None:
    """Refuse (`Problem`, 404) a settlement that never was on an organisation's list."""
    if settlement not in here.store.settlement_labels(organisation, [settlement]):
        raise Problem(404, "not_found", "There is no such settlement.")
