"""`hearthwatch serve` and `hearthwatch up`."""

from __future__ import annotations

import dataclasses
import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from api import audited, server
from api.app import create_app
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import made_up_password, new_person
from hearthwatch.alerts.installed import post_from, sender_from
from hearthwatch.alerts.sending import Sending
from hearthwatch.audit.entries import COMMAND_LINE
from hearthwatch.cli.call import Call
from hearthwatch.cli.persons import add_organisation
from hearthwatch.cli.report import Answer
from hearthwatch.keys import new_key
from hearthwatch.pipeline.backtest_jobs import Backtests
from hearthwatch.pipeline.lead import LEASE_SECONDS, Lead
from hearthwatch.pipeline.planner import Planner
from hearthwatch.pipeline.watch import Watch
from hearthwatch.records import Role
from hearthwatch.settings import Settings
from hearthwatch.sources import fallback_from, inbox_from, provider_from
from hearthwatch.store.protocol import Store
from hearthwatch.watchdogs.answering import end_restoring
from hearthwatch.watchdogs.watching import Watchdogs
from hearthwatch.words import counted
from imagery.types import ImageryProvider

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
    """Serve, take new looks every few hours, and send alerts, in one process.

    Of several on one server, one takes the looks, and another when that one ends.
    """
    provider = provider_from(call.settings)
    with (
        server.bind(call.settings.host, call.settings.port) as listening,
        call.store(write=True, alone=not call.settings.database) as store,
        _lead(call, store) as lead,
    ):
        every = timedelta(hours=call.settings.run_every_hours)
        other, inbox = fallback_from(call.settings), inbox_from(call.settings)
        watch = Watch(call.settings, store, provider, every, call.note, other, inbox, lead)
        trials = _backtests(call, store, provider, lead)
        sending = Sending(sender_from(call.settings, store))
        looks = threading.Thread(target=watch.go_on, name="watch")
        dogs = Watchdogs(
            call.settings, store, post_from(call.settings, store),
            lambda: looks.is_alive() and (lead is None or lead.is_held),
        )  # fmt: skip
        threads = [
            looks,
            threading.Thread(target=sending.go_on, name="sending"),
            threading.Thread(target=trials.go_on, name="backtests"),
            threading.Thread(target=dogs.go_on, name="watchdogs"),
        ]
        for thread in threads:
            thread.start()
        try:
            _serve(call, store, listening)
        finally:
            watch.stop()
            trials.stop()
            sending.stop()
            dogs.stop()
            for thread in threads:
                thread.join()
    return _stopped(call)


def send(call: Call) -> Answer:
    """Send alerts until told to stop, or once what may be sent now."""
    if call.args.after_restore is not None:
        return _end_restoring(call)
    with call.store(write=True, alone=False) as store:
        sending = Sending(sender_from(call.settings, store))
        dogs = Watchdogs(call.settings, store, post_from(call.settings, store))
        if call.args.once:
            dogs.once()
            tried = sending.once()
            return Answer({"tried": tried}, f"{counted(tried, 'message')} tried.")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sending.stop())
        call.note("Sending. Stop it with Ctrl-C.")
        beside = threading.Thread(target=dogs.go_on, name="watchdogs")
        beside.start()
        try:
            sending.go_on()
        finally:
            dogs.stop()
            beside.join()
    return _stopped(call)


def _end_restoring(call: Call) -> Answer:
    """Let be sent what a restore held back, or leave it unsent."""
    send = call.args.after_restore == "send"
    with call.store(write=True, alone=False) as store:
        told = end_restoring(store, datetime.now(UTC), COMMAND_LINE, send=send)
    document = {"messages": told[0], "alerts": told[1], "sent": send}
    if not send:
        return Answer(document, "It stays unsent: each message can be sent again by itself.")
    said = f"{counted(told[0], 'message')} and {counted(told[1], 'alert')} are sent from now on."
    return Answer(document, said)


def _backtests(call: Call, store: Store, provider: ImageryProvider, lead: Lead | None) -> Backtests:
    if lead is None:
        return Backtests(call.settings, store, provider, call.note)
    return Backtests(call.settings, lead.fenced(), provider, call.note, lambda: lead.is_held)


@contextmanager
def _lead(call: Call, store: Store) -> Iterator[Lead | None]:
    """Ask for the lease where several processes may serve; a file has one that writes alone."""
    address = call.settings.database
    if not address:
        yield None
        return
    from hearthwatch.store.postgres import alone_lock

    lead = Lead(store, partial(alone_lock, address, frozen_seconds=LEASE_SECONDS))
    try:
        yield lead
    finally:
        lead.close()


def _serve(call: Call, store: Store, listening: socket.socket) -> None:
    # uvicorn hands the signal on when it has ended; by then there is nothing left to stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    settings = call.settings
    address = _address(settings, listening)
    key, person = _first_key(call, store), _first_person(call, store)
    planner, post = Planner(settings, store), post_from(settings, store)
    app = create_app(settings, store, planner, post)

    def begun() -> None:
        _announce(call, address, key, person)
        store.foresee()

    server.run(app, listening, begun)
    audited.close(app)


def _first_key(call: Call, store: Store) -> str | None:
    """Make the organisation's first key; return it where there was none."""
    if store.keys(call.organisation):
        return None
    key, shown = new_key(call.organisation, "first key", Role.ADMIN, datetime.now(UTC))
    with store.transaction() as transaction:
        # Only now is it this process's turn: of two that start at once one comes first.
        if store.keys(call.organisation):
            return None
        transaction.put_key(key)
    return shown


def _first_person(call: Call, store: Store) -> tuple[str, str] | None:
    """Let the first administrator in; return login and password where there was nobody."""
    if store.people(call.organisation):
        return None
    now, password = datetime.now(UTC), made_up_password()
    first = new_person(call.organisation, "admin", "First administrator", Role.ADMIN, now)
    first = dataclasses.replace(first, password=Passwords().hash(password))
    with store.transaction() as transaction:
        if store.people(call.organisation):
            return None
        add_organisation(store, transaction, call.organisation, now)
        transaction.put_person(first)
    return f"{first.login}@{first.organisation}", password


def _announce(call: Call, address: str, key: str | None, person: tuple[str, str] | None) -> None:
    """Say where the page is, and the first key and person, which are shown this once."""
    login, password = person or (None, None)
    if call.as_json:
        first = {"url": address, "key": key, "login": login, "password": password}
        print(json.dumps(first), flush=True)
        return
    print(f"The page and the API are at {address}", flush=True)
    if key:
        print(f"First key, shown this once: {key}", flush=True)
    if person:
        print(f"First administrator, shown this once: {login}, password {password}", flush=True)
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
