"""The search for events, and the way by which a database answers it soonest.

To put a statement together takes about as long as to carry a small one out. So the statement of
each shape of question is made once, with names for its values; only what a filter adds is put to
it anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Double,
    FromClause,
    Select,
    Subquery,
    Text,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.types import TypeEngine

from hearthwatch.cql.bounds import Bounds, bounds_of, texts_of
from hearthwatch.cql.tree import All, Field, Form, Node, OneOf
from hearthwatch.records import EventFilter, EventRow
from hearthwatch.store import filters, map_cells, tables
from hearthwatch.store.codec import Row
from hearthwatch.store.cursor import Position
from hearthwatch.store.extent import boxes
from hearthwatch.store.protocol_events import Outline
from hearthwatch.store.queries import period
from hearthwatch.store.sample import EventSample
from hearthwatch.store.ways import LISTED, TIME, Asked, By, Costs, Way, cheapest, valued
from hearthwatch.store.window import in_window, unindexed

Statement = Select[Any]
Condition = ColumnElement[Any]

_SHAPES = 256
_KIND, _STATE = Field("kind", Form.TEXT, "kind"), Field("state", Form.TEXT, "state")


class Told(Enum):
    """What of the events is told."""

    ALL = EventRow._fields
    OUTLINE = Outline._fields
    BOX = (*Outline._fields, "number")
    """Without the geometry, which is in no index."""
    NUMBER = ("number",)


class _Shape(NamedTuple):
    """What a statement depends on besides its values; of some things, how many there are."""

    told: Told
    by: By
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

    def way(
        self,
        sample: Callable[[], EventSample],
        costs: Costs,
        most: int,
        slack: float = math.inf,
        finest: float = 0.0,
    ) -> Way:
        """Return the way that answers this soonest, where so many are wanted.

        Parameters
        ----------
        sample : callable
            Gives the sample, where the way is not plain without it.
        slack : float
            See `Asked`; who gives one may be told to ask again.
        finest : float
            See `Asked`; who gives one may be told to ask for boxes.
        """
        # Their own index is narrower than any window that anyone would draw for them.
        own = self.where.region is not None or self.where.settlement is not None
        if own or {"region", "settlement", "id"} & set(texts_of(self._root())):
            return TIME
        asked = Asked(*self._times(), self._places(), self._told_by_words(), most, slack, finest)
        return cheapest(asked, sample(), costs)

    def statement(self, way: Way, told: Told = Told.ALL) -> Statement:
        """Return the search by one way; its values have names, of which `values` tells them."""
        return self._found(way, told)

    def is_kept(self, way: Way) -> bool:
        """Tell whether the statement of a way is kept: all its values have names."""
        return self.where.filter is None and way.by != "value"

    def count(self, way: Way) -> Select[int]:
        """Return the number of events, at most `most` of `values`, by the same way."""
        found = self._found(way, Told.NUMBER).order_by(None)
        return select(func.count()).select_from(found.subquery())

    def values(self, most: int, way: Way = TIME) -> Row:
        """Return the values of a statement by their names; `most` is how many it gives."""
        where = self.where
        since, until = self._times()
        since = since if way.since is None else way.since
        named: Row = {
            "organisation": self.organisation, "since": since, "until": until, "most": most,
            "region": where.region, "settlement": where.settlement,
            "kind": where.kind and where.kind.value,
            **{f"state{n}": state.value for n, state in enumerate(where.states)},
        }  # fmt: skip
        for n, place in enumerate(self._places()):
            named |= {f"{edge}{n}": at for edge, at in zip(tables.EDGES, place, strict=True)}
        if way.by == "map":
            named["cells"] = map_cells.cells(self._places())
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
        conditions = filters.conditions(where.filter, source)
        # The kept one itself where nothing is put to it: SQLAlchemy knows it again sooner.
        return found.where(*conditions) if conditions else found

    def _inside(self) -> list[Condition]:
        """Return what place an event needs, which an index can tell that has its edges too."""
        places = self._places()
        return [filters.in_a_window(tables.events.c, places)] if places else []

    def _with_value(self, name: str, *more: Condition) -> Subquery:
        """Return the events that have what a filter needs of one property, and `more`."""
        c = tables.events.c
        compared = valued(self._root()).get(name, ())
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

    def _told_by_words(self) -> Node | None:
        """Return the filter, with what is asked beside it of kind and state."""
        where, root = self.where, self._root()
        parts: list[Node] = [] if root is None else [root]
        if where.kind is not None:
            parts.append(OneOf(_KIND, (where.kind.value,)))
        if where.states:
            parts.append(OneOf(_STATE, tuple(state.value for state in where.states)))
        return All(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)

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
    elif shape.by == "map":
        conditions.append(map_cells.in_cells(c.number, _bound("cells", Text)))
        owner = unindexed(owner)
    found = select(*_told(c, shape.told))
    found = found.where(owner == _bound("organisation", Text), *conditions)
    return found.order_by(c.first_changed.desc(), c.id).limit(_bound("most", BigInteger))


def _told(c: Any, told: Told) -> list[ColumnElement[Any]]:
    empty = {"geometry": null().label("geometry")} if told is Told.BOX else {}
    return [empty.get(name, c[name]) for name in told.value]


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
