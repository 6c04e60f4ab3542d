"""Time of map tiles and of vector tiles over HTTP, warm and cold, beside the 30 ms wanted.

Run it as ``python -m benchmarks.bench_tiles [--events N] [--tiles N] [--address ADDRESS]``. With
the address of an empty PostgreSQL database vector tiles are asked for from there too. The server is
a process of its own on a data folder made here; times end with the last byte of the answer.

*First* is a tile of a look of which nothing was ever drawn and of which no overview is kept; a run
keeps one as it takes a look, so that only archives of earlier versions have such looks. *Cold* is a
tile of a look whose files the machine has been told to forget, and warm the same tile asked again.
Vector tiles are asked for over where the events are: cold by a server that was just started, after
the machine has been told to forget the database (of PostgreSQL only what our server keeps in its
own memory is cold), and warm the same tiles once more. A star is for more than 30 ms. The
processor's time of the server, a mean, tells what a busy machine hides; PostgreSQL's own is not in
it.
"""

import argparse
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import mapbox_vector_tile
import numpy as np
import psutil

from benchmarks import bench_features
from benchmarks.bench_api import DRAWN_CELL, NOW, texture
from benchmarks.bench_service import OURS, Place, client, served
from benchmarks.bench_store_query import COUNTRY
from hearthwatch.layout import Layout
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
from tests.support import drawn
from tiles.archive import Archive
from tiles.mercator import tile_over
from tiles.overviews import half_of
from tiles.verify import OVERVIEWS
from tiles.windows import stored_layers

WANTED_MS = 30.0
LOOKS = 40
MEANS = {"B02": 0.08, "B03": 0.10, "B04": 0.14, "B08": 0.25, "B12": 0.20}
STYLES = ("true_colour", "nbr", "dnbr")
FORMS = ("png", "webp")
ZOOMS = (14, 12, 10)
VECTOR_ZOOMS = (0, 3, 6, 8, 9, 10, 12, 14)


def main() -> None:
    """Make a data folder, serve it and ask."""
    given = arguments()
    random.seed(20240501)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {psutil.cpu_count()} cores, "
          f"load of the last 1, 5 and 15 minutes {load}", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        for address in ("", given.address) if given.address else ("",):
            on_store(folder, address, given)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tiles", type=int, default=40)
    parser.add_argument("--address", default="")
    parser.add_argument("--folder", type=Path, help="of data made before, or to be kept")
    parser.add_argument("--only", choices=("pictures", "vectors"))
    return parser.parse_args()


def on_store(folder: Path, address: str, given: argparse.Namespace) -> None:
    """Ask for all tiles of one store; pictures of the first one, for they come from the archive."""
    layout = Layout(folder)
    layout.make()
    where: Any = address or layout.database
    with closing(SqlStore.open(where, write=True, alone=False)) as store:
        if not store.organisations():
            bench_features.fill(store, given.events, OURS)
            if not address:
                draw(store, layout)
        place = Place("PostGIS" if address else "SQLite", store, folder, address)
    if not address and given.only != "vectors":
        with served(place) as (url, process), client(url, place.keys[OURS]) as asking:
            pictures(asking, process, layout, given.tiles)
    if given.only != "pictures":
        vectors(place, given.events, given.tiles)


def draw(store: SqlStore, layout: Layout) -> None:
    """Archive some looks at one cell, and let the ledger name them."""
    rng = np.random.default_rng(1)
    grid, ground = drawn.grid(0, 0, 1024, DRAWN_CELL), texture(rng)
    for number in range(LOOKS):
        look, sensed = f"look-{number}", NOW + timedelta(days=number)
        bands = {
            band: mean + 0.3 * mean * ground + rng.normal(0, 0.01, ground.shape)
            for band, mean in MEANS.items()
        }
        archive = drawn.store(
            layout.archive(OURS), look, drawn.layer(bands, grid), cell=DRAWN_CELL, sensed=sensed
        )
        masters = [one.sha256 for one in archive.masters(look, DRAWN_CELL.id)]
        row = a.look(
            organisation=OURS, region="reg", cell=DRAWN_CELL.id, acquisition=look,
            sensed=sensed, detail={"masters": masters},
        )  # fmt: skip
        with store.transaction() as tx:
            tx.put_ledger(row)


