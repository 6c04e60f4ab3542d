"""Serve a stand-in by hand: ``python -m tests.standin CATALOGUE``."""

# Talking to a person is what it is for.
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely

from tests.standin.account import StandinAccount
from tests.standin.dialects import DIALECTS
from tests.standin.scenes import Scene
from tests.standin.server import Standin

PORT = 8481
WAVELENGTH = {
    "B01": 443, "B02": 490, "B03": 560, "B04": 665, "B05": 705, "B06": 740, "B07": 783,
    "B08": 842, "B8A": 865, "B09": 945, "B11": 1610, "B12": 2190,
}  # fmt: skip
"""Nominal centres of Sentinel-2's bands, nm."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    args = _parse(arguments)
    if not args.catalogue.exists():
        print(f"There is no catalogue at {args.catalogue}.", file=sys.stderr)
        return 2
    with Standin(
        args.catalogue, port=args.port, rate=args.rate, units=args.units, requests=args.requests
    ) as server:
        if not server.scenes():
            print(f"There are no scenes in {args.catalogue}.", file=sys.stderr)
            return 2
        if not args.as_sensed:
            server.later = years_since(server.scenes()[-1].sensed, datetime.now(UTC))
        server.substitutes = substitutes(server.scenes()[0])
        credentials = write_credentials(args.credentials, server.account)
        print(greeting(server, credentials), flush=True)
        _wait_for_end()
        print(f"\n{len(server.calls())} requests were answered.")
    return 0


def write_credentials(path: Path, account: StandinAccount) -> Path:
    """Write the account's client for nobody else to read, and return where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"client_id": account.client_id, "client_secret": account.client_secret}, out)
    return path.absolute()


def settings(server: Standin, kind: str, credentials: Path) -> dict[str, str]:
    """Return the environment under which hearthwatch asks the stand-in."""
    if kind == "sentinelhub":
        return {
            "HEARTHWATCH_PROVIDER": "sentinelhub",
            "HEARTHWATCH_SENTINELHUB_URL": server.url,
            "HEARTHWATCH_SENTINELHUB_TOKEN_URL": server.token_url,
            "HEARTHWATCH_SENTINELHUB_CREDENTIALS": str(credentials),
        }
    return {
        "HEARTHWATCH_PROVIDER": "stac",
        "HEARTHWATCH_STAC_URL": server.stac_url("earth-search"),
        "HEARTHWATCH_STAC_COLLECTIONS": next(iter(DIALECTS["earth-search"].collections)),
    }


def years_since(last: datetime, now: datetime) -> timedelta:
    """Return the whole years, in days, that bring `last` close to `now` in the same season."""
    years = max(0, int((now - last).days / 365.25))
    return timedelta(days=round(years * 365.25))


def substitutes(scene: Scene) -> dict[str, str]:
    """Return for each band of Sentinel-2 that a scene lacks the one nearest in wavelength."""
    held = [band for band in WAVELENGTH if band in scene.bands]
    return {
        band: min(held, key=lambda other: abs(WAVELENGTH[other] - nm))
        for band, nm in WAVELENGTH.items()
        if held and band not in scene.bands
    }


def greeting(server: Standin, credentials: Path) -> str:
    """Return what to export and what to try."""
    found = server.scenes()
    first, last = found[0].sensed, found[-1].sensed
    west, south, east, north = shapely.union_all([one.footprint for one in found]).bounds
    margin = min(east - west, north - south) / 10
    box = ",".join(f"{value:.5f}" for value in
                   (west + margin, south + margin, east - margin, north - margin))  # fmt: skip
    years = round(server.later.days / 365.25)
    recent = [f"They are said to be {years} years younger than they are."] if years else []
    lines = [
        f"{len(found)} scenes from {first:%Y-%m-%d} to {last:%Y-%m-%d} are served at {server.url}.",
        *recent,
        *_lacking(server.substitutes),
        "Nothing leaves this machine. Stop with Ctrl+C.",
        "",
        "As Sentinel Hub:",
        *_exports(settings(server, "sentinelhub", credentials)),
        "",
        "Or as a STAC catalogue of GeoTIFFs:",
        *_exports(settings(server, "stac", credentials)),
        "",
        "Then, in another terminal:",
        "  export HEARTHWATCH_DATA_DIR=var/standin",
        "  hearthwatch doctor",
        f"  hearthwatch region add Stand-in --bbox={box}",
        "  hearthwatch run",
        "",
        "Other STAC catalogues over the same scenes: "
        + ", ".join(server.stac_url(name) for name in DIALECTS if name != "earth-search"),
    ]
    return "\n".join(lines)


def _lacking(substitutes: dict[str, str]) -> list[str]:
    if not substitutes:
        return []
    pairs = ", ".join(f"{other} for {band}" for band, other in substitutes.items())
    return [f"Bands that are not on disk are shown as others, by Sentinel Hub: {pairs}."]


def _wait_for_end() -> None:
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda number, frame: ended.set())
    ended.wait()


def _exports(values: dict[str, str]) -> list[str]:
    return [f"  export {name}={shlex.quote(value)}" for name, value in values.items()]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("catalogue", type=Path, help="folder of STAC items and GeoTIFFs")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    parser.add_argument("--credentials", type=Path, default=Path("var/standin/credentials.json"),
                        help="where the account's client is written")  # fmt: skip
    parser.add_argument("--as-sensed", action="store_true",
                        help="leave the dates as they are; else they are moved by whole years, "
                        "for hearthwatch asks for two years only")  # fmt: skip
    parser.add_argument("--rate", type=float, help="requests per second that are allowed")
    parser.add_argument("--units", type=float, help="processing units of the month")
    parser.add_argument("--requests", type=int, help="requests of the month")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
