"""The part of the store's seam that is about what is wrong with the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hearthwatch.records import Alarm
from hearthwatch.store.rules import Stuck


class AlarmWrites(Protocol):
    """Writes of a transaction about alarms."""

    def put_alarm(self, alarm: Alarm) -> None:
        """Add an alarm or replace it."""
        ...

    def set_aside(self, at: datetime) -> tuple[int, int]:
        """Let nothing that waits be told before `take_up`; return how many messages and alerts.

        Of all organisations. Messages are given up, as ended at that time; alerts that are in no
        message yet wait for the next one about their event.
        """
        ...

    def take_up(self, at: datetime, now: datetime) -> tuple[int, int]:
        """Let be told what was set aside at a time; return how many messages and alerts."""
        ...


class AlarmReads(Protocol):
    """Questions to the store about what is wrong, and what shows it."""

    def alarms(
        self,
        organisation: str,
        *,
        open_only: bool = False,
        or_over_since: datetime | None = None,
        most: int = 200,
    ) -> tuple[Alarm, ...]:
        """Return the alarms of an organisation, newest first; empty for the installation's.

        With `open_only` those alone that are open, or over since a time.
        """
        ...

    def alarm(self, organisation: str, alarm_id: str) -> Alarm:
        """Return one alarm; `NotFound` if there is none."""
        ...

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how much should have been told before a time, and since when the oldest of it.

        Messages whose next attempt was due, and alerts that were due and are in no message; of
        all organisations.
        """
        ...

    def stuck(self) -> Sequence[Stuck]:
        """Return the channels by which messages wait that were tried in vain, by name."""
        ...

    def arrived(self, organisation: str, since: datetime) -> Mapping[str, Mapping[str, datetime]]:
        """Return when the newest look was taken that arrived, by region and detector.

        Whatever could be seen on it; looks taken before `since` are left out.
        """
        ...
