"""What an evaluation consists of; `definitions.DEFINITIONS` says what each figure means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hearthwatch.evaluation.definitions import Level
from hearthwatch.evaluation.episodes import Looks, Report
from hearthwatch.evaluation.intervals import F1, Rate, Share, Spread
from hearthwatch.evaluation.matching import Alert
from hearthwatch.evaluation.truth import Truth
from hearthwatch.records import Kind


class Unseen(StrEnum):
    """Why an event could not have been seen."""

    NEVER_USABLE = "never_usable"
    LEARNING = "learning"
    BLIND = "blind"


class Dated(StrEnum):
    """How the true date lies to the reported interval."""

    INSIDE = "inside"
    POSSIBLY = "possibly"
    OUTSIDE = "outside"


class LeftOut(StrEnum):
    """Why a truth does not count."""

    OTHER_KIND = "other_kind"
    BEFORE = "before_the_period"
    AFTER = "after_the_period"


@dataclass(frozen=True, slots=True)
class Period:
    """The time that is scored; both ends are included."""

    since: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """How a truth was found at one level.

    Attributes
    ----------
    days, looks : tuple
        At least and at most, from the true date to `report.reached`.
    """

    episode: str
    report: Report
    days: tuple[int, int]
    looks: tuple[int, int]
    dated: Dated


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one truth that counts.

    Attributes
    ----------
    second : bool
        Whether an earlier truth of its kind is known at its settlement.
    unseen : Unseen or None
    found : mapping of Level to Found
        Only the levels at which it was found.
    """

    truth: Truth
    second: bool
    unseen: Unseen | None
    found: Mapping[Level, Found]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Truths of one range of the share burned; both ends None: the share is not known."""

    low: float | None
    high: float | None
    recall: Share
    days: tuple[Spread, Spread]
    looks: tuple[Spread, Spread]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Settlement-years watched."""

    armed: float
    observed: float


@dataclass(frozen=True, slots=True)
class LevelScore:
    """All figures of one level; `days` and `looks` are (at least, at most)."""

    level: Level
    recall: Share
    precision: Share
    f1: F1
    false_armed: Rate
    false_observed: Rate
    per_event: Rate
    second: Share
    dated_inside: Share
    dated_possibly: Share
    days: tuple[Spread, Spread]
    looks: tuple[Spread, Spread]
    missed_unseen: int
    strata: tuple[Stratum, ...]
    false: tuple[Alert, ...]
    duplicates: tuple[Alert, ...]
    earlier: tuple[Alert, ...]
    """Alerts that belong to truths before the period: not counted."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation.

    Attributes
    ----------
    settlements : tuple of str
        Ids, sorted.
    looks : mapping of str to Looks
        By settlement; one without any look has an empty one.
    outcomes : tuple of Outcome
        One for each truth that counts, by settlement and time.
    left_out : tuple of (Truth, LeftOut)
    """

    kind: Kind
    period: Period
    settlements: tuple[str, ...]
    looks: Mapping[str, Looks]
    exposure: Exposure
    outcomes: tuple[Outcome, ...]
    left_out: tuple[tuple[Truth, LeftOut], ...]
    levels: tuple[LevelScore, ...]
