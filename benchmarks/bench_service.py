"""The service at a million events on both stores: newest hundred, filters, paging, many readers.

``python -m benchmarks.bench_service [--address ADDRESS] [--tipg PYTHON]``. Everything is asked of a
new SQLite file and, with an address, of the empty PostgreSQL database there, in one run. The server
is a process of its own; the clients are in this one and reach it over loopback.

*Bare* is what the driver takes to send the statement and fetch its rows, by the faster of the two
ways for each question. The store gives the same rows (`Store.event_rows`), the service GeoJSON.
Ratios are of times that were taken in turn for the same questions.

``--tipg`` names the Python of an environment with tipg and uvicorn: it then serves a table of the
same features from the same database, and GDAL pages both. For that the address must name a host.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
from sqlalchemy import text

from api import server
from api.app import create_app
from api.queryables import FIELDS
from benchmarks import soaking
from benchmarks.bench_features import FILTERS, fill
from benchmarks.bench_store_query import DAYS, START, WINDOWS, Bare, some_window
from hearthwatch.cql.reading import read_text
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import Event, EventFilter, Role
from hearthwatch.settings import load_settings
from hearthwatch.store import SqlStore
from hearthwatch.store.codec import from_rows, to_row
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.ways import PLACE, TIME
from hearthwatch.values import moment

PARTS = ("newest", "filters", "paging", "soak")
OURS, PAGED = "org", "paged"
"""Organisations: of the many events, and of those that GDAL pages."""
STORE_TARGET, HTTP_TARGET, FILTER_MS, PAGING_S = 1.3, 5.0, 50.0, 60.0
READERS = 50
ROUNDS = 3
"""In which each way is timed for one question, after one that is not."""
PAGE = 10_000


class Place:
    """A store in its place, and a key to each organisation in it."""

    def __init__(self, name: str, store: SqlStore, folder: Path, address: str) -> None:
        self.name = name
        self.store = store
        self.folder = folder
        self.address = address
        self.keys = {}
        for organisation in (OURS, PAGED):
            now = datetime.now(UTC)
            key, self.keys[organisation] = new_key(organisation, "benchmark", Role.ADMIN, now)
            with store.transaction() as tx:
                tx.put_key(key)


def main() -> int:
    """Do all parts on each store and say which targets are met."""
    given = arguments()
    if given.serve:
        serve(given.serve, given.address)
        return 0
    random.seed(20240501)
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {sys.version.split()[0]}, "
          f"{os.cpu_count()} cores, {given.events:,} events", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        places = [] if given.server_alone else [""]
        places += [given.address] if given.address else []
        met = [on_store(folder, address, given) for address in places]
    return 0 if all(met) else 1


def on_store(folder: Path, address: str, given: argparse.Namespace) -> bool:
    """Do all parts on one store."""
    layout = Layout(folder)
    layout.make()
    name = "PostGIS" if address else "SQLite"
    place: Any = address or layout.database
    with closing(SqlStore.open(place, write=True, alone=False)) as store:
        if not store.organisations():
            began = time.perf_counter()
            fill(store, given.features, PAGED)
            fill(store, given.events, OURS)
            print(f"{name}: written in {time.perf_counter() - began:.0f} s", flush=True)
        made = Place(name, store, folder, address)
        with served(made) as (url, process):
            met = []
            for part in given.parts:
                load = os.getloadavg()[0]
                print(f"\n{name}, {part} (load of the machine {load:.1f})", flush=True)
                met.append(WORK[part](made, url, process, given))
    return all(met)


def newest(made: Place, url: str, process: psutil.Process, given: argparse.Namespace) -> bool:
    """Time the newest hundred in boxes and periods: bare, by the store, over HTTP."""
    whole: list[tuple[float, float, float]] = []
    print(f"  {'':20} found    bare p50/p95     store p50/p95      HTTP p50/p95   ratios of p50")
    with closing(Asking(url, made.keys[OURS])) as asking:
        for name, (edge, period) in WINDOWS.items():
            asked = [some_window(edge, period) for _ in range(given.questions)]
            answers = [newest_once(made, asking, where) for where in asked]
            times = [one[0] for one in answers]
            whole += times
            found = sum(one[1] for one in answers) / len(asked)
            print(f"  {name:20} {found:5.0f}  {told(times)}", flush=True)
        floor(made, asking, given.questions)
    print(f"  {'all of these':20}        {told(whole)}")
    bare, ours, over = (soaking.spread(column)[0] for column in zip(*whole, strict=True))
    met = ours <= STORE_TARGET * bare and over <= HTTP_TARGET * bare
    return say(met, f"store at most {STORE_TARGET} and HTTP at most {HTTP_TARGET:.0f} times bare")


def newest_once(
    made: Place, asking: Asking, where: EventFilter
) -> tuple[tuple[float, float, float], int]:
    """Return the seconds of one question, bare, by the store and over HTTP, and what it gave."""
    with made.store._reader.connect() as connection:
        ways = [Bare(connection, where, way) for way in (PLACE, TIME)]
        quick = min(ways, key=Bare.ask)
        asked = (
            quick.ask,
            lambda: timed(lambda: made.store.event_rows(OURS, where))[0],
            lambda: timed(lambda: asking.get("/events", parameters(where)))[0],
        )
        # Once for the caches of each, which are three, then in turn.
        _, *rounds = [[ask() for ask in asked] for _ in range(1 + ROUNDS)]
    bare, ours, over = (statistics.median(column) for column in zip(*rounds, strict=True))
    ids = [one.id for one in made.store.event_rows(OURS, where).items]
    answer = json.loads(asking.get("/events", parameters(where)))
    over_http = [one["id"] for one in answer["features"]]
    if any(way.ids[:100] != ids for way in ways) or over_http != ids:
        raise SystemExit("The ways disagree.")
    return (bare, ours, over), len(ids)


def floor(made: Place, asking: Asking, questions: int) -> None:
    """Time what no database is asked for: a request that shows no events, and making records."""
    events = made.store.events(OURS, EventFilter(), limit=100).items
    rows = [to_row(one) for one in events]
    names, values = list(rows[0]), [tuple(row.values()) for row in rows]
    times = [
        (
            timed(lambda: asking.get("/whoami", {}))[0],
            timed(lambda: from_rows(Event, names, values))[0],
        )
        for _ in range(questions)
    ]
    (empty, _), (made_of, _) = (soaking.spread(one) for one in zip(*times, strict=True))
    print(f"  of HTTP, a request that shows no events {empty:.2f} ms; making records of "
          f"{len(rows)} rows, which it does without, takes {made_of:.2f} ms")  # fmt: skip


def filters(made: Place, url: str, process: psutil.Process, given: argparse.Namespace) -> bool:
    """Time filters in CQL2, from text to records."""
    worst = 0.0
    for name, make in FILTERS.items():
        times, found, way = [], 0, TIME
        for _ in range(given.questions):
            asked = make()
            began = time.perf_counter()
            where = EventFilter(filter=read_text(asked, FIELDS["events"]))
            found += len(made.store.events(OURS, where, limit=100).items)
            times.append(time.perf_counter() - began)
            with made.store._reader.connect() as connection:
                way = made.store._way(connection, EventSearch(OURS, where, None), 101)
        p50, p95 = soaking.spread(times)
        worst = max(worst, p95)
        print(f"  {name:28} {found / given.questions:5.0f} found  {way.by:5}  "
              f"p50 {p50:7.1f} ms  p95 {p95:7.1f} ms", flush=True)  # fmt: skip
    return say(worst <= FILTER_MS, f"every p95 at most {FILTER_MS:.0f} ms")


def paging(made: Place, url: str, process: psutil.Process, given: argparse.Namespace) -> bool:
    """Let GDAL page through all features of a collection into a GeoPackage."""
    seconds, count = gdal(f"OAPIF:{url}/ogc", "events", f"me:{made.keys[PAGED]}")
    print(f"  hearthwatch  {count:,} features in {seconds:.1f} s", flush=True)
    met = seconds <= PAGING_S and count == given.features
    if made.address and given.tipg:
        with peer(made, given.tipg) as other:
            theirs, found = gdal(f"OAPIF:{other}", "public.peer_events", "")
        print(f"  tipg         {found:,} features in {theirs:.1f} s", flush=True)
        met = met and seconds <= theirs
    return say(met, f"at most {PAGING_S:.0f} s, and no slower than tipg where it ran")


def gdal(source: str, layer: str, who: str) -> tuple[float, int]:
    """Convert a collection with ogr2ogr; return the seconds and how many features came."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.gpkg"
        options = ["-oo", f"PAGE_SIZE={PAGE}", *(["-oo", f"USERPWD={who}"] if who else [])]
        seconds, _ = timed(lambda: subprocess.run(
            ["ogr2ogr", *options, str(out), source, layer], check=True))  # fmt: skip
        info = subprocess.run(["ogrinfo", "-so", "-al", str(out)], check=True, text=True,
                              stdout=subprocess.PIPE).stdout  # fmt: skip
    return seconds, int(info.split("Feature Count:")[1].split()[0])


