"""What a watch would have told, tried on the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearthwatch.records.words import Kind, Mode, RunOutcome


@dataclass(frozen=True, slots=True)
class Backtest:
    """A backtest of one region: asked for, under way, or over with its report.

    Attributes
    ----------
    asked : datetime
        When it was asked for.
    months, learned_months : float
        How long a past is told of, and how much more of it before that is only learned from.
    until : datetime
        End of the past that is told of.
    most_units : float or None
        Processing units it may spend; None where its provider charges nothing.
    done, total : int
        Looks over sites taken so far, and in all.
    detail : str
        Why it failed, in words.
    report : mapping
        What it came to; empty until it is over.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    asked: datetime
    until: datetime
    months: float
    learned_months: float
    most_units: float | None = None
    outcome: RunOutcome = RunOutcome.WAITING
    started: datetime | None = None
    finished: datetime | None = None
    done: int = 0
    total: int = 0
    detail: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
