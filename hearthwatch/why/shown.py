"""The answer to why there was no alert, and the list of what was held back, shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hearthwatch.ledger_words import detector_in_words
from hearthwatch.records import Gap, Label, LedgerRow, Pause
from hearthwatch.values import called, event_value, moment, settlement_said
from hearthwatch.why.lives import life_lines, life_value
from hearthwatch.why.look import look_in_words, look_value, told_of
from hearthwatch.why.why import Why, answer
from hearthwatch.why.words import NATS, NO_PROOF, held_in_words
from hearthwatch.words import counted, day, look_time, marked


def why_value(why: Why) -> dict[str, Any]:
    """Return the answer for programs."""
    labels = {why.settlement: why.label} if why.settlement else {}
    return {
        **settlement_said(why.settlement, labels),
        "mode": why.mode.value,
        "day": why.around.day.isoformat(),
        "days": why.around.days,
        "answer": answer(why),
        "looks": [look_value(told_of(row), labels) for row in why.looks],
        "events": [event_value(one, why.regions, labels) for one in why.events],
        "lives": [life_value(one) for one in why.lives],
        "missing": [*map(_missing, why.missing), *map(_paused, why.pauses)],
        "first_look": moment(why.first),
        "last_look": moment(why.last),
        "legend": NATS,
        "caution": NO_PROOF,
    }


def why_text(why: Why) -> str:
    """Return the answer for people: every look in turn, and the sentence that answers last."""
    around, name = why.around, called(why.settlement, {why.settlement: why.label})
    days = counted(around.days, "day")
    lines = [marked(why.mode, f"{name}: {around.day}, and {days} before and after it"), ""]
    several = len({row.detector for row in why.looks}) > 1
    cells = {row.cell for row in why.looks if not row.settlement}
    for row in why.looks:
        lines += _look(row, why.regions, with_detector=several, with_cell=len(cells) > 1)
    if not any(around.since <= row.sensed <= around.until for row in why.looks):
        lines.append("No pass of these days is in the ledger.")
    lines += [*map(_missing, why.missing), *map(_paused, why.pauses)]
    lines += ["", f"Why was there no alert? {answer(why)}", NO_PROOF]
    if why.lives:
        lines += ["", "What became of the events that people judged, or that were merged or split:"]
        lines += [line for life in why.lives for line in life_lines(life)]
    if any(told_of(row).scores for row in why.looks):
        lines += ["", NATS]
    return "\n".join(lines)


def held_value(row: LedgerRow, labels: Mapping[str, Label]) -> dict[str, Any]:
    """Return a look that was held back for programs."""
    return look_value(told_of(row), labels)


def held_text(
    rows: Sequence[LedgerRow], regions: Mapping[str, str], labels: Mapping[str, Label]
) -> str:
    """Return looks that were held back for people, two lines each."""
    lines = []
    for row in rows:
        told, place = told_of(row), called(row.settlement, labels) or row.cell
        region = regions.get(row.region, row.region)
        lines.append(marked(row.mode, f"{day(row.sensed)}  {place}  ({region})"))
        missed = f" ({told.missed.in_words()})" if told.missed else ""
        lines.append(f"  {held_in_words(told.held)}{missed}")
    return "\n".join(lines)


def _look(
    row: LedgerRow, regions: Mapping[str, str], *, with_detector: bool, with_cell: bool
) -> Iterator[str]:
    region = regions.get(row.region, row.region)
    by = f", {detector_in_words(row.detector)}" if with_detector else ""
    cell = f"  {row.cell}" if with_cell else ""
    yield marked(row.mode, f"{look_time(row.sensed)}  {row.acquisition}{cell}  ({region}{by})")
    yield from (f"  {words}" for words in look_in_words(told_of(row)))


def _missing(gap: Gap) -> str:
    return f"Waited for since {day(gap.expected)}, orbit {gap.relative_orbit}: {gap.detail}."


def _paused(pause: Pause) -> str:
    until = f"to {day(pause.ended)}" if pause.ended else "until further notice"
    return (
        f"No pixels were asked of {pause.provider} from {day(pause.since)} {until}: {pause.reason}."
    )
