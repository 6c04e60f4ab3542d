"""Two who want the same pixels at the same moment: they are fetched, and paid for, once."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from detectors.registry import create_detector
from hearthwatch.pipeline.plan import make_plan
from hearthwatch.pipeline.pull import Spent, pull_all
from hearthwatch.pipeline.tasks import MeasureTask
from hearthwatch.store import MemoryStore
from imagery.providers.folder import FolderProvider
from imagery.types import Chip, Cost, GeoBox, Query, Scene
from tests.support import settled
from tests.support.settled import LOOKS, MIDDLE, WEST
from tests.support.waiting import PATIENCE_S
from tiles.archive import Archive

CELLS = {f"34N_{col:04d}_{row:04d}" for col in (60, 61) for row in (146, 147)}
PAUSE_S = 0.3
"""Long enough that whoever does not wait asks as well."""


@dataclass
class Counting:
    """A slow provider that notes what it was asked for in a file, from any process."""

    path: Path
    notes: Path
    name: str = "folder"
    remote: bool = False

    def serving(self) -> AbstractContextManager[None]:
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        return FolderProvider(self.path).search(query)

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        with self.notes.open("a") as file:
            file.write(f"{geobox.boundingbox.left:.0f},{geobox.boundingbox.bottom:.0f}\n")
        time.sleep(PAUSE_S)
        return FolderProvider(self.path).read(scenes, geobox, bands, deadline)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return FolderProvider(self.path).estimate(scenes, geobox, bands)

    def asked(self) -> Counter[str]:
        return Counter(self.notes.read_text().split())


@pytest.fixture
def provider(tmp_path: Path) -> Counting:
    looks = settled.write_looks(tmp_path / "looks", LOOKS[:1], settled.dry_land())
    return Counting(looks, tmp_path / "notes")


def pulled(task: MeasureTask) -> list[str]:
    """Pull all cells of a site; run in a worker."""
    cells, chips = pull_all(task, create_detector("burned").info, Spent())
    assert len(chips) == len(cells)
    return cells


def processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("workers", [partial(ThreadPoolExecutor, 2), processes])
def test_two_sites_that_reach_into_the_same_cells_ask_for_each_once(
    provider: Counting, tmp_path: Path, workers: Callable[[], Executor]
) -> None:
    store = MemoryStore()
    region = settled.enrol(store, (MIDDLE, WEST))
    plan = make_plan(store, provider, region, create_detector("burned").info, settled.UNTIL)
    tasks = [
        MeasureTask(provider, plan.looks[0], site, "burned", tmp_path / "a", tmp_path / "s", 60.0)
        for site in plan.sites
    ]
    assert {task.site.cell for task in tasks} == {"34N_0060_0146", "34N_0061_0147"}
    assert all(set(task.site.cells) == CELLS for task in tasks)
    with workers() as executor:
        came = [set(cells) for cells in executor.map(pulled, tasks)]
    assert came == [CELLS, CELLS]
    asked = provider.asked()
    assert len(asked) == len(CELLS)
    assert set(asked.values()) == {1}
    archive = Archive(tmp_path / "a")
    assert archive.verify() == []
    assert all(archive.has(plan.looks[0].key, cell) for cell in CELLS)


def test_who_waits_goes_on_when_the_other_fails(tmp_path: Path) -> None:
    archive, began, order = Archive(tmp_path), threading.Event(), list[str]()

    def fail() -> None:
        with pytest.raises(RuntimeError), archive.pulling("look", "cell"):
            began.set()
            time.sleep(0.1)
            order.append("failed")
            raise RuntimeError

    first = threading.Thread(target=fail)
    first.start()
    assert began.wait(PATIENCE_S)
    with archive.pulling("look", "cell"):
        order.append("second")
    first.join()
    assert order == ["failed", "second"]
