"""The part of the store's seam that is about telling of events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hearthwatch.records import (
    Alert,
    Attempt,
    Message,
    MessageState,
    Page,
    Receiver,
    Subscription,
)


class AlertWrites(Protocol):
    """Writes of a transaction about who is told of what."""

    def put_receiver(self, receiver: Receiver) -> None:
        """Add a receiver or replace it."""
        ...

    def put_subscription(self, subscription: Subscription) -> None:
        """Add a subscription or replace it."""
        ...

    def add_alerts(self, alerts: Sequence[Alert]) -> None:
        """Add alerts; one whose number with its receiver and event is taken is refused."""
        ...

    def put_message(self, message: Message, alerts: Collection[str] = ()) -> None:
        """Add a message or replace it; `alerts` are the ids of those that went into it."""
        ...

    def hold_messages(
        self, holder: str, now: datetime, until: datetime, most: int
    ) -> tuple[Message, ...]:
        """Hold messages that may be sent now, those made first going first; return them.

        Of one receiver none is given while an earlier one that waits tells of the same event, and
        only so many that the holder has no more than `hearthwatch.store.rules.AT_A_TIME` to it.
        """
        ...

    def free_alerts(self, organisation: str, message: str) -> None:
        """Let the alerts of a message wait for another one."""
        ...

    def shelve_alerts(self, organisation: str, receiver: str, now: datetime) -> int:
        """Let a receiver's alerts that are due and in no message wait until `unshelve_alerts`.

        Returns how many.
        """
        ...

    def unshelve_alerts(self, organisation: str, receiver: str) -> int:
        """Let a receiver's shelved alerts be due; return how many.

        Since `hearthwatch.store.rules.KEPT` microseconds before they were made: so they are known.
        """
        ...

    def add_attempt(self, attempt: Attempt) -> None:
        """Add an attempt; nothing is ever changed of it."""
        ...


class AlertReads(Protocol):
    """Questions to the store about who is told of what."""

    def receivers(self, organisation: str, *, removed: bool = False) -> tuple[Receiver, ...]:
        """Return receivers, oldest first, ties by id; with `removed`, those too."""
        ...

    def receiver(self, organisation: str, receiver_id: str) -> Receiver:
        """Return one receiver, removed or not; `NotFound` if there is none."""
        ...

    def find_receiver(self, receiver_id: str) -> Receiver | None:
        """Return a receiver of whatever organisation, removed or not; None if there is none."""
        ...

    def subscriptions(
        self, organisation: str, *, receiver: str | None = None, removed: bool = False
    ) -> tuple[Subscription, ...]:
        """Return subscriptions of all receivers or of one, oldest first, ties by id."""
        ...

    def subscribed(self, organisation: str) -> tuple[int, int, int, int]:
        """Return what differs after every change of a receiver or subscription."""
        ...

    def alerts(
        self, organisation: str, *, event: str | None = None, message: str | None = None
    ) -> tuple[Alert, ...]:
        """Return the alerts of one event or message, in the order in which they were written."""
        ...

    def last_alerts(
        self, organisation: str, events: Collection[str]
    ) -> Mapping[tuple[str, str], Alert]:
        """Return the last alert of each receiver about each of some events.

        By receiver and event; what was never told is left out.
        """
        ...

    def untold(self, now: datetime) -> tuple[tuple[str, str], ...]:
        """Return organisations and receivers with alerts that are due and in no message yet.

        Who has waited longest comes first.
        """
        ...

    def waiting_alerts(
        self, organisation: str, receiver: str, now: datetime, most: int
    ) -> tuple[Alert, ...]:
        """Return a receiver's alerts that are due and in no message yet, as they were written."""
        ...

    def messages(
        self,
        organisation: str,
        *,
        receiver: str | None = None,
        state: MessageState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Message]:
        """Return messages, newest first."""
        ...

    def message(self, organisation: str, message_id: str) -> Message:
        """Return one message; `NotFound` if there is none."""
        ...

    def delivered(
        self, organisation: str, receiver: str, start: int, limit: int
    ) -> tuple[Message, ...]:
        """Return messages that a receiver has, in the order in which they were delivered.

        Parameters
        ----------
        start : int
            How many of the first ones are left out.
        """
        ...

    def delivered_count(self, organisation: str, receiver: str) -> int:
        """Return how many messages a receiver has."""
        ...

    def sent_since(self, organisation: str, receiver: str, since: datetime) -> int:
        """Return how many messages with an event in them were made for a receiver since a time."""
        ...

    def attempts(self, organisation: str, message: str) -> tuple[Attempt, ...]:
        """Return the attempts at delivering a message, first one first."""
        ...

    def may_be_sent(self, holder: str, now: datetime) -> bool:
        """Tell whether there is any message that `AlertWrites.hold_messages` would give now."""
        ...

    def backlog(self, organisation: str | None = None) -> tuple[int, datetime | None]:
        """Return how many messages wait, and when the oldest of them was made."""
        ...
