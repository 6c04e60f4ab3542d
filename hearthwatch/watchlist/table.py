"""Tables of points: CSV with a longitude, a latitude and perhaps a name and a radius."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.columns import doubt_in, name_in
from hearthwatch.watchlist.raw import RawFeature, RawFile

LONGITUDE = ("longitude", "lon", "long", "lng", "x")
LATITUDE = ("latitude", "lat", "y")
RADIUS = ("radius_m",)


def parse_table(text: str, source: str) -> RawFile:
    """Take a CSV table apart; the first line names the columns.

    A column is found by its exact name, else by its name in any case. Numbers are decimal
    degrees and metres.

    Raises
    ------
    RegionError
        If it has no columns for longitude and latitude, or is no table.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise RegionError(f"{source} is not readable as CSV: {error}. Export it again.") from error
    header, *body = rows or [[]]
    columns = [_column(header, names) for names in (LONGITUDE, LATITUDE, RADIUS)]
    if columns[0] is None or columns[1] is None:
        raise RegionError(
            f"{source} needs a column longitude and a column latitude, in decimal degrees; it has "
            f"{', '.join(header) or 'no columns'}."
        )
    features = (
        _feature(row, number, header, columns)
        for number, row in enumerate(body, start=2)
        if any(row)
    )
    return RawFile(tuple(features))


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    exact = [title.strip() for title in header]
    lowered = [title.lower() for title in exact]
    for titles in (exact, lowered):
        for name in names:
            if name in titles:
                return titles.index(name)
    return None


def _feature(
    row: Sequence[str], number: int, header: Sequence[str], columns: Sequence[int | None]
) -> RawFeature:
    properties = dict(zip(reversed(header), reversed(_filled(row, len(header))), strict=True))
    lon, lat, radius = (
        row[column].strip() if column is not None and column < len(row) else ""
        for column in columns
    )
    faults: list[str] = []
    place = (_number(lon, "longitude", faults), _number(lat, "latitude", faults))
    size = _number(radius, "radius_m", faults) if radius else None
    return RawFeature(
        where=f"line {number}",
        name=name_in(properties),
        polygons=(),
        faults=tuple(faults),
        points=() if faults else (place,),
        radius_m=size,
        doubt=doubt_in(properties),
    )


def _filled(row: Sequence[str], count: int) -> list[str]:
    """Return as many entries of a row as there are columns."""
    return [*row[:count], *[""] * (count - len(row))]


def _number(text: str, what: str, faults: list[str]) -> float:
    try:
        return float(text)
    except ValueError:
        faults.append(f"has the {what} {text!r}, which is no number")
        return 0.0
