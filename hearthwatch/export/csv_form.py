"""CSV in UTF-8, alone or in a ZIP file with a README beside it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import shapely

from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Feature, Spool
from hearthwatch.export.table import cell_text, geometries_of, in_batches
from hearthwatch.values import DECIMALS

README = "README.txt"
PLACE = ("longitude", "latitude", "wkt")
# A spreadsheet takes a text that begins so for a formula. One that has been kept from it, and so
# begins with an apostrophe, is kept from it once more: else taking it off would not give it back.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 (full width, which is taken too)
_KEPT_FROM = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe is put before it."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def as_meant(text: str) -> str:
    """Return the text that `harmless` was given."""
    return text[1:] if _KEPT_FROM.match(text) else text


def write(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write a table; every row has the notices and for whom it is."""
    with target.open("x", encoding="utf-8", newline="") as file:
        _write_rows(spool, provenance, file)


def write_zip(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write the table and what it says of itself into a ZIP file."""
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(README, readme(spool, provenance))
        inside = packed.open(f"{spool.name}.csv", "w", force_zip64=True)
        with inside, io.TextIOWrapper(inside, encoding="utf-8", newline="") as file:
            _write_rows(spool, provenance, file)


def readme(spool: Spool, provenance: Provenance) -> str:
    """Return what stands beside a table that has no room for it."""
    told = "\n".join(f"{name}: {value}" for name, value in provenance.texts().items() if value)
    return (
        f"{provenance.words()}\n\n{told}\n\n"
        f"{spool.name}.csv is in UTF-8. Times are UTC; nothing between two commas is null. A text "
        "that a spreadsheet would take for a formula has an apostrophe before it; take one off "
        "every text that begins with apostrophes and then one of = + - @, a tab or a line break.\n"
    )


def _write_rows(spool: Spool, provenance: Provenance, file: TextIO) -> None:
    place = PLACE if spool.shape.has_place else ()
    writer = csv.writer(file)
    writer.writerow([*spool.shape.columns, *place, "notice", "disclosure"])
    said = (provenance.notice, provenance.audience.value)
    for some in in_batches(spool):
        places = _places(some) if place else iter([()] * len(some))
        for one, where in zip(some, places, strict=True):
            writer.writerow([*_cells(spool, one), *where, *said])


def _cells(spool: Spool, one: Feature) -> Iterator[Any]:
    properties = one["properties"]
    for name, form in spool.shape.columns.items():
        yield harmless(cell_text(form, properties.get(name)))


def _places(some: list[Feature]) -> Iterator[tuple[Any, ...]]:
    for geometry in geometries_of(some):
        if geometry is None:
            yield None, None, None
        else:
            spot = geometry.representative_point()
            text = shapely.to_wkt(geometry, rounding_precision=DECIMALS)
            yield round(spot.x, DECIMALS), round(spot.y, DECIMALS), text
