"""A watched square within one cell, pulled from the stand-in; the run over it in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPolygon, box

from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Kind, LedgerRow, Mode, Region, Spend, SpendStatus
from hearthwatch.settings import Settings, load_settings
from hearthwatch.sources import provider_from
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks, all_spends
from imagery.types import ImageryProvider
from tests.standin import ACCOUNT, Standin
from tests.support import catalogue

CELL = "34N_0061_0483"
REGION = "Quiet Meadow"
"""A name that must be seen nowhere but here."""
BANDS = ("B02", "B03", "B04", "B08", "B11", "B12", "SCL")
DATES = catalogue.every(date(2018, 5, 6), date(2018, 9, 5), 7)
FELLED = 13
"""The clearing is there from this look on."""
CLEARINGS = (catalogue.Clearing(date(2018, 8, 1), box(8, 10, 20, 22)),)
EVER = datetime(2021, 1, 1, tzinfo=UTC)

_Record = TypeVar("_Record")


def until(looks: int) -> datetime:
    """Return the moment after so many looks."""
    return DATES[looks - 1].replace(hour=23)


def write_looks(folder: Path, looks: int) -> Path:
    """Write the catalogue that the stand-in serves."""
    render = catalogue.forest(3, CLEARINGS, bands=BANDS, cloudy=0.0, overcast=0.0)
    catalogue.make_catalogue(folder, DATES[:looks], render)
    return folder


def prepare(root: Path) -> Path:
    """Make a data folder whose store has the square on its watchlist."""
    layout = Layout(root)
    layout.make()
    store = open_store(layout.database, write=True)
    with store.transaction() as tx:
        tx.put_region(region())
    store.close()
    return root


def region(area: MultiPolygon | None = None) -> Region:
    """Return a region to watch; the drawn square if no area is given."""
    return Region(
        id="region-1",
        organisation="local",
        kind=Kind.GROUND_CHANGE,
        mode=Mode.TEST,
        name=REGION,
        geometry=area or ground(),
        area_km2=0.36,
        created=datetime(2019, 1, 1, tzinfo=UTC),
    )


def ground() -> MultiPolygon:
    """Return the drawn square in CRS84."""
    grid = catalogue.grid()
    move = Transformer.from_crs(str(grid.crs), "OGC:CRS84", always_xy=True)
    square = shapely.transform(
        box(*grid.boundingbox), lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1]))
    )
    return MultiPolygon([shapely.orient_polygons(square, exterior_cw=False)])


def asking(server: Standin, root: Path, **more: Any) -> dict[str, Any]:
    """Return the settings of a run that asks `server`; JSON can carry them."""
    secret = root.parent / f"{root.name}.account.json"
    secret.touch(mode=0o600)
    given = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}
    secret.write_text(json.dumps(given))
    usual = {
        "provider": "sentinelhub",
        "sentinelhub_url": server.url,
        "sentinelhub_token_url": server.token_url,
        "sentinelhub_credentials": str(secret),
        "stac_url": server.stac_url(),
        "requests_per_minute": 60_000,
        "units_per_minute": 60_000,
        "workers": 2,
    }
    return usual | more


def settings_for(root: Path, looks: Path | None = None, **more: Any) -> Settings:
    """Return settings; with what `asking` gives they ask the stand-in."""
    more.pop("until", None)
    return load_settings(data_dir=root, catalogue=looks, organisation="local", **more)


def run(
    settings: Settings,
    until: datetime = EVER,
    provider: ImageryProvider | None = None,
    **how: Any,
) -> RunReport:
    """Run the pipeline over the square in this process."""
    store = open_store(Layout(settings.data_dir).database, write=True)
    try:
        reads = provider or provider_from(settings)
        return run_region(settings, store, reads, store.region("local", REGION), until, **how)
    finally:
        store.close()


def rows(root: Path) -> list[LedgerRow]:
    """Return the ledger of passes that came, oldest first."""

    def told(store: Store) -> list[LedgerRow]:
        found = all_looks(store, store.region("local", REGION))
        came = (row for row in found if not row.acquisition.startswith("expected_"))
        return sorted(came, key=lambda row: (row.sensed, row.cell))

    return _asked(root, told)


def spends(root: Path) -> list[Spend]:
    """Return all that was spent."""
    return _asked(root, lambda store: list(all_spends(store, "local")))


def counted(found: list[Spend]) -> tuple[float, int]:
    """Return the units and requests that count as spent."""
    units, requests = 0.0, 0
    for one in found:
        if one.status is SpendStatus.SETTLED:
            units, requests = units + one.units, requests + one.requests
        elif one.status in (SpendStatus.LOST, SpendStatus.RESERVED):
            units, requests = units + one.estimated_units, requests + one.estimated_requests
    return units, requests


def charged(server: Standin) -> tuple[float, int]:
    """Return what the stand-in charged for pixels, and how often."""
    calls = [call for call in server.calls("process") if call.units]
    return sum(call.units for call in calls), len(calls)


def _asked(root: Path, ask: Callable[[Store], list[_Record]]) -> list[_Record]:
    store = open_store(Layout(root).database)
    try:
        return ask(store)
    finally:
        store.close()
