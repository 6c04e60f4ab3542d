"""Pacing: all who share an account keep to its limits together.

The generic cell rate algorithm (ITU-T I.371, annex A): how far the account's limit is used up is
kept in seconds, for requests and for provider units. Who asks takes the next place in the queue and
waits for it. Only one small file is shared, and only its file system's clock counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imagery.errors import Permanent, Transient
from imagery.net.patience import Patience
from imagery.net.retry_after import LONGEST_S
from imagery.net.shared import Clock, State, file_system_clock, locked
from imagery.net.types import Account, Deadline

SHARE = 0.97
"""Of a limit that is used: what leaves here evenly arrives a little unevenly. For the same reason
requests never leave in a burst."""
UNITS_BURST_S = 3.0
"""Seconds' worth of provider units that may be used at once after a pause."""
GRAIN_S = 0.01
"""File systems stamp in steps of up to a hundredth of a second: never come back a step too soon."""
MOST_AHEAD_S = 600.0
"""Longest queue in seconds; a file that says more is wrong."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What an account allows, in seconds: for one request, and for one provider unit."""

    request_s: float
    unit_s: float

    @classmethod
    def of(cls, account: Account) -> Pace:
        """Return the pace of `account`; an infinite limit means none.

        Raises
        ------
        Permanent
            If a limit is not above zero.
        """
        per_minute = account.requests_per_minute, account.units_per_minute
        if not all(limit > 0 for limit in per_minute):
            raise Permanent(f"the account {account.name} allows nothing: its limit must be above 0")
        requests, units = (60.0 / (SHARE * limit) for limit in per_minute)
        return cls(requests, units)


@dataclass(frozen=True, slots=True)
class Queue:
    """How far an account's limits are used up.

    Attributes
    ----------
    requests_s, units_s : float
        Seconds until the limit would be wholly free again.
    held_s : float
        Seconds for which the server wants nobody to come.
    holds : float
        How often it wanted that; who took a place before must take a new one.
    """

    requests_s: float = 0.0
    units_s: float = 0.0
    held_s: float = 0.0
    holds: float = 0.0

    @classmethod
    def read(cls, state: State, pace: Pace) -> Queue:
        """Return the queue as it stands now, whatever the file says."""
        if state.broken:
            # What it said is lost: as if it had just been used to the full.
            return cls(pace.request_s, UNITS_BURST_S)
        return cls(
            state.left("requests_s", MOST_AHEAD_S),
            state.left("units_s", MOST_AHEAD_S),
            state.left("held_s", LONGEST_S),
            state.values.get("holds", 0.0),
        )

    def save(self, state: State) -> None:
        """Write it down."""
        state.save(
            requests_s=self.requests_s, units_s=self.units_s, held_s=self.held_s, holds=self.holds
        )

    def wait(self, pace: Pace, units: float) -> float:
        """Return the seconds that the next request must wait."""
        waits = [0.0, self.held_s, self.requests_s]
        if units > 0:
            waits.append(self.units_s - UNITS_BURST_S)
        return max(waits)

    def taken(self, pace: Pace, units: float) -> Queue:
        """Return the queue after the next request took its place."""
        wait = self.wait(pace, units)
        used = max(self.units_s, wait) + units * pace.unit_s if units > 0 else self.units_s
        requests_s = max(self.requests_s, wait) + pace.request_s
        return Queue(requests_s, used, self.held_s, self.holds)

    def held(self, seconds: float) -> Queue:
        """Return the queue after the server asked for `seconds` of peace."""
        if seconds <= self.held_s:
            return self
        # Places taken before are void: all queue up anew behind the pause.
        return Queue(seconds, max(self.units_s, seconds), seconds, (self.holds + 1) % 1e9)


class Gate:
    """Lets requests of one account through at its pace.

    Parameters
    ----------
    account : Account
    folder : Path
        Seen by all who share the account.
    patience : Patience
        How to sleep.
    """

    def __init__(
        self, account: Account, folder: Path, patience: Patience, clock: Clock = file_system_clock
    ) -> None:
        self._pace = Pace.of(account)
        self._path = folder / "gate"
        self._sleep: Callable[[float], None] = patience.sleep
        self._clock = clock

    def wait(self, units: float, deadline: Deadline) -> None:
        """Return when a request of so many provider units may leave.

        Raises
        ------
        Transient
            At once, and without taking a place, if that is after the deadline.
        """
        while True:
            seconds, holds = self._take(units, deadline)
            if seconds <= 0.0:
                return
            self._sleep(seconds)
            if not self._held_since(holds, deadline):
                return

    def hold(self, seconds: float, deadline: Deadline) -> None:
        """Let nobody through for `seconds` (at most 120)."""
        with locked(self._path, deadline, self._clock) as state:
            queue = Queue.read(state, self._pace)
            queue.held(min(seconds + GRAIN_S, LONGEST_S)).save(state)

    def _take(self, units: float, deadline: Deadline) -> tuple[float, float]:
        with locked(self._path, deadline, self._clock) as state:
            queue = Queue.read(state, self._pace)
            seconds = queue.wait(self._pace, units)
            if seconds > min(deadline.left(), MOST_AHEAD_S):
                raise Transient(f"the account's limit leaves no room for {seconds:.0f} s")
            queue.taken(self._pace, units).save(state)
            return seconds, queue.holds

    def _held_since(self, holds: float, deadline: Deadline) -> bool:
        with locked(self._path, deadline, self._clock) as state:
            return state.values.get("holds", holds) != holds
