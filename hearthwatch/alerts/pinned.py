"""One POST to an address that nobody vouches for.

The name is looked up at every attempt, every address it has is checked, and the connection goes to
an address that was checked and to no other: a name that has a public address when it is checked and
a private one when it is called leads nowhere. Nothing is followed, nothing is unpacked, nothing of
the environment is used, and no error says where it was sent.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from hearthwatch.alerts.allowed import Allowed, as_address, is_name
from hearthwatch.alerts.channel import DeliveryFailed
from hearthwatch.errors import AlertError
from imagery.net.failures import explain
from imagery.net.patience import Patience
from imagery.net.retry_after import seconds_to_wait
from imagery.net.sockets import Found, dial, resolve, tls_context, within
from imagery.net.types import Deadline

EXCHANGE_S = 10.0
"""Seconds for all of one attempt: looking up, connecting, sending, hearing the answer."""

MOST_SENT = 256 * 1024
"""Bytes of a body at most."""

MOST_READ = 64 * 1024
"""Bytes of an answer's body that are read; the rest is left unread."""

LONGEST_HINT_S = 86400.0
"""Seconds of ``Retry-After`` at most; more is taken for this."""

MOST_ADDRESS = 2000
"""Characters of an address at most."""

Lookup = Callable[[str, int], Sequence[Found]]
"""``lookup(host, port)`` as `socket.getaddrinfo` answers for streams; raises OSError."""

_PIECE = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: its status, and the seconds to wait where it asks for that."""

    status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """An address taken apart; `host` is in lower case and without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    written: str


