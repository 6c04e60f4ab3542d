"""A small watched square that lies in two cells of the grid, and the run over it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPolygon, box

from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Kind, Mode, Region
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import open_store
from imagery.registry import create_provider
from tests.support import catalogue

SIDE = 60
SEED = 3
ORIGIN = (634_880.0 - 300.0, 4_952_000.0)
"""The border of the cells 34N_0061_0483 and 34N_0062_0483 runs through the middle."""
UNTIL = datetime(2021, 1, 1, tzinfo=UTC)
REGION = "square"
CLEARINGS = (
    catalogue.Clearing(date(2018, 8, 1), box(8, 10, 20, 22)),
    catalogue.Clearing(date(2018, 8, 10), box(36, 34, 47, 48)),
)


def write_looks(folder: Path, looks: int, *, damaged: int | None = None) -> Path:
    """Write a catalogue of one summer's first looks, at most 19, of which one may be damaged.

    The clearings are felled between the 13th and 14th look and between the 14th and 15th.
    """
    dates = catalogue.every(date(2018, 5, 6), date(2018, 9, 5), 7)[:looks]
    render = catalogue.forest(
        SEED, CLEARINGS, bands=("B03", "B04", "B08", "B11", "SCL"), cloudy=0.2, overcast=0.08
    )
    catalogue.make_catalogue(folder, dates, render, origin=ORIGIN)
    if damaged is not None:
        catalogue.damage(catalogue.item_files(folder)[damaged], "B08")
    return folder


def settings_for(root: Path, looks: Path, **more: object) -> Settings:
    return load_settings(data_dir=root, catalogue=looks, organisation="local", **more)


def prepare(root: Path) -> Path:
    """Make a data folder whose store has the square on its watchlist."""
    layout = Layout(root)
    layout.make()
    store = open_store(layout.database, write=True)
    area = _ground()
    region = Region(
        id="region-1",
        organisation="local",
        kind=Kind.GROUND_CHANGE,
        mode=Mode.TEST,
        name=REGION,
        geometry=area,
        area_km2=0.36,
        created=datetime(2021, 1, 1, tzinfo=UTC),
    )
    with store.transaction() as tx:
        tx.put_region(region)
    store.close()
    return root


def run(settings: Settings, until: datetime = UNTIL) -> RunReport:
    """Run the pipeline over the square in this process."""
    store = open_store(Layout(settings.data_dir).database, write=True)
    try:
        provider = create_provider("folder", path=settings.catalogue)
        return run_region(settings, store, provider, store.region("local", REGION), until)
    finally:
        store.close()


def _ground() -> MultiPolygon:
    grid = catalogue.grid(origin=ORIGIN, size=SIDE)
    move = Transformer.from_crs(str(grid.crs), "OGC:CRS84", always_xy=True)
    square = shapely.transform(
        box(*grid.boundingbox), lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1]))
    )
    return MultiPolygon([shapely.orient_polygons(square, exterior_cw=False)])
