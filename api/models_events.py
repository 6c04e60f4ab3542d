"""The shapes of what events are made of, of what people say of them, and of what that needs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from api.models import EventFeature, EventProperties, Sent, Text
from detectors.types import SiteChange
from hearthwatch.fusion.classes import EvidenceClass
from hearthwatch.records import EventState, Kind, RejectionReason, Verb

MOST_SOURCES = 100
"""Named in one split."""
EventIdText = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SourceAnswer(BaseModel):
    """One detector's episode at one place, which tells of an event."""

    id: str
    event: str = Field(description="That it tells of now.")
    version: int
    kind: Kind
    region: str
    cell: str
    detector: str
    sensors: list[str]
    independence: list[str] = Field(
        description="Kinds of evidence it rests on: sources that share one are not independent."
    )
    detector_state: str
    reached: str = Field(description="The state it came to before its detector closed it.")
    last_unharmed: datetime | None
    first_changed: datetime
    first_detected: datetime
    last_detected: datetime
    looks: int
    area_m2: float
    change: SiteChange | None
    observed: str
    evidence: dict[str, Any]
    doubts: list[str]


class Sources(BaseModel):
    """The sources of one event, by id."""

    items: list[SourceAnswer]


class ClassFigure(BaseModel):
    """A figure of the release about a class of evidence."""

    detector: str | None = Field(description="Of which it was measured; null for several.")
    name: str
    figure: float | str | None
    low: float | None
    high: float | None
    unit: str
    data: str
    pixels: str


class ClassAnswer(BaseModel):
    """How much speaks for an event, and what that has been measured to mean."""

    model_config = {"populate_by_name": True}

    evidence_class: EvidenceClass = Field(alias="class")
    event_state: EventState
    takes: str
    measured: list[ClassFigure] = Field(description="Of its leading detector; may be empty.")
    words: str = Field(description="`not measured` where nothing was.")


class WholeEventProperties(EventProperties):
    """An event with what it is made of."""

    sources: list[SourceAnswer]
    meaning: ClassAnswer | None = Field(description="Null where no source stands any more.")


class WholeEvent(EventFeature):
    """An event with what it is made of."""

    properties: WholeEventProperties


class OpinionAnswer(BaseModel):
    """What somebody said of an event or did with it; never changed."""

    id: str
    event: str
    act: str = Field(description="The same for all that one act wrote.")
    version: int = Field(description="Of the event, which it made.")
    verb: Verb
    who: str
    said: datetime
    reason: RejectionReason | None
    text: str
    other: str | None = Field(description="Id of the other event of a split or merger.")
    sources: list[str] = Field(description="Those that changed their event.")
    undoes: str | None = Field(description="The act that it takes back.")


class Opinions(BaseModel):
    """What people said of one event, oldest first."""

    items: list[OpinionAnswer]
    not_alone: list[Verb] = Field(
        description="What whoever asks cannot say alone now: two people look at the event."
    )


class NewOpinion(Sent):
    """What is to be said of an event, or done with it."""

    verb: Verb
    reason: RejectionReason | None = Field(None, description="Of a rejection, which needs one.")
    text: Text = Field("", description="Why; needed to retract or dispute, and with `other`.")
    sources: list[EventIdText] = Field(
        [], max_length=MOST_SOURCES, description="Of a split: ids of those to move."
    )
    other: EventIdText | None = Field(
        None, description="Of a merger: id of the event that becomes part of this one."
    )


class LinkAnswer(BaseModel):
    """An event that may be of one episode of displacement with another: a suggestion."""

    event: str
    kind: Kind
    state: EventState
    settlement: str | None
    before: bool = Field(description="Whether it is the first of both.")
    km: float = Field(description="Between their centres.")
    least_days: int = Field(description="Between the two changes; below 0: perhaps the other way.")
    most_days: int
    reasons: list[str]


class Links(BaseModel):
    """Suggested links of one event, the nearest in time first. No state rests on them."""

    words: str
    items: list[LinkAnswer]