def pictures(asking: httpx.Client, process: psutil.Process, layout: Layout, count: int) -> None:
    """Ask for tiles of looks: the first ones, and then each cold and warm."""
    ask(asking, "/tiles/looks/look-0/true_colour/9/0/0.png")
    shutil.rmtree(layout.archive(OURS) / OVERVIEWS, ignore_errors=True)
    for zoom in ZOOMS[1:]:
        shutil.rmtree(layout.archive(OURS) / OVERVIEWS, ignore_errors=True)
        firsts = []
        for look in range(zoom % 2, LOOKS // 2, 2):
            forget(layout.archive(OURS).rglob("*.tif"))
            firsts.append(ask(asking, picture(f"look-{look}", "true_colour", zoom, "png"))[0])
        print(f"true_colour png  zoom {zoom:2}   first {told(firsts)}", flush=True)
    keep_all(layout)
    for style in STYLES:
        for form in FORMS:
            for zoom in ZOOMS:
                print(f"{style:11} {form:4} zoom {zoom:2}   "
                      f"{twice(asking, process, layout, (style, form, zoom), count)}",
                      flush=True)  # fmt: skip


def twice(
    asking: httpx.Client,
    process: psutil.Process,
    layout: Layout,
    what: tuple[str, str, int],
    count: int,
) -> str:
    """Ask for tiles cold and warm; return what that took."""
    style, form, zoom = what
    cold, warm, sizes, own = [], [], [], [0.0, 0.0]
    for number in range(count):
        look = 1 + number % (LOOKS - 1)
        more = f"?before=look-{look - 1}" if style == "dnbr" else ""
        path = picture(f"look-{look}", style, zoom, form) + more
        forget(layout.archive(OURS).rglob("*.tif"))
        for turn, times in enumerate((cold, warm)):
            began = busy(process)
            seconds, body = ask(asking, path)
            own[turn] += busy(process) - began
            times.append(seconds)
        sizes.append(len(body))
    each = " / ".join(f"{1e3 * one / count:.1f}" for one in own)
    return (f"cold {told(cold)}   warm {told(warm)}   processor {each} ms   "
            f"{sum(sizes) / count / 1e3:.0f} kB")  # fmt: skip


def picture(look: str, style: str, zoom: int, form: str) -> str:
    """Return the address of a tile somewhere over the cell."""
    west, south, east, north = DRAWN_CELL.footprint.bounds
    x, y = tile_over(random.uniform(west, east), random.uniform(south, north), zoom)
    return f"/tiles/looks/{look}/{style}/{zoom}/{x}/{y}.{form}"


def keep_all(layout: Layout) -> None:
    """Keep an overview of every look, as a run does when it takes one."""
    archive = Archive(layout.archive(OURS))
    for number in range(LOOKS):
        for layer in stored_layers(archive, f"look-{number}", DRAWN_CELL.id):
            half_of(layer, "B04")


def forget(files: Iterable[Path]) -> None:
    """Have the machine drop files from its memory."""
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def busy(process: psutil.Process) -> float:
    """Return the seconds of the processor that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


def vectors(place: Place, events: int, count: int) -> None:
    """Ask for vector tiles over where the events are, by a new server and then by the same."""
    print(f"{place.name}: vector tiles, {events:,} events")
    for zoom in VECTOR_ZOOMS:
        paths = [f"/tiles/events/{zoom}/{x}/{y}.mvt" for x, y in some_tiles(zoom, count)]
        if not place.address:
            forget(Layout(place.folder).root.glob("*.sqlite*"))
        with served(place) as (url, process), client(url, place.keys[OURS]) as asking:
            # What a process reads and makes once, whatever it is asked for, is none of a tile's.
            ask(asking, f"/tiles/events/{zoom}/0/0.mvt")
            cold = [ask(asking, path)[0] for path in paths]
            began = busy(process)
            answers = [ask(asking, path) for path in paths]
            own = (busy(process) - began) / count
        layers = [mapbox_vector_tile.decode(body) if body else {} for _, body in answers]
        shown = sum(len(one.get("events", {}).get("features", ())) for one in layers) / count
        cut = sum("meta" in one for one in layers)
        print(f"zoom {zoom:2}   cold {told(cold)}   warm {told([one for one, _ in answers])}"
              f"   events {shown:5.0f}, capped {cut}   processor {own * 1e3:.1f} ms",
              flush=True)  # fmt: skip


def some_tiles(zoom: int, count: int) -> Iterator[tuple[int, int]]:
    for _ in range(count):
        lon = random.uniform(COUNTRY.west, COUNTRY.east)
        yield tile_over(lon, random.uniform(COUNTRY.south, COUNTRY.north), zoom)


def ask(asking: httpx.Client, path: str) -> tuple[float, bytes]:
    """Return the seconds until the last byte of an answer, and the answer."""
    began = time.perf_counter()
    body = asking.get(path).raise_for_status().content
    return time.perf_counter() - began, body


def told(seconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile, and whether that is quick enough."""
    cuts = [1e3 * one for one in quantiles(seconds, n=20, method="inclusive")]
    return f"p50 {cuts[9]:6.1f} p95 {cuts[18]:6.1f} ms{'' if cuts[18] <= WANTED_MS else ' *'}"


if __name__ == "__main__":
    main()
