"""GeoPackage and FlatGeobuf, written by GDAL from batches of Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyogrio

from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Spool
from hearthwatch.export.table import GEOMETRY, plain_batches, plain_schema

CRS = "OGC:CRS84"


def write_geopackage(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write one layer; the provenance is in `gpkg_metadata` and in the layer's description."""
    layer = {"IDENTIFIER": spool.name, "DESCRIPTION": provenance.words()}
    pyogrio.write_arrow(
        _reader(spool),
        target,
        layer=spool.name,
        driver="GPKG",
        dataset_metadata=provenance.texts(),
        # GDAL 3.6 and QGIS 3.22 read newer versions with a warning.
        dataset_options={"VERSION": "1.3"},
        layer_options=layer,
        **_place(spool),
    )


def write_flatgeobuf(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write one layer; the provenance is in the header."""
    options = {
        "TITLE": spool.name,
        "DESCRIPTION": provenance.words(),
        "TEMPORARY_DIR": str(target.parent),
        # The index cannot hold what has no place.
        "SPATIAL_INDEX": "NO" if spool.facts.placeless else "YES",
    }
    pyogrio.write_arrow(
        _reader(spool),
        target,
        layer=spool.name,
        driver="FlatGeobuf",
        layer_metadata=provenance.texts(),
        layer_options=options,
        **_place(spool),
    )


def _reader(spool: Spool) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(plain_schema(spool.shape), plain_batches(spool))


def _place(spool: Spool) -> Mapping[str, str]:
    if not spool.shape.has_place:
        return {}
    return {"geometry_name": GEOMETRY, "geometry_type": "MultiPolygon", "crs": CRS}
