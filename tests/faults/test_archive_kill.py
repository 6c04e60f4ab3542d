"""The archive and the slabs under kill -9, from outside, at every named point."""

import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

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


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("step", ["part_written", "checked", "renamed", "manifested"])
def test_a_store_killed_anywhere_and_run_again_leaves_one_truth(
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
def test_a_slab_killed_anywhere_leaves_the_old_version_whole(tmp_path: Path, step: str) -> None:
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


def test_two_processes_storing_the_same_make_one_master_of_each(tmp_path: Path) -> None:
    folder, looks = tmp_path / "archive", 12
    writers = [start("archive", str(folder), str(looks)) for _ in range(2)]
    time.sleep(0.1)
    (tmp_path / "go").touch()
    assert [writer.wait(PATIENCE_S) for writer in writers] == [0, 0]
    archive = Archive(folder)
    assert len(archive.manifest.rows()) == 2 * looks
    assert len(list(folder.rglob("*.tif"))) == 2 * looks
    assert archive.verify() == []
