"""The watchdogs' rounds: by every process that sends or takes looks, one of them at a time.

Each notices that the other is dead; that both are, shows where the service is asked for figures
and to whoever misses its signs of life.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hearthwatch.alerting.post import Post
from hearthwatch.context.book import RULES, Book
from hearthwatch.disclosure.telling import now_utc
from hearthwatch.errors import HearthwatchError
from hearthwatch.records import About, Alarm, AlarmKind, Lease, Receiver
from hearthwatch.settings import Settings
from hearthwatch.store.leases import give_back
from hearthwatch.store.protocol import Store
from hearthwatch.watchdogs import beating, gathering, keeping
from hearthwatch.watchdogs.facts import Finding
from hearthwatch.watchdogs.rules import find_installation, find_watched, no_heartbeat
from hearthwatch.watchdogs.telling import Teller, subscribed

LEASE = "watchdogs"
"""Name of the lease of whoever makes the rounds."""
EVERY = timedelta(seconds=60)
ALIVE = 3 * EVERY
"""So long after its last round somebody is taken to make them."""
WATCHES_EVERY = timedelta(minutes=15)
"""Between two looks at all regions: nothing of theirs changes within minutes."""
PATIENCE = timedelta(minutes=2)
"""Something of the installation must be found for so long to be an alarm: a process that starts
gives no sign of life yet."""
SETTLING = timedelta(minutes=10)
"""After the clock was set nothing else is judged for so long."""
OVER_FOR = timedelta(days=2)
"""Alarms that ended longer ago are not told to be over any more."""
MOST_STANDING = 1000
"""Alarms of one organisation that are looked at in one round."""
AT_ONCE = frozenset({AlarmKind.CLOCK_JUMP, AlarmKind.STORE_LOCKED})
"""What is found once and never again."""
OF_ALL = frozenset({
    AlarmKind.NO_HEARTBEAT, AlarmKind.SENDER_DEAD, AlarmKind.QUEUE_AGE, AlarmKind.CHANNEL_DOWN,
    AlarmKind.STORE_LOCKED, AlarmKind.CLOCK_JUMP, AlarmKind.DISK_LOW, AlarmKind.RESTORED,
})  # fmt: skip
"""Alarms of the installation; all others are of an organisation."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watchdogs:
    """Makes the rounds of one process.

    Parameters
    ----------
    post : Post
        Writes messages.
    takes_looks : callable or None
        Tells whether this process does what it is there for, as far as it knows: gives its sign
        of life as one that takes looks. None for a process that takes none.
    clock : callable
        Returns the time, aware UTC.
    running : callable
        Returns seconds that only ever go on.
    """

    settings: Settings
    store: Store
    post: Post
    takes_looks: Callable[[], bool] | None = None
    clock: Callable[[], datetime] = now_utc
    running: Callable[[], float] = time.monotonic
    name: str = field(default_factory=lambda: f"watchdogs-{uuid.uuid4().hex[:12]}")
    _stop: threading.Event = field(default_factory=threading.Event)
    _before: tuple[datetime, float] | None = None
    _settled_at: float | None = None
    _watches_due: datetime | None = None
    _locked_since: datetime | None = None
    _since: dict[tuple[AlarmKind, str], datetime] = field(default_factory=dict)

    def go_on(self) -> None:
        """Make rounds until `stop` is called; nothing that goes wrong ends them."""
        try:
            while not self._stop.is_set():
                self.step()
                self._stop.wait(EVERY.total_seconds())
        finally:
            self._let_go()

    def once(self) -> None:
        """Make one round, where whoever calls comes again."""
        try:
            self.step()
        finally:
            self._let_go()

    def stop(self) -> None:
        """End it soon; from any thread."""
        self._stop.set()

    def step(self) -> bool:
        """Give a sign of life and make one round if it is this process's turn; tell whether."""
        now = self.clock()
        jumped = self._jumped(now)
        try:
            if not self._takes_turn(now):
                return False
            self._round(now, jumped)
        except HearthwatchError as error:
            # As long as it cannot be kept it is told of once: when it can be again.
            if self._locked_since is None:
                _log.error("no round of the watchdogs: %s", error.message)
            self._locked_since = self._locked_since or now
            return False
        except Exception:
            _log.exception("the watchdogs go on in spite of this")
            return False
        self._locked_since = None
        return True

    def _round(self, now: datetime, jumped: timedelta) -> None:
        facts = gathering.installation(
            self.settings, self.store, now, jumped=jumped, locked_since=self._locked_since
        )
        found = self._patient(find_installation(facts), now)
        if self._settles(jumped):
            # Nothing that was reckoned by the clock can be believed yet.
            momentary = [one for one in found if one.kind in AT_ONCE]
            self._keep("", momentary, now, AT_ONCE)
            return
        self._keep("", found, now, OF_ALL)
        names = gathering.organisations(self.store)
        if self._watches_due is None:
            # With this process another version may have begun, whose rules of context are others.
            for one in names:
                Book(self.store, one, RULES, now).review()
        if self._watches_due is None or now >= self._watches_due:
            self._watches_due = now + WATCHES_EVERY
            is_idle = any(no_heartbeat(facts))
            for one in names:
                watched = gathering.watched(self.settings, self.store, one, now, is_idle=is_idle)
                self._keep(one, find_watched(watched), now, frozenset(AlarmKind) - OF_ALL)
        for one in names:
            beating.beat(self.settings, self.store, self.post, one, now)

    def _keep(
        self,
        organisation: str,
        found: Sequence[Finding],
        now: datetime,
        kinds: Collection[AlarmKind],
    ) -> None:
        """Keep what is found as alarms, and tell of what is new, in one transaction."""
        if not found and not self._standing(organisation, now, kinds):
            return
        with self.store.transaction() as tx:
            # Asked within it: another process may have kept some of them meanwhile.
            standing = self._standing(organisation, now, kinds)
            is_open = [one for one in standing if one.cleared is None]
            changed = keeping.settled(organisation, is_open, found, now, self.post.wording)
            now_open = {one.id: one for one in (*standing, *changed)}
            told = Teller(self.store, tx, self.post, now).tell(
                list(now_open.values()), self._receivers(organisation)
            )
            before = {one.id: one for one in standing}
            for one in told:
                if before.get(one.id) != one:
                    tx.put_alarm(one)
        self._log_news(before, told)

    def _standing(
        self, organisation: str, now: datetime, kinds: Collection[AlarmKind]
    ) -> list[Alarm]:
        """Return alarms that are open, and those over of which somebody is still to hear."""
        every = self.store.alarms(
            organisation, open_only=True, or_over_since=now - OVER_FOR, most=MOST_STANDING
        )
        return [
            one
            for one in every
            if one.kind in kinds
            if one.cleared is None or set(one.told) - set(one.over_told)
        ]

    def _receivers(self, organisation: str) -> Iterable[Receiver]:
        names = [organisation] if organisation else gathering.organisations(self.store)
        return [one for name in names for one in subscribed(self.store, name, About.ALARMS)]

    def _patient(self, found: Sequence[Finding], now: datetime) -> list[Finding]:
        """Return what was found for long enough, or is an alarm already."""
        known = {(one.kind, one.subject) for one in self.store.alarms("", open_only=True)}
        names = {(one.kind, one.subject) for one in found}
        self._since = {name: self._since.get(name, now) for name in names}
        return [
            one
            for one in found
            if one.kind in AT_ONCE
            or (one.kind, one.subject) in known
            or now - self._since[one.kind, one.subject] >= PATIENCE
        ]

    def _jumped(self, now: datetime) -> timedelta:
        """Return by how much the clock was set since the last round."""
        before, self._before = self._before, (now, self.running())
        if before is None:
            return timedelta()
        return (now - before[0]) - timedelta(seconds=self._before[1] - before[1])

    def _settles(self, jumped: timedelta) -> bool:
        here = self.running()
        if abs(jumped) >= timedelta(minutes=1):
            self._settled_at = here + SETTLING.total_seconds()
            self._since.clear()
        return self._settled_at is not None and here < self._settled_at

    def _takes_turn(self, now: datetime) -> bool:
        with self.store.transaction() as tx:
            if self.takes_looks is not None and self.takes_looks():
                sign = Lease(gathering.COORDINATOR, "", self.name, now, now + ALIVE, 0)
                tx.take_lease(sign)
            return tx.take_lease(Lease(LEASE, "", self.name, now, now + ALIVE, 0)) is not None

    def _let_go(self) -> None:
        for name in (LEASE, gathering.COORDINATOR):
            try:
                give_back(self.store, name, self.name)
            except HearthwatchError as error:
                _log.warning("the lease %s runs out by itself: %s", name, error.message)

    def _log_news(self, before: dict[str, Alarm], after: Iterable[Alarm]) -> None:
        for one in after:
            about = ", ".join(one.regions[:20])
            if one.id not in before:
                _log.error("alarm %s: %s %s %s", one.kind.value, one.words, one.advice, about)
            elif one.cleared is not None and before[one.id].cleared is None:
                _log.warning("alarm %s is over: %s", one.kind.value, one.words)
