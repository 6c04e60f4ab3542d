"""The gap alarm: a pass that was due and was not listed is told of, and stands in the ledger.

The ledger then has one row for each settlement and expected pass, whatever happens: one that says
it was not delivered until the pass comes, and from then on those of the pass itself.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.passes.calendar import (
    ALLOWANCE,
    RECENT,
    SAME,
    EndedOrbit,
    ExpectedPass,
    Pass,
    ended,
    expected,
    expected_key,
    flown,
    is_same,
    late,
    missing,
    passes_of,
)
from hearthwatch.records import Gap, LedgerRow, ObservationStatus, Region
from hearthwatch.store.protocol import Store, Transaction
from imagery.looks import group_acquisitions, unusable
from imagery.types import Acquisition, Scene

CAME = "it came after all"
WENT = "it was listed, and is listed no more"
RESUMED = "it never came; later passes of its orbit did"
GIVEN_UP = "it never came; its orbit is no longer flown"
LEAST_LOST = 0.02
"""Share of a place that no orbit shows any more: less is the wobble of a swath's edge."""
_NAMESPACE = uuid.UUID("0f4b8f0e-52a5-4a37-9d3a-0c5d6a8a7a55")


@dataclass(frozen=True, slots=True)
class Watched:
    """A place that the ledger has rows of.

    Attributes
    ----------
    settlements : tuple of str
        Ids of those that the cell answers for; the empty id alone for a watch over an area.
    ground : shapely geometry
        CRS84.
    """

    cell: str
    settlements: tuple[str, ...]
    ground: BaseGeometry


@dataclass(frozen=True, slots=True)
class PassWatch:
    """Whose passes are waited for, where, and what was listed of them.

    Attributes
    ----------
    listed, gone : sequence of Scene
        Of the detector's sensor: those listed now, and those that were and are no more.
    elsewhere : sequence of Scene
        Those that other providers list or listed: a look at one of them was no miss.
    sensors : sequence of str
        Those whose gaps it minds; empty for all.
    """

    region: Region
    detector: str
    places: Sequence[Watched]
    listed: Sequence[Scene]
    gone: Sequence[Scene]
    elsewhere: Sequence[Scene] = ()
    sensors: Sequence[str] = ()


def watch_passes(store: Store, watch: PassWatch, now: datetime) -> tuple[Gap, ...]:
    """Raise the gaps there are, close those that are over; return the open ones.

    To be called after the catalogue was read to its end: nothing can be said to be missing from
    a list that could not be had.
    """
    region = watch.region
    # What is listed no more was flown all the same: the calendar learns from it.
    history = passes_of(_usable([*watch.listed, *watch.gone]))
    came = passes_of([*_usable(watch.listed), *_told_of(store, watch)])
    known = {
        gap.id: gap
        for gap in store.gaps(region.organisation, region=region.id)
        if not watch.sensors or gap.sensor in watch.sensors
    }
    due = late(missing(expected(history, region.created, now), came), now)
    given_up = [one for one in ended(history, now) if one.missed[-1] >= region.created]
    found = [_gap(region, one, now) for one in due if not _is_known(one, known.values())]
    found += [_over(watch, gap, came, given_up, now) for gap in known.values()]
    flies = flown(history, now)
    stated = [_statement(watch, one, flies, now) for one in given_up]
    found += [one for one in stated if one.id not in known]
    with store.transaction() as tx:
        for gap in found:
            kept = known.get(gap.id)
            if kept != gap:
                tx.put_gap(gap)
            _keep_ledger(store, tx, watch, gap, kept)
    return store.gaps(region.organisation, region=region.id, open_only=True)


def missed_passes(store: Store, region: Region) -> list[Gap]:
    """Return the gaps of a region, open or closed, that stand for one missed pass each."""
    gaps = store.gaps(region.organisation, region=region.id)
    return [gap for gap in gaps if not _is_statement(gap)]


def fulfilled(missed: Iterable[Gap], look: Acquisition) -> tuple[str, ...]:
    """Return what stands in the ledger for a look that was missed and has come."""
    passes = passes_of(look.scenes)
    return tuple(_key(gap) for gap in missed if _came(gap, passes))


def _usable(scenes: Iterable[Scene]) -> list[Scene]:
    """Leave out what can be part of no look: of it the ledger will never tell."""
    return [scene for scene in scenes if unusable(scene) is None]


def _told_of(store: Store, watch: PassWatch) -> list[Scene]:
    """Return the scenes not listed here whose look the ledger has rows of."""
    region = watch.region
    return [
        scene
        for look in group_acquisitions([*watch.gone, *watch.elsewhere])
        if any(row.region == region.id for row in store.looks(region.organisation, look.key))
        for scene in look.scenes
    ]


def _gap(region: Region, one: ExpectedPass, now: datetime) -> Gap:
    whose = one.platform or one.sensor
    words = f"{whose} was expected on orbit {one.relative_orbit} and nothing was listed"
    return _raised(region, one, one.key, one.expected, words, now)


def _raised(
    region: Region,
    one: ExpectedPass | EndedOrbit,
    key: str,
    expected: datetime,
    words: str,
    now: datetime,
) -> Gap:
    return Gap(
        id=_id(region.id, key),
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        sensor=one.sensor,
        relative_orbit=one.relative_orbit,
        expected=expected,
        raised=now,
        detail=words,
    )


