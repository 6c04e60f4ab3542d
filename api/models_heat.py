"""The shapes of answers about heat, for the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from api.models import PCODE, Link


class HeatSeenAnswer(BaseModel):
    """One pass that saw heat at a settlement, or one pixel that was held back."""

    sensed: datetime
    satellite: str
    settlement: str = Field(description="Id.")
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    pixels: int
    frp_mw: float | None = Field(description="Of the strongest pixel, MW.")
    hint: bool = Field(description="Whether it is more than is held back; never more than WATCH.")
    why: str


class HeatHearing(BaseModel):
    """What heat can say of a settlement this month."""

    settlement: str = Field(description="Id.")
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    tells: bool = Field(
        description="False: fires of every year are as strong there, and heat tells nothing. True "
        "says nothing of a settlement without a hint: cloud hides fires, and passes miss them."
    )
    threshold: float | None = Field(description="Nats; null where no earlier years are on record.")
    quiet_years: int = Field(description="Settlement-years that it rests on.")
    hints_per_1000_years: float | None = Field(
        description="Quiet settlement-years, of 1,000, with a hint, at most; null if not known."
    )
    keeps_budget: bool
    pixels_needed: int | None = Field(description="Of one day, for a hint.")
    words: str


class HeatPlace(BaseModel):
    """Heat of one day at a place that is no listed settlement; nothing judges it."""

    day: date
    lon: float
    lat: float
    pixels: int
    satellites: list[str]
    frp_mw: float | None


class HeatElsewhereAnswer(BaseModel):
    """Heat in the region at no listed settlement, in the time asked for."""

    since: datetime
    until: datetime
    pixels: int
    places: list[HeatPlace] = Field(description="The strongest.")
    more: int = Field(description="Places that are not listed.")


class RegionHeat(BaseModel):
    """Heat that satellites saw in a region. None is no sign of safety: it is no look."""

    items: list[HeatSeenAnswer] = Field(description="At its settlements, newest first.")
    settlements: list[HeatHearing]
    elsewhere: HeatElsewhereAnswer
    notice: str
    words: str
    next: str | None
    links: list[Link]
