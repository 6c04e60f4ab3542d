"""The shapes of answers that say why: why there was no alert, and what an event rests on."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from api.models import PCODE, EventProperties, Geometry
from detectors.types import DetectorState
from hearthwatch.explanation.facts import Use
from hearthwatch.records import EventState, Kind, Mode, NotObservable, ObservationStatus


def _as_written(value: Any) -> Any:
    """Refuse what pydantic would take for a day besides: seconds since 1970, and times."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return value
    raise ValueError("is no day: write it as 2019-01-31")


Day = Annotated[date, BeforeValidator(_as_written, json_schema_input_type=date)]


class ReckoningAnswer(BaseModel):
    """Evidence against the threshold of one state, nats."""

    state: DetectorState
    brought: float | None = Field(description="Null where too few looks speak for a change.")
    needed: float = Field(description="That must be exceeded.")
    reached: bool


class WhyLook(BaseModel):
    """One look, and all that is known of it."""

    sensed: datetime
    mode: Mode
    cell: str
    region: str
    settlement: str | None
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    acquisition: str
    detector: str
    status: ObservationStatus
    cause: NotObservable | None
    usable: float
    words: list[str]
    scores: dict[str, float] = Field(description="Standard deviations from what was expected.")
    evidence: float | None = Field(description="Of this look alone, nats.")
    reckonings: list[ReckoningAnswer] = Field(description="Of the last looks together.")
    held_back: list[str] = Field(description="Rules without which it had brought a higher state.")
    detail: dict[str, Any]


class WhyEvent(EventProperties):
    """An event with its outline."""

    geometry: Geometry


class WhyStep(BaseModel):
    """What made one version of an event."""

    version: int
    state: EventState = Field(description="Since then.")
    who: str | None = Field(description="Null where software did it.")
    when: datetime
    other: str | None = Field(description="Id of the other event of a split or a merger.")
    words: str


class WhyLife(BaseModel):
    """All that became of an event that was merged, split or judged."""

    event: str
    state: EventState
    survivor: str = Field(description="Id of the event that stands for it now; or its own.")
    survivor_state: EventState
    steps: list[WhyStep]


class WhyAnswer(BaseModel):
    """Why there was no alert at a settlement about a day, or which there was."""

    settlement: str
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    mode: Mode
    day: date
    days: int = Field(description="Before and after it that are told of.")
    answer: str = Field(description="One sentence.")
    looks: list[WhyLook] = Field(
        description="Of those days, the last telling one before and the first after."
    )
    events: list[WhyEvent]
    lives: list[WhyLife] = Field(
        description="Of events that were merged, split or judged, those they had to do with too."
    )
    missing: list[str] = Field(description="Passes waited for, and pauses of providers.")
    first_look: datetime | None = Field(description="In the whole ledger.")
    last_look: datetime | None
    legend: str
    caution: str


class Suppressed(BaseModel):
    """Looks at which a rule held evidence back, newest first."""

    items: list[WhyLook]
    more: bool = Field(description="Whether there are older ones: ask with `until`.")


class ExplainedTurn(BaseModel):
    """A state that an event reached."""

    state: str
    sensed: datetime


class ExplainedFeature(BaseModel):
    """A feature that was followed."""

    key: str
    name: str
    unit: Literal["reflectance", "ratio", "index", "ha", "%", "dB", "coherence"]


class ExplainedValue(BaseModel):
    """A feature on one look, in its unit."""

    observed: float
    expected: float | None = Field(
        description="Of past, season and surroundings; null of an event of an area."
    )
    low: float | None = Field(description="Two predictive standard deviations below.")
    high: float | None


class ExplainedLook(BaseModel):
    """One look at the settlement or the ground of an event."""

    sensed: datetime
    acquisition: str
    use: Use = Field(description="`not_weighed`: measured, but let say nothing.")
    words: list[str]
    evidence: float | None
    features: dict[str, ExplainedValue]
    reckonings: list[ReckoningAnswer]


class ExplainedArea(BaseModel):
    """An area on one day, hectares, with its interval of 95 %."""

    day: date
    ha: float
    low: float
    high: float


class ExplanationAnswer(BaseModel):
    """What an event rests on."""

    event: str
    mode: Mode
    kind: Kind
    settlement: str | None
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    last_unharmed: datetime | None
    first_changed: datetime
    sentences: list[str] = Field(description="For people; composed of measured values alone.")
    turns: list[ExplainedTurn]
    features: list[ExplainedFeature]
    looks: list[ExplainedLook]
    curve: list[ExplainedArea] = Field(default=[], description="Of a camp: its area in time.")
