"""Which two looks show an event's ground best, before and after the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.ledger_words import sees_by_radar, was_taken_in
from hearthwatch.records import Event, LedgerRow
from hearthwatch.series import event_series
from tiles.archive import Archive

NEAREST = 6
"""Looks on either side among which the clearest is chosen: the change stays close."""
MARGIN_M = 300.0
"""Ground shown around an event."""
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Pair:
    """The ledger rows of two looks; None where none shows the ground on that side."""

    before: LedgerRow | None
    after: LedgerRow | None


def best_pair(archive: Archive, event: Event, rows: Sequence[LedgerRow]) -> Pair:
    """Choose the looks of a before/after picture.

    Before is one that the event's interval calls unharmed, after is one that shows the change.
    Both are of light, whatever the event was found by: radar makes no picture a person can read.

    Parameters
    ----------
    rows : sequence of LedgerRow
        The ledger of the event's region, oldest look first.
    """
    usable = [
        row
        for row in rows
        if row.cell == event.cell and was_taken_in(row) and not sees_by_radar(row.detector)
    ]
    early = [
        row
        for row in usable
        if row.sensed < event.first_changed
        and (event.last_unharmed is None or row.sensed <= event.last_unharmed)
    ]
    late = [row for row in usable if row.sensed >= event.first_changed]
    return Pair(
        before=_clearest(archive, event, early[: -NEAREST - 1 : -1]),
        after=_clearest(archive, event, late[:NEAREST]),
    )


def ground_around(event: Event) -> BaseGeometry:
    """Return the box around an event with its margin, CRS84.

    A settlement is judged against its surroundings, so the larger it is, the more is shown.
    """
    west, south, east, north = event.geometry.bounds
    middle = (south + north) / 2
    margin = MARGIN_M
    if event.settlement:
        _, _, width = _GEOD.inv(west, middle, east, middle)
        _, _, height = _GEOD.inv(west, south, west, north)
        margin = max(margin, max(width, height) / 2)
    lon, _, _ = _GEOD.fwd(west, middle, 90.0, margin)
    _, lat, _ = _GEOD.fwd(west, middle, 0.0, margin)
    dx, dy = abs(lon - west), lat - middle
    around: BaseGeometry = shapely.box(west - dx, south - dy, east + dx, north + dy)
    return around


def _clearest(archive: Archive, event: Event, nearest: Sequence[LedgerRow]) -> LedgerRow | None:
    """Return the row on which most of the event's ground was clear; of equals the nearest."""
    acquisitions = [row.acquisition for row in nearest]
    clear = {
        sample.acquisition: sample.clear
        for sample in event_series(archive, event.cell, acquisitions, event.geometry)
    }
    seen = [row for row in nearest if clear.get(row.acquisition, 0.0) > 0.0]
    return max(seen, key=lambda row: round(clear[row.acquisition], 2), default=None)
