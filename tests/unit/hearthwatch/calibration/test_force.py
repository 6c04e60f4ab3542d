"""Which set holds, and what it says of a detection."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from shapely.geometry import Polygon

from detectors.burned import Burned
from detectors.calibration import POOLED, Calibration
from detectors.probability import Platt
from detectors.types import DetectorState, Finding, PlaceLook, Showed
from hearthwatch.calibration.force import (
    BUILT_IN,
    UNCALIBRATED,
    CalibrationInForce,
    attributed,
    in_force,
)
from hearthwatch.calibration.make import Scope, make_set, stored
from hearthwatch.calibration.sets import Budget, NullYears, Source
from hearthwatch.records import Kind, Mode, StoredCalibration

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
INFO, CODE = Burned().info, "d" * 64


@pytest.fixture
def kept() -> StoredCalibration:
    maxima = np.column_stack([np.arange(1.0, 100.0)] * 3)
    years = NullYears(
        tuple(f"p{n}" for n in range(99)), (Source.PLACEBO,) * 99, (("",),) * 99, maxima
    )
    scope = Scope("local", Kind.BURNED, Mode.ACTUAL, "", INFO, CODE)
    return stored(make_set(scope, Budget(), years, None, NOON))


def finding(**changes: Any) -> Finding:
    plain = Finding(
        object=1, kind="burned", state=DetectorState.PROBABLE, geometry=Polygon(), area_m2=0.0,
        pixels=0, last_unharmed=NOON - timedelta(days=5), first_changed=NOON, looks=2,
        evidence={"log_likelihood_ratio": 9.0}, place="a",
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def look(place: str, evidence: float | None) -> PlaceLook:
    said = {} if evidence is None else {"windowed": {"WATCH": evidence}}
    return PlaceLook(place, Showed.CHANGED, 1.0, "", said)


def told(
    one: Finding, force: CalibrationInForce, looks: tuple[PlaceLook, ...] = ()
) -> dict[str, Any]:
    (found,) = attributed([one], looks, NOON, force)
    return dict(found.evidence)


def test_a_set_bound_to_this_code_holds(kept: StoredCalibration) -> None:
    force = in_force(kept, INFO, CODE, 0.01)
    assert (force.name, force.note, force.null_years) == (kept.id, "", 99)
    # ceil(100 * .98) = 98.
    assert force.calibration.thresholds[POOLED].watch == 98.0


def test_without_a_set_the_built_in_thresholds_hold() -> None:
    force = in_force(None, INFO, CODE, 0.02)
    assert (force.name, force.note, force.base_rate) == (BUILT_IN, "", 0.02)
    assert force.calibration == Calibration()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"digest": "e" * 64}, "other code"),
        ({"detector_version": "0"}, "burned 0"),
        ({"detector": "razed"}, f"razed {INFO.version}"),
        ({"document": {"format": 99}}, "writing sets down"),
    ],
)
def test_a_set_bound_to_something_else_is_never_used_and_that_is_said(
    kept: StoredCalibration, changes: dict[str, Any], words: str
) -> None:
    force = in_force(dataclasses.replace(kept, **changes), INFO, CODE, 0.01)
    assert force.calibration == Calibration()
    assert words in force.note
    assert kept.id in force.note
    assert "built-in thresholds hold" in force.note


def test_without_verdicts_a_posterior_names_its_prior_and_what_it_is() -> None:
    evidence = told(finding(), CalibrationInForce(base_rate=0.01))
    prior = 0.01 * 5 / 365.25
    assert evidence["prior"] == pytest.approx(prior, rel=0.01)
    odds = math.exp(9.0) * prior / (1 - prior)
    assert evidence["probability"] == pytest.approx(odds / (1 + odds), abs=1e-4)
    assert evidence["probability_kind"] == UNCALIBRATED
    assert evidence["calibration"] == BUILT_IN
    assert "q_value" not in evidence


def test_where_no_look_showed_it_unharmed_the_prior_is_of_a_whole_year() -> None:
    evidence = told(finding(last_unharmed=None), CalibrationInForce(base_rate=0.01))
    assert evidence["prior"] == pytest.approx(1 - math.exp(-0.01), rel=0.01)


def test_a_high_base_rate_over_a_long_time_is_no_certainty() -> None:
    # 1 - exp(-10 * 8) is 1 to the last digit, and odds of 1 are infinite.
    long_ago = NOON - timedelta(days=8 * 365)
    evidence = told(finding(last_unharmed=long_ago), CalibrationInForce(base_rate=10.0))
    assert evidence["probability"] == 1.0
    assert "probability_kind" in evidence


def test_with_verdicts_the_probability_is_learned_and_needs_no_prior() -> None:
    force = CalibrationInForce(model=Platt(1.0, -9.0), model_words="Platt's curve of 120 verdicts")
    evidence = told(finding(), force)
    assert evidence["probability"] == 0.5
    assert evidence["probability_kind"] == "Platt's curve of 120 verdicts"
    assert "prior" not in evidence


def test_q_values_are_over_all_settlements_of_the_look(kept: StoredCalibration) -> None:
    force = in_force(kept, INFO, CODE, 0.01)
    looks = (look("a", 99.5), look("b", 50.0), look("c", 1.0), look("d", None))
    # p: 1/100, 51/100, 100/100 over three places, for the fourth showed nothing.
    assert told(finding(), force, looks)["q_value"] == pytest.approx(0.03)
    assert told(finding(place="b"), force, looks)["q_value"] == pytest.approx(0.765)


@pytest.mark.parametrize("state", [DetectorState.CLOSED, DetectorState.LAPSED])
def test_what_is_over_has_no_probability_of_its_last_look(state: DetectorState) -> None:
    evidence = told(finding(state=state), CalibrationInForce())
    assert evidence == {"log_likelihood_ratio": 9.0, "calibration": BUILT_IN}
