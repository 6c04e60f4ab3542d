"""Pages and single features of the OGC collections."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.answers import feature, feature_of, features_of, look_in_words, settlement_feature
from api.auth import Caller
from api.context import Context
from api.event_features import event_feature, event_features
from api.paging import cut
from api.problems import Problem
from api.queryables import narrowed
from api.watched import region_of
from hearthwatch.cql.asking import meets
from hearthwatch.errors import NotFound
from hearthwatch.explanation.curve import curve_value
from hearthwatch.records import (
    Detection,
    Event,
    EventFilter,
    EventRow,
    Kind,
    Label,
    LedgerRow,
    Page,
    Region,
    Search,
)
from hearthwatch.store.codec import from_rows
from hearthwatch.store.cursor import Paging
from hearthwatch.store.extent import Bounds, Box, boxes
from hearthwatch.store.whole import labels_of
from hearthwatch.values import (
    DECIMALS,
    detection_value,
    geojson,
    ledger_value,
    region_properties,
    settlement_properties,
)

MOST_MATCHED = 100_000
_IDENTITY = ("region", "cell", "acquisition", "detector", "settlement")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a collection is asked for; of `where` each heeds what it has."""

    where: EventFilter
    limit: int
    after: str | None

    @property
    def begins(self) -> bool:
        """Tell whether this is the first page: on it alone all are counted."""
        return self.after is None


@dataclass(frozen=True, slots=True)
class Found:
    """One page; `matched` is None where nobody counted."""

    features: Sequence[dict[str, Any]]
    next: str | None
    matched: int | None


def page_of(here: Context, who: Caller, name: str, asked: Asked) -> Found:
    """Return one page of a collection."""
    return _PAGES[name](here, who, asked)


def one_of(here: Context, who: Caller, name: str, its_id: str) -> dict[str, Any]:
    """Return one feature of a collection.

    Raises
    ------
    NotFound
        There is none of that id.
    """
    return _ONES[name](here, who, its_id)


def _events(here: Context, who: Caller, asked: Asked) -> Found:
    page, matched = _events_found(here, who, asked)
    return Found(event_features(here, who.organisation, page.items), page.next, matched)


def _camps(here: Context, who: Caller, asked: Asked) -> Found:
    if asked.where.kind not in (None, Kind.CAMP_CHANGE):
        return Found([], None, 0)
    camps = replace(asked, where=replace(asked.where, kind=Kind.CAMP_CHANGE))
    page, matched = _events_found(here, who, camps)
    features = event_features(here, who.organisation, page.items)
    events = from_rows(Event, EventRow._fields, page.items)
    found = [_with_curve(one, event) for one, event in zip(features, events, strict=True)]
    return Found(found, page.next, matched)


def _events_found(here: Context, who: Caller, asked: Asked) -> tuple[Page[EventRow], int | None]:
    store, where = here.store, asked.where
    page = store.event_rows(who.organisation, where, after=asked.after, limit=asked.limit)
    if not asked.begins:
        return page, None
    if page.next is None:
        return page, len(page.items)
    return page, store.count_events(who.organisation, where, most=MOST_MATCHED)


def _detections(here: Context, who: Caller, asked: Asked) -> Found:
    where = _search(asked, "detections")
    store = here.store
    page = store.find_detections(who.organisation, where, after=asked.after, limit=asked.limit)
    labels = labels_of(store, who.organisation, page.items)
    found = [detection_feature(one, labels) for one in page.items]
    matched = _matched(asked, page, lambda most: store.count_detections(
        who.organisation, where, most=most))  # fmt: skip
    return Found(found, page.next, matched)


def _ledger(here: Context, who: Caller, asked: Asked) -> Found:
    if asked.where.bbox is not None:
        raise Problem(
            400, "box", "Looks have no place of their own: ask for those of a region.",
            faults=[("query.bbox", "is not known here")],
        )  # fmt: skip
    where, store = _search(asked, "ledger"), here.store
    page = store.find_looks(who.organisation, where, after=asked.after, limit=asked.limit)
    labels = labels_of(store, who.organisation, page.items)
    found = [_look_feature(row, labels) for row in page.items]
    matched = _matched(asked, page, lambda most: store.count_looks(
        who.organisation, where, most=most))  # fmt: skip
    return Found(found, page.next, matched)


def _settlements(here: Context, who: Caller, asked: Asked) -> Found:
    store, where = here.store, asked.where
    page = store.settlements(
        who.organisation, bbox=where.bbox, where=where.filter, after=asked.after, limit=asked.limit
    )
    found = features_of(page.items, map(settlement_properties, page.items))
    matched = _matched(asked, page, lambda most: store.count_settlements(
        who.organisation, where.bbox, where.filter, most=most))  # fmt: skip
    return Found(found, page.next, matched)


