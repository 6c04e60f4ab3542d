"""GeoPackage, FlatGeobuf, shapefiles and KML, read through GDAL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry import GeometryCollection, Point, Polygon
from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.columns import doubt_in, name_in, radius_in
from hearthwatch.watchlist.raw import RawFeature, RawFile, Ring
from tiles.geodesy import CRS84, transformer

DRIVERS = ("GPKG", "FlatGeobuf", "ESRI Shapefile", "KML", "LIBKML")
"""Formats that are opened. GDAL knows many more, some of which reach out to the network."""


def read_vector(path: Path, named: str = "") -> RawFile:
    """Read every layer of a file.

    Parameters
    ----------
    named : str
        How it is called in messages; its path if empty.

    Raises
    ------
    RegionError
        If GDAL cannot read it, or it is of another format.
    """
    named = named or str(path)
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        drivers = {pyogrio.read_info(path, layer=layer)["driver"] for layer in layers}
        if not drivers.issubset(DRIVERS):
            raise RegionError(f"{named} is a {', '.join(drivers)} file: export it as GeoJSON.")
        read = [_layer(path, layer, several=len(layers) > 1) for layer in layers]
    except (DataSourceError, DataLayerError, shapely.errors.ShapelyError) as error:
        raise RegionError(f"{named} cannot be read: {error}. Export it again.") from error
    return RawFile(
        features=tuple(feature for part in read for feature in part.features),
        repairs=tuple(words for part in read for words in part.repairs),
        faults=tuple(words for part in read for words in part.faults),
        degrees=all(part.degrees for part in read),
    )


def _layer(path: Path, layer: str, *, several: bool) -> RawFile:
    meta, _, geometries, columns = pyogrio.raw.read(path, layer=layer)
    label = f" of layer {layer}" if several else ""
    crs = known_crs(meta["crs"])
    if crs is None:
        fault = f"it does not say in which CRS it is{label}: state it, or reproject to EPSG:4326"
        return RawFile((), degrees=False, faults=(fault,))
    rows = _rows(list(meta["fields"]), columns, len(geometries))
    shapes = [None if wkb is None else shapely.from_wkb(wkb) for wkb in geometries]
    features = tuple(
        _feature(shape, f"feature {number}{label}", row, crs)
        for number, (shape, row) in enumerate(zip(shapes, rows, strict=True), start=1)
    )
    known = f"{meta['crs']}".partition("[")[0]
    repairs = () if _is_degrees(crs) else (f"reprojected from {known} to longitude and latitude",)
    return RawFile(features, repairs=repairs)


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
        doubt=doubt_in(row),
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
