"""Some events of each organisation, by which a store foresees what a question will cost it.

A database's own estimate costs a question of its own, knows nothing of organisations and takes
conditions for independent of each other. A sample answers from memory.
"""

from __future__ import annotations

import math
import operator
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, LargeBinary, func, select

from hearthwatch.cql.bounds import windows_of
from hearthwatch.cql.tree import (
    COMPARED,
    All,
    Always,
    Compare,
    Field,
    IsNull,
    Node,
    OneOf,
    Operand,
    Related,
    Some,
)
from hearthwatch.errors import HearthwatchError
from hearthwatch.store import tables
from hearthwatch.store.faults import translated

MOST = 4_000
"""Events in the sample of all organisations together: some 4 MB."""
MOST_FINE = 40_000
"""Events in the finer one, which is drawn beside all else: some 2 MB."""
SECONDS = 300.0
"""How long a sample stands. To draw one takes some 20 ms, the finer one half a second."""

_AT_ONCE = 4_000
"""Asked for in one statement; a database binds only so many values."""
_UNLIKELY = 5.0
"""Times as far as the mean that the first one lies back by chance in one of 150 cases."""
_LONG = ("observed", "evidence", "doubts")
_KEPT = tuple(
    column
    for column in tables.events.c
    if column.name not in _LONG and not isinstance(column.type, LargeBinary)
)
_FINE = tuple(
    tables.events.c[name]
    for name in ("organisation", "first_changed", *tables.EDGES, "kind", "state")
)
"""What maps ask of: place and time, kind and state."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EventSample:
    """Some events of one organisation, drawn by chance; what changed last comes first.

    Attributes
    ----------
    weight : float
        How many events each of them stands for.
    size : int
    columns : mapping of str to ndarray
        Plain values by the name of their column, each of shape (size,); numbers as float, NaN
        where nothing is known.
    is_drawn : bool
        False for one that stands in until there is one.
    finer : EventSample or None
        More events of the same organisation, of which less is known.
    """

    weight: float = 1.0
    size: int = 0
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    is_drawn: bool = True
    finer: EventSample | None = None

    def finest(self, names: Collection[str]) -> EventSample:
        """Return the sample with the most events of which some properties are known."""
        known = self.finer is not None and self.finer.columns.keys() >= set(names)
        return self.finer if self.finer is not None and known else self

    def about(self, met: Mask) -> float:
        """Return about how many events a condition is met by, where it is met by these.

        None of the sample may still be some of all: half of what one stands for.
        """
        found = float(np.count_nonzero(met))
        if found == 0 and self.weight > 1:
            found = 0.5
        return found * self.weight

    def gone_by(self, then: Mask, met: Mask, most: int) -> float:
        """Return about how many events of a period one passes until so many are found.

        They are taken to lie scattered over the period, unless the first of the sample lies so
        far back that they cannot.

        Parameters
        ----------
        then, met : ndarray of bool
            Those of the period, and those of them that are looked for.
        """
        in_all, wanted = self.about(then), self.about(met)
        if not met.any():
            return in_all
        scattered = in_all * min(1.0, most / wanted)
        before = float(np.count_nonzero(then[: np.argmax(met)])) * self.weight
        return before if before > _UNLIKELY * (in_all / wanted) * self.weight else scattered

    def back_to(self, met: Mask, wanted: float, slack: float) -> int | None:
        """Return since when at least so many events meet a condition, where it is met by these.

        Parameters
        ----------
        slack : float
            How sure that is: so many standard deviations of how many of them a sample has by
            chance (Poisson's, the square root of their number) lie between.

        Returns
        -------
        int or None
            Microseconds since 1970; None if fewer meet it in all.
        """
        chosen, expected = np.flatnonzero(met), wanted / self.weight
        passed = expected + slack * math.sqrt(expected)
        if passed >= len(chosen):
            return None
        return int(self.columns["first_changed"][chosen[int(passed)]])

    def between(self, since: int, until: int) -> Mask:
        """Return which of them changed first in a period, microseconds since 1970."""
        if not self.size:
            return self.all()
        changed = self.columns["first_changed"]
        return np.asarray((changed >= since) & (changed <= until))

    def inside(self, windows: Sequence[tuple[float, ...]]) -> Mask:
        """Return which of them meet one of some windows: west, south, east, north, degrees."""
        if not self.size or not windows:
            return self.all()
        west, south, east, north = (self.columns[edge] for edge in tables.EDGES)
        return reduce(operator.or_, (
            (west <= to[2]) & (east >= to[0]) & (south <= to[3]) & (north >= to[1])
            for to in windows
        ))  # fmt: skip

    def smaller(self, degrees: float) -> Mask:
        """Return which of them are smaller both ways than so many degrees."""
        if not self.size:
            return self.all()
        west, south, east, north = (self.columns[edge] for edge in tables.EDGES)
        return np.asarray(np.maximum(east - west, north - south) < degrees)

    def met(self, node: Node | None) -> Mask:
        """Return which of them meet a condition; what cannot be told of it counts as met."""
        if node is None or not self.size:
            return self.all()
        if isinstance(node, All | Some):
            joined = operator.and_ if isinstance(node, All) else operator.or_
            return reduce(joined, map(self.met, node.parts))
        if isinstance(node, Always):
            return np.full(self.size, node.truth)
        if isinstance(node, Related):
            return self.inside(windows_of(node))
        return self._told(node)

    def all(self) -> Mask:
        """Return all of them."""
        return np.ones(self.size, bool)

    def _told(self, node: Any) -> Mask:
        if isinstance(node, Compare):
            left, right = self._values(node.left), self._values(node.right)
            if left is None or right is None:
                return self.all()
            return np.broadcast_to(np.asarray(COMPARED[node.sign](left, right), bool), self.size)
        if isinstance(node, OneOf) and (values := self._values(node.field)) is not None:
            return np.isin(values, np.array(node.values, values.dtype)) ^ node.denied
        if isinstance(node, IsNull) and (values := self._values(node.field)) is not None:
            known = values != "" if values.dtype == object else ~np.isnan(values)
            return np.asarray(known if node.denied else ~known, bool)
        return self.all()

    def _values(self, operand: Operand) -> Any:
        if not isinstance(operand, Field):
            return operand.value
        return self.columns.get(operand.name)


UNDRAWN = EventSample(is_drawn=False)


class Samples:
    """The samples of a store, drawn anew when they are old.

    Parameters
    ----------
    connect : callable
        Gives a connection of its own for what is drawn beside all else.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connect = connect
        self._drawn: Mapping[str, EventSample] = {}
        self._rest = UNDRAWN
        self._until = 0.0
        self._drawing = threading.Lock()
        self._fine: Mapping[str, EventSample] = {}
        self._refining = threading.Lock()

    def of(self, connection: Connection, organisation: str) -> EventSample:
        """Return the sample of an organisation's events; one that is old while it is drawn anew."""
        if time.monotonic() >= self._until and self._drawing.acquire(blocking=False):
            try:
                self._draw(connection)
            finally:
                self._drawing.release()
        return self._drawn.get(organisation, self._rest)

    def begin(self) -> None:
        """Draw the first sample beside all else; what is asked meanwhile does without one.

        To read it from a disk takes seconds, for which the first question would wait.
        """
        if not self._drawn:
            self._beside(self._drawing, self._draw)

    def _draw(self, connection: Connection) -> None:
        found, self._rest = drawn(connection)
        self._drawn = _joined(found, self._fine)
        self._until = time.monotonic() + SECONDS
        if self._rest.weight > 1:
            self._beside(self._refining, self._refine)

    def _refine(self, connection: Connection) -> None:
        self._fine, _ = drawn(connection, _FINE, MOST_FINE)
        self._drawn = _joined(self._drawn, self._fine)

    def _beside(self, lock: threading.Lock, draw: Callable[[Connection], None]) -> None:
        """Draw in a thread that lets go of a lock; nothing if somebody has it, or no thread can be.

        Whatever is wrong with the database, the next question will find and tell.
        """

        def run() -> None:
            try:
                with suppress(HearthwatchError), translated(), self._connect() as connection:
                    draw(connection)
            finally:
                lock.release()

        if lock.acquire(blocking=False):
            try:
                threading.Thread(target=run, name="sample", daemon=True).start()
            except RuntimeError:
                lock.release()


def _joined(
    found: Mapping[str, EventSample], fine: Mapping[str, EventSample]
) -> Mapping[str, EventSample]:
    return {owner: replace(one, finer=fine.get(owner)) for owner, one in found.items()}


def drawn(
    connection: Connection, kept: Sequence[Column[Any]] = _KEPT, most: int = MOST
) -> tuple[Mapping[str, EventSample], EventSample]:
    """Draw a sample of all events.

    Parameters
    ----------
    kept : sequence of Column
        What is known of each.
    most : int
        Of all organisations together.

    Returns
    -------
    dict of str to EventSample
        By organisation.
    EventSample
        Of an organisation of whose events none was drawn.
    """
    number = tables.events.c.number
    highest = connection.execute(select(func.max(number))).scalar() or 0
    weight = max(1.0, highest / most)
    asked = select(*kept)
    parts = [asked]
    if weight > 1:
        # The same ones every time, as long as there are as many.
        chosen = np.unique(np.random.default_rng(highest).integers(1, highest + 1, most)).tolist()
        parts = [
            asked.where(number.in_(chosen[start:][:_AT_ONCE]))
            for start in range(0, len(chosen), _AT_ONCE)
        ]
    # Part by part: all at once as rows they take far more memory, which is not given back.
    told = [one for part in parts if (one := _columns(kept, connection.execute(part).all()))]
    columns = {
        column.name: np.concatenate([one[column.name] for one in told]) for column in kept if told
    }
    if columns:
        newest = np.argsort(-columns["first_changed"], kind="stable")
        columns = {name: values[newest] for name, values in columns.items()}
    return _by_organisation(columns, weight), EventSample(weight)


def _columns(kept: Sequence[Column[Any]], rows: Sequence[Any]) -> dict[str, NDArray[Any]]:
    return {
        column.name: _array(column.type.python_type, values)
        for column, values in zip(kept, zip(*rows, strict=True), strict=False)
    }


def _by_organisation(
    columns: Mapping[str, NDArray[Any]], weight: float
) -> Mapping[str, EventSample]:
    owners = columns.get("organisation", np.empty(0, object))
    found = {}
    for owner in set(owners):
        own = owners == owner
        mine = {name: values[own] for name, values in columns.items()}
        found[owner] = EventSample(weight, int(np.count_nonzero(own)), mine)
    return found


def _array(kind: type, values: Sequence[Any]) -> NDArray[Any]:
    if kind is str:
        # Most of them say the same.
        return np.array(list(map(sys.intern, values)), object)
    return np.array([np.nan if value is None else value for value in values], float)
