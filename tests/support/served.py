"""A served data folder: one organisation with a watched square, and another beside it."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from shapely.geometry import MultiPolygon, box

from api import server
from api.app import create_app
from hearthwatch.alerting.post import Post
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.pipeline.planner import Planner
from hearthwatch.records import (
    ApiKey,
    Event,
    EventState,
    Kind,
    LedgerRow,
    Mode,
    ObservationStatus,
    Region,
    Role,
    Run,
    RunOutcome,
    Settlement,
)
from hearthwatch.settings import Settings
from hearthwatch.store import Store, open_store
from tests.support import watched
from tests.support.built import built
from tiles.archive import Archive

LOOKS = 17
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
THEIR_CELL = "36N_0512_0143"
THEIR_LOOK = "their-look"
THEIR_GROUND = MultiPolygon([box(33.301234, 13.104321, 33.32, 13.12)])
"""Of the other organisation; nothing of it may ever reach ours."""

SECRETS = (
    "their-region", "their-event", "their-settlement", "their-job", THEIR_LOOK, THEIR_CELL,
    "theirs", "33.301234", "13.104321", "Their Village",
)  # fmt: skip
"""Words that stand in no answer to ours."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys as they are sent."""

    ours: str
    viewer: str
    theirs: str
    revoked: str
    expired: str


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    url: str
    keys: Keys
    settings: Settings
    store: Store

    def client(self, key: str | None = None, **more: object) -> httpx.Client:
        """Return a client with a key, ours by default; an empty one sends none."""
        given = self.keys.ours if key is None else key
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, **more)  # type: ignore[arg-type]


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Make a data folder with events in it, and serve it."""
    there = built("square", _watch)
    root = shutil.copytree(there / "var", folder / "var")
    settings = _settings(root, there / "looks")
    layout = Layout(root)
    store = open_store(layout.database, write=True, alone=False)
    try:
        keys = _write(store, layout)
        with listening(settings, store) as url:
            yield Served(url, keys, settings, store)
    finally:
        store.close()


def _watch(folder: Path) -> None:
    looks = watched.write_looks(folder / "looks", LOOKS, damaged=5)
    watched.run(_settings(watched.prepare(folder / "var"), looks))


def _settings(root: Path, looks: Path) -> Settings:
    return watched.settings_for(root, looks, executor="threads", workers=2)


@contextmanager
def listening(settings: Settings, store: Store, post: Post | None = None) -> Iterator[str]:
    """Serve a store on a free port, in a thread of this process."""
    planner = Planner(settings, store)
    app = create_app(settings, store, planner, post)
    started = threading.Event()
    with server.bind("127.0.0.1", 0) as sock:
        served = server.made(app, started.set)
        thread = threading.Thread(target=served.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            assert started.wait(60)
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            served.should_exit = True
            thread.join(30)


def _write(store: Store, layout: Layout) -> Keys:
    made: dict[str, str] = {}
    with store.transaction() as tx:
        for name, organisation, role in (
            ("ours", "local", Role.ADMIN),
            ("viewer", "local", Role.VIEWER),
            ("theirs", "theirs", Role.ADMIN),
            ("revoked", "local", Role.ADMIN),
            ("expired", "local", Role.ADMIN),
        ):
            key, made[name] = new_key(organisation, name, role, NOON)
            tx.put_key(_ended(key, name))
        _write_theirs(tx, store, layout)
        tx.put_settlements([_settlement("our-settlement", "local", "Ours", OUR_SETTLEMENT)])
    return Keys(**made)


OUR_SETTLEMENT = MultiPolygon([box(22.68, 44.70, 22.69, 44.71)])


def _ended(key: ApiKey, name: str) -> ApiKey:
    if name == "revoked":
        return dataclasses.replace(key, revoked=NOON)
    return dataclasses.replace(key, expires=NOON + timedelta(1)) if name == "expired" else key


def _write_theirs(tx: object, store: Store, layout: Layout) -> None:
    common = {"organisation": "theirs", "kind": Kind.GROUND_CHANGE, "mode": Mode.ACTUAL}
    region = Region(
        id="their-region", name="Their Village", geometry=THEIR_GROUND, area_km2=4.8, created=NOON,
        **common,
    )  # fmt: skip
    event = Event(
        id="their-event", region="their-region", cell=THEIR_CELL, detector="ground_change",
        state=EventState.PROVISIONAL, detector_state="PROBABLE", version=1, geometry=THEIR_GROUND,
        area_m2=1e4, last_unharmed=NOON, first_changed=NOON, first_detected=NOON,
        last_detected=NOON, looks=3, observed="Ground changed.", evidence={}, **common,
    )  # fmt: skip
    ours = next(row for row in store.ledger("local", "region-1").items if row.usable > 0.5)
    chip = Archive(layout.archive("local")).load(ours.acquisition, ours.cell)
    assert chip is not None
    archive = Archive(layout.archive("theirs"))
    masters = archive.store(dataclasses.replace(chip, acquisition=THEIR_LOOK), THEIR_CELL)
    row = LedgerRow(
        region="their-region", cell=THEIR_CELL, acquisition=THEIR_LOOK, detector="ground_change",
        sensed=NOON, status=ObservationStatus.CHANGED, usable=1.0,
        detail={"masters": [one.sha256 for one in masters]}, **common,
    )  # fmt: skip
    job = Run(
        id="their-job", region="their-region", started=NOON, until=NOON, digest="d" * 64,
        executor="threads", finished=NOON, outcome=RunOutcome.COMPLETE, **common,
    )  # fmt: skip
    tx.put_region(region)  # type: ignore[attr-defined]
    tx.put_event(event)  # type: ignore[attr-defined]
    tx.put_ledger(row)  # type: ignore[attr-defined]
    tx.put_run(job)  # type: ignore[attr-defined]
    settlement = _settlement("their-settlement", "theirs", "Their Village", THEIR_GROUND)
    tx.put_settlements([settlement])  # type: ignore[attr-defined]


def _settlement(key: str, organisation: str, name: str, ground: MultiPolygon) -> Settlement:
    return Settlement(
        id=key, organisation=organisation, mode=Mode.ACTUAL, name=name, geometry=ground,
        area_m2=1e6, created=NOON, source="drawn",
    )  # fmt: skip
