"""How long each section of the way takes, of many alerts: nothing that is not over is left out.

The way of a look is counted once for each look at an event, that of a message once for each alert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from hearthwatch.latency.quantiles import Quantile, quantile, quantile_if_enough
from hearthwatch.records import AlertAct, Channel, Detail, Mode, Receiver, TimedAlert
from hearthwatch.store.delays import AT_ONCE, LIVE

_ZERO = timedelta()
_RELEASED = frozenset({Detail.PARTNER, Detail.PUBLIC})


class Section(StrEnum):
    """A section of the way, by where it ends; the last two are of the whole."""

    PUBLISHED = "published"
    FETCHED = "fetched"
    DETECTED = "detected"
    VERIFIED = "verified"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    TOLD = "told"
    ANSWERED = "answered"


SPAN: Mapping[Section, tuple[str, str]] = {
    Section.PUBLISHED: ("sensed", "published"),
    Section.FETCHED: ("published", "fetched"),
    Section.DETECTED: ("fetched", "detected"),
    Section.VERIFIED: ("detected", "verified"),
    Section.SENT: ("due", "sent"),
    Section.ACKNOWLEDGED: ("sent", "acknowledged"),
    Section.TOLD: ("sensed", "sent"),
    Section.ANSWERED: ("sensed", "acknowledged"),
}
"""From what to what each goes."""
_OF_LOOKS = (Section.PUBLISHED, Section.FETCHED, Section.DETECTED)
_WHOLE = (Section.TOLD, Section.ANSWERED)


@dataclass(frozen=True, slots=True)
class Took:
    """How long one section takes.

    Attributes
    ----------
    over : int
        How many times are known.
    open : int
        How many go on: nothing has arrived yet.
    unknown : int
        Of how many it is not known, and may never be.
    p50, p95 : Quantile or None
        None where there are too few.
    longest : Quantile or None
        None where there are none.
    """

    over: int
    open: int
    unknown: int
    p50: Quantile | None
    p95: Quantile | None
    longest: Quantile | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How long the sections take, over a period.

    Attributes
    ----------
    alerts : int
        Of real events, made in the period.
    from_the_past : int
        Of these, those of a look that was a month old when it was detected: no section of looks
        and no whole counts them.
    told_later : int
        Held for the rhythm or the quiet hours of who is told; no whole counts them.
    released : int
        To those who are told what two people release; no whole counts them.
    """

    since: datetime
    until: datetime
    alerts: int
    from_the_past: int
    told_later: int
    released: int
    took: Mapping[Section, Took]


def figures(
    alerts: Iterable[TimedAlert],
    receivers: Mapping[str, Receiver],
    since: datetime,
    until: datetime,
) -> Figures:
    """Return how long the sections take.

    Parameters
    ----------
    alerts : iterable of TimedAlert
        Made in the period.
    receivers : mapping
        All there were, by id.
    until : datetime
        How long what is not over goes on so far is counted up to here.
    """
    real = [one for one in alerts if one.mode is Mode.ACTUAL]
    live = [one for one in real if not is_past(one)]
    sent = [one for one in real if receivers[one.receiver].channel is not Channel.FEED]
    begun = [
        one
        for one in sent
        if one.act is AlertAct.ALERT
        and not is_past(one)
        and not is_held(one)
        and receivers[one.receiver].detail not in _RELEASED
    ]

    def may_come(one: TimedAlert) -> bool:
        return receivers[one.receiver].removed is None

    looks, events = tuple(_each_look(live)), tuple(_each_event(live))
    found = {section: _took(section, looks, until) for section in _OF_LOOKS}
    found[Section.VERIFIED] = _took(Section.VERIFIED, events, until)
    found[Section.SENT] = _took(Section.SENT, sent, until, may_come)
    taken = [one for one in sent if one.steps.sent is not None]
    found[Section.ACKNOWLEDGED] = _took(Section.ACKNOWLEDGED, taken, until, may_come)
    for section in _WHOLE:
        found[section] = _took(section, begun, until, may_come)
    counts = Counter(
        what
        for one in real
        for what, holds in (
            ("past", is_past(one)), ("held", is_held(one)),
            ("released", receivers[one.receiver].detail in _RELEASED),
        )
        if holds
    )  # fmt: skip
    return Figures(
        since, until, len(real), counts["past"], counts["held"], counts["released"], found
    )


def is_past(one: TimedAlert) -> bool:
    """Tell whether a look was old already when it was detected: history that was gone through."""
    at = one.steps.detected or one.made
    return one.steps.sensed is not None and at - one.steps.sensed > LIVE


def is_held(one: TimedAlert) -> bool:
    """Tell whether who is told wanted to be told later."""
    return one.due - one.made >= AT_ONCE


def _took(
    section: Section,
    alerts: Iterable[TimedAlert],
    until: datetime,
    may_come: Callable[[TimedAlert], bool] = lambda _: False,
) -> Took:
    """Return how long a section takes; `may_come` tells whether an end that is missing can come."""
    began, ended = (_time(name) for name in SPAN[section])
    over, going_on, unknown = [], [], 0
    for one in alerts:
        start, end = began(one), ended(one)
        if start is not None and end is not None:
            # Two clocks, or an answer that was faster than a receipt.
            over.append(max(end - start, _ZERO))
        elif start is None or not may_come(one):
            unknown += 1
        elif start <= until:
            going_on.append(until - start)
    # Once, for three quantiles: what is in order is put in order again in no time.
    over.sort()
    going_on.sort()
    every = bool(over or going_on)
    return Took(
        len(over), len(going_on), unknown,
        quantile_if_enough(over, going_on, 0.5), quantile_if_enough(over, going_on, 0.95),
        quantile(over, going_on, 1.0) if every else None,
    )  # fmt: skip


def _time(name: str) -> Callable[[TimedAlert], datetime | None]:
    return attrgetter(name if name == "due" else f"steps.{name}")


def _each_look(alerts: Iterable[TimedAlert]) -> Iterator[TimedAlert]:
    """Yield one alert for each look at an event, by which it is known best."""
    known: dict[tuple[str, datetime | None], TimedAlert] = {}
    for one in alerts:
        key = (one.event, one.steps.sensed)
        if key not in known or (known[key].steps.looked_up is None):
            known[key] = one
    yield from known.values()


def _each_event(alerts: Sequence[TimedAlert]) -> Iterator[TimedAlert]:
    """Yield one alert for each event: the first that told of it as confirmed, if any did."""
    known: dict[str, TimedAlert] = {}
    for one in alerts:
        if one.act is AlertAct.CANCEL:
            continue
        if one.event not in known or (
            known[one.event].steps.verified is None and one.steps.verified is not None
        ):
            known[one.event] = one
    yield from known.values()