def _regions(here: Context, who: Caller, asked: Asked) -> Found:
    """Return regions. There are few, so they are counted and cut here."""
    kind, bbox, wanted = asked.where.kind, asked.where.bbox, asked.where.filter
    inside = [
        region
        for region in here.store.regions(who.organisation)
        if kind in (None, region.kind)
        and (bbox is None or _meets(region, bbox))
        and (wanted is None or meets(wanted.root, region))
    ]
    said = wanted.text if wanted else ""
    paging = Paging(f"regions {who.organisation} {kind} {bbox} {said}", (str, str), asked.limit)
    page = cut(inside, lambda region: (region.name, region.id), paging, asked.after)
    return Found([region_feature(region) for region in page.items], page.next, len(inside))


def _matched(asked: Asked, page: Page[Any], count: Callable[[int], int | None]) -> int | None:
    if not asked.begins:
        return None
    return len(page.items) if page.next is None else count(MOST_MATCHED)


def _search(asked: Asked, name: str) -> Search:
    where = asked.where
    kind = where.kind.value if where.kind else None
    found = narrowed(where.filter, name, kind=kind, region=where.region,
                     settlement=where.settlement)  # fmt: skip
    return Search(where.bbox, where.since, where.until, found)


def _meets(region: Region, bbox: Bounds) -> bool:
    own = Box(*region.geometry.bounds)
    return any(own.meets(part) for part in boxes(bbox))


def _event(here: Context, who: Caller, its_id: str) -> dict[str, Any]:
    return event_feature(here, here.store.event(who.organisation, its_id))


def _camp(here: Context, who: Caller, its_id: str) -> dict[str, Any]:
    event = here.store.event(who.organisation, its_id)
    if event.kind is not Kind.CAMP_CHANGE:
        raise NotFound("There is no such camp.")
    return _with_curve(event_feature(here, event), event)


def _detection(here: Context, who: Caller, its_id: str) -> dict[str, Any]:
    where = Search(filter=narrowed(None, "detections", id=its_id))
    found = here.store.find_detections(who.organisation, where, limit=1).items
    if not found:
        raise NotFound("There is no such detection.")
    return detection_feature(found[0], labels_of(here.store, who.organisation, found))


def _look(here: Context, who: Caller, its_id: str) -> dict[str, Any]:
    look = _look_named(its_id)
    settlement = look.pop("settlement")
    where = Search(filter=narrowed(None, "ledger", **look))
    rows = here.store.find_looks(who.organisation, where, limit=10_000).items
    found = [row for row in rows if row.settlement == settlement]
    if not found:
        raise NotFound("There is no such look.")
    return _look_feature(found[0], labels_of(here.store, who.organisation, found))


def _settlement(here: Context, who: Caller, its_id: str) -> dict[str, Any]:
    return settlement_feature(here.store.settlement(who.organisation, its_id))


def _region(here: Context, who: Caller, its_id: str) -> dict[str, Any]:
    return region_feature(region_of(here, who.organisation, its_id))


def region_feature(region: Region) -> dict[str, Any]:
    """Return a region."""
    return feature(region, region_properties(region))


def _with_curve(found: dict[str, Any], event: Event) -> dict[str, Any]:
    found["properties"] |= {"curve": curve_value(event)}
    return found


def detection_feature(detection: Detection, labels: Mapping[str, Label]) -> dict[str, Any]:
    """Return a detection; `labels` gives those of settlements by id."""
    properties = detection_value(detection, labels)
    del properties["geometry"]
    properties |= {
        "event": detection.event, "region": detection.region, "cell": detection.cell,
        "kind": detection.kind.value,
    }  # fmt: skip
    box = [round(edge, DECIMALS) for edge in detection.geometry.bounds]
    return feature_of(detection.id, box, geojson(detection.geometry), properties)


def _look_feature(row: LedgerRow, labels: Mapping[str, Label]) -> dict[str, Any]:
    its_id = _look_id(row)
    properties = {
        "id": its_id, "region": row.region, "kind": row.kind.value, **ledger_value(row, labels),
        "words": look_in_words(row),
    }  # fmt: skip
    return {"type": "Feature", "id": its_id, "geometry": None, "properties": properties}


def _look_id(row: LedgerRow) -> str:
    """Return an id that names a look: a row of the ledger has none of its own."""
    told = json.dumps([getattr(row, name) for name in _IDENTITY], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode("ascii").rstrip("=")


def _look_named(its_id: str) -> dict[str, str]:
    try:
        padded = its_id.encode("ascii") + b"=" * (-len(its_id) % 4)
        told = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        look = dict(zip(_IDENTITY, told, strict=True))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        look = {}
    if not look or not all(isinstance(one, str) and "\0" not in one for one in look.values()):
        raise NotFound("There is no such look.")
    try:
        json.dumps(look, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotFound("There is no such look.") from None
    return look


_PAGES: Mapping[str, Callable[[Context, Caller, Asked], Found]] = {
    "events": _events, "detections": _detections, "settlements": _settlements,
    "regions": _regions, "ledger": _ledger, "camps": _camps,
}  # fmt: skip
_ONES: Mapping[str, Callable[[Context, Caller, str], dict[str, Any]]] = {
    "events": _event, "detections": _detection, "settlements": _settlement, "regions": _region,
    "ledger": _look, "camps": _camp,
}  # fmt: skip
