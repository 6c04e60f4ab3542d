"""The shapes of verifying: what waits, what is claimed, what people saw, how far they agree."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from api.models import PCODE, PairSide, Sent, Text
from hearthwatch.records import Kind, Mode, RejectionReason, Verdict, WatchLevel
from hearthwatch.review.cases import Round


class ClaimAnswer(BaseModel):
    """That somebody looks at an event; who it is is not told."""

    mine: bool
    made: datetime
    expires: datetime


class WaitingEvent(BaseModel):
    """An event that waits for somebody to look; not a word of what anybody said of it."""

    event: str
    kind: Kind
    mode: Mode
    region: str
    region_name: str
    settlement: str | None
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    level: WatchLevel
    severity: int = Field(
        description="3: two sensors hold it; 2: ESTABLISHED, 1: PROBABLE by one; 0: less."
    )
    since: datetime = Field(description="When it was first detected.")
    round: Round
    opinions: int = Field(description="How many have looked; not whose opinions they are.")
    claim: ClaimAnswer | None


class Queue(BaseModel):
    """What waits for whoever asks, the most pressing first."""

    items: list[WaitingEvent]
    more: int = Field(description="How many more wait.")


class ShownSide(PairSide):
    """One picture, with the digests of what it was made from."""

    sha256: list[str]


class Shown(BaseModel):
    """The pictures that everybody who looks is shown; they do not change."""

    pictures: str = Field(description="SHA-256 over all the rest.")
    event: str
    version: int = Field(description="Of the event, when they were chosen.")
    before: ShownSide | None
    after: ShownSide
    styles: list[str]
    bounds: list[float]


class Claimed(BaseModel):
    """An event that one has taken to look at."""

    event: str
    kind: Kind
    mode: Mode
    region: str
    settlement: str | None
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    last_unharmed: datetime | None
    first_changed: datetime
    area_ha: float
    geometry: dict[str, Any]
    round: Round
    shown: Shown
    claim: ClaimAnswer


class NewAssessment(Sent):
    """What somebody sees in the pictures of an event they have taken."""

    verdict: Verdict
    reason: RejectionReason | None = Field(
        None, description="What it is instead; `unharmed` needs one, nothing else has one."
    )
    text: Text = Field("", description="Words; needed with `other`.")
    pictures: Annotated[str, StringConstraints(max_length=100)] = Field(
        "", description="Id of the pictures that were seen, so that no others are meant."
    )
    seconds: float | None = Field(
        None, ge=0, le=1e6, description="Looked at; at most since it was taken."
    )


class AssessmentAnswer(BaseModel):
    """What somebody saw; it is never changed, and stays when it is taken back."""

    id: str
    event: str
    version: int
    person: str
    round: Round
    said: datetime
    verdict: Verdict
    reason: RejectionReason | None
    text: str
    shown: dict[str, Any]
    seconds: float
    undone: datetime | None


class Assessments(BaseModel):
    """What was said of an event, as far as whoever asks may read it; oldest first."""

    items: list[AssessmentAnswer]
    round: Round | None = Field(description="What whoever asks can do now; null for nothing.")
    claim: ClaimAnswer | None


class AgreementAnswer(BaseModel):
    """How far the first two people who looked agree: Cohen's kappa, with a 95 % interval."""

    pairs: int
    agreed: int
    kappa: float | None = Field(description="Null where it is not defined.")
    low: float | None
    high: float | None
    rough: bool = Field(description="Fewer than 50 pairs: the interval does not hold well.")
    words: str
    undecided: int = Field(
        description="Cases besides on which people differ; they count once another has looked."
    )
    audited: int = Field(description="Cases that a supervisor looked at again.")
    seen_otherwise: int = Field(description="Of these, how many they saw otherwise.")


class RegionAgreement(AgreementAnswer):
    """The same for one watch."""

    region: str
    region_name: str


class Agreements(BaseModel):
    """Agreement over all watches, and on each on which people looked."""

    all: AgreementAnswer
    regions: list[RegionAgreement]
