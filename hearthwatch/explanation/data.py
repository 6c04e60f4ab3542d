"""The data of an explanation: what the chart draws and the sentences say, for programs."""

from __future__ import annotations

import csv
import io
from typing import Any

from hearthwatch.explanation.curve import curve_value, people_of
from hearthwatch.explanation.facts import Facts, Look, Measured
from hearthwatch.explanation.words import sentences
from hearthwatch.values import moment, settlement_said
from hearthwatch.why.look import look_in_words

DECIMALS = 6
COLUMNS = (
    "sensed", "acquisition", "use", "status", "cause", "usable", "feature", "unit", "observed",
    "expected", "low", "high", "score",
)  # fmt: skip


def explanation_value(facts: Facts) -> dict[str, Any]:
    """Return an explanation as a JSON value."""
    event = facts.event
    people = people_of(event, facts.density)
    labels = {event.settlement: facts.label} if event.settlement else {}
    return {
        "event": event.id,
        "mode": event.mode.value,
        "kind": event.kind.value,
        **settlement_said(event.settlement, labels),
        "last_unharmed": moment(event.last_unharmed),
        "first_changed": moment(event.first_changed),
        "sentences": sentences(facts),
        "turns": [{"state": one.state, "sensed": moment(one.sensed)} for one in facts.turns],
        "features": [
            {"key": one.key, "name": one.name, "unit": one.unit} for one in facts.quantities
        ],
        "looks": [_look(one) for one in facts.looks],
        **({"curve": curve_value(event)} if facts.curve else {}),
        **({"people": people.as_value()} if people else {}),
    }


def as_csv(facts: Facts) -> bytes:
    """Return a table in UTF-8: a line for each feature of each look; one for a look without any."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    units = {one.key: one.unit for one in facts.quantities}
    for look in facts.looks:
        row = look.row
        cause = row.cause.value if row.cause else ""
        head = (moment(row.sensed), row.acquisition, look.use.value, row.status.value, cause,
                row.usable)  # fmt: skip
        if not look.measured:
            writer.writerow((*head, *[""] * (len(COLUMNS) - len(head))))
        for key, one in look.measured.items():
            numbers = ("" if value is None else value for value in _measured(one).values())
            writer.writerow((*head, key, units[key], *numbers, look.told.scores.get(key, "")))
    return out.getvalue().encode("utf-8")


def _look(look: Look) -> dict[str, Any]:
    return {
        "sensed": moment(look.row.sensed),
        "acquisition": look.row.acquisition,
        "use": look.use.value,
        "words": list(look_in_words(look.told)),
        "evidence": look.told.evidence,
        "features": {key: _measured(one) for key, one in look.measured.items()},
        "reckonings": [one.as_value() for one in look.told.reckonings],
    }


def _measured(one: Measured) -> dict[str, float | None]:
    """Return a value with what was expected, null where that is not known."""
    band = one.expected
    values = {
        "observed": one.observed,
        "expected": band.value if band else None,
        "low": band.low if band else None,
        "high": band.high if band else None,
    }
    return {key: None if one is None else round(one, DECIMALS) for key, one in values.items()}
