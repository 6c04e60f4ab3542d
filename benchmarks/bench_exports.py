"""Time and memory of writing whole collections to files, each form in a process of its own.

Run it as ``python -m benchmarks.bench_exports [events] [FORM …]``: on a new SQLite file of so many
events (100,000) with twenty numbers of evidence each. The time is from the first question to the
store to the file under its name, by the clock and by the processor; the memory is the largest
resident set of the process, and beside it that of one which only opens the store.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench_store_query import build
from hearthwatch.export.writing import FORMS
from hearthwatch.store import open_store


def write(
    database: Path, form: str, told: multiprocessing.Queue[tuple[float, float, int, int]]
) -> None:
    """Write one file; tell the seconds of both clocks, the bytes and the kilobytes of memory."""
    from datetime import UTC, datetime

    from api.auth import Caller
    from api.bulk import Bulk
    from api.context import Context
    from hearthwatch.export.workshop import publish, workshop
    from hearthwatch.records import EventFilter, Role
    from hearthwatch.settings import load_settings

    store = open_store(database)
    try:
        here = Context(load_settings(data_dir=database.parent), store)
        who = Caller("org", "bench", "bench", Role.ADMIN, frozenset())
        target = database.parent / f"events.{form}"
        began, worked = time.perf_counter(), time.process_time()
        if form:
            with workshop(database.parent) as folder:
                bulk = Bulk(here, who, "events", {}, lambda: datetime.now(UTC), EventFilter())
                made, _ = bulk.write(form, folder)
                publish(made, target)
        took, worked = time.perf_counter() - began, time.process_time() - worked
        size = target.stat().st_size if form else 0
        told.put((took, worked, size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    finally:
        store.close()


def main(count: int, forms: list[str]) -> None:
    """Measure."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "hearthwatch.sqlite")
        store = open_store(database, write=True)
        build(store, count)  # type: ignore[arg-type]
        store.close()
        for form in ["", *forms]:
            told = context.Queue()
            worker = context.Process(target=write, args=(database, form, told))
            worker.start()
            took, worked, size, memory = told.get()
            worker.join()
            print(
                f"{form or 'nothing':8} {took:7.1f} s, {worked:6.1f} s of a core  "
                f"{size / 1e6:7.1f} MB  "
                f"memory {memory / 1024:6.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, sys.argv[2:] or list(FORMS))
