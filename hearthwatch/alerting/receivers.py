"""Receivers of one organisation: who is told, how, and how much.

Everybody who may read sees them, without addresses. Whoever may watch changes their own, whoever
lets people in those of all.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.alerting import answering
from hearthwatch.alerting.network import require_agreed
from hearthwatch.alerting.post import Post
from hearthwatch.alerting.terms import faults_of_name
from hearthwatch.alerting.timing import check_zone
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import AccessError, AlertConflict, AlertError, NotFound
from hearthwatch.records import (
    Channel,
    Detail,
    Message,
    MessageForm,
    MessageState,
    Mode,
    Receiver,
    Scope,
)
from hearthwatch.store.protocol import Store, Transaction

LONGEST_REASON = 500
LAST_MINUTE = 1439
MOST_IN_AN_HOUR = 1000
MOST = 1000
"""Receivers of one organisation."""
CAP_SCOPES = ("Private", "Restricted")
TERMS = frozenset({
    "name", "language", "detail", "zone", "quiet_from", "quiet_until", "quiet_override",
    "storm_cap", "scope", "pictures",
})  # fmt: skip
"""What may be said of a receiver beside its address."""

NEEDED = {
    Detail.NOTICE: Scope.WATCH,
    Detail.EXACT: Scope.READ,
    Detail.PARTNER: Scope.RELEASE,
    Detail.PUBLIC: Scope.RELEASE,
}
"""What one has to be allowed to have somebody told so much."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who is told of the events of one organisation.

    Parameters
    ----------
    who : Caller
        On whose behalf; whoever lets them in has seen to it that they may watch.
    now : datetime
        The time, aware UTC.
    """

    store: Store
    post: Post
    who: Caller
    now: datetime

    def add(
        self, channel: Channel, address: str, terms: Mapping[str, Any], owner: str = ""
    ) -> tuple[Receiver, str]:
        """Add a receiver and ask it whether it wants to be told.

        Parameters
        ----------
        address : str
            Where messages go; empty for a feed.
        terms : mapping
            Values of `TERMS`, with a name at least.
        owner : str, optional
            Id of who answers for it; by default who asks.

        Returns
        -------
        tuple
            The receiver, and the secret of its messages, which is never told again.

        Raises
        ------
        AlertError
            Something of it cannot be used; says what to do.
        AccessError
            It would be told more than whoever asks may tell.
        """
        made = Receiver(
            id=f"rcv-{secrets.token_hex(8)}",
            organisation=self.who.organisation,
            channel=channel,
            owner=owner or self.who.key,
            created=self.now,
            **{name: value for name, value in terms.items() if name in TERMS},
        )
        self._require_sound(made)
        made = self._addressed(made, address)
        with self.store.transaction() as tx:
            if len(self.store.receivers(made.organisation)) >= MOST:
                raise AlertConflict(f"There are {MOST} receivers already: remove one first.")
            self._put(
                tx, made, "add", channel=channel.value, detail=made.detail.value,
                **({"pictures": True} if made.pictures else {}),
            )  # fmt: skip
            if made.confirmed is None:
                self._ask(tx, made)
        return made, self.post.secret(made, self.now)

    def change(
        self, receiver_id: str, changes: Mapping[str, Any], address: str | None = None
    ) -> tuple[Receiver, str]:
        """Change what is said of a receiver; another address is asked anew and gets a new secret.

        Parameters
        ----------
        changes : mapping
            Values of `TERMS`; those left out stay, but for pictures of which it may know no more.

        Returns
        -------
        tuple
            The receiver, and its new secret; empty where the address stays.
        """
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            changes = _without_pictures(found, changes)
            changed = dataclasses.replace(
                found, **{name: value for name, value in changes.items() if name in TERMS}
            )
            self._require_sound(changed)
            require_agreed(self.store, changed)
            secret = ""
            if address is not None:
                again = dataclasses.replace(
                    changed, turn=found.turn + 1, rotated=None, confirmed=None
                )
                changed = self._addressed(again, address)
                secret = self.post.secret(changed, self.now)
            said = sorted([*changes, *(["address"] if address is not None else [])])
            changed = self._put(tx, changed, "change", changed=said)
            if address is not None and changed.confirmed is None and changed.disabled is None:
                self._ask(tx, changed)
        return changed, secret

    def take_over(self, receiver_id: str) -> Receiver:
        """Let whoever asks answer for a receiver from now on."""
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            if found.owner == self.who.key:
                return found
            taken = dataclasses.replace(found, owner=self.who.key)
            self._require_sound(taken)
            return self._put(tx, taken, "take", before=found.owner)

    def rotate(self, receiver_id: str) -> tuple[Receiver, str]:
        """Give a receiver a new secret; the one before signs beside it for a day."""
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            if found.confirmed is None:
                raise AlertConflict(
                    "It has not said yet that it wants to be told: what it was asked with would "
                    "end with the old secret. Remove it and add it anew if that is known to others."
                )
            turned = dataclasses.replace(found, turn=found.turn + 1, rotated=self.now)
            turned = self._put(tx, turned, "rotate")
        return turned, self.post.secret(turned, self.now)

    def disable(self, receiver_id: str, reason: str) -> Receiver:
        """Send nothing more; what changes of what was told is kept until it is switched on."""
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise AlertError(f"Say why, in 1 to {LONGEST_REASON} characters.")
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            if found.disabled is not None:
                return found
            off = dataclasses.replace(found, disabled=self.now, disabled_reason=reason.strip())
            return self._put(tx, off, "disable")

    def enable(self, receiver_id: str) -> Receiver:
        """Send again, and what was missed; who said that they want no more is asked anew."""
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            if found.disabled is None:
                return found
            on = self._put(
                tx, dataclasses.replace(found, disabled=None, disabled_reason=""), "enable"
            )
            tx.unshelve_alerts(on.organisation, on.id)
            if on.confirmed is None and not self._is_waiting(on, MessageForm.QUESTION):
                self._ask(tx, on)
            return on

    def confirm(self, receiver_id: str, token: str) -> Receiver:
        """Note with the token that a receiver was sent that it wants to be told.

        Raises
        ------
        NotFound
            There is no such receiver, or that is not what it was sent.
        """
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            return answering.confirm(tx, self.post, found, token, actor=self.who.key, now=self.now)

    def remove(self, receiver_id: str) -> None:
        """Tell a receiver nothing more, for good; what it was told stays on record."""
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            # The address goes: nothing will ever be sent there again.
            self._put(tx, dataclasses.replace(found, removed=self.now, address=""), "remove")
            tx.unshelve_alerts(found.organisation, found.id)
            for one in self.store.subscriptions(found.organisation, receiver=found.id):
                gone = dataclasses.replace(one, removed=self.now, revision=one.revision + 1)
                tx.put_subscription(gone)

    def test(self, receiver_id: str) -> Message:
        """Send a message marked as a test, whatever the receiver is subscribed to."""
        with self.store.transaction() as tx:
            found = self._own(receiver_id)
            if found.confirmed is None:
                raise AlertConflict(
                    "It has not said yet that it wants to be told: only that question is sent."
                )
            if found.disabled is not None:
                raise AlertConflict("It is switched off: switch it on first.")
            if self._is_waiting(found, MessageForm.TEST):
                raise AlertConflict("A test is on its way already: see what becomes of it.")
            made = self.post.note(found, MessageForm.TEST, Mode.TEST, self.now)
            tx.put_message(made)
            self._note(tx, found, "test")
        return made

    def _own(self, receiver_id: str) -> Receiver:
        found = self.store.receiver(self.who.organisation, receiver_id)
        if found.removed is not None:
            raise NotFound(f"There is no receiver {receiver_id}.")
        require_own(self.who, found)
        return found

    def _require_sound(self, made: Receiver) -> None:
        faults = list(_faults(made))
        if faults:
            raise AlertError(" ".join(faults))
        check_zone(made.zone)
        if NEEDED[made.detail] not in self.who.scopes:
            raise AccessError(f"You may not have anybody told what {made.detail.value} means.")

    def _addressed(self, made: Receiver, address: str) -> Receiver:
        """Return a receiver with its address sealed; a feed has none, and confirms nothing."""
        checked = self.post.check(made.channel, address)
        if made.channel is Channel.FEED:
            return dataclasses.replace(made, confirmed=self.now)
        sealed = self.post.seal(made.organisation, made.id, checked)
        return dataclasses.replace(made, address=sealed)

    def _ask(self, tx: Transaction, made: Receiver) -> None:
        tx.put_message(self.post.note(made, MessageForm.QUESTION, Mode.ACTUAL, self.now))

    def _is_waiting(self, found: Receiver, form: MessageForm) -> bool:
        waiting = self.store.messages(
            found.organisation, receiver=found.id, state=MessageState.WAITING, limit=1000
        )
        return any(one.form is form for one in waiting.items)

    def _put(self, tx: Transaction, made: Receiver, act: str, **detail: Any) -> Receiver:
        known = act != "add"
        made = dataclasses.replace(made, revision=made.revision + known)
        tx.put_receiver(made)
        self._note(tx, made, act, **detail)
        return made

    def _note(self, tx: Transaction, made: Receiver, act: str, **detail: Any) -> None:
        put_down(
            tx, made.organisation, f"receiver {act}", actor=self.who.key, at=self.now,
            ids={"receiver": made.id}, detail=detail,
        )  # fmt: skip


def require_own(who: Caller, receiver: Receiver) -> None:
    """Refuse (`AccessError`) a change of somebody else's receiver by who does not let people in."""
    if receiver.owner != who.key and Scope.MANAGE not in who.scopes:
        raise AccessError("Somebody else answers for this receiver: ask them or an administrator.")


