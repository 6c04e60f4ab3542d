"""News of products from the Copernicus Data Space, pulled from its queue: an option beside polling.

Only names of products and what befell them are taken from a notification. An address in it is
never followed: what is wanted is asked of the provider itself, as always. Of pushing nothing is
made use of: it is lost after three tries.

References
----------
Copernicus Data Space Ecosystem documentation, "Subscriptions" of the OData interface.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from imagery.errors import IntegrityError, Permanent
from imagery.net.transport import Check
from imagery.net.types import Deadline, Reply, Request

CDSE_SUBSCRIPTIONS = "https://catalogue.dataspace.copernicus.eu/odata/v1/Subscriptions"
AT_ONCE = 20
"""Notifications that one read gives at most."""
EVENTS = ("created", "modified", "deleted")
_ID = re.compile(r"^[A-Za-z0-9-]{1,64}$")
_MOST_BYTES = 4_000_000


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
        Its name, without ending.
    ticket : str
        What acknowledges it, and all that came before it.
    cause : str
        Why it was deleted, as the provider says; empty where it does not.
    """

    event: str
    product: str
    ticket: str
    cause: str = ""


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

    def __init__(self, sender: Sender, wanted: str, url: str = CDSE_SUBSCRIPTIONS) -> None:
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
    if event not in EVENTS or not product or not ticket:
        raise IntegrityError("a notification does not say what befell which product")
    cause = row.get("DeletionCause") or ""
    return News(str(event), re.sub(r"\.\w+$", "", str(product)), str(ticket), str(cause))


def _id(row: Any) -> str:
    found = str(row.get("Id", "")) if isinstance(row, dict) else ""
    # It becomes a part of addresses.
    if not _ID.match(found):
        raise IntegrityError("a subscription has no usable id")
    return found
