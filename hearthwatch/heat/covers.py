"""Of which ground and days there is a record, as few rows as say it, and what is final of it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hearthwatch.records import HeatCover, HeatSpot
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Transaction
from imagery.firms_table import HeatPixel, Processing

TOUCHING = timedelta(seconds=1)
"""Between the end of one stretch of days and the begin of the next."""
EDGE = 0.01
"""Degrees inside a box within which a pixel may have been moved out by standard processing."""
_FINAL = {
    "VIIRS_SNPP_SP": ("Suomi NPP",),
    "VIIRS_NOAA20_SP": ("NOAA-20",),
    "VIIRS_NOAA21_SP": ("NOAA-21",),
    "MODIS_SP": ("Terra", "Aqua"),
}
_STANDARD = " standard"


def of_file(
    pixels: Sequence[HeatPixel], name: str, box: Bounds | None
) -> list[tuple[str, list[HeatPixel]]]:
    """Return the sources that a file is a record of, each with the pixels that say of which days.

    Where people say what ground it lists all heat of, these are its satellites and their
    processing, so that it may take back what was processed before. Else it is the file by name.
    """
    if box is None:
        return [(name, list(pixels))]
    found: dict[str, list[HeatPixel]] = {}
    for one in pixels:
        kind = "standard" if one.processing is Processing.STANDARD else "near real time"
        found.setdefault(f"{one.satellite} {kind}", []).append(one)
    return sorted(found.items())


def cover(
    organisation: str,
    source: str,
    box: Bounds,
    since: datetime,
    until: datetime,
    sha256: str,
    received: datetime,
) -> HeatCover:
    """Return what a table is a record of."""
    edges = ",".join(f"{edge:.5f}" for edge in box)
    what = "/".join((source, edges, since.isoformat(), until.isoformat(), sha256))
    return HeatCover(
        id=hashlib.sha256(what.encode()).hexdigest()[:32],
        organisation=organisation,
        source=source,
        west=box[0],
        south=box[1],
        east=box[2],
        north=box[3],
        since=since,
        until=until,
        sha256=sha256,
        received=received,
    )


def put(tx: Transaction, known: Iterable[HeatCover], new: HeatCover) -> None:
    """Write what is on record: stretches of one source and ground that meet become one row.

    The row has the digest of the table that came last; every pixel keeps that of its own.
    """
    whole, gone = joined(known, new)
    tx.put_heat_cover(whole, instead_of=gone)


def joined(known: Iterable[HeatCover], new: HeatCover) -> tuple[HeatCover, tuple[str, ...]]:
    """Return a record grown by those of the same source that it meets, and the ids of those."""
    whole, gone = new, []
    for one in sorted(known, key=lambda each: (each.since, each.id)):
        if one.source != new.source or not _within(one, new):
            continue
        holds = whole.since <= one.since and one.until <= whole.until
        meets = one.since <= whole.until + TOUCHING and whole.since <= one.until + TOUCHING
        if holds or (meets and bounds_of(one) == bounds_of(new)):
            whole = dataclasses.replace(
                whole, since=min(whole.since, one.since), until=max(whole.until, one.until)
            )
            gone.append(one.id)
    # A table that comes again has the id of the row that it has grown into, which is replaced.
    return whole, tuple(one for one in gone if one != new.id)


@dataclass(frozen=True, slots=True)
class Finals:
    """Ground and days of which standard processing has said all, by satellite."""

    by_satellite: dict[str, tuple[HeatCover, ...]]

    def hold(self, spot: HeatSpot | HeatPixel) -> bool:
        """Tell whether standard processing would list a pixel if it still were one."""
        return any(
            one.west + EDGE <= spot.lon <= one.east - EDGE
            and one.south + EDGE <= spot.lat <= one.north - EDGE
            and one.since + timedelta(minutes=1) <= spot.sensed <= one.until - timedelta(minutes=1)
            for one in self.by_satellite.get(spot.satellite, ())
        )


def finals_of(covers: Iterable[HeatCover]) -> Finals:
    """Return what standard processing has said all of."""
    found: dict[str, list[HeatCover]] = {}
    for one in covers:
        for satellite in final_of(one):
            found.setdefault(satellite, []).append(one)
    return Finals({name: tuple(each) for name, each in found.items()})


def final_of(one: HeatCover) -> tuple[str, ...]:
    """Return the satellites whose standard processing a row is a record of."""
    if one.source.endswith(_STANDARD):
        return (one.source.removesuffix(_STANDARD),)
    return _FINAL.get(one.source, ())


def bounds_of(one: HeatCover) -> Bounds:
    """Return the ground of a row."""
    return one.west, one.south, one.east, one.north


def _within(one: HeatCover, other: HeatCover) -> bool:
    return (
        other.west <= one.west
        and other.south <= one.south
        and one.east <= other.east
        and one.north <= other.north
    )
