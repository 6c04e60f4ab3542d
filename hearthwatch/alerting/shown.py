"""Receivers, subscriptions and messages as values for programs: never with an address."""

from __future__ import annotations

from typing import Any

from hearthwatch.records import Attempt, Message, Receiver, Steps, Subscription
from hearthwatch.values import geojson, moment

STEPS = ("sensed", "published", "fetched", "detected", "verified", "sent", "acknowledged")
"""From the look to the answer, in order."""


def receiver_value(found: Receiver) -> dict[str, Any]:
    """Return a receiver without its address and its secrets."""
    return {
        "id": found.id,
        "name": found.name,
        "channel": found.channel.value,
        "owner": found.owner,
        "language": found.language.value,
        "detail": found.detail.value,
        "zone": found.zone,
        "quiet_from": found.quiet_from,
        "quiet_until": found.quiet_until,
        "quiet_override": found.quiet_override.value if found.quiet_override else None,
        "storm_cap": found.storm_cap,
        "scope": found.scope,
        "pictures": found.pictures,
        "created": moment(found.created),
        "rotated": moment(found.rotated),
        "confirmed": moment(found.confirmed),
        "disabled": moment(found.disabled),
        "disabled_reason": found.disabled_reason or None,
        "removed": moment(found.removed),
    }


def standing(found: Receiver) -> str:
    """Return how a receiver stands, in words."""
    if found.removed is not None:
        return "removed"
    if found.disabled is not None:
        return "switched off"
    return "told" if found.confirmed is not None else "not confirmed"


def subscription_value(found: Subscription) -> dict[str, Any]:
    """Return a subscription."""
    return {
        "id": found.id,
        "receiver": found.receiver,
        "name": found.name,
        "about": found.about.value,
        "region": found.region or None,
        "geometry": None if found.geometry is None else geojson(found.geometry),
        "kinds": list(found.kinds),
        "modes": list(found.modes),
        "least_state": found.least_state.value,
        "least_severity": found.least_severity.value,
        "rhythm": found.rhythm.value,
        "created": moment(found.created),
        "paused": moment(found.paused),
    }


def message_value(found: Message) -> dict[str, Any]:
    """Return how a message stands, without what is in it."""
    return {
        "id": found.id,
        "receiver": found.receiver,
        "form": found.form.value,
        "mode": found.mode.value,
        "events": list(found.events),
        "made": moment(found.made),
        "late": found.late,
        "state": found.state.value,
        "attempts": found.attempts,
        "next": moment(found.next) if found.ended is None else None,
        "ended": moment(found.ended),
    }


def attempt_value(found: Attempt) -> dict[str, Any]:
    """Return one attempt at delivering a message."""
    return {
        "sequence": found.sequence,
        "began": moment(found.began),
        "ended": moment(found.ended),
        "outcome": found.outcome.value,
        "status": found.status or None,
        "words": found.words,
    }


def steps_value(found: Steps) -> dict[str, Any]:
    """Return when what led to an alert happened and what came of it; None for what is not known."""
    return {name: moment(getattr(found, name)) for name in STEPS}
