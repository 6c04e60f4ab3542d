"""CAP 1.2: one document for each event; several go in one Atom feed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from lxml import etree

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerts.cap_info import Say, add_info, cap_time
from hearthwatch.alerts.cap_signing import CapSigner
from hearthwatch.alerts.channel import Letter, Parcel, Receipt
from hearthwatch.alerts.pinned import MOST_SENT, Pinned
from hearthwatch.alerts.signed import send
from hearthwatch.alerts.xml_text import add, root, text_of
from hearthwatch.records import Detail, Language, MessageForm, Mode

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
ATOM_TYPE = "application/atom+xml"

RESTRICTION = (
    "For the organisation that receives it. Places named here may be in danger if this is passed "
    "on: ask the sender first."
)
_NOTES: Mapping[Mode, str] = {
    Mode.EXERCISE: "EXERCISE: nothing of this happened.",
    Mode.TEST: "TEST: nothing of this happened.",
}
_SERVICE = frozenset({MessageForm.QUESTION, MessageForm.HEARTBEAT, MessageForm.ALARM})
_FEED_HEAD = 4096
# CAP forbids spaces, commas, < and & in what documents are known by.
_NOT_IN_NAMES = re.compile(r"[\s,<&]+")


class Cap:
    """Tells systems that read the Common Alerting Protocol.

    Parameters
    ----------
    pinned : Pinned
        How anything is sent.
    say : callable
        Puts a letter into words, in each language.
    signer : CapSigner, optional
        Signs each document; unsigned without.
    """

    def __init__(self, pinned: Pinned, say: Say, signer: CapSigner | None = None) -> None:
        self._pinned = pinned
        self._say = say
        self._signer = signer

    def check(self, address: str) -> str:
        """Return an address in its usual form, or raise AlertError."""
        return self._pinned.check(address)

    def render(self, letter: Letter) -> Mapping[str, Any]:
        """Return the text that is sent, and its type."""
        if len(letter.facts) <= 1:
            return {"type": CAP_TYPE, "body": text_of(self._document(letter, both=True))}
        return {"type": ATOM_TYPE, "body": self._fitting(letter)}

    def deliver(self, parcel: Parcel) -> Receipt:
        """Sign the request and post a parcel, or raise DeliveryFailed."""
        return send(self._pinned, parcel)

    def _fitting(self, letter: Letter) -> str:
        """Return the feed with as much as one message may hold.

        Second languages go first, then the last events: `Letter.rest` says where they are.
        """
        text = _feed(letter, entries := self._entries(letter, both=True))
        if len(text.encode()) <= MOST_SENT:
            return text
        text = _feed(letter, entries := self._entries(letter, both=False))
        if len(text.encode()) <= MOST_SENT:
            return text
        return _feed(letter, _that_fit(entries))

    def _entries(self, letter: Letter, *, both: bool) -> list[etree._Element]:
        entries = []
        for one in letter.facts:
            single = replace(letter, facts=[one])
            alert = self._document(single, both=both, several=True)
            entry = root(ATOM, "entry")
            add(entry, "id", f"urn:hearthwatch:message:{_identifier(single)}")
            add(entry, "title", alert.findtext(f"{{{CAP}}}info/{{{CAP}}}headline") or "")
            add(entry, "updated", cap_time(letter.made))
            content = add(entry, "content")
            content.set("type", CAP_TYPE)
            content.append(alert)
            entries.append(entry)
        return entries

    def _document(self, letter: Letter, *, both: bool, several: bool = False) -> etree._Element:
        """Return the document of a letter that tells of one event or of none."""
        facts = letter.facts[0] if letter.facts else None
        alert = root(CAP, "alert")
        for name, text in _head(letter, facts, several):
            add(alert, name, text)
        languages = [letter.language, *([Language.ENGLISH] if both else [])]
        for language in dict.fromkeys(languages):
            add_info(alert, letter, language, self._say(letter, language))
        return alert if self._signer is None else self._signer.sign(alert)


def _feed(letter: Letter, entries: Sequence[etree._Element]) -> str:
    feed = root(ATOM, "feed")
    add(feed, "id", f"urn:hearthwatch:message:{letter.id}")
    add(feed, "title", f"hearthwatch, {letter.sender}")
    add(feed, "updated", cap_time(letter.made))
    add(add(feed, "author"), "name", f"hearthwatch, {letter.sender}")
    left_out = letter.more + len(letter.facts) - len(entries)
    where = letter.rest or "ask the sender for them"
    more = f"{left_out} more events are not in this message, which had no room for them: {where}"
    notes = [_NOTES.get(letter.marked, ""), more if left_out else ""]
    if left_out and letter.rest:
        link = add(feed, "link")
        link.set("rel", "related")
        link.set("href", letter.rest)
    if any(notes):
        add(feed, "subtitle", " ".join(filter(None, notes)))
    feed.extend(entries)
    return text_of(feed)


def _that_fit(entries: Sequence[etree._Element]) -> Sequence[etree._Element]:
    """Return the first entries that go into one message; what comes before them is short."""
    sizes = accumulate(len(etree.tostring(one, encoding="UTF-8")) for one in entries)
    return entries[: sum(size <= MOST_SENT - _FEED_HEAD for size in sizes)]


def _head(letter: Letter, facts: Facts | None, several: bool) -> Iterator[tuple[str, str]]:
    scope = _scope(letter)
    yield "identifier", _identifier(letter)
    yield "sender", _name(letter.sender)
    yield "sent", cap_time(letter.made)
    yield "status", _status(letter)
    yield "msgType", facts["act"].capitalize() if facts else "Alert"
    yield "scope", scope
    if scope == "Restricted":
        yield "restriction", RESTRICTION
    if scope == "Private":
        yield "addresses", _name(letter.receiver or f"receiver-of-{letter.id}")
    if letter.marked in _NOTES:
        yield "note", _NOTES[letter.marked]
    references = " ".join(_references(letter, facts, several)) if facts else ""
    if references:
        yield "references", references
    if facts:
        yield "incidents", " ".join(_name(one) for one in _incidents(facts))


def _scope(letter: Letter) -> str:
    """Return the scope; ``Public`` only of what was released to everybody."""
    if letter.scope == "Public" and letter.detail is Detail.PUBLIC:
        return "Public"
    return "Restricted" if letter.scope == "Restricted" else "Private"


def _status(letter: Letter) -> str:
    if letter.marked is not Mode.ACTUAL:
        return letter.marked.value.capitalize()
    return "System" if letter.form in _SERVICE else "Actual"


def _identifier(letter: Letter) -> str:
    return _named(letter.id, letter.facts[0]["event"] if letter.facts else "")


def _named(message: str, event: str) -> str:
    """Return what a document is known by: a message can hold several."""
    return _name(f"{message}.{event}" if event else message)


def _references(letter: Letter, facts: Facts, several: bool) -> Iterator[str]:
    """Yield all that was told of an event before: a reader may have missed the last of it."""
    if facts["act"] == "alert":
        return
    for entry in letter.before:
        message, time, event = (*entry.split(","), "")[:3]
        if event == facts["event"] or not (event or several):
            told = cap_time(datetime.fromisoformat(time))
            yield f"{_name(letter.sender)},{_named(message, facts['event'])},{told}"


def _incidents(facts: Facts) -> Iterator[str]:
    yield facts["event"]
    if facts["merged_into"]:
        yield facts["merged_into"]


def _name(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text)
