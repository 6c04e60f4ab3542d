"""The picture of an event's ground before and after: drawn alike for whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Literal

import xarray as xr

from hearthwatch.pairs import ground_around
from hearthwatch.records import Event, LedgerRow, Mode
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks
from hearthwatch.words import interval
from tiles.archive import Archive
from tiles.cell import cell_from_id, cell_of
from tiles.chips import before_after
from tiles.found import Outline
from tiles.stretch import COMPOSITES
from tiles.views import view

Colours = Literal["true", "false"]
USUAL_DPI = 150

_BANDS = ("B02", "B03", "B04", "B08", "B8A", "B12")
_AROUND = tuple(step for step in product((-1, 0, 1), repeat=2) if step != (0, 0))


class NotArchived(LookupError):
    """The ground after the change is in no look that is archived."""


class ColoursLacking(LookupError):
    """The looks have not all bands that these colours are made of."""


def rows_of(store: Store, event: Event) -> list[LedgerRow]:
    """Return the ledger of an event's cell and settlement, oldest look first."""
    return [
        row
        for region in store.regions(event.organisation, removed=True)
        if region.id == event.region
        for row in all_looks(store, region, settlement=event.settlement)
        if row.cell == event.cell
    ]


def picture_of(
    archive: Archive,
    event: Event,
    before: str | None,
    after: str,
    colours: Colours,
    dpi: int = USUAL_DPI,
) -> bytes:
    """Return the picture of an event as PNG: the same arguments give the same bytes.

    Parameters
    ----------
    archive : Archive
        With nothing in it but what the looks were made of.
    before, after : str or None
        The acquisitions. Without one before, its half says so.

    Raises
    ------
    NotArchived
        The one after the change is not archived.
    ColoursLacking
        The other colours may be had.
    """
    late = _view(archive, event, after)
    if late is None:
        raise NotArchived(after)
    early = _view(archive, event, before) if before else None
    _require_colours([one for one in (early, late) if one is not None], colours)
    since = interval(event.last_unharmed, event.first_changed)
    outline = Outline(event.geometry, event.id[:8], event.first_changed, event.last_unharmed)
    return before_after(
        early,
        late,
        [outline],
        title=f"{_mode(event)}{event.kind.value.replace('_', ' ')} {event.id[:8]}: {since}",
        look=colours,
        dpi=dpi,
    )


def beside(archive: Archive, cell_id: str, acquisition: str) -> tuple[str, ...]:
    """Return the cells next to a look's own whose pixels it took as well.

    A settlement's surroundings reach beyond its cell. Across the border of two UTM zones they
    are not shown.

    Parameters
    ----------
    archive : Archive
        With nothing in it but what the look was made of.
    """
    return tuple(
        cell
        for cell in _neighbours(cell_id)
        if archive.listed(cell_id=cell, acquisition=acquisition)
    )


def _view(archive: Archive, event: Event, acquisition: str) -> xr.Dataset | None:
    bands = [one for one in _BANDS if one in archive.bands(acquisition, event.cell)]
    beyond = beside(archive, event.cell, acquisition) if event.settlement else ()
    return view(archive, acquisition, event.cell, ground_around(event), bands, beyond)


def _require_colours(scenes: list[xr.Dataset], colours: Colours) -> None:
    if not any(
        all(band in scene for scene in scenes for band in bands) for bands in COMPOSITES[colours]
    ):
        raise ColoursLacking(colours)


def _mode(event: Event) -> str:
    """Say that an event is not about the world: the picture goes where the page does not."""
    return "" if event.mode is Mode.ACTUAL else f"{event.mode.value.upper()} \u2013 "


def _neighbours(cell_id: str) -> Iterator[str]:
    cell = cell_from_id(cell_id)
    for east, north in _AROUND:
        yield cell_of(cell.epsg, cell.col + east, cell.row + north).id
