"""The evidence of an event as answers: its series, and the pair before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from api.answers import look_in_words
from api.context import Context
from api.problems import Problem
from api.visible import beside
from api.watched import region_of
from hearthwatch.ledger_words import masters_of, was_taken_in
from hearthwatch.pairs import best_pair, ground_around
from hearthwatch.records import USABLE, Event, LedgerRow, Mode
from hearthwatch.series import Sample, event_curve, rows_followed
from hearthwatch.store.whole import all_looks
from hearthwatch.values import DECIMALS, moment
from hearthwatch.words import interval
from tiles.archive import Archive
from tiles.chips import before_after
from tiles.found import Outline
from tiles.stretch import COMPOSITES
from tiles.views import view
from tiles.xyz import styles_of

NOT_CLEAR = "not clear over this place"

_BANDS = ("B02", "B03", "B04", "B08", "B8A", "B12")


def series_value(here: Context, event: Event) -> dict[str, Any]:
    """Return what an event's detector went by, with the looks left out and why."""
    rows = rows_followed(event, _rows(here, event))
    curve = event_curve(here.archive(event.organisation).only(masters_of(rows)), event, rows)
    samples = {sample.acquisition: sample for sample in curve.samples}
    nothing = (None,) * len(curve.quantities)
    return {
        "event": event.id,
        "last_unharmed": moment(event.last_unharmed),
        "first_changed": moment(event.first_changed),
        "features": [asdict(quantity) for quantity in curve.quantities],
        "looks": [_look(row, samples.get(row.acquisition), nothing) for row in rows],
    }


def pair_value(here: Context, event: Event) -> dict[str, Any]:
    """Return the two looks that show the change best, and in which styles both can be had."""
    rows = _rows(here, event)
    own = here.archive(event.organisation).only(masters_of(rows))
    pair = best_pair(own, event, rows)
    sides = [row for row in (pair.before, pair.after) if row is not None]
    bands = [own.bands(row.acquisition, row.cell) for row in sides]
    common = styles_of(frozenset.intersection(*bands)) if bands else ()
    styles = [style.value for style in common if not style.compares or len(sides) == 2]
    return {
        "before": _side(pair.before),
        "after": _side(pair.after),
        "styles": styles,
        "bounds": [round(edge, DECIMALS) for edge in ground_around(event).bounds],
    }


def chip_of(here: Context, event: Event, colours: Literal["true", "false"]) -> bytes:
    """Return the before/after picture of an event as PNG.

    Raises
    ------
    Problem
        404 where no usable look shows the ground after the change, or not in these colours.
    """
    rows = _rows(here, event)
    own = here.archive(event.organisation).only(masters_of(rows))
    pair = best_pair(own, event, rows)
    after = _view(own, pair.after, event)
    if after is None:
        raise Problem(404, "no_picture", "No usable look after the change is in the archive.")
    before = _view(own, pair.before, event)
    _require_colours([one for one in (before, after) if one is not None], colours)
    since = interval(event.last_unharmed, event.first_changed)
    outline = Outline(event.geometry, event.id[:8], event.first_changed, event.last_unharmed)
    return before_after(
        before,
        after,
        [outline],
        title=f"{_mode(event)}{event.kind.value.replace('_', ' ')} {event.id[:8]}: {since}",
        look=colours,
    )


def _mode(event: Event) -> str:
    """Say that an event is not about the world: the picture goes where the page does not."""
    return "" if event.mode is Mode.ACTUAL else f"{event.mode.value.upper()} \u2013 "


def _require_colours(scenes: Sequence[Any], colours: Literal["true", "false"]) -> None:
    if not any(
        all(band in scene for scene in scenes for band in bands) for bands in COMPOSITES[colours]
    ):
        look = {"true": "false", "false": "true"}[colours]
        words = f"The looks lack bands for {colours} colours. Ask with colours={look}."
        raise Problem(404, "no_picture", words)


def _rows(here: Context, event: Event) -> list[LedgerRow]:
    """Return the ledger of the event's cell and settlement, oldest look first."""
    region = region_of(here, event.organisation, event.region, removed=True)
    looks = all_looks(here.store, region, settlement=event.settlement)
    return [row for row in looks if row.cell == event.cell]


def _look(row: LedgerRow, sample: Sample | None, nothing: Sequence[float | None]) -> dict[str, Any]:
    values = sample.values if sample else nothing
    measured = any(value is not None for value in values)
    used = was_taken_in(row) and measured and sample is not None and sample.used
    return {
        "acquisition": row.acquisition,
        "sensed": moment(row.sensed),
        "used": used,
        "status": row.status.value,
        "why": _why(row, used),
        "values": [None if value is None else round(value, 4) for value in values],
    }


def _why(row: LedgerRow, used: bool) -> str:
    if used and row.status in USABLE:
        return "used"
    if row.settlement or not was_taken_in(row):
        return look_in_words(row)
    return "used to learn what is normal" if used else NOT_CLEAR


def _side(row: LedgerRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"acquisition": row.acquisition, "sensed": moment(row.sensed)}


def _view(own: Archive, row: LedgerRow | None, event: Event) -> Any:
    if row is None:
        return None
    area = ground_around(event)
    bands = [b for b in _BANDS if b in own.bands(row.acquisition, row.cell)]
    beyond = beside(own, row.cell, row.acquisition) if row.settlement else ()
    return view(own, row.acquisition, row.cell, area, bands, beyond)
