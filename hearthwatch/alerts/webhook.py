"""Webhooks: CloudEvents, signed by Standard Webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerts.channel import Letter, Parcel, Receipt
from hearthwatch.alerts.pinned import MOST_SENT, Pinned
from hearthwatch.alerts.signed import send
from hearthwatch.records import MessageForm
from hearthwatch.values import moment

CONTENT_TYPE = "application/cloudevents+json"
DATA_SCHEMA = "urn:hearthwatch:schema:alert:1"
"""Of `data`; what is added to it later leaves what there is as it is."""

_BRIEF = (
    "event", "version", "sequence", "act", "mode", "kind", "change", "state", "reason",
    "merged_into", "sure", "severity", "urgent",
)  # fmt: skip


class Webhook:
    """Tells programs, as JSON.

    Parameters
    ----------
    pinned : Pinned
        How anything is sent.
    """

    def __init__(self, pinned: Pinned) -> None:
        self._pinned = pinned

    def check(self, address: str) -> str:
        """Return an address in its usual form, or raise AlertError."""
        return self._pinned.check(address)

    def render(self, letter: Letter) -> Mapping[str, Any]:
        """Return the text that is sent, and its type."""
        return {"type": CONTENT_TYPE, "body": _fitting(letter)}

    def deliver(self, parcel: Parcel) -> Receipt:
        """Sign and post a parcel, or raise DeliveryFailed."""
        return send(self._pinned, parcel)


@cache
def data_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what stands in ``data``."""
    text = files("hearthwatch.alerts").joinpath("schemas/alert-1.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def type_of(letter: Letter) -> str:
    """Return the type of a letter's CloudEvent."""
    if not letter.facts:
        return f"org.hearthwatch.service.{letter.form.value}"
    if letter.form is MessageForm.SINGLE and len(letter.facts) == 1:
        return f"org.hearthwatch.event.{letter.facts[0]['act']}"
    return f"org.hearthwatch.event.{letter.form.value}"


def _fitting(letter: Letter) -> str:
    """Return the text with as much of each event as one message may hold.

    Geometries go first, then all but what an event is known and judged by, then the last events:
    the feed of events has them all.
    """
    for shorten in _STEPS:
        text = _text(letter, [shorten(one) for one in letter.facts])
        if len(text) <= MOST_SENT:
            return text
    brief = [_brief(one) for one in letter.facts]
    fits = len(brief)
    while len(text) > MOST_SENT and fits:
        fits = min(fits - 1, fits * MOST_SENT // len(text))
        text = _text(letter, brief[:fits])
    return text


def _whole(facts: Facts) -> dict[str, Any]:
    return {**facts}


def _unplaced(facts: Facts) -> dict[str, Any]:
    kept = {**facts}
    left_out = [] if facts["geometry"] is None else ["geometry"]
    return kept | {"geometry": None} | ({"left_out": left_out} if left_out else {})


def _brief(facts: Facts) -> dict[str, Any]:
    every: dict[str, Any] = {**facts}
    return {
        "left_out": sorted(set(every) - {*_BRIEF, "links"}),
        "links": every["links"],
        **{name: every[name] for name in _BRIEF},
    }


_STEPS: tuple[Callable[[Facts], dict[str, Any]], ...] = (_whole, _unplaced, _brief)


def _text(letter: Letter, events: list[dict[str, Any]]) -> str:
    made = moment(letter.made)
    envelope = {
        "specversion": "1.0",
        "id": letter.id,
        "source": f"//{letter.sender}",
        "type": type_of(letter),
        "time": made,
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        "mode": letter.marked.value,
        **({"subject": letter.facts[0]["event"]} if len(letter.facts) == 1 else {}),
        "data": {
            "message": letter.id,
            "form": letter.form.value,
            "mode": letter.marked.value,
            "made": made,
            "late": letter.late,
            "language": letter.language.value,
            "detail": letter.detail.value,
            "scope": letter.scope,
            "home": letter.home,
            "text": letter.text,
            "alarms": list(letter.alarms),
            "beat": letter.beat,
            "next": moment(letter.next),
            "links": dict(letter.links or {}),
            "before": list(letter.before),
            "events": events,
            "events_left_out": letter.more + len(letter.facts) - len(events),
        },
    }
    # Escaped to ASCII: no text that a detector or a person wrote can fail to be stored or sent.
    return json.dumps(envelope, allow_nan=False, separators=(",", ":"))
