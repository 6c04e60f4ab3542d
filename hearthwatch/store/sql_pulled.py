"""Looks at cells in the SQL store; see `hearthwatch.store.protocol_pulled`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, Text, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from hearthwatch.records import Mode
from hearthwatch.store import queries, tables
from hearthwatch.store.codec import from_microseconds, microseconds
from hearthwatch.store.faults import translated
from hearthwatch.store.protocol_pulled import PulledLook, PulledSearch
from hearthwatch.store.sql_rows import SqlReader

_Key = tuple[int, str, str]


class masters_of(FunctionElement[str]):  # noqa: N801 -- reads as the SQL function it is
    """The masters that the detail of a ledger row names, as JSON; null where it names none.

    Parameters
    ----------
    detail : column
    """

    name = "masters_of"
    inherit_cache = True
    type = Text()


@compiles(masters_of, "sqlite")
def _sqlite(element: masters_of, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **how)}, '$.masters')"


@compiles(masters_of, "postgresql")
def _postgresql(element: masters_of, compiler: SQLCompiler, **how: Any) -> str:
    return f"(CAST({compiler.process(element.clauses, **how)} AS json) ->> 'masters')"


class SqlPulledReads(SqlReader):
    """Questions about looks at cells."""

    def pulled_looks(
        self, organisation: str, where: PulledSearch, *, limit: int
    ) -> tuple[PulledLook, ...]:
        """Return looks at cells, newest first, ties by acquisition and cell downwards."""
        with self._connect(self._reader) as connection, translated():
            keys = [_key(row) for row in connection.execute(keys_of(organisation, where, limit))]
            if not keys:
                return ()
            told = connection.execute(masters_between(organisation, where, keys[-1], keys[0]))
            return tuple(_looks(keys, told))


def keys_of(organisation: str, where: PulledSearch, limit: int) -> Select[Any]:
    """Return time, acquisition and cell of each look, newest first.

    Answered by the index alone: the rows of many settlements at one look lie beside each other
    there.
    """
    c = tables.ledger.c
    order = (c.sensed, c.acquisition, c.cell)
    statement = select(*order).distinct().where(*_wanted(organisation, where))
    return statement.order_by(*(column.desc() for column in order)).limit(limit)


def masters_between(organisation: str, where: PulledSearch, first: _Key, last: _Key) -> Select[Any]:
    """Return what the rows of all looks from one to another say of masters and mode."""
    c = tables.ledger.c
    key = tuple_(c.sensed, c.acquisition, c.cell)
    return (
        select(c.sensed, c.acquisition, c.cell, c.mode, masters_of(c.detail))
        .distinct()
        .where(*_wanted(organisation, where), key >= tuple_(*first), key <= tuple_(*last))
    )


def _wanted(organisation: str, where: PulledSearch) -> list[Any]:
    c = tables.ledger.c
    wanted: list[Any] = [c.organisation == organisation]
    if where.since is not None or where.until is not None:
        # Without an end it is left out: a database may take it for narrower than an acquisition.
        wanted.append(c.sensed.between(*queries.period(where.since, where.until)))
    if where.cells is not None:
        wanted.append(c.cell.in_(sorted(where.cells)))
    if where.acquisition is not None:
        wanted.append(c.acquisition == where.acquisition)
    if where.but_detectors:
        wanted.append(c.detector.not_in(sorted(where.but_detectors)))
    if where.start is not None:
        sensed, *rest = where.start
        key = tuple_(c.sensed, c.acquisition, c.cell)
        wanted.append(key <= tuple_(microseconds(sensed), *rest))
    return wanted


def _looks(keys: Iterable[_Key], told: Iterable[Any]) -> Iterable[PulledLook]:
    masters: defaultdict[_Key, set[str]] = defaultdict(set)
    modes: defaultdict[_Key, set[Mode]] = defaultdict(set)
    for row in told:
        *_, mode, named = row
        modes[_key(row)].add(Mode(mode))
        masters[_key(row)].update(json.loads(named) if named else ())
    for key in keys:
        sensed, acquisition, cell = key
        moment = from_microseconds(sensed)
        yield PulledLook(
            acquisition, cell, moment, tuple(sorted(masters[key])), tuple(sorted(modes[key]))
        )


def _key(row: Any) -> _Key:
    sensed, acquisition, cell, *_ = row
    return int(sensed), str(acquisition), str(cell)
