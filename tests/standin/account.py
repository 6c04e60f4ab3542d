"""Accounts: OAuth tokens, and what an account may do."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.standin.wire import Answer, Refused, Request, as_json, service_error


@dataclass(frozen=True, slots=True)
class StandinAccount:
    """Who may ask: a client of Sentinel Hub, and a person of the Data Space."""

    client_id: str = "sh-11111111-2222-3333-4444-555555555555"
    client_secret: str = field(default="standin-secret-Zq7pV2", repr=False)
    username: str = "watcher@example.org"
    password: str = field(default="standin-password-9Kd", repr=False)


ACCOUNT = StandinAccount()


class Tokens:
    """Issues tokens and knows which still open the door.

    Attributes
    ----------
    seconds : float
        How long a token lives.
    stated : float or None
        ``expires_in`` as it is said to the client; None for the truth.
    issued, sessions : int
        How many tokens were given out, and how often a person logged in for one.
    """

    def __init__(self, account: StandinAccount, seconds: float) -> None:
        self.account = account
        self.seconds = seconds
        self.stated: float | None = None
        self.issued = 0
        self.sessions = 0
        self._alive: dict[str, float] = {}
        self._refresh: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Answer a token request."""
        form = {key: found[0] for key, found in parse_qs(request.body.decode()).items()}
        kind = form.get("grant_type")
        if kind == "client_credentials":
            self._check_client(form)
            return as_json(self._issue(scope="email profile"), Cache_Control="no-store")
        if kind == "password":
            self._check_person(form)
        elif kind == "refresh_token":
            self._check_refresh(form)
        else:
            raise _oauth_error(400, "unsupported_grant_type", "Unsupported grant_type")
        refresh = secrets.token_urlsafe(24)
        with self._lock:
            self._refresh.add(refresh)
            self.sessions += kind == "password"
        more = {"refresh_token": refresh, "refresh_expires_in": 3600}
        return as_json(self._issue(**more), Cache_Control="no-store")

    def require(self, request: Request) -> None:
        """Refuse a request that has no living token."""
        given = request.headers.get("authorization", "")
        token = given.removeprefix("Bearer ")
        with self._lock:
            end = self._alive.get(token)
        if not given.startswith("Bearer ") or end is None or time.monotonic() >= end:
            raise Refused(service_error(401, "COMMON_UNAUTHORIZED", "The token is not valid."))

    def revoke(self) -> None:
        """Make every token that was issued so far worthless."""
        with self._lock:
            self._alive.clear()
            self._refresh.clear()

    def end_sessions(self) -> None:
        """Let nobody go on without logging in; tokens live as long as they do."""
        with self._lock:
            self._refresh.clear()

    def _issue(self, **more: object) -> dict[str, object]:
        token = secrets.token_urlsafe(48)
        with self._lock:
            self.issued += 1
            self._alive[token] = time.monotonic() + self.seconds
        stated = self.seconds if self.stated is None else self.stated
        return {"access_token": token, "expires_in": stated, "token_type": "Bearer", **more}

    def _check_client(self, form: dict[str, str]) -> None:
        wanted = self.account.client_id, self.account.client_secret
        if (form.get("client_id"), form.get("client_secret")) != wanted:
            raise _oauth_error(401, "invalid_client", "Invalid client or credentials")

    def _check_person(self, form: dict[str, str]) -> None:
        wanted = self.account.username, self.account.password, "cdse-public"
        if tuple(form.get(key) for key in ("username", "password", "client_id")) != wanted:
            raise _oauth_error(401, "invalid_grant", "Invalid user credentials")

    def _check_refresh(self, form: dict[str, str]) -> None:
        with self._lock:
            if form.get("refresh_token") not in self._refresh:
                raise _oauth_error(400, "invalid_grant", "Token is not active")
            self._refresh.discard(form["refresh_token"])


class Limits:
    """How fast and how much one account may ask.

    Parameters
    ----------
    rate : float or None
        Requests per second, with bursts of `burst`; None for any.
    units, requests : float, int or None
        The month's quota; None for any.
    """

    def __init__(
        self,
        rate: float | None = None,
        burst: float | None = None,
        units: float | None = None,
        requests: int | None = None,
    ) -> None:
        self.rate, self.units, self.requests = rate, units, requests
        self.burst = max(1.0, rate or 1.0) if burst is None else burst
        self.spent = 0.0
        self.used = 0
        self._tokens, self._at = self.burst, time.monotonic()
        self._lock = threading.Lock()

    def admit(self) -> None:
        """Take one request from the bucket, or refuse with the milliseconds to wait."""
        if self.rate is None:
            return
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
            if self._tokens >= 1.0:
                self._tokens -= 1.0
                return
            wait_ms = int(1000.0 * (1.0 - self._tokens) / self.rate) + 1
        raise Refused(too_many(str(wait_ms)))

    def charge(self, units: float) -> None:
        """Take units and one request from the quota, or refuse."""
        with self._lock:
            if self.units is not None and self.spent + units > self.units:
                raise Refused(insufficient())
            if self.requests is not None and self.used >= self.requests:
                raise Refused(insufficient())
            self.spent += units
            self.used += 1


def too_many(retry_after: str | None) -> Answer:
    """Return 429 with that in Retry-After; None for none."""
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    message = "You have exceeded your rate limit"
    return service_error(429, "RATE_LIMIT_EXCEEDED", message, **headers)


def insufficient() -> Answer:
    """Return what an account gets whose month is spent."""
    message = "Insufficient processing units or requests available in your account."
    return service_error(403, "ACCESS_INSUFFICIENT_PROCESSING_UNITS", message)


def _oauth_error(status: int, error: str, said: str) -> Refused:
    return Refused(as_json({"error": error, "error_description": said}, status))
