"""The pictures of an event before and after, fixed so that all who look see the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from hearthwatch.before_after import rows_of
from hearthwatch.ledger_words import masters_of
from hearthwatch.pairs import best_pair, ground_around
from hearthwatch.records import Event, LedgerRow, Verdict
from hearthwatch.review.cases import PICTURES, Case
from hearthwatch.store.codec import canonical_json
from hearthwatch.store.protocol import Store
from hearthwatch.values import DECIMALS, moment
from tiles.archive import Archive
from tiles.xyz import styles_of


def pictures_of(
    store: Store, archive: Archive, event: Event, cases: Sequence[Case]
) -> dict[str, Any] | None:
    """Return the pictures to be shown of an event; None where there are none that show it.

    After a case that ended in bad imagery neither of its looks is shown again as long as there
    is another; after one in which nobody could tell, not the look after the change. One of the
    two is always another one.

    Parameters
    ----------
    cases : sequence of Case
        All that people have looked at already.

    Returns
    -------
    dict or None
        ``pictures`` (an id over all the rest), ``version`` of the event, ``before`` and ``after``
        (with acquisition, time and digests of what was archived), ``styles``, ``bounds`` (CRS84).
    """
    rows = rows_of(store, event)
    own = archive.only(masters_of(rows))
    early, late = _set_aside(cases)
    for no_more in (early | late, late, early):
        kept = [row for row in rows if row.acquisition not in no_more]
        pair = best_pair(own, event, kept)
        shown = _shown(own, event, pair.before, pair.after)
        if pair.after is not None and not _was_shown(shown, cases):
            return shown
    return None


def _set_aside(cases: Sequence[Case]) -> tuple[set[str], set[str]]:
    """Return the looks before and after the change that are not to be shown again."""
    early: set[str] = set()
    late: set[str] = set()
    for case in cases:
        shown = case.said[0].shown
        if case.holds in (Verdict.BAD_IMAGERY, Verdict.UNSURE):
            late |= _acquisition(shown, "after")
        if case.holds is Verdict.BAD_IMAGERY:
            early |= _acquisition(shown, "before")
    return early, late


def _was_shown(shown: dict[str, Any], cases: Sequence[Case]) -> bool:
    """Tell whether nobody could tell anything from the same two looks before."""
    pairs = [
        (_acquisition(case.said[0].shown, "before"), _acquisition(case.said[0].shown, "after"))
        for case in cases
        if case.holds in (Verdict.BAD_IMAGERY, Verdict.UNSURE)
    ]
    return (_acquisition(shown, "before"), _acquisition(shown, "after")) in pairs


def _acquisition(shown: Any, side: str) -> set[str]:
    found = shown.get(side)
    return {str(found["acquisition"])} if isinstance(found, dict) else set()


def _shown(
    archive: Archive, event: Event, before: LedgerRow | None, after: LedgerRow | None
) -> dict[str, Any]:
    sides = [row for row in (before, after) if row is not None]
    bands = [archive.bands(row.acquisition, row.cell) for row in sides]
    common = styles_of(frozenset.intersection(*bands)) if bands else ()
    shown = {
        "event": event.id,
        "version": event.version,
        "before": _side(before),
        "after": _side(after),
        "styles": [one.value for one in common if not one.compares or len(sides) == 2],
        "bounds": [round(edge, DECIMALS) for edge in ground_around(event).bounds],
    }
    digest = hashlib.sha256(canonical_json(shown).encode()).hexdigest()
    return {PICTURES: digest, **shown}


def _side(row: LedgerRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "acquisition": row.acquisition,
        "sensed": moment(row.sensed),
        "sha256": sorted(str(one) for one in row.detail.get("masters", ())),
    }
