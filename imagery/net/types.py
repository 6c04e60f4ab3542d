"""What is said to the transport, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from imagery.errors import Transient

MOST_BYTES = 200_000_000
"""Body of a reply at most; more is cut off and refused."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account with one provider: where it may be asked, how often, and who shares it.

    Picklable and without secrets: workers are given this.

    Attributes
    ----------
    name : str
        Names its folder below `shared`: letters, digits, ``.``, ``_`` and ``-``.
    origins : tuple of str
        ``https://host`` or ``https://host:port``; nothing else is ever asked.
    shared : Path
        Folder that all workers see. Pacing, the circuit breaker and the token live there, so that
        all of them together keep to one account's limits.
    token_url : str or None
        Where the token comes from; None for a service without accounts.
    requests_per_minute, units_per_minute : float
        The account's limits.
    retry_after : {"ms", "s"}
        Unit of a bare number in Retry-After: Sentinel Hub means milliseconds.
    certificates : Path or None
        Certificates to trust instead of the system's.
    proxy : str or None
        ``http://host:port`` to go through; the environment's is never used. It bears no password.
    """

    name: str
    origins: tuple[str, ...]
    shared: Path
    token_url: str | None = None
    requests_per_minute: float = 300.0
    units_per_minute: float = 300.0
    retry_after: Literal["ms", "s"] = "s"
    certificates: Path | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to ask.

    Attributes
    ----------
    authorised : bool
        Whether the account's token goes with it.
    units : float
        Provider units it is thought to cost, for pacing.
    private_url : bool
        Whether the address itself opens the door (a signed one): it is then never shown.
    lane : str
        What failures are counted apart of: where what is asked of one sensor gets no answer, what
        is asked of another may.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)
    authorised: bool = False
    units: float = 0.0
    most_bytes: int = MOST_BYTES
    private_url: bool = False
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole.

    Attributes
    ----------
    headers : mapping
        Names in lower case.
    sha256 : str
        Of the body.
    requests : int
        How many were sent until this one came.
    units : float
        What the provider said it charged for all of them, those thrown away included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sha256: str
    received: datetime
    requests: int
    units: float = 0.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock after which nothing is waited for."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds left; negative once it has passed."""
        return self.at - time.monotonic()

    def require(self, seconds: float, doing: str) -> None:
        """Raise `Transient` unless there are `seconds` left."""
        if self.left() < seconds:
            raise Transient(f"there was no time left to {doing}")
