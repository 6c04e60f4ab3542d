"""Connections that never outlast the deadline of the call they serve.

A timeout of a socket is per piece: a server that sends one byte now and then never trips it. Here
every piece is given what is left of the whole call at most, in headers and body alike.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from urllib3 import PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from imagery.errors import Permanent
from imagery.net.patience import Patience
from imagery.net.types import Account, Deadline

CONNECTIONS = 16
"""Kept per origin and process; more are closed after use."""


class _Call(threading.local):
    """The call that this thread is in."""

    until: float = float("inf")
    connect_s: float = 5.0
    piece_s: float = 15.0


_call = _Call()

Found = tuple[Any, ...]
"""One address of a name, as `socket.getaddrinfo` gives it."""


@contextmanager
def within(deadline: Deadline, patience: Patience) -> Iterator[None]:
    """Give every wait of this thread's connections what the call leaves it."""
    _call.until = deadline.at
    _call.connect_s, _call.piece_s = patience.connect_s, patience.read_s
    try:
        yield
    finally:
        _call.until = float("inf")


def open_pools(account: Account, direct: bool) -> PoolManager:
    """Return pools of connections that trust what `account` says and never wait too long.

    Parameters
    ----------
    direct : bool
        Whether not to go through the account's proxy.

    Raises
    ------
    Permanent
        If the account's certificates or its proxy's address cannot be used.
    """
    context = _context(account)
    if direct or account.proxy is None:
        pools = PoolManager(maxsize=CONNECTIONS, ssl_context=context)
    else:
        pools = ProxyManager(_proxy(account.proxy), maxsize=CONNECTIONS, ssl_context=context)
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pools


def _proxy(address: str) -> str:
    parsed = urlsplit(address)
    if parsed.scheme != "http" or not parsed.hostname or "@" in parsed.netloc:
        raise Permanent("a proxy is given as http://host:port, without a password")
    return address


def _context(account: Account) -> ssl.SSLContext:
    try:
        return tls_context(account.certificates)
    except (OSError, ssl.SSLError) as error:
        raise Permanent(
            f"the certificates of the account {account.name} cannot be read: {error.strerror}"
        ) from error


def tls_context(certificates: Path | None) -> ssl.SSLContext:
    """Return what makes encrypted connections that keep to the deadline of the call.

    Parameters
    ----------
    certificates : Path or None
        Certificates to trust instead of the system's.

    Raises
    ------
    OSError
        If they cannot be read; `ssl.SSLError`, which is one, if they are none.
    """
    context = ssl.create_default_context(cafile=certificates)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _TlsSocket
    return context


def _seconds(most: float) -> float:
    left = _call.until - time.monotonic()
    if left <= 0.0:
        raise TimeoutError("the deadline has passed")
    return min(most, left)


class _Socket(socket.socket):
    """A plain connection."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_seconds(_call.piece_s))
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_seconds(_call.piece_s))
        super().sendall(*args, **kwargs)


class _TlsSocket(ssl.SSLSocket):
    """An encrypted connection."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_seconds(_call.piece_s))
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_seconds(_call.piece_s))
        return super().send(*args, **kwargs)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _reach(self.host, self.port or 80)


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _reach(self.host, self.port or 443)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _reach(host: str, port: int) -> socket.socket:
    until = time.monotonic() + _seconds(_call.connect_s)
    return dial(resolve(host, port), until)


def dial(found: Sequence[Found], until: float = float("inf")) -> socket.socket:
    """Connect to the first address that answers, all within the time to connect.

    Parameters
    ----------
    until : float
        Moment of the monotonic clock after which none is tried any more.

    Raises
    ------
    OSError
        If none answers; of the last that was tried.
    """
    until = min(until, time.monotonic() + _seconds(_call.connect_s))
    failure: OSError = OSError("the name has no address")
    for rank, one in enumerate(found):
        # One that is silent leaves the others their share.
        share = (until - time.monotonic()) / (len(found) - rank)
        try:
            return _connected(one, share, until)
        except OSError as error:
            failure = error
    raise failure


def _connected(one: Found, seconds: float, until: float) -> socket.socket:
    family, kind, protocol, _, address = one
    sock = _Socket(family, kind, protocol)
    try:
        sock.settimeout(max(0.001, seconds))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
        # A handshake follows, and has what is left.
        sock.settimeout(max(0.001, until - time.monotonic()))
    except BaseException:
        sock.close()
        raise
    return sock


def resolve(host: str, port: int) -> list[Found]:
    """Look a name up in a thread of its own: the system's own wait cannot be cut short.

    Raises
    ------
    OSError
        If it has no address, or none was found in the time to connect.
    """
    host = host.strip("[]")
    found: list[Found] = []
    failed: list[OSError] = []

    def look() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError:
            failed.append(socket.gaierror("no name a machine can have"))

    thread = threading.Thread(target=look, daemon=True, name="resolve")
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError("no thread can be started") from error
    thread.join(_seconds(_call.connect_s))
    if failed:
        raise failed[0]
    if thread.is_alive():
        raise TimeoutError("the name was not resolved in time")
    return found
