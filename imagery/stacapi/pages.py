"""A search of a STAC API, page by page, however its pages are linked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from imagery.errors import IntegrityError, Permanent
from imagery.net.types import Deadline, Reply, Request

PAGE = 100
"""Items asked for at once; a catalogue may send fewer. Items have 10 to 40 kB, and catalogues that
run on small machines fail on pages of more than 6 MB."""
MOST_BYTES = 64_000_000
"""Of one page."""
SECONDS = 120.0
"""Time for one page, with all its repeats."""
IDLE_PAGES = 3
"""Pages in a row that bring nothing new, after which the catalogue is going round in a circle."""

Item = dict[str, Any]


class Sender(Protocol):
    """What is asked of the transport."""

    def send(self, request: Request, deadline: Deadline, check: Any = None) -> Reply:
        """Send and return the answer, or raise an ImageryError."""
        ...


class TooMany(Exception):
    """More items than may be held at once, or no telling whether there are more."""


def items(sender: Sender, url: str, body: Mapping[str, Any], most: int) -> list[Item]:
    """Return all items that a search finds, each once.

    Parameters
    ----------
    url : str
        Of the API's search.
    body : mapping
        What is searched for, without `limit`.
    most : int
        Items at most.

    Raises
    ------
    TooMany
        If there are more, or a full page does not say whether another follows.
    IntegrityError
        If the pages never end, or are no pages of items.
    ImageryError
        As the transport does.
    """
    found: dict[tuple[str, str], Item] = {}
    idle = 0
    for page in _pages(sender, url, {**body, "limit": PAGE}):
        before = len(found)
        if (_matched(page) or 0) > most:
            raise TooMany
        for item in page["features"]:
            key = str(item.get("collection")), str(item.get("id"))
            if key not in found or _revision(item) > _revision(found[key]):
                found[key] = item
        if len(found) > most:
            raise TooMany
        idle = idle + 1 if len(found) == before else 0
        if idle >= IDLE_PAGES:
            raise IntegrityError("the catalogue sends pages without end that hold nothing new")
    return list(found.values())


def origin(url: str) -> str:
    """Return ``https://host`` or ``https://host:port`` of an address, lower case.

    Raises
    ------
    Permanent
        If it is no address of the web; the text does not repeat it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Permanent("the catalogue names an address that is none") from error
    if parts.scheme not in ("https", "http") or not host:
        raise Permanent(f"an address of the kind {parts.scheme or 'without a scheme'} is not read")
    shown = f"[{host}]" if ":" in host else host
    usual = port is None or port == {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{shown}" + ("" if usual else f":{port}")


def _pages(sender: Sender, url: str, body: dict[str, Any]) -> Iterator[Item]:
    request = _post(url, body)
    asked = set()
    while True:
        mark = request.method, request.url, request.body
        if mark in asked:
            raise IntegrityError("the catalogue's next page is one that it already sent")
        asked.add(mark)
        page = _page(sender.send(request, Deadline.after(SECONDS), check=_check))
        yield page
        link = _next(page)
        if link is None or not page["features"]:
            _require_end(page)
            return
        request, body = _follow(link, url, body)


def _require_end(page: Item) -> None:
    """Refuse a last page that does not say it is the last and looks like one of several."""
    count = len(page["features"])
    if "links" not in page and (count >= PAGE or (_matched(page) or 0) > count):
        raise TooMany


def _post(url: str, body: Mapping[str, Any]) -> Request:
    return Request(
        "POST",
        url,
        (("Content-Type", "application/json"), ("Accept", "application/geo+json")),
        json.dumps(body, sort_keys=True).encode(),
        most_bytes=MOST_BYTES,
    )


def _check(reply: Reply) -> None:
    """Refuse what is no page, so that it is asked for again."""
    _page(reply)


def _page(reply: Reply) -> Item:
    try:
        page = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise IntegrityError("the catalogue's answer is not readable JSON") from error
    features = page.get("features") if isinstance(page, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise IntegrityError("the catalogue's answer is no page of items")
    return page  # type: ignore[no-any-return]


def _next(page: Item) -> Mapping[str, Any] | None:
    links = page.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next":
            return link
    return None


def _follow(
    link: Mapping[str, Any], url: str, body: dict[str, Any]
) -> tuple[Request, dict[str, Any]]:
    """Return the request for the next page; it stays with the catalogue that was asked."""
    try:
        target = urljoin(url, str(link["href"]))
    except (KeyError, ValueError) as error:
        raise IntegrityError("the catalogue's link to the next page leads nowhere") from error
    if origin(target) != origin(url):
        raise Permanent(f"the next page is said to be at {origin(target)}: not followed")
    if str(link.get("method", "GET")).upper() != "POST":
        return Request("GET", target, most_bytes=MOST_BYTES), body
    stated = link.get("body")
    given: dict[str, Any] = stated if isinstance(stated, dict) else {}
    following = {**body, **given} if link.get("merge") or not given else given
    return _post(target, following), following


def _matched(page: Item) -> int | None:
    context = page.get("context")
    stated = page.get("numberMatched")
    if stated is None and isinstance(context, dict):
        stated = context.get("matched")
    return stated if isinstance(stated, int) else None


def _revision(item: Item) -> str:
    properties = item.get("properties")
    return str(properties.get("updated") or "") if isinstance(properties, dict) else ""
