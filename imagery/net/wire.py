"""One request, one answer: no retries, no redirects, no opinion."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import HTTPError

from imagery.net.address import Address, is_loopback
from imagery.net.body import PIECE, read_whole, too_large
from imagery.net.failures import Failed, How, explain
from imagery.net.patience import Patience
from imagery.net.sockets import open_pools, within
from imagery.net.types import Account, Deadline

MOST_OF_AN_ERROR = 65536
"""Bytes read of an answer that is not a success."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request; `units` is what the provider said it charged."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received: datetime
    units: float

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Wire:
    """Connections of one process to what one account may ask; shared by its threads."""

    def __init__(self, account: Account, patience: Patience) -> None:
        self._account = account
        self._patience = patience
        self._lock = threading.Lock()
        self._pools: dict[tuple[int, bool], PoolManager] = {}

    def ask(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
        most_bytes: int,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        Raises
        ------
        Failed
            If there is no whole answer before the deadline.
        """
        failure: Failed | None = None
        units = 0.0
        try:
            with within(deadline, self._patience), _kept_private(address.private):
                response = self._pools_for(address).urlopen(
                    method,
                    address.url,
                    body=body,
                    headers=_with_encoding(headers),
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                )
                units = _charged(response.headers.get("x-processingunits-spent"))
                return _answer(method, response, units, most_bytes)
        except Failed as error:
            failure = error
        except MemoryError:
            failure = Failed(How.NO_ROOM, "there is not memory enough for the answer")
        except (HTTPError, OSError, ValueError) as error:
            failure = explain(error)
        # Outside the handler, so that the library's own error, which quotes the address, is not
        # carried along in the traceback.
        failure.units = units
        raise failure

    def close(self) -> None:
        """Close all connections that nobody uses just now."""
        with self._lock:
            for pools in self._pools.values():
                pools.clear()
            self._pools.clear()

    def _pools_for(self, address: Address) -> PoolManager:
        # A proxy is for other machines; and a forked child must not write to its parent's sockets.
        host = address.origin.partition("://")[2].rpartition(":")[0]
        direct = self._account.proxy is None or (
            is_loopback(host) and address.origin.startswith("http://")
        )
        with self._lock:
            key = os.getpid(), direct
            if key not in self._pools:
                self._pools[key] = open_pools(self._account, direct)
            return self._pools[key]


def _answer(method: str, response: BaseHTTPResponse, units: float, most_bytes: int) -> Answer:
    done = False
    try:
        headers = {name.lower(): value for name, value in response.headers.items()}
        success = 200 <= response.status < 300
        if method == "HEAD":
            body = b""
        elif success:
            body = _body(response, headers, most_bytes)
        else:
            body = _beginning(response, headers)
        done = True
        return Answer(response.status, headers, body, datetime.now(UTC), units)
    finally:
        if not done or not response.closed:
            # What is left unread must not be taken for the next answer.
            response.close()
        response.release_conn()


def _body(response: BaseHTTPResponse, headers: Mapping[str, str], most_bytes: int) -> bytes:
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > most_bytes:
        raise too_large(most_bytes)
    pieces = response.stream(PIECE, decode_content=False)
    return read_whole(pieces, headers.get("content-encoding", ""), most_bytes)


def _beginning(response: BaseHTTPResponse, headers: Mapping[str, str]) -> bytes:
    """Return what can be had of an error's text; its status says the most."""
    try:
        return _body(response, headers, MOST_OF_AN_ERROR)
    except (Failed, HTTPError, OSError, ValueError):
        return b""


def _with_encoding(headers: Mapping[str, str]) -> dict[str, str]:
    """Ask for packed answers, but never for a piece of a packed one."""
    ranged = any(name.lower() == "range" for name in headers)
    return {"accept-encoding": "identity" if ranged else "gzip", **headers}


def _charged(header: str | None) -> float:
    try:
        units = float(header or 0.0)
    except ValueError:
        return 0.0
    return units if math.isfinite(units) and units > 0.0 else 0.0


_is_private: ContextVar[bool] = ContextVar("is_private", default=False)


@contextmanager
def _kept_private(private: bool) -> Iterator[None]:
    """Keep paths out of the library's log within a block, if the address is private."""
    before = _is_private.set(private)
    try:
        yield
    finally:
        _is_private.reset(before)


class _WithoutQueries(logging.Filter):
    """Keeps queries out of the library's own log, and all of a path that is a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_shown, record.args))
        return True


def _shown(arg: object) -> object:
    if not isinstance(arg, str):
        return arg
    if _is_private.get() and "/" in arg and not arg.startswith("HTTP/"):
        return "/[hidden]"
    return arg.partition("?")[0]


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQueries())
