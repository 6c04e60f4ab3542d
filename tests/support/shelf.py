"""A shelf of scenes on both sides of 180 degrees, whose every number tells where it lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import Mode, Role
from hearthwatch.store import Store
from imagery.types import Chip, Cost, Layer, Provenance
from tests.contract import store_records as a
from tiles.archive import Archive
from tiles.cell import Cell, cell_from_id

ORGANISATION = "ours"
WEST, CROSSING, EAST = "60S_0079_0794", "60S_0080_0794", "01S_0018_0794"
FAR = "35N_0030_0146"
"""Cells in Fiji west of 180 degrees, across it and east of it; and one in Darfur."""
PIXEL_M = 40.0
BANDS = ("B02", "B03", "B04", "B08")
FIRST = datetime(2024, 5, 1, 22, 5, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was put there.

    Attributes
    ----------
    shown : dict of str to str
        Keys as they are sent, by organisation.
    """

    store: Store
    layout: Layout
    shown: dict[str, str]

    @property
    def archive(self) -> Archive:
        """Ours."""
        return self.archive_of(ORGANISATION)

    def archive_of(self, organisation: str) -> Archive:
        """Return what an organisation has archived."""
        return Archive(self.layout.archive(organisation))

    def headers(self, organisation: str = ORGANISATION) -> dict[str, str]:
        """Return what an organisation sends."""
        return {"Authorization": f"Bearer {self.shown[organisation]}"}


def fill(folder: Path, store: Store) -> Shelf:
    """Put regions and keys of two organisations there, and no look."""
    shown = {}
    with store.transaction() as tx:
        for name in (ORGANISATION, "theirs"):
            tx.put_region(a.region(organisation=name))
            tx.put_run(a.run(organisation=name))
            key, shown[name] = new_key(name, name, Role.ADMIN, a.NOON)
            tx.put_key(key)
    return Shelf(store, Layout(folder), shown)


def time_of(number: int) -> datetime:
    """Return when a look was sensed."""
    return FIRST + timedelta(days=number)


def acquisition_of(number: int) -> str:
    """Return the key of a look."""
    return f"S2B_{time_of(number):%Y%m%dT%H%M%S}"


def product_of(number: int, tile: str = "60KXF", baseline: str = "0510") -> str:
    """Return the name of a product."""
    stamp = f"{time_of(number):%Y%m%dT%H%M%S}"
    return f"S2B_MSIL2A_{stamp}_N{baseline}_R072_T{tile}_20240601T000000"


def numbers(grid: GeoBox, band: int) -> NDArray[np.uint16]:
    """Return numbers that tell where a pixel lies, and of which band it is."""
    col, row = np.meshgrid(np.arange(grid.width), np.arange(grid.height))
    east = np.round((grid.affine.c + col * PIXEL_M) / PIXEL_M)
    north = np.round((grid.affine.f - row * PIXEL_M) / PIXEL_M)
    return ((east * 7 + north * 13 + band * 1009) % 9973 + 1001).astype(np.uint16)


def chip_of(number: int, cell_id: str, scene: str, bands: tuple[str, ...] = BANDS) -> Chip:
    """Return a look at a cell: bands with a scale, and classes without."""
    grid = cell_from_id(cell_id).geobox(PIXEL_M)
    return Chip(
        acquisition=acquisition_of(number),
        sensor="sentinel-2-l2a",
        sensed=time_of(number),
        layers=(_layer(scene, grid, bands), _classes(scene, grid)),
        provenance=Provenance(
            "folder", (scene,), ("a" * 64,), (), datetime(2024, 7, 1, tzinfo=UTC), Cost(0, 0.0, 0)
        ),
    )


def put(
    shelf: Shelf,
    number: int,
    cell_id: str,
    *,
    scene: str = "",
    bands: tuple[str, ...] = BANDS,
    organisation: str = ORGANISATION,
    named: bool = True,
    **of_row: Any,
) -> tuple[str, ...]:
    """Store a look at a cell and its row of the ledger; return the digests of its files."""
    chip = chip_of(number, cell_id, scene or product_of(number), bands)
    masters = tuple(one.sha256 for one in shelf.archive_of(organisation).store(chip, cell_id))
    told(shelf, number, cell_id, masters if named else (), organisation=organisation, **of_row)
    return masters


def told(shelf: Shelf, number: int, cell_id: str, masters: tuple[str, ...], **of_row: Any) -> None:
    """Write the row of the ledger of a look at a cell."""
    row = a.look(
        cell=cell_id, acquisition=acquisition_of(number), sensed=time_of(number),
        mode=Mode.TEST, **{"detector": "burned", **of_row},
    )  # fmt: skip
    with shelf.store.transaction() as tx:
        tx.put_ledger(replace(row, detail={"masters": list(masters)} if masters else {}))


def part_of(cell: Cell, west: float, east: float) -> GeoBox:
    """Return the pixels of a cell between two shares of its width."""
    grid = cell.geobox(PIXEL_M)
    first, last = round(west * grid.width), round(east * grid.width)
    return GeoBox((grid.height, last - first), grid.affine * Affine.translation(first, 0), grid.crs)


def _layer(scene: str, grid: GeoBox, bands: tuple[str, ...]) -> Layer:
    dn = np.stack([numbers(grid, int(band[1:], 16)) for band in bands])
    count = len(bands)
    return Layer(scene, bands, grid, dn, (1e-4,) * count, (-0.1,) * count, (0,) * count)


def _classes(scene: str, grid: GeoBox) -> Layer:
    dn = (numbers(grid, 0) % 11 + 1).astype(np.uint8)[None]
    return Layer(scene, ("SCL",), grid, dn, (None,), (None,), (0,))
