"""Settlements that burn: whatever runs the work, the result is the same to the last bit.

What is compared is all that a run leaves: events, detections with their numbers, every row of the
ledger with what it says, and the digests of the states.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import catalogue, dask_cluster, settled
from tests.support.outcome import Outcome, differences, findings_digest, outcome_of
from tests.support.settled import LOOKS, MIDDLE, Fire

pytestmark = pytest.mark.slow

BURNED, NUMBER = 8, 12
"""Middle burns before the ninth look of twelve."""
TABLES = ("event_versions", "detections", "ledger", "state_versions")


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fire = Fire(LOOKS[BURNED].date(), MIDDLE.core)
    folder = tmp_path_factory.mktemp("valley") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land([fire]))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, looks: Path) -> Path:
    """Return the data folder of a run in one thread."""
    root = settled.prepare(tmp_path_factory.mktemp("first") / "var")
    settled.run(settled.settings_for(root, looks, executor="threads", workers=1))
    return root


@pytest.fixture(scope="module")
def one_thread(first: Path) -> Outcome:
    return outcome_of(first)


def run_with(root: Path, looks: Path, **how: object) -> Outcome:
    settled.prepare(root)
    settled.run(settled.settings_for(root, looks, **how))
    return outcome_of(root)


def test_one_thread_finds_the_burn_with_its_pixels(one_thread: Outcome) -> None:
    (event,) = one_thread.tables["events"]
    assert (event["settlement"], event["detector_state"]) == ("id-Middle", "ESTABLISHED")
    assert "burned_area_m2" in event["evidence"] and "log_likelihood_ratio" in event["evidence"]
    assert len(one_thread.tables["detections"]) == 3
    assert all(one_thread.tables[name] for name in TABLES)


@pytest.mark.parametrize("executor", ["threads", pytest.param("processes", marks=pytest.mark.slow)])
def test_two_workers_give_the_same(
    tmp_path: Path, looks: Path, one_thread: Outcome, executor: str
) -> None:
    found = run_with(tmp_path / "var", looks, executor=executor, workers=2)
    assert differences(one_thread, found) == []
    assert findings_digest(found) == findings_digest(one_thread)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same(tmp_path: Path, looks: Path, one_thread: Outcome) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(dask_cluster.scheduler(tmp_path))
        for number in range(2):
            (tmp_path / str(number)).mkdir()
            stack.enter_context(dask_cluster.worker(address, tmp_path / str(number)))
        found = run_with(
            tmp_path / "var", looks, executor="dask", dask_scheduler=address, workers=2
        )
    assert differences(one_thread, found) == []
    assert findings_digest(found) == findings_digest(one_thread)


def test_a_replay_from_the_archive_gives_the_same(
    tmp_path: Path, looks: Path, first: Path, one_thread: Outcome
) -> None:
    listed = tmp_path / "listed"
    shutil.copytree(looks, listed, ignore=shutil.ignore_patterns("*.tif"))
    assert not list(listed.rglob("*.tif")) and catalogue.item_files(listed)
    root = tmp_path / "var"
    settled.prepare(root)
    shutil.copytree(first / "archive", root / "archive", dirs_exist_ok=True)
    settled.run(settled.settings_for(root, listed, executor="threads", workers=1))
    found = outcome_of(root)
    for name in TABLES:
        assert found.tables[name] == one_thread.tables[name], name
    assert findings_digest(found) == findings_digest(one_thread)


def test_a_run_in_two_halves_gives_the_same(
    tmp_path: Path, looks: Path, one_thread: Outcome
) -> None:
    root = tmp_path / "var"
    settled.prepare(root)
    how = settled.settings_for(root, looks, executor="threads", workers=1)
    settled.run(how, until=LOOKS[BURNED])
    settled.run(how)
    assert differences(one_thread, outcome_of(root)) == []
