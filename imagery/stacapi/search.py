"""Scenes of a STAC API that meet a query: all of them, each once, in order."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from imagery.errors import IntegrityError, Permanent
from imagery.stacapi.pages import Item, Sender, TooMany, items
from imagery.stacapi.places import filters, on_one_globe
from imagery.types import Query, Scene

MOST_HELD = 4000
"""Items held at once. A query that finds more is cut in two by time, and each half is asked."""
SHORTEST = timedelta(hours=1)
"""A time this short is not cut further: no catalogue has so many scenes of it."""

log = logging.getLogger(__name__)


def search(
    sender: Sender,
    url: str,
    collections: Sequence[str],
    query: Query,
    to_scene: Callable[[Item], Scene],
    dated: str | None,
) -> Iterator[Scene]:
    """Yield the scenes that meet `query`, ordered by (sensed, id), each once.

    Parameters
    ----------
    url : str
        Of the API, without ``/search``.
    to_scene : callable
        Makes a scene of an item, or raises `Permanent`; then the item is left out and logged.
    dated : str or None
        Property by which the catalogue can be asked for what is new; None where it has none.

    Notes
    -----
    Whatever the catalogue filters is filtered here once more: it may round times, or leave out
    filters it does not know. Of a scene whose item does not say when it was published, nobody can
    tell whether it is new: it is then given, for a look seen twice costs less than a look missed.
    """
    area = on_one_globe(query.area)
    bodies = [
        {"collections": list(collections), **place, **_newer(query, dated)}
        for place in filters(area)
    ]
    search_url = f"{url.rstrip('/')}/search"

    def ask(start: datetime, end: datetime) -> list[Item]:
        span = {"datetime": f"{_text(start, math.floor)}/{_text(end, math.ceil)}"}
        found: dict[tuple[Any, Any], Item] = {}
        for body in bodies:
            for item in items(sender, search_url, {**body, **span}, MOST_HELD):
                found[item.get("collection"), item.get("id")] = item
        return list(found.values())

    for start, end, found in _slices(ask, query.start, query.end):
        scenes = [scene for item in found for scene in _scenes(item, query, to_scene)]
        inside = [
            scene
            for scene in scenes
            if start <= scene.sensed and (scene.sensed < end or end == query.end == scene.sensed)
            if scene.collection in collections and scene.footprint.intersects(area)
        ]
        yield from sorted(inside, key=lambda scene: (scene.sensed, scene.id))


def _slices(
    ask: Callable[[datetime, datetime], list[Item]], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, list[Item]]]:
    """Yield pieces of the time asked for, in order, each with what was found of it."""
    try:
        yield start, end, ask(start, end)
    except TooMany:
        if end - start < SHORTEST:
            raise IntegrityError(
                f"the catalogue lists more than {MOST_HELD} scenes of one hour: it does not heed "
                "the time that is asked for, or the area is too large"
            ) from None
        middle = start + (end - start) / 2
        yield from _slices(ask, start, middle)
        yield from _slices(ask, middle, end)


def _scenes(item: Item, query: Query, to_scene: Callable[[Item], Scene]) -> Iterator[Scene]:
    try:
        scene = to_scene(item)
        if query.published_after is None or _is_new(item, scene, query.published_after):
            yield scene
    except Permanent as error:
        log.warning("an item of the catalogue is left out: %s", error)


def _is_new(item: Item, scene: Scene, after: datetime) -> bool:
    stated = [scene.published, _time(item["properties"].get("updated"))]
    known = [at for at in stated if at is not None]
    return not known or max(known) > after


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return None if at.tzinfo is None else at.astimezone(UTC)


def _newer(query: Query, dated: str | None) -> dict[str, Any]:
    if query.published_after is None or dated is None:
        return {}
    return {"query": {dated: {"gte": _text(query.published_after, math.floor)}}}


def _text(at: datetime, whole: Callable[[float], int]) -> str:
    """Return a time in whole seconds: not every catalogue reads fractions."""
    up = whole(at.microsecond / 1e6)
    moved = at.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=up)
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")
