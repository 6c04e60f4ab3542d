"""A STAC API and its files in memory, in place of the transport: no socket, no waiting."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from imagery.errors import ImageryError, IntegrityError, Permanent
from imagery.net.types import Account, Deadline, Reply, Request

API = "https://stac.example.org/v1"
FILES = "https://files.example.org"
SENT = datetime(2026, 1, 1, tzinfo=UTC)

Change = Callable[[Request, Reply, int], Reply]
Search = Callable[[dict[str, Any], "FakeStac"], dict[str, Any]]


def one_page(body: dict[str, Any], stac: FakeStac) -> dict[str, Any]:
    """Answer with all items of the time asked for, on one page."""
    return {"type": "FeatureCollection", "features": stac.matching(body), "links": []}


@dataclass
class FakeStac:
    """Stands for a transport; `requests` holds what was sent.

    `change` may alter a reply to a file, given (request, reply, how many files were asked before).
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    search: Search = one_page
    ranges: bool = True
    change: Change | None = None
    token: str = "sig=abc"
    requests: list[Request] = field(default_factory=list)

    def __call__(self, account: Account) -> FakeStac:
        return self

    @property
    def searches(self) -> list[dict[str, Any]]:
        """Return the bodies of the searches, in order."""
        return [json.loads(one.body) for one in self.requests if one.body is not None]

    @property
    def reads(self) -> list[Request]:
        """Return the requests for files, in order."""
        return [one for one in self.requests if one.method == "GET"]

    def matching(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the items of the time a search asks for."""
        start, end = map(datetime.fromisoformat, body["datetime"].split("/"))
        at = [datetime.fromisoformat(one["properties"]["datetime"]) for one in self.items]
        return [one for one, sensed in zip(self.items, at, strict=True) if start <= sensed <= end]

    def send(self, request: Request, deadline: Deadline, check: Any = None) -> Reply:
        """Answer; an answer that does not pass the check is sent three times in all."""
        deadline.require(0.0, "ask")
        for tried in range(1, 4):
            self.requests.append(request)
            try:
                reply = self._answer(request, tried)
                if check is not None:
                    check(reply)
            except ImageryError as error:
                error.requests = tried
                if isinstance(error, IntegrityError) and tried < 3:
                    continue
                raise
            return reply
        raise AssertionError("the third answer is returned or refused")

    def _answer(self, request: Request, tried: int) -> Reply:
        if request.method == "POST":
            return made(json.dumps(self.search(json.loads(request.body or b""), self)), tried)
        if "/token/" in request.url:
            return made(json.dumps({"token": self.token, "msft:expiry": "2999-01-01T00:00:00Z"}))
        reply = self._file(request, tried)
        return reply if self.change is None else self.change(request, reply, len(self.reads) - 1)

    def _file(self, request: Request, tried: int) -> Reply:
        split = urlsplit(request.url)
        data = self.files.get(split._replace(query="").geturl())
        if data is None:
            raise refused(404)
        headers = {"etag": f'"{hashlib.md5(data).hexdigest()}"'}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", dict(request.headers).get("Range", ""))
        if asked is None or not self.ranges:
            return made(data, tried, headers=headers)
        first, last = int(asked[1]), min(int(asked[2]), len(data) - 1)
        if first > last:
            raise refused(416)
        headers["content-range"] = f"bytes {first}-{last}/{len(data)}"
        return made(data[first : last + 1], tried, 206, headers)


def made(
    body: bytes | str, tried: int = 1, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a reply with this body."""
    data = body.encode() if isinstance(body, str) else body
    digest = hashlib.sha256(data).hexdigest()
    return Reply(status, headers or {}, data, digest, SENT, requests=tried)


def refused(status: int) -> Permanent:
    """Return what a transport raises for this status."""
    error = Permanent(f"answered {status}")
    error.status = status
    return error
