"""Named points at which a test may stop the process, so that it can be killed exactly there.

In production nothing is set and :func:`reach` returns at once. A test starts the program as a
separate process with

* ``HEARTHWATCH_STOP_AT=name`` or ``name:n``: the point, and which arrival at it (1 the first);
* ``HEARTHWATCH_STOP_FILE``: a file that gets the line ``name n pid`` on that arrival.

The arriving thread then sleeps for ever, and whoever waits for the line kills the process from
outside with SIGKILL, which no ``finally`` can soften.

Points of this room: of a file that is stored ``part_written``, ``checked`` and ``renamed``, after
``archive.``, ``original.``, ``sidecar.`` and ``slab.``; ``manifest.written``,
``archive.manifested``; ``prune.noted``, ``prune.unlinked``, ``prune.removed``; ``cube.staged``,
``cube.renamed``, ``cube.published``, ``cube.rebuilt``, ``cube.set_aside``.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Never

STOP_AT = "HEARTHWATCH_STOP_AT"
STOP_FILE = "HEARTHWATCH_STOP_FILE"

_arrivals: Counter[str] = Counter()
_lock = threading.Lock()


def reach(name: str) -> None:
    """Say that the program has come to the point `name`; stop there if a test asked for it.

    Raises
    ------
    ValueError
        If ``HEARTHWATCH_STOP_AT`` counts with something that is no positive number.
    """
    wanted = os.environ.get(STOP_AT)
    if not wanted:
        return
    point, arrival = _parse(wanted)
    if point != name:
        return
    with _lock:
        _arrivals[name] += 1
        arrived = _arrivals[name]
    if arrived == arrival:
        _announce_and_sleep(name, arrived)


def _parse(wanted: str) -> tuple[str, int]:
    point, _, count = wanted.partition(":")
    if count and not (count.isdecimal() and int(count) > 0):
        raise ValueError(f"{STOP_AT}={wanted!r}: the part after the colon counts from 1")
    return point, int(count or 1)


def _announce_and_sleep(name: str, arrived: int) -> Never:
    stop_file = os.environ.get(STOP_FILE)
    if stop_file:
        with Path(stop_file).open("a", encoding="utf-8") as out:
            out.write(f"{name} {arrived} {os.getpid()}\n")
    while True:
        time.sleep(3600)
