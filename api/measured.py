"""Figures for Prometheus: how much is asked and how long it takes, and nothing of whom or where.

Labels are the method, the template of the route, and the status: none has an id, a name, an
organisation or a place. The figures are those of this process.
"""

from __future__ import annotations

import hmac
import shutil
import time
from collections import Counter as Counts
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from hearthwatch.audit.log import Log
from hearthwatch.errors import HearthwatchError, SettingsError
from hearthwatch.records import AlarmKind
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store

PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LEAST_LETTERS = 20
"""Of the token: it is guessed against without a wait."""
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
COORDINATOR = "looks"
"""As `hearthwatch.pipeline.lead` calls the lease."""
LEASES = ("sender", "coordinator", "watchdogs")
"""Signs of life, as those who give them call them."""
NO_ROUTE = "none"
OTHER_METHOD = "other"

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Figures:
    """The figures of one running service.

    Parameters
    ----------
    store : Store
        Asked when the figures are.
    data_dir : Path
        Whose disk is looked at.
    log : Log
        Of acts; how much of it waits to be written is told.
    """

    def __init__(self, store: Store, data_dir: Path, log: Log) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "hearthwatch_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "hearthwatch_request_seconds",
            "Time from a request's header to the end of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.under_way = Gauge(
            "hearthwatch_requests_under_way", "Requests being answered.", registry=self.registry
        )
        self.registry.register(_OfTheStore(store, data_dir, log))

    def written(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        return generate_latest(self.registry)


class _OfTheStore(Collector):
    """What is read anew each time; sums over all organisations, so that none is told apart."""

    def __init__(self, store: Store, data_dir: Path, log: Log) -> None:
        self._store = store
        self._data_dir = data_dir
        self._log = log

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: what there is shows when it is asked for."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; of a store that cannot be read, that it cannot."""
        yield _gauge("disk_free_bytes", "Room on the disk of the data.", _free(self._data_dir))
        yield _gauge("audit_waiting", "Acts that wait to be logged.", self._log.waiting)
        began = time.perf_counter()
        try:
            found = list(self._of_runs())
        except HearthwatchError:
            yield _gauge("store_up", "Whether the store can be read.", 0)
            return
        yield _gauge("store_up", "Whether the store can be read.", 1)
        took = time.perf_counter() - began
        yield _gauge("store_read_seconds", "Time that reading these figures took.", took)
        yield from found

    def _of_runs(self) -> Iterator[Metric]:
        store, now = self._store, datetime.now(UTC)
        waiting = store.waiting_runs()
        yield _gauge("runs_waiting", "Runs that wait for their turn.", len(waiting))
        if waiting:
            oldest = (now - min(run.started for run in waiting)).total_seconds()
            yield _gauge("runs_waiting_seconds", "Age of the oldest of them.", oldest)
        names = store.organisations()
        newest = [run for one in names for run in store.runs(one, newest=1)]
        if newest:
            last = (now - max(run.finished or run.started for run in newest)).total_seconds()
            yield _gauge("last_run_seconds", "Time since the last run ended or began.", last)
        lease = store.lease(COORDINATOR)
        if lease is not None:
            left = (lease.until - now).total_seconds()
            yield _gauge("coordinator_lease_seconds", "Until the lease of the looks ends.", left)
        yield from _alarms(store, names, now)
        pauses = sum(len(store.pauses(one, active=True)) for one in names)
        yield _gauge("provider_pauses", "Pauses in force, after errors of providers.", pauses)


def _alarms(store: Store, names: Sequence[str], now: datetime) -> Iterator[Metric]:
    """Yield how many alarms are open of each kind, and whether anything looks for them."""
    alive = _gauge_of("alive", "Whether something gave its sign of life.", "what")
    for name in LEASES:
        held = store.lease(name)
        alive.add_metric([name], float(held is not None and now < held.until))
    yield alive
    kinds = Counts(
        one.kind.value for whose in (*names, "") for one in store.alarms(whose, open_only=True)
    )
    found = _gauge_of("alarms", "Alarms that are open.", "kind")
    for kind in AlarmKind:
        found.add_metric([kind.value], kinds[kind.value])
    yield found
    count, oldest = store.overdue(now)
    yield _gauge("messages_due", "Messages and alerts that should have been sent.", count)
    waited = 0.0 if oldest is None else (now - oldest).total_seconds()
    yield _gauge("messages_due_seconds", "For how long the oldest of them should.", waited)


class Measured:
    """ASGI middleware that measures, and gives the figures to whoever has the token.

    To anybody else their address is one that there is not.
    """

    def __init__(self, app: App, figures: Figures, token: str = "") -> None:
        self.app = app
        self.figures = figures
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == PATH and self._may(scope):
            written = await run_in_threadpool(self.figures.written)
            await Response(written, media_type=MEDIA_TYPE)(scope, receive, send)
            return
        await self._measure(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.encode("latin-1"), self._token)
        return (
            bool(self._token)
            and right
            and scheme.lower() == "bearer"
            and (scope["method"] == "GET")
        )

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.figures.under_way.inc()
        try:
            await self.app(scope, receive, noted)
        finally:
            self.figures.under_way.dec()
            method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
            route = template_of(scope)
            self.figures.requests.labels(method, route, str(status)).inc()
            self.figures.seconds.labels(method, route).observe(time.perf_counter() - began)


def template_of(scope: Scope) -> str:
    """Return the template of the route that a request came to, as ``/events/{event}``."""
    route: Any = scope.get("route")
    path = getattr(route, "path", NO_ROUTE)
    return str(path)


def read_token(settings: Settings) -> str:
    """Return the token that opens the figures; empty where none is set.

    Raises
    ------
    SettingsError
        Its file cannot be read, is open to others, or holds too short a one.
    """
    path = settings.metrics_token
    if path is None:
        return ""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"Others can read {path}. Run: chmod 600 {path}")
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The token of the figures cannot be read from {path}.") from error
    if len(token) < LEAST_LETTERS:
        raise SettingsError(
            f"The token in {path} has fewer than {LEAST_LETTERS} letters: "
            "`openssl rand -hex 32` makes a good one."
        )
    return token


def _gauge_of(name: str, words: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"hearthwatch_{name}", words, labels=[label])


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"hearthwatch_{name}", words, value=value)


def _free(folder: Path) -> int:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free
