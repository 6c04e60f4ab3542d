"""Time of map tiles and of vector tiles over HTTP, warm and cold, beside the 30 ms wanted.

Run it as ``python -m benchmarks.bench_tiles [events] [tiles]``. The server is a process of its own
on a data folder made here; times end with the last byte of the answer. Cold is a tile of a look
that the server may not have read yet and whose files the machine has been told to forget; warm is
the same tile asked again. Vector tiles are asked for once each, over where the events are. A star
is for more than 30 ms; the processor's time of the server, a mean, tells what a busy machine hides.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

import httpx
import mapbox_vector_tile
import numpy as np
import psutil

from benchmarks import bench_features
from benchmarks.bench_api import DRAWN_CELL, NOW, Made, served, texture
from benchmarks.bench_store_query import COUNTRY
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
from tests.support import drawn
from tiles.mercator import tile_over

WANTED_MS = 30.0
LOOKS = 40
MEANS = {"B02": 0.08, "B03": 0.10, "B04": 0.14, "B08": 0.25, "B12": 0.20}
STYLES = ("true_colour", "nbr", "dnbr")
ZOOMS = (14, 12, 10)
VECTOR_ZOOMS = (0, 3, 6, 8, 9, 10, 12, 14)


def main(events: str = "1000000", tiles: str = "40") -> None:
    """Make a data folder, serve it and ask."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{psutil.cpu_count()} cores, load of the last 1, 5 and 15 minutes {load}")
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), int(events))
        with served(made) as at, at.client("org") as client:
            pictures(client, at.process, made, int(tiles))
            vectors(client, at.process, int(events), int(tiles))


def make(folder: Path, events: int) -> Made:
    """Fill a data folder: one cell of drawn looks, and many events."""
    settings = load_settings(data_dir=folder)
    with closing(SqlStore.open(Layout(folder).database, write=True)) as store:
        bench_features.fill(store, events)
        key, shown = new_key("org", "benchmark", Role.ADMIN, NOW)
        with store.transaction() as tx:
            tx.put_key(key)
        rng = np.random.default_rng(1)
        grid, ground = drawn.grid(0, 0, 1024, DRAWN_CELL), texture(rng)
        root = Layout(folder).archive
        for number in range(LOOKS):
            look, sensed = f"look-{number}", NOW + timedelta(days=number)
            bands = {
                band: mean + 0.3 * mean * ground + rng.normal(0, 0.01, ground.shape)
                for band, mean in MEANS.items()
            }
            archive = drawn.store(
                root, look, drawn.layer(bands, grid), cell=DRAWN_CELL, sensed=sensed
            )
            masters = [one.sha256 for one in archive.masters(look, DRAWN_CELL.id)]
            row = a.look(
                organisation="org", region="reg", cell=DRAWN_CELL.id, acquisition=look,
                sensed=sensed, detail={"masters": masters},
            )  # fmt: skip
            with store.transaction() as tx:
                tx.put_ledger(row)
    return Made(settings, {"org": shown})


def pictures(client: httpx.Client, process: psutil.Process, made: Made, count: int) -> None:
    """Ask for tiles of looks, each cold and then warm."""
    west, south, east, north = DRAWN_CELL.footprint.bounds
    ask(client, "/tiles/looks/look-0/true_colour/9/0/0.png")
    for style in STYLES:
        for form in ("png", "webp"):
            for zoom in ZOOMS:
                cold, warm, began = [], [], busy(process)
                for number in range(count):
                    forget(made)
                    lon, lat = random.uniform(west, east), random.uniform(south, north)
                    look = 1 + number % (LOOKS - 1)
                    x, y = tile_over(lon, lat, zoom)
                    more = f"?before=look-{look - 1}" if style == "dnbr" else ""
                    path = f"/tiles/looks/look-{look}/{style}/{zoom}/{x}/{y}.{form}{more}"
                    cold.append(ask(client, path)[0])
                    warm.append(ask(client, path)[0])
                own = (busy(process) - began) / (2 * count)
                print(f"{style:11} {form:4} zoom {zoom:2}   cold {told(cold)}   warm {told(warm)}"
                      f"   processor {own * 1e3:.1f} ms a tile", flush=True)  # fmt: skip


def forget(made: Made) -> None:
    """Have the machine drop the archive from its memory."""
    for file in Layout(made.settings.data_dir).archive.rglob("*.tif"):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def busy(process: psutil.Process) -> float:
    """Return the seconds of the processor that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


def vectors(client: httpx.Client, process: psutil.Process, events: int, count: int) -> None:
    """Ask for vector tiles over where the events are."""
    print(f"vector tiles, {events:,} events")
    every: list[float] = []
    for zoom in VECTOR_ZOOMS:
        times, sizes, cut, began = [], [], 0, busy(process)
        for place in some_places(count):
            x, y = tile_over(*place, zoom)
            seconds, body = ask(client, f"/tiles/events/{zoom}/{x}/{y}.mvt")
            times.append(seconds)
            layers = mapbox_vector_tile.decode(body) if body else {}
            sizes.append(len(layers.get("events", {}).get("features", ())))
            cut += "meta" in layers
        every += times
        own = (busy(process) - began) / count
        print(f"zoom {zoom:2}   {told(times)}   events {sum(sizes) / count:6.0f}, capped {cut}"
              f"   processor {own * 1e3:.1f} ms a tile", flush=True)  # fmt: skip
    print(f"all       {told(every)}")


def some_places(count: int) -> Iterator[tuple[float, float]]:
    for _ in range(count):
        yield (random.uniform(COUNTRY.west, COUNTRY.east),
               random.uniform(COUNTRY.south, COUNTRY.north))  # fmt: skip


def ask(client: httpx.Client, path: str) -> tuple[float, bytes]:
    """Return the seconds until the last byte of an answer, and the answer."""
    began = time.perf_counter()
    body = client.get(path).raise_for_status().content
    return time.perf_counter() - began, body


def told(seconds: list[float]) -> str:
    """Return the median and the 95th percentile, and whether that is quick enough."""
    cuts = [1e3 * one for one in quantiles(seconds, n=20, method="inclusive")]
    return f"p50 {cuts[9]:6.1f} p95 {cuts[18]:6.1f} ms{'' if cuts[18] <= WANTED_MS else ' *'}"


if __name__ == "__main__":
    random.seed(20240501)
    main(*sys.argv[1:])
