"""Collections into files: one writer for each form, behind one seam."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from hearthwatch.export import csv_form, gdal_forms, geojson_form, kml_form, parquet_form
from hearthwatch.export.columns import SHAPES
from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Facts, Feature, Spool, gather

Write = Callable[[Spool, Provenance, Path], None]


@dataclass(frozen=True, slots=True)
class FileForm:
    """A form of file.

    Attributes
    ----------
    write : callable
        Writes what was gathered to a path that is not there yet.
    needs_place : bool
        Whether it is of no use to a collection without geometries.
    """

    media_type: str
    write: Write
    needs_place: bool = False


FORMS: Mapping[str, FileForm] = MappingProxyType(
    {
        "geojson": FileForm("application/geo+json", geojson_form.write),
        "gpkg": FileForm("application/geopackage+sqlite3", gdal_forms.write_geopackage),
        "fgb": FileForm("application/vnd.flatgeobuf", gdal_forms.write_flatgeobuf, True),
        "parquet": FileForm("application/vnd.apache.parquet", parquet_form.write),
        "kml": FileForm("application/vnd.google-earth.kml+xml", kml_form.write, True),
        "csv": FileForm("text/csv", csv_form.write),
        "zip": FileForm("application/zip", csv_form.write_zip),
    }
)
"""By suffix."""


def fits(name: str, form: str) -> bool:
    """Tell whether a collection can be written in a form."""
    return SHAPES[name].has_place or not FORMS[form].needs_place


def write_collection(
    pages: Iterable[Sequence[Feature]],
    name: str,
    form: str,
    folder: Path,
    told: Callable[[Facts], Provenance],
) -> tuple[Path, Provenance]:
    """Write a collection to a new file in a folder that is for this alone.

    Parameters
    ----------
    pages : iterable of sequences of features
        GeoJSON features; asked for one page after the other.
    name, form : str
        The collection, one of `SHAPES`, and one of `FORMS`.
    told : callable
        Gives what the file is to say of itself, when all is known that is in it.

    Raises
    ------
    OSError
        The disk takes no more.
    """
    spool = gather(pages, name, SHAPES[name], folder)
    provenance = told(spool.facts)
    target = folder / f"{name}.{form}"
    FORMS[form].write(spool, provenance, target)
    return target, provenance
