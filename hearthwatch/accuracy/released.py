"""The release's own measured figures: files that its benchmarks and tests wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearthwatch.accuracy.errors import AccuracyError
from hearthwatch.accuracy.pixels import Pixels
from hearthwatch.evaluation.definitions import Level

FILES = (
    "gates.json", "burned.json", "power.json", "radar.json", "two_sensors.json", "camps.json",
    "sites.json", "abandonment.json", "heat.json",
)  # fmt: skip
"""Those that are shipped; a release may lack any of them."""
_GATES = "gates.json"
_ROOT = Path(__file__).resolve().parents[2]
_SHIPPED = Path(__file__).resolve().parent / "figures"
"""Where a wheel has them; a source tree has them where its benchmarks write them."""
_SOURCE = _ROOT / "benchmarks" / "results"


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of the release.

    Attributes
    ----------
    name : str
        What was measured.
    figure : float or str or None
        Its value, in `unit`, or in words such as a date; None where there is none.
    low, high : float or None
        Both ends of its interval.
    needed : str
        What it had to reach, in words.
    data : str
        On what it was measured.
    shows : str
        What follows from it, and what does not.
    state : Level or None
        The detector state that it is about.
    """

    name: str
    figure: float | str | None
    low: float | None
    high: float | None
    unit: str
    data: str
    shows: str
    pixels: Pixels
    file: str
    state: Level | None = None
    needed: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the release, as it was written."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    pixels: Pixels
    file: str


@dataclass(frozen=True, slots=True)
class Release:
    """All that the release has measured.

    Attributes
    ----------
    digests : mapping of str to str
        Digest of the code that a file's figures were measured with, by name of the file; empty
        where the file does not say.
    """

    figures: tuple[Measured, ...] = ()
    tables: tuple[Table, ...] = ()
    digests: Mapping[str, str] | None = None

    def of(self, pixels: Pixels) -> tuple[tuple[Measured, ...], tuple[Table, ...]]:
        """Return the figures and the tables that rest on such pixels."""
        return (
            tuple(one for one in self.figures if one.pixels is pixels),
            tuple(one for one in self.tables if one.pixels is pixels),
        )


def shelf() -> Path:
    """Return the folder in which this installation has the release's figures."""
    return _SHIPPED if _SHIPPED.is_dir() else _SOURCE


def read_release(folder: Path) -> Release:
    """Read the figures that lie in a folder.

    A file is a list of figures, or an object with ``figures``, ``tables`` and ``code_digest``. A
    figure or a table says by ``kind`` whether it was measured on ``real`` pixels or on
    ``resampled`` series; the file may say it for all that do not. The gates are of real pixels.

    Raises
    ------
    AccuracyError
        If a file is not of that shape.
    """
    figures: list[Measured] = []
    tables: list[Table] = []
    digests: dict[str, str] = {}
    for name in FILES:
        path = folder / name
        if not path.is_file():
            continue
        try:
            told = _whole(json.loads(path.read_text(encoding="utf-8")))
            usual = told.get("kind", Pixels.REAL if name == _GATES else Pixels.UNSTATED)
            figures += _figures(told.get("figures", ()), usual, name)
            tables += _tables(told.get("tables", ()), usual, name)
            digests[name] = str(told.get("code_digest", ""))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AccuracyError(
                f"{path} is no file of figures ({type(error).__name__}: {error}): install "
                "hearthwatch again, or measure them again."
            ) from error
    return Release(tuple(figures), tuple(tables), digests)


def _whole(told: Any) -> Mapping[str, Any]:
    if isinstance(told, list):
        return {"figures": told}
    if not isinstance(told, dict):
        raise ValueError("neither a list nor an object")
    return told


def _figures(told: Iterable[Mapping[str, Any]], usual: str, file: str) -> Iterator[Measured]:
    for one in told:
        # A gate goes by its own name, and has its interval in one piece.
        low, high = one.get("interval") or (one.get("low"), one.get("high"))
        yield Measured(
            name=str(one["gate"] if "gate" in one else one["name"]),
            figure=one["figure"] if isinstance(one["figure"], str) else _number(one["figure"]),
            low=_number(low),
            high=_number(high),
            unit=str(one.get("unit", "")),
            data=str(one["data"]),
            shows=str(one.get("shows", "")),
            pixels=Pixels(one.get("kind", usual)),
            file=file,
            state=Level(one["state"]) if one.get("state") else None,
            needed=str(one.get("needed", "")),
        )


def _tables(told: Iterable[Mapping[str, Any]], usual: str, file: str) -> Iterator[Table]:
    for one in told:
        columns = tuple(str(title) for title in one["columns"])
        rows = tuple(_cells(row) for row in one["rows"])
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f"a row of {one['title']!r} has not {len(columns)} cells")
        yield Table(str(one["title"]), columns, rows, Pixels(one.get("kind", usual)), file)


def _cells(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple("-" if cell is None else _cell(cell) for cell in row)


def _cell(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _number(value: Any) -> float | None:
    """Return a finite number; None where there is none.

    Raises
    ------
    TypeError, ValueError
        If it is something else.
    """
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no finite number")
    return number
