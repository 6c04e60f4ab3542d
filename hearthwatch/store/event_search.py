"""The search for events, and the way by which a database answers it soonest.

To put a statement together takes about as long as to carry a small one out. So the statement of
each shape of question is made once, with names for its values; only what a filter adds is put to
it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Select,
    Subquery,
    Text,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.types import TypeEngine

from hearthwatch.cql.bounds import Bounds, bounds_of, compared_of, texts_of
from hearthwatch.cql.tree import Compare, Field, Node, Sign
from hearthwatch.records import EventFilter
from hearthwatch.store import filters, tables
from hearthwatch.store.codec import Row
from hearthwatch.store.cursor import Position
from hearthwatch.store.extent import boxes
from hearthwatch.store.faults import translated
from hearthwatch.store.protocol_events import Outline
from hearthwatch.store.queries import period
from hearthwatch.store.window import candidates, in_window, unindexed

Statement = Select[Any]
Condition = ColumnElement[Any]

MOST_CANDIDATES = 2_000
"""Events in a window up to which the index of windows is asked rather than the one of time.

Above it, the newest hundred come up sooner when one goes back through time: measured on 10^6
events, collecting and sorting 2,000 candidates costs about as much as the way back.
"""
MOST_VALUED = 20_000
"""The same of the index of a property. They come from one index, so there may be more of them."""
RANGED = ("area_m2", "last_detected")
"""Properties with an index in which a range is looked up."""
LISTED = ("cell", "state", "kind")
"""Properties with an index, in the order of time, of those that have one value."""

_SHAPES = 256


class Way(NamedTuple):
    """How to come by the events.

    Attributes
    ----------
    by : {"time", "place", "value"}
        Back through time, or by an index that is in its order; by the index of windows, or by
        that of one property, and then sorted.
    name : str
        Of that property.
    """

    by: Literal["time", "place", "value"]
    name: str = ""


TIME, PLACE = Way("time"), Way("place")


class Told(Enum):
    """What of the events is told."""

    ALL = tuple(tables.events.c.keys())
    OUTLINE = Outline._fields
    NUMBER = ("number",)


class _Shape(NamedTuple):
    """What a statement depends on besides its values; of some things, how many there are."""

    told: Told
    by: Literal["time", "place", "value"]
    places: int
    is_boxed: bool
    states: int
    is_of_region: bool
    is_of_settlement: bool
    is_of_kind: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class EventSearch:
    """A search for events after a position of the answer, newest first.

    Attributes
    ----------
    organisation : str
    where : EventFilter
    start : tuple or None
        Sort key of the last event already given.
    """

    organisation: str
    where: EventFilter
    start: Position | None

    def way(self, connection: Connection) -> Way:
        """Return the way that answers this soonest."""
        # Their own index is narrower than any window that anyone would draw for them.
        own = self.where.region is not None or self.where.settlement is not None
        if own or {"region", "settlement", "id"} & set(texts_of(self._root())):
            return TIME
        with translated():
            if self._places() and self._has_few_inside(connection):
                return PLACE
            named = (name for name in self._valued() if self._has_few(connection, name))
            return next((Way("value", name) for name in named), TIME)

    def statement(self, way: Way, told: Told = Told.ALL) -> Statement:
        """Return the search by one way; its values have names, of which `values` tells them."""
        return self._found(way, told)

    def count(self, way: Way) -> Select[int]:
        """Return the number of events, at most `most` of `values`, by the same way."""
        found = self._found(way, Told.NUMBER).order_by(None)
        return select(func.count()).select_from(found.subquery())

    def values(self, most: int) -> Row:
        """Return the values of a statement by their names; `most` is how many it gives."""
        where = self.where
        since, until = self._times()
        named: Row = {
            "organisation": self.organisation, "since": since, "until": until, "most": most,
            "region": where.region, "settlement": where.settlement,
            "kind": where.kind and where.kind.value,
            **{f"state{n}": state.value for n, state in enumerate(where.states)},
        }  # fmt: skip
        for n, place in enumerate(self._places()):
            named |= {f"{edge}{n}": at for edge, at in zip(tables.EDGES, place, strict=True)}
        if self.start is not None:
            named["moment"], named["id"] = self.start
        return {name: value for name, value in named.items() if value is not None}

    def _found(self, way: Way, told: Told) -> Statement:
        where = self.where
        shape = _Shape(
            told=told,
            by=way.by,
            places=len(self._places()),
            is_boxed=where.bbox is not None,
            states=len(where.states),
            is_of_region=where.region is not None,
            is_of_settlement=where.settlement is not None,
            is_of_kind=where.kind is not None,
            goes_on=self.start is not None,
        )
        if way.by == "value":
            source: FromClause = self._with_value(way.name, *self._inside())
            found = _events_of(shape, source)
        else:
            source, found = tables.events, _events(shape)
        return found.where(*filters.conditions(where.filter, source))

    def _has_few_inside(self, connection: Connection) -> bool:
        windows = [(*place, *self._times()) for place in self._places()]
        return candidates(connection, windows, MOST_CANDIDATES + 1) <= MOST_CANDIDATES

    def _has_few(self, connection: Connection, name: str) -> bool:
        c = self._with_value(name).c
        some = select(c.number).limit(_bound("most", BigInteger)).subquery()
        counted = select(func.count()).select_from(some)
        found: int = connection.execute(counted, self.values(MOST_VALUED + 1)).scalar_one()
        return found <= MOST_VALUED

    def _inside(self) -> list[Condition]:
        """Return what place an event needs, which an index can tell that has its edges too."""
        places = self._places()
        return [filters.in_a_window(tables.events.c, places)] if places else []

    def _with_value(self, name: str, *more: Condition) -> Subquery:
        """Return the events that have what a filter needs of one property, and `more`."""
        c = tables.events.c
        compared = [one for one in compared_of(self._root()) if _name(one) == name]
        conditions = [filters.condition(one, tables.events) for one in compared]
        if name in LISTED:
            since, until = _bound("since", BigInteger), _bound("until", BigInteger)
            conditions.append(c.first_changed.between(since, until))
        found = select(tables.events).where(
            c.organisation == _bound("organisation", Text), *conditions, *more
        )
        # No planner looks beyond an offset: it goes by the index of this property, whatever it
        # makes of the rest.
        return found.offset(literal_column("0")).subquery("events")

    def _valued(self) -> tuple[str, ...]:
        """Return the properties of which a filter needs values that an index may know few of."""
        compared = compared_of(self._root())
        alone = isinstance(self._root(), Compare)
        named = dict.fromkeys(map(_name, compared))
        listed = {_name(one) for one in compared if one.sign is Sign.EQUAL and not alone}
        return tuple(
            name for name in named if name in RANGED or (name in LISTED and name in listed)
        )

    def _places(self) -> tuple[tuple[float, ...], ...]:
        bbox = self.where.bbox
        return boxes(bbox) if bbox else self._bounds().windows

    def _bounds(self) -> Bounds:
        return bounds_of(self._root(), "first_changed")

    def _root(self) -> Node | None:
        return self.where.filter.root if self.where.filter else None

    def _times(self) -> tuple[int, int]:
        earliest, latest = period(self.where.since, self.where.until)
        bounds = self._bounds()
        earliest, latest = max(earliest, bounds.since), min(latest, bounds.until)
        if self.start is not None:
            latest = min(latest, int(self.start[0]))
        return earliest, latest


@lru_cache(maxsize=_SHAPES)
def _events(shape: _Shape) -> Statement:
    return _events_of(shape, tables.events)


def _events_of(shape: _Shape, source: FromClause) -> Statement:
    """Return the statement of a shape of question, asked of the events or of some of them."""
    c: Any = source.c
    places = [tuple(_bound(f"{edge}{n}", Double) for edge in tables.EDGES)
              for n in range(shape.places)]  # fmt: skip
    since, until = _bound("since", BigInteger), _bound("until", BigInteger)
    conditions: list[Condition] = [c.first_changed.between(since, until), *_words(c, shape)]
    if shape.is_boxed:
        conditions.append(filters.in_a_window(c, places))
    if shape.goes_on:
        moment, its_id = _bound("moment", BigInteger), _bound("id", Text)
        conditions.append(or_(c.first_changed < moment, c.id > its_id))
    owner = c.organisation
    if shape.by == "place":
        conditions.append(or_(*(in_window(c.number, *place, since, until) for place in places)))
        # The index of time begins with the owner.
        owner = unindexed(owner)
    found = select(*(c[name] for name in shape.told.value))
    found = found.where(owner == _bound("organisation", Text), *conditions)
    return found.order_by(c.first_changed.desc(), c.id).limit(_bound("most", BigInteger))


def _words(c: Any, shape: _Shape) -> list[Condition]:
    conditions: list[Condition] = []
    if shape.is_of_settlement:
        conditions.append(c.settlement == _bound("settlement", Text))
    if shape.is_of_region:
        # A settlement's index is the narrower of the two.
        region = unindexed(c.region) if shape.is_of_settlement else c.region
        conditions.append(region == _bound("region", Text))
    if shape.is_of_kind:
        conditions.append(c.kind == _bound("kind", Text))
    if shape.states:
        conditions.append(c.state.in_([_bound(f"state{n}", Text) for n in range(shape.states)]))
    return conditions


# No name ends in _1: those are SQLAlchemy's own.
def _bound(name: str, form: type[TypeEngine[Any]]) -> BindParameter[Any]:
    return bindparam(name, type_=form)


def _name(part: Compare) -> str:
    return part.left.name if isinstance(part.left, Field) else ""
