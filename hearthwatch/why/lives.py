"""The lives of events that were merged, split or judged: every step, and the event that stands now.

An event that was merged into another keeps its id and its history and points to the one that its
sources tell of now; whoever was told of the first must find the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.errors import NotFound
from hearthwatch.records import Event, Opinion, Verb
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.words import counted, day


@dataclass(frozen=True, slots=True)
class Step:
    """What made one version of an event.

    Attributes
    ----------
    who : str
        Who did it; empty where software did.
    when : datetime
        When it was said or done; of software, when the look was sensed that it did it after.
    other : str
        Id of the other event of a split or a merger.
    words : str
        In a clause.
    """

    version: int
    state: str
    who: str
    when: datetime
    other: str
    words: str


@dataclass(frozen=True, slots=True)
class Life:
    """All that became of an event.

    Attributes
    ----------
    survivor : Event
        The one that stands for it now; itself, if it was not merged.
    steps : tuple of Step
        Oldest first; versions that changed nothing but numbers are left out.
    """

    event: Event
    survivor: Event
    steps: tuple[Step, ...]

    @property
    def is_merged(self) -> bool:
        """Whether another event stands for it."""
        return self.survivor.id != self.event.id


def lives_of(store: Store, events: Iterable[Event], asked: Iterable[str] = ()) -> tuple[Life, ...]:
    """Return the lives of events, and of all that they were ever merged with or split from.

    An event that nobody did or said anything about, and that was never merged, has no more to tell
    than itself: it is left out, unless it is asked for.

    Parameters
    ----------
    asked : iterable of str
        Ids of events that are told in any case.
    """
    found = _related(store, list(events))
    lives = [_life(store, event, found) for event in found.values()]
    wanted = {*asked, *(one.survivor.id for one in lives if one.is_merged)}
    told = [one for one in lives if one.event.id in wanted or _has_more_to_tell(one)]
    order = {one.event.id: one.event.first_changed for one in lives}
    return tuple(
        sorted(told, key=lambda one: (order[one.survivor.id], one.survivor.id, one.is_merged,
                                      one.event.first_detected, one.event.id))
    )  # fmt: skip


def life_value(life: Life) -> dict[str, Any]:
    """Return a life for programs."""
    return {
        "event": life.event.id,
        "state": life.event.state.value,
        "survivor": life.survivor.id,
        "survivor_state": life.survivor.state.value,
        "steps": [
            {
                "version": one.version,
                "state": one.state,
                "who": one.who or None,
                "when": moment(one.when),
                "other": one.other or None,
                "words": one.words,
            }
            for one in life.steps
        ],
    }


def life_lines(life: Life) -> Iterator[str]:
    """Yield a life for people: what stands now, then every step."""
    event = life.event
    yield f"Event {event.id} ({event.kind.value}): {now_in_words(life)}"
    for one in life.steps:
        yield f"  version {one.version}, {day(one.when)}: {one.words}"


def now_in_words(life: Life) -> str:
    """Return what stands for an event now, as a clause."""
    if not life.is_merged:
        return f"{life.event.state.value} now"
    survivor = life.survivor
    return f"part of event {survivor.id} now, which is {survivor.state.value}"


def _related(store: Store, events: Sequence[Event]) -> dict[str, Event]:
    """Return events with all that they were merged with or split from, however indirectly."""
    found = {one.id: one for one in events}
    waiting = list(events)
    while waiting:
        for key in _beside(store, waiting.pop()):
            event = None if key in found else _event(store, events[0].organisation, key)
            if event is not None:
                found[key] = event
                waiting.append(event)
    return found


def _beside(store: Store, event: Event) -> Iterator[str]:
    """Yield the ids of the events that ever had to do with another's sources."""
    organisation = event.organisation
    yield from (one.other for one in store.opinions(organisation, event.id))
    yield from (one.merged_into for one in store.event_history(organisation, event.id))
    for source in store.sources(organisation, event.id):
        yield from (one.event for one in store.source_history(organisation, source.id))


def _event(store: Store, organisation: str, event: str) -> Event | None:
    try:
        return store.event(organisation, event) if event else None
    except NotFound:
        # A source may have been put to an event that was given up before it was told of.
        return None


def _life(store: Store, event: Event, found: Mapping[str, Event]) -> Life:
    survivor = event
    while survivor.merged_into in found:
        survivor = found[survivor.merged_into]
    opinions = store.opinions(event.organisation, event.id)
    return Life(event, survivor, tuple(_steps(store, event, opinions)))


def _steps(store: Store, event: Event, opinions: Sequence[Opinion]) -> Iterator[Step]:
    made = {one.version: one for one in opinions}
    before: Event | None = None
    for version in store.event_history(event.organisation, event.id):
        step = _step(version, before, made.get(version.version), opinions)
        if step is not None:
            yield step
        before = version


def _step(
    version: Event, before: Event | None, said: Opinion | None, opinions: Sequence[Opinion]
) -> Step | None:
    """Return what made a version; None where it changed no state and nobody made it."""
    state = version.state.value
    if said is not None:
        words = f"{_act_in_words(version, said, opinions)}; {state} since"
        return Step(version.version, state, said.who, said.said, said.other, words)
    into = version.merged_into
    if into and (before is None or not before.merged_into):
        words = f"the software found that it is one change with event {into} and put it there"
        return Step(version.version, state, "", version.last_detected, into, words)
    if before is None or before.state is not version.state:
        words = f"{state}, by the software after the look of {day(version.last_detected)}"
        return Step(version.version, state, "", version.last_detected, "", words)
    return None


def _act_in_words(version: Event, said: Opinion, opinions: Sequence[Opinion]) -> str:
    moved = counted(len(said.sources), "source")
    if said.verb is Verb.SPLIT:
        is_new = version.version == 1
        act = f"{moved} {'split off from' if is_new else 'moved to'} event {said.other}"
    elif said.verb is Verb.MERGE:
        act = f"merged into event {said.other}"
        if not version.merged_into:
            act = f"event {said.other} merged into it, with {moved}"
    elif said.verb is Verb.UNDO:
        act = _undone(said, opinions)
    elif said.verb is Verb.REOPEN:
        act = "given back to the software"
    else:
        act = f"said to be {version.state.value}"
    why = "; ".join(filter(None, (said.reason, said.text)))
    return f"{act}, by {said.who}{f': {why}' if why else ''}"


def _undone(said: Opinion, opinions: Sequence[Opinion]) -> str:
    back = next((one for one in opinions if one.act == said.undoes), None)
    return f"the {back.verb.value} of version {back.version} taken back" if back else "taken back"


def _has_more_to_tell(life: Life) -> bool:
    return life.is_merged or any(one.who or one.other for one in life.steps)
