"""What is told to others than one's own organisation, and who agreed to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from hearthwatch.records.words import Audience, Precision, ProposalOutcome, ProposedAct


@dataclass(frozen=True, slots=True)
class Rendering:
    """How an event is told to an audience: made once and never changed.

    Attributes
    ----------
    geometry : shapely Geometry
        The coarse place, CRS84: the same in every answer, from which the true one cannot be got.
    place : str
        The place in words, as far as the audience may know it.
    not_before : datetime
        Until then the audience is told nothing.
    """

    organisation: str
    event: str
    audience: Audience
    precision: Precision
    geometry: BaseGeometry
    place: str
    made: datetime
    not_before: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """What an audience was told of an event at one time; what it was told before stays.

    Attributes
    ----------
    id : str
        What the audience knows the event by: random, and another for each audience.
    version : int
        Counts what was said of the event to that audience.
    at : datetime
        From when on it is told.
    gone : bool
        Whether all that was told is taken back: the tombstone.
    detail : mapping
        What is told, member by member.
    """

    organisation: str
    event: str
    audience: Audience
    version: int
    id: str
    at: datetime
    gone: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that takes two people: one asks for it, another decides.

    Attributes
    ----------
    subject : str
        Id of the event; of an erasure or a hold also of a settlement or region; of a lifting, of
        the hold.
    audience : Audience or None
        For whom it is to be released; None for what is no release.
    asked_by, decided_by : str
        Ids of the people; never the same where it was agreed to. A hold takes no second one.
    ended : datetime or None
        Since when a release that was agreed to is withdrawn, or a hold is lifted.
    detail : mapping
        Of an erasure or a hold what the subject is; of what was erased, its hash.
    """

    id: str
    organisation: str
    act: ProposedAct
    subject: str
    audience: Audience | None
    reason: str
    asked_by: str
    asked: datetime
    outcome: ProposalOutcome = ProposalOutcome.OPEN
    decided_by: str = ""
    decided: datetime | None = None
    ended: datetime | None = None
    ended_by: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
