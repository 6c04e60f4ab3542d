"""Time of map tiles and of vector tiles over HTTP, warm and cold, beside the 30 ms wanted.

Run it as ``python -m benchmarks.bench_tiles [--events N] [--tiles N] [--address ADDRESS]``. With
the address of an empty PostgreSQL database vector tiles are asked for from there too. The server is
a process of its own on a data folder made here; times end with the last byte of the answer.

*First* is a tile of a look of which nothing was ever drawn and of which no overview is kept; a run
keeps one as it takes a look, so that only archives of earlier versions have such looks. *Cold* is a
tile of a look whose files the machine has been told to forget, and warm the same tile asked again.
Vector tiles are asked for at every zoom, half of them over events and half anywhere in the box of
all events; far out they are the same few tiles. *Cold*, with ``--cold``, is asked of a server that
was just started, after the machine has been told to forget the file of SQLite. *First* is a tile
that this server was never asked for, of a database that the machine has in its memory, and *again*
the same tiles once more: no tile is kept anywhere, but rows of it are then at hand. A star is for
more than 30 ms. The processor's time of the server, a mean, tells what a busy machine hides;
PostgreSQL's own is not in it. *Met* is said of *first*.
"""

import argparse
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import mapbox_vector_tile
import numpy as np
import psutil
from sqlalchemy import text

from api.tiled import LARGEST_ZOOM
from benchmarks import bench_features
from benchmarks.bench_api import DRAWN_CELL, NOW, texture
from benchmarks.bench_service import OURS, Asking, Place, served
from benchmarks.bench_store_query import COUNTRY
from hearthwatch.layout import Layout
from hearthwatch.store import SqlStore
from hearthwatch.store.map_cells import cell_of_row
from hearthwatch.store.sample import drawn as drawn_sample
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
ZOOMS_VECTOR = range(LARGEST_ZOOM + 1)


def main() -> None:
    """Make a data folder, serve it and ask."""
    given = arguments()
    random.seed(20240501)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {psutil.cpu_count()} cores, "
          f"load of the last 1, 5 and 15 minutes {load}", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        places = [] if given.server_alone else [""]
        for address in [*places, given.address] if given.address else places:
            on_store(folder, address, given)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tiles", type=int, default=40)
    parser.add_argument("--address", default="")
    parser.add_argument("--cold", action="store_true", help="vector tiles from the disk too")
    parser.add_argument("--server-alone", action="store_true", help="leave SQLite out")
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
        with served(place) as (url, process), closing(Asking(url, place.keys[OURS])) as asking:
            pictures(asking, process, layout, given.tiles)
    if given.only != "pictures":
        vectors(place, given)


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


def pictures(asking: Asking, process: psutil.Process, layout: Layout, count: int) -> None:
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
    all_cold: list[float] = []
    all_warm: list[float] = []
    for style in STYLES:
        for form in FORMS:
            for zoom in ZOOMS:
                cold, warm, rest = twice(asking, process, layout, (style, form, zoom), count)
                print(f"{style:11} {form:4} zoom {zoom:2}   "
                      f"cold {told(cold)}   warm {told(warm)}   {rest}", flush=True)  # fmt: skip
                all_cold += cold
                all_warm += warm
    print(f"all of these               cold {told(all_cold)}   warm {told(all_warm)}", flush=True)


def twice(
    asking: Asking,
    process: psutil.Process,
    layout: Layout,
    what: tuple[str, str, int],
    count: int,
) -> tuple[list[float], list[float], str]:
    """Ask for tiles cold and warm; return what each took, and what else is told of them."""
    style, form, zoom = what
    cold: list[float] = []
    warm: list[float] = []
    sizes, own = [], [0.0, 0.0]
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
    return cold, warm, f"processor {each} ms   {sum(sizes) / count / 1e3:.0f} kB"


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
            half_of(layer, ["B04"])


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


