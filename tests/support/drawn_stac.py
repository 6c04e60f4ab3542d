"""One drawn scene in a catalogue in memory, and the provider that reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from imagery.providers.stac import StacProvider
from imagery.types import Chip, Query, Scene
from tests.support.catalogue import grid, raster_bytes
from tests.support.fake_stac import API, FILES, Change, FakeStac
from tests.support.listed import listed

START = datetime(2026, 1, 1, tzinfo=UTC)
AREA = box(15.0, 40.0, 30.0, 50.0)
YEAR = Query(AREA, START, START + timedelta(days=365))
GROUND = (22.0, 44.0)
SIZE = 60


def provider(stac: FakeStac, tmp_path: Path, **more: Any) -> StacProvider:
    return StacProvider(API, ["s2"], tmp_path, file_origins=[FILES], transport=stac, **more)


def item(name: str = "T34TFQ_1", sensed: datetime = START, **more: Any) -> dict[str, Any]:
    return listed(sensed, name, at=GROUND, **more)


def address(name: str, band: str = "B04") -> str:
    return f"{FILES}/{name}/{band}.tif"


def vegetation(shift: int = 0) -> NDArray[np.uint16]:
    """Red of a forest with some soil; a border of ten pixels was not seen."""
    rng = np.random.default_rng(2)
    dn = np.rint(rng.normal(300, 40, (SIZE, SIZE))).clip(50) + shift
    dn[20:30] += 1500
    dn[:, :10] = 0
    return dn.astype(np.uint16)


def scene(
    tmp_path: Path,
    dn: NDArray[Any],
    area: GeoBox | None = None,
    change: Change | None = None,
    classes: NDArray[Any] | None = None,
    listing: dict[str, Any] | None = None,
) -> tuple[StacProvider, FakeStac, Scene]:
    """Return a provider, its server and the one scene it lists."""
    one = listing or item()
    name = one["id"]
    stac = FakeStac(items=[one], change=change)
    stac.files[address(name)] = raster_bytes(area or grid(size=SIZE), dn)
    if classes is not None:
        stac.files[address(name, "SCL")] = raster_bytes(grid(size=SIZE), classes)
        one["assets"]["SCL"] = {"href": address(name, "SCL"), "type": "image/tiff"}
    made_provider = provider(stac, tmp_path)
    (found,) = made_provider.search(YEAR)
    return made_provider, stac, found


def read(made_provider: StacProvider, *scenes: Scene) -> Chip:
    return made_provider.read(scenes, grid(size=40), ["B04"], 30.0)


def stated(one: dict[str, Any], **raster: float) -> dict[str, Any]:
    one["assets"]["B04"]["raster:bands"] = [{"scale": 0.0001, "nodata": 0, **raster}]
    return one
