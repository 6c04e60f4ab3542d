"""Events as STAC items: the pictures, series and looks that each rests on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from api.answers import GEOJSON, JSON
from api.context import Context
from api.queryables import filter_of
from api.stac.asked import Asked
from api.stac.ground import box_around
from api.stac.items import item_links
from api.stac.words import EVIDENCE, PNG, STAC_VERSION, VERSION
from hearthwatch.ledger_words import sees_by_radar
from hearthwatch.records import Event, EventFilter
from hearthwatch.store.whole import labels_of
from hearthwatch.values import event_properties, geojson, moment, rounded

_FILES = (
    ("event", "", GEOJSON, "metadata", "The event as it is now, with its sources"),
    ("detections", "/detections", JSON, "metadata", "What was said of it, look by look"),
    ("series", "/series", JSON, "data", "What its detector went by at every look"),
    ("pair", "/pair", JSON, "metadata", "The looks that show it best before and after"),
    ("explanation", "/explanation", JSON, "metadata", "What it rests on, in words and numbers"),
    ("chart", "/chart.png", PNG, "overview", "The same as a chart"),
)


def events_asked(asked: Asked) -> EventFilter:
    """Return the store's filter for a search."""
    wanted = None
    if asked.shape is not None:
        meets = {"op": "s_intersects", "args": [{"property": "geometry"}, dict(asked.shape)]}
        wanted = filter_of("events", json.dumps(meets), "cql2-json")
    return EventFilter(bbox=asked.bbox, since=asked.since, until=asked.until, filter=wanted)


def event_items(here: Context, base: str, site: str, events: Sequence[Event]) -> list[Any]:
    """Return events as items.

    Parameters
    ----------
    base, site : str
        Addresses of the catalogue and of the service.
    """
    if not events:
        return []
    organisation = events[0].organisation
    names = here.store.region_names(organisation)
    settlements = labels_of(here.store, organisation, events)
    return [_item(base, site, one, event_properties(one, names, settlements)) for one in events]


def _item(base: str, site: str, event: Event, told: dict[str, Any]) -> dict[str, Any]:
    geometry = rounded(event.geometry)
    address = f"{site}/events/{quote(event.id, safe='')}"
    history = {"rel": "version-history", "href": f"{address}/versions", "type": JSON}
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [VERSION],
        "id": event.id,
        "collection": EVIDENCE,
        "geometry": geojson(geometry),
        "bbox": box_around(geometry),
        "properties": {
            "datetime": moment(event.first_changed),
            **_interval(event),
            "title": f"{event.kind.value.replace('_', ' ')} {event.id[:8]}",
            "description": event.observed,
            "version": str(event.version),
            **{f"hearthwatch:{name}": value for name, value in told.items()},
        },
        "assets": _assets(event, address),
        "links": [*item_links(base, EVIDENCE, event.id), history],
    }


def _interval(event: Event) -> dict[str, Any]:
    """Return between which looks the change lies; nothing where no earlier one is known."""
    if event.last_unharmed is None:
        return {}
    return {
        "start_datetime": moment(event.last_unharmed),
        "end_datetime": moment(event.first_changed),
    }


def _assets(event: Event, address: str) -> dict[str, Any]:
    found = {
        name: {"href": f"{address}{path}", "type": media, "roles": [role], "title": title}
        for name, path, media, role, title in _FILES
    }
    if not sees_by_radar(event.detector):
        found["picture"] = {
            "href": f"{address}/chip.png",
            "type": PNG,
            "roles": ["overview"],
            "title": "Before and after",
            "description": "404 where no usable look after the change is in the archive any more.",
        }
    return found
