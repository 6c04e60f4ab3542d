"""The API over HTTP: tiles beside the code behind them, and the page.

``python benchmarks/bench_api.py [--only PART]``; for events, pages and many readers at once see
`benchmarks.bench_service`. The server is a process of its own on a data folder made here; the
clients are in this process and reach it over loopback. A ratio compares two ways that were asked
the same question in turn, in one run. A time over HTTP ends with the last byte of the answer; what
a client makes of it is not in it.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.ndimage import gaussian_filter  # noqa: E402
from shapely.affinity import translate  # noqa: E402

from api import page, server  # noqa: E402
from api.app import create_app  # noqa: E402
from api.auth import Caller  # noqa: E402
from api.context import Context  # noqa: E402
from api.routes.tiles import event_tile, look_tile  # noqa: E402
from benchmarks.bench_replay import replay  # noqa: E402
from hearthwatch.keys import new_key  # noqa: E402
from hearthwatch.layout import Layout  # noqa: E402
from hearthwatch.records import (  # noqa: E402
    Event,
    EventFilter,
    Kind,
    LedgerRow,
    Mode,
    ObservationStatus,
    Role,
    Scope,
)
from hearthwatch.settings import Settings, load_settings  # noqa: E402
from hearthwatch.store import SqlStore, Store, open_store  # noqa: E402
from imagery.sample import fetch_sample  # noqa: E402
from tests.support import drawn  # noqa: E402
from tiles.archive import Archive  # noqa: E402
from tiles.cell import cell_from_id  # noqa: E402
from tiles.mercator import tile_bounds  # noqa: E402
from tiles.xyz import Style  # noqa: E402

PARTS = ("tiles", "page")
NOW = datetime(2021, 1, 2, tzinfo=UTC)
SAMPLE, OUTLINES = "local", "outlines"
"""Organisations: of the real sample, and of events with its outlines."""
SQUARE = "square"

TILES, VECTOR_TILES = 40, 15
DRAWN_CELL = cell_from_id("36N_0050_0150")
DRAWN_LOOKS = ("drawn-before", "drawn-after")
VECTOR_ZOOM = 10
VECTOR_TILES_WITH = {100: (612, 470), 5000: (614, 470)}
"""Column and row of the tile by the number of events in it."""

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOADS = 5


# The data folder


@dataclass(frozen=True, slots=True)
class Made:
    """A data folder, and a key to each organisation in it."""

    settings: Settings
    keys: dict[str, str]

    @property
    def layout(self) -> Layout:
        return Layout(self.settings.data_dir)

    def reading(self) -> closing[Store]:
        return closing(open_store(self.layout.database))

    def archive(self) -> Archive:
        return Archive(self.layout.archive(SAMPLE))


def make(folder: Path, sample: Path) -> Made:
    """Fill a data folder: the replayed sample, a drawn cell, and outlines."""
    settings = load_settings(data_dir=folder, catalogue=sample, executor="threads", workers=2)
    began = time.perf_counter()
    replay(settings, 140)
    keys = {}
    with closing(SqlStore.open(Layout(folder).database, write=True)) as store:
        draw_cell(store, Archive(Layout(folder).archive(SAMPLE)))
        put_outlines(store)
        for organisation in (SAMPLE, OUTLINES):
            key, keys[organisation] = new_key(organisation, "benchmark", Role.ADMIN, NOW)
            with store.transaction() as tx:
                tx.put_key(key)
    print(f"data folder made in {time.perf_counter() - began:.0f} s\n")
    return Made(settings, keys)


def draw_cell(store: Store, archive: Archive) -> None:
    """Archive two looks at a whole cell, and let the sample's organisation see them."""
    grid = drawn.grid(0, 0, 1024, DRAWN_CELL)
    rng = np.random.default_rng(1)
    ground = texture(rng)
    for number, look in enumerate(DRAWN_LOOKS):
        sensed = NOW + timedelta(days=number)
        bands = {
            band: mean + 0.3 * mean * ground + rng.normal(0, 0.01, ground.shape)
            for band, mean in (("B02", 0.08), ("B03", 0.10), ("B04", 0.14), ("B08", 0.25))
        }
        layer = drawn.layer(bands, grid)
        drawn.store(archive.root, look, layer, cell=DRAWN_CELL, sensed=sensed)
        with store.transaction() as tx:
            tx.put_ledger(seen(look, sensed))


