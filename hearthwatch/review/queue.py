"""Which events wait for people to look, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from detectors.heat import INFO as HEAT_INFO
from detectors.types import DetectorState
from hearthwatch.access.standing import Caller
from hearthwatch.errors import NotFound
from hearthwatch.records import (
    Assessment,
    Claim,
    Event,
    EventFilter,
    EventState,
    Mode,
    Role,
    WatchLevel,
)
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import SETTLED, Case, Round, Task, cases_of, task_of
from hearthwatch.store.protocol import Store
from hearthwatch.watchlist.terms import level_now

MOST_OF_STATE = 1000
"""Events of one state that are put in order, the newest; others come when these are done."""
MOST_AUDITS = 200
SUPERVISORS = frozenset({Role.ADMIN, Role.REVIEWER})
"""Who looks again at what was settled."""

_STATES = (
    EventState.DISPUTED,
    EventState.CORROBORATED,
    EventState.PROVISIONAL,
    EventState.CANDIDATE,
)
_OF_DETECTOR = {DetectorState.PROBABLE.value: 1, DetectorState.ESTABLISHED.value: 2}
_OF_LEVEL = {WatchLevel.URGENT: 0, WatchLevel.ELEVATED: 1, WatchLevel.ROUTINE: 2}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits for somebody to look.

    Attributes
    ----------
    level : WatchLevel
        Of its watch, now.
    severity : int
        3 for what two sensors hold, 2 and 1 for ESTABLISHED and PROBABLE by one, 0 for less.
    claim : Claim or None
        Of whoever looks at it now.
    """

    event: Event
    task: Task
    level: WatchLevel
    severity: int
    claim: Claim | None


def queue_of(store: Store, who: Caller, sampling: Sampling, now: datetime) -> list[Waiting]:
    """Return what waits for somebody, in the order in which it should be looked at.

    By the level of the watch, the severity, and how long it has waited; what ended without a word
    on the ground and of which nothing new was seen comes last, after audits and exercises.
    """
    cases = _cases(store.assessments(who.organisation))
    claims = {one.event: one for one in store.claims(who.organisation) if one.expires > now}
    levels = {one.id: level_now(one, now) for one in store.regions(who.organisation, removed=True)}
    found = []
    for event in (*_open(store, who.organisation), *_settled(store, who, cases)):
        task = task_of(event, cases.get(event.id, ()), sampling)
        if task is not None and task.is_for(who.person, supervises=who.role in SUPERVISORS):
            level = levels.get(event.region, WatchLevel.ROUTINE)
            waits = Waiting(event, task, level, severity_of(event), claims.get(event.id))
            found.append((_order(waits, cases.get(event.id, ())), waits))
    return [waits for _, waits in sorted(found, key=lambda one: one[0])]


def severity_of(event: Event) -> int:
    """Return how much speaks for an event, 0 to 3, whatever people said of it."""
    if event.state is EventState.CORROBORATED:
        return 3
    return _OF_DETECTOR.get(event.detector_state, 0)


def _order(waits: Waiting, cases: Sequence[Case]) -> tuple[object, ...]:
    event, task = waits.event, waits.task
    stale = task.again and event.version <= max(one.said[0].version for one in cases)
    return (
        stale,
        event.mode is not Mode.ACTUAL,
        task.round is Round.AUDIT,
        _OF_LEVEL[waits.level],
        -waits.severity,
        event.first_detected,
        event.id,
    )


def _cases(assessments: Sequence[Assessment]) -> Mapping[str, list[Case]]:
    found: dict[str, list[Assessment]] = {}
    for one in assessments:
        found.setdefault(one.event, []).append(one)
    return {event: cases_of(said) for event, said in found.items()}


def _open(store: Store, organisation: str) -> Iterator[Event]:
    """Yield the events of which people have not said what they are; a hint of heat is none."""
    for state in _STATES:
        page = store.events(organisation, EventFilter(states=(state,)), limit=MOST_OF_STATE)
        for event in page.items:
            if not (event.detector == HEAT_INFO.id and state is EventState.CANDIDATE):
                yield event


def _settled(store: Store, who: Caller, cases: Mapping[str, list[Case]]) -> Iterator[Event]:
    """Yield the events that a supervisor may have to look at again, those settled last first."""
    if who.role not in SUPERVISORS:
        return
    due = [
        (of_event[-1].said[-1].said, event)
        for event, of_event in cases.items()
        if of_event[-1].holds in SETTLED and not of_event[-1].audited
    ]
    for _, event in sorted(due, reverse=True)[:MOST_AUDITS]:
        try:
            found = store.event(who.organisation, event)
        except NotFound:
            continue
        # What people gave back since is among the open ones already.
        if found.state in SETTLED.values():
            yield found
