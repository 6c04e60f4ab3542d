"""Feeds: what a receiver was told, for whoever has its token to fetch.

Sheets are cut where no later message moves them: the newest one ends what was told so far, and
each before it stays as it is, so that a reader who was away for long misses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hearthwatch.alerting.owners import is_shut_out
from hearthwatch.errors import NotFound
from hearthwatch.records import Channel, Message, Receiver
from hearthwatch.store.protocol import Store

FEED = "feed"
"""Purpose of the token that opens the feed of a receiver."""
A_SHEET = 50
"""Messages on one sheet; the newest has as many at least, where there are as many."""

Address = Callable[[int | None], str]
"""``address(number)`` is where a sheet is fetched; that of None is the newest one's."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of a feed.

    Attributes
    ----------
    messages : sequence of Message
        In the order in which they were told.
    number : int or None
        Of a sheet that is full, from 0 on; None for the newest one, which grows.
    before : int or None
        Number of the sheet before it.
    """

    messages: Sequence[Message]
    number: int | None
    before: int | None


class _Tokens(Protocol):
    def is_token(self, purpose: str, receiver: Receiver, shown: str) -> bool: ...


def opened(store: Store, tokens: _Tokens, receiver_id: str, shown: str, now: datetime) -> Receiver:
    """Return the receiver whose feed a token opens.

    Raises
    ------
    NotFound
        Whatever is wrong: there is none, it is switched off or removed, nobody answers for it any
        more, or the token is not its.
    """
    found = store.find_receiver(receiver_id)
    if (
        found is None
        or found.channel is not Channel.FEED
        or found.removed is not None
        or found.disabled is not None
        or not tokens.is_token(FEED, found, shown)
        or is_shut_out(store, found.organisation, found.owner, now)
    ):
        raise NotFound("There is no such feed, or that does not open it.")
    return found


def sheet_of(store: Store, receiver: Receiver, number: int | None = None) -> Sheet:
    """Return a sheet of a receiver's feed, the newest one where none is named.

    Raises
    ------
    NotFound
        There is no full sheet of that number yet.
    """
    full = store.delivered_count(receiver.organisation, receiver.id) // A_SHEET
    # With the last full one before it: what has just been told never leaves the newest at once.
    newest = max(full - 1, 0)
    if number is not None and number >= newest:
        raise NotFound("There is no such sheet.")
    first, most = (newest, 2 * A_SHEET) if number is None else (number, A_SHEET)
    told = store.delivered(receiver.organisation, receiver.id, first * A_SHEET, most)
    return Sheet(told, number, first - 1 if first else None)
