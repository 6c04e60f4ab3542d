"""Sending as a process: messages go out, and beside that what has to be done now and then.

What was released is cried, where nobody answers the next contact is told, what led to alerts is
looked up, and it shows that it runs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hearthwatch.alerting.escalating import escalate
from hearthwatch.alerts.crier import cry
from hearthwatch.alerts.origins import AT_ONCE, look_up
from hearthwatch.alerts.sender import Sender
from hearthwatch.records import Lease
from hearthwatch.store.leases import give_back

LEASE = "sender"
"""Name of the lease by which it is seen that something sends; several may, one holds it."""
EVERY = timedelta(seconds=20)
"""Between two looks at what was released, and between two signs of life."""
ALIVE = 3 * EVERY
"""So long after its last sign something is taken to send."""


@dataclass(slots=True)
class Sending:
    """One process or thread that sends until it is stopped.

    Parameters
    ----------
    sender : Sender
        What sends.
    """

    sender: Sender
    _stop: threading.Event = field(default_factory=threading.Event)
    _last: datetime | None = None
    _has_more: bool = False

    def go_on(self) -> None:
        """Send until `stop` is called; what is under way is brought to its end."""
        try:
            self.sender.run(self._stop, self.beside)
        finally:
            self._let_go()

    def stop(self) -> None:
        """End it soon."""
        self._stop.set()

    def once(self) -> int:
        """Send what may be sent now, each message once; return how many were tried."""
        self.beside()
        try:
            return self.sender.run(self._stop, until_idle=True)
        finally:
            self._let_go()

    def beside(self) -> None:
        """Give a sign of life, go on where nobody answers, cry what was released, look up what led.

        Every 20 seconds; in a storm more of what led is looked up in each turn.
        """
        now = self.sender.clock()
        if self._last is not None and now - self._last < EVERY:
            if self._has_more:
                self._look_up(now)
            return
        self._last = now
        store = self.sender.store
        with store.transaction() as tx:
            # Of no organisation; where another sender holds it, that one is the sign.
            tx.take_lease(Lease(LEASE, "", self.sender.name, now, now + ALIVE, 0))
        escalate(store, now)
        cry(store, now)
        self._look_up(now)

    def _look_up(self, now: datetime) -> None:
        self._has_more = look_up(self.sender.store, now) == AT_ONCE

    def _let_go(self) -> None:
        give_back(self.sender.store, LEASE, self.sender.name)
