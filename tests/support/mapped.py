"""A served archive with drawn ground: two looks of ours between which a square burned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
from pyproj import Transformer
from shapely.geometry import MultiPolygon, box

from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import drawn
from tests.support.served import listening
from tiles.cell import cell_from_id

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
BEFORE, AFTER = "look-1", "look-2"
SIZE = 400
BURNED = (slice(150, 250), slice(100, 300))
"""Rows and columns of the drawn grid."""
GREEN = {"B02": 0.05, "B03": 0.08, "B04": 0.10, "B08": 0.30, "B12": 0.10}
BURNT = {"B02": 0.05, "B03": 0.06, "B04": 0.07, "B08": 0.10, "B12": 0.30}
"""NBR 0.5 and -0.5: dNBR is 1."""
THEIRS = "their-look"
THEIR_CELL = cell_from_id("36N_0512_0143")
GRID = drawn.grid(100, 100, SIZE)
TO_LONLAT = Transformer.from_crs(f"EPSG:{drawn.CELL.epsg}", "OGC:CRS84", always_xy=True)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A service with maps.

    Attributes
    ----------
    key, theirs : str
        Keys of ours and of another organisation.
    """

    url: str
    key: str
    theirs: str

    def client(self, key: str | None = None) -> httpx.Client:
        """Return a client with our key, another one, or none if it is empty."""
        given = self.key if key is None else key
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


def place(col: float, row: float) -> tuple[float, float]:
    """Return longitude and latitude of a place of the drawn grid."""
    lon, lat = TO_LONLAT.transform(*(GRID.affine * (col, row)))
    return float(lon), float(lat)


@contextmanager
def serve(folder: Path) -> Iterator[Mapped]:
    """Draw the ground and serve it."""
    store = MemoryStore()
    layout = Layout(folder)
    own = layout.archive("ours")
    ground = {band: np.full(GRID.shape, value) for band, value in GREEN.items()}
    burned = {band: values.copy() for band, values in ground.items()}
    for band, value in BURNT.items():
        burned[band][BURNED] = value
    keys = {}
    with store.transaction() as tx:
        tx.put_region(a.region(geometry=_square(BURNED)))
        tx.put_region(a.region(id="reg-2", name="Empty"))
        tx.put_region(a.region(id="their-region", organisation="theirs", name="Theirs"))
        tx.put_event(a.event(geometry=_square(BURNED)))
        tx.put_event(a.event(id="their-event", organisation="theirs", region="their-region"))
        for number, (look, bands) in enumerate(((BEFORE, ground), (AFTER, burned))):
            sensed = NOON + timedelta(days=number)
            archive = drawn.store(own, look, drawn.layer(bands, GRID), sensed=sensed)
            masters = [one.sha256 for one in archive.masters(look, drawn.CELL.id)]
            tx.put_ledger(a.look(cell=drawn.CELL.id, acquisition=look, sensed=sensed,
                                 detail={"masters": masters}))  # fmt: skip
        grid = drawn.grid(100, 100, 50, THEIR_CELL)
        pixels = {band: np.full(grid.shape, value) for band, value in GREEN.items()}
        root = layout.archive("theirs")
        archive = drawn.store(root, THEIRS, drawn.layer(pixels, grid), cell=THEIR_CELL)
        masters = [one.sha256 for one in archive.masters(THEIRS, THEIR_CELL.id)]
        tx.put_ledger(a.look(organisation="theirs", region="their-region", cell=THEIR_CELL.id,
                             acquisition=THEIRS, detail={"masters": masters}))  # fmt: skip
        for organisation in ("ours", "theirs"):
            key, keys[organisation] = new_key(organisation, "test", Role.ADMIN, NOON)
            tx.put_key(key)
    settings = load_settings(data_dir=folder, organisation="ours")
    with listening(settings, store) as url:
        yield Mapped(url, keys["ours"], keys["theirs"])


def _square(ground: tuple[slice, slice]) -> MultiPolygon:
    rows, cols = ground
    (west, north), (east, south) = place(cols.start, rows.start), place(cols.stop, rows.stop)
    return MultiPolygon([box(west, south, east, north)])
