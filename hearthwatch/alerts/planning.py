"""Making messages of alerts that are due: one each, a list, or a summary after an outage.

Everything happens in one transaction per receiver: an alert is in one message or in none.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.matching import is_owed
from hearthwatch.alerts.background import Background
from hearthwatch.alerts.channel import AlertChannel, Letter
from hearthwatch.alerts.making import message_of
from hearthwatch.errors import StoreLocked
from hearthwatch.records import (
    Alert,
    AlertAct,
    Channel,
    MessageForm,
    Mode,
    Receiver,
    Severity,
)
from hearthwatch.store.protocol import Store, Transaction

_log = logging.getLogger(__name__)

AT_ONCE = 5_000
"""Alerts of one receiver that go into messages in one go; what is more goes in the next."""
RARELY = timedelta(seconds=20)
"""Between two looks at a receiver whose alerts all have to wait, however many they are."""
LATE = timedelta(minutes=15)
"""What was due so long ago was held up: it goes into one summary, which says so."""
HELD = timedelta(minutes=1)
"""What is due so long after it was made was held for a rhythm or for quiet hours."""
HOUR = timedelta(hours=1)
LIST_EVERY = timedelta(minutes=10)
"""Between two lists to one receiver while a storm lasts."""
IN_A_LIST = 200
"""Events told of in one message; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes messages.

    Parameters
    ----------
    channels : mapping
        By what receivers name them.
    background : Background
        What is told beside what an alert holds.
    """

    store: Store
    channels: Mapping[Channel, AlertChannel]
    background: Background
    _in_vain: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def plan(self, now: datetime) -> int:
        """Make messages of all that is due; return how many alerts went into one."""
        whose = self.store.untold(now)
        for one in self._in_vain.keys() - set(whose):
            del self._in_vain[one]
        return sum(self._plan_safely(*one, now) for one in whose if self._is_time(one, now))

    def _is_time(self, whose: tuple[str, str], now: datetime) -> bool:
        """Tell whether to look at a receiver: not at one that had to wait a moment ago."""
        last = self._in_vain.get(whose)
        # A clock that was set back must not make anybody wait for longer.
        return last is None or not timedelta() <= now - last < RARELY

    def _plan_safely(self, organisation: str, receiver_id: str, now: datetime) -> int:
        """Do as `_plan_for`; what fails for one receiver does not hold up the others."""
        try:
            return self._plan_for(organisation, receiver_id, now)
        except StoreLocked:
            raise
        except Exception as error:
            # Whatever it says may hold a place.
            _log.error("no message for receiver %s: %s", receiver_id, type(error).__name__)
            self._in_vain[organisation, receiver_id] = now
            return 0

    def _plan_for(self, organisation: str, receiver_id: str, now: datetime) -> int:
        found = self.store.receiver(organisation, receiver_id)
        if found.disabled is not None and is_owed(found):
            self._shelve(organisation, receiver_id, now)
            return 0
        if found.channel not in self.channels:
            # What is not set up now may be again: its alerts wait.
            self._in_vain[organisation, receiver_id] = now
            return 0
        with self.store.transaction() as tx:
            # Asked again within it: another sender may have made messages of them meanwhile.
            waiting = self.store.waiting_alerts(organisation, receiver_id, now, AT_ONCE)
            if not waiting:
                return 0
            due = self._with_earlier(waiting)
            receiver = self.store.receiver(organisation, receiver_id)
            drafts = [
                draft
                # What is real and what is an exercise are never in one message.
                for mode in Mode
                for draft in self._drafts(receiver, [one for one in due if one.mode is mode], now)
            ]
            for draft in drafts:
                self._write(tx, receiver, draft, now)
            if not drafts:
                self._in_vain[organisation, receiver_id] = now
            return sum(len(one.alerts) for one in drafts)

    def _shelve(self, organisation: str, receiver_id: str, now: datetime) -> None:
        """Keep what a receiver is to be told that is switched off, for when it is on again."""
        with self.store.transaction() as tx:
            # Asked again within it: it may have been switched on meanwhile.
            if self.store.receiver(organisation, receiver_id).disabled is not None:
                tx.shelve_alerts(organisation, receiver_id, now)

    def _with_earlier(self, due: Sequence[Alert]) -> list[Alert]:
        """Return alerts with those that came before about the same events and wait for a list.

        Else what changed would be told before what it was.
        """
        known = {one.id for one in due}
        later = [one for one in due if one.sequence > 1]
        earlier = [
            one
            for last in {one.event: one for one in later}.values()
            for one in self.store.alerts(last.organisation, event=last.event)
            if one.receiver == last.receiver and not one.message and one.id not in known
            if one.sequence < last.sequence
        ]
        return sorted([*due, *earlier], key=lambda one: (one.made, one.event, one.sequence))

    def _drafts(self, receiver: Receiver, due: Sequence[Alert], now: datetime) -> list[Draft]:
        """Return what is to be sent now; what is not in it waits."""
        told: dict[MessageForm, list[tuple[Alert, ...]]] = {}
        for some in _by_event(due):
            told.setdefault(_form(some, now), []).append(some)
        singles = told.pop(MessageForm.SINGLE, [])
        lists = [Draft(form, tuple(chain(*some))) for form, some in sorted(told.items())]
        return lists + self._fresh(receiver, singles, now)

    def _fresh(
        self, receiver: Receiver, due: Sequence[tuple[Alert, ...]], now: datetime
    ) -> list[Draft]:
        sent = self.store.sent_since(receiver.organisation, receiver.id, now - HOUR)
        if sent + len(due) <= receiver.storm_cap:
            return [Draft(MessageForm.SINGLE, some) for some in due]
        lately = self.store.messages(receiver.organisation, receiver=receiver.id, limit=100).items
        if any(one.form is MessageForm.LIST and now - one.made < LIST_EVERY for one in lately):
            return []
        return [Draft(MessageForm.LIST, tuple(chain(*due)))] if due else []

    def _write(self, tx: Transaction, receiver: Receiver, draft: Draft, now: datetime) -> None:
        letter = self._letter(receiver, draft, now)
        events = tuple(dict.fromkeys(one.event for one in draft.alerts))
        message = message_of(letter, receiver, self.channels[receiver.channel], events)
        tx.put_message(message, [one.id for one in draft.alerts])

    def _letter(self, receiver: Receiver, draft: Draft, now: datetime) -> Letter:
        newest = [_as_one(some) for some in _by_event(draft.alerts)]
        shown = sorted(newest, key=_gravest_first)[:IN_A_LIST]
        return dataclasses.replace(
            self.background.letter(receiver, draft.form, draft.alerts[0].mode, now),
            facts=[
                self.background.facts(receiver, one, facts, alone=len(newest) == 1)
                for one, facts in shown
            ],
            late=draft.form is MessageForm.LATE,
            more=len(newest) - len(shown),
            before=self.background.before(draft.alerts),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be: what it is, and the alerts that go into it in the order written."""

    form: MessageForm
    alerts: tuple[Alert, ...]


