"""GeoPackage, FlatGeobuf, shapefiles and KML, read through GDAL."""

from __future__ import annotations

import re
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry import GeometryCollection, Point, Polygon
from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.columns import doubt_in, key_in, name_in, radius_in, told_in
from hearthwatch.watchlist.pcodes import coded_in
from hearthwatch.watchlist.raw import RawFeature, RawFile, Ring
from tiles.geodesy import CRS84, transformer

# They quote what is in a file, and a service's log must not hold places.
warnings.filterwarnings("ignore", category=RuntimeWarning, module="pyogrio")

_CODE = re.compile(r"^(epsg:[0-9]{4,6}|ogc:crs84)$", re.IGNORECASE)
SQLITE = b"SQLite format 3\0"
DRIVERS = ("GPKG", "FlatGeobuf", "ESRI Shapefile", "KML", "LIBKML")
"""Formats that are opened. GDAL knows many more, some of which reach out to the network."""


def read_vector(path: Path, named: str, crs: str | None = None) -> RawFile:
    """Read every layer of a file.

    Parameters
    ----------
    named : str
        How it is called in messages.
    crs : str or None
        Of layers that do not say in which they are, as ``EPSG:32634``.

    Raises
    ------
    RegionError
        If GDAL cannot read it, or it is of another format.
    """
    stated = _stated(crs)
    with _suited(path, named) as suited:
        return _read(suited, named, stated)


def _read(path: Path, named: str, stated: CRS | None) -> RawFile:
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        drivers = {pyogrio.read_info(path, layer=layer)["driver"] for layer in layers}
        if not drivers.issubset(DRIVERS):
            raise RegionError(f"{named} is a {', '.join(drivers)} file: export it as GeoJSON.")
        read = [_layer(path, layer, stated, several=len(layers) > 1) for layer in layers]
    except (
        DataSourceError, DataLayerError, FeatureError, GeometryError, shapely.errors.ShapelyError,
        UnicodeDecodeError, ValueError,
    ) as error:  # fmt: skip
        words = str(error).replace(str(path), named).rstrip(".")
        raise RegionError(f"{named} cannot be read: {words}. Export it again.") from error
    return RawFile(
        features=tuple(feature for part in read for feature in part.features),
        repairs=tuple(words for part in read for words in part.repairs),
        faults=tuple(words for part in read for words in part.faults),
        degrees=all(part.degrees for part in read),
    )


@contextmanager
def _suited(path: Path, named: str) -> Iterator[Path]:
    """Yield where GDAL is to read a file; of a GeoPackage under the name that it expects."""
    with path.open("rb") as file:
        beginning = file.read(len(SQLITE))
    if beginning != SQLITE:
        yield path
        return
    _require_whole(path, named)
    with tempfile.TemporaryDirectory(prefix="hearthwatch-") as folder:
        link = Path(folder) / "sent.gpkg"
        link.symlink_to(path.absolute())
        yield link


def _require_whole(path: Path, named: str) -> None:
    """Refuse a damaged GeoPackage: GDAL may read what is left of one, and say nothing."""
    try:
        # Immutable, so that no journal beside it is looked for.
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
        ) as database:
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    except UnicodeDecodeError:
        # What SQLite complains of stands in its complaint, and is no text.
        found = "its list of tables is no text"
    if found != "ok":
        words = " ".join(str(found).split())
        raise RegionError(f"{named} cannot be read, it is damaged: {words}. Export it again.")


def _stated(crs: str | None) -> CRS | None:
    if not crs:
        return None
    words = f"The CRS {crs[:40]!r} is not known: name it as EPSG:32634."
    # Nothing but a code: PROJ takes much else, names of files among it.
    if not _CODE.match(crs):
        raise RegionError(words)
    try:
        return CRS.from_user_input(crs.upper())
    except CRSError as error:
        raise RegionError(words) from error


def _layer(path: Path, layer: str, stated: CRS | None, *, several: bool) -> RawFile:
    meta, _, geometries, columns = pyogrio.raw.read(path, layer=layer)
    label = f" of layer {layer}" if several else ""
    own = known_crs(meta["crs"])
    crs = own or stated
    if crs is None:
        fault = (
            f"it does not say in which CRS it is{label}: state it, as --crs EPSG:32634, or "
            "reproject to EPSG:4326"
        )
        return RawFile((), degrees=False, faults=(fault,))
    rows = _rows(list(meta["fields"]), columns, len(geometries))
    shapes = [None if wkb is None else shapely.from_wkb(wkb) for wkb in geometries]
    features = tuple(
        _feature(shape, f"feature {number}{label}", row, crs)
        for number, (shape, row) in enumerate(zip(shapes, rows, strict=True), start=1)
    )
    said = () if own else (f"read in {crs.name}, as was stated",)
    if not _is_degrees(crs):
        said = (*said, f"reprojected from {_called(crs)} to longitude and latitude")
    return RawFile(features, repairs=said)


def _called(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else crs.name


def known_crs(text: str | None) -> CRS | None:
    """Return the CRS a layer says it is in; None where it says none that lies on the Earth."""
    try:
        crs = CRS.from_user_input(text) if text else None
    except CRSError:
        return None
    # GeoPackage keeps a CRS for "I do not know", which PROJ takes as a local one.
    return None if crs is None or crs.is_engineering else crs


def _is_degrees(crs: CRS) -> bool:
    return crs.equals(CRS.from_epsg(4326), ignore_axis_order=True)


def _rows(fields: list[str], columns: list[object], count: int) -> list[dict[str, object]]:
    values = [np.asarray(column, object) for column in columns]
    return [
        {field: column[row] for field, column in zip(fields, values, strict=True)}
        for row in range(count)
    ]


def _feature(
    shape: BaseGeometry | None, where: str, row: dict[str, object], crs: CRS
) -> RawFeature:
    polygons: list[list[Ring]] = []
    points: list[tuple[float, float]] = []
    ignored = [] if shape is not None and not shape.is_empty else ["empty geometry"]
    for part in _parts(shape):
        if isinstance(part, Polygon):
            polygons.append([_ring(r.coords, crs) for r in (part.exterior, *part.interiors)])
        else:
            ignored.append(part.geom_type)
            if isinstance(part, Point):
                lon, lat = _ring(part.coords, crs)[0]
                points.append((float(lon), float(lat)))
    flat = shape is None or not shapely.has_z(shape)
    repairs = () if flat else ("heights were dropped",)
    kinds = tuple(dict.fromkeys(ignored))
    return RawFeature(
        where, name_in(row), polygons, kinds, repairs, points=points, radius_m=radius_in(row),
        doubt=doubt_in(row), key=key_in(row), told=told_in(row), coded=coded_in(row),
    )  # fmt: skip


def _parts(shape: BaseGeometry | None) -> list[BaseGeometry]:
    if shape is None or shape.is_empty:
        return []
    if isinstance(shape, BaseMultipartGeometry | GeometryCollection):
        return [one for part in shape.geoms for one in _parts(part)]
    return [shape]


def _ring(coords: shapely.coords.CoordinateSequence, crs: CRS) -> Ring:
    corners = np.asarray(coords, np.float64)[:, :2]
    if _is_degrees(crs):
        return corners
    return np.column_stack(transformer(crs.to_wkt(), CRS84).transform(*corners.T))
