"""What an audience reads of an event. Nothing here may depend on where in its place it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.alerting.own import SURE
from hearthwatch.disclosure.terms import DAY, TERMS, Terms
from hearthwatch.records import Event, EventState, Rendering


def told(event: Event, state: EventState, rendering: Rendering) -> dict[str, Any]:
    """Return what an audience reads of an event, but for its place on the map.

    Parameters
    ----------
    event : Event
        The version that may be told by now.
    state : EventState
        As it is to be told.
    rendering : Rendering
        How its place is told to the audience.
    """
    terms = TERMS[rendering.audience]
    every = {name: write(event, rendering, terms) for name, write in _WRITERS.items()}
    return {name: every[name] for name in terms.members} | said(state)


def said(state: EventState) -> dict[str, str]:
    """Return what of an event changes with its state alone."""
    return {"state": state.value, "sure": SURE.get(state, "Unknown")}


def period(at: datetime, terms: Terms) -> str:
    """Return the first day of the period that a time lies in."""
    return terms.begun(at).date().isoformat()


def _unharmed_until(event: Event, rendering: Rendering, terms: Terms) -> str | None:
    return period(event.last_unharmed, terms) if event.last_unharmed else None


def _changed_by(event: Event, rendering: Rendering, terms: Terms) -> str:
    last = terms.next(event.first_changed) - DAY
    return last.date().isoformat()


def _unseen(event: Event, rendering: Rendering, terms: Terms) -> str:
    """Say what the satellites could not show, by the interval alone.

    Which looks failed, and how much cloud there was, would tell the place: weather is public.
    """
    if event.last_unharmed is None:
        return "It was never seen unharmed: when it changed is known from one side only."
    between = terms.begun(event.first_changed) - terms.begun(event.last_unharmed)
    if between <= timedelta(days=1):
        return "Who or what changed it, and who was there, cannot be seen from above."
    return (
        f"Nothing of it could be told from any look within the {between.days} days in which it "
        "changed. Who or what changed it, and who was there, cannot be seen from above."
    )


_WRITERS: Mapping[str, Callable[[Event, Rendering, Terms], Any]] = {
    "kind": lambda event, _, __: event.kind.value,
    "mode": lambda event, _, __: event.mode.value,
    "state": lambda event, _, __: event.state.value,
    "change": lambda event, _, __: event.change or None,
    "unharmed_until": _unharmed_until,
    "changed_by": _changed_by,
    "place": lambda _, rendering, __: rendering.place,
    "precision": lambda _, rendering, __: rendering.precision.value,
    "sure": lambda event, _, __: SURE.get(event.state, "Unknown"),
    "unseen": _unseen,
}
