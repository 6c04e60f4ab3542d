"""Which calibration holds, and what it says of a detection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from detectors.calibration import Calibration
from detectors.conformal import p_values, q_values
from detectors.probability import Model, posterior, prior_within
from detectors.types import DetectorInfo, DetectorState, Finding, PlaceLook
from hearthwatch.calibration.document import FORMAT, from_document
from hearthwatch.calibration.levels import TIMES
from hearthwatch.calibration.sets import LEVELS, CalibrationSet
from hearthwatch.calibration.verdicts import RATIO
from hearthwatch.records import StoredCalibration, WatchLevel
from hearthwatch.words import counted

BUILT_IN = "built-in"
"""What is named where no calibration set holds."""
UNCALIBRATED = "model-based, uncalibrated"
YEAR_DAYS = 365.25
_NAMES = {"platt": "Platt's curve", "isotonic": "isotonic curve"}
_LASTS = frozenset({DetectorState.WATCH, DetectorState.PROBABLE, DetectorState.ESTABLISHED})


@dataclass(frozen=True, slots=True)
class CalibrationInForce:
    """What one run is calibrated by.

    Attributes
    ----------
    highest : tuple of float
        The highest null maxima of a year, nats.
    null_years : int
        Null years in all; 0 without a set.
    model : callable or None
        Probability by evidence, learned from verdicts; None while there are too few.
    model_words : str
        What it is, in words.
    base_rate : float
        Events per settlement-year, as the settings state them.
    note : str
        Why a set that was chosen does not hold, or not as the level asks, in words.
    alert_budget : mapping
        The level that was in force, and the false alarms of each state that the thresholds allow
        per 1,000 settlement-years; empty where no set holds, for then none was counted.
    """

    calibration: Calibration = field(default_factory=Calibration)
    highest: tuple[float, ...] = ()
    null_years: int = 0
    model: Model | None = None
    model_words: str = ""
    base_rate: float = 0.01
    note: str = ""
    alert_budget: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The set's id, or that the detector's own thresholds hold."""
        return self.calibration.id or BUILT_IN

    @property
    def said(self) -> dict[str, Any]:
        """What a record says of it."""
        budget = {"alert_budget": dict(self.alert_budget)} if self.alert_budget else {}
        return {"calibration": self.name, **budget}


def in_force(
    stored: StoredCalibration | None,
    detector: DetectorInfo,
    digest: str,
    base_rate: float,
    level: WatchLevel = WatchLevel.ROUTINE,
) -> CalibrationInForce:
    """Return what a chosen set comes to under the code that runs.

    Parameters
    ----------
    level : WatchLevel
        In force: a raised one goes by a larger budget of false alarms.
    digest : str
        Of the code and parameters that make numbers of pixels. A set that is bound to others,
        or to another version of the detector, is not used: what it says holds for those alone.
    """
    if stored is None:
        return CalibrationInForce(base_rate=base_rate)
    note = _unfit(stored, detector, digest)
    if note:
        return CalibrationInForce(base_rate=base_rate, note=note)
    chosen = from_document(stored.document)
    learned = chosen.verdicts
    thresholds, times = chosen.at(TIMES[level]), TIMES[level]
    if thresholds is None:
        note = (
            f"calibration set {chosen.id} has no thresholds for level {level.value}: those of "
            "level routine hold; run `hearthwatch calibrate`"
        )
        thresholds, times = chosen.calibration, 1.0
    return CalibrationInForce(
        calibration=thresholds,
        highest=chosen.highest,
        null_years=chosen.null_years,
        model=learned.model if learned else None,
        model_words=(
            f"{_NAMES[learned.kind]} of {counted(learned.verdicts, 'verdict')}" if learned else ""
        ),
        base_rate=base_rate,
        note=note,
        alert_budget=_alert_budget(chosen, level, times),
    )


def _alert_budget(chosen: CalibrationSet, level: WatchLevel, times: float) -> dict[str, Any]:
    allowed = zip(LEVELS, chosen.budget.nominal, strict=True)
    return {"level": level.value, **{name: times * rate for name, rate in allowed}}


def _unfit(stored: StoredCalibration, detector: DetectorInfo, digest: str) -> str:
    """Say why a set cannot be used; empty if it can."""
    bound = ""
    if (stored.detector, stored.detector_version) != (detector.id, detector.version):
        bound = f"{stored.detector} {stored.detector_version}"
    elif stored.digest != digest:
        bound = f"other code ({stored.digest[:12]})"
    elif stored.document.get("format") != FORMAT:
        bound = "another way of writing sets down"
    if not bound:
        return ""
    return (
        f"calibration set {stored.id} is bound to {bound} and is not used: built-in thresholds "
        "hold; run `hearthwatch calibrate`"
    )


def attributed(
    findings: Sequence[Finding],
    looks: Sequence[PlaceLook],
    sensed: datetime,
    force: CalibrationInForce,
) -> tuple[Finding, ...]:
    """Return findings about settlements with what calibration says of them, as evidence.

    Parameters
    ----------
    looks : sequence of PlaceLook
        What the same look came to at every settlement.
    sensed : datetime
        When the look was taken.
    """
    q = _q_by_place(looks, force)
    return tuple(
        dataclasses.replace(
            one, evidence={**one.evidence, **_attributes(one, q.get(one.place), sensed, force)}
        )
        for one in findings
    )


def _attributes(
    finding: Finding, q: float | None, sensed: datetime, force: CalibrationInForce
) -> dict[str, Any]:
    named = force.said
    if finding.state not in _LASTS or RATIO not in finding.evidence:
        return named
    ratio = float(finding.evidence[RATIO])
    if q is not None:
        named["q_value"] = round(q, 6)
    return {**named, **_probability(ratio, finding.last_unharmed, sensed, force)}


def _probability(
    ratio: float, unharmed: datetime | None, sensed: datetime, force: CalibrationInForce
) -> dict[str, Any]:
    """Return the probability of the change, and what it comes from."""
    if force.model is not None:
        value = float(force.model(np.array([ratio]))[0])
        return {"probability": round(value, 4), "probability_kind": force.model_words}
    # What was plainly unharmed then can only have burned since.
    years = (sensed - unharmed).total_seconds() / (86_400 * YEAR_DAYS) if unharmed else 1.0
    prior = prior_within(force.base_rate, years)
    return {
        "prior": float(f"{prior:.3g}"),
        "probability": round(posterior(ratio, prior), 4),
        "probability_kind": UNCALIBRATED,
    }


def _q_by_place(looks: Sequence[PlaceLook], force: CalibrationInForce) -> Mapping[str, float]:
    """Return the q-value of each settlement that the look says something of."""
    if not force.null_years:
        return {}
    level = LEVELS[0]
    found = {
        look.place: float(look.said["windowed"][level])
        for look in looks
        if level in look.said.get("windowed", {})
    }
    p = p_values(np.array(list(found.values())), np.array(force.highest), force.null_years)
    return dict(zip(found, map(float, q_values(p)), strict=True))