def texture(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return something as varied as ground: coarse and fine structure, -1 to 1 or so."""
    layers = [gaussian_filter(rng.normal(size=(1024, 1024)), width) for width in (1, 6, 40)]
    return np.asarray(sum(layer / layer.std() for layer in layers) / 3)


def seen(look: str, sensed: datetime) -> LedgerRow:
    return LedgerRow(
        organisation=SAMPLE,
        kind=Kind.GROUND_CHANGE,
        mode=Mode.TEST,
        region=SQUARE,
        cell=DRAWN_CELL.id,
        acquisition=look,
        detector="ground_change",
        sensed=sensed,
        status=ObservationStatus.UNCHANGED,
        usable=1.0,
        # Only a look whose masters the ledger names is shown.
        detail={"masters": ["0" * 64]},
    )


def put_outlines(store: Store) -> None:
    """Write events with the outlines of the sample's own, so many to a tile."""
    found = store.events(SAMPLE, EventFilter(), limit=1000).items
    region = dataclasses.replace(store.region(SAMPLE, SQUARE), organisation=OUTLINES)
    with store.transaction() as tx:
        tx.put_region(region)
        for count, (x, y) in VECTOR_TILES_WITH.items():
            for number in range(count):
                tx.put_event(moved(random.choice(found), f"{count}-{number}", (x, y)))


def moved(event: Event, new_id: str, tile: tuple[int, int]) -> Event:
    """Return an event like this one somewhere in a tile."""
    west, south, east, north = tile_bounds(VECTOR_ZOOM, *tile)
    middle = event.geometry.centroid
    across = west + (east - west) * random.uniform(0.05, 0.95) - middle.x
    along = south + (north - south) * random.uniform(0.05, 0.95) - middle.y
    return dataclasses.replace(
        event,
        id=new_id,
        organisation=OUTLINES,
        version=1,
        geometry=translate(event.geometry, across, along),
        first_changed=NOW - timedelta(minutes=random.randrange(2_000_000)),
    )


# The server


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    url: str
    process: psutil.Process
    keys: dict[str, str]

    def client(self, organisation: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[organisation]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120)


def serve(folder: Path) -> None:
    """Serve a data folder in this process until told to stop; print the port."""
    settings = load_settings(data_dir=folder)
    layout = Layout(folder)
    with (
        server.bind("127.0.0.1", 0) as listening,
        closing(open_store(layout.database, write=True, alone=False)) as store,
    ):
        app = create_app(settings, store)
        port = listening.getsockname()[1]
        server.run(app, listening, lambda: print(port, flush=True))


@contextmanager
def served(made: Made) -> Iterator[Served]:
    """Serve a data folder in a process of its own."""
    command = [sys.executable, __file__, "--serve", str(made.settings.data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid), made.keys)
    finally:
        process.terminate()
        process.wait(60)


# Two ways side by side


@dataclass(slots=True)
class Times:
    """Seconds over HTTP and of the code behind it, for the same questions."""

    http: list[float] = dataclasses.field(default_factory=list)
    behind: list[float] = dataclasses.field(default_factory=list)

    def ratio(self) -> float:
        return cuts(self.http)[0] / cuts(self.behind)[0]

    def row(self) -> str:
        (over, over95), (behind, behind95) = cuts(self.http), cuts(self.behind)
        return (
            f"{over * 1e3:7.1f} {over95 * 1e3:7.1f}   {behind * 1e3:7.1f} {behind95 * 1e3:7.1f}"
            f"   {over / behind:5.2f} {over95 / behind95:5.2f}"
        )


HEADING = "HTTP p50     p95  behind p50  p95   ratio p50  p95   (ms)"


def cuts(seconds: Sequence[float]) -> tuple[float, float]:
    """Return median and 95th percentile."""
    if len(seconds) < 2:
        return math.nan, math.nan
    found = statistics.quantiles(seconds, n=20, method="inclusive")
    return found[9], found[18]


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = action()
    return time.perf_counter() - began, result


def both(
    times: Times, turn: int, http: Callable[[], Any], behind: Callable[[], Any]
) -> tuple[Any, Any]:
    """Ask both ways; which is first changes from turn to turn."""
    if turn % 2:
        seconds, over = timed(http)
        own, plain = timed(behind)
    else:
        own, plain = timed(behind)
        seconds, over = timed(http)
    times.http.append(seconds)
    times.behind.append(own)
    return over, plain


# Tiles


@dataclass(frozen=True, slots=True)
class TileQuestion:
    """One tile of one look."""

    look: str
    style: Style
    place: tuple[int, int, int]
    form: str
    before: str | None

    @property
    def path(self) -> str:
        z, x, y = self.place
        query = f"?before={self.before}" if self.before else ""
        return f"/tiles/looks/{self.look}/{self.style.value}/{z}/{x}/{y}.{self.form}{query}"


def tiles(made: Made, at: Served, given: argparse.Namespace) -> bool:
    """Time tiles of pixels and of events, beside the same functions without HTTP."""
    print("Tiles, beside the function of the same route")
    print(f"{'':42} kB  {HEADING}")
    with made.reading() as store, at.client(SAMPLE) as client:
        here = Context(made.settings, store)
        rows = store.ledger(SAMPLE, SQUARE).items
        looks = [row.acquisition for row in rows if row.cell != DRAWN_CELL.id]
        time_looks("sample", client, here, looks, 0)
        time_looks("drawn cell", client, here, DRAWN_LOOKS, 0)
        time_looks("drawn cell in one tile", client, here, DRAWN_LOOKS, 2)
        with at.client(OUTLINES) as other:
            for count, tile in VECTOR_TILES_WITH.items():
                time_events(count, other, here, tile)
    print()
    return True


def time_looks(
    name: str, client: httpx.Client, here: Context, looks: Sequence[str], out: int
) -> None:
    """Time tiles `out` zooms farther out than the pixels' own."""
    for style in (Style.TRUE_COLOUR, Style.NDVI, Style.CHANGE):
        for form in ("png", "webp"):
            questions = [some_tile(client, looks, style, form, out) for _ in range(TILES)]
            time_tiles(f"{name}, {style.value} {form}", client, here, questions)


def some_tile(
    client: httpx.Client, looks: Sequence[str], style: Style, form: str, out: int
) -> TileQuestion:
    number = random.randrange(1, len(looks))
    before = looks[number - 1] if style is Style.CHANGE else None
    query = f"?before={before}" if before else ""
    path = f"/tiles/looks/{looks[number]}/{style.value}/tilejson.json{query}"
    told = client.get(path).raise_for_status().json()
    west, south, east, north = told["bounds"]
    lon, lat = random.uniform(west, east), random.uniform(south, north)
    place = tile_at(lon, lat, told["maxzoom"] - out)
    return TileQuestion(looks[number], style, place, form, before)


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * 2**z), int(y * 2**z)


