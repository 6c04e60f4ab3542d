"""Where and when at most the records lie that meet a condition: for the indices of a store."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.cql.tree import (
    All,
    Compare,
    Constant,
    Field,
    Form,
    Node,
    Related,
    Relation,
    Sign,
)
from hearthwatch.cql.values import EVER

Window = tuple[float, float, float, float]
"""West, south, east and north, degrees; west <= east."""
_MOST_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a record must meet, among other things.

    Attributes
    ----------
    windows : tuple of Window
        It meets one of them; empty where nothing is said of its place.
    since, until : int
        Microseconds since 1970 between which its time lies.
    """

    windows: tuple[Window, ...] = ()
    since: int = EVER[0]
    until: int = EVER[1]


def bounds_of(node: Node | None, time: str) -> Bounds:
    """Return the bounds that a condition sets; `time` is the property that the store sorts by."""
    windows: tuple[Window, ...] = ()
    since, until = EVER
    for part in _needed(node):
        if isinstance(part, Related) and not windows:
            windows = windows_of(part)
        elif isinstance(part, Compare) and isinstance(part.left, Field) and (
            part.left.name == time and isinstance(part.right, Constant)
        ):  # fmt: skip
            since, until = _tightened(part.sign, int(part.right.value), since, until)  # type: ignore[arg-type]
    return Bounds(windows, since, until)


def texts_of(node: Node | None) -> dict[str, str]:
    """Return the texts that properties must equal, by their names."""
    return {
        part.left.name: str(part.right.value)
        for part in compared_of(node)
        if part.sign is Sign.EQUAL and isinstance(part.left, Field)
        and isinstance(part.right, Constant) and part.left.form is Form.TEXT
    }  # fmt: skip


def compared_of(node: Node | None) -> tuple[Compare, ...]:
    """Return the comparisons of a property with a value, but for inequality, that must be met."""
    return tuple(
        part
        for part in _needed(node)
        if isinstance(part, Compare) and part.sign is not Sign.UNEQUAL
        and isinstance(part.left, Field) and isinstance(part.right, Constant)
    )  # fmt: skip


def windows_of(node: Related) -> tuple[Window, ...]:
    """Return windows one of which a geometry must meet; none where it may lie anywhere."""
    if node.denied or node.relation is Relation.DISJOINT:
        return ()
    if not isinstance(node.right, Constant) or not isinstance(node.right.value, BaseGeometry):
        return ()
    parts = shapely.get_parts(node.right.value)
    chosen = parts if len(parts) <= _MOST_WINDOWS else [node.right.value]
    return tuple(
        (float(west), float(south), float(east), float(north))
        for west, south, east, north in shapely.bounds(chosen)
    )


def _needed(node: Node | None) -> list[Node]:
    """Return the conditions that must all be met, those within others taken apart."""
    if isinstance(node, All):
        return [one for part in node.parts for one in _needed(part)]
    return [] if node is None else [node]


def _tightened(sign: Sign, moment: int, since: int, until: int) -> tuple[int, int]:
    if sign in (Sign.MORE, Sign.AT_LEAST, Sign.EQUAL):
        since = max(since, moment + (sign is Sign.MORE))
    if sign in (Sign.LESS, Sign.AT_MOST, Sign.EQUAL):
        until = min(until, moment - (sign is Sign.LESS))
    return since, until
