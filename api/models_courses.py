"""The shape of the answer on how large a known camp is and was."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.models import PCODE
from hearthwatch.records import Mode, ObservationStatus


class CourseLookAnswer(BaseModel):
    """One look at a known camp; areas in hectares, intervals of 95 %."""

    sensed: datetime
    acquisition: str
    status: ObservationStatus
    observed: float | None = Field(
        description="Area by this look alone; null where it does not show the site apart."
    )
    ha: float | None = Field(description="By the looks up to this one; null where not taken in.")
    ha_low: float | None
    ha_high: float | None
    ha_per_week: float | None
    ha_per_week_low: float | None
    ha_per_week_high: float | None
    words: str = Field(description="What became of the look.")


class PeopleAnswer(BaseModel):
    """A range of people, from a density that the asker has set."""

    low: int
    high: int
    method: str


class CourseAnswer(BaseModel):
    """A known camp through all looks at it, oldest first."""

    settlement: str
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    mode: Mode
    sentences: list[str] = Field(description="For people; composed of measured values alone.")
    looks: list[CourseLookAnswer]
    people: PeopleAnswer | None = Field(default=None, description="Only where a density was given.")
