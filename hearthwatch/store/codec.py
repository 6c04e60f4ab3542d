"""Records to rows of plain values, and back.

Works from the annotations of a record's fields, so every record goes the same way and a new
field needs no code here. A row holds text, whole numbers, floats and bytes only:

* datetimes as microseconds since 1970 in UTC,
* geometries as little-endian ISO WKB,
* mappings and tuples as canonical JSON (keys sorted, no spaces, no NaN),
* a record inside a record as columns of its own.
"""

from __future__ import annotations

import json
import math
import operator
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import shapely
from pydantic import ConfigDict, TypeAdapter
from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import StoreError

R = TypeVar("R")
Row = dict[str, Any]
"""Plain values by column."""

Storage = Literal["text", "integer", "real", "blob"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Reads what the standard library wrote in a third of its time, every number the same.
_JSON: TypeAdapter[Any] = TypeAdapter(Any, config=ConfigDict(hide_input_in_errors=True))


@dataclass(frozen=True, slots=True)
class Column:
    """How one field of a record is kept.

    Attributes
    ----------
    storage : {"text", "integer", "real", "blob"}
    encode : callable
        From the field's value to a plain one; `ValueError` or `TypeError` says why not.
    decode : callable
        From many plain values, none of them None, to the field's: one at a time takes longer.
    """

    name: str
    storage: Storage
    nullable: bool
    encode: Callable[[Any], Any]
    decode: Callable[[Sequence[Any]], Sequence[Any]]


def to_row(record: Any) -> Row:
    """Return the row of a record.

    Parameters
    ----------
    record : dataclass instance
        One of `hearthwatch.records`.

    Returns
    -------
    dict
        Value by column name.

    Raises
    ------
    StoreError
        A value cannot be kept exactly: a naive datetime, an empty geometry, NaN.
    """
    row: Row = {}
    shape: type = type(record)
    for name, form in _layout(shape).items():
        value = getattr(record, name)
        if isinstance(form, Column):
            row[name] = _encoded(record, form, value)
        else:
            row |= to_row(value)
    return row


def from_row(record: type[R], row: Mapping[str, Any]) -> R:
    """Return the record that a row was made of; other columns are passed over.

    Parameters
    ----------
    record : type
        Class of the record.
    row : mapping
        Value by column name.

    Returns
    -------
    record
        Datetimes are aware UTC, mappings are dicts.
    """
    return from_rows(record, list(row), [tuple(row.values())])[0]


def from_rows(
    record: type[R], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[R, ...]:
    """Return the records that rows were made of, decoded column by column.

    Parameters
    ----------
    record : type
        Class of the records.
    names : sequence of str
        Of the columns; those that the record has not are passed over.
    rows : sequence of sequence
        Plain values in the order of `names`.

    Returns
    -------
    tuple
        In the order of the rows.
    """
    if not rows:
        return ()
    return tuple(_records(record, dict(zip(names, zip(*rows, strict=True), strict=True))))


def _records(record: type[R], values: Mapping[str, Sequence[Any]]) -> Iterable[R]:
    shape: type = record
    in_order: Iterator[Iterable[Any]] = (
        _decoded(form, values[name]) if isinstance(form, Column) else _records(form, values)
        for name, form in _layout(shape).items()
    )
    setters = _setters(shape)
    if not setters:
        # In the order of the fields, which is that of the class's own parameters.
        return map(record, *in_order)
    decoded = [list(column) for column in in_order]
    made = [object.__new__(record) for _ in decoded[0]]
    for set_one, column in zip(setters, decoded, strict=True):
        # In C: a frozen class's own way is a call for every field of every record.
        deque(map(set_one, made, column), maxlen=0)
    return made


@cache
def _setters(record: type) -> tuple[Callable[[Any, Any], None], ...]:
    """Return what sets each field of a class whose making does nothing else; empty for others."""
    if hasattr(record, "__post_init__") or "__slots__" not in vars(record):
        return ()
    return tuple(vars(record)[item.name].__set__ for item in fields(record))


def columns(record: type) -> tuple[Column, ...]:
    """Return the columns of a class of records, in the order of its fields."""
    found: list[Column] = []
    for form in _layout(record).values():
        found += [form] if isinstance(form, Column) else columns(form)
    return tuple(found)


def microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 in UTC; a naive datetime is refused (`StoreError`)."""
    try:
        return _from_datetime(moment)
    except ValueError as error:
        raise StoreError(f"The time {moment.isoformat()} {error}.") from None


def from_microseconds(value: int) -> datetime:
    """Return the time, aware UTC, of microseconds since 1970."""
    return _EPOCH + value * _MICROSECOND


def storable(text: str) -> bool:
    """Tell whether a text has a place in every database; a NUL or a lone surrogate has not."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def canonical_json(value: Any) -> str:
    """Return JSON that is the same for equal values, on every machine.

    Raises
    ------
    ValueError, TypeError
        If JSON has no word for a value.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_from_numpy,
    )


def _encoded(record: Any, column: Column, value: Any) -> Any:
    if value is None and column.nullable:
        return None
    try:
        return column.encode(value)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"This {type(record).__name__} cannot be stored: its {column.name} {error}."
        ) from error


def _decoded(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    if not column.nullable or None not in values:
        return column.decode(values)
    there = iter(column.decode([value for value in values if value is not None]))
    return [None if value is None else next(there) for value in values]


@cache
def _layout(record: type) -> dict[str, Column | type]:
    hints = get_type_hints(record)
    return {item.name: _form(item.name, hints[item.name]) for item in fields(record)}


def _form(name: str, hint: Any) -> Column | type:
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    nullable = NoneType in get_args(hint)
    if nullable:
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Column(name, "text", nullable, lambda value: hint(value).value, _each_once(hint))
    storage, encode, decode = _FORMS[get_origin(hint) or hint]
    return Column(name, storage, nullable, encode, decode)


def _from_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("is not text")
    if not storable(value):
        raise ValueError("holds a character that cannot be stored")
    return str(value)


def _from_integer(value: Any) -> int:
    try:
        return int(operator.index(value))
    except TypeError:
        raise TypeError("is not a whole number") from None


def _from_real(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def _from_datetime(value: datetime) -> int:
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError("names no time zone; give it in UTC")
    return (value - _EPOCH) // _MICROSECOND


def _from_geometry(value: Any) -> bytes:
    if not isinstance(value, BaseGeometry) or not np.isfinite(value.bounds).all():
        raise ValueError("is not a geometry with an extent")
    return bytes(shapely.to_wkb(value, byte_order=1, flavor="iso"))


def _from_json(value: Any) -> str:
    try:
        return canonical_json(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has no JSON ({error})") from error


def _from_mapping(value: Any) -> str:
    return _from_json(dict(value))


def _from_tuple(value: Any) -> str:
    return _from_json([_from_text(item) for item in value])


def _as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _each(decode: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    return lambda values: list(map(decode, values))


def _each_once(decode: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Decode values of which few differ; what comes out may be shared, so it must not change."""

    def decode_all(values: Sequence[Any]) -> Sequence[Any]:
        known = {value: decode(value) for value in set(values)}
        return [known[value] for value in values]

    return decode_all


def _to_geometries(values: Sequence[bytes]) -> Sequence[Any]:
    return list(shapely.from_wkb(list(values)))


def _to_tuple(value: str) -> tuple[str, ...]:
    return tuple(_JSON.validate_json(value))


def _from_numpy(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"no form for {type(value).__name__}")


_FORMS: dict[
    Any, tuple[Storage, Callable[[Any], Any], Callable[[Sequence[Any]], Sequence[Any]]]
] = {
    str: ("text", _from_text, _as_they_are),
    # sqlite3 stores a numpy integer as a blob that equals no number, so it is cast.
    int: ("integer", _from_integer, _each(int)),
    bool: ("integer", int, _each(bool)),
    float: ("real", _from_real, _each(float)),
    datetime: ("integer", _from_datetime, _each(from_microseconds)),
    BaseGeometry: ("blob", _from_geometry, _to_geometries),
    Mapping: ("text", _from_mapping, _each(_JSON.validate_json)),
    tuple: ("text", _from_tuple, _each_once(_to_tuple)),
}
