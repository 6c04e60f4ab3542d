"""Bursts of OPERA RTC-S1 as they are downloaded, with drawn power and mask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

SENSED = datetime(2023, 12, 3, 1, 59, 10, tzinfo=UTC)
FIRST_BURST = 292_320


def burst_name(
    number: int = 0, sensed: datetime = SENSED, track: int = 137, satellite: str = "S1A"
) -> str:
    """Return the name of the burst flown `number` bursts after the first."""
    at = sensed + timedelta(seconds=2.758 * number)
    made = sensed + timedelta(hours=11)
    return (
        f"OPERA_L2_RTC-S1_T{track:03d}-{FIRST_BURST + number}-IW1_{at:%Y%m%dT%H%M%S}Z_"
        f"{made:%Y%m%dT%H%M%S}Z_{satellite}_30_v1.0"
    )


def write_burst(
    path: Path,
    geobox: GeoBox,
    layers: Mapping[str, NDArray[Any]],
    name: str = "",
    tags: Mapping[str, str] | None = None,
) -> str:
    """Write the layers ``VV``, ``VH``, ``mask`` of one burst into `path` and return its name."""
    path.mkdir(parents=True, exist_ok=True)
    name = name or burst_name()
    for layer, values in layers.items():
        classes = layer == "mask"
        with rasterio.open(
            path / f"{name}_{layer}.tif", "w", driver="GTiff", count=1, height=geobox.shape[0],
            width=geobox.shape[1], dtype="uint8" if classes else "float32",
            crs=str(geobox.crs), transform=geobox.transform, nodata=255 if classes else np.nan,
        ) as out:  # fmt: skip
            out.write(values.astype(np.uint8 if classes else np.float32), 1)
            out.update_tags(**(tags or {}))
    return name
