"""Values of a calibration set: budget, null years, thresholds by stratum, and how they held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import POOLED, Calibration, Thresholds
from detectors.probability import Isotonic, Platt
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.records import Kind, Mode

LEVELS = ("WATCH", "PROBABLE", "ESTABLISHED")
"""States that have a budget, in the order of thresholds."""


class Source(StrEnum):
    """Where a null year comes from."""

    PLACEBO = "placebo"
    SETTLEMENT = "settlement"
    RESAMPLED = "resampled"
    """Drawn from residuals of real looks: counted, and never used for a threshold."""


@dataclass(frozen=True, slots=True)
class Budget:
    """False alarms allowed for each state, per 1,000 settlement-years.

    Attributes
    ----------
    aim : float
        Share of the budget that thresholds are set for, above 0 and up to 1.
    """

    watch: float = 20.0
    probable: float = 5.0
    established: float = 1.0
    aim: float = 1.0

    def __post_init__(self) -> None:
        if not all(0.0 < one < 1000.0 for one in self.nominal) or not 0.0 < self.aim <= 1.0:
            raise ValueError("a budget is above 0 and below 1,000, and the aim above 0 and up to 1")

    @property
    def nominal(self) -> tuple[float, float, float]:
        """The three budgets, in the order of `LEVELS`."""
        return self.watch, self.probable, self.established

    def times(self, factor: float) -> Budget:
        """Return a budget of so many times as many false alarms.

        Raises
        ------
        ValueError
            If that is no budget any more.
        """
        watch, probable, established = (factor * one for one in self.nominal)
        return Budget(watch, probable, established, self.aim)


@dataclass(frozen=True, slots=True)
class NullYears:
    """Years in which nothing burned, by the judgement of people or by what the ground is.

    Attributes
    ----------
    places : tuple of str
        The place of each year.
    strata : tuple of tuple of str
        The strata of its place, the narrowest first.
    maxima : ndarray, shape (year, 3)
        Highest windowed evidence of any, two and three looks, nats.
    undecided : int
        Years left out since they overlap an event that nobody judged.
    confirmed : int
        Years left out since people confirmed an event in them.
    other_code : int
        Years in states that other code wrote last.
    """

    places: tuple[str, ...]
    sources: tuple[Source, ...]
    strata: tuple[tuple[str, ...], ...]
    maxima: NDArray[np.float64]
    undecided: int = 0
    confirmed: int = 0
    other_code: int = 0


@dataclass(frozen=True, slots=True)
class LevelResult:
    """The threshold of one state in one stratum, and how it held.

    Attributes
    ----------
    nominal, aimed : float
        Budget, and what the threshold was set for, per 1,000 settlement-years.
    years : int
        Null years of the stratum the threshold was taken from.
    taken_from : str
        That stratum: this one, or a coarser one where this one's years are too few.
    threshold : float
        Nats; never below that of the state before. Where it was raised to that, `realised` is of
        the lower one, and so too high rather than too low.
    conformal : bool
        Whether the threshold is a quantile of null maxima, not a bound.
    realised : Rate
        False alarms in the stratum's years of places that were held out.
    established : bool
        Whether the threshold is a quantile and the one-sided 95 % upper bound of what was
        realised clears the budget, also if all undecided years were false alarms.
    why_not : str
        In words, where it is not established.
    """

    level: str
    nominal: float
    aimed: float
    years: int
    taken_from: str
    threshold: float
    conformal: bool
    realised: Rate
    established: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class StratumResult:
    """What one stratum came to; the pooled one has the empty name."""

    stratum: str
    years: int
    levels: tuple[LevelResult, ...]


@dataclass(frozen=True, slots=True)
class AtBudget:
    """What the strata come to at another budget, from the same null years.

    Attributes
    ----------
    times : float
        Of the set's own budget.
    """

    times: float
    strata: tuple[StratumResult, ...]


@dataclass(frozen=True, slots=True)
class SourceResult:
    """How the pooled thresholds held in the held-out years of one source.

    Attributes
    ----------
    realised : tuple of Rate
        In the order of `LEVELS`.
    """

    source: Source
    years: int
    places: int
    realised: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability curve: the mean forecast, and the share that was confirmed."""

    forecast: float
    confirmed: Share


@dataclass(frozen=True, slots=True)
class VerdictModel:
    """Probabilities learned from verdicts of people.

    Attributes
    ----------
    kind : str
        ``platt`` or ``isotonic``: whichever had the lower cross-validated Brier score.
    verdicts, confirmed : int
        How many, and how many of them confirmed.
    brier, brier_low, brier_high : float
        Cross-validated Brier score, with a 95 % bootstrap interval.
    others : mapping of str to float
        Cross-validated Brier score of each model that was tried.
    reliability : tuple of Bin
        From the cross-validated forecasts.
    """

    kind: str
    model: Platt | Isotonic
    verdicts: int
    confirmed: int
    brier: float
    brier_low: float
    brier_high: float
    others: Mapping[str, float]
    reliability: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class CalibrationSet:
    """One set of thresholds with all it rests on; never changed once it is stored.

    Attributes
    ----------
    id : str
        Digest of the content: sets that say the same have the same one. See
        `hearthwatch.calibration.document.sealed`.
    region : str
        Id of the region it was made for and holds in; empty for all of the organisation's.
    digest : str
        Of the code and the parameters that it is bound to.
    sources : tuple of SourceResult
        Null years by source; resampled ones apart.
    null_years : int
        Real ones, of all sources.
    highest : tuple of float
        The highest yearly maxima of the evidence of any looks, nats, highest first.
    verdicts : VerdictModel or None
        None while there are too few verdicts.
    others : tuple of AtBudget
        The strata at other budgets: what a raised level of a watch goes by, and what a backtest
        tells of. Sets that were made before there were any have none.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    detector: str
    detector_version: str
    digest: str
    created: datetime
    budget: Budget
    sources: tuple[SourceResult, ...]
    strata: tuple[StratumResult, ...]
    null_years: int
    undecided: int
    confirmed: int
    other_code: int
    highest: tuple[float, ...] = field(default=(), repr=False)
    verdicts: VerdictModel | None = None
    id: str = ""
    others: tuple[AtBudget, ...] = ()

    @property
    def calibration(self) -> Calibration:
        """The thresholds as a detector takes them."""
        return self._as_taken(self.strata)

    def at(self, times: float) -> Calibration | None:
        """Return the thresholds at so many times the budget; None if the set has none of it."""
        if times == 1.0:
            return self.calibration
        found = (one for one in self.others if one.times == times)
        other = next(found, None)
        return self._as_taken(other.strata) if other else None

    def _as_taken(self, strata: tuple[StratumResult, ...]) -> Calibration:
        return Calibration(self.id, {one.stratum: _thresholds(one) for one in strata})

    @property
    def pooled(self) -> StratumResult:
        """What all places together came to."""
        return next(one for one in self.strata if one.stratum == POOLED)


def _thresholds(result: StratumResult) -> Thresholds:
    by_level = {one.level: one.threshold for one in result.levels}
    return Thresholds(*(by_level[level] for level in LEVELS))