def _over(
    watch: PassWatch,
    gap: Gap,
    came: Sequence[Pass],
    given_up: Sequence[EndedOrbit],
    now: datetime,
) -> Gap:
    """Return a gap as it stands now."""
    if _is_statement(gap):
        since = {(one.sensor, one.relative_orbit) for one in came if one.sensed > gap.expected}
        is_seen = since and gap.closed is None and not _is_blind_without(watch, gap, since)
        return _closed(gap, gap.detail, now) if is_seen else gap
    if _came(gap, came):
        return _closed(gap, CAME, now)
    if gap.detail == CAME:
        gap = dataclasses.replace(gap, closed=None, detail=WENT)
    if gap.closed is not None:
        return gap
    if any(_is_orbit(gap, one) and one.sensed >= gap.expected + SAME for one in came):
        return _closed(gap, RESUMED, now)
    if any(_is_orbit(gap, one) and one.last < gap.expected for one in given_up):
        return _closed(gap, GIVEN_UP, now)
    return gap


def _statement(
    watch: PassWatch, one: EndedOrbit, flies: Collection[tuple[str, int]], now: datetime
) -> Gap:
    """Return what says, once, that an orbit is no longer waited for.

    Where a place that it showed is expected on no other, that is blind, and the gap stays open.

    Parameters
    ----------
    flies : collection of (sensor, relative orbit)
        Those that are still flown.
    """
    region = watch.region
    whose = one.platform or one.sensor
    words = (
        f"{whose} no longer flies orbit {one.relative_orbit}: it came last on "
        f"{one.last:%Y-%m-%d} and then stayed away {len(one.missed)} times, at a cycle of "
        f"{one.cycle_days} days; it is not waited for any more"
    )
    key = f"ended_{one.sensor}_{one.platform}_{one.relative_orbit}_{one.last:%Y%m%d}"
    gap = _raised(region, one, key, one.missed[-1], words, now)
    return gap if _is_blind_without(watch, one, flies) else dataclasses.replace(gap, closed=now)


def _is_blind_without(
    watch: PassWatch, ended: Gap | EndedOrbit, others: Collection[tuple[str, int]]
) -> bool:
    """Tell whether a place that an orbit showed is shown by none of the others."""
    lost = _ground_of(watch, {(ended.sensor, ended.relative_orbit)})
    seen = _ground_of(watch, {orbit for orbit in others if orbit[0] == ended.sensor})
    return any(
        lost.intersection(place.ground).difference(seen).area > LEAST_LOST * place.ground.area
        for place in watch.places
    )


def _ground_of(watch: PassWatch, orbits: Collection[tuple[str, int]]) -> BaseGeometry:
    """Return the ground that the passes of some orbits showed; CRS84."""
    scenes = (s for s in [*watch.listed, *watch.gone] if (s.sensor, s.relative_orbit) in orbits)
    return shapely.union_all([scene.footprint for scene in scenes])


def _keep_ledger(
    store: Store, tx: Transaction, watch: PassWatch, gap: Gap, before: Gap | None
) -> None:
    """Write the rows of a pass that is missing; of one that came, take those nobody replaces."""
    if _is_statement(gap):
        return
    region, key = watch.region, _key(gap)
    if gap.closed is None:
        shown = _shown(watch, gap)
        for place in watch.places:
            if shown.intersects(place.ground):
                for settlement in place.settlements:
                    tx.put_ledger(_row(region, watch.detector, gap, place.cell, settlement))
    elif before != gap and gap.detail == CAME:
        rows = store.looks(region.organisation, key)
        told = {row.cell for row in rows if row.region == region.id}
        for cell in told - {place.cell for place in watch.places}:
            tx.replace_expected(region.organisation, region.id, cell, watch.detector, key)


def _shown(watch: PassWatch, gap: Gap) -> BaseGeometry:
    """Return the ground that passes of a gap's orbit show; CRS84."""
    return shapely.union_all(
        [
            scene.footprint
            for scene in [*watch.listed, *watch.gone]
            if scene.sensor == gap.sensor
            and scene.relative_orbit == gap.relative_orbit
            and abs(scene.sensed - gap.expected) <= RECENT
        ]
    )


def _row(region: Region, detector: str, gap: Gap, cell: str, settlement: str) -> LedgerRow:
    words = (
        f"a pass of orbit {gap.relative_orbit} was expected at about {gap.expected:%H:%M} UTC and "
        f"was not listed {ALLOWANCE // timedelta(hours=1)} hours later"
    )
    return LedgerRow(
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        cell=cell,
        acquisition=_key(gap),
        detector=detector,
        sensed=gap.expected,
        status=ObservationStatus.NOT_DELIVERED,
        usable=0.0,
        settlement=settlement,
        detail={"reason": words},
    )


def _closed(gap: Gap, words: str, now: datetime) -> Gap:
    return dataclasses.replace(gap, closed=gap.closed or now, detail=words)


def _came(gap: Gap, passes: Iterable[Pass]) -> bool:
    return any(_is_orbit(gap, one) and abs(one.sensed - gap.expected) < SAME for one in passes)


def _is_orbit(gap: Gap, one: Pass | EndedOrbit) -> bool:
    return (one.sensor, one.relative_orbit) == (gap.sensor, gap.relative_orbit)


def _is_known(one: ExpectedPass, gaps: Iterable[Gap]) -> bool:
    """Tell whether a missing pass was told of, be it under a time a little off."""
    return any(
        not _is_statement(gap)
        and gap.sensor == one.sensor
        and is_same(gap.relative_orbit, gap.expected, one)
        for gap in gaps
    )


def _key(gap: Gap) -> str:
    return expected_key(gap.sensor, gap.relative_orbit, gap.expected)


def _is_statement(gap: Gap) -> bool:
    """Tell whether a gap says that an orbit is given up, rather than that one pass is missing."""
    return gap.id != _id(gap.region, _key(gap))


def _id(region: str, key: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{region}/{key}"))
