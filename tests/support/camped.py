"""A drawn wood in which two camps appear, one of them on ground that is mapped as a quarry."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, box, mapping
from shapely.geometry.base import BaseGeometry

from hearthwatch.context_layers import Layer, LayerKind, import_layer
from hearthwatch.exercise.camps import COARSE, Camp, camp_ground, camp_shares, covered
from hearthwatch.exercise.camps_surfaces import mean_covers
from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Event, EventFilter, Kind, LedgerRow, Mode, Region
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks
from imagery.registry import create_provider
from tests.support import catalogue
from tests.support.sensors import only
from tiles.geodesy import CRS84, project

SIDE = 72
EVERY_DAYS, BEFORE, NUMBER = 8, 13, 22
LOOKS = catalogue.every(date(2020, 1, 3), date(2020, 12, 31), EVERY_DAYS)[:NUMBER]
UNTIL = datetime(2021, 1, 1, tzinfo=UTC)
REGION = "wood"
# A dry savanna wood.
WOOD = {"B02": 0.05, "B03": 0.07, "B04": 0.06, "B08": 0.28, "B11": 0.20}
FREE = Camp(200.0, 200.0, 4.0, LOOKS[BEFORE] - timedelta(days=1), growth_days=56.0, seed=4)
MINED = Camp(510.0, 510.0, 4.0, LOOKS[BEFORE] - timedelta(days=1), growth_days=56.0, seed=9)
"""Huts and trampled ground as in the other: by looks they cannot be told apart."""
QUARRY = box(360.0, 360.0, 680.0, 680.0)
"""Metres right and down from the upper left corner."""
IMPORTED = datetime(2020, 1, 1, tzinfo=UTC)


def wood() -> catalogue.Renderer:
    """Return a renderer of the wood with both camps."""
    camps = [(camp, camp_ground(camp, (SIDE, SIDE))) for camp in (FREE, MINED)]
    spectra = mean_covers()

    def render(sensed: datetime) -> catalogue.Bands:
        rng = np.random.default_rng([8, int(sensed.timestamp())])
        season = math.cos(2 * math.pi * sensed.timetuple().tm_yday / 365.25)
        turn = {"B04": 1 + 0.15 * season, "B08": 1 - 0.1 * season}
        bands = {
            band: value * turn.get(band, 1.0) * np.exp(rng.normal(0.0, 0.05, (SIDE, SIDE)))
            for band, value in WOOD.items()
        }
        for camp, ground in camps:
            bands = covered(bands, camp_shares(camp, ground, sensed), spectra)
        out = {band: np.rint(values * 10_000).astype(np.uint16) for band, values in bands.items()}
        out = {band: dn[::2, ::2] if band in COARSE else dn for band, dn in out.items()}
        return {**out, "SCL": np.full((SIDE // 2, SIDE // 2), 4, np.uint16)}

    return render


def write_looks(folder: Path) -> Path:
    catalogue.make_catalogue(folder, LOOKS, wood(), size=SIDE)
    return folder


def degrees(area: BaseGeometry) -> BaseGeometry:
    """Return an area given in metres right and down from the corner in CRS84."""
    east, north = catalogue.ORIGIN
    plane = shapely.transform(area, lambda xy: xy * np.array([1.0, -1.0]) + np.array([east, north]))
    return project(plane, catalogue.CRS_CODE, CRS84)


def prepare(root: Path) -> Path:
    """Make a data folder whose store has the wood on its watchlist."""
    layout = Layout(root)
    layout.make()
    whole = shapely.orient_polygons(degrees(box(0.0, 0.0, SIDE * 10.0, SIDE * 10.0)))
    region = Region(
        id="region-1", organisation="local", kind=Kind.CAMP_CHANGE, mode=Mode.TEST, name=REGION,
        geometry=MultiPolygon([whole]), area_km2=0.52, created=IMPORTED,
    )  # fmt: skip
    store = open_store(layout.database, write=True)
    with store.transaction() as tx:
        tx.put_region(region)
    store.close()
    return root


def give_layer(
    root: Path, area: BaseGeometry = QUARRY, kind: LayerKind = LayerKind.MINE, **more: object
) -> Layer:
    """Take a map of some ground, in metres from the corner, in as `quarries.geojson`."""
    file = root.with_name(f"{root.name}-map") / "quarries.geojson"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(mapping(degrees(area))))
    folder = Layout(root).layers("local")
    return import_layer(folder, kind, file, "survey", IMPORTED, **more)  # type: ignore[arg-type]


def settings_for(root: Path, looks: Path, **more: object) -> Settings:
    return load_settings(data_dir=root, catalogue=looks, organisation="local", **more)


def run(settings: Settings, until: datetime = UNTIL) -> RunReport:
    """Run the detector of camps over the wood in this process."""
    store = open_store(Layout(settings.data_dir).database, write=True)
    try:
        provider = create_provider("folder", path=settings.catalogue)
        with only("camp_change"):
            return run_region(settings, store, provider, store.region("local", REGION), until)
    finally:
        store.close()


def rows_of(store: Store) -> list[LedgerRow]:
    """Return the ledger, oldest look first."""
    return sorted(all_looks(store, store.region("local", REGION)), key=lambda one: one.sensed)


def events_of(store: Store) -> list[Event]:
    """Return all events."""
    return list(all_events(store, "local", EventFilter()))
