"""The shapes of releases, and of what was released."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from api.models import Link, Sent
from detectors.types import SiteChange
from hearthwatch.disclosure.two_people import LONGEST_REASON
from hearthwatch.records import (
    Audience,
    EventState,
    Kind,
    Mode,
    Precision,
    ProposalOutcome,
    ProposedAct,
)

Names = Annotated[
    dict[str, str],
    Field(description="What the people and keys are called who asked and decided, by their ids."),
]


class NewRelease(Sent):
    """A release to be asked for."""

    event: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="Id of the event."
    )
    audience: Literal[Audience.PARTNER, Audience.PUBLIC]
    reason: Annotated[
        str,
        StringConstraints(
            min_length=1, max_length=LONGEST_REASON, strip_whitespace=True, pattern=r"^[^\x00]*$"
        ),
    ] = Field(description="Why they should be told.")


class Preview(BaseModel):
    """The place by which the audience is, or would be, told where it was."""

    precision: Precision
    place: str = Field(description="In words.")
    geometry: dict[str, Any] = Field(description="As GeoJSON.")
    opens: datetime | None = Field(description="When it may first be told; null until agreed to.")


class ReleaseAnswer(BaseModel):
    """Something that two people decide: that an audience is told of an event."""

    id: str
    act: ProposedAct
    event: str
    audience: Audience | None
    reason: str
    asked_by: str = Field(description="Id of the person or key.")
    asked: datetime
    outcome: ProposalOutcome
    decided_by: str | None = Field(description="Id of the other person.")
    decided: datetime | None
    ended: datetime | None = Field(description="When it was withdrawn.")
    ended_by: str | None


class OneRelease(ReleaseAnswer):
    """A release with what the audience learns of the place."""

    preview: Preview | None = Field(description="Null where the event is there no more.")


class ReleaseList(BaseModel):
    """Releases, oldest first."""

    items: list[ReleaseAnswer]
    names: Names


class ToldProperties(BaseModel):
    """What an audience is told of an event. A tombstone has the first three members alone."""

    id: str = Field(description="Random, and another for each audience.")
    gone: bool = Field(description="Whether all that was told is taken back.")
    told: date = Field(description="When: the day; for the public the Monday of the week.")
    kind: Kind | None = None
    mode: Mode | None = None
    state: EventState | None = None
    change: SiteChange | None = Field(None, description="For partners only.")
    unharmed_until: date | None = Field(
        None, description="First day of the last period in which it was seen unharmed."
    )
    changed_by: date | None = Field(
        None, description="Last day of the period in which it was first seen changed."
    )
    place: str | None = None
    precision: Precision | None = None
    sure: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"] | None = None
    unseen: str | None = Field(None, description="What could not be seen. For partners only.")


class ToldFeature(BaseModel):
    """An event as an audience is told of it, or the tombstone of one."""

    type: Literal["Feature"]
    id: str
    bbox: list[float] | None = None
    geometry: dict[str, Any] | None = Field(description="The coarse place; null of a tombstone.")
    properties: ToldProperties


class Told(BaseModel):
    """Events as an audience is told of them, in the order in which it was told."""

    type: Literal["FeatureCollection"]
    features: list[ToldFeature]
    next: str = Field(description="Asked with it again, only what came or went since is told.")
    links: list[Link]
