"""What whoever receives may say without being known here: that they want it, or want no more.

What shows that they are who receives is the token that they were sent; whatever is wrong with it,
the refusal is the same.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from hearthwatch.alerting.post import Post
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import NotFound
from hearthwatch.records import Language, Receiver
from hearthwatch.store.protocol import Store, Transaction

CONFIRM = "confirm"
"""Purpose of the token with which whoever receives says that they want it."""
UNSUBSCRIBE = "unsubscribe"
"""Purpose of the token with which whoever receives says that they want no more."""
UNSUBSCRIBED = "Whoever receives wants no more."
ACTOR = "receiver"
"""Who the log says it was."""
_NOTHING = "There is no such receiver, or that is not what it was sent."


def language_of(
    store: Store, post: Post, purpose: str, receiver_id: str, token: str
) -> Language | None:
    """Return the language of the receiver that was sent a token; None to everybody else."""
    try:
        found = _there(store, receiver_id)
        _require_token(post, purpose, found, token)
    except NotFound:
        return None
    return found.language


def wanted(store: Store, post: Post, receiver_id: str, token: str, now: datetime) -> Receiver:
    """Note that a receiver wants to be told, and return it.

    Raises
    ------
    NotFound
        There is no such receiver, or that is not what it was sent.
    """
    with store.transaction() as tx:
        return confirm(tx, post, _there(store, receiver_id), token, actor=ACTOR, now=now)


def confirm(
    tx: Transaction, post: Post, found: Receiver, token: str, *, actor: str, now: datetime
) -> Receiver:
    """Note that a receiver wants to be told, and return it, in a transaction that is open.

    Parameters
    ----------
    actor : str
        Who the log says it was: whoever receives, or whoever brings back what was sent there.

    Raises
    ------
    NotFound
        That is not what it was sent.
    """
    _require_token(post, CONFIRM, found, token)
    if found.confirmed is not None:
        return found
    said = dataclasses.replace(found, confirmed=now, revision=found.revision + 1)
    tx.put_receiver(said)
    put_down(
        tx, found.organisation, "receiver confirm", actor=actor, at=now, ids={"receiver": found.id}
    )
    return said


def unwanted(store: Store, post: Post, receiver_id: str, token: str, now: datetime) -> Receiver:
    """Switch a receiver off that wants no more, and return it; before it is told again it is asked.

    Raises
    ------
    NotFound
        As `wanted`.
    """
    with store.transaction() as tx:
        found = _there(store, receiver_id)
        _require_token(post, UNSUBSCRIBE, found, token)
        if found.confirmed is not None or found.disabled is None:
            off = dataclasses.replace(
                found, confirmed=None, disabled=now, disabled_reason=UNSUBSCRIBED,
                revision=found.revision + 1,
            )  # fmt: skip
            tx.put_receiver(off)
            # Final: what was kept for it is given up too.
            tx.unshelve_alerts(found.organisation, found.id)
            ids = {"receiver": found.id}
            put_down(tx, found.organisation, "receiver unsubscribe", actor=ACTOR, at=now, ids=ids)
    return found


def _there(store: Store, receiver_id: str) -> Receiver:
    found = store.find_receiver(receiver_id)
    if found is None or found.removed is not None:
        raise NotFound(_NOTHING)
    return found


def _require_token(post: Post, purpose: str, found: Receiver, token: str) -> None:
    if not post.is_token(purpose, found, token):
        raise NotFound(_NOTHING)
