"""Keyset paging: pages, and opaque cursors that say where the next one starts.

A cursor holds the sort key of the last row given, so rows that come in between neither shift
nor double anything. It is bound to its question; it grants nothing, for every query still
filters on the organisation.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar

from hearthwatch.cql.tree import Filter
from hearthwatch.errors import QuestionError
from hearthwatch.records import (
    Change,
    Detection,
    Event,
    EventFilter,
    EventRow,
    LedgerRow,
    Message,
    MessageState,
    Page,
    Search,
    Settlement,
    Spend,
)
from hearthwatch.store.codec import microseconds, storable
from hearthwatch.store.extent import Bounds

T = TypeVar("T")
Position = tuple[int | str, ...]

MAX_LIMIT = 10_000
"""Most rows of one page."""


@dataclass(frozen=True, slots=True)
class Paging:
    """One question that is answered in pages.

    Attributes
    ----------
    question : str
        What is asked, of whom and how filtered; see `question`.
    key : tuple of type
        Types of the parts of the sort key, each int or str.
    limit : int
        Rows of one page, 1 to `MAX_LIMIT`.
    """

    question: str
    key: tuple[type, ...]
    limit: int

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise QuestionError(f"The limit is {self.limit}; it must be from 1 to {MAX_LIMIT}.")

    def start(self, cursor: str | None) -> Position | None:
        """Return the sort key after which the page starts; None for the first page.

        Raises
        ------
        QuestionError
            The cursor is damaged or belongs to another question.
        """
        if cursor is None:
            return None
        try:
            text = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
            _, *position = json.loads(text)
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise _refused() from error
        if not self._fits(position) or self._cursor(tuple(position)) != cursor:
            raise _refused()
        return tuple(position)

    def page(self, found: Sequence[T], position: Callable[[T], Position]) -> Page[T]:
        """Make a page of up to `limit` + 1 rows found; the one too many tells of more.

        Parameters
        ----------
        found : sequence
            What the question gave, in order.
        position : callable
            From a row to its sort key.
        """
        items = tuple(found[: self.limit])
        more = len(found) > self.limit
        return Page(items, self._cursor(position(items[-1])) if more else None)

    def always(self, found: Sequence[T], end: Position) -> Page[T]:
        """Make a page with a cursor in any case: `end`, where to go on when there is more."""
        return Page(tuple(found), self._cursor(end))

    def _cursor(self, position: Position) -> str:
        check = blake2b(json.dumps([self.question, *position]).encode(), digest_size=8)
        text = json.dumps([check.hexdigest(), *position], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode("ascii")

    def _fits(self, position: Sequence[Any]) -> bool:
        types = tuple(type(part) for part in position)
        return types == self.key and all(_storable(part) for part in position)


def event_paging(organisation: str, where: EventFilter, limit: int) -> Paging:
    """Return the paging of events: by `first_changed`, newest first, then by id."""
    question = _question("events", organisation, *_plain_of(where), *_filtered(where.filter))
    return Paging(question, (int, str), limit)


def message_paging(
    organisation: str, receiver: str | None, state: MessageState | None, limit: int
) -> Paging:
    """Return the paging of messages: by when they were made, newest first, then by id."""
    return Paging(_question("messages", organisation, receiver, state), (int, str), limit)


def message_position(message: Message) -> Position:
    """Return where a message stands."""
    return microseconds(message.made), message.id


def ledger_paging(
    organisation: str,
    region: str,
    since: datetime | None,
    until: datetime | None,
    settlement: str | None,
    limit: int,
) -> Paging:
    """Return the paging of the ledger: by sensing time, oldest first, then by look and place."""
    question = _question("ledger", organisation, region, since, until, settlement)
    return Paging(question, (int, str, str, str, str), limit)


def settlement_paging(
    organisation: str, bbox: Bounds | None, limit: int, where: Filter | None = None
) -> Paging:
    """Return the paging of settlements: by name, then by id."""
    question = _question("settlements", organisation, bbox, *_filtered(where))
    return Paging(question, (str, str), limit)


def detection_paging(organisation: str, where: Search, limit: int) -> Paging:
    """Return the paging of detections: by look, the newest first, then by id."""
    return Paging(_searched("detections", organisation, where), (int, str), limit)


def look_paging(organisation: str, where: Search, limit: int) -> Paging:
    """Return the paging of looks over all regions: by region, then as in its ledger."""
    key = (str, int, str, str, str, str)
    return Paging(_searched("looks", organisation, where), key, limit)


def spend_paging(organisation: str, limit: int, *filters: Any) -> Paging:
    """Return the paging of spends: by `reserved`, newest first, then by id."""
    return Paging(_question("spends", organisation, *filters), (int, str), limit)


def change_paging(organisation: str, limit: int) -> Paging:
    """Return the paging of changes: in the order in which they became visible."""
    return Paging(_question("changes", organisation), (int,), limit)


def change_page(paging: Paging, found: Sequence[Change], last: int) -> Page[Change]:
    """Make a page of changes.

    Parameters
    ----------
    last : int
        Sequence of the newest change there is, asked for or not: what is behind it need not be
        gone through again.
    """
    is_full = len(found) == paging.limit
    return paging.always(found, (found[-1].sequence if is_full else last,))


def event_position(found: Event) -> Position:
    """Return the sort key of an event."""
    return microseconds(found.first_changed), found.id


def row_position(found: EventRow) -> Position:
    """Return the sort key of an event in plain values."""
    return found.first_changed, found.id


def ledger_position(row: LedgerRow) -> Position:
    """Return the sort key of a ledger row."""
    return microseconds(row.sensed), row.cell, row.acquisition, row.detector, row.settlement


def detection_position(found: Detection) -> Position:
    """Return the sort key of a detection."""
    return microseconds(found.sensed), found.id


def look_position(row: LedgerRow) -> Position:
    """Return the sort key of a look among those of all regions."""
    return row.region, *ledger_position(row)


def settlement_position(found: Settlement) -> Position:
    """Return the sort key of a settlement."""
    return found.name, found.id


def spend_position(spend: Spend) -> Position:
    """Return the sort key of a spend."""
    return microseconds(spend.reserved), spend.id


def _searched(what: str, organisation: str, where: Search) -> str:
    return _question(what, organisation, *_plain_of(where), *_filtered(where.filter))


def _plain_of(where: EventFilter | Search) -> list[Any]:
    """Return what is asked for, with nothing in the place of the filter."""
    return [None if one.name == "filter" else getattr(where, one.name) for one in fields(where)]


def _filtered(where: Filter | None) -> tuple[str, ...]:
    return () if where is None else (where.text,)


def _question(*parts: Any) -> str:
    return json.dumps(parts, default=_plain)


def _plain(value: Any) -> Any:
    return microseconds(value) if isinstance(value, datetime) else repr(value)


def _storable(part: int | str) -> bool:
    return abs(part) < 2**63 if isinstance(part, int) else storable(part)


def _refused() -> QuestionError:
    return QuestionError(
        "The cursor is damaged or belongs to another question. Start again without a cursor."
    )
