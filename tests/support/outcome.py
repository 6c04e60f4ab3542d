"""All that a run leaves in a data folder, in a form that two runs can be compared in."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearthwatch.layout import Layout
from tiles.archive import Archive
from tiles.verify import OVERVIEWS

LEFT_OUT_TABLES = frozenset({"runs", "sqlite_sequence"})
"""How often somebody started is no result; neither is a counter of the database's own."""
LEFT_OUT_COLUMNS = {"jobs": frozenset({"run", "committed"})}
"""The wall clock, and which run it was."""
LEFT_OUT_OF_MANIFEST = frozenset({"seq", "previous", "hash", "sidecar_sha256", "at"})
"""Two threads may store in either order, which the chain records; sidecars are compared apart.

Of a note, the wall clock.
"""
LEFT_OUT_OF_SIDECAR = frozenset({"fetched"})
"""The wall clock, within `provenance`."""
DATABASE = ("hearthwatch.sqlite",)
CACHE = "reference"
"""Views that the scene check compares looks with: a cache, renewed after the commit. A kill between
the two leaves an older look of the same orbit there, which serves as well."""

OWNER = "local"

Parts = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Tables by name, digests of files by path, manifest rows by key, faults of the archive."""

    tables: Parts
    files: Parts
    manifest: Parts
    faults: list[Any]


def outcome_of(root: Path) -> Outcome:
    """Read everything under the data folder `root`."""
    layout = Layout(root)
    return Outcome(
        tables=_tables(layout.database),
        files=_files(layout),
        manifest=_manifest(layout.archive(OWNER) / "manifest.jsonl"),
        faults=list(Archive(layout.archive(OWNER)).verify()),
    )


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """Name whatever is not the same; empty if all is.

    An overview may be missing: of a master that a kill left without one, the first map makes it.
    One that is there has to be the same.
    """
    named = [f"archive: {fault}" for fault in found.faults]
    for kind in ("tables", "files", "manifest"):
        here, there = getattr(expected, kind), getattr(found, kind)
        gone = {name for name in here.keys() - there.keys() if f"/{OVERVIEWS}/" not in name}
        named += [f"{kind}: {name} is missing" for name in sorted(gone)]
        named += [f"{kind}: {name} is too many" for name in sorted(there.keys() - here.keys())]
        named += [
            f"{kind}: {name} differs: {_first_difference(here[name], there[name])}"
            for name in sorted(here.keys() & there.keys())
            if here[name] != there[name]
        ]
    return named


def findings_digest(found: Outcome) -> str:
    """Return one SHA-256 over all that is reported, whichever version of the code reported it."""
    told = {
        name: [{key: row[key] for key in row if key != "digest"} for row in found.tables[name]]
        for name in ("event_versions", "detections", "ledger")
    }
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _first_difference(here: object, there: object) -> str:
    if not (isinstance(here, list) and isinstance(there, list)):
        return f"{here} became {there}"
    if len(here) != len(there):
        return f"{len(here)} rows became {len(there)}"
    return next(f"{a} became {b}" for a, b in zip(here, there, strict=True) if a != b)


def _tables(database: Path) -> Parts:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        names = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )]  # fmt: skip
        return {name: _rows(connection, name) for name in names if name not in LEFT_OUT_TABLES}
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f'SELECT * FROM "{table}" ORDER BY 1')
    columns = [column[0] for column in cursor.description]
    left_out = LEFT_OUT_COLUMNS.get(table, frozenset())
    return [
        {name: value for name, value in zip(columns, row, strict=True) if name not in left_out}
        for row in cursor
    ]


def _files(layout: Layout) -> Parts:
    """Digest every file but the database; sidecars without the time, the manifest by name only."""
    found: Parts = {}
    for path in sorted(layout.root.rglob("*")):
        name = path.relative_to(layout.root).as_posix()
        if not path.is_file() or name.startswith(DATABASE) or path.parent.name == CACHE:
            continue
        if path.name.startswith("manifest.jsonl"):
            found[name] = ""
        elif path.is_relative_to(layout.archives) and path.suffix == ".json":
            found[name] = _without(json.loads(path.read_bytes()))
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _without(sidecar: Parts) -> Parts:
    told = sidecar["provenance"]
    kept = {name: value for name, value in told.items() if name not in LEFT_OUT_OF_SIDECAR}
    return {**sidecar, "provenance": kept}


def _manifest(path: Path) -> Parts:
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    return {
        row.get("key") or f"{row['note']}/{row['name']}": {
            name: row[name] for name in row if name not in LEFT_OUT_OF_MANIFEST
        }
        for row in rows
    }
