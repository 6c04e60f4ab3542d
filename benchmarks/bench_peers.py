"""Our detector beside other methods and rules: the same series, truth, budget and tuning.

Series are files of `benchmarks.peers.series.Series`, one for each kind of year; real and resampled
years are never pooled. Each method is run at its own default and tuned to the budget on the tuning
half, by one arithmetic; its score series are kept with `--save`.
"""

# ruff: noqa: E402 (the number of threads must be set before numpy is loaded)
from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib
import platform
import re
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.contest import Entry, enter
from benchmarks.peers.methods import Method, ours
from benchmarks.peers.rules import RULES
from benchmarks.peers.series import SCORING, Series, load
from benchmarks.peers.table import Budget, settings, tables

RESULTS = Path(__file__).parent / "results" / "peers.md"
SERIES = Path("var/peers")
LIBRARIES = {"nrt": ("charts", "CHARTS"), "pyxccd": ("continuous", "CONTINUOUS")}


def main() -> None:
    """Run the contest on every file of series, print it and, with `--write`, keep it."""
    asked = arguments()
    files = asked.series or sorted(SERIES.glob("*.npz"))
    if not files:
        print(f"There are no series: name files, or put them in {SERIES}.")
        return
    lines = ["# Beside other methods", ""]
    for line in report(files, asked):
        print(line, flush=True)
        lines.append(line)
    if asked.write:
        RESULTS.write_text("\n".join((*lines, "")), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", nargs="*", type=Path, help=f"default: every file of {SERIES}")
    parser.add_argument("--tune-on", type=Path, help="tune on these, where real years are too few")
    parser.add_argument("--budget", type=float, default=5.0, help="false alarms per 1,000 years")
    parser.add_argument("--aim", type=float, help="what thresholds aim at; default half of it")
    parser.add_argument("--save", type=Path, help="folder for the score series of every method")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS}")
    return parser.parse_args()


def report(files: list[Path], asked: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the report."""
    budget = Budget(asked.budget, asked.aim or asked.budget / 2)
    peers, missing = found_here()
    yield f"{versions()}; `python benchmarks/bench_peers.py`."
    yield from missing
    yield ""
    yield from settings(peers)
    for file in files:
        series = load(file)
        tuned_on = load(asked.tune_on) if asked.tune_on else series
        entries = []
        for method in (*filter(None, [ours(series, tuned_on)]), *peers):
            began = time.perf_counter()
            entries.append(enter(method, tuned_on, series, budget.aim))
            print(f"{method.name}: {time.perf_counter() - began:.0f} s", flush=True)
        if asked.save:
            save(asked.save / file.stem, series, entries)
        yield ""
        yield from tables(series, tuned_on, entries, budget)


def found_here() -> tuple[list[Method], list[str]]:
    """Return the methods whose libraries are installed, and a line for each that is not."""
    methods, missing = [], []
    for library, (module, name) in LIBRARIES.items():
        try:
            methods += getattr(importlib.import_module(f"benchmarks.peers.{module}"), name)
        except ImportError as error:
            missing.append(f"The methods of {library} did not run: {error}.")
    return [*methods, *RULES], missing


def versions() -> str:
    """Return the versions that the figures depend on."""
    said = [f"Python {platform.python_version()}"]
    for library in ("numpy", *LIBRARIES):
        try:
            said.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            said.append(f"no {library}")
    return ", ".join(said)


def save(folder: Path, series: Series, entries: list[Entry]) -> None:
    """Keep the score series of every method on the scoring half, one file for each."""
    folder.mkdir(parents=True, exist_ok=True)
    scoring = series.group == SCORING
    for entry in entries:
        kept: dict[str, Any] = {
            "name": series.name[scoring],
            "onset": series.onset[scoring],
            "times": series.times,
        }
        for word, row in (("tuned", entry.tuned), ("default", entry.default)):
            if row is not None:
                kept[word], kept[f"{word}_limit"] = row.statistic, row.limit
                kept[f"{word}_setting"] = f"{row.fed}; {row.setting.words}"
        name = re.sub(r"[^a-z0-9]+", "_", entry.name.lower()).strip("_")
        np.savez_compressed(folder / f"{name}.npz", **kept)


if __name__ == "__main__":
    main()
