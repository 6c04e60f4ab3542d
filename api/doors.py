"""What lets people in: passwords, sessions in cookies, and when anything was last used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from starlette.responses import Response

from hearthwatch.access.backoff import Addresses
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.signin import SignedIn, SignIn
from hearthwatch.access.uses import Uses
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store

COOKIE = "hearthwatch"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""A browser takes one of that name from this host alone, over TLS."""
FORM_FIELD = "X-Hearthwatch-Form"


@dataclass(frozen=True, slots=True)
class Doors:
    """What one running service lets people in by.

    Attributes
    ----------
    idle : timedelta
        How long a session lives unused.
    own : str or None
        Scheme and host under which browsers reach the service, where a setting says so.
    """

    sign_in: SignIn
    passwords: Passwords
    uses: Uses
    idle: timedelta
    own: str | None

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self.own is not None and self.own.startswith("https:")

    @property
    def cookie(self) -> str:
        """Name of the session's cookie."""
        return SECURE_COOKIE if self.secure else COOKIE

    def let_in(self, response: Response, signed: SignedIn) -> Response:
        """Give the browser a session's secret, where no script can read it."""
        seconds = int((signed.session.expires - signed.session.created).total_seconds())
        response.set_cookie(
            self.cookie,
            signed.token,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )
        return response

    def let_out(self, response: Response) -> Response:
        """Take it back."""
        response.delete_cookie(
            self.cookie, path="/", secure=self.secure, httponly=True, samesite="strict"
        )
        return response

    def is_own(self, request: Request) -> bool:
        """Tell whether a browser sends a request for this service's own page.

        Both header fields are the browser's, which no page can set; a program sends neither.
        """
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return False
        origin = request.headers.get("origin")
        return origin is None or origin in (self.own, _origin(str(request.base_url)))


def install(app: FastAPI, settings: Settings, store: Store) -> None:
    """Give an application its doors."""
    passwords = Passwords()
    lifetime = timedelta(hours=settings.session_hours)
    app.state.doors = Doors(
        SignIn(store, passwords, Addresses(), lifetime),
        passwords,
        Uses(store),
        timedelta(minutes=settings.session_idle_minutes),
        _origin(settings.public_url) if settings.public_url else None,
    )


def doors_of(app: Any) -> Doors:
    """Return the doors of an application."""
    found: Doors = app.state.doors
    return found


async def doors(request: Request) -> Doors:
    """Return the doors of the application that serves a request."""
    return doors_of(request.app)


InDoors = Annotated[Doors, Depends(doors)]


def _origin(address: str) -> str:
    """Return scheme, host and port as a browser writes them."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    return f"{parts.scheme}://{host}{port}"
