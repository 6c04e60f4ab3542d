"""Fetching a token: OAuth2 as Sentinel Hub and the Copernicus Data Space (CDSE) give it.

References
----------
RFC 6749: client credentials (4.4); name and password of a person (4.3), and how that person's
session is gone on with (6).
"""

from __future__ import annotations

import json
import math
import re
import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote_plus, urlencode

from imagery.errors import ImageryError, Permanent, Transient
from imagery.net.address import Address
from imagery.net.credentials import Credentials
from imagery.net.failures import Failed, How
from imagery.net.retry_after import seconds_to_wait
from imagery.net.token_file import Token
from imagery.net.types import Account, Deadline
from imagery.net.wire import Answer, Wire
from imagery.net.words import server_says

MOST_BYTES = 65536
PERSONS_CLIENT = "cdse-public"
"""The client in whose name CDSE lets people log in; it has no secret."""
LONGEST_S = 86400.0
"""A token said to live longer is renewed after a day all the same."""
_AS_IN_A_HEADER = re.compile(r"[\x21-\x7e]{1,16384}")


class Busy(Transient):
    """The server asks for `seconds` of peace."""

    def __init__(self, words: str, seconds: float) -> None:
        super().__init__(words)
        self.seconds = seconds


def fetch_token(
    wire: Wire,
    account: Account,
    address: Address,
    credentials: Credentials,
    deadline: Deadline,
    session: str = "",
) -> Token:
    """Ask for a token once.

    Its life is counted from before the request, by our own clock: the server's is not looked at.

    Parameters
    ----------
    session : str
        Of a person: what goes on with the session of the last token. Without it, a new session is
        opened.

    Raises
    ------
    Permanent
        If the credentials, or the session, are refused.
    Transient
        If it may work later; `Busy` where the server says when.
    """
    form = _form(credentials, session)
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    asked = time.monotonic()
    failure: ImageryError
    try:
        body = urlencode(form).encode()
        answer = wire.ask("POST", address, headers, body, deadline, MOST_BYTES)
    except Failed as failed:
        words = f"{address.shown} gave no token: {failed}"
        failure = (Permanent if failed.how is How.UNSENDABLE else Transient)(words)
    else:
        if answer.status == 200:
            return _token(answer, asked, address, credentials.is_person)
        failure = _refusal(answer, account, address, form)
    raise failure


def _form(credentials: Credentials, session: str) -> dict[str, str]:
    """Return what is said to the token service."""
    if not credentials.is_person:
        client = {"client_id": credentials.name, "client_secret": credentials.secret}
        return {"grant_type": "client_credentials", **client}
    if session:
        known = {"refresh_token": session}
    else:
        known = {"username": credentials.name, "password": credentials.secret}
    grant = "refresh_token" if session else "password"
    return {"grant_type": grant, "client_id": PERSONS_CLIENT, **known}


def _token(answer: Answer, asked: float, address: Address, of_person: bool) -> Token:
    said: Any = None
    with suppress(ValueError, RecursionError):
        said = json.loads(answer.body)
    if not isinstance(said, dict):
        raise Transient(f"{address.shown} answered with something other than a token")
    value, lifetime = said.get("access_token"), _number(said.get("expires_in"))
    if not isinstance(value, str) or not _AS_IN_A_HEADER.fullmatch(value):
        raise Transient(f"{address.shown} answered without a token")
    if not 0.0 < lifetime < math.inf:
        raise Transient(f"{address.shown} does not say how long its token lives")
    session = said.get("refresh_token") if of_person else None
    if not isinstance(session, str) or not _AS_IN_A_HEADER.fullmatch(session):
        session = ""
    return Token(value, asked + min(lifetime, LONGEST_S), session=session)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _refusal(
    answer: Answer, account: Account, address: Address, form: dict[str, str]
) -> ImageryError:
    said = server_says(_without_secrets(answer.body, form))
    words = f"{address.shown} gave no token ({answer.status})" + (f": {said}" if said else "")
    if answer.status == 429:
        header, date = answer.headers.get("retry-after"), answer.headers.get("date")
        return Busy(words, seconds_to_wait(header, account.retry_after, date) or 0.0)
    if answer.status == 408 or answer.status >= 500:
        return Transient(words)
    return Permanent(f"{words}; check the credentials of the account {account.name}")


def _without_secrets(body: bytes, form: dict[str, str]) -> bytes:
    """Hide what a server repeats of what it was sent."""
    for name in ("client_secret", "username", "password", "refresh_token"):
        for written in filter(None, (form.get(name, ""), quote_plus(form.get(name, "")))):
            body = body.replace(written.encode(), b"[hidden]")
    return body
