"""Words for what watching an area would take and give."""

from __future__ import annotations

from collections.abc import Iterator

from hearthwatch.passes.estimates import Estimate, SensorEstimate, share_of_month, summed
from hearthwatch.passes.latency import KnownFrom, Latency
from hearthwatch.words import counted, sensors_in_words


def estimate_text(found: Estimate) -> str:
    """Return an estimate for people."""
    lines = [
        f"{found.area_km2:,.1f} km² in {counted(len(found.cells), 'cell')} of 10.24 km; "
        f"{counted(found.settlements, 'settlement')} in "
        f"{counted(len(found.settled_cells), 'cell')}",
    ]
    for part in found.parts:
        if len(found.parts) > 1:
            lines.append(f"{sensors_in_words(part.sensors)}, for {', '.join(part.detectors)}")
        lines += _part_lines(part, found.backfill_months)
    if len(found.parts) > 1:
        lines.append(
            f"together  {summed(found, 'units_per_month'):,.1f} units and "
            f"{summed(found, 'requests_per_month'):,.0f} requests a month if every look is read, "
            f"{summed(found, 'backfill_units'):,.1f} units of backfill"
        )
    share = share_of_month(found)
    if share is not None:
        lines.append(f"budget    {share:.1%} of the month's {found.month_units:,.0f} units")
    lines += [
        f"exceeds   {words}: such a watch waits until it is confirmed" for words in found.exceeds
    ]
    return "\n".join(lines)


def _part_lines(part: SensorEstimate, backfill_months: float) -> Iterator[str]:
    told, sky = part.forecast, part.sky
    coarse = f" ({part.coarse_cells} of them at 20 m)" if part.coarse_cells else ""
    cloud = f", cloud over {sky.cloud:.0%} of it on the mean" if sky.cloud is not None else ""
    yield (
        f"{counted(part.read_cells, 'cell')} to read{coarse}, "
        f"{sky.looks_per_month:.1f} looks a month at each{cloud}"
    )
    if part.listed.assumed:
        yield f"  assumed, because {part.listed.assumed}"
    yield (
        f"a month   {told.units_per_month:,.1f} units and {told.requests_per_month:,.0f} requests "
        "if every look is read"
    )
    if any(sensor.startswith("sentinel-2") for sensor in part.sensors):
        yield (
            f"          {told.units_with_prelook:,.1f} units and "
            f"{told.requests_with_prelook:,.0f} requests with a look at the cloud first"
        )
    yield f"          {told.units_at_20_m:,.1f} units at 20 m"
    yield (
        f"backfill  {told.backfill_units:,.1f} units and {told.backfill_requests:,.0f} requests "
        f"for {backfill_months:g} months"
    )
    if told.wait_days is not None and told.no_look_share is not None:
        yield (
            f"wait      {told.wait_days:.1f} days to a clear look on the mean; none in 15 days "
            f"with a probability of {told.no_look_share:.1%}"
        )
    yield from _latency_lines(part.latency)


def _latency_lines(found: Latency) -> Iterator[str]:
    yield f"latency   {found.words}"
    between, wait, published = found.between, found.wait, found.published
    if between is not None and wait is not None:
        what = "passes" if found.known_from is KnownFrom.CALENDAR else "usable looks"
        yield (
            f"          {between.median:.1f} days between {what} (median; {between.p90:.1f} at "
            f"90 %, of {between.count:,}); a change waits {wait.median:.1f} days for the next, "
            f"{wait.p90:.1f} at 90 %"
        )
    if found.by_month:
        months = ", ".join(f"{one.month} {one.usable}/{one.looks}" for one in found.by_month)
        yield f"          usable by month: {months}"
    if published is not None:
        yield (
            f"          {published.median:.1f} hours to publication (median; {published.p90:.1f} "
            f"at 90 %, of {counted(published.count, 'scene')})"
        )
