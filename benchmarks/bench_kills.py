"""Two hundred seeded kills: every one is followed by a run to the end and compared.

``python benchmarks/bench_kills.py [trials] [--save]``; with ``--save`` the table is written to
``benchmarks/results/kills.md``. Nine trials in ten run on two threads; in one of ten the run that
is killed has two worker processes.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults import killer  # noqa: E402
from tests.faults.killer import Clean, Trial, Verdict  # noqa: E402
from tests.support import watched  # noqa: E402
from tests.support.outcome import differences  # noqa: E402

LOOKS = 17
DAMAGED = 5
RESULT = ROOT / "benchmarks" / "results" / "kills.md"
TIME = "a random time"
THREADS: dict[str, Any] = {"workers": 2}
PROCESSES: dict[str, Any] = {"workers": 2, "executor": "processes"}


def draw(count: int) -> list[Trial]:
    return [
        dataclasses.replace(trial, settings=PROCESSES) if trial.seed % 10 == 9 else trial
        for trial in killer.draw_trials(count, **THREADS)
    ]


def carry_out(folder: Path, trials: list[Trial]) -> tuple[Clean, list[Verdict]]:
    """Carry out all trials, two at a time."""
    template = watched.prepare(folder / "template")
    looks = watched.write_looks(folder / "looks", LOOKS, damaged=DAMAGED)
    with killer.open_runner() as one, killer.open_runner() as other:
        clean = killer.clean_run(one, template, looks, folder / "clean", **THREADS)
        # Worker processes take their time to start: a random moment is one of their own run.
        slow = killer.clean_run(one, template, looks, folder / "slow", **PROCESSES)
        assert differences(clean.outcome, slow.outcome) == []
        cleans = {"processes": slow}
        waiting, counted = iter(trials), itertools.count(1)

        def share(runner: killer.Runner) -> Iterator[Verdict]:
            for trial in waiting:
                place = folder / f"trial-{trial.seed}"
                like = cleans.get(trial.settings.get("executor", ""), clean)
                yield killer.carry_out(runner, template, like, trial, place)
                say(f"\r{next(counted)} of {len(trials)} trials")

        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(lambda runner: list(share(runner)), (one, other)))
    say("\n")
    return clean, [verdict for part in parts for verdict in part]


def table(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the rows of the summary, in Markdown."""
    trials, kills, differing = Counter[str](), Counter[str](), Counter[str]()
    for verdict in verdicts:
        name = verdict.trial.kills[0].point or TIME
        if "executor" in verdict.trial.settings:
            name += ", worker processes"
        trials[name] += 1
        kills[name] += verdict.struck
        differing[name] += bool(verdict.differences)
    rows = [f"| {n} | {trials[n]} | {kills[n]} | {differing[n]} |" for n in sorted(trials)]
    total = f"| all | {trials.total()} | {kills.total()} | {differing.total()} |"
    head = "| first kill at | trials | kills that struck | trials that differ |"
    return [head, "|---|---:|---:|---:|", *rows, total]


def report(clean: Clean, verdicts: list[Verdict], command: str, seconds: float) -> str:
    tables = clean.outcome.tables
    compared = sum(len(rows) for rows in tables.values())
    lines = [
        "# Killed anywhere, same result",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, `{command}`, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {seconds:.0f} seconds.",
        "",
        f"Each trial watches a drawn square in two cells over {LOOKS} looks, of which one cannot "
        "be read. A process of its own runs the pipeline and is killed with SIGKILL from outside: "
        "at a named point or at a random time, in a third of the trials once more while it "
        "recovers. Then it runs to the end, and everything is compared with a run that nobody "
        f"disturbed: {compared} rows in {len(tables)} tables, {len(clean.outcome.files)} files by "
        "SHA-256, the manifest, no stray file. Left out are the runs themselves, the time of a "
        "commit and of a fetch, and the order in which two threads stored.",
        "",
        *table(verdicts),
        "",
    ]
    for verdict in verdicts:
        if verdict.differences:
            lines += [f"- trial {verdict.trial}: {'; '.join(verdict.differences)}"]
    return "\n".join(lines)


def say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", nargs="?", type=int, default=200)
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    began = time.monotonic()
    with killer.workshop() as folder:
        clean, verdicts = carry_out(folder, draw(given.trials))
    command = f"python benchmarks/bench_kills.py {given.trials}"
    text = report(clean, verdicts, command, time.monotonic() - began)
    print(text)
    if given.save:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text, encoding="utf-8")
    return int(any(verdict.differences for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
