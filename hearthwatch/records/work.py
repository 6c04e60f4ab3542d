"""What was done: runs, units of work, states, and what became of every look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearthwatch.records.words import Kind, Mode, NotObservable, ObservationStatus, RunOutcome


@dataclass(frozen=True, slots=True)
class Run:
    """One call of the pipeline, waiting, under way or over.

    Attributes
    ----------
    done, total : int
        Looks committed so far, and looks to commit.
    sensed : datetime or None
        Sensing time of the newest look taken in.
    detail : str
        Why it failed, in words.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    started: datetime
    until: datetime | None
    digest: str
    executor: str
    finished: datetime | None = None
    outcome: RunOutcome = RunOutcome.RUNNING
    done: int = 0
    total: int = 0
    sensed: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JobKey:
    """Identity of one unit of work: who, where, which look, which detector."""

    organisation: str
    kind: Kind
    region: str
    cell: str
    acquisition: str
    detector: str


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work that was carried through and committed."""

    key: JobKey
    mode: Mode
    run: str
    digest: str
    sensed: datetime
    committed: datetime


@dataclass(frozen=True, slots=True)
class StateVersion:
    """One version of a place's monitor state: a slab on disk, made current by its commit.

    Attributes
    ----------
    sequence : int
        Counts the looks taken in; 1 is the first.
    path : str
        Relative to the data folder.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    cell: str
    detector: str
    detector_version: str
    sequence: int
    acquisition: str
    sensed: datetime
    path: str
    sha256: str
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What became of one look at one place: the observation ledger.

    Attributes
    ----------
    usable : float
        Share of the watched pixels seen, 0..1.
    settlement : str
        Id of the settlement that was looked at; empty for a watch over an area.
    cause : NotObservable or None
        Set exactly when `status` is ``not_observable``.
    detail : mapping
        Shares by cause, guard verdict, bands lived without, the error's words.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    cell: str
    acquisition: str
    detector: str
    sensed: datetime
    status: ObservationStatus
    usable: float
    cause: NotObservable | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    settlement: str = ""

    def __post_init__(self) -> None:
        if (self.status is ObservationStatus.NOT_OBSERVABLE) != (self.cause is not None):
            raise ValueError("a cause belongs to not_observable, and to nothing else")


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """What the ledger says of one detector in one region, or at one settlement, in four numbers.

    A look counts once, over however many cells and settlements; it is usable if any of them
    was seen.
    """

    looks: int
    usable: int
    last: datetime | None
    last_usable: datetime | None
