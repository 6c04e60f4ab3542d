"""Pages of items over several collections, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shapely import intersects

from api.context import Context
from api.stac.asked import Asked
from api.stac.evidence import event_items, events_asked
from api.stac.items import scene_item
from api.stac.scenes import Scene, find_scenes, is_met, scene_of
from api.stac.words import COLLECTIONS, EVIDENCE
from hearthwatch.errors import NotFound, QuestionError
from hearthwatch.records import Event, Page
from hearthwatch.store.cursor import Paging
from hearthwatch.store.extent import Box, boxes

_BETWEEN = "~"
"""Parts a collection from the cursor within it; no cursor has it."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What items are made of, for one caller.

    Attributes
    ----------
    base, site : str
        Addresses of the catalogue and of the service.
    opened : callable
        As for `scene_item`.
    """

    here: Context
    organisation: str
    base: str
    site: str
    opened: Callable[[str], str]


def search(catalogue: Catalogue, asked: Asked) -> Page[dict[str, Any]]:
    """Return one page of what is asked for.

    Raises
    ------
    QuestionError
        The cursor is damaged or belongs to another question.
    """
    items: list[dict[str, Any]] = []
    for name, inner in _stretches(asked):
        rest = asked.limit - len(items)
        # On a full page, one more is asked for to know whether there is a next one.
        page = _page(catalogue, name, asked, inner, max(rest, 1))
        if rest == 0 and page.items:
            return Page(tuple(items), name + _BETWEEN)
        items += page.items
        if page.next is not None:
            return Page(tuple(items), name + _BETWEEN + page.next)
    return Page(tuple(items), None)


def item_of(catalogue: Catalogue, collection: str, its_id: str) -> dict[str, Any]:
    """Return one item.

    Raises
    ------
    NotFound
        There is none of that id.
    """
    here, organisation = catalogue.here, catalogue.organisation
    if collection == EVIDENCE:
        return _events(catalogue, [here.store.event(organisation, its_id)])[0]
    return _scene(catalogue, collection, scene_of(here, organisation, collection, its_id))


def _stretches(asked: Asked) -> Iterator[tuple[str, str | None]]:
    """Give the collections that are left to go through, and where to go on in the first."""
    if asked.after is None:
        yield from ((name, None) for name in asked.collections)
        return
    name, between, inner = asked.after.partition(_BETWEEN)
    if name not in asked.collections or not between:
        raise QuestionError(
            "The cursor is damaged or belongs to another question. Start again without a cursor."
        )
    yield name, inner or None
    later = asked.collections[asked.collections.index(name) + 1 :]
    yield from ((one, None) for one in later)


def _page(
    catalogue: Catalogue, name: str, asked: Asked, inner: str | None, limit: int
) -> Page[dict[str, Any]]:
    if asked.ids is not None:
        return _named(catalogue, name, asked, inner, limit)
    if name == EVIDENCE:
        where = events_asked(asked)
        store = catalogue.here.store
        events = store.events(catalogue.organisation, where, after=inner, limit=limit)
        return Page(tuple(_events(catalogue, events.items)), events.next)
    paging = Paging(f"stac {name} {catalogue.organisation} {asked.question}",
                    (int, str, str, str), limit)  # fmt: skip
    found = find_scenes(catalogue.here, catalogue.organisation, name, asked, paging.start(inner))
    scenes = paging.page(list(islice(found, limit + 1)), lambda scene: scene.position)
    return Page(tuple(_scene(catalogue, name, one) for one in scenes.items), scenes.next)


def _named(
    catalogue: Catalogue, name: str, asked: Asked, inner: str | None, limit: int
) -> Page[dict[str, Any]]:
    """Return a page of the items that are named, by id."""
    paging = Paging(f"stac ids {name} {catalogue.organisation} {asked.question}", (str,), limit)
    start = paging.start(inner)
    wanted = (one for one in asked.ids or () if start is None or one > str(start[0]))
    found = (item for one in wanted if (item := _if_met(catalogue, name, asked, one)) is not None)
    return paging.page(list(islice(found, limit + 1)), lambda item: (str(item["id"]),))


def _if_met(catalogue: Catalogue, name: str, asked: Asked, its_id: str) -> dict[str, Any] | None:
    here, organisation = catalogue.here, catalogue.organisation
    try:
        if name == EVIDENCE:
            event = here.store.event(organisation, its_id)
            return _events(catalogue, [event])[0] if _is_asked(event, asked) else None
        scene = scene_of(here, organisation, name, its_id)
    except NotFound:
        return None
    return _scene(catalogue, name, scene) if is_met(scene, asked) else None


def _is_asked(event: Event, asked: Asked) -> bool:
    if asked.since is not None and event.first_changed < asked.since:
        return False
    if asked.until is not None and event.first_changed > asked.until:
        return False
    if asked.bbox is not None:
        own = Box(*event.geometry.bounds)
        return any(own.meets(one) for one in boxes(asked.bbox))
    return asked.area is None or bool(intersects(asked.area, event.geometry))


def _events(catalogue: Catalogue, events: Sequence[Event]) -> list[dict[str, Any]]:
    return event_items(catalogue.here, catalogue.base, catalogue.site, events)


def _scene(catalogue: Catalogue, collection: str, scene: Scene) -> dict[str, Any]:
    return scene_item(catalogue.base, collection, scene, catalogue.opened)


def require_collection(name: str) -> str:
    """Return the name of a collection.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    if name not in COLLECTIONS:
        raise NotFound("There is no such collection.")
    return name
