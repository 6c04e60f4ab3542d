"""Searching Sentinel Hub's catalogue, page by page, without believing that its pages end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imagery.errors import IntegrityError, Permanent, Transient
from imagery.hub.asking import Exchange
from imagery.hub.cost import CATALOGUE_UNITS
from imagery.hub.grids import boxes
from imagery.hub.items import to_scene, told_apart
from imagery.hub.payloads import body_of
from imagery.net.types import Reply, Request
from imagery.types import Query, Scene

PATH = "/api/v1/catalog/1.0.0/search"
PAGE = 100
"""Items per page, the most there is."""
MOST_PAGES = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[Any]
    following: Any


def search(
    exchange: Exchange, url: str, collections: Sequence[str], query: Query
) -> Iterator[Scene]:
    """Yield every scene of `collections` that meets `query`, ordered by (sensed, id).

    Where one collection does not answer the scenes of the others come all the same, and then the
    error, which names it. An item that cannot be used is left out and logged. An item that does
    not say when it was published is taken for new: the catalogue has no such word, and a late
    product must not be missed.

    Raises
    ------
    IntegrityError
        If the pages go round in circles, or one does not say whether another follows.
    Permanent
        If there are more pages than a search should have.
    """
    wanted = [name for name in collections if query.collection in (None, name)]
    found: dict[tuple[str, str], Scene] = {}
    failed: dict[str, Transient] = {}
    for collection in wanted:
        try:
            found |= _listed(exchange, url, collection, query)
        except Transient as error:
            failed[collection] = error
    yield from sorted(told_apart(found.values()), key=lambda scene: (scene.sensed, scene.id))
    for collection, fault in failed.items():
        if len(failed) < len(wanted):
            fault.args = (f"{collection}: {fault}",)
            fault.collections = tuple(failed)
        raise fault


def _listed(
    exchange: Exchange, url: str, collection: str, query: Query
) -> dict[tuple[str, str], Scene]:
    """Return the scenes of one collection, by collection and id."""
    found: dict[tuple[str, str], Scene] = {}
    for place in boxes(query.area):
        for item in _items(exchange, url, collection, place, query):
            scene = _scene(item, collection)
            if scene is not None and _meets(scene, query):
                found[collection, scene.id] = _same_each_time(found, collection, scene)
    return found


def _items(
    exchange: Exchange,
    url: str,
    collection: str,
    place: tuple[float, float, float, float],
    query: Query,
) -> Iterator[Any]:
    asked = {
        "collections": [collection],
        "datetime": f"{_second(query.start)}/{_second(query.end + timedelta(seconds=1))}",
        "bbox": list(place),
        "limit": PAGE,
    }
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        page, _reply = exchange.ask(_request(url, asked, collection), _page)
        yield from page.items
        if page.following is None:
            return
        token = json.dumps(page.following, sort_keys=True)
        if token in seen:
            raise IntegrityError("the catalogue's pages go round in circles")
        seen.add(token)
        asked["next"] = page.following
    raise Permanent(f"the search has more than {MOST_PAGES * PAGE:,} items: ask for a shorter time")


def _request(url: str, asked: Mapping[str, Any], collection: str) -> Request:
    return Request(
        method="POST",
        url=f"{url}{PATH}",
        headers=(("content-type", "application/json"), ("accept", "application/geo+json")),
        body=body_of(asked),
        authorised=True,
        units=CATALOGUE_UNITS,
        lane=collection,
    )


def _page(reply: Reply) -> _Page:
    try:
        document = json.loads(reply.body)
        items = document["features"]
        following = _following(document)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"the catalogue's answer is no page of items: {error!r}") from error
    if not isinstance(items, list):
        raise IntegrityError("the catalogue's answer is no page of items")
    if following is None and len(items) >= PAGE and "context" not in document:
        raise IntegrityError("the catalogue does not say whether another page follows")
    if following is not None and not items:
        raise IntegrityError("the catalogue says that more follows an empty page")
    return _Page(items, following)


def _following(document: Mapping[str, Any]) -> Any:
    """Return what asks for the next page: in the context, or else in the links."""
    if "context" in document:
        return document["context"].get("next")
    for link in document.get("links") or ():
        if link.get("rel") == "next":
            return link["body"]["next"]
    return None


def _scene(item: Any, collection: str) -> Scene | None:
    try:
        return to_scene(item, collection)
    except Permanent as error:
        _log.warning("left out of the search: %s", error)
        return None


def _same_each_time(found: Mapping[tuple[str, str], Scene], collection: str, scene: Scene) -> Scene:
    """Return of two items of one name the same, in whichever order they come."""
    rival = found.get((collection, scene.id), scene)
    return max(scene, rival, key=lambda one: one.item_sha256)


def _meets(scene: Scene, query: Query) -> bool:
    if not query.start <= scene.sensed <= query.end:
        return False
    new = query.published_after is None or (
        scene.published is None or scene.published > query.published_after
    )
    return new and bool(scene.footprint.intersects(query.area))


def _second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
