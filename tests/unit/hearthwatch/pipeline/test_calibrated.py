"""The same looks under several calibrations: each tells otherwise, and its detections name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from detectors.burned import Burned
from hearthwatch.calibration.force import BUILT_IN, UNCALIBRATED
from hearthwatch.calibration.make import Scope, make_set, stored
from hearthwatch.calibration.sets import Budget, NullYears, Source
from hearthwatch.identity import science_digest
from hearthwatch.pipeline.run import RunReport
from hearthwatch.records import CalibrationChoice, Kind, Mode, StoredCalibration
from hearthwatch.store import MemoryStore
from tests.support import settled
from tests.support.sensors import only
from tests.support.settled import BEGAN, LOOKS, MIDDLE, Fire

FIRST, NUMBER = 8, 11
LATE = FIRST + 1
"""A look that another run takes in only after the ones behind it."""
FIRES = (Fire(LOOKS[FIRST].date(), MIDDLE.core, (0.0, 0.35)),)
STRICT = (3.0, 1000.0, 1000.0)
"""Nats that no two looks bring."""


@dataclass(frozen=True)
class Ran:
    store: MemoryStore
    report: RunReport

    @property
    def states(self) -> set[str]:
        return {one.detector_state for one in self.detections}

    @property
    def detections(self) -> list:
        return [
            d for e in settled.events_of(self.store) for d in self.store.detections("local", e.id)
        ]


def strict(digest: str = "") -> StoredCalibration:
    """Return a set of a thousand null years that all brought the same."""
    years = NullYears(
        tuple(f"p{n}" for n in range(1000)), (Source.PLACEBO,) * 1000, (("",),) * 1000,
        np.tile(STRICT, (1000, 1)),
    )  # fmt: skip
    scope = Scope("local", Kind.BURNED, Mode.TEST, "", Burned().info, digest or science_digest())
    return stored(make_set(scope, Budget(), years, None, BEGAN))


def store_with(one: StoredCalibration | None) -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store)
    if one is not None:
        with store.transaction() as tx:
            tx.put_calibration(one)
            tx.choose_calibration(choice(one, BEGAN))
    return store


def choice(one: StoredCalibration, since: datetime, calibration: str | None = None):
    named = one.id if calibration is None else calibration
    return CalibrationChoice("local", Kind.BURNED, Mode.TEST, "", "burned", since, named)


def ran(folder: Path, looks: Path, one: StoredCalibration | None) -> Ran:
    store = store_with(one)
    return Ran(store, settled.run(settled.settings_for(folder, looks, workers=2), store))


@pytest.fixture(autouse=True)
def _one_detector() -> Iterator[None]:
    """Leave one installed: what others miss in the catalogue is told in the run's record too."""
    with only("burned"):
        yield


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looks")
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land(FIRES))


@pytest.fixture(scope="module")
def under_strict(tmp_path_factory: pytest.TempPathFactory, looks: Path) -> Ran:
    return ran(tmp_path_factory.mktemp("strict"), looks, strict())


def test_a_stricter_set_lets_nothing_be_probable_and_is_named(under_strict: Ran) -> None:
    name = strict().id
    assert under_strict.states == {"WATCH"}
    assert {one.evidence["calibration"] for one in under_strict.detections} == {name}
    (event,) = settled.events_of(under_strict.store)
    assert event.evidence["calibration"] == name
    rows = settled.rows_of(under_strict.store, MIDDLE)
    assert {row.detail["said"]["calibration"] for row in rows} == {name}
    last = rows[-1].detail["said"]
    assert last["thresholds"] == dict(
        zip(("WATCH", "PROBABLE", "ESTABLISHED"), STRICT, strict=True)
    )


def test_a_detection_has_its_posterior_and_its_place_among_the_look(under_strict: Ran) -> None:
    first = min(under_strict.detections, key=lambda one: one.sensed)
    assert first.evidence["probability_kind"] == UNCALIBRATED
    assert 0.0 < first.evidence["prior"] < 0.001
    assert first.evidence["prior"] < first.evidence["probability"] <= 1.0
    # More than any of a thousand null years, at one of two villages.
    assert first.evidence["q_value"] == pytest.approx(2 / 1001, rel=1e-3)


def test_a_set_of_other_code_is_not_used_and_the_run_says_so(tmp_path: Path, looks: Path) -> None:
    other = ran(tmp_path, looks, strict("0" * 64))
    assert "PROBABLE" in other.states
    assert {one.evidence["calibration"] for one in other.detections} == {BUILT_IN}
    assert "bound to other code" in other.report.run.detail
    said = settled.rows_of(other.store, MIDDLE)[-1].detail["said"]
    assert said["calibration"] == BUILT_IN
    assert said["calibration_note"] == other.report.run.detail


@pytest.fixture
def without_one(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "looks"
    dates = [one for number, one in enumerate(LOOKS[:NUMBER]) if number != LATE]
    yield settled.write_looks(folder, dates, settled.dry_land(FIRES))


@pytest.mark.slow
def test_a_look_that_comes_late_is_scored_again_under_the_set_of_its_run(
    tmp_path: Path, without_one: Path
) -> None:
    one = strict()
    store = store_with(one)
    settings = settled.settings_for(tmp_path / "var", without_one, workers=2)
    settled.run(settings, store)
    with store.transaction() as tx:
        tx.choose_calibration(choice(one, BEGAN + timedelta(days=1), ""))
    settled.write_looks(without_one, LOOKS[:NUMBER], settled.dry_land(FIRES))
    settled.run(settings, store)
    rows = {row.sensed: row.detail["said"] for row in settled.rows_of(store, MIDDLE)}
    assert {rows[when]["calibration"] for when in LOOKS[:LATE]} == {one.id}
    assert {rows[when]["calibration"] for when in LOOKS[LATE:NUMBER]} == {BUILT_IN}
    assert rows[LOOKS[NUMBER - 1]]["thresholds"]["PROBABLE"] < STRICT[1]
