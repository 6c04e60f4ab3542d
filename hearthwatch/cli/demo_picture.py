"""The demonstration's one picture: early, late, and what was found between and when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from hearthwatch.archives import archive_at
from hearthwatch.errors import NotFound
from hearthwatch.layout import Layout
from hearthwatch.records import Event, LedgerRow, Region
from hearthwatch.words import counted, hectares
from tiles.archive import Archive
from tiles.atomic import write_atomically
from tiles.chips import overview
from tiles.found import Outline
from tiles.views import view

BANDS = ("B08", "B04", "B03")
EARLY_YEARS = (2016, 2017)
LATE_YEARS = (2020,)
GROWING_MONTHS = range(5, 10)
NEARLY = 0.05
"""Share of the area that a look may have seen less than the best one."""


def draw(
    layout: Layout,
    region: Region,
    looks: Sequence[LedgerRow],
    found: Sequence[Event],
    target: Path,
) -> Path:
    """Draw the picture and return where it is."""
    archive = archive_at(layout.archive(region.organisation))
    early = _clearest(archive, region, looks, EARLY_YEARS)
    late = _clearest(archive, region, looks, LATE_YEARS)
    total = hectares(sum(event.area_m2 for event in found))
    png = overview(
        early,
        late,
        [outline(event) for event in found],
        title=f"{region.name}: ground turned bare in {counted(len(found), 'place')}, {total} ha",
        subtitle="Forest appears dark red, young growth in clearings pink, bare ground green",
        look="false",
    )
    write_atomically(target, png)
    return target


def clear_looks(looks: Sequence[LedgerRow], years: Sequence[int]) -> list[LedgerRow]:
    """Return the growing-season looks of some years on which nearly the most was seen.

    Raises
    ------
    NotFound
        If no such look saw anything.
    """
    season = [
        row
        for row in looks
        if row.sensed.year in years and row.sensed.month in GROWING_MONTHS and row.usable > 0
    ]
    if not season:
        raise NotFound(f"No clear look of {years[0]} to {years[-1]} is in the archive to draw.")
    most = max(row.usable for row in season)
    return [row for row in season if row.usable >= most - NEARLY]


def outline(event: Event) -> Outline:
    """Return an event as it is drawn."""
    return Outline(
        geometry=event.geometry,
        label=f"{event.first_changed:%Y-%m}",
        when=event.first_changed,
        since=event.last_unharmed,
    )


def _clearest(
    archive: Archive, region: Region, looks: Sequence[LedgerRow], years: Sequence[int]
) -> xr.Dataset:
    """Return the greenest of the clear looks: the masks miss haze, which greys the forest."""
    cubes = [_cube(archive, region, row) for row in clear_looks(looks, years)]
    return max(cubes, key=_greenness)


def _greenness(cube: xr.Dataset) -> float:
    """Return the mean vegetation index of a look."""
    index = (cube["B08"] - cube["B04"]) / (cube["B08"] + cube["B04"])
    return float(index.mean())


def _cube(archive: Archive, region: Region, row: LedgerRow) -> xr.Dataset:
    """Return one look over the region's part of one cell."""
    cube = view(archive, row.acquisition, row.cell, region.geometry, BANDS)
    if cube is None:
        raise NotFound(f"The look of {row.sensed:%Y-%m-%d} is not in the archive.")
    return cube
