"""Archived looks as maps, for every route that draws or describes them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from api.auth import Caller
from api.context import Context
from api.problems import Problem
from api.visible import Visible, visible_of
from hearthwatch.ledger_words import masters_of, was_pulled
from hearthwatch.records import LedgerRow, Region
from hearthwatch.store.whole import all_looks
from tiles.errors import NotArchived, StyleUnavailable
from tiles.mercator import check_tile
from tiles.xyz import Extent, Form, Style, extent_of, render, styles_of

MOST_LISTED = 60
"""Looks of a region in one list of maps: a program reads such a list whole, at once."""
LISTED_FOR = timedelta(days=366)
"""How far back from its newest look a region's list goes."""


@dataclass(frozen=True, slots=True)
class Map:
    """One look, or two compared, in the styles it can be had in.

    Attributes
    ----------
    before : str or None
        The earlier look, where the styles compare.
    styles : tuple of Style
        Not empty; either all compare or none does.
    extent : Extent
        Over the cells that the caller may see.
    """

    acquisition: str
    before: str | None
    sensed: datetime
    since: datetime | None
    styles: tuple[Style, ...]
    extent: Extent


@dataclass(frozen=True, slots=True)
class _Look:
    acquisition: str
    sensed: datetime
    cells: tuple[str, ...]
    extent: Extent


def visible_look(
    here: Context,
    who: Caller,
    acquisition: str,
    style: Style,
    before: str | None,
    region: str | None = None,
) -> Visible:
    """Return what the caller may see of all acquisitions a map is made from.

    Parameters
    ----------
    region : str, optional
        Id of the region whose looks alone are to be seen.

    Raises
    ------
    Problem
        404 where there are none; 400 where the style and `before` do not fit each other.
    """
    if style.compares != (before is not None):
        words = "The styles dnbr and change need `before`, and no other style takes it."
        raise Problem(400, "parameter", words, faults=[("query.before", "does not fit the style")])
    seen = visible_of(here, who.organisation, acquisition, region)
    if before is None:
        return seen
    earlier = visible_of(here, who.organisation, before, region)
    common = set(seen.cells) & set(earlier.cells)
    if not common:
        raise no_look()
    return Visible(who.organisation, tuple(sorted(common)), seen.masters | earlier.masters)


def extent_in(here: Context, seen: Visible, acquisition: str, style: Style) -> Extent:
    """Return where a look shows something in a style.

    Raises
    ------
    Problem
        404 where it shows nothing.
    """
    try:
        extent = extent_of(seen.archive(here), seen.cells, acquisition)
    except NotArchived:
        raise no_look() from None
    if style not in styles_of(extent.bands):
        raise no_look()
    return extent


def tile_answer(
    here: Context,
    seen: Visible,
    acquisition: str,
    style: Style,
    place: tuple[int, int, int],
    form: Form,
    before: str | None,
) -> Response:
    """Return one tile of a look as an answer.

    Parameters
    ----------
    place : tuple of int
        Zoom, column and row.

    Raises
    ------
    Problem
        404 where there is no such look, not in this style, or no such tile.
    """
    try:
        image = render(
            seen.archive(here), seen.cells, acquisition, style, *place, before=before, form=form
        )
    except (NotArchived, StyleUnavailable):
        raise no_look() from None
    return Response(image, media_type=f"image/{form}")


def require_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that is not on the map (`Problem`, 404)."""
    try:
        check_tile(z, x, y)
    except ValueError:
        raise Problem(404, "not_found", "There is no such tile at this zoom.") from None


def no_look() -> Problem:
    """Return the answer where a look is not there, or not for the caller."""
    return Problem(404, "not_found", "There is no such look, or not in this style.")


def maps_of(here: Context, region: Region) -> tuple[Map, ...]:
    """Return the maps of a region's looks, the newest first.

    The looks of the year up to its newest one, sixty at most; each alone, and compared with the
    look before it.
    """
    looks = _looks(here, region)
    found: list[Map] = []
    for number, look in enumerate(looks):
        styles = styles_of(look.extent.bands)
        alone = tuple(style for style in styles if not style.compares)
        if alone:
            found.append(Map(look.acquisition, None, look.sensed, None, alone, look.extent))
        earlier = looks[number + 1] if number + 1 < len(looks) else None
        if earlier is not None and set(earlier.cells) & set(look.cells):
            found += _compared(look, earlier)
    return tuple(found)


def _compared(look: _Look, earlier: _Look) -> list[Map]:
    common = set(look.extent.bands) & set(earlier.extent.bands)
    styles = tuple(style for style in styles_of(common) if style.compares)
    if not styles:
        return []
    before, since = earlier.acquisition, earlier.sensed
    return [Map(look.acquisition, before, look.sensed, since, styles, look.extent)]


def _looks(here: Context, region: Region) -> list[_Look]:
    """Return what is archived of a region's newest looks, the newest first."""
    totals = here.store.ledger_totals(region.organisation, region.id).get(region.id, {})
    last = max((one.last for one in totals.values() if one.last), default=None)
    if last is None:
        return []
    rows: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in all_looks(here.store, region, since=last - LISTED_FOR):
        if was_pulled(row):
            rows[row.acquisition].append(row)
    ordered = sorted(rows.items(), key=lambda one: (one[1][0].sensed, one[0]), reverse=True)
    archive, found = here.archive(region.organisation), list[_Look]()
    for acquisition, its_rows in ordered:
        cells = tuple(sorted({row.cell for row in its_rows}))
        try:
            extent = extent_of(archive.only(masters_of(its_rows)), cells, acquisition)
        except NotArchived:
            continue
        found.append(_Look(acquisition, its_rows[0].sensed, cells, extent))
        if len(found) == MOST_LISTED:
            break
    return found
