"""Sending: hold what may be sent, deliver it, and store what came of it.

A sender may die anywhere. What it held falls to another when its time is over, and is then sent
with the same id: at least once, and never again after a receipt was stored.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.alerting.matching import is_owed
from hearthwatch.alerting.owners import is_shut_out
from hearthwatch.alerts.channel import AlertChannel, DeliveryFailed, Parcel, Receipt
from hearthwatch.alerts.ladder import next_attempt
from hearthwatch.alerts.pictures import Darkroom, without_picture
from hearthwatch.alerts.planning import Planner
from hearthwatch.alerts.vault import Vault
from hearthwatch.disclosure.telling import now_utc
from hearthwatch.errors import HearthwatchError
from hearthwatch.records import (
    Attempt,
    AttemptOutcome,
    Channel,
    Message,
    MessageForm,
    MessageState,
    Receiver,
)
from hearthwatch.store.protocol import Store, Transaction

LONGEST = timedelta(seconds=170)
"""No attempt of any channel takes longer."""
LEASE = timedelta(minutes=3)
"""A sender that does not come back for so long has died."""
AT_ONCE = 64
THREADS = 32
PAUSE = 0.5
"""Seconds between two looks at what waits."""
MOST_ASKED = timedelta(hours=1)
"""What a receiver says of when to come again is believed up to here."""
UNCONFIRMED_WAIT = timedelta(minutes=1)
SWITCHED_OFF = "the receiver is switched off"
ERASED = "what it told of was erased"


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """One process that sends; several may run beside each other.

    Parameters
    ----------
    planner : Planner
        Makes the messages.
    channels : mapping
        By what receivers name them.
    vault : Vault
        Opens addresses and makes secrets.
    clock : callable
        Returns the time, aware UTC.
    darkroom : Darkroom
        Makes the pictures that go with messages.
    """

    store: Store
    planner: Planner
    channels: Mapping[Channel, AlertChannel]
    vault: Vault
    clock: Callable[[], datetime] = now_utc
    jitter: Callable[[], float] = random.random
    darkroom: Darkroom = field(default_factory=Darkroom)
    name: str = field(default_factory=lambda: f"sender-{uuid.uuid4().hex[:12]}")

    def run(
        self,
        stop: threading.Event,
        beside: Callable[[], None] = lambda: None,
        *,
        until_idle: bool = False,
    ) -> int:
        """Send until told to stop; what is under way is brought to its end.

        Parameters
        ----------
        beside : callable
            What else is done before each turn.
        until_idle : bool
            Whether to end when there is nothing more that may be sent now.

        Returns
        -------
        int
            How many messages were tried.
        """
        under_way: set[Future[None]] = set()
        tried = 0
        with ThreadPoolExecutor(THREADS, thread_name_prefix="send") as threads:
            while not stop.is_set():
                under_way = {one for one in under_way if not one.done()}
                begun = self._turn(threads, THREADS - len(under_way), beside)
                under_way |= begun
                tried += len(begun)
                if begun:
                    continue
                if under_way:
                    wait(under_way, PAUSE, FIRST_COMPLETED)
                elif until_idle:
                    break
                else:
                    stop.wait(PAUSE)
        return tried

    def _turn(
        self, threads: ThreadPoolExecutor, free: int, beside: Callable[[], None]
    ) -> set[Future[None]]:
        """Begin as many as threads are free, so that none waits here while its time runs out.

        A store that cannot be written now must not end the sending for good.
        """
        try:
            beside()
            self.planner.plan(self.clock())
            return {threads.submit(self._send_safely, one) for one in self._hold(free)}
        except HearthwatchError as error:
            _log.error("nothing was sent in this turn: %s", error.message)
            return set()

    def _send_safely(self, message: Message) -> None:
        """Send; where what came of it cannot be stored, it is tried again when its time is over."""
        try:
            self.send(message)
        except HearthwatchError as error:
            _log.error("message %s: %s", message.id, error.message)

    def step(self) -> int:
        """Make messages of what is due and send what may be sent; return how many were tried."""
        self.planner.plan(self.clock())
        tried = 0
        while held := self._hold(AT_ONCE):
            for message in held:
                self.send(message)
            tried += len(held)
        return tried

    def _hold(self, most: int) -> tuple[Message, ...]:
        if not most or not self.store.may_be_sent(self.name, self.clock()):
            return ()
        with self.store.transaction() as tx:
            # Not before: it may have waited for its turn to write, and they are held from now on.
            now = self.clock()
            return tx.hold_messages(self.name, now, now + LEASE, most)

    def send(self, message: Message) -> None:
        """Try once to deliver a message that this sender holds, and store what came of it."""
        if message.held_until is None or self.clock() > message.held_until - LONGEST:
            return  # Begun now, it might not be over before another sender takes it.
        receiver = self.store.receiver(message.organisation, message.receiver)
        if not message.content:
            self._give_up(message, ERASED, free=True)
        elif receiver.disabled is not None or receiver.removed is not None:
            self._give_up(message, SWITCHED_OFF, free=is_owed(receiver))
        elif self._has_to_wait(message, receiver):
            self._postpone(message)
        else:
            self._try(message, receiver)

    def _try(self, message: Message, receiver: Receiver) -> None:
        began = self.clock()
        content, picture = self.darkroom.content(self.store, message, receiver)
        if content != message.content and not self._kept(message, content):
            return  # Another took over, or it was erased, while the picture was made.
        try:
            parcel = Parcel(
                id=message.id,
                address=self._address(receiver),
                secrets=self.vault.signing(receiver, began),
                content=content,
                now=began,
                picture=picture,
            )
            receipt = self._way(receiver).deliver(parcel)
        except DeliveryFailed as failure:
            without = picture is not None and failure.too_much
            self._failed(message, began, failure, content if without else None)
        except HearthwatchError as error:
            self._failed(message, began, DeliveryFailed(error.message))
        except Exception as error:
            # A fault of ours: whatever it says may hold the address or a place.
            words = f"a fault of this service ({type(error).__name__})"
            _log.error("message %s was not sent: %s", message.id, words)
            self._failed(message, began, DeliveryFailed(words))
        else:
            self._delivered(message, began, receipt)

    def _kept(self, message: Message, content: Mapping[str, Any]) -> bool:
        """Store what is sent from now on; tell whether this sender may still send it."""
        with self.store.transaction() as tx:
            stands = self.store.message(message.organisation, message.id)
            if (stands.holder, stands.content) != (message.holder, message.content):
                return False
            tx.put_message(dataclasses.replace(stands, content=content))
        return True

    def _has_to_wait(self, message: Message, receiver: Receiver) -> bool:
        """Tell whether nothing may be sent yet: nobody wants it, or nobody answers for it."""
        if receiver.confirmed is None and message.form is not MessageForm.QUESTION:
            return True
        return is_shut_out(self.store, receiver.organisation, receiver.owner, self.clock())

    def _address(self, receiver: Receiver) -> str:
        """Return where a receiver is reached; nowhere, for what is fetched."""
        return "" if receiver.channel is Channel.FEED else self.vault.open(receiver)

    def _way(self, receiver: Receiver) -> AlertChannel:
        way = self.channels.get(receiver.channel)
        if way is None:
            raise DeliveryFailed(f"this service has no channel {receiver.channel.value} now")
        return way

    def _postpone(self, message: Message) -> None:
        """Let a message wait, untried: until its receiver wants it, or somebody answers for it."""
        with self.store.transaction() as tx:
            stands = self.store.message(message.organisation, message.id)
            later = self.clock() + UNCONFIRMED_WAIT
            tx.put_message(dataclasses.replace(stands, next=later, holder="", held_until=None))

    def _delivered(self, message: Message, began: datetime, receipt: Receipt) -> None:
        ended = self.clock()
        with self.store.transaction() as tx:
            now = self.store.message(message.organisation, message.id)
            made = _attempt(now, began, ended, AttemptOutcome.DELIVERED, receipt)
            tx.add_attempt(made)
            tx.put_message(_ended(now, MessageState.DELIVERED, ended, made.sequence))
            tx.note_sent(now.organisation, now.id, ended)

    def _failed(
        self,
        message: Message,
        began: datetime,
        failure: DeliveryFailed,
        pictured: Mapping[str, Any] | None = None,
    ) -> None:
        """Store that it was not taken; what was `pictured` is tried again without its picture."""
        ended = self.clock()
        with self.store.transaction() as tx:
            now = self.store.message(message.organisation, message.id)
            if now.state is MessageState.DELIVERED:
                return  # By another, who took over when this one was thought dead.
            if pictured is not None and now.content == pictured:
                # Nobody shall go untold because of a picture.
                now = dataclasses.replace(now, content=without_picture(pictured))
                failure.retryable = True
            receipt = Receipt(failure.status, failure.words)
            made = _attempt(now, began, ended, _outcome(failure), receipt)
            tx.add_attempt(made)
            again = _next(now, made.sequence, failure, ended, self.jitter())
            if again is None:
                tx.put_message(_ended(now, MessageState.DEAD, ended, made.sequence))
            else:
                tx.put_message(
                    dataclasses.replace(
                        now, attempts=made.sequence, next=max(again, ended), holder="",
                        held_until=None,
                    )
                )  # fmt: skip
            if failure.gone:
                self._switch_off(tx, now, failure, ended)
                tx.free_alerts(now.organisation, now.id)

    def _switch_off(
        self, tx: Transaction, message: Message, failure: DeliveryFailed, now: datetime
    ) -> None:
        """Send nothing more to who said that they want nothing more; nothing is lost of it."""
        receiver = self.store.receiver(message.organisation, message.receiver)
        if receiver.disabled is None:
            tx.put_receiver(
                dataclasses.replace(
                    receiver, disabled=now, disabled_reason=f"It answered: {failure.words}",
                    revision=receiver.revision + 1,
                )
            )  # fmt: skip

    def _give_up(self, message: Message, words: str, *, free: bool = False) -> None:
        """End a message; with `free`, what else it was to tell of goes into another one."""
        now = self.clock()
        with self.store.transaction() as tx:
            stands = self.store.message(message.organisation, message.id)
            receipt = Receipt(words=words)
            made = _attempt(stands, now, now, AttemptOutcome.REFUSED, receipt)
            tx.add_attempt(made)
            tx.put_message(_ended(stands, MessageState.DEAD, now, made.sequence))
            if free:
                tx.free_alerts(message.organisation, message.id)


def _attempt(
    message: Message, began: datetime, ended: datetime, outcome: AttemptOutcome, receipt: Receipt
) -> Attempt:
    return Attempt(
        organisation=message.organisation,
        message=message.id,
        sequence=message.attempts + 1,
        began=began,
        ended=ended,
        outcome=outcome,
        status=receipt.status,
        words=receipt.words[:200],
    )


def _ended(message: Message, state: MessageState, at: datetime, attempts: int) -> Message:
    return dataclasses.replace(
        message, state=state, ended=at, attempts=attempts, holder="", held_until=None
    )


def _outcome(failure: DeliveryFailed) -> AttemptOutcome:
    if failure.gone:
        return AttemptOutcome.GONE
    return AttemptOutcome.FAILED if failure.retryable else AttemptOutcome.REFUSED


def _next(
    message: Message, attempts: int, failure: DeliveryFailed, ended: datetime, jitter: float
) -> datetime | None:
    if failure.gone or not failure.retryable:
        return None
    first = message.since or message.made
    again = next_attempt(first, attempts - message.spent, jitter, last=ended)
    if again is None or failure.retry_after is None:
        return again
    # Whoever is too busy is not asked sooner than it says, but is not given up for that either.
    return max(again, ended + min(timedelta(seconds=failure.retry_after), MOST_ASKED))
