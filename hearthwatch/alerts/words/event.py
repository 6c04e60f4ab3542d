"""What is said of one event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from hearthwatch.alerting.facts import Facts, Told
from hearthwatch.alerts.words.catalogue import clean, coded, marked, quoted, say
from hearthwatch.alerts.words.figures import hectares, look, moment, place_in_words, point_of
from hearthwatch.records import AlertAct, EventState, Language, Mode
from hearthwatch.watchlist.raised import Sign
from hearthwatch.words import sensors_in_words

_BETWEEN = {Language.ARABIC: "\N{ARABIC SEMICOLON} "}
_STEPS = ("sensed", "published", "fetched", "detected")
_HOURS_IN_DAYS = 72
"""From so many hours on a length of time is told in days."""


def headline(facts: Facts, language: Language) -> str:
    """Return one line on an event; it names no place, for it is shown on locked screens."""
    act = coded(language, "act", facts["act"])
    line = say(
        language, "headline", act=act, what=what(facts, language), state=_standing(facts, language)
    )
    return marked(language, Mode(facts["mode"]), line)


def instruction(facts: Facts, language: Language) -> str:
    """Return what whoever is told should do next."""
    return marked(language, Mode(facts["mode"]), steps(facts, language))


def what(facts: Facts, language: Language) -> str:
    """Return what was observed: the kind, and what became of the site if that is known."""
    # A notice does not tell it, nor does what is left of an erased event.
    kind = coded(language, "kind", facts["kind"] or "untold")
    if not facts["change"]:
        return kind
    change = coded(language, "change", facts["change"])
    return say(language, "what-changed", kind=kind, change=change)


def steps(facts: Facts, language: Language) -> str:
    """Return what to do next, without the mark of an exercise."""
    return " ".join(say(language, f"do-{one}") for one in _steps(facts))


def description(
    facts: Facts, language: Language, zone: str = "UTC", *, notice: bool = False, number: int = 1
) -> tuple[str, ...]:
    """Return paragraphs on an event: all but what to do next and links.

    Parameters
    ----------
    zone : str
        In which times are told.
    notice : bool
        Whether the receiver is told only that there is something.
    number : int
        Of the message, of those that the receiver was sent about the event.
    """
    found = [say(language, "event-number", id=clean(facts["event"]), sequence=number)]
    found += _core(facts, language, zone)
    if notice:
        found.append(say(language, "notice"))
    elif facts["act"] != AlertAct.CANCEL:
        found += _grounds(facts, language, zone)
    if not notice:
        found.append(_chain(facts, language, zone))
        found.append(_told(facts["told"], language, zone))
    return (*found, say(language, "limits"))


def item(facts: Facts, language: Language, zone: str) -> str:
    """Return an event as one paragraph of a list."""
    lines = [headline(facts, language)]
    if facts["place"]:
        place = place_in_words(facts["place"], language)
        lines.append(say(language, "item-place", place=place))
    if facts["changed_by"]:
        lines.append(_item_when(facts, facts["changed_by"], language, zone))
    sure, severity = _sure_and_severity(facts, language)
    lines.append(say(language, "item-sure", sure=sure, severity=severity))
    if facts["merged_into"]:
        lines.append(say(language, "merged", event=clean(facts["merged_into"])))
    lines.append(say(language, "item-event", id=clean(facts["event"])))
    lines += links(facts["links"], ("answer", "event"), language)
    return "\n".join(lines)


def links(given: Mapping[str, str], names: Sequence[str], language: Language) -> list[str]:
    """Return what links lead to, each with its address on a line of its own.

    On a line of its own no program that makes links takes a mark or a full stop for part of it.
    """
    return [
        f"{say(language, f'link-{one}')}\n{clean(given[one])}" for one in names if given.get(one)
    ]


def _standing(facts: Facts, language: Language) -> str:
    if facts["merged_into"]:
        return say(language, "headline-merged")
    state = coded(language, "state", facts["state"])
    if facts["reason"]:
        reason = coded(language, "reason", facts["reason"])
        return say(language, "headline-reason", state=state, reason=reason)
    return say(language, "headline-state", state=state)


def _steps(facts: Facts) -> Iterator[str]:
    if facts["mode"] != Mode.ACTUAL:
        yield "test"
    if facts["act"] == AlertAct.CANCEL:
        yield _after_cancel(facts)
        return
    if facts["act"] == AlertAct.UPDATE:
        yield "replaces"
    yield "confirmed" if facts["state"] == EventState.CONFIRMED else "check"
    if facts.get("asked") in ("escalated", "handed_over"):
        yield facts["asked"].replace("_", "-")
    if facts["links"].get("answer"):
        yield "hours" if facts["urgent"] else "day"
    if facts["place"]:
        yield "secret"


def _after_cancel(facts: Facts) -> str:
    if facts["merged_into"]:
        return "merged"
    return "closed" if facts["state"] == EventState.CLOSED else "stop"


def _sure_and_severity(facts: Facts, language: Language) -> tuple[str, str]:
    sure = coded(language, "sure", facts["sure"].lower())
    return sure, coded(language, "severity", facts["severity"])


def _core(facts: Facts, language: Language, zone: str) -> Iterator[str]:
    """Yield what is said of every event: what, where, when, how sure."""
    yield "\n".join(_observed(facts, language))
    yield "\n".join(_where(facts, language))
    yield "\n".join(_when(facts, language, zone))
    yield "\n".join(_sure(facts, language))


def _observed(facts: Facts, language: Language) -> Iterator[str]:
    yield say(language, "observed", what=what(facts, language))
    if facts["sensors"]:
        sensors = clean(sensors_in_words(facts["sensors"]).replace(" or ", ", "))
        yield say(language, "observed-with", sensors=sensors)
    if facts["area_m2"] is not None:
        yield say(language, "observed-area", area=hectares(facts["area_m2"], language))
    yield say(language, "severity", severity=_sure_and_severity(facts, language)[1])
    if facts["observed"]:
        yield say(language, "english")
        yield f"- {quoted(language, facts['observed'])}"


def _where(facts: Facts, language: Language) -> Iterator[str]:
    if not facts["place"]:
        yield say(language, "where-untold")
        return
    precision = coded(language, "precision", facts["precision"])
    yield say(
        language, "where", place=place_in_words(facts["place"], language), precision=precision
    )
    point = point_of(facts["geometry"], facts["precision"])
    if point:
        yield say(language, "where-point", point=point)


def _when(facts: Facts, language: Language, zone: str) -> Iterator[str]:
    changed, unharmed = facts["changed_by"], facts["unharmed_until"]
    if changed is None:
        yield say(language, "when-untold")
    elif unharmed is None:
        yield say(language, "when-open", changed=look(changed, language, zone))
    else:
        yield say(
            language,
            "when",
            unharmed=look(unharmed, language, zone),
            changed=look(changed, language, zone),
        )
    if facts["seen"]:
        yield say(language, "seen", seen=look(facts["seen"], language, zone))
    if facts["looks"] is not None:
        yield say(language, "looks", count=facts["looks"])


def _item_when(facts: Facts, changed: str, language: Language, zone: str) -> str:
    first = look(changed, language, zone)
    if facts["unharmed_until"] is None:
        return say(language, "item-changed", changed=first)
    unharmed = look(facts["unharmed_until"], language, zone)
    return say(language, "item-when", unharmed=unharmed, changed=first)


def _sure(facts: Facts, language: Language) -> Iterator[str]:
    yield say(language, "sure", sure=_sure_and_severity(facts, language)[0])
    yield say(language, "sure-why", why=coded(language, "why", facts["state"]))
    if facts["reason"]:
        yield say(language, "because", reason=coded(language, "reason", facts["reason"]))
    if facts["merged_into"]:
        yield say(language, "merged", event=clean(facts["merged_into"]))


def _grounds(facts: Facts, language: Language, zone: str) -> Iterator[str]:
    """Yield what an alert rests on and what it does not know."""
    yield _free(facts, "reliability", language)
    yield _free(facts, "doubts", language)
    yield _free(facts, "unseen", language)
    yield "\n".join(_level(facts, language, zone))


def _free(facts: Facts, name: str, language: Language) -> str:
    """Return what detectors wrote under a heading; without anything, that nothing is said."""
    given = {
        "reliability": [facts["reliability"]],
        "doubts": facts["doubts"],
        "unseen": [facts["unseen"]],
    }[name]
    texts = [one for one in given if one]
    if not texts:
        return say(language, f"{name}-untold")
    return "\n".join((say(language, name), *_english(texts, language)))


def _english(texts: Sequence[str], language: Language) -> list[str]:
    """Return sentences that are there in English only; others are told that they are."""
    lines = [f"- {quoted(language, one)}" for one in texts]
    return lines if language is Language.ENGLISH else [say(language, "english"), *lines]


def _level(facts: Facts, language: Language, zone: str) -> Iterator[str]:
    level = facts["level"]
    if level is None:
        yield say(language, "level-untold")
        return
    named = coded(language, "level", level["level"])
    if level["until"]:
        until = moment(level["until"], language, zone)
        yield say(language, "level-until", level=named, until=until)
    else:
        yield say(language, "level", level=named)
    if level["reason"]:
        yield say(language, "english-people")
        yield f"- {quoted(language, level['reason'])}"
    # What was frozen before context was told of has none.
    signs: Sequence[Sign] = level.get("because", ())
    if signs:
        yield say(language, "context")
        yield from (f"- {_sign(one, language)}" for one in signs)
        if level["more"]:
            yield say(language, "context-more", count=level["more"])
        yield say(language, "context-no-cause")


def _sign(one: Sign, language: Language) -> str:
    """Return what was observed, by its codes: words and source stay in the service."""
    on = moment(one["on"], language, "UTC")
    graded = f"{one['reliability']}{one['credibility']}"
    if one["factor"] is None:
        parts = (
            say(
                language, "context-grade",
                variable=coded(language, "variable", variable),
                grade=coded(language, "grade", grade),
            )
            for variable, grade in one["grades"].items()
        )  # fmt: skip
        grades = _BETWEEN.get(language, "; ").join(parts)
        return say(language, "context-speech", on=on, graded=graded, grades=grades)
    number = str(one["factor"])
    what = coded(language, "factor", number)
    return say(language, "context-risk-factor", number=number, what=what, on=on, graded=graded)


def _chain(facts: Facts, language: Language, zone: str) -> str:
    chain = facts["chain"]
    at = {
        "sensed": chain["sensed"], "published": chain["published"], "fetched": chain["fetched"],
        "detected": chain["detected"], "made": chain["made"],
    }  # fmt: skip
    lines = [say(language, "chain")]
    for step, time in at.items():
        words = look if step == "sensed" else moment
        told = words(time, language, zone) if time else say(language, "chain-unknown")
        lines.append(f"- {say(language, f'chain-{step}', at=told)}")
    if chain["sensed"] and "T" in chain["sensed"] and "T" in chain["made"]:
        lines.append(_length(chain["sensed"], chain["made"], language))
    return "\n".join(lines)


def _length(since: str, until: str, language: Language) -> str:
    """Return how long it took, in whole hours or days begun: less would look too good."""
    took = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    hours = max(1, -int(-took.total_seconds() // 3600))
    if hours < _HOURS_IN_DAYS:
        return say(language, "chain-hours", count=hours)
    return say(language, "chain-days", count=-(-hours // 24))


def _told(told: Sequence[Told], language: Language, zone: str) -> str:
    if not told:
        return say(language, "told-untold")
    lines = [say(language, "told"), *(f"- {_one_told(one, language, zone)}" for one in told)]
    if all(one["answer"] != "taken_charge" for one in told):
        lines.append(say(language, "told-nobody"))
    return "\n".join(lines)


def _one_told(one: Told, language: Language, zone: str) -> str:
    name, answer = clean(one["name"]), coded(language, "answer", one["answer"] or "none")
    if not one["at"]:
        return say(language, "told-one", name=name, answer=answer)
    at = moment(one["at"], language, zone)
    return say(language, "told-one-at", name=name, answer=answer, at=at)
