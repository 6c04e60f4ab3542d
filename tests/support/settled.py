"""Dry land with villages around the common corner of four cells, and the run over it.

What every look shows is drawn first; that a village burned, and when, is the truth the run must
find again. Places are told in metres east and north of the corner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import rasterize
from scipy import ndimage
from shapely.geometry import MultiPolygon, Point, box
from shapely.geometry.base import BaseGeometry

from detectors.endmembers import Surface, spectrum
from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Event, EventFilter, Kind, LedgerRow, Mode, Region, Settlement
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks
from imagery.registry import create_provider
from imagery.types import ImageryProvider
from tests.support import catalogue
from tiles.geodesy import area_m2, polygons

CORNER = (61 * 10_240.0, 147 * 10_240.0)
"""Of the cells 34N_0060_0146, 34N_0060_0147, 34N_0061_0146 and 34N_0061_0147."""
SIDE = 280
"""Pixels of 10 m: from the corner the ground reaches 1400 m to each side."""
UNTIL = datetime(2021, 1, 1, tzinfo=UTC)
BEGAN = datetime(2020, 6, 1, tzinfo=UTC)
LOOKS = catalogue.every(date(2020, 1, 3), date(2020, 5, 2))
"""Times of 25 looks, through the dry season."""
REGION = "valley"
SEED = 7
BANDS = ("B02", "B03", "B04", "B08", "B8A", "B11", "B12")
BANDS_20 = ("B8A", "B11", "B12")
CHARRED = 0.85
"""Share of a burned pixel that is char."""
EVERYWHERE = box(-1e6, -1e6, 1e6, 1e6)


@dataclass(frozen=True)
class Village:
    name: str
    east: float
    north: float
    radius: float = 60.0

    @property
    def core(self) -> BaseGeometry:
        return Point(self.east, self.north).buffer(self.radius, quad_segs=8)


@dataclass(frozen=True)
class Fire:
    """Ground that burns on one day and stays black: those pixels whose lot is in `lots`."""

    day: date
    area: BaseGeometry
    lots: tuple[float, float] = (0.0, 0.7)


MIDDLE = Village("Middle", 13.0, 17.0)
"""Its centre lies in the north-eastern cell, and its core in all four."""
EAST = Village("East", 700.0, 240.0)
WEST = Village("West", -420.0, -330.0)
"""Its home is the south-western cell."""
VILLAGES = (MIDDLE, EAST)


def dry_land(
    fires: Sequence[Fire] = (),
    *,
    clouds: Mapping[date, BaseGeometry] | None = None,
    shade: Mapping[date, BaseGeometry] | None = None,
    villages: Sequence[Village] = VILLAGES,
    side: int = SIDE,
    seed: int = SEED,
) -> catalogue.Renderer:
    """Return a renderer of savanna that dries up, with villages in it.

    Parameters
    ----------
    clouds, shade : mapping of date to area
        Ground under cloud that is classed as such, and ground that turns black for one look and
        is classed as nothing.
    """
    rng = np.random.default_rng(seed)
    bright = 1.0 + 0.06 * _smooth(rng, side, 12)
    green = np.clip(0.30 + 0.08 * _smooth(rng, side, 8), 0.02, 0.9)
    lots = rng.random((side, side))
    for village in villages:
        mask = _drawn(village.core, side)
        green[mask] *= 0.2
        bright[mask] *= 1.0 + 0.1 * rng.random(int(mask.sum()))
    burns = [
        (fire.day, _drawn(fire.area, side) & (lots >= fire.lots[0]) & (lots < fire.lots[1]))
        for fire in fires
    ]
    spectra = {one: spectrum(one, BANDS) for one in Surface}

    def render(sensed: datetime) -> catalogue.Bands:
        own = np.random.default_rng([seed, int(sensed.timestamp())])
        day = sensed.date()
        leaf = green * (1.0 - 0.5 * math.sin(2 * math.pi * day.timetuple().tm_yday / 365.0))
        black = np.zeros((side, side))
        for since, mask in burns:
            black[mask & (day >= since)] = CHARRED
        if shade and day in shade:
            black[_drawn(shade[day], side)] = 0.6
        haze = own.normal(1.0, 0.015)
        cloud = _drawn((clouds or {}).get(day), side)
        out = {}
        for number, band in enumerate(BANDS):
            leaves, dry, char = (
                spectra[one][number] for one in (Surface.GREEN, Surface.DRY, Surface.CHAR)
            )
            value = bright * (leaf * leaves + (1.0 - leaf) * dry) * haze
            value += black * (char - value)
            value[cloud] = 0.7
            if band in BANDS_20:
                value = _halved(value)
            value = value + own.normal(0.0, 0.003, value.shape)
            out[band] = np.clip(np.rint(value * 10_000), 1, 65_535).astype(np.uint16)
        classes = np.where(cloud, 9, 5).reshape(side // 2, 2, side // 2, 2).max(axis=(1, 3))
        return {**out, "SCL": classes.astype(np.uint16)}

    return render


def write_looks(
    folder: Path, dates: Sequence[date], render: catalogue.Renderer, **how: object
) -> Path:
    """Write a catalogue of the ground and return its folder; see ``catalogue.make_catalogue``."""
    origin = (CORNER[0] - SIDE * 5.0, CORNER[1] + SIDE * 5.0)
    usual = {"origin": origin, "size": SIDE, "baseline": "05.09", "offset": True}
    catalogue.make_catalogue(folder, dates, render, **(usual | how))  # type: ignore[arg-type]
    return folder


def settlement(village: Village, mode: Mode = Mode.TEST) -> Settlement:
    core = degrees(village.core)
    return Settlement(
        id=f"id-{village.name}",
        organisation="local",
        mode=mode,
        name=village.name,
        geometry=core,
        area_m2=area_m2(core),
        created=BEGAN,
    )


def region(mode: Mode = Mode.TEST, kind: Kind = Kind.BURNED, half_m: float = 1200.0) -> Region:
    area = degrees(box(-half_m, -half_m, half_m, half_m))
    return Region(
        id="region-1",
        organisation="local",
        kind=kind,
        mode=mode,
        name=REGION,
        geometry=area,
        area_km2=area_m2(area) / 1e6,
        created=BEGAN,
    )


def enrol(store: Store, villages: Sequence[Village] = VILLAGES, mode: Mode = Mode.TEST) -> Region:
    """Put the region and its settlements on the list of a store."""
    watched = region(mode)
    with store.transaction() as tx:
        tx.put_region(watched)
        tx.put_settlements([settlement(one, mode) for one in villages])
    return watched


def prepare(root: Path) -> Path:
    """Make a data folder whose store has the region and both villages."""
    layout = Layout(root)
    layout.make()
    store = open_store(layout.database, write=True)
    enrol(store)
    store.close()
    return root


def settings_for(root: Path, looks: Path, **more: object) -> Settings:
    return load_settings(data_dir=root, catalogue=looks, organisation="local", **more)


def run(
    settings: Settings,
    store: Store | None = None,
    until: datetime = UNTIL,
    provider: ImageryProvider | None = None,
) -> RunReport:
    """Run the pipeline in this process, over the store of the data folder if none is given."""
    own = store is None
    if store is None:
        store = open_store(Layout(settings.data_dir).database, write=True)
    try:
        reads = provider or create_provider("folder", path=settings.catalogue)
        return run_region(settings, store, reads, store.region("local", REGION), until)
    finally:
        if own:
            store.close()


def rows_of(store: Store, village: Village | None = None) -> list[LedgerRow]:
    """Return the ledger of the region, oldest look first; of one settlement if it is named."""
    rows = all_looks(store, store.region("local", REGION))
    kept = (one for one in rows if village is None or one.settlement == f"id-{village.name}")
    return sorted(kept, key=lambda one: (one.sensed, one.acquisition, one.settlement))


def events_of(store: Store) -> list[Event]:
    """Return all events, the oldest first."""
    found = all_events(store, "local", EventFilter())
    return sorted(found, key=lambda one: (one.first_changed, one.settlement))


def degrees(area: BaseGeometry) -> MultiPolygon:
    """Return an area given in metres from the corner in CRS84."""
    move = Transformer.from_crs(catalogue.CRS_CODE, "OGC:CRS84", always_xy=True)
    turned = shapely.transform(
        area,
        lambda xy: np.column_stack(move.transform(xy[:, 0] + CORNER[0], xy[:, 1] + CORNER[1])),
    )
    return MultiPolygon(polygons(shapely.orient_polygons(turned, exterior_cw=False)))


def metres(area: BaseGeometry) -> BaseGeometry:
    """Return a CRS84 area in metres from the corner."""
    move = Transformer.from_crs("OGC:CRS84", catalogue.CRS_CODE, always_xy=True)
    return shapely.transform(
        area,
        lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1])) - np.array(CORNER),
    )


def _smooth(rng: np.random.Generator, side: int, width: float) -> NDArray[np.float64]:
    """Return a smooth field of mean 0 and standard deviation 1."""
    field = ndimage.gaussian_filter(rng.normal(size=(side, side)), width, mode="wrap")
    scaled: NDArray[np.float64] = (field - field.mean()) / field.std()
    return scaled


def _drawn(area: BaseGeometry | None, side: int) -> NDArray[np.bool_]:
    if area is None:
        return np.zeros((side, side), bool)
    grid = catalogue.grid(origin=(-side * 5.0, side * 5.0), size=side)
    parts = polygons(area)
    drawn: NDArray[np.uint8] = rasterize(
        parts, (side, side), transform=grid.transform, dtype="uint8"
    )
    return drawn.astype(bool)


def _halved(value: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = value.shape
    blocks: NDArray[np.float64] = value.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return blocks
