"""Figures of the gates on real pixels: printed, and kept in a file if that is asked for.

``GATES_FILE=benchmarks/results/gates.json make test`` keeps them; each test that passes its
gate or is known to miss it tells its figures by :func:`record`.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "GATES_FILE"


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    gate : str
        Short name, by which the file is sorted.
    figure : float or str
        What was measured; dates as ISO days.
    needed : str
        What the gate asks for, in words; empty where the figure is only told.
    data : str
        Data set: a folder of real pixels, or the packaged sample.
    shows : str
        What it is a measure of, and on what; says so where a part of it was synthesised.
    interval : tuple of float or None
        95 %, where there is one.
    """

    gate: str
    figure: float | str
    needed: str
    data: str
    shows: str
    interval: tuple[float, float] | None = None


def record(figure: Figure) -> None:
    """Print a figure, and put it into the file that the environment names."""
    needed = figure.needed or "nothing"
    sys.stdout.write(f"{figure.gate}: {figure.figure} (needed: {needed})\n")
    if os.environ.get(FILE):
        _keep(figure, Path(os.environ[FILE]))


def _keep(figure: Figure, path: Path) -> None:
    """Replace the figure of this name; tests may run side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        kept = {one["gate"]: one for one in json.loads(text)} if text else {}
        kept[figure.gate] = asdict(figure)
        rows = [kept[gate] for gate in sorted(kept)]
        file.truncate(0)
        file.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
