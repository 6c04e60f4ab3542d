"""The shapes of erasures and of legal holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from api.models import Sent
from api.models_release import Names
from hearthwatch.disclosure.two_people import LONGEST_REASON
from hearthwatch.records import EventState, ProposalOutcome

What = Literal["event", "settlement", "region"]
Held = Literal["event", "settlement", "region", "all"]

_PATTERN = r"^[^\x00]*$"
Reason = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=LONGEST_REASON, strip_whitespace=True, pattern=_PATTERN
    ),
]
SomeId = Annotated[str, StringConstraints(max_length=200, pattern=_PATTERN)]


class NewErasure(Sent):
    """Content that is to be erased."""

    what: What
    id: SomeId = Field(description="Of what is to be erased.")
    reason: Reason = Field(description="Why. It stays readable, so it should name no place.")


class ErasureAnswer(BaseModel):
    """An erasure: asked for by one person, decided by another."""

    id: str
    what: What
    subject: str = Field(description="Id of what was or is to be erased.")
    reason: str
    asked_by: str
    asked: datetime
    outcome: ProposalOutcome
    decided_by: str | None
    decided: datetime | None
    sha256: str | None = Field(description="Of all that was erased; null unless it was.")
    rows: dict[str, int] = Field(description="How many records went, by what they were.")
    states: dict[EventState, int] = Field(description="Of the events that went, by state.")


class ErasureList(BaseModel):
    """Erasures, oldest first."""

    items: list[ErasureAnswer]
    names: Names


class NewHold(Sent):
    """A legal hold to be set."""

    what: Held
    id: SomeId = Field("", description="Of what is to be held; empty for all.")
    reason: Reason


class Lifting(Sent):
    """Why a hold is to be lifted; the second person need not say it."""

    reason: Annotated[
        str, StringConstraints(max_length=LONGEST_REASON, strip_whitespace=True, pattern=_PATTERN)
    ] = ""


class HoldAnswer(BaseModel):
    """A legal hold. What is under it is not erased."""

    id: str
    what: Held
    subject: str | None
    reason: str
    set_by: str
    set: datetime
    lifted: datetime | None
    lifted_by: str | None = Field(description="Id of the second of two people.")
    lifting_asked_by: str | None = Field(description="Who asked to lift it, while that is open.")


class HoldList(BaseModel):
    """Legal holds, lifted ones included, oldest first."""

    items: list[HoldAnswer]
    names: Names
