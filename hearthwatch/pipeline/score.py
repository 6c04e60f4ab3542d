"""The score phase: one measured look into the state of one site."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import shapely

from detectors.known_ground import InformedDetector
from detectors.registry import create_detector
from detectors.types import Detector, Finding, HoldingDetector, MonitorState, PlaceDetector
from hearthwatch.calibration.force import CalibrationInForce, attributed
from hearthwatch.pipeline.features_file import load_features
from hearthwatch.pipeline.maps import TOLD, known_ground
from hearthwatch.pipeline.tasks import JudgeTask, Scored, ScoreTask, Site
from tiles.geodesy import area_m2
from tiles.slabs import read_slab, write_slab

SAID = (
    "training", "spread", "contrast",
    "placebos", "placebo_watch", "placebo_probable", "placebo_established",
)  # fmt: skip
"""Of what a detector keeps in numbers, what the ledger repeats."""


def judge_look(task: JudgeTask) -> tuple[float, ...]:
    """Return what the placebos of a site show of one look, nats; none without placebos."""
    detector = _detector_of(task)
    if not isinstance(detector, PlaceDetector):
        return ()
    return detector.placebo_evidence(load_state(detector, task), load_features(task.features))


def score_look(task: ScoreTask) -> Scored:
    """Load the state, score, and write the new version beside the old one."""
    detector = _detector_of(task.before)
    before = load_state(detector, task.before)
    features = load_features(task.before.features)
    after, findings = detector.score(before, features, task.judgement)
    places = detector.looks(after, features) if isinstance(detector, PlaceDetector) else ()
    site, force = task.before.site, task.before.in_force
    said: dict[str, Any] = {key: value for key, value in after.scalars.items() if key in SAID}
    if isinstance(detector, HoldingDetector) and (held := detector.held_back(after)):
        said["held_back"] = list(held)
    if task.before.laid:
        said[TOLD] = [one.layer.as_value() for one in task.before.laid]
    if isinstance(detector, PlaceDetector):
        said = {**said, **_calibration_said(force)}
        findings = attributed(findings, places, features.sensed, force)
    return Scored(
        sha256=save_state(task.target, after),
        findings=tuple(_placed(finding, site) for finding in findings),
        said=said,
        places=places,
    )


def _detector_of(task: JudgeTask) -> Detector:
    """Return the detector with the thresholds of the run, and the maps of the site."""
    detector = create_detector(task.detector)
    if isinstance(detector, InformedDetector) and task.laid:
        detector = detector.knowing([known_ground(one) for one in task.laid])
    if not isinstance(detector, PlaceDetector):
        return detector
    return detector.calibrated(task.in_force.calibration)


def _calibration_said(force: CalibrationInForce) -> dict[str, Any]:
    """Name the calibration that held and its budget, and say why the chosen one did not."""
    note = {"calibration_note": force.note} if force.note else {}
    return {**force.said, **note}


def load_state(detector: Detector, task: JudgeTask) -> MonitorState:
    """Return the current state of the site, checked against its digest; a new one at first."""
    if task.state is None:
        return detector.start(task.site.window)
    header, arrays = read_slab(task.state, task.state_sha256)
    return MonitorState(
        detector=header["detector"],
        version=header["version"],
        geobox=header["geobox"],
        arrays=arrays,
        scalars=header["scalars"],
        objects=tuple(header["objects"]),
    )


def _placed(finding: Finding, site: Site) -> Finding:
    """Give a finding about a settlement the settlement's core: detectors know no outlines."""
    if not finding.place:
        return finding
    place = next(one for one in site.places if one.key == finding.place)
    core = shapely.from_wkb(place.core_wkb)
    # Where nobody has drawn the outline, what it encloses is a doubt of every finding.
    doubts = (*finding.doubts, *([f"of its outline: {place.doubt}"] if place.doubt else []))
    return dataclasses.replace(finding, geometry=core, area_m2=area_m2(core), doubts=doubts)


def save_state(target: Path, state: MonitorState) -> str:
    """Write a state as a slab; return its SHA-256."""
    header = {
        "detector": state.detector,
        "version": state.version,
        "geobox": state.geobox,
        "scalars": dict(state.scalars),
        "objects": [dict(record) for record in state.objects],
    }
    return write_slab(target, header, state.arrays)
