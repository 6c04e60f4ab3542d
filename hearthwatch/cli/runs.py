"""`hearthwatch run`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.progress import ProgressLine
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.errors import CatalogueError, HearthwatchError, NotFound, RegionError
from hearthwatch.ledger_words import by_detector, detector_in_words
from hearthwatch.passes.polling import listed_since
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.run import RunReport, provider_faults, run_region
from hearthwatch.pipeline.strands import StrandReport
from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.sources import fallback_from, provider_from
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks
from hearthwatch.values import moment
from hearthwatch.watchlist.terms import ending, has_ended
from hearthwatch.watchlist.waiting import is_waiting, waiting_words
from hearthwatch.words import counted, day, sensors_in_words
from imagery.types import ImageryProvider


def run(call: Call) -> Answer:
    """Take every look that is new, region by region."""
    now = datetime.now(UTC)
    until = call.args.until or now
    provider = provider_from(call.settings)
    with call.store(write=True) as store:
        regions = _regions(call, store)
        over = [region for region in regions if has_ended(region, now)]
        for region in over:
            call.note(f"{region.name}: the watch ended on {day(region.expires)}; not looked at.")
        for region in regions:
            if words := waiting_words(region):
                call.note(f"{region.name}: {words}.")
        watched = [one for one in regions if one not in over and not is_waiting(one)]
        for region in watched:
            if words := ending(region, now):
                call.note(f"{region.name}: {words}.")
        done, failed = _run_each(call, store, provider, watched, until)
    faults = _tell_faults(call, provider)
    document = {
        "until": moment(until),
        "runs": [value for value, _ in done],
        "failed": [{"region": one.id, "message": error.message} for one, error in failed],
        "lapsed": [region.name for region in over],
        "waiting": [region.name for region in regions if is_waiting(region)],
        "catalogue_faults": faults,
    }
    lines = [line for _, line in done]
    lines += [f"{region.name}: not looked at. {error.message}" for region, error in failed]
    status = next((error.exit_status for _, error in failed), 0)
    return Answer(document, "\n".join(lines) or "No region is watched at present.", status)


def _run_each(
    call: Call, store: Store, provider: ImageryProvider, regions: Sequence[Region], until: datetime
) -> tuple[list[tuple[dict[str, Any], str]], list[tuple[Region, HearthwatchError]]]:
    """Take the looks at one region after the other; also return those that failed, and why.

    What is wrong with one region must not leave the others unwatched.
    """
    done: list[tuple[dict[str, Any], str]] = []
    failed: list[tuple[Region, HearthwatchError]] = []
    for region in regions:
        try:
            done.append(_run_one(call, store, provider, region, until))
        except (CatalogueError, NotFound, RegionError) as error:
            if len(regions) == 1:
                raise
            failed.append((region, error))
    return done, failed


def _regions(call: Call, store: Store) -> list[Region]:
    names = call.args.regions
    if names:
        found = [find_region(store, call.organisation, name) for name in names]
        return list({region.id: region for region in found}.values())
    everything = store.regions(call.organisation)
    if not everything:
        raise NotFound("Nothing is watched. Put an area on the list with `hearthwatch region add`.")
    return list(everything)


def _run_one(
    call: Call, store: Store, provider: ImageryProvider, region: Region, until: datetime
) -> tuple[dict[str, Any], str]:
    line = ProgressLine(region.name, silent=call.as_json)
    asked = None if call.args.until else _asked(store, region)
    other = fallback_from(call.settings)
    report = run_region(
        call.settings, store, provider, region, until, line, fallback=other, asked=asked
    )
    ledger = _statuses(store, region, until)
    since = _too_old(store, provider, region, until)
    words = _words(region, report, ledger) if since is None else _older(region, since, until)
    return {**_value(region, report, ledger), "listed_since": moment(since)}, words


def _statuses(store: Store, region: Region, until: datetime) -> dict[str, Counter[str]]:
    """Return how many rows of each status the ledger has, by detector."""
    rows = by_detector(all_looks(store, region, until=until), region.kind)
    return {name: Counter(row.status.value for row in own) for name, own in rows.items()}


def _asked(store: Store, region: Region) -> Run | None:
    """Return the run up to now that waits to be done for a region: this one answers it."""
    waiting = store.runs(region.organisation, region=region.id, outcome=RunOutcome.WAITING)
    return next((run for run in waiting if run.until is None), None)


def _value(region: Region, report: RunReport, ledger: Mapping[str, Counter[str]]) -> dict[str, Any]:
    return {
        "id": report.run.id,
        "region": region.id,
        "region_name": region.name,
        "outcome": report.run.outcome,
        "detail": report.run.detail,
        "looks": report.looks,
        "looks_taken_before": report.skipped,
        "events": list(report.events),
        "detectors": [
            {
                "detector": one.detector,
                "sensors": list(one.sensors),
                "looks": one.looks,
                "looks_taken_before": one.skipped,
                "events": list(one.events),
                "ledger": dict(sorted(ledger.get(one.detector, {}).items())),
            }
            for one in report.detectors
        ],
        "digest": report.run.digest,
    }


def _words(region: Region, report: RunReport, ledger: Mapping[str, Counter[str]]) -> str:
    if not report.looks and not report.skipped:
        sensors = dict.fromkeys(name for one in report.detectors for name in one.sensors)
        nothing = f"{region.name}: the catalogue has no {sensors_in_words([*sensors])} look at it."
        return f"{nothing}\n  {report.run.detail}." if report.run.detail else nothing
    new = counted(report.looks, "new look")
    events = counted(len(report.events), "event")
    line = f"{region.name}: {new}, {report.skipped:,} taken before; {events} new or changed."
    told = [line, f"  {report.run.detail}."] if report.run.detail else [line]
    told += (f"  {line}" for line in _by_detector(report.detectors))
    several = len(ledger) > 1
    for name, statuses in ledger.items():
        told.append(f"  {f'{name}, ' if several else ''}ledger so far: {_listed(statuses)}")
    return "\n".join(told if ledger else [*told, "  ledger so far: "])


def _by_detector(reports: Sequence[StrandReport]) -> Iterator[str]:
    """Yield a line for each of several detectors that had anything to look at."""
    at_work = [one for one in reports if one.looks or one.skipped]
    for one in at_work if len(at_work) > 1 else ():
        yield (
            f"{detector_in_words(one.detector)}: {counted(one.looks, 'new look')}, "
            f"{one.skipped:,} taken before; {counted(len(one.events), 'event')} new or changed"
        )


def _too_old(
    store: Store, provider: ImageryProvider, region: Region, until: datetime
) -> datetime | None:
    """Return since when scenes of a region are listed, if that is after all that was asked for."""
    since = listed_since(store, region, provider.name)
    return since if since is not None and since > MISSION_START and until < since else None


def _older(region: Region, since: datetime, until: datetime) -> str:
    days = math.ceil((region.created - until) / timedelta(days=1))
    return (
        f"{region.name}: nothing so old was listed: its looks begin on {day(since)}. To begin by "
        f"{day(until)}, set HEARTHWATCH_BACKFILL_DAYS to more than {days:,} and run again; where "
        "looks were taken already, add the area anew, for older ones are of no use to it any more."
    )


def _listed(statuses: Counter[str]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))


def _tell_faults(call: Call, provider: ImageryProvider) -> list[str]:
    """Say which items of the catalogue could not be read."""
    listed = list(provider_faults(provider))
    for fault in listed[:10]:
        call.note(f"left out of the catalogue: {fault}")
    if len(listed) > 10:
        call.note(f"left out of the catalogue: {len(listed) - 10:,} more")
    return listed
