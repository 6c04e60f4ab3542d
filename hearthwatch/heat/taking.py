"""Taking in tables of heat: what lies near the watched is kept, and what a table speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import shapely

from hearthwatch.heat import covers as covers_of
from hearthwatch.heat.ground import Ground
from hearthwatch.heat.spots import spot_of
from hearthwatch.records import HeatCover, HeatSpot
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Store
from imagery.errors import IntegrityError
from imagery.firms import HeatTable
from imagery.firms_table import HeatPixel, read_table

BATCH = 5_000
"""Pixels of one transaction: others may write in between."""
NEAR_REAL_TIME_FOR = timedelta(days=60)
STANDARD_AFTER = timedelta(days=180)
"""Near-real-time tables are taken out as standard processing follows, some months later."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one table.

    Attributes
    ----------
    pixels : int
        In the table.
    near : tuple of HeatSpot
        Those near what is watched, which are kept.
    new : int
        Of them, that were not there already.
    final : tuple of tuple of float
        Ground of which standard processing has now said all of some days.
    """

    pixels: int
    near: tuple[HeatSpot, ...]
    new: int
    final: tuple[Bounds, ...] = ()


def read_file(path: Path) -> tuple[HeatPixel, ...]:
    """Return the heat pixels of a file.

    Raises
    ------
    IntegrityError
        If it is no such table; the message names the file.
    """
    try:
        return read_table(path.read_bytes())
    except IntegrityError as error:
        raise IntegrityError(f"{path.name}: {error}") from None


def take_file(
    store: Store,
    organisation: str,
    ground: Ground,
    name: str,
    pixels: Sequence[HeatPixel],
    covers: Bounds | None,
) -> Taken:
    """Take in what was read of a file.

    Parameters
    ----------
    name : str
        The file's.
    covers : tuple of float or None
        Ground of which it lists all heat; where nobody says, the box round its pixels.

    Notes
    -----
    It speaks of all days from its first pixel's to its last one's.
    """
    said = []
    for source, mine in covers_of.of_file(pixels, name, covers) if pixels else ():
        days = [one.sensed.date() for one in mine]
        since = datetime.combine(min(days), time(), UTC)
        until = datetime.combine(max(days), time(), UTC) + _DAY
        sha256, now = pixels[0].source_sha256, datetime.now(UTC)
        box = covers or _box(pixels)
        said.append(covers_of.cover(organisation, source, box, since, until, sha256, now))
    return _take(store, organisation, ground, pixels, said)


def take_table(store: Store, organisation: str, ground: Ground, table: HeatTable) -> Taken:
    """Take in an answer of the area interface, which speaks of all that was asked for.

    What it says of a day that is not over is heard again later; only whole days are on record.
    Nor are days of which the source may hold nothing: an empty table is then no word of them.
    """
    since = datetime.combine(table.first, time(), UTC)
    end = datetime.combine(table.last, time(), UTC) + _DAY
    until = min(end, datetime.combine(table.received.date(), time(), UTC) - timedelta(seconds=1))
    said = []
    if until > since and (table.pixels or _is_held(table)):
        of, day = (table.source, table.area), (since, until)
        said.append(covers_of.cover(organisation, *of, *day, table.sha256, table.received))
    return _take(store, organisation, ground, table.pixels, said)


_DAY = timedelta(days=1) - timedelta(seconds=1)


def _is_held(table: HeatTable) -> bool:
    """Tell whether a source surely holds the days that it was asked for, if it lists no heat."""
    today = table.received.date()
    if table.source.endswith("_SP"):
        return today - table.last >= STANDARD_AFTER
    return today - table.first <= NEAR_REAL_TIME_FOR


def _take(
    store: Store,
    organisation: str,
    ground: Ground,
    pixels: Sequence[HeatPixel],
    said: Sequence[HeatCover],
) -> Taken:
    now = datetime.now(UTC)
    near = [spot_of(one, organisation, now) for one in _near(pixels, ground)]
    new = 0
    for start in range(0, len(near), BATCH):
        with store.transaction() as tx:
            new += tx.add_heat(near[start : start + BATCH])
    # Last: what was cut short must not count as being on record.
    for one in said:
        with store.transaction() as tx:
            covers_of.put(tx, store.heat_covers(organisation), one)
    final = tuple(covers_of.bounds_of(one) for one in said if covers_of.final_of(one))
    return Taken(len(pixels), tuple(near), new, final)


def _near(pixels: Sequence[HeatPixel], ground: Ground) -> list[HeatPixel]:
    boxes = [shapely.box(*bounds) for bounds in ground.bounds()]
    if not boxes or not pixels:
        return []
    points = shapely.points([one.lon for one in pixels], [one.lat for one in pixels])
    found = shapely.STRtree(boxes).query(points, predicate="intersects")[0]
    return [pixels[i] for i in sorted({int(i) for i in found})]


def _box(pixels: Sequence[HeatPixel]) -> Bounds:
    lons, lats = [one.lon for one in pixels], [one.lat for one in pixels]
    return min(lons), min(lats), max(lons), max(lats)
