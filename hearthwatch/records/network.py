"""The organisations that answer when somebody is in danger: who is told, who knows, who acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from hearthwatch.records.words import (
    Detail,
    EffectKind,
    EventState,
    ResponseState,
    Severity,
    StepAct,
)


@dataclass(frozen=True, slots=True)
class Responder:
    """An organisation outside that agreed to be told of events and to say what it does.

    Attributes
    ----------
    owner : str
        Id of the person or key who answers for the agreement.
    agreement : str
        What was agreed, or where it is kept.
    since, until : datetime, datetime or None
        When the agreement holds; None for no end.
    detail : Detail
        The most that it may be told.
    contacts : tuple of str
        Ids of receivers, in the order in which they are told.
    region : str
        Id of a watched region that it serves; empty for all.
    geometry : shapely Polygon, MultiPolygon or None
        Within which a part of the event must lie, CRS84; None for everywhere.
    kinds : tuple of str
        Kinds of event; empty for all.
    modes : tuple of str
        ``actual``, ``exercise``, ``test``.
    rank : int
        Those of the lowest that an event meets are told at first; those of the next where
        one of them declines or does not answer.
    urgent_wait, routine_wait : int
        Minutes within which a contact answers, by whether the event is urgent.
    revision : int
        Counts the changes.
    """

    id: str
    organisation: str
    name: str
    owner: str
    created: datetime
    agreement: str
    since: datetime
    until: datetime | None = None
    detail: Detail = Detail.NOTICE
    contacts: tuple[str, ...] = ()
    region: str = ""
    geometry: BaseGeometry | None = None
    kinds: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("actual",)
    least_state: EventState = EventState.PROVISIONAL
    least_severity: Severity = Severity.MINOR
    rank: int = 1
    urgent_wait: int = 120
    routine_wait: int = 1440
    removed: datetime | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Response:
    """How a responder stands to one event.

    Attributes
    ----------
    responder : str
        Its id.
    told : datetime
        When its first contact was to be told.
    contacts : tuple of str
        Ids of the receivers that were told so far, in order.
    state : ResponseState
        What it answered last, or that it did not.
    since : datetime
        Since when it is so.
    due : datetime or None
        When the next contact is told if nobody answered; None where nothing is waited for.
    handed_from, handed_to : str
        Ids of the responders that handed the event over to it, and to which it handed it over;
        empty for none.
    steps : int
        How many there are of it.
    """

    id: str
    organisation: str
    event: str
    responder: str
    told: datetime
    contacts: tuple[str, ...]
    state: ResponseState
    since: datetime
    due: datetime | None = None
    handed_from: str = ""
    handed_to: str = ""
    steps: int = 0


@dataclass(frozen=True, slots=True)
class ResponseStep:
    """One thing that happened between an event and a responder; nothing is ever changed of it.

    Attributes
    ----------
    sequence : int
        From 1.
    receiver : str
        Id of the contact that was told or answered; empty where it is not known.
    by : str
        Id of the person or key who wrote it down; empty where the contact answered itself or
        the service did it.
    words : str
        What was said with it.
    to : str
        Of a hand-over: id of the responder; empty where it is none of the network.
    """

    organisation: str
    response: str
    event: str
    sequence: int
    at: datetime
    act: StepAct
    receiver: str = ""
    by: str = ""
    words: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What those who coordinate wrote down about an event; nothing is ever changed of it."""

    id: str
    organisation: str
    event: str
    at: datetime
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What followed after an event was told; nothing is ever changed of it.

    Attributes
    ----------
    effect : EffectKind
        Whether something was done, nothing, or harm came of the telling.
    day : str
        When it happened, ISO 8601.
    source : str
        Who says so, or where it stands.
    responder : str
        Id of the one that it is about; empty for none.
    """

    id: str
    organisation: str
    event: str
    at: datetime
    by: str
    effect: EffectKind
    day: str
    source: str
    words: str = ""
    responder: str = ""
