"""Programs that others wrote read the catalogue: pystac-client, odc-stac, GDAL, the validator."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import odc.stac
import pystac_client
import pytest
import rasterio
import shapely
from pystac import Item
from shapely.geometry import box, mapping, shape

from hearthwatch.layout import Layout
from hearthwatch.settings import load_settings
from hearthwatch.store import open_store
from tests.contract import store_records as a
from tests.support import shelf as s
from tests.support.served import listening
from tests.support.shelf import CROSSING, EAST, FAR, WEST, Shelf

LOOKS = 5
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers, and what lies on its shelf."""

    url: str
    shelf: Shelf

    def client(self) -> pystac_client.Client:
        return pystac_client.Client.open(f"{self.url}/stac", headers=self.shelf.headers())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Five looks at four cells on both sides of 180 degrees, and one event across it."""
    folder = tmp_path_factory.mktemp("stac")
    Layout(folder).make()
    store = open_store(Layout(folder).database, write=True, alone=False)
    try:
        shelf = s.fill(folder, store)
        for number in range(LOOKS):
            for cell in (WEST, CROSSING, EAST, FAR):
                s.put(shelf, number, cell)
        ground = shapely.MultiPolygon(
            [box(179.9, -16.85, 180, -16.8), box(-180, -16.85, -179.9, -16.8)]
        )
        with store.transaction() as tx:
            tx.put_event(a.event(id="evt-180", geometry=ground, first_changed=s.time_of(2)))
        with listening(load_settings(data_dir=folder, organisation="ours"), store) as url:
            yield Running(url, shelf)
    finally:
        store.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pystac_client_pages_through_a_search_across_180_degrees(
    running: Running, method: str, limit: int
) -> None:
    search = running.client().search(
        bbox=[179.9, -17, -179.9, -16], limit=limit, method=method,
        collections=["sentinel-2-l2a", "evidence"],
    )  # fmt: skip
    items = list(search.items())
    cells = [item.properties.get("hearthwatch:cell") for item in items]
    assert len({(item.collection_id, item.id) for item in items}) == len(items) == 3 * LOOKS + 1
    assert {cell: cells.count(cell) for cell in cells} == {
        WEST: LOOKS, CROSSING: LOOKS, EAST: LOOKS, "36N_0512_0143": 1,
    }  # fmt: skip
    for item in items:
        assert shape(item.geometry).is_valid
        if item.properties.get("hearthwatch:cell") == CROSSING:
            assert item.bbox is not None and item.bbox[0] > 179 and item.bbox[2] < -179


def test_pystac_client_finds_by_geometry_time_and_id(running: Running) -> None:
    client = running.client()
    found = client.search(
        intersects=mapping(box(25.25, 13.55, 25.26, 13.56)),
        datetime="2024-05-02/2024-05-03",
        collections=["sentinel-2-l2a"],
    )
    items = list(found.items())
    assert [item.datetime for item in items] == [s.time_of(2), s.time_of(1)]
    (again,) = client.search(ids=[items[0].id], collections=["masks"]).items()
    assert set(again.assets) == {"SCL"}
    collection = client.get_collection("sentinel-2-l2a")
    assert len(list(collection.get_items())) == 4 * LOOKS
    one = collection.get_item(items[0].id)
    assert one is not None and (one.bbox, one.properties) == (items[0].bbox, items[0].properties)
    assert {one.id for one in client.get_collections()} == {one.id for one in client.get_children()}


def test_pystac_client_is_told_that_it_needs_a_key(running: Running) -> None:
    client = pystac_client.Client.open(f"{running.url}/stac")
    with pytest.raises(pystac_client.exceptions.APIError, match="key"):
        list(client.search(limit=1).items())


def in_gdal(running: Running) -> rasterio.Env:
    """Return GDAL's settings: the key goes in a header, and nothing is guessed."""
    header = f"Authorization: {running.shelf.headers()['Authorization']}"
    return rasterio.Env(
        GDAL_HTTP_HEADERS=header, GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", VSI_CACHE="NO",
        CPL_VSIL_CURL_USE_HEAD="NO",
    )  # fmt: skip


