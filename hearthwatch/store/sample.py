"""Some events of each organisation, by which a store foresees what a question will cost it.

A database's own estimate costs a question of its own, knows nothing of organisations and takes
conditions for independent of each other. A sample answers from memory.
"""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, LargeBinary, func, select

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
SECONDS = 300.0
"""How long a sample stands. To draw one takes some 20 ms."""

_UNLIKELY = 5.0
"""Times as far as the mean that the first one lies back by chance in one of 150 cases."""
_LONG = ("observed", "evidence", "doubts")
_KEPT = tuple(
    column
    for column in tables.events.c
    if column.name not in _LONG and not isinstance(column.type, LargeBinary)
)

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
    """

    weight: float = 1.0
    size: int = 0
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    is_drawn: bool = True

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

    def back_to(self, met: Mask, wanted: float) -> int | None:
        """Return since when about so many events meet a condition, where it is met by these.

        Returns
        -------
        int or None
            Microseconds since 1970; None if fewer meet it in all.
        """
        chosen, passed = np.flatnonzero(met), wanted / self.weight
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
    """The samples of a store, drawn anew when they are old."""

    def __init__(self) -> None:
        self._drawn: Mapping[str, EventSample] = {}
        self._rest = UNDRAWN
        self._until = 0.0
        self._drawing = threading.Lock()

    def of(self, connection: Connection, organisation: str) -> EventSample:
        """Return the sample of an organisation's events; one that is old while it is drawn anew."""
        if time.monotonic() >= self._until and self._drawing.acquire(blocking=False):
            try:
                self._draw(connection)
            finally:
                self._drawing.release()
        return self._drawn.get(organisation, self._rest)

    def begin(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Draw the first sample beside all else; what is asked meanwhile does without one.

        To read it from a disk takes seconds, for which the first question would wait.
        """
        if self._drawn or not self._drawing.acquire(blocking=False):
            return
        try:
            threading.Thread(
                target=self._draw_first, args=(connect,), name="sample", daemon=True
            ).start()
        except RuntimeError:
            # No thread can be had: the first question draws it.
            self._drawing.release()

    def _draw_first(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        try:
            # Whatever is wrong with the database, the first question will find and tell.
            with suppress(HearthwatchError), translated(), connect() as connection:
                self._draw(connection)
        finally:
            self._drawing.release()

    def _draw(self, connection: Connection) -> None:
        self._drawn, self._rest = drawn(connection)
        self._until = time.monotonic() + SECONDS


def drawn(connection: Connection) -> tuple[Mapping[str, EventSample], EventSample]:
    """Draw a sample of all events.

    Returns
    -------
    dict of str to EventSample
        By organisation.
    EventSample
        Of an organisation of whose events none was drawn.
    """
    number = tables.events.c.number
    highest = connection.execute(select(func.max(number))).scalar() or 0
    asked = select(*_KEPT).order_by(tables.events.c.first_changed.desc())
    if highest > MOST:
        # The same ones every time, as long as there are as many.
        chosen = np.random.default_rng(highest).integers(1, highest + 1, MOST)
        asked = asked.where(number.in_(np.unique(chosen).tolist()))
    weight = max(1.0, highest / MOST)
    rows = connection.execute(asked).all()
    columns = {
        column.name: _array(column.type.python_type, values)
        for column, values in zip(_KEPT, zip(*rows, strict=True), strict=False)
    }
    return _by_organisation(columns, weight), EventSample(weight)


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
        return np.array(values, object)
    return np.array([np.nan if value is None else value for value in values], float)
