"""The form of a message for SMS, and what it takes up there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerts.channel import Letter
from hearthwatch.alerts.words.catalogue import clean, coded, mark_of, say
from hearthwatch.alerts.words.figures import day_of, place_in_words
from hearthwatch.alerts.words.letter import LISTS, form_of, mode_of
from hearthwatch.records import Language, MessageForm

MOST = 160
"""Characters in a short form; a sign beyond the Basic Multilingual Plane counts as two."""

_MOST_OF_SENDER = 40

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_TWICE = frozenset("\f^{}\\[~]|€")
"""Characters of the extension table of GSM 03.38, each of which takes two places."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a text takes up as SMS.

    Attributes
    ----------
    units : int
        Places of the alphabet that are taken: septets, or 16-bit units.
    alphabet : str
        ``GSM-7`` or ``UCS-2``.
    parts : int
        Messages that it is sent as and charged for.
    """

    units: int
    alphabet: str
    parts: int


def size(text: str) -> Size:
    """Return what a text takes up: 160 places of GSM-7 or 70 of UCS-2 in a message.

    Of several messages that belong together each has 153 or 67, as their order takes the rest.
    """
    if set(text) <= _GSM_7 | _GSM_7_TWICE:
        units = len(text) + sum(one in _GSM_7_TWICE for one in text)
        return Size(units, "GSM-7", 1 if units <= MOST else math.ceil(units / 153))
    units = len(text.encode("utf-16-be")) // 2
    return Size(units, "UCS-2", 1 if units <= 70 else math.ceil(units / 67))


def short(letter: Letter, language: Language) -> str:
    """Return a message in 160 characters at most.

    The event's id, the mark and the link are never cut: before that place, day and words are left
    out, each as a whole. The id stands in the link where it is part of it. A link that leaves no
    room for id and mark is left out as a whole.
    """
    return next(one for one in _tries(letter, language) if size(one).units <= MOST)


def _tries(letter: Letter, language: Language) -> Iterator[str]:
    """Yield the short form, with less and less in it; the last one always fits."""
    mark = mark_of(language, mode_of(letter))
    number, link = _id_and_link(letter)
    words = [". ".join(one) for one in _words(letter, language)]
    tail = say(language, "short-number", id=number, isolate=False) if number else ""
    for one in words:
        yield _line(mark, one, "" if number in link else tail, link)
    yield _line(mark, "" if number in link else number, link)
    for one in words:
        yield _line(mark, one, tail)
    yield _line(mark, number)


def _line(mark: str, *parts: str) -> str:
    told = " ".join(part for part in parts if part)
    return f"{mark} - {told} - {mark}" if mark else told


def _id_and_link(letter: Letter) -> tuple[str, str]:
    own = letter.links or {}
    if letter.form is MessageForm.SINGLE:
        facts = letter.facts[0]
        return clean(facts["event"]), clean(facts["links"].get("event", ""))
    return "", clean(own.get("confirm") or own.get("code") or own.get("receiver") or letter.home)


def _words(letter: Letter, language: Language) -> Iterator[list[str]]:
    """Yield what is said, with less and less in it."""
    if letter.form is MessageForm.SINGLE:
        yield from _of_event(letter.facts[0], letter.zone, language)
    elif letter.form in LISTS:
        named = say(language, f"short-{letter.form.value}")
        count = len(letter.facts) + letter.more
        yield [say(language, "short-many", title=named, count=count, isolate=False)]
    else:
        key = f"short-{form_of(letter)}{'-code' if 'code' in (letter.links or {}) else ''}"
        sender = clean(letter.sender)[:_MOST_OF_SENDER]
        yield [say(language, key, sender=sender, isolate=False)]


def _of_event(facts: Facts, zone: str, language: Language) -> Iterator[list[str]]:
    kind = coded(language, "brief", facts["kind"] or "untold")
    act, state = coded(language, "act", facts["act"]), coded(language, "state", facts["state"])
    core = say(language, "short-event", act=act, what=kind, state=state, isolate=False)
    place = place_in_words(facts["place"], language) if facts["place"] else ""
    day = day_of(facts["changed_by"], zone) if facts["changed_by"] else ""
    yield [one for one in (core, place, day) if one]
    yield [one for one in (core, day) if one]
    yield [core]
    yield [f"{kind}, {state}"]
    yield [state]