@contextmanager
def peer(made: Place, python: Path) -> Iterator[str]:
    """Serve the same features by tipg, from a table of the same database."""
    with made.store._writer.connect() as connection:  # type: ignore[union-attr]
        connection.execute(text("DROP TABLE IF EXISTS peer_events"))
        connection.execute(text(PEER_TABLE), {"organisation": PAGED})
        connection.execute(text("ALTER TABLE peer_events ADD PRIMARY KEY (id)"))
        connection.commit()
    port = free_port()
    environment = {
        **os.environ, "DATABASE_URL": made.address,
        "TIPG_MAX_FEATURES_PER_QUERY": str(PAGE), "TIPG_DEBUG": "FALSE",
    }  # fmt: skip
    command = [
        str(python),
        "-m",
        "uvicorn",
        "tipg.main:app",
        "--port",
        str(port),
        "--no-access-log",
    ]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/collections")
        yield url
    finally:
        process.terminate()
        process.wait(30)
        with made.store._writer.connect() as connection:  # type: ignore[union-attr]
            connection.execute(text("DROP TABLE peer_events"))
            connection.commit()


PEER_TABLE = """
CREATE TABLE peer_events AS SELECT id, version, organisation, region, settlement, kind, mode, state,
change, merged_into, to_timestamp(last_unharmed / 1e6) AS last_unharmed, to_timestamp(first_changed
/ 1e6) AS first_changed, to_timestamp(first_detected / 1e6) AS first_detected,
to_timestamp(last_detected / 1e6) AS last_detected, area_m2, looks, observed, evidence::json AS
evidence, doubts::json AS doubts, detector, detector_state, cell,
ST_SetSRID(ST_GeomFromWKB(geometry), 4326) AS geom FROM events WHERE organisation = :organisation
"""


