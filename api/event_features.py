"""Events as GeoJSON features.

Hundreds are told at a time, and the newest of them again and again: what the store has as JSON
goes as it is, and an outline that was written lately is not written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import orjson
import shapely

from api.answers import feature_of
from api.context import Context
from hearthwatch.fusion.classes import meaning_of
from hearthwatch.fusion.shown import source_value
from hearthwatch.records import Event, EventRow
from hearthwatch.store.codec import from_microseconds
from hearthwatch.store.protocol_events import row_of
from hearthwatch.store.whole import labels_of
from hearthwatch.values import DECIMALS, Forms, event_properties, geojson_texts, moment

MOST_KEPT = 10_000
"""Outlines that are kept, of usual villages some 7 MB, and 40 MB at the most."""
LONGEST_KEPT = 1024
"""Bytes of an outline, as WKB, that is kept: some 60 corners."""


def event_features(here: Context, organisation: str, rows: Sequence[EventRow]) -> list[Any]:
    """Return events as features, with the names of their regions and settlements.

    What is JSON already stands in them as it is, and can only be written out.
    """
    if not rows:
        return []
    names = here.store.region_names(organisation)
    settlements = labels_of(here.store, organisation, rows)
    outlines = _OUTLINES.of([row.geometry for row in rows])
    return [
        feature_of(
            row.id,
            outline.box,
            outline.geometry,
            event_properties(row, names, settlements, _OF_ROW),
        )
        for row, outline in zip(rows, outlines, strict=True)
    ]


def event_feature(here: Context, event: Event) -> dict[str, Any]:
    """Return one event as a feature."""
    (found,) = event_features(here, event.organisation, [row_of(event)])
    return dict(found)


def whole_event(here: Context, event: Event) -> dict[str, Any]:
    """Return one event as a feature, with its sources and what they have been measured to mean."""
    sources = here.store.sources(event.organisation, event.id)
    found = event_feature(here, event)
    found["properties"] |= {
        "sources": [source_value(one) for one in sources],
        "meaning": meaning_of(sources, event.detector),
    }
    return found


class Outline(NamedTuple):
    """A geometry as it is told, and its box."""

    geometry: orjson.Fragment
    box: list[float]


class Outlines:
    """Writes geometries, and keeps what it wrote of those that are not long."""

    def __init__(self) -> None:
        self._known: dict[bytes, Outline] = {}

    def of(self, geometries: Sequence[bytes]) -> list[Outline]:
        """Return geometries, given as WKB, as they are told."""
        known = self._known
        found = {one: known.get(one) for one in geometries}
        new = [one for one, outline in found.items() if outline is None]
        if new:
            made = dict(zip(new, _outlines(new), strict=True))
            self._keep({one: made[one] for one in new if len(one) <= LONGEST_KEPT})
            found |= made
        return [outline for one in geometries if (outline := found[one]) is not None]

    def _keep(self, made: dict[bytes, Outline]) -> None:
        # Anew when it is full: those that are asked for come again. Another thread may go on
        # with the one before.
        if len(self._known) + len(made) > MOST_KEPT:
            self._known = {}
        self._known.update(made)


_OUTLINES = Outlines()


def _outlines(geometries: Sequence[bytes]) -> list[Outline]:
    shapes = shapely.from_wkb(geometries)
    boxes = np.round(shapely.bounds(shapes), DECIMALS).tolist()
    return list(map(Outline, map(orjson.Fragment, geojson_texts(shapes)), boxes))


# Events of one look have its times, so most of those that are told were told before.
@lru_cache(maxsize=100_000)
def _moment_of(microseconds: int | None) -> str | None:
    return None if microseconds is None else moment(from_microseconds(microseconds))


_OF_ROW = Forms(_moment_of, orjson.Fragment, orjson.Fragment)
