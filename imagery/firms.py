"""Heat from the area interface of NASA's FIRMS: whole squares of ground, a few days at a time.

The key stands in the address. So every request is private: neither errors nor logs say of it more
than the host, and what the server answers is never quoted.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from imagery.discretion import Bounds, widened
from imagery.errors import IntegrityError, Permanent, QuotaExhausted, Transient
from imagery.firms_table import MOST_BYTES, HeatPixel, has_header, read_table
from imagery.net.credentials import Key
from imagery.net.transport import Check, Transport
from imagery.net.types import Account, Deadline, Reply, Request
from imagery.stacapi.pages import Sender, origin

KEY = "map_key"
"""What the key is called in its file."""
MOST_DAYS = 5
"""Of one request. Older texts of the service say ten; five are taken everywhere."""
QUOTA_PERIOD = timedelta(minutes=10)
REQUESTS_PER_MINUTE = 240.0
"""The key allows 5,000 transactions in ten minutes; a wide or long request counts as several."""
SECONDS = 120.0
"""Time for one request, with all its repeats."""

_SOURCE = re.compile(r"^(VIIRS|MODIS)(_[A-Z0-9]+)*_(NRT|SP)$")
_LIMIT = re.compile(r"(?i)transaction limit|exceed\w* allowed|quota")
_REFUSED = re.compile(
    r"(?i)invalid (map_?key|api call|api key|source|area|day|date)|unauthori[sz]ed"
)


@dataclass(frozen=True, slots=True)
class HeatTable:
    """One answer: all heat that a source lists of some squares on some days.

    Attributes
    ----------
    area : tuple of float
        West, south, east, north, CRS84: whole squares.
    first, last : date
        UTC days, both included.
    """

    source: str
    area: Bounds
    first: date
    last: date
    pixels: tuple[HeatPixel, ...]
    sha256: str
    received: datetime


class Firms:
    """Asks the area interface; picklable, and shows no key.

    Parameters
    ----------
    url : str
        Of the service, without ``/api``.
    shared : Path
        Folder that all workers see, for pacing.
    credentials : Path
        File that only its owner can read, JSON or TOML, with ``map_key``.
    certificates : Path, optional
        Certificates to trust instead of the system's.
    transport : callable
        Makes of an account what sends requests.
    """

    def __init__(
        self,
        url: str,
        shared: Path,
        credentials: Path,
        certificates: Path | None = None,
        transport: Callable[[Account], Sender] = Transport,
    ) -> None:
        self.url = url.rstrip("/")
        self.credentials = Path(credentials)
        self.account = Account(
            name="firms",
            origins=(origin(url),),
            shared=Path(shared),
            requests_per_minute=REQUESTS_PER_MINUTE,
            certificates=certificates,
        )
        self._transport = transport
        self._sender: Sender | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Firms({origin(self.url)!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_sender", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _sender=None, _lock=threading.Lock())

    def tables(
        self, sources: Sequence[str], ground: Sequence[Bounds], first: date, last: date
    ) -> Iterator[HeatTable]:
        """Yield all heat that sources list of some ground, source by source, oldest days first.

        Parameters
        ----------
        sources : sequence of str
            Such as ``VIIRS_NOAA20_NRT``.
        ground : sequence of tuple of float
            West, south, east, north, CRS84. What is asked for is coarser: whole squares.
        first, last : date
            UTC days, both included.

        Raises
        ------
        Permanent
            If the key is refused or cannot be read, or a source has no such name.
        QuotaExhausted
            If the key has no transactions left; they come back within minutes.
        IntegrityError
            If what comes is no table, is cut off, or speaks of other ground or days.
        ImageryError
            As the transport does.
        """
        key = Key.read(self.credentials, KEY)
        areas = asked_areas(ground)
        for source in sources:
            if not _SOURCE.match(source):
                raise Permanent(f"{source!r} is no source of heat")
            for begin, end in spans(first, last):
                for area in areas:
                    yield self._table(key, source, area, begin, end)

    def _table(self, key: Key, source: str, area: Bounds, first: date, last: date) -> HeatTable:
        days = (last - first).days + 1
        box = ",".join(f"{edge:g}" for edge in area)
        # The path is the key's, so nothing may show it.
        path = f"api/area/csv/{key.value}/{source}/{box}/{days}/{first.isoformat()}"
        request = Request("GET", f"{self.url}/{path}", most_bytes=MOST_BYTES, private_url=True)
        reply = self._send(request, _is_table(area, first, last))
        pixels = read_table(reply.body)
        return HeatTable(source, area, first, last, pixels, reply.sha256, reply.received)

    def _send(self, request: Request, check: Check) -> Reply:
        with self._lock:
            if self._sender is None:
                self._sender = self._transport(self.account)
            sender = self._sender
        try:
            return sender.send(request, Deadline.after(SECONDS), check)
        except QuotaExhausted as error:
            # The transport knows of monthly quotas only.
            error.until = datetime.now(UTC) + QUOTA_PERIOD
            raise


def asked_areas(ground: Sequence[Bounds]) -> tuple[Bounds, ...]:
    """Return the squares that are asked for, in place of the ground itself; none is in another.

    Boxes that overlap are joined, for heat is not to be paid for twice.
    """
    areas = [widened(one) for one in ground]
    joined = True
    while joined:
        joined = False
        for i, one in enumerate(areas):
            for j in range(i + 1, len(areas)):
                if _overlap(one, areas[j]):
                    areas[i] = _both(one, areas.pop(j))
                    joined = True
                    break
            if joined:
                break
    return tuple(sorted(areas))


def spans(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield stretches of at most `MOST_DAYS` that together are all days from `first` to `last`."""
    while first <= last:
        end = min(first + timedelta(days=MOST_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def _overlap(one: Bounds, other: Bounds) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _both(one: Bounds, other: Bounds) -> Bounds:
    return (
        min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
    )  # fmt: skip


def _is_table(area: Bounds, first: date, last: date) -> Check:
    """Return what refuses an answer that is no table of what was asked for."""

    def check(reply: Reply) -> None:
        if not has_header(reply.body):
            _refuse(reply.body)
        for one in read_table(reply.body):
            if not _inside(one, area) or not first <= one.sensed.date() <= last:
                raise IntegrityError("a table of heat speaks of other ground or days than asked")

    return check


def _refuse(body: bytes) -> None:
    """Say what an answer is that stands where a table should; its words are not shown."""
    said = body[:4096].decode("utf-8", "replace")
    if _LIMIT.search(said):
        raise QuotaExhausted("FIRMS: the key's transactions are used up for some minutes")
    if _REFUSED.search(said):
        raise Permanent("FIRMS refuses the key, or does not know what it was asked for")
    if re.search(r"(?i)maintenance|unavailable|try again", said):
        raise Transient("FIRMS is out of service for a while")
    raise IntegrityError("FIRMS answered with something that is no table of heat")


def _inside(one: HeatPixel, area: Bounds) -> bool:
    west, south, east, north = area
    slack = 0.01
    return west - slack <= one.lon <= east + slack and south - slack <= one.lat <= north + slack
