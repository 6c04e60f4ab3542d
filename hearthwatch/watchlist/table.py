"""Tables of points: CSV with a longitude, a latitude and perhaps a name and a radius."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.columns import doubt_in, key_in, name_in, told_in
from hearthwatch.watchlist.pcodes import coded_in
from hearthwatch.watchlist.raw import RawFeature, RawFile

LONGITUDE = ("longitude", "lon", "long", "lng", "x")
LATITUDE = ("latitude", "lat", "y")
RADIUS = ("radius_m",)
SEPARATORS = (",", ";", "\t", "|")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_THOUSANDS = re.compile(r"^\d{1,3},\d{3}$")


def parse_table(text: str, source: str) -> RawFile:
    """Take a CSV table apart; the first line names the columns.

    It may be separated by commas, semicolons, tabs or bars, and have any line ends. A column is
    found by its exact name, else by its name in any case. Numbers are decimal degrees and metres.

    Raises
    ------
    RegionError
        If it has no columns for longitude and latitude, or is no table.
    """
    read = [_rows(text, separator, source) for separator in SEPARATORS]
    found = next((table for table in read if table.is_placed), None)
    if found is None:
        widest = max(read, key=lambda table: len(table.header))
        raise RegionError(
            f"{source} needs a column longitude and a column latitude, in decimal degrees; it has "
            f"{_listed(widest.header)}."
        )
    features = tuple(
        _feature(row, number, found)
        for number, row in enumerate(found.body, start=2)
        if any(cell.strip() for cell in row)
    )
    return RawFile(features)


@dataclass(frozen=True, slots=True)
class _Table:
    header: Sequence[str]
    body: Sequence[Sequence[str]]
    lon: int | None
    lat: int | None
    radius: int | None

    @property
    def is_placed(self) -> bool:
        return self.lon is not None and self.lat is not None


def _rows(text: str, separator: str, source: str) -> _Table:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
        header = next(reader, [])
        columns = [_column(header, names) for names in (LONGITUDE, LATITUDE, RADIUS)]
        # Only the header is read of what is not this kind of table.
        placed = None not in columns[:2]
        return _Table(header, list(reader) if placed else [], *columns)
    except csv.Error as error:
        raise RegionError(f"{source} is not readable as CSV: {error}. Export it again.") from error


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    exact = [title.strip() for title in header]
    lowered = [title.lower() for title in exact]
    for titles in (exact, lowered):
        for name in names:
            if name in titles:
                return titles.index(name)
    return None


def _feature(row: Sequence[str], number: int, table: _Table) -> RawFeature:
    properties = _properties(row, table.header)
    lon, lat, radius = (
        row[column].strip() if column is not None and column < len(row) else ""
        for column in (table.lon, table.lat, table.radius)
    )
    faults: list[str] = []
    repairs: list[str] = []
    place = (
        _number(lon, "longitude", faults, repairs),
        _number(lat, "latitude", faults, repairs),
    )
    size = _number(radius, "radius_m", faults, repairs) if radius else None
    if len(row) > len(table.header):
        faults.append(f"has {len(row)} cells where the first line names {len(table.header)}")
    return RawFeature(
        where=f"line {number}",
        name=name_in(properties),
        polygons=(),
        repairs=tuple(repairs),
        faults=tuple(faults),
        points=() if faults else (place,),
        radius_m=size,
        doubt=doubt_in(properties),
        key=key_in(properties),
        told=told_in(properties),
        coded=coded_in(properties),
    )


def _properties(row: Sequence[str], header: Sequence[str]) -> Mapping[str, str]:
    filled = [*row[: len(header)], *[""] * (len(header) - len(row))]
    return dict(zip(reversed(header), reversed(filled), strict=True))


def _number(text: str, what: str, faults: list[str], repairs: list[str]) -> float:
    if _DECIMAL_COMMA.match(text):
        if what == "radius_m" and _THOUSANDS.match(text):
            faults.append(
                f"has the {what} {text!r}, which may be {text.replace(',', '.')} or "
                f"{text.replace(',', '')} metres: write it without a comma"
            )
            return 0.0
        repairs.append("decimal commas were read as points")
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        faults.append(f"has the {what} {text[:40]!r}, which is no number")
        return 0.0


def _listed(header: Sequence[str]) -> str:
    shown = [title.strip()[:40] for title in header[:20]]
    return ", ".join(filter(None, shown)) or "no columns"
