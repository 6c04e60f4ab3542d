"""What the log of acts costs a request: p50 and p95 with and without it, 1 and 20 clients.

Run it as ``python -m benchmarks.bench_audit``; it serves a made-up store from a folder of its own
within this process, so the figures have no network in them.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from api.audited import Audited
from hearthwatch.store import open_store
from tests.support import worlds
from tests.support.inside import Inside

REQUESTS = 400
ADDRESS = "/events/evt-1/detections"


def main() -> int:
    """Print a line for each case."""
    for logged in (False, True):
        for clients in (1, 20):
            with tempfile.TemporaryDirectory() as folder:
                _print(_measured(Path(folder), clients, logged=logged), clients, logged=logged)
    return 0


def _measured(folder: Path, clients: int, *, logged: bool) -> list[float]:
    """Return how long each request took, in milliseconds."""
    store, who = open_store(folder / "hearthwatch.sqlite", write=True), worlds.callers()
    app = worlds.service(folder, store, who, watched=False)
    if not logged:
        app.user_middleware = [one for one in app.user_middleware if one.cls is not Audited]
    client, headers = Inside(app), who.headers["admin"]
    client.at_once([ADDRESS] * 20, headers=headers)
    took: list[float] = []
    for _ in range(REQUESTS // clients):
        begun = time.perf_counter()
        answers = client.at_once([ADDRESS] * clients, headers=headers)
        assert {one.status_code for one in answers} == {200}
        # Of many at once each takes no longer than the slowest.
        took += [(time.perf_counter() - begun) * 1e3] * clients
    client.close()
    time.sleep(0.5)
    store.close()
    return took


def _print(took: list[float], clients: int, *, logged: bool) -> None:
    cuts = statistics.quantiles(took, n=20)
    words = "with the log" if logged else "without it"
    print(f"{clients:3} at once, {words}: p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
