"""Hints of which standard processing left nothing: they end, and stay readable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from detectors.heat import INFO, HeatAt
from detectors.heat_episodes import PASS_S
from detectors.heat_footprint import touching
from hearthwatch.alerting.opening import opened
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.heat.matching import Matched
from hearthwatch.heat.spots import heat_of
from hearthwatch.pipeline.events import is_withdrawn, withdrawn
from hearthwatch.records import Event, EventSource, Region, Settlement
from hearthwatch.store.protocol import Store

WHY = "standard processing does not list that heat again"


def take_back(
    store: Store,
    region: Region,
    settlement: Settlement,
    square: Matched,
    hints: Sequence[HeatAt],
) -> tuple[Event, ...]:
    """End what was told of heat at a settlement that is no more; return the events it changed.

    Parameters
    ----------
    hints : sequence of HeatAt
        At the settlement, as they are now.
    """
    if not square.gone:
        return ()
    with opened(store, region.organisation) as tx:
        ended = list(_ended(store, region, settlement, square, hints))
        fusion = Fusion(store, region.organisation)
        fusion.put([withdrawn(one, WHY) for one in ended])
        fusion.write(tx)
    return fusion.changed


def _ended(
    store: Store,
    region: Region,
    settlement: Settlement,
    square: Matched,
    hints: Sequence[HeatAt],
) -> Iterator[EventSource]:
    """Yield what was told of episodes that no hint is left of, and of which heat is gone."""
    standing = {one.episode for one in hints}
    gone = [square.gone[i] for i, _ in touching(
        heat_of(square.gone, ()).footprints, [settlement.geometry]
    )]  # fmt: skip
    slack = timedelta(seconds=PASS_S)
    box = settlement.geometry.bounds
    for one in store.sources_in(region.organisation, region.id, bbox=box):
        mine = one.detector == INFO.id and one.settlement == settlement.id
        if not mine or is_withdrawn(one) or int(one.evidence["episode"]) in standing:
            continue
        first, last = one.first_changed - slack, one.last_detected + slack
        if any(first <= pixel.sensed <= last for pixel in gone):
            yield one
