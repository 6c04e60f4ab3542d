"""An account of a person at the stand-in, and a keeper of its token that does not wait long."""

from __future__ import annotations

import json
from pathlib import Path

from imagery.net.patience import Patience
from imagery.net.tokens import Credentials, TokenKeeper
from imagery.net.types import Account
from tests.standin import Standin

QUICK = Patience(connect_s=10.0, read_s=5.0, first_s=0.01, longest_s=0.05)


def write_credentials(path: Path, server: Standin, **other: str) -> Path:
    """Write the file of the person's credentials; `other` takes the place of what is right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    account = server.account
    path.write_text(json.dumps({"username": account.username, "password": account.password}
                               | other))  # fmt: skip
    return path


def account_of(server: Standin, shared: Path) -> Account:
    """Return the person's account."""
    return Account(
        name="person",
        origins=(server.url,),
        shared=shared,
        token_url=server.person_token_url,
        requests_per_minute=60_000.0,
    )


def keeper_of(server: Standin, shared: Path, path: Path) -> TokenKeeper:
    """Return a keeper of the person's token."""
    account = account_of(server, shared)
    return TokenKeeper(account, Credentials.read(path), patience=QUICK, poll_s=0.02)
