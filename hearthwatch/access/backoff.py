"""How long to wait after wrong passwords: longer each time, and never for ever."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

FREE_OF_A_PERSON = 5
FREE_OF_AN_ADDRESS = 20
"""Wrong passwords until the first wait. Behind one address may be a whole office."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
MOST_ADDRESSES = 10_000


def wait_after(failures: int, free: int = FREE_OF_A_PERSON) -> timedelta | None:
    """Return how long nothing is tried after so many wrong passwords; None for not at all.

    One second after the last free one, then twice as long each time, up to a quarter of an hour.
    """
    if failures < free:
        return None
    # Beyond 2^10 seconds it is the longest anyhow: no number grows without end.
    doubled: int = 2 ** min(failures - free, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


@dataclass(slots=True)
class _Tries:
    failures: int
    last: datetime
    until: datetime | None


class Addresses:
    """Wrong passwords by the address they came from, of this process alone.

    At most `MOST_ADDRESSES` are remembered, the oldest go first; an hour without a wrong password
    is forgiven. A right one forgives nothing: else whoever has an account could guess others'.
    """

    def __init__(self, most: int = MOST_ADDRESSES) -> None:
        self._most = most
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, address: str, now: datetime) -> bool:
        """Count a try as a wrong one before it is made; tell whether it may be made at all."""
        name = _name(address)
        with self._lock:
            found = self._tries.get(name)
            if found is None or now - found.last >= FORGOTTEN_AFTER:
                found = _Tries(0, now, None)
            elif found.until is not None and now < found.until:
                return False
            failures = found.failures + 1
            wait = wait_after(failures, FREE_OF_AN_ADDRESS)
            self._tries[name] = _Tries(failures, now, now + wait if wait else None)
            self._tries.move_to_end(name)
            while len(self._tries) > self._most:
                self._tries.popitem(last=False)
            return True

    def take_back(self, address: str) -> None:
        """Count a try no longer: the password was right."""
        name = _name(address)
        with self._lock:
            found = self._tries.get(name)
            if found is not None:
                found.failures -= 1
                wait = wait_after(found.failures, FREE_OF_AN_ADDRESS)
                found.until = found.last + wait if wait else None

    def __len__(self) -> int:
        return len(self._tries)


def _name(address: str) -> str:
    """Return the part of an address that one household or office has; IPv6 gives out 2^64."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(read) >> 64 << 64)) if read.version == 6 else address
