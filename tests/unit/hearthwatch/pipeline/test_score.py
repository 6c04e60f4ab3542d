"""What of a detector's state the ledger of a look repeats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from detectors.camp_change import CampChange
from detectors.guard import judge_scene
from detectors.types import Features, Finding, MonitorState, SceneJudgement
from hearthwatch.calibration.force import CalibrationInForce
from hearthwatch.pipeline import score
from hearthwatch.pipeline.tasks import JudgeTask, ScoreTask, Site
from imagery.types import GeoBox

GRID = GeoBox((8, 8), Affine(10, 0, 680_000, 0, -10, 5_100_000), "EPSG:32635")
FIELD = "an even parcel with straight edges, as a field"
HECTARES = [[7_000.0, 2.4, 2.0, 3.0]]


class Still(CampChange):
    """The detector of camps, with objects that no look changes."""

    objects: tuple[dict[str, Any], ...] = ()

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        header = {**state.scalars, "training": 0.25}
        return MonitorState(
            state.detector, state.version, state.geobox, state.arrays, header, self.objects
        ), ()


def said(monkeypatch: pytest.MonkeyPatch, root: Path, *objects: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger repeats of a look after which there are these objects."""
    detector = Still()
    detector.objects = objects
    monkeypatch.setattr(score, "create_detector", lambda _: detector)
    monkeypatch.setattr(score, "load_features", lambda _: None)
    site = Site("cell", ("cell",), b"", GRID)
    before = JudgeTask("camp_change", site, None, None, "", CalibrationInForce())
    task = ScoreTask(before, judge_scene("look", ()), root / "state.slab")
    return dict(score.score_look(task).said)


def kept(number: int, evidence: float, *held: str) -> dict[str, Any]:
    return {
        "number": number, "day": 7_000, "score": evidence, "looks": 5, "held": list(held),
        "course": HECTARES,
    }  # fmt: skip


def test_the_ledger_repeats_why_ground_is_held_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    strong = np.nextafter(CampChange().parameters.rules.watch, np.inf)
    told = said(
        monkeypatch, tmp_path, kept(1, strong, FIELD), kept(2, strong, FIELD), kept(3, strong),
        kept(4, 0.0, "the ground is charred"),
    )  # fmt: skip
    assert told == {"training": 0.25, "held_back": [f"{FIELD} (2 places, 4.8 ha)"]}


def test_where_nothing_is_held_back_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert said(monkeypatch, tmp_path) == {"training": 0.25}
