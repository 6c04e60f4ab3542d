"""A filter as a condition in SQL. Values are always bound, never part of the text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from sqlite3 import Connection
from typing import Any, ClassVar

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    LargeBinary,
    Text,
    and_,
    false,
    literal,
    not_,
    or_,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from hearthwatch.cql.asking import meets, related
from hearthwatch.cql.bounds import windows_of
from hearthwatch.cql.tree import (
    COMPARED,
    All,
    Always,
    Compare,
    Constant,
    Field,
    Filter,
    IsNull,
    Like,
    Node,
    OneOf,
    Operand,
    Related,
    Relation,
    Sign,
    Some,
    Wild,
)

Condition = ColumnElement[Any]
FUNCTION = "hearthwatch_related"
"""Of SQLite, which knows no geometries: shapely answers it."""


class _Related(FunctionElement[Any]):
    """How a column of WKB lies to another geometry; of `relation` there is a class each."""

    inherit_cache = True
    # As of the index of windows: typed Boolean, SQLite would be asked whether it equals 1.
    type = NullType()
    relation: ClassVar[Relation]


def _related_class(relation: Relation) -> type[_Related]:
    return type(f"_{relation.title()}", (_Related,), {
        "relation": relation, "name": f"related_{relation}", "inherit_cache": True,
    })  # fmt: skip


_RELATED = {relation: _related_class(relation) for relation in Relation}


class _Fits(FunctionElement[Any]):
    """Whether a text fits a pattern, given for LIKE and for GLOB."""

    inherit_cache = True
    name = "fits"
    type = NullType()


@compiles(_Related, "sqlite")
def _related_sqlite(element: _Related, compiler: SQLCompiler, **options: Any) -> str:
    left, right = (compiler.process(part, **options) for part in element.clauses)
    return f"{FUNCTION}('{element.relation}', {left}, {right})"


@compiles(_Related, "postgresql")
def _related_postgresql(element: _Related, compiler: SQLCompiler, **options: Any) -> str:
    left, right = (
        f"ST_GeomFromWKB(CAST({compiler.process(part, **options)} AS bytea), 4326)"
        for part in element.clauses
    )
    return f"ST_{element.relation}({left}, {right})"


@compiles(_Fits, "sqlite")
def _fits_sqlite(element: _Fits, compiler: SQLCompiler, **options: Any) -> str:
    # LIKE of SQLite takes small letters for capital ones.
    text, _, glob = element.clauses
    return f"({compiler.process(text, **options)} GLOB {compiler.process(glob, **options)})"


@compiles(_Fits, "postgresql")
def _fits_postgresql(element: _Fits, compiler: SQLCompiler, **options: Any) -> str:
    text, like, _ = element.clauses
    return f"({compiler.process(text, **options)} LIKE {compiler.process(like, **options)})"


def install(connection: Connection) -> None:
    """Teach a connection of SQLite how geometries lie to each other."""
    connection.create_function(FUNCTION, 3, _ask_shapely, deterministic=True)


def conditions(found: Filter | None, table: FromClause) -> list[Condition]:
    """Return what a filter asks of the rows of a table; nothing where there is none."""
    return [] if found is None else [condition(found.root, table)]


def in_a_window(c: Any, windows: Sequence[tuple[Any, ...]]) -> Condition:
    """Return the condition that the edges of a row meet one of some windows."""
    return or_(*(
        and_(c.west <= east, c.east >= west, c.south <= north, c.north >= south)
        for west, south, east, north in windows
    ))  # fmt: skip


def condition(node: Node, table: FromClause) -> Condition:
    """Return what one condition asks of the rows of a table."""
    if isinstance(node, All):
        return and_(*(condition(part, table) for part in node.parts))
    if isinstance(node, Some):
        return or_(*(condition(part, table) for part in node.parts))
    if isinstance(node, Always):
        return true() if node.truth else false()
    if isinstance(node, Compare):
        return _compared(node, table)
    if isinstance(node, Related):
        return _placed(node, table)
    return _told(node, table)


def _told(node: OneOf | Like | IsNull, table: FromClause) -> Condition:
    column = table.c[node.field.name]
    if isinstance(node, IsNull):
        if node.field.hollow:
            return column != "" if node.denied else column == ""
        return column.is_not(None) if node.denied else column.is_(None)
    if isinstance(node, OneOf):
        # Each value typed: PostgreSQL takes no number for a text, nor a column's own type for it.
        values = [literal(value, _type_of(value)) for value in node.values]
        found: Condition = column.not_in(values) if node.denied else column.in_(values)
    else:
        fits = _Fits(column, literal(_like(node.parts), Text), literal(_glob(node.parts), Text))
        found = not_(fits) if node.denied else fits
    return and_(column != "", found) if node.field.hollow else found


def _compared(node: Compare, table: FromClause) -> Condition:
    if isinstance(node.left, Constant) and isinstance(node.right, Constant):
        return true() if meets(node, None) else false()
    found: Condition = COMPARED[node.sign](_value(node.left, table), _value(node.right, table))
    hollow = [one for one in (node.left, node.right) if isinstance(one, Field) and one.hollow]
    is_plain = node.sign is Sign.EQUAL and Constant("") not in (node.left, node.right)
    if is_plain and len(hollow) < 2:
        # It is not empty then, and an index is looked up with no more than this.
        return found
    return and_(*(table.c[one.name] != "" for one in hollow), found)


def _placed(node: Related, table: FromClause) -> Condition:
    if isinstance(node.left, Constant):
        return true() if meets(node, None) else false()
    found: Condition = _RELATED[node.relation](_value(node.left, table), _value(node.right, table))
    windows = windows_of(node) if "west" in table.c else ()
    if windows:
        return and_(in_a_window(table.c, windows), found)
    return not_(found) if node.denied else found


def _value(operand: Operand, table: FromClause) -> Any:
    if isinstance(operand, Field):
        return table.c[operand.name]
    value = operand.value
    if isinstance(value, BaseGeometry):
        return literal(shapely.to_wkb(value, byte_order=1, flavor="iso"), LargeBinary)
    return literal(value, _type_of(value))


def _type_of(value: object) -> Any:
    if isinstance(value, str):
        return Text()
    return Double() if isinstance(value, float) else BigInteger()


def _like(parts: tuple[str | Wild, ...]) -> str:
    """Return a pattern for LIKE, whose own backslash takes a meaning away."""
    return "".join(
        part.value if isinstance(part, Wild) else _escaped(part, "\\%_", "\\{}") for part in parts
    )


def _glob(parts: tuple[str | Wild, ...]) -> str:
    """Return a pattern for GLOB, in which brackets do."""
    wild = {Wild.ANY: "*", Wild.ONE: "?"}
    return "".join(
        wild[part] if isinstance(part, Wild) else _escaped(part, "*?[", "[{}]") for part in parts
    )


def _escaped(text: str, special: str, how: str) -> str:
    return "".join(how.format(letter) if letter in special else letter for letter in text)


def _ask_shapely(relation: str, left: bytes, right: bytes) -> int:
    # The right one is nearly always the same, row after row.
    return int(related(Relation(relation), shapely.from_wkb(left), _prepared(right)))


@lru_cache(maxsize=32)
def _prepared(wkb: bytes) -> BaseGeometry:
    found = shapely.from_wkb(wkb)
    shapely.prepare(found)
    return found
