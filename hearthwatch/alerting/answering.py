"""What whoever receives may say without being known here: that they want it, or want no more.

What shows that they are who receives is the token that they were sent; whatever is wrong with it,
the refusal is the same.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from hearthwatch.alerting.post import Post
from hearthwatch.alerting.receivers import CONFIRM
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import NotFound
from hearthwatch.records import Language, Receiver
from hearthwatch.store.protocol import Store

UNSUBSCRIBE = "unsubscribe"
"""Purpose of the token with which whoever receives says that they want no more."""
UNSUBSCRIBED = "Whoever receives wants no more."
ACTOR = "receiver"
"""Who the log says it was."""


def language_of(
    store: Store, post: Post, purpose: str, receiver_id: str, token: str
) -> Language | None:
    """Return the language of the receiver that was sent a token; None to everybody else."""
    try:
        return _shown(store, post, purpose, receiver_id, token).language
    except NotFound:
        return None


def wanted(store: Store, post: Post, receiver_id: str, token: str, now: datetime) -> Receiver:
    """Note that a receiver wants to be told, and return it.

    Raises
    ------
    NotFound
        There is no such receiver, or that is not what it was sent.
    """
    with store.transaction() as tx:
        found = _shown(store, post, CONFIRM, receiver_id, token)
        if found.confirmed is None:
            said = dataclasses.replace(found, confirmed=now, revision=found.revision + 1)
            tx.put_receiver(said)
            ids = {"receiver": found.id}
            put_down(tx, found.organisation, "receiver confirm", actor=ACTOR, at=now, ids=ids)
    return found


def unwanted(store: Store, post: Post, receiver_id: str, token: str, now: datetime) -> Receiver:
    """Switch a receiver off that wants no more, and return it; before it is told again it is asked.

    Raises
    ------
    NotFound
        As `wanted`.
    """
    with store.transaction() as tx:
        found = _shown(store, post, UNSUBSCRIBE, receiver_id, token)
        if found.confirmed is not None or found.disabled is None:
            off = dataclasses.replace(
                found, confirmed=None, disabled=now, disabled_reason=UNSUBSCRIBED,
                revision=found.revision + 1,
            )  # fmt: skip
            tx.put_receiver(off)
            ids = {"receiver": found.id}
            put_down(tx, found.organisation, "receiver unsubscribe", actor=ACTOR, at=now, ids=ids)
    return found


def _shown(store: Store, post: Post, purpose: str, receiver_id: str, token: str) -> Receiver:
    found = store.find_receiver(receiver_id)
    if found is None or found.removed is not None or not post.is_token(purpose, found, token):
        raise NotFound("There is no such receiver, or that is not what it was sent.")
    return found