def vectors(place: Place, given: argparse.Namespace) -> None:
    """Ask for vector tiles of all zooms."""
    count = given.tiles
    print(f"{place.name}: vector tiles, {given.events:,} events", flush=True)
    database = [] if place.address else [*Layout(place.folder).root.glob("*.sqlite*")]
    if database and given.cold:
        forget(database)
        with served(place) as (url, process), closing(Asking(url, place.keys[OURS])) as asking:
            until_ready(asking)
            for zoom in ZOOMS_VECTOR:
                at_zoom("cold", asking, process, zoom, some_tiles(place.store, zoom, count, "cold"))
    with served(place) as (url, process), closing(Asking(url, place.keys[OURS])) as asking:
        until_ready(asking)
        for zoom in ZOOMS_VECTOR:
            # Anew for each: a machine may drop what it has not used for some seconds.
            remember(database)
            if place.address:
                remember_rows(place.store)
            paths = some_tiles(place.store, zoom, count, "warm")
            at_zoom("first", asking, process, zoom, paths)
            at_zoom("again", asking, process, zoom, paths)


def until_ready(asking: Asking) -> None:
    """Let a new server do what it does once, whatever it is asked for."""
    for _ in range(10):
        ask(asking, "/tiles/events/0/0/0.mvt")
        time.sleep(0.5)


def at_zoom(
    word: str, asking: Asking, process: psutil.Process, zoom: int, paths: Sequence[str]
) -> None:
    """Ask for tiles of a zoom, and print what that took."""
    load, began = os.getloadavg()[0], busy(process)
    answers = [ask(asking, path) for path in paths]
    own = (busy(process) - began) / len(paths)
    layers = [mapbox_vector_tile.decode(body) if body else {} for _, body in answers]
    shown = sum(len(one.get("events", {}).get("features", ())) for one in layers) / len(paths)
    cut = sum("meta" in one for one in layers)
    seconds = [one for one, _ in answers]
    met = "" if word != "first" else "   met" if p95_of(seconds) <= WANTED_MS else "   NOT MET"
    print(f"zoom {zoom:2} {word:5} {told(seconds)}   processor {own * 1e3:4.1f} ms   "
          f"events {shown:4.0f}, capped {cut:2} of {len(paths)}   load {load:.1f}{met}",
          flush=True)  # fmt: skip


def some_tiles(store: SqlStore, zoom: int, count: int, seed: str) -> list[str]:
    """Return addresses of tiles: half over events, half anywhere in the box of events."""
    chance = random.Random(f"{seed} {zoom}")
    with store._reader.connect() as connection:
        sample = drawn_sample(connection)[0][OURS].columns
    found = []
    for number in range(count):
        chosen = chance.randrange(len(sample["west"]))
        lon, lat = float(sample["west"][chosen]), float(sample["south"][chosen])
        if number % 2:
            lon = chance.uniform(COUNTRY.west, COUNTRY.east)
            lat = chance.uniform(COUNTRY.south, COUNTRY.north)
        x, y = tile_over(lon, lat, zoom)
        found.append(f"/tiles/events/{zoom}/{x}/{y}.mvt")
    return found


def remember(files: Iterable[Path]) -> None:
    """Have the machine take files into its memory."""
    for file in files:
        with file.open("rb") as opened:
            while opened.read(1 << 24):
                pass


def remember_rows(store: SqlStore) -> None:
    """Have the server and its machine take the events into their memory, and their indexes."""
    with store._reader.connect() as connection:
        for what in ("count(geometry)", "count(DISTINCT first_changed)"):
            connection.execute(text(f"SELECT {what} FROM events"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        for where in ("box && ST_MakeEnvelope(-180, -90, 180, 90, 4326)", "first_changed > 0"):
            asked = text(f"SELECT count(*) FROM events WHERE organisation = :org AND {where}")
            connection.execute(asked, {"org": OURS})
        connection.execute(text("SET LOCAL enable_sort = off"))
        in_order = f"SELECT number FROM events ORDER BY {cell_of_row('postgresql')} OFFSET 0"
        connection.execute(text(f"SELECT count(number) FROM ({in_order}) AS cells"))


def ask(asking: Asking, path: str) -> tuple[float, bytes]:
    """Return the seconds until the last byte of an answer, and the answer."""
    began = time.perf_counter()
    body = asking.get(path)
    return time.perf_counter() - began, body


def told(seconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile, and whether that is quick enough."""
    p50, p95 = 1e3 * quantiles(seconds, n=2, method="inclusive")[0], p95_of(seconds)
    return f"p50 {p50:6.1f} p95 {p95:6.1f} ms{'  ' if p95 <= WANTED_MS else ' *'}"


def p95_of(seconds: Sequence[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return 1e3 * quantiles(seconds, n=20, method="inclusive")[18]


if __name__ == "__main__":
    main()
