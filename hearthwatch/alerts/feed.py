"""Atom with GeoRSS: what a receiver was told, fetched by feed readers and drawn by maps.

Each thing told of an event is an entry of its own that never changes: many readers show an entry
once and would never show that it was taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from lxml import etree

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.feeds import Address, Sheet
from hearthwatch.alerts import words
from hearthwatch.alerts.channel import Letter, Parcel, Receipt
from hearthwatch.alerts.georss import GEORSS, add_where, without_where
from hearthwatch.alerts.xml_text import add
from hearthwatch.errors import AlertError
from hearthwatch.records import AlertAct, Language, MessageForm, Receiver

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml"
HISTORY = "http://purl.org/syndication/history/1.0"
THREAD = "http://purl.org/syndication/thread/1.0"

MOST_TEXT_BYTES = 20_000
"""Of what one entry says."""
MOST_OF_A_MESSAGE = 200_000
"""Of what all entries of one message say."""

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMES: dict[str | None, str] = {None: ATOM, "fh": HISTORY, "thr": THREAD, "georss": GEORSS}
_LINK = re.compile(r"https?://\S+")
_CATEGORIES = ("kind", "change", "state", "reason", "severity", "sure", "event", "merged_into")


class Feed:
    """Writes the entries of feeds; nothing is sent anywhere."""

    def check(self, address: str) -> str:
        """Return that there is no address, or raise AlertError."""
        if address:
            raise AlertError("A feed is fetched: give no address.")
        return ""

    def render(self, letter: Letter) -> Mapping[str, Any]:
        """Return the entries of a letter: one for each event, and one of a list as a whole."""
        if letter.form is MessageForm.SINGLE or not letter.facts:
            return {"entries": [_frozen(letter)]}
        head = _frozen(replace(letter, facts=()), title=words.title(letter, letter.language))
        room = min(MOST_TEXT_BYTES, MOST_OF_A_MESSAGE // len(letter.facts))
        singles = (replace(letter, form=MessageForm.SINGLE, facts=(f,)) for f in letter.facts)
        return {"entries": [head, *(_frozen(one, room) for one in singles)]}

    def deliver(self, parcel: Parcel) -> Receipt:
        """Return that it stands in the feed: it does as soon as it counts as delivered."""
        return Receipt(words="stands in the feed")


def document(receiver: Receiver, sheet: Sheet, address: Address, sender: str, home: str) -> bytes:
    """Return the Atom document (RFC 4287) that one sheet of a feed is, newest entry first.

    Parameters
    ----------
    address : callable
        Where each sheet is fetched.
    sender : str
        What this service calls itself.
    home : str
        Where its page is; empty where receivers cannot reach it.
    """
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMES)  # type: ignore[arg-type]
    feed.set(_LANG, receiver.language.value)
    add(feed, "id", f"urn:hearthwatch:receiver:{_named(receiver.id)}")
    add(feed, "title", f"hearthwatch, {sender}")
    add(feed, "subtitle", words.say(receiver.language, "limits"))
    newest = max((one.made for one in sheet.messages), default=receiver.created)
    add(feed, "updated", _time(newest))
    add(add(feed, "author"), "name", f"hearthwatch, {sender}")
    _add_links(feed, sheet, address, home)
    feed.extend(_entries(sheet))
    etree.cleanup_namespaces(feed)
    return etree.tostring(feed, xml_declaration=True, encoding="UTF-8")


def _add_links(feed: etree._Element, sheet: Sheet, address: Address, home: str) -> None:
    """Add how a reader comes from one sheet to the others (RFC 5005)."""
    _link(feed, "self", ATOM_TYPE, address(sheet.number))
    if home:
        _link(feed, "alternate", "text/html", f"{home}/")
    if sheet.number is not None:
        etree.SubElement(feed, f"{{{HISTORY}}}archive")
        _link(feed, "current", ATOM_TYPE, address(None))
    if sheet.before is not None:
        _link(feed, "prev-archive", ATOM_TYPE, address(sheet.before))


def _entries(sheet: Sheet) -> Iterator[etree._Element]:
    """Yield the entries, newest first.

    On the newest sheet, which maps draw, an event has one place: where it was told last. What was
    taken back has none. Full sheets stay as they are.
    """
    drawn: set[str] = set()
    for message in reversed(sheet.messages):
        for one in message.content.get("entries", ()):
            entry = etree.fromstring(one["xml"])
            if sheet.number is None and one["event"] in drawn:
                without_where(entry)
            if one["event"]:
                drawn.add(one["event"])
            yield entry


def _frozen(letter: Letter, room: int = MOST_TEXT_BYTES, title: str = "") -> dict[str, str]:
    """Return an entry as it is stored, in so many bytes of text at most."""
    facts, language = letter.facts[0] if letter.facts else None, letter.language
    entry = etree.Element(f"{{{ATOM}}}entry", nsmap=_NAMES)  # type: ignore[arg-type]
    entry.set(_LANG, language.value)
    add(entry, "id", _entry_id(letter.id, facts["event"] if facts else ""))
    own = words.title(letter, language)
    title = title or own
    add(entry, "title", title)
    add(entry, "updated", _time(letter.made))
    add(entry, "published", _time(letter.made))
    for scheme, term in _categories(letter, facts):
        add(entry, "category").attrib.update({"scheme": f"urn:hearthwatch:{scheme}", "term": term})
    if facts:
        _add_event(entry, letter, facts)
    # The text of a list without its events would begin by counting none.
    text = words.fitted(letter, language, room).replace(own, title, 1)
    content = add(entry, "content", _html(text, language))
    content.set("type", "html")
    return {
        "event": facts["event"] if facts else "",
        "xml": etree.tostring(entry, encoding="unicode"),
    }


def _add_event(entry: etree._Element, letter: Letter, facts: Facts) -> None:
    if facts["links"].get("event"):
        _link(entry, "alternate", "text/html", facts["links"]["event"])
    for told in _before(letter.before, facts["event"]):
        etree.SubElement(entry, f"{{{THREAD}}}in-reply-to").set("ref", told)
    if facts["act"] != AlertAct.CANCEL:
        add_where(entry, facts["geometry"], facts["precision"])


def _before(before: Sequence[str], event: str) -> Iterator[str]:
    """Yield the entry in which an event was told of the last time."""
    own = [one.split(",") for one in before]
    ids = [one[0] for one in own if len(one) < 3 or one[2] == event]
    if ids:
        yield _entry_id(ids[-1], event)


def _categories(letter: Letter, facts: Facts | None) -> Iterator[tuple[str, str]]:
    yield "mode", letter.marked.value
    yield "form", letter.form.value
    if facts:
        every: dict[str, Any] = {**facts}
        yield "act", facts["act"]
        for name in _CATEGORIES:
            if every[name]:
                yield name.replace("_", "-"), every[name]


def _html(text: str, language: Language) -> str:
    """Return plain text as HTML: paragraphs, lines, and links that can be followed."""
    paragraphs = (
        "<br/>".join(_line(one) for one in paragraph.split("\n"))
        for paragraph in text.split("\n\n")
    )
    direction = "rtl" if language is Language.ARABIC else "ltr"
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    return f'<div lang="{language.value}" dir="{direction}">{body}</div>'


def _line(text: str) -> str:
    shown = escape(text)
    return f'<a href="{shown}">{shown}</a>' if _LINK.fullmatch(text) else shown


def _entry_id(message: str, event: str) -> str:
    """Return what an entry is known by: the message and, where it tells of one, the event."""
    name = f"{message}.{event}" if event else message
    return f"urn:hearthwatch:message:{_named(name)}"


def _named(text: str) -> str:
    return quote(text, safe="")


def _link(parent: etree._Element, rel: str, media_type: str, href: str) -> None:
    add(parent, "link").attrib.update({"rel": rel, "type": media_type, "href": href})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
