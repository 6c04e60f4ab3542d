"""What people do with events: say what they are, split and merge them, and take it back.

Every act makes a version of each event it is about and an opinion there, in one transaction. Ids
never change: an event that was merged into another stays, and points to it.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from detectors.types import DetectorState
from hearthwatch.alerting.opening import opened
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.errors import EventError, NotFound
from hearthwatch.fusion.event import SAID_BY_PEOPLE, fused
from hearthwatch.fusion.opinions import MOVES, STATE_OF, check_words, standing, state_said
from hearthwatch.records import Event, EventSource, EventState, Opinion, Verb
from hearthwatch.store.protocol import Store, Transaction

_OF_STATES = frozenset({*STATE_OF, Verb.REOPEN})
_OF_ONE_DETECTOR = {
    DetectorState.WATCH.value: EventState.CANDIDATE,
    DetectorState.LAPSED.value: EventState.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Saying:
    """Who says something, when, and why.

    Attributes
    ----------
    reason, text : str
        The coded reason of a rejection, and words.
    """

    who: str
    when: datetime
    reason: str = ""
    text: str = ""


def say(store: Store, organisation: str, event: str, verb: Verb, saying: Saying) -> Event:
    """Give an event a state, or give it back to the software; return its new version.

    Raises
    ------
    NotFound
        If there is no such event.
    EventError
        If it was merged into another, or what is said lacks its reason.
    """
    with opened(store, organisation) as tx:
        return say_within(store, tx, organisation, event, verb, saying)


def say_within(
    store: Store, tx: Transaction, organisation: str, event: str, verb: Verb, saying: Saying
) -> Event:
    """Do as `say` does, in a transaction that is open.

    Raises
    ------
    NotFound, EventError
        As `say`.
    """
    if verb not in STATE_OF and verb is not Verb.REOPEN:
        raise EventError(f"To {verb.value} is not to say what an event is.")
    check_words(verb, saying.reason, saying.text)
    act = _Act(store, tx, organisation, verb, saying)
    return act.version(act.open(event))


def split(
    store: Store, organisation: str, event: str, sources: Collection[str], saying: Saying
) -> tuple[Event, Event]:
    """Move sources of an event to a new one; return what is left of it, and the new one.

    Raises
    ------
    NotFound
        If there is no such event.
    EventError
        If the sources are not its own, or are all of its own.
    """
    with opened(store, organisation) as tx:
        act = _Act(store, tx, organisation, Verb.SPLIT, saying)
        whole = act.open(event)
        own = {one.id: one for one in store.sources(organisation, event)}
        if not sources or not set(sources) < own.keys():
            raise EventError(
                "Name some of the sources of the event, not all and none of another: "
                f"{', '.join(sorted(own)) or 'it has none'}."
            )
        moved = [own[key] for key in sorted(set(sources))]
        new = act.unused_id(moved)
        act.move(moved, new)
        left = act.version(whole, other=new, sources=sources)
        return left, act.make(new, other=event, sources=sources)


def merge(store: Store, organisation: str, event: str, other: str, saying: Saying) -> Event:
    """Make two events one, which keeps the first one's id; return it.

    The other stays, without sources, and points to it.

    Raises
    ------
    NotFound
        If there is no such event.
    EventError
        If they are one already, or one of them was merged, or is an exercise and the other not.
    """
    with opened(store, organisation) as tx:
        act = _Act(store, tx, organisation, Verb.MERGE, saying)
        kept, given = act.open(event), act.open(other)
        if kept.id == given.id:
            raise EventError("An event cannot be merged into itself.")
        if kept.mode is not given.mode:
            raise EventError("What happened and an exercise cannot be one event.")
        moved = store.sources(organisation, given.id)
        act.move(moved, kept.id)
        ids = [one.id for one in moved]
        act.version(given, other=kept.id, sources=ids, into=kept.id)
        return act.version(kept, other=given.id, sources=ids)


def undo(store: Store, organisation: str, event: str, saying: Saying) -> Event:
    """Take back what was last said of an event or done with it; return its new version.

    Raises
    ------
    NotFound
        If there is no such event.
    EventError
        If there is nothing to take back, or the other event of a split or merger has changed
        hands since.
    """
    with opened(store, organisation) as tx:
        return undo_within(store, tx, organisation, event, saying)


def undo_within(
    store: Store, tx: Transaction, organisation: str, event: str, saying: Saying
) -> Event:
    """Do as `undo` does, in a transaction that is open.

    Raises
    ------
    NotFound, EventError
        As `undo`.
    """
    act = _Act(store, tx, organisation, Verb.UNDO, saying)
    known = store.event(organisation, event)
    stands = standing(store.opinions(organisation, event))
    if not stands:
        raise EventError("Nobody said anything of this event that could be taken back.")
    last = stands[-1]
    if last.verb in MOVES:
        return _move_back(act, known, last)
    return act.version(known, undoes=last.act)


def _move_back(act: _Act, known: Event, last: Opinion) -> Event:
    """Undo a split or merger at both of its events; return the one that was asked for."""
    other = act.store.event(act.organisation, last.other)
    theirs = standing(act.store.opinions(act.organisation, other.id))
    if not theirs or theirs[-1].act != last.act:
        raise EventError(
            f"Event {other.id} was changed by people since: take that back first, there."
        )
    both = {known.id: other.id, other.id: known.id}
    # As nothing was done with either since, the sources lie where the act put them.
    for source in (act.store.source(act.organisation, key) for key in last.sources):
        act.move([source], both[source.event])
    for one in (other, known):
        is_left_over = last.verb is Verb.SPLIT and not act.members(one.id)
        into = both[one.id] if is_left_over else ""
        made = act.version(one, undoes=last.act, other=both[one.id], into=into)
    return made


class _Act:
    """One act, as it is being written."""

    def __init__(
        self, store: Store, tx: Transaction, organisation: str, verb: Verb, saying: Saying
    ) -> None:
        self.store, self.organisation = store, organisation
        self._tx, self._verb, self._saying = tx, verb, saying
        self._id = uuid.uuid4()
        self._moved: dict[str, EventSource] = {}

    def open(self, event: str) -> Event:
        """Return an event that stands for itself."""
        found = self.store.event(self.organisation, event)
        if found.merged_into:
            raise EventError(
                f"Event {found.id} was merged into {found.merged_into}: say it of that one, or "
                "take the merger back."
            )
        return found

    def members(self, event: str) -> list[EventSource]:
        """Return the sources of an event after what was moved."""
        stored = self.store.sources(self.organisation, event)
        found = [one for one in stored if one.id not in self._moved]
        found += [one for one in self._moved.values() if one.event == event]
        return sorted(found, key=lambda one: one.id)

    def move(self, sources: Sequence[EventSource], event: str) -> None:
        """Put sources to another event."""
        for one in sources:
            moved = dataclasses.replace(one, event=event, version=one.version + 1)
            self._moved[one.id] = moved
            self._tx.put_source(moved)

    def unused_id(self, sources: Sequence[EventSource]) -> str:
        """Return an id for a new event: its first source's, where no event has it."""
        first = min(sources, key=lambda one: (one.first_detected, one.id)).id
        try:
            self.store.event(self.organisation, first)
        except NotFound:
            return first
        return str(uuid.uuid5(self._id, first))

    def make(self, event: str, other: str, sources: Collection[str]) -> Event:
        """Write the first version of an event that was split off."""
        made = fused(event, self.members(event), None)
        return self._write(made, self._opinion(made, other, sources))

    def version(
        self,
        known: Event,
        *,
        other: str = "",
        sources: Collection[str] = (),
        into: str = "",
        undoes: str = "",
    ) -> Event:
        """Write the next version of an event, as its sources and all that was said make it."""
        members = self.members(known.id)
        made = fused(known.id, members, None) if members else _as_software_left_it(known)
        made = dataclasses.replace(made, version=known.version + 1)
        opinion = self._opinion(made, other, sources, undoes)
        said = _said(known, [*self.store.opinions(self.organisation, known.id), opinion])
        if into:
            said = EventState.CLOSED, self._saying.who
        if said:
            made = dataclasses.replace(made, state=said[0], said_by=said[1])
        return self._write(dataclasses.replace(made, merged_into=into), opinion)

    def _write(self, event: Event, opinion: Opinion) -> Event:
        self._tx.put_event(event)
        self._tx.add_opinions([opinion])
        reasons = {event.id: opinion.reason}
        enqueue(self.store, self._tx, self.organisation, [event], reasons=reasons)
        return event

    def _opinion(
        self, event: Event, other: str, sources: Collection[str], undoes: str = ""
    ) -> Opinion:
        saying = self._saying
        return Opinion(
            id=str(uuid.uuid5(self._id, event.id)),
            organisation=event.organisation,
            kind=event.kind,
            mode=event.mode,
            event=event.id,
            act=str(self._id),
            version=event.version,
            verb=self._verb,
            who=saying.who,
            said=saying.when,
            reason=saying.reason,
            text=saying.text,
            other=other,
            sources=tuple(sorted(sources)),
            undoes=undoes,
        )


def _said(known: Event, opinions: Sequence[Opinion]) -> tuple[EventState, str] | None:
    """Return the state that people gave an event; one that stands without an opinion stays."""
    if known.state in SAID_BY_PEOPLE and not any(one.verb in _OF_STATES for one in opinions):
        return known.state, known.said_by
    return state_said(opinions)


def _as_software_left_it(known: Event) -> Event:
    """Return an event without sources in the state that its detector gave it."""
    state = _OF_ONE_DETECTOR.get(known.detector_state, EventState.PROVISIONAL)
    return dataclasses.replace(known, state=state, said_by="", merged_into="")
