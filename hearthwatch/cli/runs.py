"""`hearthwatch run`."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.progress import ProgressLine
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.regions import lapsed
from hearthwatch.cli.report import Answer
from hearthwatch.errors import NotFound
from hearthwatch.passes.polling import listed_since
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.run import RunReport, provider_faults, run_region
from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.sources import fallback_from, provider_from
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks
from hearthwatch.values import moment
from hearthwatch.words import counted, day
from imagery.types import ImageryProvider


def run(call: Call) -> Answer:
    """Take every look that is new, region by region."""
    now = datetime.now(UTC)
    until = call.args.until or now
    provider = provider_from(call.settings)
    with call.store(write=True) as store:
        regions = _regions(call, store)
        over = [region for region in regions if lapsed(region, now)]
        for region in over:
            call.note(f"{region.name}: the watch ended on {day(region.expires)}; not looked at.")
        done = [
            _run_one(call, store, provider, region, until)
            for region in regions
            if region not in over
        ]
    faults = _tell_faults(call, provider)
    document = {
        "until": moment(until),
        "runs": [value for value, _ in done],
        "lapsed": [region.name for region in over],
        "catalogue_faults": faults,
    }
    text = "\n".join(line for _, line in done) or "No region is watched at present."
    return Answer(document, text)


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
    statuses = Counter(row.status.value for row in all_looks(store, region, until=until))
    since = _too_old(store, provider, region, until)
    words = _words(region, report, statuses) if since is None else _older(region, since, until)
    return {**_value(region, report, statuses), "listed_since": moment(since)}, words


def _asked(store: Store, region: Region) -> Run | None:
    """Return the run up to now that waits to be done for a region: this one answers it."""
    waiting = store.runs(region.organisation, region=region.id, outcome=RunOutcome.WAITING)
    return next((run for run in waiting if run.until is None), None)


def _value(region: Region, report: RunReport, statuses: Counter[str]) -> dict[str, Any]:
    return {
        "id": report.run.id,
        "region": region.id,
        "region_name": region.name,
        "outcome": report.run.outcome,
        "detail": report.run.detail,
        "looks": report.looks,
        "looks_taken_before": report.skipped,
        "events": list(report.events),
        "ledger": dict(sorted(statuses.items())),
        "digest": report.run.digest,
    }


def _words(region: Region, report: RunReport, statuses: Counter[str]) -> str:
    if not report.looks and not report.skipped:
        return f"{region.name}: the catalogue has no scene of it."
    new = counted(report.looks, "new look")
    events = counted(len(report.events), "event")
    line = f"{region.name}: {new}, {report.skipped:,} taken before; {events} new or changed."
    told = [line, f"  {report.run.detail}."] if report.run.detail else [line]
    return "\n".join([*told, f"  ledger so far: {_listed(statuses)}"])


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
