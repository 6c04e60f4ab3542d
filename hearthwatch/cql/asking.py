"""Asking a tree of conditions of one record: what every store's answer is measured by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from hearthwatch.cql.tree import (
    COMPARED,
    All,
    Always,
    Compare,
    Field,
    IsNull,
    Like,
    Node,
    OneOf,
    Operand,
    Related,
    Relation,
    Some,
    Wild,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RELATED: Mapping[Relation, Callable[[BaseGeometry, BaseGeometry], Any]] = {
    Relation.INTERSECTS: shapely.intersects,
    Relation.DISJOINT: shapely.disjoint,
    Relation.WITHIN: shapely.within,
    Relation.CONTAINS: shapely.contains,
    Relation.EQUALS: shapely.equals,
    Relation.TOUCHES: shapely.touches,
    Relation.OVERLAPS: shapely.overlaps,
    Relation.CROSSES: shapely.crosses,
}


def meets(node: Node, record: Any) -> bool:
    """Tell whether a record meets a condition.

    Parameters
    ----------
    record : object
        Has an attribute for each `Field` of the condition.
    """
    if isinstance(node, All):
        return all(meets(part, record) for part in node.parts)
    if isinstance(node, Some):
        return any(meets(part, record) for part in node.parts)
    if isinstance(node, Always):
        return node.truth
    if isinstance(node, IsNull):
        return (_value(node.field, record) is None) is not node.denied
    if isinstance(node, Compare):
        left, right = _value(node.left, record), _value(node.right, record)
        return left is not None and right is not None and COMPARED[node.sign](left, right)
    return _told(node, record)


def _told(node: OneOf | Like | Related, record: Any) -> bool:
    if isinstance(node, Related):
        left, right = _value(node.left, record), _value(node.right, record)
        return related(node.relation, left, right) is not node.denied
    value = _value(node.field, record)
    if value is None:
        return False
    if isinstance(node, OneOf):
        return (value in node.values) is not node.denied
    return (_expression(node.parts).fullmatch(value) is not None) is not node.denied


def related(relation: Relation, left: BaseGeometry, right: BaseGeometry) -> bool:
    """Tell whether two geometries lie so to each other; one that is not valid is mended first."""
    try:
        return bool(_RELATED[relation](left, right))
    except GEOSException:
        return bool(_RELATED[relation](shapely.make_valid(left), shapely.make_valid(right)))


def _value(operand: Operand, record: Any) -> Any:
    if not isinstance(operand, Field):
        return operand.value
    value = getattr(record, operand.name)
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    if isinstance(value, StrEnum):
        return value.value
    return None if operand.hollow and value == "" else value


@lru_cache(maxsize=64)
def _expression(parts: tuple[str | Wild, ...]) -> re.Pattern[str]:
    """Return a pattern; each stretch is found once and never again, so it takes no long search."""
    made, stretch = [], ""
    begun = False
    for part in parts:
        if part is Wild.ANY:
            made.append(f"(?>.*?{stretch})" if begun else stretch)
            stretch, begun = "", True
        else:
            stretch += "." if part is Wild.ONE else re.escape(part)
    # The last stretch stands at the end, wherever else it might be found.
    made.append(f".*{stretch}" if begun else stretch)
    return re.compile("".join(made), re.DOTALL)
