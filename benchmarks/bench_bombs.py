"""Processor time to refuse a filter made to hold up a parser, beside the 50 ms wanted.

Run it as ``python -m benchmarks.bench_bombs``. Printed beside it: a plain filter of the same length
as the worst, so that a slow machine is told from a slow parser. A star is for more than 50 ms.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from hearthwatch.cql.faults import FilterError
from hearthwatch.cql.reading import read_json, read_text
from tests.contract.store_filters import FIELDS
from tests.support.filter_bombs import JSON_BOMBS, TEXT_BOMBS

WANTED_MS = 50.0
ROUNDS = 5
PLAIN = {"plain, 20 terms": " AND ".join(f"looks > {number}" for number in range(20))}


def main() -> None:
    kinds: tuple[tuple[str, Callable[..., Any], Mapping[str, str]], ...] = (
        ("text", read_text, {**PLAIN, **TEXT_BOMBS}),
        ("JSON", read_json, JSON_BOMBS),
    )
    for kind, read, filters in kinds:
        found = {name: milliseconds(read, text) for name, text in filters.items()}
        for name, took in sorted(found.items(), key=lambda one: -one[1]):
            print(f"{kind}  {name:32} {took:8.2f} ms {'*' if took > WANTED_MS else ''}")


def milliseconds(read: Callable[..., Any], text: str) -> float:
    """Return the least time of some rounds."""
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        with contextlib.suppress(FilterError):
            read(text, FIELDS)
        took.append(time.process_time() - began)
    return min(took) * 1000


if __name__ == "__main__":
    main()
