"""The row of a run: begun, kept up to date, ended."""

from __future__ import annotations

import dataclasses
import math
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store

RECORD_SECONDS = 1.0
"""Between two notes of how far a run has come."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    rate : float
        Looks committed per second so far.
    seconds_left : float
    """

    done: int
    total: int
    sensed: datetime
    rate: float
    seconds_left: float


class Record:
    """Keeps the run's own row up to date, often enough for whoever waits and no oftener."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._written = -math.inf

    def note(self, progress: Progress) -> None:
        """Take progress in, and write it now and then."""
        self._run = dataclasses.replace(
            self._run, done=progress.done, total=progress.total, sensed=progress.sensed
        )
        if time.monotonic() - self._written >= RECORD_SECONDS:
            self._write()

    def end(self, outcome: RunOutcome, detail: str) -> Run:
        """Write how the run ended."""
        now = datetime.now(UTC)
        self._run = dataclasses.replace(self._run, finished=now, outcome=outcome, detail=detail)
        self._write()
        return self._run

    def _write(self) -> None:
        with self._store.transaction() as tx:
            tx.put_run(self._run)
        self._written = time.monotonic()


def start(
    settings: Settings,
    store: Store,
    region: Region,
    until: datetime,
    digest: str,
    asked: Run | None,
) -> Run:
    """Record that a run begins; one that was killed before is said to have ended."""
    run = Run(
        id=asked.id if asked else str(uuid.uuid4()),
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        started=datetime.now(UTC),
        until=until,
        digest=digest,
        executor=settings.executor,
    )
    with store.transaction() as tx:
        for other in store.runs(region.organisation, outcome=RunOutcome.RUNNING):
            ended = dataclasses.replace(other, finished=run.started, outcome=RunOutcome.INTERRUPTED)
            tx.put_run(ended)
        tx.put_run(run)
    return run
