"""Connections of a library that looks names up by itself: to checked addresses and no others.

What urllib3 opens in a context that is guarded goes where the guard says; Apprise hands the context
on to the threads that it calls from. Elsewhere it connects as it always does.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from urllib3.util import connection

from imagery.net.sockets import Found, dial

Find = Callable[[str, int], list[Found]]
"""``find(host, port)`` gives addresses that may be called; raises OSError where there are none."""


_finding: ContextVar[Find | None] = ContextVar("finding", default=None)
_plain = connection.create_connection


@contextmanager
def guarded(find: Find) -> Iterator[None]:
    """Have all that this context connects to meanwhile found by `find`, and by nothing else."""
    before = _finding.set(find)
    try:
        yield
    finally:
        _finding.reset(before)


def _connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    find = _finding.get()
    if find is None:
        return _plain(address, *args, **kwargs)
    host, port = address
    return dial(find(host.strip("[]").rstrip(".").lower(), port))


# The one place through which each new connection of requests goes. Its own sessions cannot be
# given another: the library makes a new one for every call.
connection.create_connection = _connect
