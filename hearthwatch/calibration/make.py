"""A whole calibration set from null years and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detectors.types import DetectorInfo
from hearthwatch.calibration.build import (
    highest_maxima,
    real_years,
    source_results,
    stratum_results,
)
from hearthwatch.calibration.document import sealed, to_document
from hearthwatch.calibration.levels import OTHERS
from hearthwatch.calibration.sets import (
    AtBudget,
    Budget,
    CalibrationSet,
    NullYears,
    VerdictModel,
)
from hearthwatch.records import Kind, Mode, StoredCalibration

MOST = 1000.0
"""False alarms per 1,000 settlement-years: what is not below it is no budget."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a calibration set is made for.

    Attributes
    ----------
    region : str
        Id of a region; empty for all of the organisation's.
    digest : str
        Of the code and parameters it is bound to.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    detector: DetectorInfo
    digest: str


def make_set(
    scope: Scope, budget: Budget, nulls: NullYears, verdicts: VerdictModel | None, created: datetime
) -> CalibrationSet:
    """Return the calibration set that null years and verdicts give."""
    return sealed(
        CalibrationSet(
            organisation=scope.organisation,
            kind=scope.kind,
            mode=scope.mode,
            region=scope.region,
            detector=scope.detector.id,
            detector_version=scope.detector.version,
            digest=scope.digest,
            created=created,
            budget=budget,
            sources=source_results(nulls, budget),
            strata=stratum_results(nulls, budget),
            null_years=real_years(nulls),
            undecided=nulls.undecided,
            confirmed=nulls.confirmed,
            other_code=nulls.other_code,
            highest=highest_maxima(nulls),
            verdicts=verdicts,
            others=_others(nulls, budget),
        )
    )


def _others(nulls: NullYears, budget: Budget) -> tuple[AtBudget, ...]:
    """Return the strata at other budgets, as far as those are budgets at all."""
    most = max(budget.nominal)
    return tuple(
        AtBudget(times, stratum_results(nulls, budget.times(times)))
        for times in OTHERS
        if times * most < MOST
    )


def stored(one: CalibrationSet) -> StoredCalibration:
    """Return a set as the store keeps it."""
    return StoredCalibration(
        id=one.id,
        organisation=one.organisation,
        kind=one.kind,
        mode=one.mode,
        region=one.region,
        detector=one.detector,
        detector_version=one.detector_version,
        digest=one.digest,
        created=one.created,
        document=to_document(one),
    )