def soak(made: Place, url: str, process: psutil.Process, given: argparse.Namespace) -> bool:
    """Load the server with readers and a writer for some minutes."""
    plain = made.store.events(OURS, EventFilter(), limit=1).items[0]
    print(f"  {READERS} readers and a writer for {given.minutes:g} minutes", flush=True)
    soaked = soaking.soak(
        lambda: client(url, made.keys[OURS]), questions(made.store), made.store, plain,
        lambda: int(process.memory_info().rss), readers=READERS, seconds=given.minutes * 60,
    )  # fmt: skip
    print("\n".join(soaking.told(soaked)), flush=True)
    kept = sum(1 for one in soaked.written if made.store.event(OURS, one))
    print(f"  {kept} of {len(soaked.written)} events written are there")
    met = not soaked.errors and soaked.growth() <= soaking.FLAT
    return say(met and kept == len(soaked.written), "no error, nothing lost, memory flat")


def questions(store: SqlStore) -> Mapping[str, soaking.Ask]:
    """Return what readers ask for."""
    some = [one.id for one in store.events(OURS, EventFilter(), limit=1000).items]

    def windows(rng: random.Random) -> tuple[str, Mapping[str, str]]:
        return "/events", parameters(some_window(*rng.choice(list(WINDOWS.values()))))

    def filtered(rng: random.Random) -> tuple[str, Mapping[str, str]]:
        made = rng.choice(list(FILTERS.values()))()
        return "/ogc/collections/events/items", {"filter": made, "limit": "100"}

    def tile(rng: random.Random) -> tuple[str, Mapping[str, str]]:
        return f"/tiles/events/9/{rng.randrange(287, 311)}/{rng.randrange(223, 243)}.mvt", {}

    return {
        "events": windows,
        "filtered items": filtered,
        "one event": lambda rng: (f"/events/{rng.choice(some)}", {}),
        "vector tile": tile,
        "changes": lambda rng: ("/changes", {"limit": "100"}),
    }


