"""`hearthwatch store`: the database as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.store.checking import faults
from hearthwatch.store.copying import copy_store, digests
from hearthwatch.store.rows import TableDigest
from hearthwatch.words import counted

TELL_EVERY = 100_000
FAULTY_STATUS = 1


def copy(call: Call) -> Answer:
    """Copy every row of one store to another, which is empty."""

    def tell(name: str, rows: int) -> None:
        if rows % TELL_EVERY == 0:
            call.note(f"{name}: {rows:,} rows")

    copied = copy_store(_local(call.args.source), _local(call.args.target), tell)
    rows = sum(one.rows for one in copied.values())
    words = (
        f"{counted(rows, 'row')} of {counted(len(copied), 'table')} copied; each table was read "
        "back and its digest is that of the one it was copied from."
    )
    return Answer({"rows": rows, "tables": _values(copied)}, words)


def prune(call: Call) -> Answer:
    """Remove what lets nobody in any more; never evidence, acts or the order of changes."""
    before = datetime.now(UTC) - timedelta(days=call.args.days)
    with call.store(write=True, alone=False) as store, store.transaction() as tx:
        count = tx.drop_outlived(before)
    return Answer(
        {"removed": count}, f"{counted(count, 'session or pass', 'sessions and passes')} removed."
    )


def scrub(call: Call) -> Answer:
    """Write the files of the store anew."""
    with call.store(write=True, alone=False) as store:
        store.scrub()
    return Answer({"scrubbed": True}, f"{call.store_name} was written anew.")


def check(call: Call) -> Answer:
    """Check that the store is sound, and tell what each table holds."""
    found = faults(call.place)
    held = digests(call.place)
    rows = [(name, f"{one.rows:,}", one.sha256[:16]) for name, one in held.items() if one.rows]
    end = "\n".join(found) if found else f"{call.store_name} is sound."
    text = f"{table(('table', 'rows', 'sha256'), rows)}\n\n{end}" if rows else end
    document = {"sound": not found, "faults": found, "tables": _values(held)}
    return Answer(document, text, FAULTY_STATUS if found else 0)


def _local(place: Path | str) -> Path | str:
    return place.expanduser() if isinstance(place, Path) else place


def _values(held: Mapping[str, TableDigest]) -> dict[str, Any]:
    return {name: {"rows": one.rows, "sha256": one.sha256} for name, one in held.items()}
