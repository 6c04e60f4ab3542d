"""One process of several on a server: asks for runs as the API does, or does them as `up` does.

``python -m tests.faults.coordinator ADDRESS asks|leads NAME`` writes one line for each thing
that is committed, so that whoever kills it knows what must be there.
"""

from __future__ import annotations

import logging
import random
import sys
import time
from datetime import UTC, datetime
from functools import partial

from hearthwatch.errors import StoreError, StoreLocked
from hearthwatch.pipeline.lead import Lead
from hearthwatch.records import Run, RunOutcome
from hearthwatch.store import SqlStore, Store
from hearthwatch.store.postgres import alone_lock
from tests.contract import store_records as a

SECONDS = 0.5
"""Of a lease."""


def main(address: str, part: str, name: str) -> None:
    logging.disable(logging.WARNING)
    rng = random.Random(name)
    store = SqlStore.open(address, write=True, alone=False)
    say("open")
    if part == "asks":
        ask(store, name, rng)
    lead(store, address, rng)


def ask(store: Store, name: str, rng: random.Random) -> None:
    """Ask for one run after the other, as a caller of the API does."""
    for number in range(10**6):
        its_id = f"{name}-{number}"
        with store.transaction() as tx:
            tx.put_run(a.run(id=its_id, outcome=RunOutcome.WAITING, started=datetime.now(UTC)))
        say(its_id)
        # Slower than the work is done, so that little of it waits in the end.
        time.sleep(rng.uniform(0, 0.15))


def lead(store: Store, address: str, rng: random.Random) -> None:
    """Do what was asked for while this process has the lease."""
    mine = Lead(store, partial(alone_lock, address, frozen_seconds=SECONDS), SECONDS)
    fenced = mine.fenced()
    while True:
        try:
            while mine.hold():
                for asked in fenced.waiting_runs():
                    answer(fenced, asked, rng)
                time.sleep(0.005)
        except StoreLocked:
            pass
        time.sleep(0.02)


def answer(store: Store, asked: Run, rng: random.Random) -> None:
    """Do one run: what is committed of it at once is either all there or not at all."""
    time.sleep(rng.uniform(0, 0.02))
    now = datetime.now(UTC)
    try:
        with store.transaction() as tx:
            tx.finish_job(a.job(key=a.key(acquisition=asked.id), run=asked.id))
            tx.put_event(a.event(id=asked.id))
            tx.add_detections([a.detection(id=asked.id, event=asked.id)])
            time.sleep(rng.uniform(0, 0.01))
            tx.put_run(a.run(id=asked.id, outcome=RunOutcome.COMPLETE, finished=now))
            tx.add_audit(a.audit_entry(subject=f"run {asked.id}"))
    except StoreLocked:
        raise
    except StoreError as error:
        # Somebody else's commit of the same work would show here.
        say(f"doubled {asked.id}: {error.message}")
        raise SystemExit(3) from error


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
