"""From a filter as it was sent to a tree of conditions; all faults are told at once."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import cql2
from shapely.geometry.base import BaseGeometry

from hearthwatch.cql.faults import FilterError
from hearthwatch.cql.limits import check_json, check_text
from hearthwatch.cql.temporal import COMPARED, TEMPORAL, Span
from hearthwatch.cql.tree import (
    All,
    Always,
    Compare,
    Constant,
    Field,
    Filter,
    Form,
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
    denied,
)
from hearthwatch.cql.values import EVER, ValueFault, check_text_value, place_of, span_of

Fields = Mapping[str, Field]
T = TypeVar("T")

MOST_LEAVES = 200
"""Comparisons in one filter."""
_LONGEST_NAME = 40
_RELATIONS = {f"s_{relation.value}": relation for relation in Relation}
_TURNED = {Relation.WITHIN: Relation.CONTAINS, Relation.CONTAINS: Relation.WITHIN}
_ANY_GEOMETRY = (Relation.INTERSECTS, Relation.DISJOINT)
_WHERE = re.compile(r"--> 1:(\d+)")
_EXPECTED = re.compile(r"= expected (.+)$", re.S)
_NOWHERE = Always(False)
"""Stands for what could not be read, so that the rest is read on."""


def read_text(text: str, fields: Fields) -> Filter:
    """Return the filter that CQL2 text says.

    Parameters
    ----------
    text : str
        At most 4 kB, nested at most 64 deep.
    fields : mapping of str to Field
        The properties that may be asked for.

    Raises
    ------
    FilterError
        With everything that is wrong with it.
    """
    check_text(text)
    return _read(_parsed(text), fields)


def read_json(text: str, fields: Fields) -> Filter:
    """Return the filter that CQL2 JSON says; see `read_text`."""
    check_json(text)
    try:
        # Whole numbers too: one of thousands of digits is infinite then, and refused as that.
        return _read(json.loads(text, parse_int=float), fields)
    except ValueError as error:
        at = getattr(error, "pos", None)
        where = "" if at is None else f"character {at + 1}"
        raise FilterError([(where, "is no JSON")]) from None


def _read(document: Any, fields: Fields) -> Filter:
    reader = _Reader(fields)
    root = reader.condition(document, "")
    if reader.leaves > MOST_LEAVES:
        reader.note("", f"it has {reader.leaves} comparisons; {MOST_LEAVES} is the most")
    if reader.faults:
        raise FilterError(reader.faults)
    return Filter(root, json.dumps(document, sort_keys=True, separators=(",", ":")))


def _parsed(text: str) -> Any:
    try:
        return cql2.parse_text(text).to_json()
    except cql2.ParseError as error:
        raise FilterError([_of_parser(str(error))]) from None
    except Exception:
        # It has no class for what it reads and cannot write, as an empty point.
        raise FilterError([("", "has a geometry without usable positions")]) from None


def _of_parser(message: str) -> tuple[str, str]:
    """Return where the parser stopped and what it would have taken, without what was sent."""
    at, expected = _WHERE.search(message), _EXPECTED.search(message)
    where = f"character {at[1]}" if at else ""
    return where, f"is not understood; expected {expected[1]}" if expected else "is not understood"


class _Reader:
    """Reads one filter and collects what is wrong with it."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.faults: list[tuple[str, str]] = []
        self.leaves = 0

    def note(self, where: str, words: str) -> None:
        """Keep a fault."""
        self.faults.append((where, words))

    def condition(self, value: Any, where: str) -> Node:
        """Return the condition of a part of the document."""
        if isinstance(value, bool):
            return Always(value)
        if not isinstance(value, dict) or not isinstance(value.get("op"), str):
            self.note(where, "is no condition: it is neither true nor false")
            return _NOWHERE
        operation, parts = value["op"].lower(), value.get("args")
        if not isinstance(parts, list):
            self.note(where, "has no list of arguments")
            return _NOWHERE
        if operation in ("and", "or"):
            return self._joined(operation, parts, where)
        if operation == "not":
            inner = self._exactly(parts, 1, where) or [False]
            return denied(self.condition(inner[0], f"{where}.args[0]"))
        self.leaves += 1
        return self._leaf(operation, parts, where)

    def _joined(self, operation: str, parts: list[Any], where: str) -> Node:
        if len(parts) < 2:
            self.note(where, f"joins {len(parts)} conditions; it takes two or more")
        found = tuple(self.condition(one, f"{where}.args[{n}]") for n, one in enumerate(parts))
        return All(found) if operation == "and" else Some(found)

    def _leaf(self, operation: str, parts: list[Any], where: str) -> Node:
        if operation in _SIGNS:
            return self._compared(Sign(operation), parts, where)
        if operation in _RELATIONS:
            return self._related(_RELATIONS[operation], parts, where)
        if operation in TEMPORAL:
            return self._temporal(operation, parts, where)
        read = {"between": self._between, "in": self._in, "like": self._like,
                "isnull": self._is_null}.get(operation)  # fmt: skip
        if read is None:
            self.note(where, f"has an operation that is not offered ({_shown(operation)})")
            return _NOWHERE
        return read(parts, where)

    def _compared(self, sign: Sign, parts: list[Any], where: str) -> Node:
        if not self._exactly(parts, 2, where):
            return _NOWHERE
        form = self._form_of(parts, where)
        if form is Form.MOMENT:
            spans = [self._span(one, f"{where}.args[{n}]") for n, one in enumerate(parts)]
            return _NOWHERE if None in spans else COMPARED[sign](*spans)  # type: ignore[arg-type]
        if form is Form.PLACE:
            self.note(where, "compares places; ask with s_intersects and its like")
            return _NOWHERE
        return self._plainly(sign, parts, form, where)

    def _plainly(self, sign: Sign, parts: list[Any], form: Form, where: str) -> Node:
        left, right = (
            self._operand(one, form, f"{where}.args[{n}]") for n, one in enumerate(parts)
        )
        if left is None or right is None:
            return _NOWHERE
        if sign in (Sign.EQUAL, Sign.UNEQUAL):
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Field) and isinstance(other, Constant):
                    self._check_word(one, other.value, where)
        return Compare(sign, left, right)

    def _between(self, parts: list[Any], where: str) -> Node:
        if not self._exactly(parts, 3, where):
            return _NOWHERE
        value, low, high = parts
        return All((
            self._compared(Sign.AT_LEAST, [value, low], where),
            self._compared(Sign.AT_MOST, [value, high], where),
        ))  # fmt: skip

    def _in(self, parts: list[Any], where: str) -> Node:
        if not self._exactly(parts, 2, where) or not isinstance(parts[1], list) or not parts[1]:
            self.note(where, "is no property and a list of values")
            return _NOWHERE
        field = self._field(parts[0], f"{where}.args[0]")
        if field is None or field.form is Form.PLACE:
            return self._no("takes no places", where) if field else _NOWHERE
        if field.form is Form.MOMENT:
            return Some(tuple(
                self._compared(Sign.EQUAL, [parts[0], one], where) for one in parts[1]
            ))  # fmt: skip
        found = [
            self._constant(one, field.form, f"{where}.args[1][{n}]")
            for n, one in enumerate(parts[1])
        ]
        values = tuple(one.value for one in found if one is not None)
        for one in values:
            self._check_word(field, one, where)
        return OneOf(field, values)  # type: ignore[arg-type]

    def _like(self, parts: list[Any], where: str) -> Node:
        if not self._exactly(parts, 2, where):
            return _NOWHERE
        field, pattern = self._field(parts[0], f"{where}.args[0]"), parts[1]
        if field is None:
            return _NOWHERE
        if field.form is not Form.TEXT or not isinstance(pattern, str):
            return self._no("takes a property that is text, and a pattern that is text", where)
        return Like(field, self._tried(lambda: _pattern(pattern), f"{where}.args[1]") or ())

    def _is_null(self, parts: list[Any], where: str) -> Node:
        # The parser of the text and the standard differ in whether it stands in a list.
        if not self._exactly(parts, 1, where):
            return _NOWHERE
        field = self._field(parts[0], f"{where}.args[0]")
        return IsNull(field) if field else _NOWHERE

    def _related(self, relation: Relation, parts: list[Any], where: str) -> Node:
        if not self._exactly(parts, 2, where):
            return _NOWHERE
        left, right = (
            self._operand(one, Form.PLACE, f"{where}.args[{n}]") for n, one in enumerate(parts)
        )
        if left is None or right is None:
            return _NOWHERE
        if relation not in _ANY_GEOMETRY and any(map(_is_collection, (left, right))):
            return self._no("takes no collection of geometries; s_intersects does", where)
        if isinstance(left, Constant) and isinstance(right, Field):
            left, right, relation = right, left, _TURNED.get(relation, relation)
        return Related(relation, left, right)

    def _temporal(self, operation: str, parts: list[Any], where: str) -> Node:
        if not self._exactly(parts, 2, where):
            return _NOWHERE
        a, b = (self._span(one, f"{where}.args[{n}]") for n, one in enumerate(parts))
        return _NOWHERE if a is None or b is None else TEMPORAL[operation](a, b)

    def _span(self, value: Any, where: str) -> Span | None:
        """Return the two ends of a moment, a day or an interval."""
        if isinstance(value, dict) and "property" in value:
            field = self._field(value, where, Form.MOMENT)
            return (field, field) if field else None
        if isinstance(value, dict) and "interval" in value:
            return self._interval(value["interval"], where)
        text = value
        if isinstance(value, dict) and len(value) == 1:
            text = value.get("timestamp", value.get("date"))
        found = self._tried(lambda: span_of(text), where)
        return (Constant(found[0]), Constant(found[1])) if found else None

    def _interval(self, ends: Any, where: str) -> Span | None:
        if not isinstance(ends, list) or len(ends) != 2:
            self.note(where, "is no interval: it takes two ends")
            return None
        made: list[Operand] = []
        for n, end in enumerate(ends):
            if end == "..":
                made.append(Constant(EVER[n]))
                continue
            span = self._span(end, f"{where}.interval[{n}]")
            if span is None:
                return None
            made.append(span[n])
        start, end = made
        if isinstance(start, Constant) and isinstance(end, Constant) and start.value > end.value:  # type: ignore[operator]
            self.note(where, "is no interval: it ends before it begins")
            return None
        return start, end

    def _form_of(self, parts: Sequence[Any], where: str) -> Form:
        """Return the form that two values are compared in: a property's, or the first one's."""
        for one in parts:
            if isinstance(one, dict) and "property" in one:
                known = self.fields.get(str(one["property"]))
                if known is not None:
                    return known.form
        if any(isinstance(one, dict) and {"timestamp", "date"} & set(one) for one in parts):
            return Form.MOMENT
        return Form.TEXT if any(isinstance(one, str) for one in parts) else Form.NUMBER

    def _operand(self, value: Any, form: Form, where: str) -> Operand | None:
        if isinstance(value, dict) and "property" in value:
            return self._field(value, where, form)
        return self._constant(value, form, where)

    def _constant(self, value: Any, form: Form, where: str) -> Constant | None:
        if isinstance(value, dict) and "op" in value:
            self.note(where, "is reckoned; compare properties with values only")
            return None
        if form is Form.PLACE:
            if not isinstance(value, dict):
                self.note(where, "is no geometry")
                return None
            found = self._tried(lambda: place_of(value), where)
            return Constant(found) if found is not None else None
        if form is Form.TEXT and isinstance(value, str):
            self._tried(lambda: check_text_value(value), where)
            return Constant(value)
        if form is Form.NUMBER and type(value) in (int, float) and math.isfinite(value):
            return Constant(float(value))
        words = {Form.TEXT: "text", Form.NUMBER: "a finite number"}.get(form, "a time")
        told = " (for null, ask: IS NULL)" if value is None else ""
        self.note(where, f"is not {words}{told}")
        return None

    def _field(self, value: Any, where: str, form: Form | None = None) -> Field | None:
        name = value.get("property") if isinstance(value, dict) else None
        if not isinstance(name, str):
            self.note(where, "is no property")
            return None
        field = self.fields.get(name)
        if field is None:
            there = ", ".join(sorted(self.fields))
            self.note(where, f"there is no property {_shown(name)}; there are {there}")
        elif form is not None and field.form is not form:
            self.note(where, f"{name} is a {field.form}, and a {form} is needed here")
            return None
        return field

    def _check_word(self, field: Field, value: object, where: str) -> None:
        if field.words and value not in field.words:
            self.note(where, f"{field.name} is one of {', '.join(field.words)}")

    def _exactly(self, parts: list[Any], number: int, where: str) -> list[Any]:
        if len(parts) != number:
            self.note(where, f"has {len(parts)} arguments; it takes {number}")
            return []
        return parts

    def _tried(self, make: Callable[[], T], where: str) -> T | None:
        try:
            return make()
        except ValueFault as fault:
            self.note(where, str(fault))
            return None

    def _no(self, words: str, where: str) -> Node:
        self.note(where, words)
        return _NOWHERE


