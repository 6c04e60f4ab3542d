"""GeoParquet 1.1, with the box of each feature beside it; the ledger as plain Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from hearthwatch.export.columns import Form, Shape
from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Feature, Spool
from hearthwatch.export.table import (
    GEOMETRY,
    geometries_of,
    in_batches,
    plain_schema,
    table_columns,
)

KEY = b"hearthwatch"
"""Under which the provenance stands, beside `geo`."""
_BATCHES_OF_A_GROUP = 10
_BOX = "bbox"
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_LIST = pa.list_(pa.string())
_GEO: dict[str, Any] = {
    "version": "1.1.0",
    "primary_column": GEOMETRY,
    "columns": {
        GEOMETRY: {
            # Without `crs`: longitude and latitude, OGC:CRS84.
            "encoding": "WKB",
            "geometry_types": ["MultiPolygon"],
            "orientation": "counterclockwise",
            "covering": {_BOX: {edge: [_BOX, edge] for edge in _EDGES}},
        }
    },
}


def write(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write one table; the provenance is in the metadata of its schema."""
    schema = _schema(spool.shape, provenance)
    with pq.ParquetWriter(target, schema, compression="zstd") as file:
        batches = _batches(spool, schema)
        while group := list(islice(batches, _BATCHES_OF_A_GROUP)):
            file.write_table(pa.Table.from_batches(group))


def _schema(shape: Shape, provenance: Provenance) -> pa.Schema:
    fields = [
        field.with_type(_LIST) if shape.columns.get(field.name) is Form.LIST else field
        for field in plain_schema(shape)
    ]
    said = {KEY: json.dumps(provenance.members(), ensure_ascii=False).encode()}
    if shape.has_place:
        fields.append(pa.field(_BOX, pa.struct([(edge, pa.float64()) for edge in _EDGES])))
        said[b"geo"] = json.dumps(_GEO).encode()
    return pa.schema([field.remove_metadata() for field in fields], metadata=said)


def _batches(spool: Spool, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for some in in_batches(spool):
        columns = table_columns(spool.shape, some)
        for number, (name, form) in enumerate(spool.shape.columns.items()):
            if form is Form.LIST:
                columns[number] = pa.array([one["properties"].get(name) for one in some], _LIST)
        if spool.shape.has_place:
            columns += _places(some)
        yield pa.record_batch(columns, schema=schema)


def _places(some: Sequence[Feature]) -> list[pa.Array]:
    found = geometries_of(some)
    boxes = [
        dict(zip(_EDGES, map(float, edges), strict=True)) if one is not None else None
        for one, edges in zip(found, shapely.bounds(found), strict=True)
    ]
    box = pa.array(boxes, pa.struct([(edge, pa.float64()) for edge in _EDGES]))
    return [pa.array(list(shapely.to_wkb(found, flavor="iso")), pa.binary()), box]
