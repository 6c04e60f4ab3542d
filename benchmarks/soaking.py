"""Many readers and one writer at once: what fails, how long it takes, and what memory does."""

from __future__ import annotations

import dataclasses
import random
import statistics
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from hearthwatch.records import Event
from hearthwatch.store.protocol import Store

WRITTEN_S, SAMPLED_S, SETTLED_S = 0.2, 2.0, 60.0
FLAT = 1.1
"""How much more memory than after a minute counts as flat."""

Ask = Callable[[random.Random], tuple[str, Mapping[str, str]]]
"""Gives path and query."""


@dataclass(slots=True)
class Soaked:
    """What came of it.

    Attributes
    ----------
    seconds : mapping of str to list of float
        Of the requests that were answered, by kind.
    errors : Counter
        What failed, in words.
    written : list of str
        Ids of the events that were committed, in order.
    memory : list of tuple
        Seconds since the beginning, and resident memory in MB.
    """

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    written: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, name: str, seconds: float) -> None:
        with self._lock:
            self.seconds[name].append(seconds)

    def fail(self, name: str, error: Exception) -> None:
        with self._lock:
            self.errors[f"{name}: {type(error).__name__}: {error}"[:200]] += 1

    def growth(self) -> float:
        """Return the memory at the end by that after a minute, or after a third of less."""
        settled = min(SETTLED_S, self.memory[-1][0] / 3)
        start = next(mb for since, mb in self.memory if since >= settled)
        return statistics.median(mb for _, mb in self.memory[-5:]) / start


def soak(
    client: Callable[[], httpx.Client],
    asked: Mapping[str, Ask],
    store: Store,
    plain: Event,
    memory: Callable[[], int],
    *,
    readers: int,
    seconds: float,
) -> Soaked:
    """Read and write for some time.

    Parameters
    ----------
    client : callable
        Makes one for each reader.
    store : Store
        Opened for writing beside the service's own; five events a second go into it.
    plain : Event
        What the events that are written are like.
    memory : callable
        Bytes that the service holds.
    """
    soaked, stop = Soaked(), threading.Event()
    threads = [
        threading.Thread(target=_read_on, args=(soaked, stop, client, asked, number))
        for number in range(readers)
    ]
    threads.append(threading.Thread(target=_write_on, args=(soaked, stop, store, plain)))
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while (since := time.monotonic() - began) < seconds:
        soaked.memory.append((since, memory() / 1e6))
        time.sleep(min(SAMPLED_S, seconds - since))
    soaked.memory.append((time.monotonic() - began, memory() / 1e6))
    stop.set()
    for thread in threads:
        thread.join()
    return soaked


def _read_on(
    soaked: Soaked,
    stop: threading.Event,
    client: Callable[[], httpx.Client],
    asked: Mapping[str, Ask],
    number: int,
) -> None:
    rng = random.Random(number)
    with client() as mine:
        while not stop.is_set():
            name = rng.choice(list(asked))
            path, query = asked[name](rng)
            began = time.perf_counter()
            try:
                mine.get(path, params=dict(query)).raise_for_status()
            except httpx.HTTPError as error:
                soaked.fail(name, error)
            else:
                soaked.note(name, time.perf_counter() - began)


def _write_on(soaked: Soaked, stop: threading.Event, store: Store, plain: Event) -> None:
    due = time.monotonic()
    # A store that was kept has those of earlier runs.
    run = uuid.uuid4().hex[:8]
    while not stop.wait(max(due - time.monotonic(), 0.0)):
        due += WRITTEN_S
        its_id = f"soak-{run}-{len(soaked.written):06d}"
        began = time.perf_counter()
        try:
            with store.transaction() as tx:
                tx.put_event(dataclasses.replace(plain, id=its_id, version=1,
                                                 first_detected=datetime.now(UTC)))  # fmt: skip
        except Exception as error:
            soaked.fail("write", error)
        else:
            soaked.note("write", time.perf_counter() - began)
            soaked.written.append(its_id)


def told(soaked: Soaked) -> Sequence[str]:
    """Return what came of it in lines."""
    lasted = soaked.memory[-1][0]
    count = sum(map(len, soaked.seconds.values()))
    lines = [f"  {count:,} answers, {count / lasted:.1f} a second; "
             f"errors: {soaked.errors.total()}"]  # fmt: skip
    lines += [f"    {times} times {words}" for words, times in soaked.errors.most_common(10)]
    for name, seconds in sorted(soaked.seconds.items()):
        p50, p95 = spread(seconds)
        lines.append(f"  {name:16} {len(seconds):7,}   p50 {p50:7.0f} ms   p95 {p95:7.0f} ms")
    by_minute = [next(mb for at, mb in soaked.memory if at >= start)
                 for start in range(0, int(lasted), 60)]  # fmt: skip
    lines.append("  memory by minute, MB: " + " ".join(f"{mb:.0f}" for mb in by_minute))
    start, third, two_thirds = (
        next(mb for at, mb in soaked.memory if at >= lasted * part / 3) for part in range(3)
    )
    end = soaked.memory[-1][1]
    lines.append(f"  memory at the start {start:.0f} MB, after a third {third:.0f}, after two "
                 f"thirds {two_thirds:.0f}, at the end {end:.0f}")  # fmt: skip
    lines.append(f"  at the end {soaked.growth():.2f} times that after a minute; "
                 f"flat is up to {FLAT}")  # fmt: skip
    return lines


def spread(seconds: Sequence[float]) -> tuple[float, float]:
    """Return median and 95th percentile in milliseconds."""
    cuts: Any = statistics.quantiles([*seconds, *seconds], n=20, method="inclusive")
    return cuts[9] * 1e3, cuts[18] * 1e3
