"""`hearthwatch latency`."""

from __future__ import annotations

from datetime import UTC, datetime

from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.latency.figures import SPAN, Figures, Section
from hearthwatch.latency.measured import measured
from hearthwatch.latency.shown import measured_value, quantile_words, region_value
from hearthwatch.words import counted, day

_HEADER = ("from", "to", "over", "open", "unknown", "p50", "p95", "longest")
_APART = ("alerts", "told p50", "told p95", "open", "answered p50", "answered p95", "open")


def show(call: Call) -> Answer:
    """Tell how long it takes from a look to who is told, and to their answer."""
    with call.store() as store:
        names = store.region_names(call.organisation)
        region = None
        if call.args.region is not None:
            region = find_region(store, call.organisation, call.args.region).id
        now = datetime.now(UTC)
        found = measured(store, call.organisation, now, call.args.days, region)
    lines = [_headline(found.whole), table(_HEADER, _rows(found.whole))]
    lines.append("`>=`: what has not arrived yet may still make it longer.")
    if region is None and found.by_region:
        rows = [(names.get(one, one) or "-", *_apart(its)) for one, its in found.by_region.items()]
        lines.append(table(("region", *_APART), rows))
    if found.by_sensor:
        rows = [(one or "-", *_apart(its)) for one, its in found.by_sensor.items()]
        lines.append(table(("sensor", *_APART), rows))
    value = measured_value(found, names) if region is None else region_value(found)
    return Answer(value, "\n\n".join(lines))


def _headline(found: Figures) -> str:
    said = (
        f"{counted(found.alerts, 'alert')} of real events, made from {day(found.since)} to "
        f"{day(found.until)}"
    )
    left_out = [
        f"{count} {words}"
        for count, words in (
            (found.from_the_past, "of looks of the past"),
            (found.told_later, "held for a rhythm or for quiet hours"),
            (found.released, "of what was released"),
        )
        if count
    ]
    return f"{said}; not in the whole: {', '.join(left_out)}." if left_out else f"{said}."


def _rows(found: Figures) -> list[tuple[str, ...]]:
    rows = []
    for section in Section:
        its = found.took[section]
        counts = (str(its.over), str(its.open), str(its.unknown))
        times = (quantile_words(one) for one in (its.p50, its.p95, its.longest))
        rows.append((*SPAN[section], *counts, *times))
    return rows


def _apart(found: Figures) -> tuple[str, ...]:
    parts = [str(found.alerts)]
    for section in (Section.TOLD, Section.ANSWERED):
        its = found.took[section]
        parts += [quantile_words(its.p50), quantile_words(its.p95), str(its.open)]
    return tuple(parts)