class Pinned:
    """Sends to addresses that receivers gave.

    Parameters
    ----------
    allowed : Allowed
        What may be called that is not public.
    certificates : Path, optional
        Certificates to trust instead of the system's.
    lookup : callable, optional
        How names are looked up.
    exchange_s : float
        Seconds for all of one attempt.

    Raises
    ------
    AlertError
        The certificates cannot be read.
    """

    def __init__(
        self,
        allowed: Allowed,
        certificates: Path | None = None,
        *,
        lookup: Lookup = resolve,
        exchange_s: float = EXCHANGE_S,
    ) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._exchange_s = exchange_s
        self._patience = Patience(connect_s=exchange_s / 2.0, read_s=exchange_s)
        try:
            self._context = tls_context(certificates)
        except OSError as error:
            raise AlertError(
                f"the certificates that receivers are trusted by cannot be read: {error.strerror}"
            ) from error

    def check(self, address: str) -> str:
        """Return an address in its usual form; the name is not looked up.

        Raises
        ------
        AlertError
            It may not be called, or is none; says why, without the address.
        """
        return self._target(address).written

    def post(self, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send `body` and return what the other side answered, whatever its status.

        Raises
        ------
        DeliveryFailed
            There is no answer, or it may not be sent there.
        """
        if len(body) > MOST_SENT:
            raise DeliveryFailed("the message is larger than may be sent", retryable=False)
        failure = DeliveryFailed("")
        try:
            with within(Deadline.after(self._exchange_s), self._patience):
                return self._exchange(self._target(address), headers, body)
        except AlertError as error:
            # The operator may list it while the message waits.
            failure = DeliveryFailed(error.message)
        except DeliveryFailed as error:
            failure = error
        except (HTTPError, OSError, ValueError, HTTPException) as error:
            failure = DeliveryFailed(_words(error))
        # Outside the handler: what the libraries raise may quote the address.
        raise failure

    def _exchange(self, target: _Target, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = self._connection(target, self._checked(target))
        try:
            # Who answers before all is sent may close for reading: the answer counts.
            with suppress(BrokenPipeError):
                connection.request(
                    "POST",
                    target.path,
                    body=body,
                    headers={"accept-encoding": "identity", "connection": "close", **headers},
                    preload_content=False,
                    decode_content=False,
                )
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def _checked(self, target: _Target) -> Sequence[Found]:
        """Return the addresses of a name, now, all of which may be called."""
        literal = as_address(target.host) is not None
        found = (resolve if literal else self._lookup)(target.host, target.port)
        for *_, address in found:
            if not self._allowed.permits(target.host, ip_address(address[0])):
                raise DeliveryFailed(_NOT_PUBLIC)
        return found

    def _connection(self, target: _Target, found: Sequence[Found]) -> HTTPConnection:
        if target.scheme == "https":
            return _PinnedTls(target.host, target.port, found=found, ssl_context=self._context)
        return _PinnedPlain(target.host, target.port, found=found)

    def _target(self, address: str) -> _Target:
        parsed = _parsed(address)
        host = (parsed.host or "").strip("[]").rstrip(".")
        scheme, literal = parsed.scheme or "", as_address(host)
        host = host if literal is None else str(literal)
        if scheme not in ("https", "http") or not host:
            raise AlertError("an address to send to begins with https:// and names a host")
        if parsed.auth is not None:
            raise AlertError(
                "an address to send to may hold no user name and no password: messages are signed "
                "instead"
            )
        if (literal is None and not is_name(host)) or parsed.port == 0:
            raise AlertError("the host or the port of the address is none that can be called")
        if literal is not None and not self._allowed.permits(host, literal):
            raise AlertError(_NOT_PUBLIC)
        if scheme == "http" and not self._allowed.permits_plain(host):
            raise AlertError(
                "the address must begin with https://: without encryption messages go only to "
                "hosts that the operator lists"
            )
        return _target_of(scheme, host, parsed)


_NOT_PUBLIC = (
    "the host has an address that is not public, and it is not on the operator's list of what may "
    "be called all the same"
)


def _target_of(scheme: str, host: str, parsed: Url) -> _Target:
    usual = {"https": 443, "http": 80}[scheme]
    port = parsed.port or usual
    shown = f"[{host}]" if ":" in host else host
    path = parsed.request_uri
    written = f"{scheme}://{shown}{'' if port == usual else f':{port}'}{path}"
    return _Target(scheme, host, port, path, written)


def _parsed(address: str) -> Url:
    if len(address) > MOST_ADDRESS or any(c <= " " or c in "\\\x7f" for c in address):
        raise AlertError("the address is too long or holds characters that none may have")
    # The parser of the library that connects: two parsers can differ on where a host ends.
    with suppress(LocationParseError):
        return parse_url(address)
    raise AlertError("the address cannot be understood")


class _PinnedPlain(HTTPConnection):
    """Connects to addresses that were checked, whatever the name has become since."""

    def __init__(self, host: str, port: int, *, found: Sequence[Found]) -> None:
        super().__init__(host, port)
        self._found = found

    def _new_conn(self) -> socket.socket:
        return dial(self._found)


class _PinnedTls(HTTPSConnection):
    """The same, encrypted: asks for the name, and the certificate must be of that name."""

    def __init__(self, host: str, port: int, *, found: Sequence[Found], ssl_context: object):
        super().__init__(host, port, ssl_context=ssl_context)  # type: ignore[arg-type]
        self._found = found

    def _new_conn(self) -> socket.socket:
        return dial(self._found)


def _answer(response: BaseHTTPResponse) -> Answer:
    """Return the answer; once its head is here, nothing that follows changes it."""
    header, date = response.headers.get("retry-after"), response.headers.get("date")
    with suppress(HTTPError, HTTPException, OSError, ValueError):
        # A server may undo what it did if we hang up on it too soon.
        read = 0
        while read < MOST_READ and (piece := response.read(_PIECE, decode_content=False)):
            read += len(piece)
    return Answer(response.status, seconds_to_wait(header, "s", date, LONGEST_HINT_S))


def _words(error: Exception) -> str:
    if isinstance(error, HTTPException) and not isinstance(error, OSError):
        return "what came back is no answer of HTTP"
    return str(explain(error))


class _WithoutAddress(logging.Filter):
    """Keeps what the library logs of an answer's broken headers from saying whose they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = "An answer has headers that cannot be read", ()
        record.exc_info = record.exc_text = None
        return True


logging.getLogger("urllib3.connection").addFilter(_WithoutAddress())
