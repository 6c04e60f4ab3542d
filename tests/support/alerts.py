"""Products of OPERA DIST-ALERT-S1 as they are downloaded, with drawn states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

SENSED = datetime(2024, 2, 4, 23, 28, 36, tzinfo=UTC)
DAY_0 = datetime(2020, 12, 31, tzinfo=UTC)
TYPES = {
    "GEN-DIST-STATUS": "uint8", "GEN-DIST-STATUS-ACQ": "uint8", "GEN-DIST-COUNT": "uint8",
    "GEN-DIST-PERC": "uint8", "GEN-DIST-DATE": "int16", "GEN-DIST-DUR": "int16",
    "GEN-DIST-LAST-DATE": "int16", "GEN-DIST-CONF": "float32", "GEN-METRIC": "float32",
    "GEN-METRIC-MAX": "float32",
}  # fmt: skip
NODATA = {"uint8": 255, "int16": -1, "float32": np.nan}


def day_of(sensed: datetime) -> int:
    """Return a time as the product counts days."""
    return (sensed - DAY_0).days


def product_name(sensed: datetime = SENSED, tile: str = "19HBD", processed_days: int = 1) -> str:
    """Return the name of a product; of the same pass made later, another."""
    made = sensed + timedelta(days=processed_days)
    return (
        f"OPERA_L3_DIST-ALERT-S1_T{tile}_{sensed:%Y%m%dT%H%M%S}Z_{made:%Y%m%dT%H%M%S}Z_S1A_30_v0.1"
    )


def write_product(
    path: Path,
    geobox: GeoBox,
    layers: Mapping[str, NDArray[Any]],
    name: str = "",
    tags: Mapping[str, str] | None = None,
) -> str:
    """Write the layers of one product into a folder of its own in `path`; return its name."""
    name = name or product_name()
    (path / name).mkdir(parents=True, exist_ok=True)
    for layer, values in layers.items():
        kind = TYPES[layer]
        with rasterio.open(
            path / name / f"{name}_{layer}.tif", "w", driver="GTiff", count=1, dtype=kind,
            height=geobox.shape[0], width=geobox.shape[1], crs=str(geobox.crs),
            transform=geobox.transform, nodata=NODATA[kind],
        ) as out:  # fmt: skip
            out.write(values.astype(kind), 1)
            out.update_tags(**(tags or {}))
    return name


def whole(shape: tuple[int, int], sensed: datetime = SENSED) -> dict[str, NDArray[Any]]:
    """Return all layers of a product whose pass saw everything, and nothing disturbed."""
    drawn = {layer: np.zeros(shape, kind) for layer, kind in TYPES.items()}
    drawn["GEN-DIST-PERC"][:] = 255
    drawn["GEN-DIST-LAST-DATE"][:] = day_of(sensed)
    drawn["GEN-METRIC"][:] = 0.5
    return drawn
