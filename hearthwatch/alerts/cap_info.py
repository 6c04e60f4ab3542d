"""What a CAP 1.2 document says in one language: its ``info``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerts.cap_area import drawn
from hearthwatch.alerts.channel import Letter
from hearthwatch.alerts.xml_text import add
from hearthwatch.records import Language

CATEGORY = "Safety"
"""The one category of the standard that says nothing of a cause: ``Security`` is for police and
armed forces, ``Fire`` for the fire brigade, which is not who should come."""

VALID_FOR = timedelta(days=30)
"""Without an end, readers drop a message when they please; what is newer replaces it before."""

VALID_FOR_SERVICE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one document in one language.

    Attributes
    ----------
    event : str
        What kind of thing it tells of.
    headline : str
        All of it in a line.
    description : str
        What was observed and how sure it is, and all else that an alert has to say.
    instruction : str
        What to do next; may be empty.
    nowhere : str
        Stands where the place would, where none may be named.
    """

    event: str
    headline: str
    description: str
    instruction: str
    nowhere: str


Say = Callable[[Letter, Language], Said]
"""``say(letter, language)`` puts into words a letter that tells of one event or of none."""


def add_info(alert: etree._Element, letter: Letter, language: Language, said: Said) -> None:
    """Add what a letter of one event or of none says in a language."""
    facts = letter.facts[0] if letter.facts else None
    info = add(alert, "info")
    add(info, "language", language.value)
    add(info, "category", CATEGORY if facts else "Other")
    add(info, "event", said.event)
    for name, text in _judged(facts):
        add(info, name, text)
    if facts and facts["kind"]:
        _add_value(info, "eventCode", "org.hearthwatch.kind", facts["kind"])
    add(info, "effective", cap_time(letter.made))
    add(info, "expires", cap_time(letter.made + (VALID_FOR if facts else VALID_FOR_SERVICE)))
    add(info, "senderName", f"hearthwatch, {letter.sender}")
    add(info, "headline", said.headline)
    add(info, "description", said.description)
    if said.instruction:
        add(info, "instruction", said.instruction)
    _add_links(info, letter, facts)
    for name, value in _parameters(letter, facts):
        _add_value(info, "parameter", f"hearthwatch:{name}", value)
    _add_area(info, facts, said)


def cap_time(moment: datetime) -> str:
    """Return a time as CAP's schema wants it: whole seconds, and an offset that is never Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _judged(facts: Facts | None) -> Iterator[tuple[str, str]]:
    """Yield what to do, how soon, how grave, how sure; never ``AllClear``."""
    if facts is None:
        yield from (("urgency", "Unknown"), ("severity", "Unknown"), ("certainty", "Unknown"))
        return
    over = facts["act"] == "cancel" and not facts["merged_into"]
    yield "responseType", "Monitor" if over else "Assess"
    if over:
        yield "urgency", "Past"
    else:
        yield "urgency", "Expected" if facts["urgent"] else "Future"
    yield "severity", facts["severity"].capitalize()
    yield "certainty", facts["sure"]


def _add_links(info: etree._Element, letter: Letter, facts: Facts | None) -> None:
    links = facts["links"] if facts else (letter.links or {})
    web = next((links[name] for name in ("event", "confirm", "receiver") if name in links), "")
    if web:
        add(info, "web", web)
    if letter.home:
        add(info, "contact", letter.home)


def _parameters(letter: Letter, facts: Facts | None) -> Iterator[tuple[str, str]]:
    yield "mode", letter.marked.value
    yield "form", letter.form.value
    yield "detail", letter.detail.value
    if letter.late:
        yield "late", "true"
    for name, value in _named(facts) if facts else ():
        if value not in (None, "", []):
            yield name, " ".join(value) if isinstance(value, list) else str(value)


def _named(facts: Facts) -> Iterator[tuple[str, object]]:
    every: dict[str, object] = {**facts}
    for name in (
        "event", "version", "sequence", "kind", "change", "state", "reason", "merged_into",
        "precision", "area_m2", "unharmed_until", "changed_by", "seen", "looks", "sensors",
    ):  # fmt: skip
        yield name, every[name]
    for name in ("answer", "evidence"):
        yield name, facts["links"].get(name)


def _add_area(info: etree._Element, facts: Facts | None, said: Said) -> None:
    area = add(info, "area")
    add(area, "areaDesc", (facts["place"] if facts else "") or said.nowhere)
    where = drawn(facts["geometry"], facts["precision"]) if facts else drawn(None, "")
    for polygon in where.polygons:
        add(area, "polygon", polygon)
    for circle in where.circles:
        add(area, "circle", circle)


def _add_value(info: etree._Element, element: str, name: str, value: str) -> None:
    pair = add(info, element)
    add(pair, "valueName", name)
    add(pair, "value", value)
