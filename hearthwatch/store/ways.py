"""The ways by which a database comes by events, and which of them costs least.

What each costs was measured on a million events, in microseconds (`benchmarks/bench_ways.py`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, NamedTuple

from hearthwatch.cql.bounds import compared_of
from hearthwatch.cql.tree import All, Compare, Field, Node, Sign, Some
from hearthwatch.store import map_cells
from hearthwatch.store.sample import EventSample, Mask

RANGED = ("area_m2", "last_detected")
"""Properties with an index in which a range is looked up."""
LISTED = ("cell", "state", "kind")
"""Properties with an index, in the order of time, of those that have one value."""
EDGED = ("state", "kind")
"""Properties whose index has the edges of each event too."""
IN_TIME = frozenset({"id", "first_changed", "kind", "state"})
"""Properties that the index of time has: of them alone no row has to be read to pass one over."""


ON_A_MAP = IN_TIME | {"area_m2", "last_unharmed", "mode", "settlement"}
"""Properties that the index of cells of the map has."""
NARROW_DEGREES = 0.5
"""Side of a window that is gone through by place where nothing is known of the events."""


By = Literal["time", "place", "map", "value"]


class Way(NamedTuple):
    """How to come by the events.

    Attributes
    ----------
    by : {"time", "place", "map", "value"}
        Back through time, or by an index that is in its order; by the index of windows, by that
        of cells of the map, or by that of one property, and then sorted.
    name : str
        Of that property.
    since : int or None
        When the events changed that are looked through first, microseconds since 1970; None for
        all of them. If they are too few the question must be asked again from farther back.
    """

    by: By
    name: str = ""
    since: int | None = None


TIME, PLACE = Way("time"), Way("place")


class Costs(NamedTuple):
    """What a database takes, in microseconds.

    Attributes
    ----------
    passed : float
        For an entry of an index that it passes over.
    fetched : float
        For a row that it reads.
    elsewhen : float
        For an event in a window at another time: the index of windows of PostgreSQL is split by
        place, and by time only where that decides.
    cell : float
        For a cell of the map, whatever is in it.
    told : float
        For an entry of the index of cells that it looks at.
    """

    passed: float
    fetched: float
    elsewhen: float
    cell: float
    told: float


COSTS: Mapping[str, Costs] = {
    "postgresql": Costs(passed=0.25, fetched=8.0, elsewhen=0.25, cell=10.0, told=2.0),
    "sqlite": Costs(passed=0.2, fetched=5.0, elsewhen=0.0, cell=3.0, told=1.5),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for, as far as it decides the way.

    Attributes
    ----------
    since, until : int
        Microseconds since 1970.
    places : tuple
        Windows one of which an event must meet; empty for anywhere.
    root : Node or None
        All other conditions.
    most : int
        Events that are wanted.
    slack : float
        How sure it is that enough are looked through first, the newest of a place: standard
        deviations of the sample. Without end for a question that is asked once, and must be
        answered.
    finest : float
        Degrees; of what is smaller the box is enough. 0 where all is wanted of each event.
    """

    since: int
    until: int
    places: Sequence[tuple[float, ...]]
    root: Node | None
    most: int
    slack: float = math.inf
    finest: float = 0.0


def cheapest(asked: Asked, sample: EventSample, costs: Costs) -> Way:
    """Return the way that costs least; of those that cost the same, back through time."""
    if not sample.is_drawn:
        return _unforeseen(asked)
    if asked.slack < math.inf:
        # Too few are asked for again, and of too many each row is read.
        sample = sample.finest(_told_of(asked.root))
    then = sample.between(asked.since, asked.until)
    there = sample.inside(asked.places)
    priced = {TIME: _through_time(asked, sample, costs, then, there)}
    if asked.places:
        newest, since = _newest(asked, sample, then & there)
        priced[Way("place", since=since)] = (
            sample.about(there) * costs.elsewhen + sample.about(newest) * costs.fetched
        )
        if _suits_a_map(asked):
            priced[Way("map", since=since)] = _on_a_map(asked, sample, costs, since)
    for name, conditions in valued(asked.root).items():
        met = reduce(operator.and_, map(sample.met, conditions))
        priced[Way("value", name)] = _by_value(
            sample, costs, met & then if name in LISTED else met, there if name in EDGED else None
        )
    return min(priced, key=priced.__getitem__)


def valued(root: Node | None) -> Mapping[str, Sequence[Compare]]:
    """Return what must be met of properties that have an index of their own, by their names.

    One value of a property that is listed, and nothing else, needs no other way: its index is in
    the order of time.
    """
    found: dict[str, list[Compare]] = {}
    for one in compared_of(root):
        name = one.left.name if isinstance(one.left, Field) else ""
        found.setdefault(name, []).append(one)
    alone = isinstance(root, Compare)
    return {
        name: compared
        for name, compared in found.items()
        if name in RANGED
        or (name in LISTED and not alone and any(one.sign is Sign.EQUAL for one in compared))
    }


def _unforeseen(asked: Asked) -> Way:
    """Return the way of who knows nothing of the events: few of them lie in a narrow window."""
    sides = [max(east - west, north - south) for west, south, east, north in asked.places]
    return PLACE if sides and max(sides) <= NARROW_DEGREES else TIME


def _newest(asked: Asked, sample: EventSample, there: Mask) -> tuple[Mask, int | None]:
    """Return which events of a place are looked through first, and since when they changed."""
    met = there & sample.met(asked.root)
    since = sample.back_to(met, asked.most, asked.slack)
    return (there, None) if since is None else (there & sample.between(since, asked.until), since)


def _through_time(
    asked: Asked, sample: EventSample, costs: Costs, then: Mask, there: Mask
) -> float:
    met = then & there & sample.met(asked.root)
    gone = sample.gone_by(then, met, asked.most)
    # All that a question of time, kind and state asks is in the index; else rows are read of
    # whatever lies there.
    looked_at = met if _told_of(asked.root) <= IN_TIME else then & there
    in_all = sample.about(then)
    share = sample.about(looked_at) / in_all if in_all else 0.0
    return gone * (costs.passed + share * costs.fetched)


def _suits_a_map(asked: Asked) -> bool:
    return (
        asked.finest > 0
        and map_cells.count(asked.places) <= map_cells.MOST
        and _told_of(asked.root) <= ON_A_MAP
    )


def _on_a_map(asked: Asked, sample: EventSample, costs: Costs, since: int | None) -> float:
    near = sample.inside([map_cells.reached(place) for place in asked.places])
    near &= sample.between(asked.since if since is None else since, asked.until)
    looked_at, large = sample.about(near), sample.about(near & ~sample.smaller(asked.finest))
    shown = large * asked.most / max(asked.most, looked_at)
    cells = map_cells.count(asked.places)
    return cells * costs.cell + looked_at * costs.told + shown * costs.fetched


def _by_value(sample: EventSample, costs: Costs, met: Mask, there: Mask | None) -> float:
    if there is None:
        return sample.about(met) * costs.fetched
    return sample.about(met) * costs.passed + sample.about(met & there) * costs.fetched


def _told_of(node: Node | None) -> frozenset[str]:
    """Return the names of the properties that a condition asks about."""
    if node is None:
        return frozenset()
    if isinstance(node, All | Some):
        return frozenset().union(*map(_told_of, node.parts))
    operands = (getattr(node, name, None) for name in ("field", "left", "right"))
    return frozenset(one.name for one in operands if isinstance(one, Field))
