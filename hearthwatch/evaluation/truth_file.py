"""Rows of a truth file as they stand there, before anything of them is judged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hearthwatch.watchlist.formats import bytes_of

NEEDED = ("earliest", "latest", "kind")
COLUMNS = ("place", *NEEDED, "share", "lon", "lat")
_COLUMN_WORDS = "place or lon and lat, earliest, latest, kind, and share if it is known"


@dataclass(frozen=True, slots=True)
class RawTruth:
    """One row.

    Attributes
    ----------
    where : str
        How it is called in messages: ``line 3``, ``feature 2``.
    values : dict of str to str
        By name of the column; an empty cell is left out.
    faults : tuple of str
        What hindered reading it.
    """

    where: str
    values: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_rows(path: Path) -> tuple[list[RawTruth], list[str]]:
    """Return the rows of a truth file, and what is wrong with the file as a whole.

    Raises
    ------
    RegionError
        If the file cannot be read at all.
    """
    try:
        text = bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], ["it is not in UTF-8: export it in that encoding"]
    if text.lstrip().startswith("{"):
        return _of_geojson(text)
    return _of_csv(text)


def _of_csv(text: str) -> tuple[list[RawTruth], list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[RawTruth] = []
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [title.strip().lower() for title in cells]
                fault = _fault_of_header(header)
                if fault:
                    return [], [fault]
            else:
                rows.append(_row(f"line {reader.line_num}", header, cells))
    except csv.Error as error:
        return [], [f"it is not readable as CSV ({error}): export it again"]
    return (rows, []) if header else ([], [f"it is empty: it needs the columns {_COLUMN_WORDS}"])


def _fault_of_header(header: Sequence[str]) -> str:
    missing = [name for name in NEEDED if name not in header]
    nowhere = "place" not in header and not {"lon", "lat"} <= set(header)
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if missing or nowhere:
        cut = " (cut it with commas, not semicolons)" if ";" in "".join(header) else ""
        return f"it needs the columns {_COLUMN_WORDS}; it has {', '.join(header)}{cut}"
    return f"it has the column {twice[0]} twice: take one out" if twice else ""


def _row(where: str, header: Sequence[str], cells: Sequence[str]) -> RawTruth:
    if any(cell.strip() for cell in cells[len(header) :]):
        words = f"has {len(cells)} cells under {len(header)} columns: quote a cell with a comma"
        return RawTruth(where, faults=(words,))
    named = zip(header, cells, strict=False)
    return RawTruth(where, {n: c.strip() for n, c in named if n in COLUMNS and c.strip()})


def _of_geojson(text: str) -> tuple[list[RawTruth], list[str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return [], [f"it is not readable as GeoJSON ({error}): export it again"]
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        return [], ["it is JSON but no GeoJSON FeatureCollection: export it as one"]
    return [_of_feature(item, f"feature {n}") for n, item in enumerate(features, start=1)], []


def _of_feature(item: Any, where: str) -> RawTruth:
    properties = item.get("properties") if isinstance(item, dict) else None
    if not isinstance(properties, dict):
        return RawTruth(where, faults=("has no properties: give it earliest, latest and kind",))
    named = {str(name).strip().lower(): value for name, value in properties.items()}
    values = {
        name: str(value).strip()
        for name, value in named.items()
        if name in COLUMNS and value is not None and str(value).strip()
    }
    geometry = item.get("geometry")
    if geometry is None:
        return RawTruth(where, values)
    point = geometry.get("coordinates") if isinstance(geometry, dict) else None
    is_point = isinstance(geometry, dict) and geometry.get("type") == "Point"
    if not is_point or not isinstance(point, list) or len(point) < 2:
        return RawTruth(where, faults=("has a geometry that is no Point: use a Point or none",))
    return RawTruth(where, {**values, "lon": str(point[0]), "lat": str(point[1])})
