"""The shapes of how long it takes."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from hearthwatch.latency.figures import Section


class QuantileAnswer(BaseModel):
    """A length of time."""

    seconds: float
    at_least: bool = Field(
        description="Whether what is not over yet may still make it longer: a lower bound."
    )


class SectionAnswer(BaseModel):
    """How long one section of the way takes."""

    section: Section
    start: str = Field(alias="from", description="The step that it begins with.")
    to: str = Field(description="The step that it ends with.")
    over: int = Field(description="How many times are known.")
    open: int = Field(description="How many go on: nothing has arrived yet.")
    unknown: int = Field(description="Of how many it is not known.")
    p50: QuantileAnswer | None = Field(description="By nearest rank; null of fewer than 5.")
    p95: QuantileAnswer | None = Field(description="By nearest rank; null of fewer than 20.")
    longest: QuantileAnswer | None


class SensorLatency(BaseModel):
    """How long it takes where one sensor saw it."""

    sensor: str | None = Field(description="Null where that is not known.")
    sections: list[SectionAnswer]


class RegionSections(BaseModel):
    """How long it takes for one region."""

    region: str | None = Field(description="Null for what is of none that is known.")
    name: str | None
    sections: list[SectionAnswer]


class RegionLatencyAnswer(BaseModel):
    """How long alerts of real events take."""

    since: datetime
    until: datetime
    alerts: int = Field(description="Of real events, made in that time.")
    from_the_past: int = Field(
        description="Of looks that were a month old when they were detected."
    )
    told_later: int = Field(description="Held for a rhythm or for quiet hours.")
    released: int = Field(description="Of what two people released.")
    sections: list[SectionAnswer]
    by_sensor: list[SensorLatency]


class LatencyAnswer(RegionLatencyAnswer):
    """How long alerts take over all regions."""

    by_region: list[RegionSections]
