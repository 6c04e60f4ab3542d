"""Features as batches of a table, a thousand rows at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from hearthwatch.export.columns import Form, Shape
from hearthwatch.export.spool import Feature, Spool
from tiles.geodesy import polygons

GEOMETRY = "geometry"
BATCH = 1000
_WKB = {"ARROW:extension:name": "geoarrow.wkb"}


def cell_text(form: Form, value: Any) -> Any:
    """Return a value as it stands in a table that knows neither lists nor nesting."""
    if value is None:
        return None
    if form is Form.LIST:
        return "; ".join(value)
    if form is Form.NESTED:
        return json.dumps(value, ensure_ascii=False)
    return value


def plain_schema(shape: Shape) -> pa.Schema:
    """Return the columns of a table for GDAL, lists as texts; the geometry, if any, is last."""
    fields = [pa.field(name, _TYPES[form]) for name, form in shape.columns.items()]
    if shape.has_place:
        fields.append(pa.field(GEOMETRY, pa.binary(), metadata=_WKB))
    return pa.schema(fields)


def plain_batches(spool: Spool) -> Iterator[pa.RecordBatch]:
    """Yield all features as batches of `plain_schema`."""
    schema = plain_schema(spool.shape)
    for some in in_batches(spool):
        columns = table_columns(spool.shape, some)
        if spool.shape.has_place:
            columns.append(pa.array(wkb_of(some), pa.binary()))
        yield pa.record_batch(columns, schema=schema)


def in_batches(spool: Spool) -> Iterator[list[Feature]]:
    """Yield the features, at most `BATCH` at a time."""
    every = spool.features()
    while some := list(islice(every, BATCH)):
        yield some


def table_columns(shape: Shape, some: Sequence[Feature]) -> list[pa.Array]:
    """Return the columns of some features."""
    return [
        pa.array([_typed(form, one["properties"].get(name)) for one in some], _TYPES[form])
        for name, form in shape.columns.items()
    ]


def geometries_of(some: Sequence[Feature]) -> NDArray[Any]:
    """Return the geometries of features, areas as multipolygons; None where there is none."""
    found = shapely.from_geojson(
        [json.dumps(one["geometry"]) if one["geometry"] else None for one in some]
    )
    return np.array([_areas(one) for one in np.atleast_1d(found)], dtype=object)


def wkb_of(some: Sequence[Feature]) -> list[bytes | None]:
    """Return the geometries of features as ISO WKB."""
    return list(shapely.to_wkb(geometries_of(some), flavor="iso"))


def _areas(geometry: BaseGeometry | None) -> BaseGeometry | None:
    # A layer of one type can be read by every program.
    return None if geometry is None else MultiPolygon(polygons(geometry))


def _typed(form: Form, value: Any) -> Any:
    if value is None:
        return None
    read = _READ.get(form)
    return read(value) if read else cell_text(form, value)


_READ: Mapping[Form, Callable[[Any], Any]] = {
    Form.MOMENT: datetime.fromisoformat,
    Form.DAY: date.fromisoformat,
    Form.NUMBER: float,
}
_TYPES: Mapping[Form, pa.DataType] = {
    Form.TEXT: pa.string(),
    Form.WHOLE: pa.int64(),
    Form.NUMBER: pa.float64(),
    Form.TRUTH: pa.bool_(),
    Form.MOMENT: pa.timestamp("us", "UTC"),
    Form.DAY: pa.date32(),
    Form.LIST: pa.string(),
    Form.NESTED: pa.string(),
}
