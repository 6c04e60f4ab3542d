"""The shapes of responders, responses, notes and effects."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt, StringConstraints

from api.models import Geometry, Line, Moment, Sent
from hearthwatch.alerting.answers import LONGEST_SOURCE, LONGEST_WORDS
from hearthwatch.alerting.responders import (
    HIGHEST_RANK,
    LONGEST_AGREEMENT,
    LONGEST_WAIT,
    MOST_CONTACTS,
)
from hearthwatch.records import (
    Answer,
    Channel,
    Detail,
    EffectKind,
    EventState,
    Kind,
    MessageState,
    Mode,
    ResponseState,
    Severity,
    StepAct,
)

_Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
_Words = Annotated[str, StringConstraints(max_length=LONGEST_WORDS, pattern=r"^[^\x00]*$")]
_Agreement = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_AGREEMENT, pattern=r"^[^\x00]*$")
]
_Source = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_SOURCE, pattern=r"^[^\x00]*$")
]
_Rank = Annotated[StrictInt, Field(ge=1, le=HIGHEST_RANK)]
_Wait = Annotated[StrictInt, Field(ge=1, le=LONGEST_WAIT)]
_Starting = Literal[
    EventState.CANDIDATE, EventState.PROVISIONAL, EventState.CORROBORATED, EventState.CONFIRMED
]
_RANK = "Those of the lowest rank that an event meets are told first."
_CONTACTS = "Ids of receivers, in the order in which they are told."
_URGENT = "Minutes within which a contact answers where the event is severe or extreme."
_ROUTINE = "Minutes within which a contact answers to any other event."


class ResponderAnswer(BaseModel):
    """An organisation that agreed to be told of events and to say what it does."""

    id: str
    name: str
    owner: str = Field(description="Id of the person or key that answers for the agreement.")
    agreement: str
    since: datetime
    until: datetime | None
    detail: Detail = Field(description="The most that it may be told.")
    contacts: list[str] = Field(description=_CONTACTS)
    region: str | None = Field(description="Id of a watched region; null for all.")
    geometry: Geometry | None = Field(description="What it serves, CRS84; null for everywhere.")
    kinds: list[Kind] = Field(description="Empty for all.")
    modes: list[Mode]
    least_state: EventState
    least_severity: Severity
    rank: int = Field(description=_RANK)
    urgent_wait: int = Field(description=_URGENT)
    routine_wait: int = Field(description=_ROUTINE)
    created: datetime


class ResponderList(BaseModel):
    """Responders, oldest first."""

    items: list[ResponderAnswer]
    names: dict[str, str] = Field(
        description="Of those who answer for them and of their contacts, by id."
    )


class _ResponderTerms(Sent):
    until: Moment | None = Field(None, description="When the agreement ends, with a time zone.")
    region: _Id | None = Field(None, description="Id of a watched region; null for all.")
    geometry: dict[str, Any] | None = Field(
        None, description="GeoJSON Polygon or MultiPolygon, CRS84; null for everywhere."
    )


class NewResponder(_ResponderTerms):
    """A responder to be added."""

    name: Line
    agreement: _Agreement = Field(description="What was agreed, or where it is kept.")
    since: Moment | None = Field(None, description="When it begins; null for now.")
    detail: Detail = Field(Detail.NOTICE, description="The most that it may be told.")
    contacts: list[_Id] = Field(
        default_factory=list, max_length=MOST_CONTACTS, description=_CONTACTS
    )
    kinds: list[Kind] = Field(default_factory=list, max_length=len(Kind))
    modes: list[Mode] = Field(
        default_factory=lambda: [Mode.ACTUAL], min_length=1, max_length=len(Mode)
    )
    least_state: _Starting = EventState.PROVISIONAL
    least_severity: Severity = Severity.MINOR
    rank: _Rank = Field(1, description=_RANK)
    urgent_wait: _Wait = Field(120, description=_URGENT)
    routine_wait: _Wait = Field(1440, description=_ROUTINE)


class ResponderChange(_ResponderTerms):
    """What may change of a responder; what is not sent stays."""

    name: Line | None = None
    agreement: _Agreement | None = None
    since: Moment | None = None
    detail: Detail | None = None
    contacts: list[_Id] | None = Field(None, max_length=MOST_CONTACTS, description=_CONTACTS)
    kinds: list[Kind] | None = Field(None, max_length=len(Kind))
    modes: list[Mode] | None = Field(None, min_length=1, max_length=len(Mode))
    least_state: _Starting | None = None
    least_severity: Severity | None = None
    rank: _Rank | None = None
    urgent_wait: _Wait | None = None
    routine_wait: _Wait | None = None


class ContactAnswer(BaseModel):
    """A contact that was told, and what became of the message."""

    receiver: str
    name: str | None
    channel: Channel | None
    message: str | None = Field(description="Null while it waits to go into one.")
    delivery: MessageState | None
    ended: datetime | None = Field(description="When that message was delivered or given up.")


class StepAnswer(BaseModel):
    """One thing that happened between an event and a responder."""

    at: datetime
    act: StepAct
    receiver: str | None
    by: str | None = Field(description="Who wrote it down; null where the contact answered itself.")
    words: str
    to: str | None = Field(description="Of a hand-over: id of the responder.")


class ResponseAnswer(BaseModel):
    """How a responder stands to an event."""

    id: str
    responder: str
    name: str
    state: ResponseState
    since: datetime
    told: datetime
    due: datetime | None = Field(description="When the next contact is told if nobody answers.")
    handed_from: str | None
    handed_to: str | None
    contacts: list[ContactAnswer] = Field(description="That were told, in order.")
    steps: list[StepAnswer]


class NoteAnswer(BaseModel):
    """What somebody wrote down about an event."""

    id: str
    at: datetime
    by: str
    words: str


class EffectAnswer(BaseModel):
    """What followed after an event was told."""

    id: str
    at: datetime
    by: str
    effect: EffectKind
    date: dt.date
    source: str
    words: str
    responder: str | None


class Responses(BaseModel):
    """Who knows of an event, who acts, and what was written down about it."""

    event: str
    acts: list[str] = Field(description="Names of the responders that have taken charge.")
    unanswered: bool = Field(
        description="Whether the last contact of a responder did not answer, and nobody else did."
    )
    items: list[ResponseAnswer] = Field(description="Those told first going first.")
    notes: list[NoteAnswer] = Field(description="Oldest first.")
    effects: list[EffectAnswer] = Field(description="Those written down first going first.")
    names: dict[str, str] = Field(
        description="Of those who wrote something down and of the responders named, by id."
    )


class NewAnswer(Sent):
    """What a responder said, on the telephone say."""

    answer: Answer
    words: _Words = ""
    contact: _Id | None = Field(None, description="Id of the receiver that said it.")
    to: _Id | None = Field(
        None, description="Of a hand-over: id or name of a responder; null for one beyond."
    )


class NewNote(Sent):
    """A note on an event."""

    words: Annotated[_Words, Field(min_length=1)]


class NewEffect(Sent):
    """What followed after an event was told."""

    effect: EffectKind
    date: dt.date = Field(description="When it happened.")
    source: _Source = Field(description="Who says so, or where it stands.")
    words: _Words = ""
    responder: _Id | None = Field(None, description="Id of the responder that it is about.")
