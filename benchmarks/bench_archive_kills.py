"""Two hundred seeded kills in the life of an archive: each is followed by a look at what is there.

``python benchmarks/bench_archive_kills.py [trials] [--save]``; with ``--save`` the table is written
to ``benchmarks/results/archive_kills.md``. A life stores looks with the responses they were read
from, notes a newer processing, puts a hold and retires; another makes a cube, adds to it, follows a
newer processing and makes it anew. The runs of the pipeline are killed by ``bench_kills.py``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults import archive_life, archive_trials, killer  # noqa: E402
from tests.faults.archive_trials import LifeTrial  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "archive_kills.md"
TIME = "a random time"

Verdicts = list[tuple[LifeTrial, list[str]]]


def carry_out(folder: Path, trials: list[LifeTrial]) -> Verdicts:
    """Carry out all trials, one after the other."""
    verdicts = []
    with killer.open_runner(program=archive_trials.PROGRAM) as runner:
        yard = archive_trials.open_yard(runner, folder)
        for number, trial in enumerate(trials, start=1):
            verdicts.append((trial, yard.carry_out(trial)))
            print(f"\r{number} of {len(trials)} trials", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return verdicts


def table(verdicts: Verdicts) -> list[str]:
    """Return the rows of the summary, in Markdown."""
    trials, kills, wrong = Counter[str](), Counter[str](), Counter[str]()
    for trial, found in verdicts:
        name = trial.kills[0].point or TIME
        trials[name] += 1
        kills[name] += len(trial.kills)
        wrong[name] += bool(found)
    rows = [f"| {n} | {trials[n]} | {kills[n]} | {wrong[n]} |" for n in sorted(trials)]
    total = f"| all | {trials.total()} | {kills.total()} | {wrong.total()} |"
    head = "| first kill at | trials | kills | torn, doubled or different |"
    return [head, "|---|---:|---:|---:|", *rows, total]


def report(verdicts: Verdicts, command: str, seconds: float) -> str:
    points = len(archive_life.POINTS), len(archive_life.CUBE_POINTS)
    lines = [
        "# An archive killed anywhere in its life",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, `{command}`, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {seconds:.0f} seconds.",
        "",
        f"Each trial kills a process of its own with SIGKILL from outside, at one of {points[0]} "
        f"named steps of storing and retiring, at one of {points[1]} of the cube, or at a random "
        "time, and in a third of the trials once more while it recovers. After every kill all "
        "that is listed is read and verified, and the cube is compared with its masters. Then "
        "the life goes on to its end, and every file is compared with that of a life that nobody "
        "cut short.",
        "",
        *table(verdicts),
        "",
    ]
    lines += [f"- {trial}: {'; '.join(found)}" for trial, found in verdicts if found]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", nargs="?", type=int, default=200)
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    began = time.monotonic()
    with killer.workshop() as folder:
        verdicts = carry_out(folder, archive_trials.draw(given.trials, with_cubes=True))
    command = f"python benchmarks/bench_archive_kills.py {given.trials}"
    text = report(verdicts, command, time.monotonic() - began)
    print(text)
    if given.save:
        RESULT.write_text(text, encoding="utf-8")
    return int(any(found for _, found in verdicts))


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=PendingDeprecationWarning)
    sys.exit(main())
