"""`hearthwatch serve` and `hearthwatch up`."""

from __future__ import annotations

import json
import signal
import socket
import threading
from datetime import UTC, datetime, timedelta

from api import server
from api.app import create_app
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.pipeline.watch import Watch
from hearthwatch.records import Role
from hearthwatch.settings import Settings
from hearthwatch.sources import fallback_from, inbox_from, provider_from
from hearthwatch.store.protocol import Store
from tiles.archive import Archive

_LOOPBACK = ("127.", "::1", "localhost")


def serve(call: Call) -> Answer:
    """Serve the page and the API until told to stop."""
    with (
        server.bind(call.settings.host, call.settings.port) as listening,
        call.store(write=True, alone=False) as store,
    ):
        _serve(call, store, listening)
    return _stopped(call)


def up(call: Call) -> Answer:
    """Serve, and take new looks every few hours, in one process."""
    provider = provider_from(call.settings)
    with (
        server.bind(call.settings.host, call.settings.port) as listening,
        call.store(write=True) as store,
    ):
        every = timedelta(hours=call.settings.run_every_hours)
        other, inbox = fallback_from(call.settings), inbox_from(call.settings)
        watch = Watch(call.settings, store, provider, every, call.note, other, inbox)
        thread = threading.Thread(target=watch.go_on, name="watch")
        thread.start()
        try:
            _serve(call, store, listening)
        finally:
            watch.stop()
            thread.join()
    return _stopped(call)


def _serve(call: Call, store: Store, listening: socket.socket) -> None:
    # uvicorn hands the signal on when it has ended; by then there is nothing left to stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    settings = call.settings
    address = _address(settings, listening)
    key = _first_key(call, store)
    app = create_app(settings, store, Archive(Layout(settings.data_dir).archive))
    server.run(app, listening, lambda: _announce(call, address, key))


def _first_key(call: Call, store: Store) -> str | None:
    """Make the organisation's first key; return it where there was none."""
    if store.keys(call.organisation):
        return None
    key, shown = new_key(call.organisation, "first key", Role.ADMIN, datetime.now(UTC))
    with store.transaction() as transaction:
        transaction.put_key(key)
    return shown


def _announce(call: Call, address: str, key: str | None) -> None:
    """Say where the page is, and the first key, which is shown this once."""
    if call.as_json:
        print(json.dumps({"url": address, "key": key}), flush=True)
        return
    print(f"The page and the API are at {address}", flush=True)
    if key:
        print(f"First key, shown this once: {key}", flush=True)
    if not call.settings.host.startswith(_LOOPBACK):
        call.note(
            "Other machines can reach it, and it speaks plain HTTP: put a proxy with TLS before it."
        )


def _address(settings: Settings, listening: socket.socket) -> str:
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def _stopped(call: Call) -> Answer:
    return Answer({"stopped": True}, "Stopped. Nothing that was committed is lost.")
