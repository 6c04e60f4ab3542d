"""The temporal functions of CQL2 as comparisons of the ends of two spans."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hearthwatch.cql.tree import All, Compare, Node, Operand, Sign, Some, denied

Span = tuple[Operand, Operand]
"""First and last moment; of a single moment the same twice."""


def _of(first: str, sign: str, second: str) -> Callable[[Span, Span], Node]:
    """Return the comparison of an end of ``a`` with one of ``b``."""
    ends = {"start": 0, "end": 1}

    def compared(a: Span, b: Span) -> Node:
        return Compare(Sign(sign), a[ends[first]], b[ends[second]])

    return compared


def _all(*parts: Callable[[Span, Span], Node]) -> Callable[[Span, Span], Node]:
    return lambda a, b: All(tuple(part(a, b) for part in parts))


def _some(*parts: Callable[[Span, Span], Node]) -> Callable[[Span, Span], Node]:
    return lambda a, b: Some(tuple(part(a, b) for part in parts))


_AFTER, _BEFORE = _of("start", ">", "end"), _of("end", "<", "start")
_DISJOINT = _some(_AFTER, _BEFORE)
_EQUAL_STARTS, _EQUAL_ENDS = _of("start", "=", "start"), _of("end", "=", "end")
_LATER_START, _EARLIER_START = _of("start", ">", "start"), _of("start", "<", "start")
_LATER_END, _EARLIER_END = _of("end", ">", "end"), _of("end", "<", "end")

TEMPORAL: Mapping[str, Callable[[Span, Span], Node]] = {
    "t_after": _AFTER,
    "t_before": _BEFORE,
    "t_contains": _all(_EARLIER_START, _LATER_END),
    "t_disjoint": _DISJOINT,
    "t_during": _all(_LATER_START, _EARLIER_END),
    "t_equals": _all(_EQUAL_STARTS, _EQUAL_ENDS),
    "t_finishedby": _all(_EARLIER_START, _EQUAL_ENDS),
    "t_finishes": _all(_LATER_START, _EQUAL_ENDS),
    "t_intersects": lambda a, b: denied(_DISJOINT(a, b)),
    "t_meets": _of("end", "=", "start"),
    "t_metby": _of("start", "=", "end"),
    "t_overlappedby": _all(_LATER_START, _of("start", "<", "end"), _LATER_END),
    "t_overlaps": _all(_EARLIER_START, _of("end", ">", "start"), _EARLIER_END),
    "t_startedby": _all(_EQUAL_STARTS, _LATER_END),
    "t_starts": _all(_EQUAL_STARTS, _EARLIER_END),
}
"""By name in small letters."""

COMPARED: Mapping[Sign, Callable[[Span, Span], Node]] = {
    Sign.EQUAL: TEMPORAL["t_intersects"],
    Sign.UNEQUAL: _DISJOINT,
    Sign.LESS: _BEFORE,
    Sign.MORE: _AFTER,
    Sign.AT_MOST: _of("start", "<=", "end"),
    Sign.AT_LEAST: _of("end", ">=", "start"),
}
"""A moment compared with a day: it equals the day if it lies in it, and is less before it."""
