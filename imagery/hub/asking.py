"""Asking within one deadline, and keeping count of what it takes."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar

from imagery.errors import ImageryError
from imagery.net.types import Deadline, Reply, Request
from imagery.types import Cost

UNITS_HEADER = "x-processingunits-spent"

Parsed = TypeVar("Parsed")


class Sender(Protocol):
    """What is asked of :class:`imagery.net.transport.Transport`."""

    def send(
        self, request: Request, deadline: Deadline, check: Callable[[Reply], object] | None = None
    ) -> Reply:
        """Send until an answer passes `check`."""
        ...


class Exchange:
    """The questions of one read.

    Attributes
    ----------
    requests, units, bytes : int, float, int
        Sent, spent and received so far: also for answers that were of no use.
    clock_ahead : timedelta or None
        How far this machine's clock was ahead of the server's at the last good answer; None where
        that had no date.
    """

    def __init__(self, sender: Sender, deadline: Deadline) -> None:
        self.deadline = deadline
        self.requests = 0
        self.units = 0.0
        self.bytes = 0
        self.clock_ahead: timedelta | None = None
        self._sender = sender

    @property
    def cost(self) -> Cost:
        """What was sent, spent and received so far."""
        return Cost(self.requests, self.units, self.bytes)

    def ask(self, request: Request, parse: Callable[[Reply], Parsed]) -> tuple[Parsed, Reply]:
        """Return what `parse` makes of the answer, and the answer.

        An answer of which `parse` raises `IntegrityError` is thrown away and asked for again.
        """
        held: list[Parsed] = []
        charged = 0.0

        def check(reply: Reply) -> None:
            nonlocal charged
            charged += units_of(reply, request)
            self.bytes += len(reply.body)
            held[:] = [parse(reply)]

        try:
            reply = self._sender.send(request, self.deadline, check)
        except ImageryError as error:
            self.requests += error.requests
            # The transport also knows what was charged for answers that were not worth a look.
            self.units += max(charged, error.units)
            raise
        self.requests += reply.requests
        self.units += max(charged, reply.units)
        self.clock_ahead = _clock_ahead(reply)
        return held[0], reply

    def charge(self, error: ImageryError) -> None:
        """Write on `error` all that was sent and spent."""
        error.requests, error.units = self.requests, self.units


class Tally:
    """What was asked beside reads and has not been accounted for yet.

    Thread-safe. A pickle takes none of it along: each count is of one process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cost = Cost(0, 0.0, 0)

    def __reduce__(self) -> tuple[type[Tally], tuple[Any, ...]]:
        return Tally, ()

    def add(self, cost: Cost) -> None:
        """Count what one more exchange took."""
        with self._lock:
            held = self._cost
            self._cost = Cost(
                held.requests + cost.requests, held.units + cost.units, held.bytes + cost.bytes
            )

    def take(self) -> Cost:
        """Return what was counted, and begin anew."""
        with self._lock:
            held, self._cost = self._cost, Cost(0, 0.0, 0)
        return held


def units_of(reply: Reply, request: Request) -> float:
    """Return what an answer cost; what it was thought to where it does not say."""
    try:
        units = float(reply.headers.get(UNITS_HEADER, "nan"))
    except ValueError:
        units = math.nan
    return units if math.isfinite(units) and units >= 0.0 else request.units


def _clock_ahead(reply: Reply) -> timedelta | None:
    """Return how far our clock is ahead of the date that an answer bears."""
    try:
        said = parsedate_to_datetime(reply.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    # A date without a zone, which the standard forbids, is meant in UTC.
    return reply.received - (said if said.tzinfo else said.replace(tzinfo=UTC))
