"""What comes of alerts: that whoever receives has them."""

from __future__ import annotations

from datetime import datetime

from hearthwatch.store.protocol import Transaction


def acknowledged(
    tx: Transaction, organisation: str, event: str, receiver: str, at: datetime
) -> int:
    """Note that a receiver has what it was told of an event until then; return how much is new.

    Only the receiver's own word counts: that a channel took a message is its receipt. What was
    acknowledged before keeps its time, so this may be called at every answer.

    Parameters
    ----------
    tx : Transaction
        The one in which the answer is written.
    event : str
        Id of the event.
    at : datetime
        When it answered, aware UTC.
    """
    return tx.note_acknowledged(organisation, event, receiver, at)
