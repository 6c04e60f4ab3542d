"""Looks of which the provider changed something after they were taken: it is said, not undone.

What was measured stays as it was, with the pixels it rests on in the archive. The ledger's row and
the sources that rest on the look tell that there is more, or other, or nothing any more, to see.
While a state is kept that is older than the look, it is taken anew besides
(:mod:`hearthwatch.pipeline.anew`), and these words give way to what that shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from hearthwatch.alerting.opening import opened
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.passes.polling import RECONCILED
from hearthwatch.records import EventSource, LedgerRow, Region
from hearthwatch.store.protocol import Store
from imagery.looks import group_acquisitions
from imagery.naming import mgrs_tile
from imagery.types import Acquisition, Scene

SCENES = "scenes"
"""In a row's detail: ids of the scenes that its look was made of."""
SINCE = "since"
"""In a row's detail: what changed of them since."""


def amend(
    store: Store, region: Region, listed: Sequence[Scene], gone: Sequence[Scene], now: datetime
) -> None:
    """Say of looks that were taken what changed of them since, each change once.

    Parameters
    ----------
    listed, gone : sequence of Scene
        What the provider lists, and what it lists no more.
    """
    absent = frozenset(scene.id for scene in gone)
    looks = group_acquisitions([*listed, *gone])
    rows = [row for look in looks if _is_recent(look, now)
            for row in _amended(store, region, look, absent)]  # fmt: skip
    if not rows:
        return
    with opened(store, region.organisation) as tx:
        for row in rows:
            tx.put_ledger(row)
        fusion = Fusion(store, region.organisation)
        fusion.put(_noted(store, region, rows))
        fusion.write(tx)


def _is_recent(look: Acquisition, now: datetime) -> bool:
    """Tell whether anything of a look was taken or published so lately that it may be news."""
    scenes = (*look.scenes, *look.superseded)
    return any(now - (one.published or one.sensed) <= RECONCILED for one in scenes)


def _amended(
    store: Store, region: Region, look: Acquisition, absent: Collection[str]
) -> Iterator[LedgerRow]:
    for row in store.looks(region.organisation, look.key):
        if row.region == region.id and SCENES in row.detail:
            words = _since(set(row.detail[SCENES]), look, absent)
            if words and row.detail.get(SINCE) != words:
                yield dataclasses.replace(row, detail={**row.detail, SINCE: words})


def _since(taken: set[str], look: Acquisition, absent: Collection[str]) -> str:
    """Say what became of the scenes that a look was made of; empty if nothing did."""
    again = sorted(taken & {scene.id for scene in look.superseded})
    # Of what another provider gave only the tile can be told, not which of its scenes it was.
    foreign = taken - {scene.id for scene in (*look.scenes, *look.superseded)}
    tiles = {mgrs_tile(one) for one in foreign} - {None}
    new = {scene.id for scene in look.scenes if scene.tile not in tiles}
    more = sorted(new - taken - set(absent))
    lost = sorted(taken & set(absent))
    said = []
    if again:
        said.append(f"processed again since: {', '.join(again)}")
    if more and not again:
        said.append(f"more of the pass was listed since: {', '.join(more)}")
    if lost:
        said.append(f"no longer listed by its provider: {', '.join(lost)}")
    return "; ".join([*said, "what was measured then stands"]) if said else ""


def _noted(store: Store, region: Region, rows: Sequence[LedgerRow]) -> Iterator[EventSource]:
    """Yield the next version of every source of which a detection rests on one of the looks."""
    told = {(row.cell, row.acquisition): row for row in rows}
    for source in store.sources_in(region.organisation, region.id):
        doubts = tuple(
            f"the look of {row.sensed:%Y-%m-%d}: {row.detail[SINCE]}"
            for one in store.source_detections(region.organisation, source.id)
            if (row := told.get((one.cell, one.acquisition))) is not None
        )
        new = tuple(doubt for doubt in dict.fromkeys(doubts) if doubt not in source.doubts)
        if new:
            yield dataclasses.replace(
                source, version=source.version + 1, doubts=(*source.doubts, *new)
            )
