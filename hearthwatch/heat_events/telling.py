"""Hints become candidate events, through the same hands as the findings of looks.

No row of the ledger is written: a satellite that saw no heat has not looked at the settlement.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby

from detectors.heat import INFO, HeatAt
from detectors.heat_report import finding, in_words, told
from detectors.types import Finding
from hearthwatch.alerting.opening import opened
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.heat.ground import Ground
from hearthwatch.heat.matching import Matched, region_of
from hearthwatch.heat_events.taken_back import take_back
from hearthwatch.identity import check_identity
from hearthwatch.pipeline.commit import known_source, sources_of
from hearthwatch.pipeline.events import Where, detection, is_withdrawn, source_id
from hearthwatch.records import Event, Region, Settlement
from hearthwatch.store.protocol import Store
from tiles.grid import cell_at


def tell(
    store: Store, ground: Ground, squares: Iterable[Matched], since: datetime | None
) -> tuple[Event, ...]:
    """Commit what is new of hints at settlements; return the events that came of it.

    Parameters
    ----------
    since : datetime or None
        Heat seen before is a record only; by default, before the region was watched.
    """
    events: dict[str, Event] = {}
    for square in squares:
        hints: dict[int, list[HeatAt]] = defaultdict(list)
        for one in told(square.passes):
            hints[one.core].append(one)
        for core, settlement in enumerate(square.settlements):
            for region in region_of(ground, settlement):
                changed = (
                    *_tell(store, region, settlement, square, hints[core], since),
                    *take_back(store, region, settlement, square, hints[core]),
                )
                events |= {event.id: event for event in changed}
    return tuple(events.values())


def _tell(
    store: Store,
    region: Region,
    settlement: Settlement,
    square: Matched,
    passes: Sequence[HeatAt],
    since: datetime | None,
) -> tuple[Event, ...]:
    """Commit the hints at one settlement of one region, all its episodes at once."""
    begin = (since or region.created).timestamp()
    steps = [_step(region, settlement, square, one) for one in passes if one.one.seconds >= begin]
    if not steps:
        return ()
    with opened(store, region.organisation) as tx:
        fusion = Fusion(store, region.organisation)
        for _, group in groupby(steps, key=lambda step: step[1].object):
            episode = list(group)
            fresh = [step for step in episode if not _is_there(store, step)]
            where, newest, words = episode[-1]
            known = known_source(store, region.organisation, source_id(where, newest))
            # Fewer passes than were told of: some are no more.
            is_less = known is not None and known.looks > newest.looks
            if not fresh and not is_less and not (known and is_withdrawn(known)):
                continue
            sources, _ = sources_of(where, [newest], partial(known_source, store), 0.0)
            fusion.put([dataclasses.replace(one, observed=words) for one in sources])
            tx.add_detections(fusion.of_events([detection(at, said) for at, said, _ in fresh]))
        fusion.write(tx)
    return fusion.changed


_Step = tuple[Where, Finding, str]


def _step(region: Region, settlement: Settlement, square: Matched, one: HeatAt) -> _Step:
    """Return one pass as what a look would be, its finding, and what was observed."""
    centre = settlement.geometry.centroid
    sensed = datetime.fromtimestamp(one.one.seconds, UTC)
    masters = {square.pixels[i].source_sha256 for i in one.pixels}
    name = one.one.satellite.replace(" ", "-")
    where = Where(
        region=region,
        cell=cell_at(centre.x, centre.y).id,
        acquisition=f"heat-{name}-{sensed:%Y%m%dT%H%M}",
        sensed=sensed,
        detector=INFO,
        digest=check_identity().digest,
        masters=tuple(sorted(masters)),
        settlements={settlement.id: settlement.id},
    )
    said = finding(one, settlement.id, settlement.geometry, settlement.area_m2)
    return where, said, in_words(one, settlement.area_m2)


def _is_there(store: Store, step: _Step) -> bool:
    """Tell whether a pass was told of before."""
    where, said, _ = step
    stored = store.source_detections(where.region.organisation, source_id(where, said))
    return any(one.acquisition == where.acquisition for one in stored)
