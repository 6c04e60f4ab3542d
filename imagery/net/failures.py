"""What can go wrong between a request and its answer, before anyone judges the answer."""

from __future__ import annotations

import socket
import ssl
from enum import Enum, auto
from typing import TypeVar

from urllib3.exceptions import (
    HTTPError,
    IncompleteRead,
    InvalidChunkLength,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import (
    TimeoutError as PoolTimeout,
)


class How(Enum):
    """How it went wrong."""

    DOWN = auto()
    """No answer: refused, reset, timed out, not found."""
    CUT = auto()
    """An answer that broke off."""
    CORRUPT = auto()
    """An answer that cannot be decoded."""
    LARGE = auto()
    """An answer larger than allowed."""
    NO_ROOM = auto()
    """An answer for which this machine has not memory enough just now."""
    UNTRUSTED = auto()
    """The server could not show that it is the one."""
    UNSENDABLE = auto()
    """A request that cannot be put on the wire, or a proxy that refuses to carry it."""


class Failed(Exception):
    """One exchange that gave no answer; its words hold no address and no secret.

    Attributes
    ----------
    units : float
        What the provider charged for it all the same.
    """

    def __init__(self, how: How, words: str) -> None:
        super().__init__(words)
        self.how = how
        self.units = 0.0


def explain(error: Exception) -> Failed:
    """Say in our own words what the library met: its words quote addresses."""
    causes = list(_causes(error))
    certificate = _first(causes, ssl.SSLCertVerificationError)
    if certificate is not None:
        return Failed(How.UNTRUSTED, f"its certificate is not accepted ({_why(certificate)})")
    for kinds, how, words in _MEANINGS:
        if _first(causes, *kinds) is not None:
            return Failed(how, words)
    if any("Tunnel connection failed: 407" in str(cause) for cause in causes):
        return Failed(How.UNSENDABLE, "the proxy refuses to carry it (407)")
    if _first(causes, ValueError) is not None and not isinstance(error, (OSError, HTTPError)):
        return Failed(How.UNSENDABLE, "the request holds what no request may")
    return Failed(How.DOWN, "the connection failed")


def _why(error: ssl.SSLCertVerificationError) -> str:
    # What OpenSSL says of a wrong name or address quotes it.
    return "it is for another name" if error.verify_code in (62, 64) else error.verify_message


_E = TypeVar("_E", bound=BaseException)
_Kinds = tuple[type[BaseException], ...]

_MEANINGS: tuple[tuple[_Kinds, How, str], ...] = (
    ((socket.gaierror,), How.DOWN, "its name has no address"),
    ((PoolTimeout, TimeoutError), How.DOWN, "it did not answer in time"),
    ((ConnectionRefusedError,), How.DOWN, "it refused the connection"),
    ((IncompleteRead, InvalidChunkLength), How.CUT, "the answer was cut off"),
    ((ConnectionError,), How.DOWN, "it closed the connection"),
    ((SSLError, ssl.SSLError), How.DOWN, "no encrypted connection came about"),
    ((ProtocolError,), How.CUT, "the answer was cut off or is not one"),
)


def _causes(error: BaseException) -> list[BaseException]:
    """Return `error` and what it was made of."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found and len(found) < 20:
            found.append(one)
            waiting += [*one.args, one.__cause__, one.__context__]
    return found


def _first(causes: list[BaseException], *kinds: type[_E]) -> _E | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)
