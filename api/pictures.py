"""The evidence of an event as answers: the series of its ground, and the pair before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from api.answers import look_in_words
from api.context import Context
from api.problems import Problem
from hearthwatch.ledger_words import was_taken_in
from hearthwatch.pairs import best_pair
from hearthwatch.records import USABLE, Event, LedgerRow
from hearthwatch.series import FEATURES, Sample, event_series
from hearthwatch.store.whole import all_looks
from hearthwatch.values import DECIMALS, moment
from hearthwatch.words import interval
from tiles.chips import before_after
from tiles.found import Outline
from tiles.stretch import COMPOSITES
from tiles.views import view
from tiles.xyz import Style, styles_of

MARGIN_M = 300.0
"""Ground shown around an event."""
NOT_CLEAR = "not clear over this place"

_NAMES = {
    "ln(B04/B08)": "red against near-infrared, natural logarithm",
    "ln(B11)": "short-wave infrared, natural logarithm",
}
_BANDS = ("B02", "B03", "B04", "B08", "B8A", "B12")


def series_value(here: Context, event: Event) -> dict[str, Any]:
    """Return what was measured over an event's ground, with the looks left out and why."""
    rows = _rows(here, event)
    acquisitions = [row.acquisition for row in rows]
    found = event_series(here.archive, event.cell, acquisitions, event.geometry)
    samples = {sample.acquisition: sample for sample in found}
    return {
        "event": event.id,
        "last_unharmed": moment(event.last_unharmed),
        "first_changed": moment(event.first_changed),
        "features": [{"key": key, "name": _NAMES.get(key, key)} for key in FEATURES],
        "looks": [_look(row, samples.get(row.acquisition)) for row in rows],
    }


def pair_value(here: Context, event: Event) -> dict[str, Any]:
    """Return the two looks that show the change best, and in which styles both can be had."""
    pair = best_pair(here.archive, event, _rows(here, event))
    sides = [row for row in (pair.before, pair.after) if row is not None]
    bands = [here.archive.bands(row.acquisition, row.cell) for row in sides]
    common = styles_of(frozenset.intersection(*bands)) if bands else ()
    styles = [style.value for style in common if style is not Style.CHANGE or len(sides) == 2]
    return {
        "before": _side(pair.before),
        "after": _side(pair.after),
        "styles": styles,
        "bounds": [round(edge, DECIMALS) for edge in _around(event.geometry).bounds],
    }


def chip_of(here: Context, event: Event, colours: Literal["true", "false"]) -> bytes:
    """Return the before/after picture of an event as PNG.

    Raises
    ------
    Problem
        404 where no usable look shows the ground after the change, or not in these colours.
    """
    pair = best_pair(here.archive, event, _rows(here, event))
    after = _view(here, pair.after, event)
    if after is None:
        raise Problem(404, "no_picture", "No usable look after the change is in the archive.")
    before = _view(here, pair.before, event)
    _require_colours([one for one in (before, after) if one is not None], colours)
    since = interval(event.last_unharmed, event.first_changed)
    outline = Outline(event.geometry, event.id[:8], event.first_changed, event.last_unharmed)
    return before_after(
        before,
        after,
        [outline],
        title=f"{event.kind.value.replace('_', ' ')} {event.id[:8]}: {since}",
        look=colours,
    )


def _require_colours(scenes: Sequence[Any], colours: Literal["true", "false"]) -> None:
    if not any(
        all(band in scene for scene in scenes for band in bands) for bands in COMPOSITES[colours]
    ):
        look = {"true": "false", "false": "true"}[colours]
        words = f"The looks lack bands for {colours} colours. Ask with colours={look}."
        raise Problem(404, "no_picture", words)


def _rows(here: Context, event: Event) -> list[LedgerRow]:
    """Return the ledger of the event's cell and settlement, oldest look first."""
    region = next(
        one
        for one in here.store.regions(event.organisation, removed=True)
        if one.id == event.region
    )
    looks = all_looks(here.store, region, settlement=event.settlement)
    return [row for row in looks if row.cell == event.cell]


def _look(row: LedgerRow, sample: Sample | None) -> dict[str, Any]:
    values: Sequence[float | None] = sample.values if sample else [None] * len(FEATURES)
    measured = any(value is not None for value in values)
    used = was_taken_in(row) and measured
    return {
        "acquisition": row.acquisition,
        "sensed": moment(row.sensed),
        "used": used,
        "status": row.status.value,
        "why": _why(row, used),
        "values": [None if value is None else round(value, 4) for value in values],
    }


def _why(row: LedgerRow, used: bool) -> str:
    if not was_taken_in(row):
        return look_in_words(row)
    if not used:
        return NOT_CLEAR
    return "used" if row.status in USABLE else "used to learn what is normal"


def _side(row: LedgerRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"acquisition": row.acquisition, "sensed": moment(row.sensed)}


def _view(here: Context, row: LedgerRow | None, event: Event) -> Any:
    if row is None:
        return None
    area = _around(event.geometry)
    bands = [b for b in _BANDS if b in here.archive.bands(row.acquisition, row.cell)]
    return view(here.archive, row.acquisition, row.cell, area, bands)


def _around(geometry: BaseGeometry) -> BaseGeometry:
    """Return the box around an event with its margin, CRS84."""
    west, south, east, north = geometry.bounds
    geod = pyproj.Geod(ellps="WGS84")
    middle = (south + north) / 2
    lon, _, _ = geod.fwd(west, middle, 90.0, MARGIN_M)
    _, lat, _ = geod.fwd(west, middle, 0.0, MARGIN_M)
    dx, dy = abs(lon - west), lat - middle
    around: BaseGeometry = shapely.box(west - dx, south - dy, east + dx, north + dy)
    return around
