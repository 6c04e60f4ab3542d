"""What a search asks for, read from a query or a body; all that is wrong with it at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import shapely
from pydantic import ValidationError
from shapely.geometry.base import BaseGeometry

from api.ogc import period_of
from api.params import box_of
from api.problems import Problem
from api.stac.models import SearchBody
from api.stac.words import COLLECTIONS
from hearthwatch.cql.values import ValueFault, place_of
from hearthwatch.store.extent import Bounds, boxes

DEFAULT, MOST = 100, 1000
"""Items of one page."""

_T = TypeVar("_T")
_END = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})"
_TIME = re.compile(rf"{_END}|(?:{_END})/(?:\.\.|{_END})?|(?:\.\.)?/(?:{_END})", re.ASCII | re.I)


@dataclass(frozen=True, slots=True)
class Asked:
    """One search.

    Attributes
    ----------
    collections : tuple of str
        In the order in which they are gone through.
    ids : tuple of str or None
        Sorted, each once.
    bbox : tuple of float or None
    shape : dict or None
        GeoJSON geometry that items are to meet.
    area : shapely geometry or None
        The one or the other of both.
    since, until : datetime or None
        Both ends included.
    """

    collections: tuple[str, ...] = tuple(COLLECTIONS)
    ids: tuple[str, ...] | None = None
    bbox: Bounds | None = None
    shape: Mapping[str, Any] | None = None
    area: BaseGeometry | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = DEFAULT
    after: str | None = None

    @property
    def question(self) -> str:
        """What is asked but for where to go on and how far: a cursor is bound to it."""
        place = None if self.area is None else shapely.to_wkb(self.area, hex=True)
        since, until = (one and one.isoformat() for one in (self.since, self.until))
        return json.dumps([self.collections, self.ids, place, since, until])


class _Faults:
    """Collects what is wrong."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.found: list[tuple[str, str]] = []

    def add(self, name: str, words: str) -> None:
        self.found.append((f"{self._where}.{name}", words))

    def take(self, name: str, read: Callable[[], _T]) -> _T | None:
        """Return what is read, or None and note what is wrong with it."""
        try:
            return read()
        except Problem as problem:
            self.add(name, problem.detail)
        except ValueFault as fault:
            self.add(name, str(fault))
        return None


def from_query(
    *,
    collections: str | None = None,
    ids: str | None = None,
    bbox: str | None = None,
    intersects: str | None = None,
    datetime_: str | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> Asked:
    """Return what a query asks for.

    Parameters
    ----------
    collections, ids : str or None
        Names with commas between them.
    intersects : str or None
        GeoJSON geometry.

    Raises
    ------
    Problem
        400 with everything that is wrong.
    """
    faults = _Faults("query")
    shape = None
    if intersects is not None:
        shape = faults.take("intersects", lambda: _json(intersects))
    return _asked(
        faults,
        _listed(collections),
        _listed(ids),
        bbox,
        shape,
        datetime_,
        limit,
        after,
    )


def from_body(value: Any) -> Asked:
    """Return what a body asks for.

    Raises
    ------
    Problem
        400 with everything that is wrong.
    """
    faults = _Faults("body")
    try:
        sent = SearchBody.model_validate(value)
    except ValidationError as error:
        for one in error.errors():
            faults.add(".".join(map(str, one["loc"])), one["msg"])
        raise _refused(faults) from None
    bbox = None if sent.bbox is None else ",".join(map(repr, sent.bbox))
    return _asked(
        faults,
        sent.collections,
        sent.ids,
        bbox,
        sent.intersects,
        sent.datetime,
        sent.limit,
        sent.after,
    )


def _asked(
    faults: _Faults,
    collections: Sequence[str] | None,
    ids: Sequence[str] | None,
    bbox: str | None,
    shape: Mapping[str, Any] | None,
    period: str | None,
    limit: int | None,
    after: str | None,
) -> Asked:
    if bbox is not None and shape is not None:
        faults.add("intersects", "cannot be asked together with bbox: leave one of them out")
    box = faults.take("bbox", lambda: box_of(bbox))
    place = None if shape is None else faults.take("intersects", lambda: place_of(shape))
    times = faults.take("datetime", lambda: _period(period)) or (None, None)
    if faults.found:
        raise _refused(faults)
    return Asked(
        # One that there is not has no items, as the standard wants it.
        collections=tuple(name for name in COLLECTIONS if not collections or name in collections),
        ids=tuple(sorted(set(ids))) if ids else None,
        bbox=box,
        shape=shape,
        area=place if box is None else shapely.union_all([_drawn(one) for one in boxes(box)]),
        since=times[0],
        until=times[1],
        limit=min(limit or DEFAULT, MOST),
        after=after,
    )


def _drawn(one: Any) -> BaseGeometry:
    drawn: BaseGeometry = shapely.box(one.west, one.south, one.east, one.north)
    return drawn


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [one for one in text.split(",") if one]


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueFault("is no GeoJSON geometry")
    return value


def _period(text: str | None) -> tuple[datetime | None, datetime | None]:
    if text is not None and not _TIME.fullmatch(text):
        raise ValueFault(
            "is no time as 2019-01-01T00:00:00Z, and no two of them with a slash between and .. "
            "for one open end"
        )
    return period_of(text)


def _refused(faults: _Faults) -> Problem:
    words = "The search cannot be understood; correct what is listed and send it again."
    return Problem(400, "search", words, faults=faults.found)
