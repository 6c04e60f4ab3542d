"""A look names the files that hold what was asked for, and no others of the same look."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from detectors.registry import create_detector
from hearthwatch.pipeline.measure import masters_read
from hearthwatch.pipeline.pull import Spent, pull_all, wanted_bands
from hearthwatch.pipeline.tasks import MeasureTask
from imagery.types import Chip, Cost, GeoBox, Layer, Provenance
from tests.unit.hearthwatch.pipeline.test_pull import HOME, SENSED, Tiles, look_of, scene, task_of
from tiles.archive import Archive
from tiles.cell import cell_from_id

INFO = create_detector("burned").info
UNASKED = ("B01", "B09")
"""Of the atmosphere: no detector, and no picture, is made of them."""


@pytest.fixture
def task(tmp_path: Path) -> MeasureTask:
    """A look that was pulled for a detector."""
    made = task_of(look_of(scene()), Tiles(), tmp_path)
    pull_all(made, INFO, Spent())
    return made


def by_hand(task: MeasureTask, *bands: str) -> set[str]:
    """Pull more bands of the same look; return the digests of the new files."""
    archive = Archive(task.archive)
    before = {one.sha256 for one in archive.listed()}
    box = cell_from_id(HOME).geobox(10.0)
    grid = GeoBox((4, 4), box.affine * Affine.scale(256), box.crs)
    count = len(bands)
    layer = Layer(
        task.acquisition.scenes[0].id, bands, grid, np.full((count, 4, 4), 7, np.uint16),
        (1e-4,) * count, (0.0,) * count, (0,) * count,
    )  # fmt: skip
    told = Provenance("tiles", (layer.scene_id,), ("0" * 64,), (), SENSED, Cost(1, 1.0, 9))
    look = task.acquisition
    archive.store(Chip(look.key, look.sensor, SENSED, (layer,), told), HOME)
    return {one.sha256 for one in archive.listed()} - before


def named(task: MeasureTask) -> set[str]:
    return set(masters_read(task, INFO, [HOME]))


def test_files_of_what_was_asked_for_are_named(task: MeasureTask) -> None:
    stored = {one.sha256 for one in Archive(task.archive).listed()}
    assert stored
    assert named(task) == stored


def test_what_somebody_pulled_by_hand_is_not_named(task: MeasureTask) -> None:
    assert not set(UNASKED) & set(wanted_bands(task.acquisition, INFO))
    before = named(task)
    more = by_hand(task, *UNASKED)
    assert len(more) == 1
    assert named(task) == before


def test_a_file_that_holds_one_band_asked_for_among_others_is_named(task: MeasureTask) -> None:
    more = by_hand(task, "B01", INFO.needed[0])
    assert more <= named(task)


def test_what_another_detector_of_the_same_run_reads_is_named(task: MeasureTask) -> None:
    scenes = tuple(
        dataclasses.replace(
            one, assets=(*one.assets, dataclasses.replace(one.assets[0], band="B09"))
        )
        for one in task.acquisition.scenes
    )
    look = dataclasses.replace(task.acquisition, scenes=scenes)
    more = by_hand(task, "B09")
    plain = dataclasses.replace(task, acquisition=look)
    beside = dataclasses.replace(plain, beside=("B09",))
    assert not more & named(plain)
    assert more <= named(beside)


def test_nothing_is_named_of_a_cell_that_was_not_pulled(task: MeasureTask) -> None:
    assert masters_read(task, INFO, []) == ()
