"""Who is told of alarms: receivers that subscribed to them, once each, and once that it is over.

What comes at once goes into one message, and in an hour no more of them than the receiver takes;
what is held up by that is in a later one. Messages are written in the transaction that keeps the
alarms: neither is there without the other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hearthwatch.alerting.facts import AlarmTold
from hearthwatch.alerting.matching import is_open, is_told
from hearthwatch.alerting.post import More, Post
from hearthwatch.alerting.severity import SEVERITIES
from hearthwatch.alerting.timing import due
from hearthwatch.errors import HearthwatchError, StoreLocked
from hearthwatch.records import (
    About,
    Alarm,
    Detail,
    MessageForm,
    Mode,
    Receiver,
    Rhythm,
)
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.values import moment
from hearthwatch.watchdogs.keeping import has_more, told

HOUR = timedelta(hours=1)
MOST_COUNTED = 100
"""Of a receiver's newest messages, how many are looked through for alarms."""
MOST_NAMED = 20
"""Regions that one alarm names."""
OWN = frozenset({Detail.NOTICE, Detail.EXACT})
"""Who may know how the organisation's watches stand; others hear of the installation alone."""

_log = logging.getLogger(__name__)


def subscribed(store: Store, organisation: str, about: About) -> list[Receiver]:
    """Return the receivers of an organisation that are to be told of something beside events."""
    asked = {
        one.receiver
        for one in store.subscriptions(organisation)
        if one.about is about and is_open(one)
    }
    return [one for one in store.receivers(organisation) if one.id in asked and is_told(one)]


@dataclass(slots=True)
class Teller:
    """Tells of alarms in one transaction, and notes with them whom it told.

    Parameters
    ----------
    names : mapping
        Names of regions by id, by organisation; filled as they are needed.
    """

    store: Store
    tx: Transaction
    post: Post
    now: datetime
    names: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def tell(self, alarms: Sequence[Alarm], receivers: Iterable[Receiver]) -> list[Alarm]:
        """Write the messages; return the alarms, changed where somebody was told of them."""
        heard: dict[str, list[str]] = {}
        for receiver in receivers:
            news = [one for one in alarms if self._is_news(one, receiver)]
            if news and not self._is_full(receiver) and self._write(receiver, news):
                for one in news:
                    heard.setdefault(one.id, []).append(receiver.id)
        return [told(one, heard[one.id], self.now) if one.id in heard else one for one in alarms]

    def _is_news(self, alarm: Alarm, receiver: Receiver) -> bool:
        if alarm.organisation and receiver.detail not in OWN:
            return False
        if alarm.cleared is not None:
            return receiver.id in alarm.told and receiver.id not in alarm.over_told
        return receiver.id not in alarm.told or has_more(alarm, self.now)

    def _is_full(self, receiver: Receiver) -> bool:
        lately = self.store.messages(
            receiver.organisation, receiver=receiver.id, limit=MOST_COUNTED
        ).items
        recent = [one for one in lately if self.now - one.made < HOUR]
        count = sum(one.form is MessageForm.ALARM for one in recent)
        return count >= min(receiver.storm_cap, MOST_COUNTED)

    def _write(self, receiver: Receiver, news: Sequence[Alarm]) -> bool:
        """Write one message of all there is; tell whether that went well."""
        grave = max((one.severity for one in news), key=SEVERITIES.index)
        more = More(
            alarms=[self._facts(one, receiver) for one in sorted(news, key=_open_first)],
            due=due(self.now, (Rhythm.INSTANT,), receiver, grave),
        )
        try:
            made = self.post.note(receiver, MessageForm.ALARM, Mode.ACTUAL, self.now, more)
        except StoreLocked:
            raise
        except HearthwatchError as error:
            # Told when its channel is set up again: nothing says that it was.
            _log.error("receiver %s is not told of alarms: %s", receiver.id, error.message)
            return False
        self.tx.put_message(made)
        return True

    def _facts(self, alarm: Alarm, receiver: Receiver) -> AlarmTold:
        may_name = receiver.detail is Detail.EXACT and alarm.organisation == receiver.organisation
        return {
            "alarm": alarm.id,
            "kind": alarm.kind.value,
            "subject": alarm.subject,
            "severity": alarm.severity.value,
            "since": alarm.since.isoformat(),
            "over": moment(alarm.cleared),
            "regions": len(alarm.regions),
            "items": len(alarm.items),
            "names": self._named(alarm) if may_name and alarm.cleared is None else [],
        }

    def _named(self, alarm: Alarm) -> list[str]:
        if not alarm.regions:
            return []
        if alarm.organisation not in self.names:
            self.names[alarm.organisation] = self.store.region_names(alarm.organisation)
        names = self.names[alarm.organisation]
        return sorted(names[one] for one in alarm.regions if one in names)[:MOST_NAMED]


def _open_first(alarm: Alarm) -> tuple[bool, int, datetime]:
    return alarm.cleared is not None, -SEVERITIES.index(alarm.severity), alarm.raised
