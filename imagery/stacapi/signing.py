"""Addresses that the Planetary Computer opens with a token of its own, per collection."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from imagery.errors import IntegrityError
from imagery.net.types import Deadline, Reply, Request
from imagery.stacapi.pages import Sender

TOKEN_URL = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
EARLY = timedelta(minutes=5)
"""A token is renewed this long before it ends; it lives for about an hour."""


class Signer:
    """Signs addresses; a token is fetched when first needed and kept in memory alone.

    One process holds one signer. It is never pickled, and shows no token.
    """

    def __init__(self, token_url: str) -> None:
        self._token_url = token_url
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[datetime, str]] = {}

    def request(
        self, sender: Sender, href: str, collection: str, deadline: Deadline, anew: bool = False
    ) -> Request:
        """Return the request for the file at `href` of `collection`; with a new token if `anew`.

        Raises
        ------
        IntegrityError
            If what comes is no token.
        ImageryError
            As the transport does.
        """
        plain = urlsplit(href)._replace(query="", fragment="").geturl()
        token = self._token(sender, collection, deadline, anew)
        return Request("GET", f"{plain}?{token}", private_url=True)

    def __repr__(self) -> str:
        return "Signer()"

    def _token(self, sender: Sender, collection: str, deadline: Deadline, anew: bool) -> str:
        with self._lock:
            ends, token = self._tokens.get(collection, (datetime.min.replace(tzinfo=UTC), ""))
            if anew or ends - datetime.now(UTC) < EARLY:
                url = f"{self._token_url}/{quote(collection, safe='')}"
                reply = sender.send(Request("GET", url), deadline, check=_parsed)
                ends, token = _parsed(reply)
                self._tokens[collection] = ends, token
            return token


def _parsed(reply: Reply) -> tuple[datetime, str]:
    """Return when a token ends, and the token; errors show none of it."""
    try:
        answer = json.loads(reply.body)
        ends = datetime.fromisoformat(answer["msft:expiry"]).astimezone(UTC)
        token = answer["token"]
        if not isinstance(token, str) or not token or set(token) & set(" \r\n#"):
            raise ValueError
    except (LookupError, TypeError, ValueError, RecursionError):
        raise IntegrityError("the token service sent no token") from None
    return ends, token