_SIGNS = frozenset(sign.value for sign in Sign)


def _pattern(text: str) -> tuple[str | Wild, ...]:
    """Return the parts of a pattern; a backslash takes the meaning from ``%``, ``_`` and itself."""
    check_text_value(text)
    parts: list[str | Wild] = []
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            letter = next(letters, "")
            if letter not in ("%", "_", "\\"):
                raise ValueFault("has a backslash before something else than %, _ or a backslash")
        elif letter in ("%", "_"):
            if letter == "_" or not parts or parts[-1] is not Wild.ANY:
                parts.append(Wild(letter))
            continue
        if parts and not isinstance(parts[-1], Wild):
            parts[-1] += letter
        else:
            parts.append(letter)
    if sum(part is Wild.ANY for part in parts) > _MOST_WILD:
        raise ValueFault(f"has more than {_MOST_WILD} stretches of any text")
    return tuple(parts)


_MOST_WILD = 8


def _is_collection(operand: Operand) -> bool:
    return (
        isinstance(operand, Constant)
        and isinstance(operand.value, BaseGeometry)
        and operand.value.geom_type == "GeometryCollection"
    )


def _shown(name: str) -> str:
    """Return a name that was sent, unless it is too long for one."""
    return name if len(name) <= _LONGEST_NAME and name.isprintable() else "of that name"
