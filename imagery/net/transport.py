"""Asking servers: paced, bounded in time and size, and by addresses that were allowed beforehand.

One call of :meth:`Transport.send` is one thing wanted. It is asked for until it comes whole, or
until there is no use or no time to ask again; it ends with a reply or with one of the five errors.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from imagery.errors import ImageryError, IntegrityError, Permanent, Transient
from imagery.net.address import Address, allowed
from imagery.net.breaker import Breaker
from imagery.net.failures import Failed, How
from imagery.net.gate import Gate
from imagery.net.patience import Patience
from imagery.net.shared import folder_of
from imagery.net.token_file import SharedToken, Token
from imagery.net.types import Account, Deadline, Reply, Request
from imagery.net.verdict import Again, of_failure, of_refusal
from imagery.net.wire import Answer, Wire

Check = Callable[[Reply], object]

NOTE_S = 1.0
"""Seconds at most for telling the others how it went, whatever the call has left."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """What one call has taken so far."""

    deadline: Deadline
    requests: int = 0
    units: float = 0.0
    useless: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the threads of a process share."""

    wire: Wire
    gate: Gate
    token: SharedToken


class Transport:
    """Sends requests of one account.

    Picklable and thread-safe; the constructor does no I/O. A pickle holds the account and no
    secret, no connection and no lock.

    Parameters
    ----------
    account : Account
    patience : Patience, optional
        How long to wait for what.
    """

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self.account = account
        self.patience = patience or Patience()
        self._lock = threading.Lock()
        self._made: _Parts | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"account": self.account, "patience": self.patience}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Transport.__init__(self, state["account"], state["patience"])

    def close(self) -> None:
        """Close idle connections; the next call opens new ones."""
        with self._lock:
            if self._made is not None:
                self._made.wire.close()

    def send(self, request: Request, deadline: Deadline, check: Check | None = None) -> Reply:
        """Ask until an answer comes that is good.

        Parameters
        ----------
        request : Request
            Must be safe to send twice: an answer may be lost after the server has acted.
        deadline : Deadline
            Nothing is waited for after it.
        check : callable, optional
            Looks at the reply. With `IntegrityError` it is thrown away and asked for again, a few
            times; whatever else it raises is passed on.

        Returns
        -------
        Reply
            With a status of 2xx.

        Raises
        ------
        ImageryError
            One of the five, with `requests` and `units` set to what was sent and charged.
        """
        call = _Call(deadline)
        try:
            return self._send(request, call, check)
        except ImageryError as error:
            error.requests = call.requests
            error.units = call.units
            raise

    def _send(self, request: Request, call: _Call, check: Check | None) -> Reply:
        address = allowed(request.url, self.account.origins, request.private_url)
        parts = self._parts()
        breaker = Breaker(folder_of(self.account), address.origin, lane=request.lane)
        tried = 0
        while True:
            tried += 1
            outcome = self._ask(parts, breaker, request, address, call, check)
            if isinstance(outcome, Reply):
                return outcome
            if tried >= self.patience.tries or breaker.is_open(Deadline.after(NOTE_S)):
                raise outcome.error
            _log.info("%s; asking again", outcome.error)
            self._wait(parts, outcome, tried, call.deadline)

    def _ask(
        self,
        parts: _Parts,
        breaker: Breaker,
        request: Request,
        address: Address,
        call: _Call,
        check: Check | None,
    ) -> Reply | Again:
        """Ask once."""
        call.deadline.require(0.0, f"ask {address.shown}")
        breaker.look(call.deadline)
        token = parts.token.get(call.deadline) if request.authorised else None
        parts.gate.wait(request.units, call.deadline)
        breaker.enter(call.deadline)
        given = call.deadline.left()
        outcome = _exchange(parts.wire, request, address, token, call)
        if not _is_down(outcome):
            breaker.worked()
        elif call.deadline.left() > 0.0 or given >= self.patience.read_s:
            # Who had no time for an answer cannot say that there would have been none.
            breaker.failed(Deadline.after(NOTE_S))
        if isinstance(outcome, Failed):
            return self._useless(of_failure(outcome, address), call)
        if outcome.is_success:
            return self._useless(_judged(request, outcome, address, call, check), call)
        if outcome.status == 401 and token is not None:
            return _refused_token(parts, token, address, call)
        return of_refusal(_without(outcome, token), address, self.account)

    def _useless(self, outcome: Reply | Again, call: _Call) -> Reply | Again:
        """Count answers that are no good: each may have been charged."""
        if isinstance(outcome, Again) and isinstance(outcome.error, IntegrityError):
            call.useless += 1
            if call.useless >= self.patience.good_tries:
                raise outcome.error
        return outcome

    def _wait(self, parts: _Parts, again: Again, tried: int, deadline: Deadline) -> None:
        """Wait as long as is due, if there is the time."""
        if again.wait == "no":
            return
        seconds = max(again.asked_s, self.patience.back_off(tried))
        if again.wait == "hold":
            parts.gate.hold(seconds, Deadline.after(NOTE_S))
        if seconds >= deadline.left():
            raise again.error
        if again.wait == "back off":
            self.patience.sleep(seconds)

    def _parts(self) -> _Parts:
        with self._lock:
            if self._made is None:
                folder = folder_of(self.account)
                self._made = _Parts(
                    Wire(self.account, self.patience),
                    Gate(self.account, folder, self.patience),
                    SharedToken(folder, self.account.name, self.patience),
                )
            return self._made


def _exchange(
    wire: Wire, request: Request, address: Address, token: Token | None, call: _Call
) -> Answer | Failed:
    headers = dict(request.headers)
    if token is not None:
        headers["authorization"] = f"Bearer {token.value}"
    call.requests += 1
    outcome: Answer | Failed
    try:
        outcome = wire.ask(
            request.method, address, headers, request.body, call.deadline, request.most_bytes
        )
    except Failed as failed:
        outcome = failed
    call.units += outcome.units
    return outcome


def _without(answer: Answer, token: Token | None) -> Answer:
    """Return what was answered without the token: some servers repeat what they were sent."""
    if token is None:
        return answer
    return replace(answer, body=answer.body.replace(token.value.encode(), b"[hidden]"))


def _is_down(outcome: Answer | Failed) -> bool:
    if isinstance(outcome, Failed):
        return outcome.how in (How.DOWN, How.CUT, How.UNTRUSTED)
    return outcome.status >= 500


def _judged(
    request: Request, answer: Answer, address: Address, call: _Call, check: Check | None
) -> Reply | Again:
    """Return the reply if it is good."""
    if answer.status == 200 and not answer.body and request.method != "HEAD":
        return Again(IntegrityError(f"{address.shown} answered with nothing"))
    reply = Reply(
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        sha256=hashlib.sha256(answer.body).hexdigest(),
        received=answer.received,
        requests=call.requests,
        units=call.units,
    )
    if check is not None:
        try:
            check(reply)
        except IntegrityError as error:
            return Again(error)
    return reply


def _refused_token(parts: _Parts, token: Token, address: Address, call: _Call) -> Again:
    """Have the token replaced once; a second one that is refused means something else is wrong."""
    if call.refused:
        raise Permanent(f"{address.shown} refuses the account's token, and the next one too (401)")
    call.refused = True
    parts.token.refuse(token)
    return Again(Transient(f"{address.shown} refused the account's token (401)"), "no")
