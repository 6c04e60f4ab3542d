"""Archives with a known truth: reflectance drawn on a grid, stored as a provider would deliver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.types import Chip, Cost, Layer, Provenance, Source
from tiles.archive import Archive
from tiles.cell import Cell, cell_from_id

CELL = cell_from_id("34N_0061_0483")
WHEN = datetime(2020, 6, 1, 10, tzinfo=UTC)

Drawn = Mapping[str, NDArray[np.floating]]


def grid(col: int = 100, row: int = 100, size: int = 100, cell: Cell = CELL) -> GeoBox:
    """Return `size` by `size` pixels of 10 m; `col`, `row` count from the cell's corner."""
    return cell.geobox().pad(100)[row + 100 : row + 100 + size, col + 100 : col + 100 + size]


def level(value: float, geobox: GeoBox) -> NDArray[np.float64]:
    return np.full(geobox.shape, value)


def layer(drawn: Drawn, geobox: GeoBox, offset: float = 0.0) -> Layer:
    """Return reflectance (NaN: not observed) as numbers of 1/10,000; SCL as it is."""
    classes = [band == "SCL" for band in drawn]
    return Layer(
        scene_id="drawn",
        bands=tuple(drawn),
        geobox=geobox,
        dn=np.stack([_dn(values, band, offset) for band, values in drawn.items()]),
        scale=tuple(None if one else 1e-4 for one in classes),
        offset=tuple(None if one else offset for one in classes),
        nodata=(0,) * len(drawn),
    )


def store(
    root: Path, acquisition: str, *layers: Layer, cell: Cell = CELL, sensed: datetime = WHEN
) -> Archive:
    archive = Archive(root)
    provenance = Provenance(
        provider="folder",
        scene_ids=("drawn",),
        item_sha256=("a" * 64,),
        sources=(Source("drawn.tif", "b" * 64, 1),),
        fetched=sensed,
        cost=Cost(1, 0.0, 1),
    )
    archive.store(Chip(acquisition, "sentinel-2-l2a", sensed, layers, provenance), cell.id)
    return archive


def _dn(values: NDArray[np.floating], band: str, offset: float) -> NDArray[np.uint16]:
    if band == "SCL":
        return values.astype(np.uint16)
    return np.where(np.isnan(values), 0, np.rint((values - offset) * 10_000)).astype(np.uint16)
