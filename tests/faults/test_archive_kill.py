"""F66 and F67: the archive, its cube and the slabs under kill -9, from outside, at every step."""

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.faults import archive_life, archive_trials, killer
from tests.faults.archive_trials import LifeTrial, LifeYard
from tests.faults.killer import Kill
from tiles.archive import Archive
from tiles.slabs import read_slab

PROGRAM = Path(__file__).with_name("store_chip.py")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0

program = SimpleNamespace(**runpy.run_path(str(PROGRAM), run_name="store_chip"))


def start(*args: str, stop_at: str = "", stop_file: Path | None = None) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "HEARTHWATCH_STOP_AT": stop_at,
        "HEARTHWATCH_STOP_FILE": str(stop_file or ""),
    }
    return subprocess.Popen([sys.executable, str(PROGRAM), *args], env=environment)


def kill_at(point: str, what: str, folder: Path) -> None:
    """Run the program until it has come to `point`, and kill it there."""
    stop_file = folder.with_name("stopped")
    process = start(what, str(folder), stop_at=point, stop_file=stop_file)
    try:
        give_up = time.monotonic() + PATIENCE_S
        while not stop_file.exists() or not stop_file.read_text().endswith("\n"):
            assert process.poll() is None, f"it ended without coming to {point}"
            assert time.monotonic() < give_up, f"it never came to {point}"
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of an archive that nobody disturbed."""
    folder = tmp_path_factory.mktemp("unharmed") / "archive"
    Archive(folder).store(program.chip(), program.CELL)
    return contents(folder)


@pytest.mark.parametrize(
    ("step", "layer"), [("checked", 1), ("manifested", 1), ("part_written", 2), ("renamed", 2)]
)
def test_f66_a_store_killed_anywhere_and_run_again_leaves_one_truth(
    tmp_path: Path, unharmed: dict[str, bytes], step: str, layer: int
) -> None:
    folder = tmp_path / "archive"
    kill_at(f"archive.{step}:{layer}", "archive", folder)

    found = Archive(folder)
    done = layer - (step != "manifested")
    assert len(found.manifest.rows()) == done
    assert found.has("S2A_20200630", program.CELL) == (done == 2)
    assert {fault.problem for fault in found.verify()} <= {"not listed in the manifest"}

    found.store(program.chip(), program.CELL)
    assert found.verify() == []
    assert contents(folder) == unharmed


@pytest.mark.parametrize("step", ["part_written", "renamed"])
def test_f66_a_slab_killed_anywhere_leaves_the_old_version_whole(tmp_path: Path, step: str) -> None:
    folder = tmp_path / "state"
    first = program.store_slab(folder, 1)
    kill_at(f"slab.{step}", "slab", folder)

    header, _ = read_slab(folder / "v1.slab", first)
    assert header == {"looks": 1}
    assert (folder / "v2.slab").exists() == (step == "renamed")
    second = program.store_slab(folder, 2)
    header, arrays = read_slab(folder / "v2.slab", second)
    assert header == {"looks": 2}
    assert (arrays["mean"] == 2).all()


def test_f67_two_processes_storing_the_same_make_one_master_of_each(tmp_path: Path) -> None:
    folder, looks = tmp_path / "archive", 12
    writers = [start("archive", str(folder), str(looks)) for _ in range(2)]
    time.sleep(0.1)
    (tmp_path / "go").touch()
    assert [writer.wait(PATIENCE_S) for writer in writers] == [0, 0]
    archive = Archive(folder)
    assert len(archive.manifest.rows()) == 2 * looks
    assert len(list(folder.rglob("*.tif"))) == 2 * looks
    assert archive.verify() == []


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LifeYard]:
    folder = tmp_path_factory.mktemp("lives")
    with killer.open_runner(program=archive_trials.PROGRAM) as runner:
        yield archive_trials.open_yard(runner, folder)


@pytest.mark.parametrize("trial", archive_trials.draw(16), ids=str)
def test_f66_an_archive_killed_anywhere_in_its_life_ends_as_if_never_killed(
    yard: LifeYard, trial: LifeTrial
) -> None:
    """Sixteen seeded kills over 14 steps; ``benchmarks/bench_kills.py`` carries out two hundred."""
    assert yard.carry_out(trial) == []


@pytest.mark.parametrize("point", archive_life.CUBE_POINTS)
def test_f66_f71_a_cube_killed_anywhere_shows_no_half_written_look(
    yard: LifeYard, point: str
) -> None:
    arrival = archive_life.CUBE_POINTS[point]
    assert yard.carry_out(LifeTrial("cube", (Kill(point, arrival),))) == []
