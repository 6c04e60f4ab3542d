"""The score phase: one measured look into the state of one site."""

from __future__ import annotations

from pathlib import Path

from detectors.registry import create_detector
from detectors.types import Detector, MonitorState
from hearthwatch.pipeline.measure import load_features
from hearthwatch.pipeline.tasks import Scored, ScoreTask
from tiles.slabs import read_slab, write_slab


def score_look(task: ScoreTask) -> Scored:
    """Load the state, score, and write the new version beside the old one."""
    detector = create_detector(task.detector)
    before = load_state(detector, task)
    after, findings = detector.score(before, load_features(task.features), task.judgement)
    said = {k: v for k, v in after.scalars.items() if k in ("training", "spread", "contrast")}
    return Scored(sha256=save_state(task.target, after), findings=findings, said=said)


def load_state(detector: Detector, task: ScoreTask) -> MonitorState:
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
