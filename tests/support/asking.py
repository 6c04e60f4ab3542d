"""An account with a faulty server, and a transport that does not wait as long as the real one."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from imagery.net.patience import Patience
from imagery.net.types import Account
from tests.support.faulty import Answer, Asked, FaultyServer

SECRET = "hunter2-the-secret-of-the-client"
QUICK = Patience(connect_s=10.0, read_s=3.0, first_s=0.01, longest_s=0.05)


def account_of(server: FaultyServer, folder: Path, **changes: object) -> Account:
    values: dict[str, object] = {
        "name": "acc",
        "origins": (server.url,),
        "shared": folder,
        "token_url": f"{server.url}/token",
        "requests_per_minute": 60_000.0,
        "units_per_minute": 60_000.0,
        **changes,
    }
    return Account(**values)  # type: ignore[arg-type]


def write_credentials(path: Path, secret: str = SECRET) -> Path:
    path.write_text(json.dumps({"client_id": "me", "client_secret": secret}))
    path.chmod(0o600)
    return path


@dataclass
class TokenServer:
    """Gives tokens t1, t2, ... and takes only those that are neither revoked nor expired.

    `first` are answers given to the first token requests instead.
    """

    lifetime: float = 600.0
    secret: str = SECRET
    first: list[Answer] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)
    issued: dict[str, float] = field(default_factory=dict)
    refuses_all: bool = False
    data: bytes = b"pixels"

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        with self._lock:
            return self._token(asked) if asked.path == "/token" else self._data(asked)

    def revoke_all(self) -> None:
        with self._lock:
            self.issued = dict.fromkeys(self.issued, 0.0)

    def _token(self, asked: Asked) -> Answer:
        if self.first:
            return self.first.pop(0)
        form = parse_qs(asked.body.decode())
        if form.get("client_secret") != [self.secret] or form["client_id"] != ["me"]:
            return Answer(401, b'{"error":"invalid_client","error_description":"bad credentials"}')
        token = f"t{len(self.issued) + 1}"
        self.issued[token] = time.monotonic() + self.lifetime
        said = {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        return Answer(body=json.dumps({**said, **self.extra}).encode())

    def _data(self, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.refuses_all or self.issued.get(token, 0.0) < time.monotonic():
            return Answer(401, b'{"error":{"message":"the token is not valid"}}')
        return Answer(body=self.data)
