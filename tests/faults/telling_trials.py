"""Kills what writes and sends alerts, at random, and counts what is lost, doubled or out of order.

The receivers fail at random too. What came is taken from their own log, what should have come
from the store.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import Event, Lock, Thread
from typing import Any

from hearthwatch.alerts.installed import vault_from
from hearthwatch.alerts.planning import LIST_EVERY
from hearthwatch.records import AttemptOutcome, Message, MessageState, Rhythm
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
from tests.faults import tellers
from tests.faults.hooks import Arrival, Hook
from tests.support.receiving import Receiver

SENDERS = 2
LONGEST_LIFE_S = 1.6
LONGEST_WAIT_S = 3.0
CAPS = (1000, 1000, 1000, 20)
"""Messages in an hour, of each receiver: the last one is in a storm all the time."""
PATIENCE_S = 3600.0
STILL = 12
"""So many looks, ten a second, nothing may have happened before the clock is set forward."""
_SOON = timedelta(seconds=1)

# What is imported before a process begins need not be imported again by each: what they do, and
# what the program that was started imports, which each of them reads once more.
processes: Any = multiprocessing.get_context("forkserver")
PRELOADED = ["tests.faults.tellers", "pytest"]
processes.set_forkserver_preload(PRELOADED)


@dataclass
class Report:
    """What came of it.

    Attributes
    ----------
    faults : list of str
        What must not be; empty if all is well.
    """

    kills: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    messages: int = 0
    arrivals: int = 0
    again: int = 0
    attempts: int = 0
    seconds: float = 0.0
    hours: float = 0.0
    faults: list[str] = field(default_factory=list)


def carry_out(
    ground: tellers.Ground,
    kills: int,
    caps: tuple[int, ...] = CAPS,
    say: Callable[[str], None] = lambda text: None,
) -> Report:
    """Write, send and kill until everything has arrived; return what came of it."""
    ground.folder.mkdir(parents=True, exist_ok=True)
    report, began = Report(), time.monotonic()
    clock = ground.clock()
    with ExitStack() as held:
        store = ground.open()
        held.callback(store.close)
        hooks = held.enter_context(_receivers(ground, store, caps))
        stage = _Stage(ground, store, kills, report, say, hooks)
        held.callback(stage.end)
        stage.play()
        report.hours = (clock() - a.NOON) / timedelta(hours=1)
        report.seconds = time.monotonic() - began
        _judge(ground, store, hooks, report)
    return report


@contextmanager
def _receivers(
    ground: tellers.Ground, store: SqlStore, caps: tuple[int, ...]
) -> Iterator[list[Hook]]:
    a.with_region(store)
    vault = vault_from(ground.settings)
    with ExitStack() as held:
        hooks = []
        for number, cap in enumerate(caps, 1):
            hook = Hook(f"rcv-{number}", Random(ground.seed * 1000 + number), _ended(store))
            served = held.enter_context(Receiver(hook))
            made = a.receiver(
                id=hook.name, storm_cap=cap, quiet_from=None, quiet_until=None,
                quiet_override=None, created=a.NOON + number * _SOON,
            )  # fmt: skip
            where = f"http://127.0.0.1:{served.port}/hook"
            sealed = vault.seal(made.organisation, made.id, where)
            made = dataclasses.replace(made, address=sealed)
            (hook.secret,) = vault.signing(made, a.NOON)
            wish = a.subscription(
                id=f"sub-{number}", receiver=made.id, region="", kinds=(), rhythm=Rhythm.INSTANT
            )
            with store.transaction() as tx:
                tx.put_receiver(made)
                tx.put_subscription(wish)
            hooks.append(hook)
        yield hooks


def _ended(store: SqlStore) -> Any:
    return lambda message: store.message("ours", message).state is MessageState.DELIVERED


class _Stage:
    """The processes, who kills them, and the clock."""

    def __init__(
        self,
        ground: tellers.Ground,
        store: SqlStore,
        kills: int,
        report: Report,
        say: Callable[[str], None],
        hooks: list[Hook],
    ) -> None:
        self._ground, self._store, self._kills, self._report = ground, store, kills, report
        self._say, self._hooks = say, hooks
        # As much as comes of the share of one kill, twice that at most.
        self._most = 2 * ground.events * len(tellers.STATES) * len(hooks) // max(kills, 1)
        self._clock = ground.clock()
        self._lot = Random(ground.seed)
        self._turn = Lock()
        self._count = 0
        self._living: dict[str, Any] = {}
        self._over = Event()
        self._seen: list[tuple[str, int, str]] = []
        self._same = 0

    def play(self) -> None:
        """Go on until everything has arrived."""
        for _ in range(SENDERS):
            self._begin_sender()
        self._begin("writer", tellers.write, self._ground)
        killer = Thread(target=self._kill_on, daemon=True)
        killer.start()
        give_up = time.monotonic() + PATIENCE_S
        while not self._is_done(killer):
            if time.monotonic() > give_up:
                self._report.faults.append(f"it did not end in {PATIENCE_S:.0f} s")
                break
            self._set_forward()
            time.sleep(0.1)
        self._over.set()
        killer.join()

    def end(self) -> None:
        """Kill what still runs."""
        self._over.set()
        for process in self._living.values():
            process.kill()
            process.join()

    def _begin(self, name: str, *work: Any) -> None:
        what, *given = work
        process = processes.Process(target=what, args=tuple(given), name=name, daemon=True)
        process.start()
        self._living[name] = process

    def _begin_sender(self) -> None:
        self._count += 1
        name = f"sender-{self._count}"
        self._begin(name, tellers.send, self._ground, name)

    def _kill_on(self) -> None:
        done = 0
        while done < self._kills and not self._over.is_set():
            self._over.wait(self._lot.uniform(0.0, LONGEST_LIFE_S / SENDERS))
            self._await_arrivals(self._lot.randint(0, self._most))
            with self._turn:
                name = self._lot.choice(sorted(self._living))
                process = self._living.pop(name)
                if process.is_alive():
                    process.kill()
                    self._report.kills[name.partition("-")[0]] += 1
                    done += 1
                process.join()
                if name == "writer":
                    if process.exitcode != 0:
                        self._begin(name, tellers.write, self._ground)
                else:
                    self._begin_sender()
            self._clock.share = done / self._kills
            self._say(f"{done} kills")
        self._clock.share = 1.0

    def _await_arrivals(self, count: int) -> None:
        """Wait until so many more messages came: a slow machine needs longer lives."""
        began, give_up = self._arrived(), time.monotonic() + LONGEST_WAIT_S
        while self._arrived() - began < count and time.monotonic() < give_up:
            if self._over.wait(0.02):
                return

    def _arrived(self) -> int:
        return sum(len(one.arrivals) for one in self._hooks)

    def _is_done(self, killer: Thread) -> bool:
        if killer.is_alive() or self._is_writing():
            return False
        waits, _ = self._store.backlog()
        return not waits and not self._waits()

    def _is_writing(self) -> bool:
        with self._turn:
            writer = self._living.get("writer")
            if writer is not None and not writer.is_alive() and writer.exitcode != 0:
                self._report.faults.append("the writer ended by itself")
                return False
            return writer is not None and writer.is_alive()

    def _waits(self) -> bool:
        return bool(self._store.untold(self._clock()))

    def _set_forward(self) -> None:
        """Set the clock to when there is something to do, once nobody has anything to do before."""
        if self._clock.share < 1.0 or self._is_writing():
            return
        # Nobody takes a message meanwhile.
        with self._turn, self._store.transaction():
            now = self._clock()
            messages = self._store.messages("ours", state=MessageState.WAITING, limit=1000).items
            if self._is_changing(messages, now):
                return
            moments = [max(one.next, one.held_until or one.next) for one in messages]
            if self._waits():
                moments.append(now + LIST_EVERY / 5)
            # What is due and stays is behind something that is not.
            later = [one for one in moments if one > now]
            if later:
                # Some are then a little late, as with any sender that was stopped for a while.
                self._clock.set_forward(sorted(later)[len(later) // 8] - now)

    def _is_changing(self, messages: Sequence[Message], now: datetime) -> bool:
        """Tell whether anything was done lately, or is under way."""
        seen = [(one.id, one.attempts, one.holder) for one in messages]
        self._same = self._same + 1 if seen == self._seen else 0
        self._seen = seen
        is_held = any(
            one.holder in self._living and one.held_until is not None and one.held_until > now
            for one in messages
        )
        due = any(one.next <= now and not one.holder for one in messages) or self._waits()
        return is_held or self._same < (STILL if due else 1)


def _judge(ground: tellers.Ground, store: SqlStore, hooks: list[Hook], report: Report) -> None:
    """Compare what the receivers had with what the store holds."""
    messages = _all_messages(store)
    alerts = store.alerts("ours")
    report.alerts, report.messages = len(alerts), len(messages)
    report.forms.update(one.form.value for one in messages.values())
    wanted = Counter(
        (hook.name, f"evt-{n}", turn)
        for hook in hooks
        for n in range(ground.events)
        for turn in range(1, len(tellers.STATES) + 1)
    )
    written = Counter((one.receiver, one.event, one.sequence) for one in alerts)
    _fault(report, wanted != written, "alerts are missing, or there are too many")
    _fault(report, any(not one.message for one in alerts), "an alert is in no message")
    for hook in hooks:
        own = {name: one for name, one in messages.items() if one.receiver == hook.name}
        report.faults += [f"{hook.name}: {one}" for one in hook.faults]
        report.fates += hook.fates
        report.arrivals += len(hook.arrivals)
        report.again += len(hook.arrivals) - len({one.message for one in hook.arrivals})
        report.faults += _compared(hook.arrivals, own)
    for message in messages.values():
        tried = store.attempts("ours", message.id)
        report.attempts += len(tried)
        if [one.sequence for one in tried] != list(range(1, len(tried) + 1)):
            report.faults.append(f"{message.id}: its attempts are not all there")
        if [one.outcome for one in tried].count(AttemptOutcome.DELIVERED) != 1:
            report.faults.append(f"{message.id}: not one receipt")
    told = {one.message for one in alerts}
    _fault(report, told != set(messages), "a message tells nothing, or is not there")


def _compared(had: list[Arrival], own: dict[str, Message]) -> Iterator[str]:
    """Yield what of one receiver's log is not as its messages in the store are."""
    if {one.message for one in had} != set(own):
        yield "messages never came, or came that are not in the store"
    for one in own.values():
        if one.state is not MessageState.DELIVERED:
            yield f"{one.id} is {one.state.value}"
    bodies: defaultdict[str, set[str]] = defaultdict(set)
    newest: dict[str, int] = {}
    for one in had:
        bodies[one.message].add(one.body)
        for event, sequence in one.told:
            if sequence < newest.get(event, 0):
                yield f"{one.receiver}: {event} was told of out of order"
            newest[event] = max(sequence, newest.get(event, 0))
    for name, said in bodies.items():
        if len(said) > 1:
            yield f"{name} came with another text"


def _all_messages(store: SqlStore) -> dict[str, Message]:
    found: dict[str, Message] = {}
    after = None
    while True:
        page = store.messages("ours", limit=1000, after=after)
        found |= {one.id: one for one in page.items}
        after = page.next
        if after is None:
            return found


def _fault(report: Report, is_so: bool, words: str) -> None:
    if is_so:
        report.faults.append(words)
