"""News of products from the Copernicus Data Space, pulled from its queue: an option beside polling.

Only names of products, where they lie and what befell them are taken from a notification. An
address in it is never followed: what is wanted is asked of the provider itself, as always. Of
pushing nothing is made use of: it is lost after three tries.

References
----------
Copernicus Data Space Ecosystem documentation, "Subscriptions" of the OData interface.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from imagery.errors import IntegrityError, Permanent
from imagery.net.tokens import Credentials, TokenKeeper
from imagery.net.transport import Check, Transport
from imagery.net.types import Account, Deadline, Reply, Request
from imagery.stacapi.pages import origin

EVERY_SENTINEL_2 = (
    "Collection/Name eq 'SENTINEL-2' and Attributes/OData.CSC.StringAttribute/any("
    "att:att/Name eq 'productType' and att/OData.CSC.StringAttribute/Value eq 'S2MSI2A')"
)
"""All of Sentinel-2 L2A, of the whole world: a narrower filter would draw what is watched."""
AT_ONCE = 20
"""Notifications that one read gives at most."""
EVENTS = ("created", "modified", "deleted")
_ID = re.compile(r"^[A-Za-z0-9-]{1,64}$")
_MOST_BYTES = 4_000_000
_LONGEST_CAUSE = 80


class Sender(Protocol):
    """What asks for us; see :class:`imagery.net.transport.Transport`."""

    def send(self, request: Request, deadline: Deadline, check: Check | None = None) -> Reply:
        """Ask until an answer comes that is good."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """What befell one product.

    Attributes
    ----------
    event : str
        One of `EVENTS`.
    product : str
        Its name, without ending; empty where the provider has forgotten it, as it does after three
        days.
    ticket : str
        What acknowledges it, and all that came before it.
    cause : str
        Why it was deleted, as the provider says; empty where it does not.
    footprint : shapely geometry or None
        The ground it shows, CRS84; None where that is not told or not to be made sense of.
    """

    event: str
    product: str
    ticket: str
    cause: str = ""
    footprint: BaseGeometry | None = None

    def touches(self, ground: BaseGeometry) -> bool:
        """Tell whether it may be about `ground`, CRS84; in doubt it is."""
        return self.footprint is None or bool(self.footprint.intersects(ground))


class Subscription:
    """The one running subscription that an account may have.

    Parameters
    ----------
    sender : Sender
        Of an account that may ask the address, and of a token for people: the one for the
        Sentinel Hub interfaces is refused there.
    wanted : str
        OData filter; as wide as can be, for all regions share it, and it must not draw them.
    """

    def __init__(self, sender: Sender, wanted: str, url: str) -> None:
        self._sender = sender
        self._wanted = wanted
        self._url = url

    def find_or_create(self, deadline: Deadline) -> str:
        """Return the id of the running subscription; make it if there is none.

        Raises
        ------
        Permanent
            If one with another filter runs: it is another's, and there can be no second one.
        ImageryError
        """
        for one in _rows(self._ask("GET", f"{self._url}/Info", deadline)):
            if one.get("Status") != "running":
                continue
            if one.get("FilterParam") != self._wanted:
                raise Permanent("another subscription of this account is running already")
            return _id(one)
        made = self._ask(
            "POST",
            self._url,
            deadline,
            {
                "FilterParam": self._wanted,
                "SubscriptionEvent": list(EVENTS),
                "SubscriptionType": "pull",
                "Status": "running",
            },
        )
        return _id(made)

    def read(self, subscription: str, deadline: Deadline) -> tuple[News, ...]:
        """Return the oldest news not acknowledged yet; the same again until they are."""
        where = f"{self._url}({subscription})/Read?$top={AT_ONCE}"
        return tuple(_news(one) for one in _rows(self._ask("GET", where, deadline)))

    def acknowledge(self, subscription: str, last: News, deadline: Deadline) -> None:
        """Let go of one piece of news and of all before it."""
        ticket = quote(last.ticket, safe="")
        self._ask("POST", f"{self._url}({subscription})/Ack?$ackid={ticket}", deadline)

    def _ask(self, method: str, url: str, deadline: Deadline, body: Any = None) -> Any:
        request = Request(
            method=method,
            url=url,
            headers=(("Accept", "application/json"), ("Content-Type", "application/json")),
            body=None if body is None else json.dumps(body).encode(),
            authorised=True,
            most_bytes=_MOST_BYTES,
        )
        return _parsed(self._sender.send(request, deadline, _parsed))


class Inbox:
    """The subscription of one person's account, with what is needed to open it.

    Parameters
    ----------
    url, token_url : str
        Of the subscriptions, and of what gives tokens to people.
    shared : Path
        Folder for pacing, the token and its session.
    credentials : Path
        File with ``username`` and ``password``.
    certificates : Path, optional
        Certificates to trust instead of the system's.
    transport : callable
        Makes of an account what sends requests.
    """

    def __init__(
        self,
        url: str,
        token_url: str,
        shared: Path,
        credentials: Path,
        certificates: Path | None = None,
        transport: Callable[[Account], Sender] = Transport,
    ) -> None:
        self.url = url.rstrip("/")
        self.credentials = credentials
        self._transport = transport
        self.account = Account(
            name=f"subscription-{sha256(f'{self.url} {token_url}'.encode()).hexdigest()[:8]}",
            origins=tuple(dict.fromkeys((origin(self.url), origin(token_url)))),
            shared=shared,
            token_url=token_url,
            certificates=certificates,
        )

    @contextmanager
    def opened(self) -> Iterator[Subscription]:
        """Give the subscription while the token for it is kept.

        Raises
        ------
        Permanent
            If the credentials cannot be used.
        """
        credentials = Credentials.read(self.credentials)
        if not credentials.is_person:
            raise Permanent(
                f"subscriptions are for people: {self.credentials} must hold a username and a "
                "password, not a client's id and secret"
            )
        with TokenKeeper(self.account, credentials):
            yield Subscription(self._transport(self.account), EVERY_SENTINEL_2, self.url)


def _parsed(reply: Reply) -> Any:
    try:
        return json.loads(reply.body) if reply.body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise IntegrityError("the answer about subscriptions is no JSON") from error


def _rows(answer: Any) -> Sequence[dict[str, Any]]:
    rows = answer.get("value") if isinstance(answer, dict) else answer
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise IntegrityError("the answer about subscriptions is no list")
    return rows


def _news(row: dict[str, Any]) -> News:
    event, product, ticket = (row.get(key) for key in ("SubscriptionEvent", "ProductName", "AckId"))
    if event not in EVENTS or not (product or row.get("ProductId")) or not ticket:
        raise IntegrityError("a notification does not say what befell which product")
    cause = " ".join(str(row.get("DeletionCause") or "").split())[:_LONGEST_CAUSE]
    name = re.sub(r"\.\w+$", "", str(product or ""))
    return News(str(event), name, str(ticket), cause, _footprint(row.get("value")))


def _footprint(told: Any) -> BaseGeometry | None:
    try:
        found: BaseGeometry = shape(told["GeoFootprint"])
        return found if found.is_valid and not found.is_empty else None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError,
            shapely.errors.ShapelyError):  # fmt: skip
        return None


def _id(row: Any) -> str:
    found = str(row.get("Id", "")) if isinstance(row, dict) else ""
    # It becomes a part of addresses.
    if not _ID.match(found):
        raise IntegrityError("a subscription has no usable id")
    return found