def _form(some: Sequence[Alert], now: datetime) -> MessageForm:
    """Return in what alerts about one event are told, the last of which says how it stands."""
    last = some[-1]
    # What was kept while its receiver was off is late, however short that was.
    if now - last.due > LATE or any(one.due < one.made for one in some):
        return MessageForm.LATE
    return MessageForm.DIGEST if last.due - last.made >= HELD else MessageForm.SINGLE


def _by_event(alerts: Iterable[Alert]) -> list[tuple[Alert, ...]]:
    found: dict[str, list[Alert]] = {}
    for one in alerts:
        found.setdefault(one.event, []).append(one)
    return [tuple(some) for some in found.values()]


def _as_one(alerts: Sequence[Alert]) -> tuple[Alert, Facts]:
    """Return the last of the alerts about one event, as it is told to whoever heard none of them.

    An update to what was not told yet is news; what was taken back meanwhile is told as that.
    """
    first, last = alerts[0], alerts[-1]
    is_news = first.act is AlertAct.ALERT and last.act is AlertAct.UPDATE
    act = AlertAct.ALERT if is_news else last.act
    facts: Facts = {**last.facts, "act": act.value}  # type: ignore[typeddict-item]
    return last, facts


def _gravest_first(told: tuple[Alert, Facts]) -> tuple[int, datetime, str]:
    alert, _ = told
    return -list(Severity).index(alert.severity), alert.made, alert.id
