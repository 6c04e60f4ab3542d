"""Every provider over one catalogue on disk: the folder itself, and the stand-in for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imagery.net.patience import Patience
from imagery.net.transport import Transport
from imagery.providers.folder import FolderProvider
from imagery.providers.sentinelhub import SentinelHubProvider
from imagery.providers.stac import StacProvider
from imagery.types import ImageryProvider
from tests.standin import Standin

FAST = 1_000_000.0
"""Requests per minute: here nobody is to wait for the pacing."""


def at_once(seconds: float) -> None:
    """Wait for nothing."""


HURRIED = partial(Transport, patience=Patience(tries=3, sleep=at_once))
"""A transport that asks three times and does not wait in between; it can be pickled."""


@dataclass(frozen=True, slots=True)
class Source:
    """A provider that is open, and the stand-in behind it; None for the folder."""

    provider: ImageryProvider
    standin: Standin | None


def planetary_computer(standin: Standin, shared: Path, collections: Sequence[str]) -> StacProvider:
    """Return a provider of signed files, of some collections."""
    return _stac("planetary-computer", collections, standin, shared)


def _stac(
    dialect: str, collections: str | Sequence[str], standin: Standin, shared: Path, path: str = ""
) -> StacProvider:
    signed = dialect == "planetary-computer"
    tokens = f"{standin.url}/planetary-computer/api/sas/v1/token" if signed else None
    return StacProvider(
        standin.stac_url(dialect) + path,
        collections,
        shared,
        file_origins=[standin.url],
        requests_per_minute=FAST,
        signing="planetary-computer" if signed else None,
        token_service=tokens,
        transport=HURRIED,
    )


def _sentinel_hub(standin: Standin, shared: Path, path: str = "") -> ImageryProvider:
    shared.mkdir(parents=True, exist_ok=True)
    secret = shared / "credentials.json"
    account = standin.account
    keys = {"client_id": account.client_id, "client_secret": account.client_secret}
    secret.write_text(json.dumps(keys), encoding="utf-8")
    secret.chmod(0o600)
    return SentinelHubProvider(
        standin.url + path,
        standin.token_url,
        shared,
        credentials=secret,
        collections=["sentinel-2-l2a"],
        requests_per_minute=FAST,
        units_per_minute=FAST,
    )


REMOTE: dict[str, Callable[..., ImageryProvider]] = {
    "earth-search": partial(_stac, "earth-search", "sentinel-2-c1-l2a"),
    "earth-search-legacy": partial(_stac, "earth-search", "sentinel-2-l2a"),
    "cdse": partial(_stac, "cdse", "sentinel-2-l2a"),
    "planetary-computer": partial(_stac, "planetary-computer", "sentinel-2-l2a"),
    "sentinelhub": _sentinel_hub,
}
STAC = ("earth-search", "earth-search-legacy", "cdse", "planetary-computer")
FILES = ("folder", *STAC)
EVERY = ("folder", *REMOTE)


@contextmanager
def opened(name: str, folder: Path, shared: Path, path: str = "") -> Iterator[Source]:
    """Open the provider `name` over the catalogue in `folder`; `path` is put after its address."""
    if name == "folder":
        yield Source(FolderProvider(folder), None)
        return
    with ExitStack() as stack:
        standin = stack.enter_context(Standin(folder))
        provider = REMOTE[name](standin, shared, path)
        stack.enter_context(provider.serving())
        yield Source(provider, standin)
