"""The part of the store's seam that is about how long alerts take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from hearthwatch.records import Alert, Opinion, Steps, TimedAlert
from hearthwatch.store.delays import Delays
from hearthwatch.store.rules import Behind


class StepWrites(Protocol):
    """Writes of a transaction about what led to alerts, and what came of them."""

    def note_origins(self, organisation: str, origins: Mapping[str, Steps]) -> None:
        """Write what led to alerts, by their ids; what came of them stays as it is."""
        ...

    def note_sent(self, organisation: str, message: str, at: datetime) -> None:
        """Write when the alerts in a message were sent, where they were not sent before."""
        ...

    def note_acknowledged(self, organisation: str, event: str, receiver: str, at: datetime) -> int:
        """Write when a receiver said that it has what it was told of an event until then.

        What it acknowledged before stays as it is. Returns how many alerts it acknowledges now.
        """
        ...


class StepReads(Protocol):
    """Questions to the store about how long alerts take."""

    def alerts_to_look_up(self, most: int) -> tuple[Alert, ...]:
        """Return alerts of all organisations of which nobody looked up what led to them.

        In the order in which they were written.
        """
        ...

    def timed_alerts(
        self, organisation: str, since: datetime, *, region: str | None = None
    ) -> tuple[TimedAlert, ...]:
        """Return when things happened of alerts made since a time, in the order made."""
        ...

    def behind(self, organisation: str, alerts: Collection[str]) -> Mapping[str, Behind]:
        """Return what alerts stand on, by their ids; those whose event is gone are left out.

        The last look is the one that was sensed last, and not after what the alert told of.
        """
        ...

    def opinions_of(
        self, organisation: str, events: Collection[str]
    ) -> Mapping[str, Sequence[Opinion]]:
        """Return what people said of events, oldest first; without those of which nothing was."""
        ...

    def delays(self, bounds: Sequence[timedelta]) -> Mapping[str, Delays]:
        """Return how long real alerts of all organisations took, by `delays.SECTIONS`.

        Parameters
        ----------
        bounds : sequence of timedelta
            Rising.
        """
        ...
