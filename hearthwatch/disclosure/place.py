"""The one place by which an audience knows where an event was: found once and never anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hearthwatch.context_layers import LayerKind, features_at
from hearthwatch.disclosure.grid import FINEST, Square, middle_of, smallest_that_hides, square_at
from hearthwatch.disclosure.terms import TERMS, Terms
from hearthwatch.errors import NotFound
from hearthwatch.records import Audience, Event, EventFilter, Mode, Precision, Rendering, Verb
from hearthwatch.store.cursor import MAX_LIMIT
from hearthwatch.store.protocol import Store
from tiles.geodesy import area_m2


@dataclass(frozen=True, slots=True)
class Place:
    """A coarse place.

    Attributes
    ----------
    geometry : shapely Geometry
        CRS84.
    words : str
        The same in words.
    """

    geometry: BaseGeometry
    precision: Precision
    words: str


def place_for(store: Store, event: Event, audience: Audience, layers: Path) -> Place:
    """Return the place by which an audience is to know an event.

    What was fixed for an event of the same settlement, or for one that it was split from or merged
    with, holds for it too: of two events at one place beside a line of the grid, two squares
    would tell that it lies there. Without one it follows from the square of the grid alone.

    Parameters
    ----------
    event : Event
        Any version: the place is that of the first one.
    layers : Path
        Folder of the organisation's layers of context.
    """
    fixed = _rendering_of_kin(store, event, audience)
    if fixed is not None:
        return Place(fixed.geometry, fixed.precision, fixed.place)
    terms = TERMS[audience]
    square = _square_of(store, event, terms)
    return (_area_of(square, layers) if terms.areas else None) or _place_of(square)


def _rendering_of_kin(store: Store, event: Event, audience: Audience) -> Rendering | None:
    """Return the first rendering there is of the event itself or of its kin."""
    found = [
        rendering
        for one in dict.fromkeys((event.id, *_kin(store, event)))
        if (rendering := store.rendering(event.organisation, one, audience)) is not None
    ]
    own = [one for one in found if one.event == event.id]
    return own[0] if own else min(found, key=lambda one: (one.made, one.event), default=None)


def _kin(store: Store, event: Event) -> Iterator[str]:
    """Yield the events of the same place, and theirs: what was split twice is of one place too."""
    met, waiting = {event.id}, [event.id]
    while waiting:
        for one in _next_of_kin(store, event.organisation, waiting.pop()):
            if one not in met:
                met.add(one)
                waiting.append(one)
                yield one


def _next_of_kin(store: Store, organisation: str, event: str) -> Iterator[str]:
    for said in store.opinions(organisation, event):
        if said.verb in (Verb.SPLIT, Verb.MERGE) and said.other:
            yield said.other
    try:
        settlement = store.event(organisation, event).settlement
    except NotFound:  # Erased since.
        return
    if not settlement:
        return
    where, after = EventFilter(settlement=settlement), None
    while True:
        page = store.events(organisation, where, after=after, limit=MAX_LIMIT)
        yield from (one.id for one in page.items)
        after = page.next
        if after is None:
            return


def _square_of(store: Store, event: Event, terms: Terms) -> Square:
    point = _point_of(store, event)
    known = _known_in(store, event.organisation, square_at(*point, 0), event.mode)
    return smallest_that_hides(point, terms.finest, known, terms.least)


def _point_of(store: Store, event: Event) -> tuple[float, float]:
    """Return the middle of the settlement, else of the event as it was first told of."""
    first = store.event_history(event.organisation, event.id)[0]
    if first.settlement:
        try:
            return middle_of(store.settlement(event.organisation, first.settlement).geometry)
        except NotFound:
            pass
    return middle_of(first.geometry)


def _known_in(
    store: Store, organisation: str, square: Square, mode: Mode
) -> Iterator[tuple[float, float]]:
    after = None
    while True:
        page = store.settlements(organisation, bbox=square.box.bounds, after=after, limit=MAX_LIMIT)
        yield from (middle_of(one.geometry) for one in page.items if one.mode is mode)
        after = page.next
        if after is None:
            return


def _place_of(square: Square) -> Place:
    precision = Precision.LOCALITY if square.level == FINEST else Precision.ADMIN
    return Place(square.box, precision, f"somewhere in a square of {square.km} km")


def _area_of(square: Square, layers: Path) -> Place | None:
    """Return the administrative area that the middle of a square lies in.

    By the middle of the square and not by the event, so that it tells no more than the square:
    else a border through the square would tell on which side of it the event lies. One smaller
    than the square would seem to say more than is told; then the square stays.
    """
    least = area_m2(square.box)
    for one in features_at(layers, LayerKind.ADMIN, *square.middle):
        if one.name and area_m2(one.geometry) >= least:
            return Place(one.geometry, Precision.ADMIN, f"in or near {one.name}")
    return None