def look(running: Running, number: int, cell: str) -> Item:
    (found,) = [
        item
        for item in running.client().search(collections=["sentinel-2-l2a"]).items()
        if item.datetime == s.time_of(number) and item.properties["hearthwatch:cell"] == cell
    ]
    return found


def test_gdal_reads_a_file_in_parts_with_a_header(running: Running) -> None:
    item = look(running, 1, FAR)
    chip = running.shelf.archive.load(s.acquisition_of(1), FAR)
    assert chip is not None
    with (
        in_gdal(running),
        rasterio.open(f"/vsicurl/{item.assets['B02-B03-B04-B08'].href}") as source,
    ):
        whole = source.read()
        part = source.read(4, window=((100, 120), (30, 60)))
        assert source.descriptions == s.BANDS
    assert np.array_equal(whole, chip.layers[0].dn)
    assert np.array_equal(part, chip.layers[0].dn[3, 100:120, 30:60])


def test_gdal_without_a_key_reads_nothing(running: Running) -> None:
    item = look(running, 1, FAR)
    with pytest.raises(rasterio.errors.RasterioIOError):
        rasterio.open(f"/vsicurl/{item.assets['SCL'].href}?nothing").close()


# odc-geo carries outlines with a function that shapely 2.2 only announces the end of.
@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")
@pytest.mark.parametrize("cell", [FAR, CROSSING])
def test_odc_stac_loads_what_the_archive_holds_where_it_lies(running: Running, cell: str) -> None:
    items = [look(running, number, cell) for number in range(3)]
    with in_gdal(running):
        cube = odc.stac.load(items, bands=["B04", "nir", "SCL"], chunks=None).load()
    assert cube.odc.crs.epsg == (32635 if cell == FAR else 32760)
    assert cube.sizes == {"time": 3, "y": 256, "x": 256}
    times = [np.datetime64(s.time_of(number).replace(tzinfo=None)) for number in range(3)]
    assert list(cube.time.values) == times
    for number in range(3):
        chip = running.shelf.archive.load(s.acquisition_of(number), cell)
        assert chip is not None
        bands, classes = chip.layers
        assert np.array_equal(cube.B04[number], bands.dn[2])
        assert np.array_equal(cube.nir[number], bands.dn[3])
        assert np.array_equal(cube.SCL[number], classes.dn[0])
    # A number tells the place of its pixel's corner; the coordinate is that of its middle.
    east = np.round((cube.x.values - s.PIXEL_M / 2) / s.PIXEL_M)
    north = np.round((cube.y.values + s.PIXEL_M / 2) / s.PIXEL_M)
    expected = (east[None] * 7 + north[:, None] * 13 + 4 * 1009) % 9973 + 1001
    assert np.array_equal(cube.B04[0], expected)


@pytest.mark.slow
def test_the_validator_of_stac_apis_finds_no_fault(running: Running) -> None:
    if importlib.util.find_spec("stac_api_validator") is None:
        words = "no stac-api-validator here; install it with: pip install stac-api-validator"
        if os.environ.get("HEARTHWATCH_CI") == "1":
            pytest.fail(words, pytrace=False)
        pytest.skip(words)
    classes = ("core", "collections", "features", "item-search")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.stac_schemas", "--root-url", f"{running.url}/stac",
         "--auth-bearer-token", running.shelf.shown["ours"], "--collection", "sentinel-2-l2a",
         "--geometry", json.dumps(mapping(box(25, 13, 26, 14))),
         *(word for one in classes for word in ("--conformance", one))],
        capture_output=True, text=True, timeout=200, cwd=ROOT,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    assert "Errors: none" in said, said[-4000:]
