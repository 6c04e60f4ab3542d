"""Conditions on one record, without negation above a comparison.

Denials are pushed down to the comparisons as a filter is read. What is not known (null) meets
no comparison, denied or not; so a condition is either met or not met, everywhere.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from shapely.geometry.base import BaseGeometry


class Form(StrEnum):
    """What kind of values a property has."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Field:
    """A property that may be asked for: a field of the record, and a column of its table.

    Attributes
    ----------
    title : str
        What it is, for people.
    words : tuple of str
        Of a text that has only these values; empty where it may have any.
    hollow : bool
        Whether an empty text stands for null.
    """

    name: str
    form: Form
    title: str
    words: tuple[str, ...] = ()
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A value: text, number, microseconds since 1970 in UTC, or a geometry in CRS84."""

    value: str | float | int | BaseGeometry


Operand: TypeAlias = Field | Constant


class Sign(StrEnum):
    """How two values are compared."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    MORE = ">"
    AT_MOST = "<="
    AT_LEAST = ">="


COMPARED: Mapping[Sign, Callable[[Any, Any], Any]] = {
    Sign.EQUAL: operator.eq,
    Sign.UNEQUAL: operator.ne,
    Sign.LESS: operator.lt,
    Sign.MORE: operator.gt,
    Sign.AT_MOST: operator.le,
    Sign.AT_LEAST: operator.ge,
}
"""What compares two values: of a record, of columns, or of arrays."""


class Relation(StrEnum):
    """How two geometries lie to each other."""

    INTERSECTS = "intersects"
    DISJOINT = "disjoint"
    WITHIN = "within"
    CONTAINS = "contains"
    EQUALS = "equals"
    TOUCHES = "touches"
    OVERLAPS = "overlaps"
    CROSSES = "crosses"


@dataclass(frozen=True, slots=True)
class Always:
    """Met by every record, or by none."""

    truth: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared; texts by code point."""

    sign: Sign
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a value is in a list."""

    field: Field
    values: tuple[str | float | int, ...]
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Like:
    """Whether a text fits a pattern.

    Attributes
    ----------
    parts : tuple of (str or None)
        Texts that stand as they are; ``%`` for any text and ``_`` for any character are told
        from these by standing in `Wild`.
    """

    field: Field
    parts: tuple[str | Wild, ...]
    denied: bool = False


class Wild(StrEnum):
    """What stands for other text in a pattern."""

    ANY = "%"
    ONE = "_"


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is not known."""

    field: Field
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """How two geometries lie to each other."""

    relation: Relation
    left: Operand
    right: Operand
    denied: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Met where every part is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Met where any part is."""

    parts: tuple[Node, ...]


Node: TypeAlias = Always | Compare | OneOf | Like | IsNull | Related | All | Some


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it was read.

    Attributes
    ----------
    root : Node
    text : str
        The same text for the same filter: what a page's cursor is bound to.
    """

    root: Node
    text: str


_OPPOSITE = {
    Sign.EQUAL: Sign.UNEQUAL,
    Sign.UNEQUAL: Sign.EQUAL,
    Sign.LESS: Sign.AT_LEAST,
    Sign.AT_LEAST: Sign.LESS,
    Sign.MORE: Sign.AT_MOST,
    Sign.AT_MOST: Sign.MORE,
}


def denied(node: Node) -> Node:
    """Return the condition that is met where `node` is known not to be."""
    if isinstance(node, All):
        return Some(tuple(denied(part) for part in node.parts))
    if isinstance(node, Some):
        return All(tuple(denied(part) for part in node.parts))
    if isinstance(node, Compare):
        return replace(node, sign=_OPPOSITE[node.sign])
    if isinstance(node, Always):
        return Always(not node.truth)
    return replace(node, denied=not node.denied)
