"""`hearthwatch events confirm | dispute | reject | … | split | merge | links`."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from hearthwatch.cli.call import Call
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.report import Answer
from hearthwatch.errors import NotFound
from hearthwatch.fusion.episodes import links_of
from hearthwatch.fusion.people import Saying, say
from hearthwatch.fusion.people import merge as merge_events
from hearthwatch.fusion.people import split as split_event
from hearthwatch.fusion.people import undo as take_back
from hearthwatch.fusion.shown import LINKS_ARE, link_value
from hearthwatch.records import Event, EventSource, Verb
from hearthwatch.store.protocol import Store
from hearthwatch.values import event_value


def confirm(call: Call) -> Answer:
    """Say that an event is true."""
    return _said(call, Verb.CONFIRM)


def dispute(call: Call) -> Answer:
    """Say that an event is in dispute."""
    return _said(call, Verb.DISPUTE)


def reject(call: Call) -> Answer:
    """Say that an event is none."""
    return _said(call, Verb.REJECT)


def retract(call: Call) -> Answer:
    """Take an event back."""
    return _said(call, Verb.RETRACT)


def close(call: Call) -> Answer:
    """Say that an event is over."""
    return _said(call, Verb.CLOSE)


def reopen(call: Call) -> Answer:
    """Give an event back to the software."""
    return _said(call, Verb.REOPEN)


def undo(call: Call) -> Answer:
    """Take back what was last said or done."""
    return _done(call, lambda store, event: [take_back(store, *event, _saying(call))])


def split(call: Call) -> Answer:
    """Move sources of an event to one of their own."""

    def do(store: Store, event: tuple[str, str]) -> Iterable[Event]:
        own = store.sources(*event)
        wanted = [_source(own, typed) for typed in call.args.sources]
        return split_event(store, *event, wanted, _saying(call))

    return _done(call, do)


def merge(call: Call) -> Answer:
    """Make another event part of this one."""

    def do(store: Store, event: tuple[str, str]) -> Iterable[Event]:
        other = find_event(store, call.organisation, call.args.other)
        return [merge_events(store, *event, other.id, _saying(call))]

    return _done(call, do)


def links(call: Call) -> Answer:
    """Suggest events of the same episode."""
    with call.store() as store:
        event = find_event(store, call.organisation, call.args.event)
        found = links_of(store, event)
    lines = [
        f"{link.event.id[:8]}  {link.event.kind.value}, {link.event.state.value}: "
        f"{'; '.join(link.reasons)}"
        for link in found
    ]
    text = "\n".join([LINKS_ARE, *lines]) if lines else "No event near it may belong with it."
    return Answer({"words": LINKS_ARE, "links": [link_value(one) for one in found]}, text)


def _said(call: Call, verb: Verb) -> Answer:
    return _done(call, lambda store, event: [say(store, *event, verb, _saying(call))])


def _done(call: Call, do: Callable[[Store, tuple[str, str]], Iterable[Event]]) -> Answer:
    """Do something with the event that was named, and tell how the events it made stand."""
    with call.store(write=True, alone=False) as store:
        event = find_event(store, call.organisation, call.args.event)
        made = list(do(store, (call.organisation, event.id)))
        names = store.region_names(call.organisation)
    lines = [
        f"{one.id}: {one.state.value}, version {one.version}"
        + (f", merged into {one.merged_into}" if one.merged_into else "")
        for one in made
    ]
    return Answer({"events": [event_value(one, names) for one in made]}, "\n".join(lines))


def _saying(call: Call) -> Saying:
    args = call.args
    return Saying(args.who or _user(), datetime.now(UTC), getattr(args, "reason", ""), args.why)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("Say who you are with --who: this account has no name.") from error


def _source(own: Iterable[EventSource], typed: str) -> str:
    """Return the id of the source that was named by id, its beginning, or its detector.

    Raises
    ------
    NotFound
        If there is none or more than one.
    """
    found = [one.id for one in own if typed == one.detector or one.id.startswith(typed)]
    if len(found) != 1:
        raise NotFound(
            f"{len(found)} sources of the event are called {typed}: `hearthwatch events show` "
            "lists them."
        )
    return found[0]
