"""What an audience has been told so far, and what it has to be told next.

What is told is written down before anybody reads it, so that whoever asks twice reads the same.
What people say of an event is told at once. What software finds is told at the beginning of the
next period, for the moment of a change would tell which satellite had just passed.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hearthwatch.disclosure.content import period, said, told
from hearthwatch.disclosure.terms import MAY_BE_RELEASED, TERMS
from hearthwatch.errors import QuestionError
from hearthwatch.records import (
    Audience,
    Event,
    Page,
    ProposalOutcome,
    ProposedAct,
    Rendering,
    Telling,
)
from hearthwatch.store.codec import microseconds
from hearthwatch.store.cursor import Paging, Position
from hearthwatch.store.protocol import Store
from hearthwatch.values import DECIMALS, geojson

_ID_BYTES = 8
_BEGINNING: Position = (-(2**62), "")
_NOBODY = ("", 0)
"""What the cursor holds of a page before which there was nothing."""

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an audience reads of one event now.

    Attributes
    ----------
    rendering : Rendering or None
        Where it reads that the event was; None once that was erased.
    told : tuple of datetime
        When it was told of the event so far, the last time by `telling`.
    """

    telling: Telling
    rendering: Rendering | None
    told: tuple[datetime, ...]


def refresh(
    store: Store, organisation: str, audience: Audience, clock: Clock, event: str | None = None
) -> None:
    """Write down what an audience has to be told, of all events or of one.

    From now on, or from the next period on.
    """
    # Most of the time there is nothing: no turn at writing is taken for that.
    if not any(_missing(store, organisation, audience, clock(), event)):
        return
    with store.transaction() as transaction:
        # Only now is it this process's turn: no time that is written lies before one written.
        for telling in list(_missing(store, organisation, audience, clock(), event)):
            transaction.add_telling(telling)


def taken_back(
    store: Store, organisation: str, audience: Audience, event: str, now: datetime
) -> list[Telling]:
    """Return what is to be written so that an audience reads that an event is gone, if anything."""
    story = _stories(store, organisation, audience, event).get(event, ())
    return [_after(story[-1], now, gone=True)] if story and not story[-1].gone else []


def heard(store: Store, organisation: str, audience: Audience, now: datetime) -> list[Heard]:
    """Return what an audience reads, tombstones among it, in the order in which it was told."""
    found = []
    for story in _stories(store, organisation, audience).values():
        read = _read(story, now)
        if read:
            rendering = store.rendering(organisation, read[-1].event, audience)
            found.append(Heard(read[-1], rendering, tuple(one.at for one in read)))
    return sorted(found, key=position)


def page_of(every: Sequence[Heard], question: str, after: str | None, limit: int) -> Page[Heard]:
    """Return a page of what is read; with its cursor one later reads what came or went since.

    The cursor names the last thing given and how often it had been told by then. The time itself
    would tell which satellite had just passed.

    Raises
    ------
    QuestionError
        If the cursor is damaged or belongs to another question, or the limit is out of range.
    """
    paging = Paging(question, (str, int), limit)
    given = paging.start(after) or _NOBODY
    start = _place_of(every, given)
    found = [one for one in every if position(one) > start][:limit]
    last = (found[-1].telling.id, len(found[-1].told)) if found else given
    return paging.always(found, last)


def _place_of(every: Sequence[Heard], given: Position) -> Position:
    """Return where the telling that a cursor names stands."""
    if given == _NOBODY:
        return _BEGINNING
    name, times = str(given[0]), int(given[1])
    for one in every:
        if one.telling.id == name and 1 <= times <= len(one.told):
            return microseconds(one.told[times - 1]), name
    raise QuestionError("The cursor is not known here any more. Start again without a cursor.")


def position(one: Heard) -> Position:
    """Return where something that is read stands: by when it was told, ties by its random id."""
    return microseconds(one.telling.at), one.telling.id


def feature_of(one: Heard) -> dict[str, Any]:
    """Return what is read of an event as a GeoJSON feature; a tombstone has no place."""
    telling, terms = one.telling, TERMS[one.telling.audience]
    head = {"id": telling.id, "gone": telling.gone, "told": period(telling.at, terms)}
    if telling.gone or one.rendering is None:
        return {"type": "Feature", "id": telling.id, "geometry": None, "properties": head}
    geometry = one.rendering.geometry
    return {
        "type": "Feature",
        "id": telling.id,
        "bbox": [round(edge, DECIMALS) for edge in geometry.bounds],
        "geometry": geojson(geometry),
        "properties": head | dict(telling.detail),
    }