WORK: Mapping[str, Callable[..., bool]] = {
    "newest": newest, "filters": filters, "paging": paging, "soak": soak,
}  # fmt: skip


class Asking:
    """A connection to the service that adds as little of its own as a client can."""

    def __init__(self, url: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"))
        self._fields = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Return the body of an answer, which must be a good one."""
        address = f"{path}?{urlencode(query)}" if query else path
        try:
            answer, body = self._sent(address)
        except ConnectionError:
            # The server closes what lies idle, here while a bare question took its time.
            self._connection.close()
            answer, body = self._sent(address)
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:500]!r}")
        return body

    def close(self) -> None:
        self._connection.close()

    def _sent(self, address: str) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request("GET", address, headers=self._fields)
        answer = self._connection.getresponse()
        return answer, answer.read()


def client(url: str, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=120)


def parameters(where: EventFilter) -> dict[str, str]:
    """Return a window as the query of a request."""
    since, until = where.since or START, where.until or START + timedelta(days=DAYS)
    return {
        "limit": "100", "bbox": ",".join(map(repr, where.bbox or ())),
        "since": moment(since) or "", "until": moment(until) or "",
    }  # fmt: skip


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = action()
    return time.perf_counter() - began, result


def told(times: Sequence[tuple[float, float, float]]) -> str:
    columns = [soaking.spread(column) for column in zip(*times, strict=True)]
    (bare, _), (ours, _), (over, _) = columns
    words = "  ".join(f"{p50:7.2f} {p95:7.2f}" for p50, p95 in columns)
    return f"{words}   {ours / bare:5.2f} {over / bare:5.2f}"


def say(met: bool, words: str) -> bool:
    print(f"  target: {words}: {'met' if met else 'NOT MET'}", flush=True)
    return met


def serve(folder: Path, address: str) -> None:
    """Serve a store in this process until told to stop; print the port."""
    settings = load_settings(data_dir=folder, requests_per_second=0)
    layout = Layout(folder)
    place: Any = address or layout.database
    with (
        server.bind("127.0.0.1", 0) as listening,
        closing(SqlStore.open(place, write=True, alone=False)) as store,
    ):
        app = create_app(settings, store)
        port = listening.getsockname()[1]

        def begun() -> None:
            print(port, flush=True)
            store.foresee()

        server.run(app, listening, begun)


@contextmanager
def served(made: Place) -> Iterator[tuple[str, psutil.Process]]:
    """Serve a store in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_service", "--serve", str(made.folder)]
    command += ["--address", made.address] if made.address else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
        finally:
            process.terminate()


def free_port() -> int:
    with server.bind("127.0.0.1", 0) as one:
        return int(one.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            json.loads(httpx.get(url, timeout=5).text)
        except (httpx.HTTPError, ValueError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"Nothing answers at {url}.")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="", help="of an empty PostgreSQL database")
    parser.add_argument("--server-alone", action="store_true", help="leave SQLite out")
    parser.add_argument("--tipg", type=Path, help="Python of an environment with tipg")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=200_000, help="that GDAL pages")
    parser.add_argument("--questions", type=int, default=40, help="of each kind")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak")
    parser.add_argument("--folder", type=Path, help="where to keep what was made, and find it")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
