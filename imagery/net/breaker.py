"""A circuit breaker per origin: who is down is left alone, by all workers."""

from __future__ import annotations

import hashlib
from pathlib import Path

from imagery.errors import Transient
from imagery.net.shared import Clock, State, explained, file_system_clock, locked
from imagery.net.types import Deadline

FAILURES = 5
"""Failures in a row, whoever's, after which nobody asks any more."""
OPEN_S = 60.0
"""Seconds until one may try whether it is back, and until the next one if that one is lost."""


class Breaker:
    """Remembers whether `origin` answers; there is a file only while it does not.

    Parameters
    ----------
    folder : Path
        Seen by all who share the account.
    origin : str
    lane : str
        What of it; empty for all that is not told apart.
    """

    def __init__(
        self, folder: Path, origin: str, clock: Clock = file_system_clock, lane: str = ""
    ) -> None:
        name = hashlib.sha256(f"{origin} {lane}".rstrip().encode()).hexdigest()[:16]
        self._path = folder / f"breaker-{name}"
        self._host = origin.partition("://")[2]
        self._clock = clock

    def look(self, deadline: Deadline) -> None:
        """Raise `Transient` at once if nobody is to ask just now."""
        if self._is_quiet():
            return
        with locked(self._path, deadline, self._clock) as state:
            self._require(state)

    def is_open(self, deadline: Deadline) -> bool:
        """Say whether nobody is to ask just now."""
        if self._is_quiet():
            return False
        with locked(self._path, deadline, self._clock) as state:
            return state.left("left_alone_s", OPEN_S) > 0.0

    def enter(self, deadline: Deadline) -> None:
        """Raise `Transient`, or let the request through; after a pause it is the only one."""
        if self._is_quiet():
            return
        with locked(self._path, deadline, self._clock) as state:
            self._require(state)
            if _failures(state) >= FAILURES:
                state.save(failures=_failures(state), left_alone_s=OPEN_S)

    def worked(self) -> None:
        """Note that it answered."""
        if not self._is_quiet():
            with explained(self._path.parent):
                self._path.unlink(missing_ok=True)

    def failed(self, deadline: Deadline) -> None:
        """Note that it did not."""
        with locked(self._path, deadline, self._clock) as state:
            failures = min(_failures(state) + 1, FAILURES)
            state.save(failures=failures, left_alone_s=OPEN_S if failures >= FAILURES else 0.0)

    def _is_quiet(self) -> bool:
        # The common case costs one look at the folder.
        with explained(self._path.parent):
            return not self._path.exists()

    def _require(self, state: State) -> None:
        seconds = state.left("left_alone_s", OPEN_S)
        if seconds > 0.0:
            raise Transient(
                f"{self._host} failed {FAILURES} times in a row; "
                f"it is tried again in {seconds:.0f} s"
            )


def _failures(state: State) -> int:
    return int(max(0.0, min(state.values.get("failures", 0.0), FAILURES)))
