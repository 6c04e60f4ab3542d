"""Whatever runs the work, the result is the same to the last bit."""

from __future__ import annotations

import io
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from detectors.registry import create_detector
from hearthwatch.errors import DigestMismatch, HearthwatchError, SettingsError
from hearthwatch.identity import PACKAGES, code_digest
from hearthwatch.layout import Layout
from hearthwatch.pipeline import executors
from hearthwatch.pipeline.executors import open_executor
from hearthwatch.pipeline.plan import make_plan
from hearthwatch.pipeline.tasks import MeasureTask
from hearthwatch.store import open_store
from imagery.registry import create_provider
from tests.support import dask_cluster, watched
from tests.support.outcome import Outcome, differences, findings_digest, outcome_of

pytestmark = pytest.mark.slow

LOOKS = 17
NOWHERE = "tcp://127.0.0.1:9"
RunWith = Callable[..., Outcome]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return watched.write_looks(tmp_path_factory.mktemp("executors") / "looks", LOOKS, damaged=5)


@pytest.fixture(scope="module")
def run_with(tmp_path_factory: pytest.TempPathFactory, looks: Path) -> RunWith:
    """Return ``f(**settings)``, which runs on a new data folder and gives its outcome."""

    def run(**settings: object) -> Outcome:
        root = watched.prepare(tmp_path_factory.mktemp("run") / "var")
        watched.run(watched.settings_for(root, looks, **settings))
        return outcome_of(root)

    return run


@pytest.fixture(scope="module")
def one_thread(run_with: RunWith) -> Outcome:
    return run_with(executor="threads", workers=1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler that was started separately; it has no workers."""
    with dask_cluster.scheduler(tmp_path_factory.mktemp("scheduler")) as found:
        yield found


@pytest.fixture
def other_code(tmp_path: Path) -> Path:
    """Copy of the five packages in which one comment differs."""
    for package in PACKAGES:
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(dask_cluster.ROOT / package, tmp_path / "other" / package, ignore=skip)
    with (tmp_path / "other" / "detectors" / "kernel.py").open("a") as file:
        file.write("# Another version.\n")
    return tmp_path / "other"


def test_one_thread_finds_both_clearings(one_thread: Outcome) -> None:
    events = one_thread.tables["events"]
    assert [row["detector_state"] for row in events] == ["PROBABLE", "PROBABLE"]
    assert {row["cell"] for row in events} == {"34N_0061_0483", "34N_0062_0483"}


def test_two_threads_give_the_same(run_with: RunWith, one_thread: Outcome) -> None:
    assert differences(one_thread, run_with(executor="threads", workers=2)) == []


def test_two_processes_give_the_same(run_with: RunWith, one_thread: Outcome) -> None:
    assert differences(one_thread, run_with(executor="processes", workers=2)) == []


def test_a_dask_cluster_started_separately_gives_the_same(
    run_with: RunWith, one_thread: Outcome, address: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        for number in range(2):
            (tmp_path / str(number)).mkdir()
            stack.enter_context(dask_cluster.worker(address, tmp_path / str(number)))
        found = run_with(executor="dask", dask_scheduler=address, workers=2)
    assert differences(one_thread, found) == []
    assert findings_digest(found) == findings_digest(one_thread)


def test_a_worker_with_other_code_is_refused(
    tmp_path: Path, address: str, other_code: Path
) -> None:
    settings = watched.settings_for(tmp_path, tmp_path, executor="dask", dask_scheduler=address)
    with (
        dask_cluster.worker(address, tmp_path, code=other_code),
        pytest.raises(DigestMismatch, match=r"runs code .* install the same version"),
        open_executor(settings, code_digest()),
    ):
        pytest.fail("it was let in")


def test_a_worker_without_the_data_folder_is_refused(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To each process this path means its own current folder: like a disk mounted on one machine.
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    settings = watched.settings_for(
        Path("/proc/self/cwd"), tmp_path, executor="dask", dask_scheduler=address
    )
    with (
        dask_cluster.worker(address, tmp_path / "there"),
        pytest.raises(SettingsError, match="does not see the data folder"),
        open_executor(settings, code_digest()),
    ):
        pytest.fail("it was let in")
    assert list((tmp_path / "here").iterdir()) == []


def test_a_scheduler_without_workers_is_refused(tmp_path: Path, address: str) -> None:
    settings = watched.settings_for(tmp_path, tmp_path, executor="dask", dask_scheduler=address)
    with (
        pytest.raises(SettingsError, match="has no workers"),
        open_executor(settings, code_digest()),
    ):
        pytest.fail("it was let in")


@pytest.mark.parametrize(
    ("given", "words"), [(NOWHERE, "no Dask scheduler answers"), (None, "needs the address")]
)
def test_no_scheduler_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, words: str
) -> None:
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 1)
    settings = watched.settings_for(tmp_path, tmp_path, executor="dask", dask_scheduler=given)
    with pytest.raises(SettingsError, match=words), open_executor(settings, code_digest()):
        pytest.fail("it was let in")


def test_a_worker_process_that_dies_is_told_of_in_words(tmp_path: Path) -> None:
    settings = watched.settings_for(tmp_path, tmp_path, executor="processes", workers=1)
    with (
        pytest.raises(HearthwatchError, match="worker process died"),
        open_executor(settings, code_digest()) as executor,
    ):
        executor.submit(os._exit, 9).result()


def test_a_task_is_small_and_carries_no_secret(
    looks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "open-sesame")
    root = watched.prepare(tmp_path / "var")
    layout, detector = Layout(root), create_detector("ground_change").info
    provider = create_provider("folder", path=looks)
    store = open_store(layout.database)
    region = store.region("local", watched.REGION)
    plan = make_plan(store, provider, region, detector, watched.UNTIL)
    store.close()
    task = MeasureTask(
        provider=provider,
        acquisition=plan.looks[0],
        site=plan.sites[0],
        detector=detector.id,
        archive=layout.archive(region.organisation),
        scratch=layout.scratch,
        deadline=60.0,
    )
    packed = pickle.dumps(task)
    unpickler = _Watched(packed)
    assert unpickler.load().acquisition == task.acquisition
    assert len(packed) < 50_000
    for word in ("open-sesame", "sqlite", watched.REGION, region.organisation):
        assert word.encode() not in packed
    libraries = {"affine", "builtins", "copyreg", "datetime", "odc", "pathlib", "pyproj", "shapely"}
    assert unpickler.rooms <= libraries | {"hearthwatch", "imagery", "detectors"}


class _Watched(pickle.Unpickler):
    """Notes from which top packages the classes in a pickle come."""

    def __init__(self, packed: bytes) -> None:
        super().__init__(io.BytesIO(packed))
        self.rooms: set[str] = set()

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        self.rooms.add(module_name.split(".")[0])
        return super().find_class(module_name, global_name)
