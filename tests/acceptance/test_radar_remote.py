"""Radar over a network: scenes in ground range from Sentinel Hub, corrected ones from STAC.

Two villages are drawn in radar power; one loses its buildings. Whoever delivers the passes, the
run must say which village, when, and nothing of the other; and where radar is down, light is not.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Event, EventState, LedgerRow
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.settings import Settings, load_settings
from hearthwatch.sources import provider_from
from hearthwatch.store import MemoryStore
from imagery.types import ImageryProvider
from tests.standin import ACCOUNT, Standin
from tests.standin.wire import Answer, Refused, Request, service_error
from tests.support import settled
from tests.support.catalogue import every
from tests.support.radar import Power, RadarRenderer, Track, make_radar_catalogue
from tests.support.sensors import RADAR, only
from tests.support.settled import LOOKS, SIDE, Village
from tests.support.sources import planetary_computer

pytestmark = pytest.mark.slow

TRACK = Track(7, "descending", time(4, 35, 41))
"""Of which satellites pass over this ground at this time of day, on these days."""
PASSES = every(date(2020, 1, 3), date(2020, 5, 2), 12)
GONE = 7
"""The buildings of the eastern village are gone from this pass on."""
FEW = 4
"""Looks of light."""
MIDDLE = 3000.0
"""Metres east and north of the corner, so that all ground lies in one cell."""
EAST = Village("East", MIDDLE + 450.0, MIDDLE + 240.0)
WEST = Village("West", MIDDLE - 420.0, MIDDLE - 330.0)
VILLAGES = (EAST, WEST)
ORIGIN = (settled.CORNER[0] + MIDDLE - SIDE * 5.0, settled.CORNER[1] + MIDDLE + SIDE * 5.0)
OUTSIDE = -32_768.0


def drawn(sensed: datetime, track: Track) -> dict[str, Power]:
    """Return speckled ground with two villages 6 dB above it."""
    rng = np.random.default_rng([settled.SEED, int(sensed.timestamp())])
    rows, cols = np.mgrid[:SIDE, :SIDE] + 0.5
    east, north = MIDDLE - SIDE * 5.0 + cols * 10.0, MIDDLE + SIDE * 5.0 - rows * 10.0
    level = np.ones((SIDE, SIDE))
    for village in VILLAGES:
        if village is WEST or sensed.date() < PASSES[GONE].date():
            level[np.hypot(east - village.east, north - village.north) <= village.radius] = 4.0
    speckle = rng.gamma(10.0, 0.1, (2, SIDE, SIDE))
    power = np.stack([0.08 * level, 0.016 * level]) * speckle
    vv, vh = power.astype(np.float32)
    return {"VV": vv, "VH": vh}


@pytest.fixture(scope="module", autouse=True)
def both() -> Iterator[None]:
    """Install radar, and nothing but it and the detector of burned settlements."""
    with only("burned", radar=RADAR):
        yield


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looks")
    bare = settled.dry_land(villages=())
    settled.write_looks(folder / "optical", LOOKS[:FEW], bare, origin=ORIGIN)
    render: RadarRenderer = drawn
    make_radar_catalogue(
        folder / "radar", [at.date() for at in PASSES], render, tracks=[TRACK], origin=ORIGIN,
        nodata=OUTSIDE,
    )  # fmt: skip
    return folder


class Server(Standin):
    """The stand-in, of which all that is of radar can be switched off."""

    deaf: frozenset[str] = frozenset()
    """Routes that answer nothing of radar."""

    def _process(self, request: Request) -> Answer:
        self._listen("process", request.json()["input"]["data"][0]["type"])
        return super()._process(request)

    def _catalog(self, request: Request) -> Answer:
        self._listen("catalog", *request.json()["collections"])
        return super()._catalog(request)

    def _listen(self, route: str, *kinds: str) -> None:
        if route in self.deaf and "sentinel-1-grd" in kinds:
            raise Refused(service_error(503, "COMMON_UNAVAILABLE", "Radar is down."))


@pytest.fixture
def server(looks: Path) -> Iterator[Server]:
    with Server(looks) as running:
        yield running


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store, VILLAGES)
    area = settled.degrees(box(MIDDLE - 1000, MIDDLE - 1000, MIDDLE + 1000, MIDDLE + 1000))
    with store.transaction() as tx:
        tx.put_region(dataclasses.replace(settled.region(), geometry=area))
    return store


def settings_of(server: Standin, root: Path) -> Settings:
    secret = root / "account.json"
    secret.touch(mode=0o600)
    given = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}
    secret.write_text(json.dumps(given))
    return load_settings(
        data_dir=root / "var", organisation="local", workers=1, provider="sentinelhub",
        sentinelhub_url=server.url, sentinelhub_token_url=server.token_url,
        sentinelhub_credentials=secret, requests_per_minute=60_000, units_per_minute=60_000,
    )  # fmt: skip


@contextmanager
def source(name: str, server: Server, root: Path) -> Iterator[tuple[Settings, ImageryProvider]]:
    """Give a provider of both sensors, as settings name it or, of signed files, made here."""
    settings = settings_of(server, root)
    if name == "sentinelhub":
        yield settings, provider_from(settings)
    else:
        collections = ["sentinel-2-l2a", "sentinel-1-rtc"]
        yield settings, planetary_computer(server, root / "net", collections)


def run(
    settings: Settings, store: MemoryStore, provider: ImageryProvider, until: datetime
) -> RunReport:
    return run_region(settings, store, provider, store.region("local", settled.REGION), until)


def wait_a_minute(settings: Settings) -> None:
    """Do as if it had passed: who does not answer is left alone for so long."""
    for file in Layout(settings.data_dir).net.rglob("breaker-*"):
        file.unlink()


def rows_of(store: MemoryStore, detector: str) -> list[LedgerRow]:
    """Return the rows of passes that came, of one detector."""
    return [
        row
        for row in settled.rows_of(store)
        if row.detector == detector and not row.acquisition.startswith("expected_")
    ]


def place(event: Event) -> tuple[object, ...]:
    return (
        event.kind.value, event.settlement, event.state, event.last_unharmed.date(),
        event.first_changed.date(),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "product"), [("sentinelhub", "grd"), ("stac", "rtc")])
def test_a_lost_village_is_found_in_what_each_of_them_delivers(
    name: str, product: str, server: Server, store: MemoryStore, tmp_path: Path
) -> None:
    with source(name, server, tmp_path) as (settings, provider):
        run(settings, store, provider, settled.UNTIL)
    rows = rows_of(store, "radar")
    for village in VILLAGES:
        mine = [row for row in rows if row.settlement == f"id-{village.name}"]
        assert [row.acquisition for row in mine] == [
            f"S1A_IW_R007_D_{at:%Y%m%d}_{product}" for at in PASSES
        ]
        assert all(row.usable > 0.99 for row in mine)
    (event,) = settled.events_of(store)
    assert place(event) == (
        "razed", f"id-{EAST.name}", EventState.PROVISIONAL, PASSES[GONE - 1].date(),
        PASSES[GONE].date(),
    )  # fmt: skip
    assert (event.detector, event.detector_state) == ("radar", "ESTABLISHED")
    # 6 dB above the ground, of which nothing is left: measured as it was drawn.
    assert event.evidence["vv_drop_db"] == pytest.approx(6.0, abs=0.5)
    last = [row for row in rows if row.settlement == f"id-{WEST.name}"][-1]
    assert last.status is Status.UNCHANGED
    assert last.detail["said"]["radar_informative"]
    assert len({row.acquisition for row in rows_of(store, "burned")}) == FEW


@pytest.mark.parametrize("route", ["process", "catalog"])
def test_where_radar_is_down_light_goes_on_and_radar_catches_up(
    route: str, server: Server, store: MemoryStore, tmp_path: Path
) -> None:
    until = LOOKS[FEW - 1] + timedelta(hours=1)
    passes = [at for at in PASSES if at < until]
    with source("sentinelhub", server, tmp_path) as (settings, provider):
        server.deaf = frozenset({route})
        told = run(settings, store, provider, until)
        light = rows_of(store, "burned")
        assert len({row.acquisition for row in light}) == FEW
        assert all(row.usable > 0.99 for row in light)
        missing = rows_of(store, "radar")
        assert all(row.usable == 0.0 for row in missing)
        first = [row for row in missing if row.acquisition == missing[0].acquisition]
        assert all("503" in row.detail["reason"] for row in first)
        assert missing or "radar: the catalogue could not be searched: sent" in told.run.detail
        assert "burned" not in told.run.detail
        server.deaf = frozenset()
        wait_a_minute(settings)
        run(settings, store, provider, until)
    echoes = rows_of(store, "radar")
    assert len({row.acquisition for row in echoes}) == len(passes) > 1
    assert all(row.usable > 0.99 for row in echoes)
    assert rows_of(store, "burned") == light
