"""Messages of one organisation: sending again, and who was told of an event."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.receivers import require_own
from hearthwatch.alerting.shown import steps_value
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import AlertConflict
from hearthwatch.records import Message, MessageForm, MessageState, Receiver
from hearthwatch.store.protocol import Store
from hearthwatch.store.rules import SHELVED
from hearthwatch.values import moment

OF_EVENTS = frozenset({MessageForm.SINGLE, MessageForm.LIST, MessageForm.DIGEST, MessageForm.LATE})
"""What alerts went into."""


@dataclass(frozen=True, slots=True)
class Messages:
    """What was sent, and what could not be.

    Parameters
    ----------
    who : Caller
        On whose behalf; whoever lets them in has seen to it that they may watch.
    now : datetime
        The time, aware UTC.
    """

    store: Store
    who: Caller
    now: datetime

    def again(self, message_id: str) -> Message:
        """Send a message again that was given up, or one that waits at once.

        It keeps its id: whoever received it after all knows that they had it already.

        Raises
        ------
        NotFound
            There is no such message.
        AlertConflict
            It was delivered, is being sent, or cannot be sent as things stand.
        AccessError
            Somebody else answers for its receiver.
        """
        with self.store.transaction() as tx:
            found = self.store.message(self.who.organisation, message_id)
            receiver = self.store.receiver(found.organisation, found.receiver)
            require_own(self.who, receiver)
            self._require_possible(found, receiver)
            again = dataclasses.replace(
                found, state=MessageState.WAITING, since=self.now, spent=found.attempts,
                next=self.now, holder="", held_until=None, ended=None,
            )  # fmt: skip
            tx.put_message(again)
            put_down(
                tx, found.organisation, "message again", actor=self.who.key, at=self.now,
                ids={"message": found.id, "receiver": found.receiver},
            )  # fmt: skip
        return again

    def _require_possible(self, found: Message, receiver: Receiver) -> None:
        if found.state is MessageState.DELIVERED:
            raise AlertConflict("It was delivered: nobody is told the same thing twice.")
        if found.held_until is not None and found.held_until > self.now:
            raise AlertConflict("It is being sent just now: see what becomes of it.")
        if not found.content:
            raise AlertConflict("What it told of was erased: there is nothing to send.")
        if receiver.removed is not None:
            raise AlertConflict("Its receiver is removed: nothing is sent there any more.")
        is_freed = found.form in OF_EVENTS and not self.store.alerts(
            found.organisation, message=found.id
        )
        if receiver.disabled is not None:
            kept = " What this told of is kept, and told in one summary then." if is_freed else ""
            raise AlertConflict(f"Its receiver is switched off: switch it on first.{kept}")
        if is_freed:
            raise AlertConflict(
                "Its receiver was switched off then: what it told of is in a message that was made "
                "once it was on again."
            )
        if receiver.confirmed is None and found.form is not MessageForm.QUESTION:
            raise AlertConflict("Its receiver has not said yet that it wants to be told.")


def told_of(store: Store, organisation: str, event_id: str) -> list[dict[str, Any]]:
    """Return what was told of an event, to whom and with what success, in the order written.

    Raises
    ------
    NotFound
        There is no such event.
    """
    event = store.event(organisation, event_id)
    alerts = store.alerts(organisation, event=event.id)
    names = {one.id: one for one in store.receivers(organisation, removed=True)}
    sent = {one: store.message(organisation, one) for one in {a.message for a in alerts} if one}
    return [
        {
            "id": one.id,
            "receiver": one.receiver,
            "receiver_name": names[one.receiver].name,
            "channel": names[one.receiver].channel.value,
            "detail": names[one.receiver].detail.value,
            "sequence": one.sequence,
            "version": one.version,
            "act": one.act.value,
            "severity": one.severity.value,
            "mode": one.mode.value,
            "made": moment(one.made),
            "due": moment(one.due if one.due < SHELVED else None),
            **_sending(sent.get(one.message)),
            "steps": steps_value(one.steps),
        }
        for one in alerts
    ]


def _sending(message: Message | None) -> Mapping[str, Any]:
    if message is None:
        return {"message": None, "state": None, "attempts": 0, "ended": None}
    return {
        "message": message.id,
        "state": message.state.value,
        "attempts": message.attempts,
        "ended": moment(message.ended),
    }
