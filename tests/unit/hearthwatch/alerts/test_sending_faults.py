"""What becomes of a message at a program that fails: from the socket to what is on record."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.pinned import Pinned
from hearthwatch.alerts.webhook import Webhook
from hearthwatch.records import Attempt, AttemptOutcome, Channel, Message, MessageState
from hearthwatch.store import MemoryStore
from tests.support.receiving import Behave, Received, Receiver, answers, drips, found, hangs, sends
from tests.unit.hearthwatch.alerts.desk import VAULT, Desk, event

NAME = "hooks.example"
SOON_S = 0.6
PATIENT_S = 30.0
FAILED, GONE, TAKEN = AttemptOutcome.FAILED, AttemptOutcome.GONE, AttemptOutcome.DELIVERED
Lookup = Callable[[str, int], Sequence[Any]]


def endless(_: Received, connection: socket.socket, closing: threading.Event) -> None:
    """Answer, and then never come to an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    with contextlib.suppress(OSError):
        while not closing.is_set():
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


class Program:
    """A service with one receiver by webhook at a server of the test."""

    def __init__(
        self, server: Receiver, *, scheme: str = "http", trusted: Path | None = None,
        lookup: Lookup | None = None, exchange_s: float = PATIENT_S,
        allowed: tuple[str, ...] = (NAME,),
    ) -> None:  # fmt: skip
        pinned = Pinned(
            Allowed.of(allowed), trusted, lookup=lookup or server.lookup, exchange_s=exchange_s
        )
        self.desk = Desk(MemoryStore())
        self.desk.channels[Channel.WEBHOOK] = Webhook(pinned)  # type: ignore[assignment]
        where = f"{scheme}://{NAME}:{server.port}/s3cr3t"
        self.desk.receiver(sealed=where)
        self.desk.subscribe()
        self.desk.tell(event())

    def tried(self, after: timedelta = timedelta()) -> Attempt:
        """Let the sender try; return what is on record of it, which says nothing of the address."""
        assert self.desk.step(after) == 1
        last = self.desk.store.attempts("ours", self.message.id)[-1]
        for secret in (NAME, "s3cr3t", "127.0.0.1"):
            assert secret not in last.words
        return last

    @property
    def message(self) -> Message:
        (message,) = self.desk.store.messages("ours").items
        return message


@pytest.mark.parametrize(
    ("behave", "outcome", "status", "words"),
    [
        (answers(500), FAILED, 500, "500 Internal Server Error"),
        (answers(404), FAILED, 404, "404 Not Found"),
        (answers(302, "location: /elsewhere"), FAILED, 302, "no redirect is followed"),
        (sends(b""), FAILED, 0, "closed the connection"),
        (sends(b"HTTP/1.1 20"), FAILED, 0, "no answer of HTTP"),
        (answers(410), GONE, 410, "wants no more"),
        (endless, TAKEN, 200, "200 OK"),
    ],
    ids=["500", "404", "redirect", "closes early", "breaks off", "410", "endless body"],
)
def test_an_answer_is_on_record_as_what_it_means(
    behave: Behave, outcome: AttemptOutcome, status: int, words: str
) -> None:
    with Receiver(behave) as server:
        program = Program(server)
        attempt = program.tried()
    assert (attempt.outcome, attempt.status) == (outcome, status)
    assert words in attempt.words
    assert server.connections == 1
    states = {FAILED: MessageState.WAITING, GONE: MessageState.DEAD, TAKEN: MessageState.DELIVERED}
    assert program.message.state is states[outcome]
    disabled = program.desk.store.receiver("ours", "rcv-1").disabled
    assert (disabled is not None) == (outcome is GONE)


@pytest.mark.parametrize(
    "behave", [hangs, drips(b"HTTP/1.1 200 OK\r\nx: y", 0.1)], ids=["hangs", "slow headers"]
)
def test_one_that_takes_its_time_is_left_and_tried_again(behave: Behave) -> None:
    with Receiver(behave) as server:
        program = Program(server, exchange_s=SOON_S)
        attempt = program.tried()
        assert attempt.outcome is FAILED
        assert "in time" in attempt.words
        assert program.tried(timedelta(seconds=6)).sequence == 2
    assert len({one.headers["webhook-id"] for one in server.received}) == 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    yield path


@pytest.mark.parametrize("lie", ["another name", "expired", "unknown authority", "self-signed"])
def test_one_that_lies_about_who_it_is_gets_nothing_until_it_is_repaired(
    lie: str, authority: trustme.CA, trusted: Path, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _certify(context, lie, authority, tmp_path)
    with Receiver(answers(204), context) as server:
        program = Program(server, scheme="https", trusted=trusted)
        attempt = program.tried()
        assert (attempt.outcome, attempt.status) == (FAILED, 0)
        assert server.received == []
    repaired = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(repaired)
    with Receiver(answers(204), repaired) as server:
        program = Program(server, scheme="https", trusted=trusted)
        assert program.tried().outcome is TAKEN


def _certify(context: ssl.SSLContext, lie: str, authority: trustme.CA, folder: Path) -> None:
    if lie == "self-signed":
        alone, path = trustme.CA(), folder / "alone.pem"
        alone.private_key_pem.write_to_path(str(path))
        alone.cert_pem.write_to_path(str(path), append=True)
        context.load_cert_chain(path)
        return
    past = datetime.now(UTC) - timedelta(days=2)
    made = {
        "another name": lambda: authority.issue_cert("other.example"),
        "expired": lambda: authority.issue_cert(NAME, not_after=past),
        "unknown authority": lambda: trustme.CA().issue_cert(NAME),
    }[lie]()
    made.configure_cert(context)


def test_a_name_that_turns_private_at_the_second_look_up_is_not_called_again(
    authority: trustme.CA, trusted: Path
) -> None:
    """At first the name leads to a listed network; then into the network of the service."""
    asked = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    with Receiver(answers(500), context) as server:

        def lookup(host: str, port: int) -> Sequence[Any]:
            asked.append(host)
            return [found("127.0.0.1" if len(asked) == 1 else "10.0.0.7", port)]

        program = Program(
            server, scheme="https", trusted=trusted, lookup=lookup, allowed=("127.0.0.0/8",)
        )
        assert program.tried().status == 500
        second = program.tried(timedelta(seconds=6))
        assert (second.outcome, second.status) == (FAILED, 0)
        assert "not public" in second.words
        assert server.connections == 1
    assert asked == [NAME, NAME]
    assert program.message.state is MessageState.WAITING
    assert VAULT.open(program.desk.store.receiver("ours", "rcv-1")).startswith("https://")
