"""A sign of life for whoever subscribed to it: if it stays away, something is wrong."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hearthwatch.alerting.facts import Beat
from hearthwatch.alerting.post import More, Post
from hearthwatch.alerting.timing import due
from hearthwatch.errors import HearthwatchError, NotFound, StoreLocked
from hearthwatch.records import (
    About,
    Message,
    MessageForm,
    Mode,
    Receiver,
    Rhythm,
    Severity,
)
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.watchdogs.gathering import fresh
from hearthwatch.watchdogs.telling import OWN, subscribed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMESPACE = uuid.UUID("5c2f9a2e-6b0e-4c38-9d11-3a64c7e1b0f7")


def beat(settings: Settings, store: Store, post: Post, organisation: str, now: datetime) -> int:
    """Write the signs of life that are due; return how many.

    The id of the message follows from the receiver and the time, so that each is written once,
    by however many processes.
    """
    every = timedelta(hours=settings.heartbeat_hours)
    turn = (now - _EPOCH) // every
    told: Beat | None = None
    count = 0
    for receiver in subscribed(store, organisation, About.HEARTBEAT):
        its_id = _id(receiver, every, turn)
        if _is_there(store, organisation, its_id):
            continue
        if told is None and receiver.detail in OWN:
            told = _beat(settings, store, organisation, now)
        count += _write(store, post, receiver, its_id, told, _EPOCH + (turn + 1) * every, now)
    return count


def _write(
    store: Store,
    post: Post,
    receiver: Receiver,
    its_id: str,
    told: Beat | None,
    following: datetime,
    now: datetime,
) -> bool:
    more = More(
        beat=told if receiver.detail in OWN else None,
        next=due(following, (Rhythm.INSTANT,), receiver, Severity.MINOR),
        due=due(now, (Rhythm.INSTANT,), receiver, Severity.MINOR),
        id=its_id,
    )
    try:
        made: Message = post.note(receiver, MessageForm.HEARTBEAT, Mode.ACTUAL, now, more)
    except StoreLocked:
        raise
    except HearthwatchError:
        return False  # Its channel is not set up: that it hears nothing says so.
    with store.transaction() as tx:
        # Asked again within it: another process may have written it meanwhile.
        if _is_there(store, receiver.organisation, its_id):
            return False
        tx.put_message(made)
    return True


def _beat(settings: Settings, store: Store, organisation: str, now: datetime) -> Beat:
    regions, lately = fresh(settings, store, organisation, now)
    alarms = [one for whose in (organisation, "") for one in store.alarms(whose, open_only=True)]
    since = now - timedelta(days=settings.no_data_days)
    return {
        "regions": regions,
        "fresh": lately,
        "since": since.isoformat(),
        "alarms": len(alarms),
    }


def _is_there(store: Store, organisation: str, message: str) -> bool:
    try:
        store.message(organisation, message)
    except NotFound:
        return False
    return True


def _id(receiver: Receiver, every: timedelta, turn: int) -> str:
    name = f"{receiver.organisation}|{receiver.id}|{every.total_seconds():g}|{turn}"
    return f"msg_{uuid.uuid5(_NAMESPACE, name).hex}"
