"""The killer: starts runs, kills them from outside, lets the last one end, compares."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.outcome import Outcome, differences, outcome_of

PROGRAM = Path(__file__).with_name("run_once.py")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0
ROOM_BYTES = 500_000_000
POINTS = {
    "archive.part_written": 60,
    "archive.checked": 60,
    "archive.renamed": 60,
    "archive.manifested": 60,
    "slab.part_written": 50,
    "slab.checked": 50,
    "slab.renamed": 50,
    "commit.begin": 32,
    "commit.before": 32,
    "commit.after": 32,
}
"""Named points that a run passes, and how often it does so over 17 looks at the square."""


@dataclass(frozen=True)
class Kill:
    """One SIGKILL: at a named point, or after a share of the time a clean run takes."""

    point: str = ""
    arrival: int = 1
    share: float = 0.0

    def __str__(self) -> str:
        return f"{self.point}:{self.arrival}" if self.point else f"at {self.share:.0%} of the time"


@dataclass(frozen=True)
class Trial:
    """The kills one data folder suffers, one after the other."""

    seed: int
    kills: tuple[Kill, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.seed}: " + ", ".join(map(str, self.kills))


@dataclass(frozen=True)
class Clean:
    """The run nobody disturbed, and what it needed."""

    folder: Path
    looks: Path
    outcome: Outcome
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """What came of a trial: kills that struck a living run, and what is not as it should be."""

    trial: Trial
    struck: int
    differences: list[str]


def draw_trials(count: int, **settings: Any) -> list[Trial]:
    """Draw so many trials: half at named points, half at random times, a third with two kills."""
    trials, points = [], list(POINTS)
    for seed in range(count):
        lot = random.Random(seed)
        point = points[seed // 2 % len(points)]
        first = (
            Kill(point, lot.randint(1, POINTS[point]))
            if seed % 2 == 0
            else Kill(share=lot.uniform(0.02, 0.95))
        )
        # What is left to do after the first kill is not known: a moment early in it is.
        more = [Kill(share=lot.uniform(0.02, 0.3)) for _ in range(lot.choice((0, 0, 1)))]
        trials.append(Trial(seed, (first, *more), settings))
    return trials


@contextmanager
def workshop() -> Iterator[Path]:
    """Yield a folder for data folders, in memory where there is room.

    What a killed process has written stays either way; only a power cut would tell memory from
    disk, and there forcing a file to disk costs nothing.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if _has_room(memory) else None) as name:
        yield Path(name)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM_BYTES


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Tell whether something becomes so before patience ends."""
    give_up = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.003)
    return True


class Runner:
    """Starts runs, one at a time, through a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(
        self, root: Path, looks: Path, settings: dict[str, Any], stop_at: str = ""
    ) -> tuple[int, Path]:
        """Start a run; return its process id and the file that tells of its stop."""
        stop_file = root.with_name(f"{root.name}.stopped")
        stop_file.unlink(missing_ok=True)
        environment = {"HEARTHWATCH_STOP_AT": stop_at, "HEARTHWATCH_STOP_FILE": str(stop_file)}
        request = {
            "root": str(root),
            "looks": str(looks),
            "settings": settings,
            "environment": environment,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._answer()), stop_file

    def wait(self) -> int:
        """Wait for the end of the run; return its exit code."""
        return int(self._answer())

    def finish(self, root: Path, looks: Path, settings: dict[str, Any]) -> None:
        """Run to the end."""
        self.start(root, looks, settings)
        assert self.wait() == 0, f"the run over {root} failed"

    def kill(
        self, root: Path, looks: Path, settings: dict[str, Any], kill: Kill, seconds: float
    ) -> bool:
        """Start a run and kill it; tell whether it still lived.

        `seconds` is what an undisturbed one takes.
        """
        stop_at = f"{kill.point}:{kill.arrival}" if kill.point else ""
        pid, stop_file = self.start(root, looks, settings, stop_at)
        # A number alone could by now belong to somebody else.
        handle = os.pidfd_open(pid)
        try:
            if kill.point:
                _await_stop(stop_file, kill)
            else:
                time.sleep(kill.share * seconds)
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)
        return self.wait() == -signal.SIGKILL

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def open_runner(ground: str = "watched", program: Path = PROGRAM) -> Iterator[Runner]:
    """Yield a runner; its process goes with it. `ground` is one that ``run_once.py`` knows.

    Another program answers requests as that one does.
    """
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        # A library's idle threads would not live on in the forked run.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, str(program), ground],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Runner(process)
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def clean_run(runner: Runner, template: Path, looks: Path, folder: Path, **settings: Any) -> Clean:
    """Run once without any kill."""
    shutil.copytree(template, folder)
    began = time.monotonic()
    runner.finish(folder, looks, settings)
    return Clean(folder, looks, outcome_of(folder), time.monotonic() - began)


def carry_out(runner: Runner, template: Path, clean: Clean, trial: Trial, folder: Path) -> Verdict:
    """Kill as the trial says, run to the end, compare with the clean run, tidy up.

    A random kill that came too late for a living run is tried again, earlier, on a new folder:
    every trial has been struck at least once.
    """
    kills, struck = list(trial.kills), 0
    while struck == 0:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        struck = sum(
            runner.kill(folder, clean.looks, trial.settings, kill, clean.seconds) for kill in kills
        )
        kills[0] = Kill(kills[0].point, kills[0].arrival, kills[0].share / 2)
    runner.finish(folder, clean.looks, trial.settings)
    named = differences(clean.outcome, outcome_of(folder))
    shutil.rmtree(folder)
    return Verdict(trial, struck, named)


def _await_stop(stop_file: Path, kill: Kill) -> None:
    told = wait_until(lambda: stop_file.exists() and stop_file.read_text().endswith("\n"))
    assert told, f"the run never came to {kill}"
