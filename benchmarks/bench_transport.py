"""Sixty tiles by eight threads from a server that limits: our transport beside sentinelhub's own.

``python benchmarks/bench_transport.py [rounds] [--save]``; with ``--save`` the table is written to
``benchmarks/results/transport.md``. Both send the very same requests, which sentinelhub built, to
one server on loopback: a token bucket of 20 requests a second that holds five, and answers 429 with
Retry-After in milliseconds otherwise. Sentinelhub is used as its documentation shows: one request
object per tile, whose `get_data` is called.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# The library refuses a token server without encryption, even on this machine.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from sentinelhub import (  # noqa: E402
    CRS,
    BBox,
    DataCollection,
    MimeType,
    SentinelHubDownloadClient,
    SentinelHubRequest,
    SHConfig,
)

from imagery.net.tokens import Credentials, TokenKeeper  # noqa: E402
from imagery.net.transport import Transport  # noqa: E402
from imagery.net.types import Account, Deadline, Request  # noqa: E402
from tests.support.faulty import Answer, Asked, FaultyServer, too_many  # noqa: E402

TILES, THREADS, RATE, HELD, WORK_S = 60, 8, 20.0, 5.0, 0.05
RESULT = ROOT / "benchmarks" / "results" / "transport.md"
BODY = b"II*\x00" + bytes(100_000)
EVALSCRIPT = """//VERSION=3
function setup() { return { input: ["B04"], output: { bands: 1, sampleType: "UINT16" } }; }
function evaluatePixel(s) { return [s.B04]; }"""


class Limited:
    """Tokens, and pixels at a limited rate; counts what it is asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left, self._at = HELD, time.monotonic()
        self.calls = self.tokens = self.refused = 0

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            with self._lock:
                self.tokens += 1
            said = {"access_token": f"t{self.tokens}", "expires_in": 3600, "token_type": "Bearer"}
            return Answer(
                body=json.dumps(said).encode(), headers=(("Content-Type", "application/json"),)
            )
        with self._lock:
            self.calls += 1
            now = time.monotonic()
            self._left, self._at = min(HELD, self._left + (now - self._at) * RATE), now
            if self._left < 1.0:
                self.refused += 1
                return too_many(f"{1000.0 * (1.0 - self._left) / RATE:.0f}")
            self._left -= 1.0
        return Answer(body=BODY, pause=WORK_S)


@dataclass(frozen=True, slots=True)
class Outcome:
    calls: int
    tokens: int
    refused: int
    seconds: float


def tile_request(config: SHConfig, collection: DataCollection, n: int) -> SentinelHubRequest:
    west, south = 600_000 + 10_240 * n, 5_000_000
    return SentinelHubRequest(
        evalscript=EVALSCRIPT,
        input_data=[SentinelHubRequest.input_data(collection, time_interval=("2024-05-01",) * 2)],
        responses=[SentinelHubRequest.output_response("default", MimeType.TIFF)],
        bbox=BBox((west, south, west + 10_240, south + 10_240), CRS.UTM_35N),
        size=(1024, 1024),
        config=config,
    )


def requests_for(url: str, name: str) -> list[SentinelHubRequest]:
    # With its defaults the library writes a file below the home folder; and a collection keeps its
    # own address, whatever the settings say.
    config = SHConfig(
        use_defaults=True,
        sh_client_id="me",
        sh_client_secret="secret",
        sh_base_url=url,
        sh_token_url=f"{url}/token",
    )
    collection = DataCollection.SENTINEL2_L2A.define_from(name, service_url=url)
    return [tile_request(config, collection, n) for n in range(TILES)]


def stock(url: str, tiles: list[SentinelHubRequest]) -> None:
    SentinelHubDownloadClient.clear_cache()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda tile: tile.get_data(decode_data=False)[0].content, tiles))
    assert answers == [BODY] * TILES


def ours(url: str, tiles: list[SentinelHubRequest]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        account = Account(
            "bench", (url,), Path(folder), f"{url}/token", RATE * 60, 1e9, retry_after="ms"
        )
        transport = Transport(account)

        def fetch(tile: SentinelHubRequest) -> bytes:
            built = tile.download_list[0]
            request = Request(
                "POST",
                str(built.url),
                tuple(built.headers.items()),
                json.dumps(built.post_values).encode(),
                authorised=True,
            )
            return transport.send(request, Deadline.after(60)).body

        with (
            TokenKeeper(account, Credentials("me", "secret")),
            ThreadPoolExecutor(THREADS) as pool,
        ):
            answers = list(pool.map(fetch, tiles))
        transport.close()
    assert answers == [BODY] * TILES


def measured(client: Callable[[str, list[SentinelHubRequest]], None], name: str) -> Outcome:
    server = Limited()
    with FaultyServer(server) as served:
        tiles = requests_for(served.url, name)
        start = time.perf_counter()
        client(served.url, tiles)
        seconds = time.perf_counter() - start
    return Outcome(server.calls, server.tokens, server.refused, seconds)


def rows(outcomes: dict[str, list[Outcome]]) -> list[str]:
    lines = ["| client | calls | tokens | 429 | seconds |", "|---|---:|---:|---:|---:|"]
    for name, rounds in outcomes.items():
        for each in rounds:
            numbers = f"{each.calls} | {each.tokens} | {each.refused} | {each.seconds:.1f}"
            lines.append(f"| {name} | {numbers} |")
    return lines


def report(outcomes: dict[str, list[Outcome]], rounds: int) -> str:
    day = datetime.now(UTC).date()
    version = importlib.metadata.version("sentinelhub")
    head = [
        f"# The transport beside sentinelhub {version}",
        "",
        f"{day}, `python benchmarks/bench_transport.py {rounds}`, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores.",
        "",
        f"{TILES} tiles by {THREADS} threads of one process from a server on loopback that allows "
        f"{RATE:.0f} requests a second (a token bucket that holds {HELD:.0f}), works "
        f"{1000 * WORK_S:.0f} ms on each, and answers 429 with Retry-After in milliseconds "
        "otherwise. Both send the same requests and get the same bytes. One line is one round; "
        "the two take turns.",
        "",
    ]
    return "\n".join([*head, *rows(outcomes), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    # The library warns at every 429.
    warnings.simplefilter("ignore")
    outcomes: dict[str, list[Outcome]] = {"ours": [], "sentinelhub": []}
    for n in range(arguments.rounds):
        outcomes["ours"].append(measured(ours, f"ours {n}"))
        outcomes["sentinelhub"].append(measured(stock, f"stock {n}"))
    text = report(outcomes, arguments.rounds)
    print(text)
    for each in outcomes["ours"]:
        assert each.calls <= 1.1 * TILES
        assert each.tokens == 1
    if arguments.save:
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