def _missing(
    store: Store, organisation: str, audience: Audience, now: datetime, only: str | None
) -> Iterator[Telling]:
    stories = _stories(store, organisation, audience, only)
    live = _live(store, organisation, audience, only)
    for event in sorted({*stories, *live}):
        story = stories.get(event, ())
        if event in live:
            rendering = store.rendering(organisation, event, audience)
            if rendering is not None:
                history = store.event_history(organisation, event)
                yield from _next(story, history, rendering, now)
        elif story and not story[-1].gone:
            yield _after(story[-1], now, gone=True)


def _next(
    story: Sequence[Telling], history: Sequence[Event], rendering: Rendering, now: datetime
) -> Iterator[Telling]:
    """Yield what of a released event is to be told and is not written down yet."""
    terms = TERMS[rendering.audience]
    last = story[-1] if story else _unheard(rendering)
    standing = _standing(story, now)
    if standing is None or standing.gone:
        if history[-1].state not in MAY_BE_RELEASED:
            # Taken back before anybody read it.
            if not last.gone:
                yield _after(last, now, gone=True)
            return
        if last.gone:
            begins = _beginning(rendering, now)
            yield _after(last, begins, detail=_wanted(history, rendering, begins))
            return
    elif history[-1].said_by:
        spoken = {**standing.detail, **said(history[-1].state)}
        if spoken != standing.detail:
            last = _after(last, now, detail=spoken)
            yield last
    begins = max(terms.next(now), last.at)
    wanted = _wanted(history, rendering, begins)
    if wanted != last.detail:
        yield _after(last, begins, detail=wanted)


def _beginning(rendering: Rendering, now: datetime) -> datetime:
    """Return when the first telling begins; one that comes late waits like all others."""
    if now <= rendering.not_before:
        return rendering.not_before
    terms = TERMS[rendering.audience]
    return terms.next(now) if terms.waits else now


def _wanted(history: Sequence[Event], rendering: Rendering, at: datetime) -> dict[str, Any]:
    """Return what is to be told at a time: of looks old enough, and of what people said."""
    embargo = TERMS[rendering.audience].embargo
    old = [one for one in history if one.last_detected + embargo <= at] or history[:1]
    newest = history[-1]
    return told(old[-1], newest.state if newest.said_by else old[-1].state, rendering)


def _unheard(rendering: Rendering) -> Telling:
    """Return what comes before the first telling: nothing but the id that it will have."""
    name = secrets.token_hex(_ID_BYTES)
    made = rendering.made
    return Telling(
        rendering.organisation, rendering.event, rendering.audience, 0, name, made, gone=True
    )


def _after(
    last: Telling, at: datetime, *, gone: bool = False, detail: Mapping[str, Any] | None = None
) -> Telling:
    return dataclasses.replace(
        last, version=last.version + 1, at=at, gone=gone, detail=dict(detail or {})
    )


def _standing(story: Sequence[Telling], now: datetime) -> Telling | None:
    """Return what holds of all that was said of one event; None if nothing was heard yet."""
    read = _read(story, now)
    return read[-1] if read else None


def _read(story: Sequence[Telling], now: datetime) -> list[Telling]:
    """Return what was heard of all that was said of one event, the last of it holds.

    A tombstone for something that nobody had read would tell that there was something.
    """
    # What was to come was never heard where something else was said before.
    read = [
        one
        for number, one in enumerate(story, start=1)
        if one.at <= now and all(later.at > one.at for later in story[number:])
    ]
    begins = next((number for number, one in enumerate(read) if not one.gone), len(read))
    return read[begins:]


def _stories(
    store: Store, organisation: str, audience: Audience, only: str | None = None
) -> Mapping[str, Sequence[Telling]]:
    found: dict[str, list[Telling]] = {}
    for one in store.tellings(organisation, audience, event=only):
        found.setdefault(one.event, []).append(one)
    return found


def _live(store: Store, organisation: str, audience: Audience, only: str | None) -> frozenset[str]:
    """Return the events that two people released to an audience and nobody withdrew since."""
    agreed = store.proposals(organisation, subject=only, outcome=ProposalOutcome.AGREED)
    return frozenset(
        one.subject
        for one in agreed
        if one.act is ProposedAct.RELEASE and one.audience is audience and one.ended is None
    )
