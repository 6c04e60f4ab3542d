"""Mail servers on loopback, with certificates made for the test and faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class Mailbox:
    """What a server took, and what it answers to each verb; an empty answer hangs up."""

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if session.ssl is None:
            self.in_clear.append(address)
        envelope.mail_from = address
        self.senders.append(address)
        return await self._said(server, "MAIL") or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answer = await self._said(server, "RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.raw.append(envelope.content)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return await self._said(server, "DATA") or "250 2.0.0 taken as 4711"

    async def _said(self, server: Any, verb: str) -> str:
        answer = self.answers.get(verb, "")
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        if answer == "hang":
            await asyncio.sleep(2)
        return answer


class _Plain(SMTP):
    """A server that knows neither 8BITMIME nor SMTPUTF8, nor what else ESMTP has."""

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        self.session.host_name = hostname
        self.session.extended_smtp = True
        await self.push("250-plain")
        await self.push("250 STARTTLS" if self.tls_context and not self.session.ssl else "250 HELP")


class MailServer(Controller):
    """A server on a free port of loopback."""

    def __init__(self, box: Mailbox, *, plain: bool = False, **options: Any) -> None:
        self._plain = plain
        super().__init__(box, hostname="127.0.0.1", port=0, **options)

    def factory(self) -> SMTP:
        return (_Plain if self._plain else SMTP)(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        """Connect once, as it waits for that: by itself it would try the port 0 it was given."""
        with socket.create_connection(("127.0.0.1", self.listens_on), 5):
            self._factory_invoked.wait(60)

    @property
    def listens_on(self) -> int:
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])


@contextlib.contextmanager
def serving(
    box: Mailbox, authority: trustme.CA, *, name: str = "localhost", implicit: bool = False,
    starttls: bool = True, plain: bool = False, login: bool = False,
    until: datetime | None = None,
) -> Iterator[int]:  # fmt: skip
    """Serve with a certificate for `name`, valid `until` a time; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=until).configure_cert(context)

    def authenticate(server: Any, session: Any, envelope: Any, how: str, data: Any) -> AuthResult:
        box.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    options: dict[str, Any] = {"ssl_context": context} if implicit else {}
    if starttls and not implicit:
        options["tls_context"] = context
    if login:
        options |= {"authenticator": authenticate, "auth_required": True,
                    "auth_require_tls": not implicit}  # fmt: skip
    server = MailServer(box, plain=plain, **options)
    server.start()
    try:
        yield server.listens_on
    finally:
        server.stop()


@contextlib.contextmanager
def dripping(seconds: float) -> Iterator[int]:
    """Listen, and answer a byte at a time, never a whole line; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.sendall(b"220 here\r\n")
                    while not over.wait(seconds):
                        connection.sendall(b"2")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        over.set()
        thread.join(5)


def trusted(authority: trustme.CA, folder: Path) -> Path:
    """Write the authority's certificate into a file."""
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path
