"""What the rules look at, asked of the store and of the machine."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from detectors.registry import detectors_of
from hearthwatch.alerting.matching import is_told
from hearthwatch.alerting.owners import is_shut_out
from hearthwatch.budget.shown import shown
from hearthwatch.budget.stages import Stage
from hearthwatch.ledger_words import sensors_of
from hearthwatch.records import AlarmKind, Receiver, Region
from hearthwatch.settings import Settings
from hearthwatch.sources import FOLDER
from hearthwatch.store.protocol import Store
from hearthwatch.watchdogs.facts import Feed, Installation, Watched
from hearthwatch.watchdogs.rules import IDLE
from hearthwatch.watchlist.terms import has_ended
from hearthwatch.watchlist.waiting import is_waiting
from hearthwatch.words import sensors_in_words

SENDER = "sender"
"""As `hearthwatch.alerts.sending` calls the lease by which it is seen that something sends."""
COORDINATOR = "coordinator"
"""Name of the lease by which it is seen that something takes looks."""
SHOWN_WITHIN = timedelta(days=120)
"""A sensor that showed a region in that time is waited for there."""


def organisations(store: Store) -> tuple[str, ...]:
    """Return the organisations that watch, watched, or let somebody in."""
    named = {one.organisation for one in store.all_organisations()}
    return tuple(sorted({*named, *store.organisations(removed=True)}))


def watched_regions(store: Store, organisation: str, now: datetime) -> tuple[Region, ...]:
    """Return the regions that are looked at: not those that ended or wait to be confirmed."""
    return tuple(
        one
        for one in store.regions(organisation)
        if not has_ended(one, now) and not is_waiting(one)
    )


def watched(
    settings: Settings, store: Store, organisation: str, now: datetime, *, is_idle: bool = False
) -> Watched:
    """Return how the watches of an organisation stand.

    Parameters
    ----------
    is_idle : bool
        Whether nothing takes looks, which is an alarm of its own.
    """
    regions = watched_regions(store, organisation, now)
    ids = {one.id for one in regions}
    read = shown(settings, store, organisation, regions)
    return Watched(
        now=now,
        silent_after=timedelta(days=settings.no_data_days),
        feeds=tuple(_feeds(settings, store, organisation, regions, now)),
        gaps=[gap for gap in store.gaps(organisation, open_only=True) if gap.region in ids],
        pauses=store.pauses(organisation, active=True),
        unread={
            one: found.blind_since or now
            for one, found in read.items()
            if found.stage is Stage.PAUSED
        },
        gone=gone(store, organisation, now),
        unanswered=store.unanswered(organisation),
        is_idle=is_idle and not _is_open(store, organisation, AlarmKind.NOT_READ),
    )


def gone(store: Store, organisation: str, now: datetime) -> Mapping[str, Sequence[str]]:
    """Return the receivers for whom nobody answers any more, by who did."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in store.receivers(organisation):
        found[one.owner].append(one.id)
    return {
        owner: ids for owner, ids in found.items() if is_shut_out(store, organisation, owner, now)
    }


def fresh(settings: Settings, store: Store, organisation: str, now: datetime) -> tuple[int, int]:
    """Return how many regions are watched, and of how many of them anything arrived lately."""
    regions = watched_regions(store, organisation, now)
    newest = store.arrived(organisation, now - timedelta(days=settings.no_data_days))
    return len(regions), sum(bool(newest.get(one.id)) for one in regions)


def installation(
    settings: Settings,
    store: Store,
    now: datetime,
    *,
    jumped: timedelta = timedelta(),
    locked_since: datetime | None = None,
) -> Installation:
    """Return how the service itself stands."""
    names = store.organisations()
    newest = [run for one in names for run in store.runs(one, newest=1)]
    receivers = (one for name in organisations(store) for one in store.receivers(name))
    return Installation(
        now=now,
        watches=bool(names),
        tells=any(_is_to_be_told(one) for one in receivers),
        # A folder is read when somebody says so.
        expects_runs=settings.provider != FOLDER,
        sender=store.lease(SENDER),
        coordinator=store.lease(COORDINATOR),
        last_run=max((run.finished or run.started for run in newest), default=None),
        between_runs=timedelta(hours=settings.run_every_hours),
        free_bytes=free_bytes(settings.data_dir),
        jumped=jumped,
        overdue=store.overdue(now - IDLE),
        stuck=store.stuck(),
        locked_since=locked_since,
    )


def _is_open(store: Store, organisation: str, kind: AlarmKind) -> bool:
    return any(one.kind is kind for one in store.alarms(organisation, open_only=True))


def free_bytes(folder: Path) -> int | None:
    """Return the room on the disk of a folder; None where it cannot be told."""
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        return shutil.disk_usage(there).free
    except OSError:
        return None


def _is_to_be_told(one: Receiver) -> bool:
    # Whoever was not asked yet has to be asked.
    return is_told(one) or (one.confirmed is None and one.disabled is None)


def _feeds(
    settings: Settings, store: Store, organisation: str, regions: Sequence[Region], now: datetime
) -> Iterator[Feed]:
    if settings.provider == FOLDER:
        return  # Of a folder nothing is expected.
    newest = store.arrived(organisation, now - SHOWN_WITHIN)
    missed = {
        (region, one.subject)
        for one in store.alarms(organisation, open_only=True)
        if one.kind is AlarmKind.NO_DATA
        for region in one.regions
    }
    for region in regions:
        showed = _by_sensor(newest.get(region.id, {}))
        # What was missed stays waited for, however long ago it last came.
        waited = {sensor for whose, sensor in missed if whose == region.id}
        for sensor in sorted({*showed, *_own_sensors(region), *waited}):
            yield Feed(region.id, sensor, showed.get(sensor), region.created)


def _by_sensor(newest: Mapping[str, datetime]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for detector, sensed in newest.items():
        sensor = _sensor(detector)
        found[sensor] = max(sensed, found.get(sensor, sensed))
    return found


def _sensor(detector: str) -> str:
    """Return what a detector looks through; products of one sensor take each other's place."""
    return sensors_in_words(sensors_of(detector)) or detector


def _own_sensors(region: Region) -> set[str]:
    """Return the sensors of the detector that bears the name of the region's kind."""
    kind = region.kind.value
    return {_sensor(one) for one in detectors_of(kind) if one == kind}
