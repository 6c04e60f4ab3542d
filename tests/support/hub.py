"""A Sentinel Hub provider that asks the stand-in, and one that asks a script of answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

import imagery.providers.sentinelhub as module
from imagery.errors import ImageryError, IntegrityError
from imagery.looks import group_acquisitions
from imagery.net.patience import Patience
from imagery.net.transport import Transport
from imagery.net.types import Account, Deadline, Reply, Request
from imagery.providers.sentinelhub import SentinelHubProvider
from imagery.types import Acquisition, Query
from tests.standin import Standin

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
HASTY = Patience(connect_s=2.0, read_s=2.0, first_s=0.01, longest_s=0.05)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider wait for nothing long."""
    monkeypatch.setattr(module, "_transport", _hasty_transport)


def _hasty_transport(account: Account) -> Transport:
    return Transport(account, HASTY)


@contextmanager
def serving(
    catalogue: Path, folder: Path, **options: Any
) -> Iterator[tuple[Standin, SentinelHubProvider]]:
    """Serve a catalogue and give a provider that reads it; `folder` is for its files."""
    with Standin(catalogue) as server:
        provider = provider_of(server, folder, **options)
        with provider.serving():
            yield server, provider


def provider_of(server: Standin, folder: Path, **options: Any) -> SentinelHubProvider:
    """Return a provider with the stand-in's account; `serving` is not open."""
    folder.mkdir(parents=True, exist_ok=True)
    credentials = folder / "account.json"
    credentials.touch(0o600)
    credentials.write_text(
        json.dumps(
            {
                "client_id": server.account.client_id,
                "client_secret": server.account.client_secret,
            }
        )
    )
    plenty = {"requests_per_minute": 60_000.0, "units_per_minute": 60_000.0}
    return SentinelHubProvider(
        server.url, server.token_url, folder / "net", credentials, **{**plenty, **options}
    )


def looks(provider: SentinelHubProvider, query: Query = WORLD) -> list[Acquisition]:
    """Return all that the provider lists, by pass."""
    return group_acquisitions(provider.search(query))


class Scripted:
    """Sends nothing: answers each request by a function, as the transport would hand it on."""

    def __init__(self, answer: Callable[[Request], tuple[bytes, float | None]]) -> None:
        self.asked: list[Request] = []
        self._answer = answer

    def send(
        self, request: Request, deadline: Deadline, check: Callable[[Reply], object] | None = None
    ) -> Reply:
        for tried in range(1, 4):
            self.asked.append(request)
            body, units = self._answer(request)
            headers = {} if units is None else {"x-processingunits-spent": str(units)}
            reply = Reply(
                200, headers, body, hashlib.sha256(body).hexdigest(), datetime.now(UTC), tried
            )
            try:
                if check is not None:
                    check(reply)
            except ImageryError as error:
                error.requests = tried
                if isinstance(error, IntegrityError) and tried < 3:
                    continue
                raise
            return reply
        raise AssertionError

    def bodies(self) -> list[Any]:
        """Return what was asked, as JSON."""
        return [json.loads(request.body or b"{}") for request in self.asked]
