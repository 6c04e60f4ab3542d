"""Reads the log from its first entry to its last and names the first that is not as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from hearthwatch.audit.heads import Head
from hearthwatch.store.protocol import Store
from hearthwatch.store.rules import FIRST_PREVIOUS, seal_of

NEAR = 1_000
"""How far an entry that stands in the wrong place is looked for."""

Row = Mapping[str, Any]


class How(StrEnum):
    """In what way a chain is broken."""

    CHANGED = "changed"
    MISSING = "missing"
    DOUBLED = "doubled"
    OUT_OF_ORDER = "out of order"
    CUT_OFF = "cut off"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry of a chain that does not hold.

    Attributes
    ----------
    sequence : int
        Its place in the chain.
    words : str
        What is wrong, for people.
    """

    sequence: int
    how: How
    words: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What one chain came to.

    Attributes
    ----------
    entries : int
        That hold, from the first on.
    sha256 : str
        Of the last of these.
    """

    organisation: str
    entries: int
    sha256: str
    broken: Broken | None


def verify(
    store: Store, organisation: str | None = None, heads: Iterable[Head] = ()
) -> Iterator[Verified]:
    """Verify all chains, or one, in constant memory.

    Parameters
    ----------
    heads : iterable of Head
        Kept elsewhere: with them it shows when a chain was cut off, or written anew as a whole.
    """
    kept: dict[str, list[Head]] = {}
    for head in heads:
        if organisation in (None, head.organisation):
            kept.setdefault(head.organisation, []).append(head)
    rows = store.audit_rows(organisation)
    for whose, chain in groupby(rows, key=lambda row: str(row["organisation"])):
        yield _verified(whose, chain, kept.pop(whose, []))
    for whose in sorted(kept):
        yield _verified(whose, (), kept[whose])


def _verified(organisation: str, rows: Iterable[Row], heads: list[Head]) -> Verified:
    wanted = {head.sequence: head.sha256 for head in heads if head.sequence}
    sequence, previous = 0, FIRST_PREVIOUS
    broken: Broken | None = None
    for row in rows:
        if broken is not None:
            continue  # To the end of this chain, where the next one begins.
        broken = _fault(row, sequence + 1, previous)
        if broken is None:
            sequence, previous = sequence + 1, row["sha256"]
            if wanted and wanted.get(sequence, previous) != previous:
                words = "It is not the entry that stood there when the head was kept."
                broken = Broken(sequence, How.REWRITTEN, words)
    last = max(wanted, default=0)
    if broken is None and sequence < last:
        words = f"The log ends before it; when the head was kept it had {last:,} entries."
        broken = Broken(sequence + 1, How.CUT_OFF, words)
    return Verified(organisation, sequence, previous, broken)


def _fault(row: Row, expected: int, previous: str) -> Broken | None:
    """Return what is wrong with the entry that comes next; None if it holds."""
    stands = row["sequence"]
    if stands == expected and row["previous"] == previous and _seal(row) == row["sha256"]:
        return None
    if not isinstance(stands, int):
        return Broken(expected, How.CHANGED, "Its number is none.")
    if stands > expected:
        count = stands - expected
        words = f"{count:,} entries are not there." if count > 1 else "It is not there."
        return Broken(expected, How.MISSING, words)
    if stands < 1:
        return Broken(stands, How.OUT_OF_ORDER, "No entry has such a number: it was put in.")
    if stands < expected:
        return Broken(stands, How.DOUBLED, "There are two entries of that number.")
    return _not_as_it_was(row, expected)


def _not_as_it_was(row: Row, expected: int) -> Broken:
    if _seal(row) == row["sha256"]:
        words = "It does not follow the entry before: that one was put in or written anew."
        return Broken(expected, How.OUT_OF_ORDER, words)
    for step in range(1, NEAR + 1):
        for other in (expected - step, expected + step):
            if _seal({**row, "sequence": other}) == row["sha256"]:
                words = f"It is the entry that was number {other:,}."
                return Broken(expected, How.OUT_OF_ORDER, words)
    return Broken(expected, How.CHANGED, "Its content is not what its seal is of.")


def _seal(row: Row) -> str:
    try:
        return seal_of(row)
    except (TypeError, ValueError):
        # A value of a kind that never stands there.
        return ""