def time_tiles(
    name: str, client: httpx.Client, here: Context, questions: Sequence[TileQuestion]
) -> None:
    who = Caller(SAMPLE, "", "", Role.VIEWER, frozenset({Scope.READ}))

    def direct(one: TileQuestion) -> bytes:
        style, before = one.style, one.before
        made = look_tile(one.look, style, *one.place, one.form, who, here, before)  # type: ignore[arg-type]
        return bytes(made.body)

    tell_tiles(name, client, [(one.path, lambda one=one: direct(one)) for one in questions])  # type: ignore[misc]


def time_events(count: int, client: httpx.Client, here: Context, tile: tuple[int, int]) -> None:
    who = Caller(OUTLINES, "", "", Role.VIEWER, frozenset({Scope.READ}))
    path = f"/tiles/events/{VECTOR_ZOOM}/{tile[0]}/{tile[1]}.mvt"

    def direct() -> bytes:
        return bytes(event_tile(VECTOR_ZOOM, *tile, who, here, EventFilter()).body)

    tell_tiles(f"{count:,} events, mvt", client, [(path, direct)] * VECTOR_TILES)


def tell_tiles(
    name: str, client: httpx.Client, asked: Sequence[tuple[str, Callable[[], bytes]]]
) -> None:
    times, sizes = Times(), []
    for path, direct in asked[:2]:
        client.get(path), direct()
    for turn, (path, direct) in enumerate(asked):
        answer, plain = both(times, turn, lambda path=path: client.get(path), direct)  # type: ignore[misc]
        if answer.raise_for_status().content != plain:
            raise SystemExit("The two ways disagree.")
        sizes.append(len(plain))
    print(f"{name:40} {statistics.median(sizes) / 1e3:5.0f}  {times.row()}")


