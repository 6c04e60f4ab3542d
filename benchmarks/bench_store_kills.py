"""Kills API processes and coordinators on one PostgreSQL server, as often as asked for.

Run it as ``python -m benchmarks.bench_store_kills [kills] [seed]`` (200 kills). One process asks
for runs as the API does, two do them as `hearthwatch up` does, of which one leads; any of them is
killed at any point, or frozen for longer than its lease. Tells what was lost or doubled, and fails
if anything was. ``tests/faults`` holds the first twenty.
"""

from __future__ import annotations

import random
import sys
import time

from tests.faults.coordinator_trials import Trials
from tests.support import postgis


def main(kills: str = "200", seed: str = "20241109") -> None:
    trials, rng = Trials(postgis.server().empty(), int(seed)), random.Random(int(seed))
    began = time.perf_counter()
    try:
        trials.begin()
        for _ in range(int(kills)):
            trials.kill(rng)
        trials.finish()
    finally:
        trials.close()
    losses = trials.losses()
    killed = ", ".join(f"{count} {part}" for part, count in sorted(trials.kills.items()))
    print(
        f"{trials.count()} runs done in {time.perf_counter() - began:.0f} s; killed: {killed}; "
        f"{len(trials.turns)} turns seen; {len(losses)} lost or doubled"
    )
    if losses:
        raise SystemExit("\n".join(losses))


if __name__ == "__main__":
    main(*sys.argv[1:])
