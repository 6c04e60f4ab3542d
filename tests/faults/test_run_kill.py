"""Killed anywhere, same result: runs under kill -9 from outside, at named points and at any time.

Twenty seeded trials; ``benchmarks/bench_kills.py`` carries out two hundred.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults import killer
from tests.faults.killer import POINTS, Clean, Runner, Trial, Verdict
from tests.support import watched
from tests.support.outcome import differences, outcome_of

TRIALS = 20
LOOKS = 17
DAMAGED = 5


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """Data folder with the square on its watchlist and nothing else."""
    with killer.workshop() as folder:
        yield watched.prepare(folder / "template")


@pytest.fixture(scope="module")
def runners() -> Iterator[tuple[Runner, Runner]]:
    with killer.open_runner() as one, killer.open_runner() as other:
        yield one, other


@pytest.fixture(scope="module")
def clean(template: Path, runners: tuple[Runner, Runner]) -> Clean:
    """The run nobody disturbed; one of its looks cannot be read."""
    looks = watched.write_looks(template.with_name("looks"), LOOKS, damaged=DAMAGED)
    return killer.clean_run(runners[0], template, looks, template.with_name("clean"), workers=2)


@pytest.fixture(scope="module")
def verdicts(template: Path, clean: Clean, runners: tuple[Runner, Runner]) -> dict[int, Verdict]:
    """What came of all trials, carried out two at a time."""
    trials = killer.draw_trials(TRIALS, workers=2)

    def share(runner: Runner, part: Sequence[Trial]) -> list[Verdict]:
        return [
            killer.carry_out(runner, template, clean, trial, template.with_name(f"t{trial.seed}"))
            for trial in part
        ]

    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(share, runners, (trials[::2], trials[1::2]))
        return {one.trial.seed: one for part in parts for one in part}


def test_the_clean_run_has_something_to_lose(clean: Clean) -> None:
    tables = clean.outcome.tables
    assert len(tables["ledger"]) == 2 * LOOKS
    assert {row["detector_state"] for row in tables["events"]} == {"PROBABLE"}
    assert len(tables["events"]) == 2
    assert len(tables["jobs"]) == 2 * (LOOKS - 1)
    assert clean.outcome.faults == []
    kinds = {Path(name).suffix for name in clean.outcome.files}
    assert kinds == {".tif", ".json", ".jsonl", ".lock", ".slab"}


def test_a_second_clean_run_is_the_same(
    template: Path, clean: Clean, runners: tuple[Runner, Runner]
) -> None:
    folder = template.with_name("again")
    again = killer.clean_run(runners[1], template, clean.looks, folder, workers=1)
    assert differences(clean.outcome, again.outcome) == []


def test_every_named_point_is_among_the_kills() -> None:
    drawn = {trial.kills[0].point for trial in killer.draw_trials(TRIALS)}
    assert drawn == {"", *POINTS}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(TRIALS))
def test_killed_anywhere_and_run_again_gives_the_same(
    verdicts: dict[int, Verdict], seed: int
) -> None:
    verdict = verdicts[seed]
    assert verdict.struck >= 1
    assert verdict.differences == [], str(verdict.trial)


def test_what_a_killed_run_left_lying_is_taken_away_by_the_next(
    template: Path, clean: Clean, runners: tuple[Runner, Runner]
) -> None:
    folder = template.with_name("litter")
    shutil.copytree(clean.folder, folder)
    master, slab = (next(folder.rglob(f"*{kind}")) for kind in (".tif", ".slab"))
    for name in (
        master.with_name(f".hearthwatch-1-00000000-{master.name}.part"),
        slab.with_name(f".hearthwatch-1-00000000-{slab.name}.part"),
        slab.with_name("000099.slab"),
        folder / "scratch" / "0.features",
    ):
        name.parent.mkdir(exist_ok=True)
        name.write_bytes(b"left")
    runners[0].finish(folder, clean.looks, {"workers": 1})
    assert differences(clean.outcome, outcome_of(folder)) == []


def test_worker_processes_do_not_outlive_a_killed_run(
    template: Path, clean: Clean, runners: tuple[Runner, Runner]
) -> None:
    folder = template.with_name("orphans")
    shutil.copytree(template, folder)
    settings = {"executor": "processes", "workers": 2}
    pid, _ = runners[0].start(folder, clean.looks, settings)
    started = killer.wait_until(lambda: any(folder.rglob("*.tif")))
    workers = len(_group(pid)) - 1
    os.kill(pid, signal.SIGKILL)
    assert runners[0].wait() == -signal.SIGKILL
    assert started
    assert workers >= 2
    assert killer.wait_until(lambda: not _group(pid)), "workers are still there"


def _group(pid: int) -> list[int]:
    """Return the living processes of the run's process group."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if entry.name.isdecimal() and fields[0] != "Z" and int(fields[2]) == pid:
            found.append(int(entry.name))
    return found
