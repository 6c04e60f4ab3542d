"""The evidence of an event as answers: its series, and the pair before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from api.answers import look_in_words
from api.context import Context
from api.problems import Problem
from hearthwatch.before_after import (
    Colours,
    ColoursLacking,
    NotArchived,
    picture_of,
    rows_of,
)
from hearthwatch.ledger_words import masters_of, was_taken_in
from hearthwatch.pairs import best_pair, ground_around
from hearthwatch.records import USABLE, Event, LedgerRow
from hearthwatch.series import Sample, event_curve, rows_followed
from hearthwatch.values import DECIMALS, moment
from tiles.xyz import styles_of

NOT_CLEAR = "not clear over this place"

_NO_LOOK = "No usable look after the change is in the archive."


def series_value(here: Context, event: Event) -> dict[str, Any]:
    """Return what an event's detector went by, with the looks left out and why."""
    rows = rows_followed(event, rows_of(here.store, event))
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
    rows = rows_of(here.store, event)
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


def chip_of(here: Context, event: Event, colours: Colours) -> bytes:
    """Return the before/after picture of an event as PNG.

    Raises
    ------
    Problem
        404 where no usable look shows the ground after the change, or not in these colours.
    """
    rows = rows_of(here.store, event)
    own = here.archive(event.organisation).only(masters_of(rows))
    pair = best_pair(own, event, rows)
    if pair.after is None:
        raise Problem(404, "no_picture", _NO_LOOK)
    before = None if pair.before is None else pair.before.acquisition
    try:
        return picture_of(own, event, before, pair.after.acquisition, colours)
    except NotArchived:
        raise Problem(404, "no_picture", _NO_LOOK) from None
    except ColoursLacking:
        look = {"true": "false", "false": "true"}[colours]
        words = f"The looks lack bands for {colours} colours. Ask with colours={look}."
        raise Problem(404, "no_picture", words) from None


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