# The page


def load_page(made: Made, at: Served, given: argparse.Namespace) -> bool:
    """Time the page until it can be used, in a browser."""
    print(f"The page until `interactive`, headless Chromium, median of {LOADS}")
    if not (page.BUILT / "index.html").is_file():
        print("  skipped: the page has not been built (make web)\n")
        return True
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        loads = [load_twice(playwright, at) for _ in range(LOADS)]
    cold, warm = zip(*loads, strict=True)
    middle = [statistics.median(one["ms"] for one in loads) for loads in (cold, warm)]
    for name, each, ms in zip(("cold", "warm"), (cold, warm), middle, strict=True):
        low, high = min(one["ms"] for one in each), max(one["ms"] for one in each)
        kb = statistics.median(one["bytes"] for one in each) / 1e3
        print(
            f"  {name} cache {ms:6.0f} ms ({low:.0f} to {high:.0f}), {each[0]['requests']:.0f} "
            f"requests, {kb:,.0f} kB over the wire"
        )
    print(f"  ratio cold to warm {middle[0] / middle[1]:.2f}\n")
    return True


def load_twice(playwright: Any, at: Served) -> tuple[dict[str, float], dict[str, float]]:
    """Load the page in a new browser, and once more in the same tab."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
    try:
        tab = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        tab.add_init_script(f'sessionStorage.setItem("hearthwatch-key", "{at.keys[SAMPLE]}")')
        return load_once(tab, at.url), load_once(tab, at.url)
    finally:
        browser.close()


def load_once(tab: Any, url: str) -> dict[str, float]:
    tab.goto(f"{url}/")
    # The page forbids eval, so what it marks is waited for by the attribute it sets then.
    tab.wait_for_selector("html[data-ready=true]", state="attached", timeout=120_000)
    found: dict[str, float] = tab.evaluate(
        """() => {
            const all = performance.getEntriesByType("resource");
            return {
                ms: performance.getEntriesByName("interactive")[0].startTime,
                requests: all.length + 1,
                bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
            };
        }"""
    )
    return found


# All of it

WORK = {"tiles": tiles, "page": load_page}


def main() -> int:
    given = arguments()
    if given.serve:
        serve(given.serve)
        return 0
    random.seed(20240501)
    fetch_sample(given.sample)
    parts = [given.only] if given.only else list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder) / "var", given.sample)
        met = [run_part(part, made, given) for part in parts]
    return 0 if all(met) else 1


def run_part(part: str, made: Made, given: argparse.Namespace) -> bool:
    """Do one part on a server started for it."""
    with served(made) as at:
        load = os.getloadavg()[0]
        met = WORK[part](made, at, given)
    print(f"({part}: load of the machine before {load:.1f})\n", flush=True)
    return met


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--sample", type=Path, default=ROOT / "var" / "bench" / "sample")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
