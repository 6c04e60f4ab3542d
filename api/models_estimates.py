"""What a watch would take and give, and what it would have told, as the API answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import SQUARE, Moment, NewArea, Sent
from hearthwatch.records import Kind, RunOutcome

Months = Annotated[float, Field(gt=0, le=120, strict=True)]


class EstimateProperties(Sent):
    """For what an area is to be watched."""

    kind: Kind = Kind.GROUND_CHANGE
    backfill_months: Months = Field(24.0, description="Length of the past that is read once.")


class EstimateAsked(NewArea):
    """An area as `POST /regions` takes it. Nothing of it is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"type": "Feature", "geometry": SQUARE, "properties": {"kind": "ground_change"}}
            ]
        }
    )

    properties: EstimateProperties = Field(default_factory=EstimateProperties)


class QuantilesAnswer(BaseModel):
    """Median and 90 % quantile of `n` values."""

    median: float
    p90: float
    n: int


class MonthAnswer(BaseModel):
    """Looks of one month of the past."""

    month: str
    looks: int
    usable: int


class LatencyAnswer(BaseModel):
    """How long it takes to see something."""

    known_from: Literal["catalogue", "remembered", "calendar", "unknown"]
    words: str
    first: datetime | None
    last: datetime | None
    by_month: list[MonthAnswer]
    days_between_usable_looks: QuantilesAnswer | None = Field(
        description="Of passes where these alone are known; null where nothing is."
    )
    days_to_the_next: QuantilesAnswer | None = Field(
        description="From a change at any time to the next of those looks."
    )
    hours_to_publication: QuantilesAnswer | None = Field(
        description="From sensing, as the provider's records say; null where they do not."
    )


class SensorEstimateAnswer(BaseModel):
    """What the looks of one sensor take."""

    detectors: list[str]
    sensors: list[str]
    cells_read: int
    cells_read_at_20_m: int
    looks_per_month: float
    cloud_share: float | None
    assumed: str | None = Field(description="Why looks are assumed; null where they are listed.")
    latency: LatencyAnswer
    units_per_month: float
    requests_per_month: float
    units_with_prelook: float
    requests_with_prelook: float
    units_at_20_m: float
    backfill_units: float
    backfill_requests: float
    wait_days: float | None
    no_look_share: float | None


class EstimateAnswer(BaseModel):
    """What watching an area would take and give."""

    area_km2: float
    cells: list[str]
    settlements: int
    settled_cells: list[str]
    provider: str
    backfill_months: float
    sensors: list[SensorEstimateAnswer]
    units_per_month: float
    requests_per_month: float
    backfill_units: float
    share_of_month: float | None
    exceeds: list[str] = Field(
        description="Limits that it goes beyond: such a watch waits until it is confirmed."
    )


class NewBacktest(Sent):
    """A backtest asked for."""

    months: Months = Field(24.0, description="To be told of.")
    learned_months: Annotated[float, Field(ge=0, le=120, strict=True)] = Field(
        12.0, description="Before them, that are only learned from."
    )
    until: Moment | None = Field(None, description="End of them; now if not given.")
    units: Annotated[float, Field(ge=0, le=1e9, strict=True)] | None = Field(
        None, description="Processing units it may spend, where its provider charges any."
    )


class BacktestAnswer(BaseModel):
    """A backtest."""

    id: str
    region: str
    state: RunOutcome
    asked: datetime
    started: datetime | None
    finished: datetime | None
    until: datetime
    months: float
    learned_months: float
    most_units: float | None
    done: int = Field(description="Looks taken so far.")
    total: int = Field(description="Looks to be taken; 0 until that is known.")
    detail: str = Field(description="Why it failed.")
    report: dict[str, Any] | None = Field(
        description="What it came to, as docs/watchlist.md tells; null until it is over."
    )
