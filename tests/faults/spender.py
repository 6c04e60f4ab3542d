"""A process that reserves and settles without end, to be killed: spender.py DATABASE LOG UNITS.

It says that it is ready and begins when a line comes, so that several begin at once.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from hearthwatch.budget.account import Budget
from hearthwatch.budget.policy import Caps
from hearthwatch.records import Priority, Spend
from hearthwatch.store import open_store
from imagery.types import Cost


def main(database: str, log: str, units: str) -> None:
    caps = {"sentinelhub": Caps(units_per_month=float(units), requests_per_month=10**9)}
    store = open_store(Path(database), write=True, alone=False)
    budget = Budget(store, "ours", caps)
    draw = random.Random(log)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with Path(log).open("a", buffering=1) as paid:
        while True:
            estimate = draw.uniform(0.5, 3.0)
            cost = Cost(requests=1, units=estimate, bytes=0)
            held = budget.reserve(
                "sentinelhub", "", "S2A-1", "cell", cost, Priority.CONFIRMATION, run=log
            )
            if not isinstance(held, Spend):
                continue
            # From here on the provider has charged it, whatever becomes of this process.
            took = estimate * draw.uniform(0.5, 1.0)
            print(held.id, took, file=paid)
            budget.settle(held, Cost(requests=1, units=took, bytes=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
