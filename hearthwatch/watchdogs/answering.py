"""What people say of alarms: that somebody sees to one, and what becomes of what a restore held."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.trail import put_down
from hearthwatch.audit.entries import SERVICE
from hearthwatch.errors import AccessError, AlertConflict, NotFound
from hearthwatch.records import Alarm, AlarmKind, Scope
from hearthwatch.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms that somebody may answer.

    Parameters
    ----------
    who : Caller
        On whose behalf.
    operator : str
        The organisation that runs the installation.
    now : datetime
        The time, aware UTC.
    """

    store: Store
    who: Caller
    operator: str
    now: datetime

    def acknowledge(self, alarm_id: str) -> Alarm:
        """Note that somebody sees to an alarm; the first who says so counts.

        Raises
        ------
        NotFound
            There is no such alarm.
        AlertConflict
            It is over.
        AccessError
            It is of the installation, and who asks does not run it.
        """
        with self.store.transaction() as tx:
            found = self._found(alarm_id)
            if not found.organisation and not self._runs_it:
                raise AccessError("It is of the whole installation: those who run it see to it.")
            if found.cleared is not None:
                raise AlertConflict("It is over.")
            if found.acknowledged is not None:
                return found
            by = f"{self.who.organisation}/{self.who.key}"
            seen_to = dataclasses.replace(found, acknowledged=self.now, acknowledged_by=by)
            tx.put_alarm(seen_to)
            put_down(
                tx, self.who.organisation, "alarm acknowledge", actor=self.who.key, at=self.now,
                ids={"alarm": found.id}, detail={"kind": found.kind.value},
            )  # fmt: skip
        return seen_to

    def _found(self, alarm_id: str) -> Alarm:
        try:
            return self.store.alarm(self.who.organisation, alarm_id)
        except NotFound:
            return self.store.alarm("", alarm_id)

    @property
    def _runs_it(self) -> bool:
        return Scope.MANAGE in self.who.scopes and self.who.organisation == self.operator


def end_restoring(store: Store, now: datetime, actor: str, *, send: bool) -> tuple[int, int]:
    """Let be told what a restore held back, or leave it unsent; return how many of each.

    Parameters
    ----------
    send : bool
        Whether it is sent. Else messages stay given up, each to be sent again by hand, and alerts
        are told with the next news of their event.

    Returns
    -------
    tuple of int
        Messages and alerts that are sent now.

    Raises
    ------
    AlertConflict
        Nothing is held back.
    """
    with store.transaction() as tx:
        held = [one for one in store.alarms("", open_only=True) if one.kind is AlarmKind.RESTORED]
        if not held:
            raise AlertConflict("Nothing is held back after a restore.")
        messages = alerts = 0
        for one in held:
            taken = tx.take_up(one.since, now) if send else (0, 0)
            messages, alerts = messages + taken[0], alerts + taken[1]
            tx.put_alarm(dataclasses.replace(one, cleared=now))
        put_down(
            tx, SERVICE, "restore send" if send else "restore leave", actor=actor, at=now,
            ids={"alarm": held[0].id}, detail={"messages": messages, "alerts": alerts},
        )  # fmt: skip
    return messages, alerts