def may_have_pictures(receiver: Receiver) -> bool:
    """Tell whether pictures of the ground may go to a receiver: they give its exact place away."""
    return receiver.channel is Channel.EMAIL and receiver.detail is Detail.EXACT


def _without_pictures(found: Receiver, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return changes that end the pictures too where less is to be told: that is never refused."""
    changed = dataclasses.replace(found, detail=changes.get("detail", found.detail))
    if found.pictures and "pictures" not in changes and not may_have_pictures(changed):
        return {**changes, "pictures": False}
    return changes


def _faults(made: Receiver) -> list[str]:
    quiet = (made.quiet_from, made.quiet_until)
    found = list(faults_of_name(made.name))
    if (quiet[0] is None) != (quiet[1] is None):
        found.append("Quiet hours need a beginning and an end.")
    if any(one is not None and not 0 <= one <= LAST_MINUTE for one in quiet):
        found.append(f"Quiet hours are minutes after midnight, 0 to {LAST_MINUTE}.")
    if not 1 <= made.storm_cap <= MOST_IN_AN_HOUR:
        found.append(f"Messages in an hour are 1 to {MOST_IN_AN_HOUR:,}.")
    if made.scope not in CAP_SCOPES:
        found.append("The scope of CAP is Private or Restricted.")
    if made.pictures and made.channel is not Channel.EMAIL:
        found.append("Pictures go by e-mail only.")
    elif made.pictures and not may_have_pictures(made):
        found.append(
            "A picture shows where the ground is, whatever is said beside it: pictures go only to "
            "who is told everything (detail exact)."
        )
    return found
