"""The shapes of answers and of what is sent, for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from detectors.types import SiteChange
from hearthwatch.records import (
    Channel,
    EventState,
    Kind,
    Mode,
    NotObservable,
    ObservationStatus,
    Role,
    RunOutcome,
    WatchLevel,
)


def _not_a_number(value: Any) -> Any:
    """Refuse seconds since 1970, which pydantic would take: nobody means them here."""
    if isinstance(value, str) and not value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        return value
    if value is None or isinstance(value, datetime):
        return value
    raise ValueError("is no time: write it as 2019-01-01T00:00:00Z")


Moment = Annotated[datetime, BeforeValidator(_not_a_number, json_schema_input_type=datetime)]


def _printable(text: str) -> str:
    """Refuse what `make_region` refuses, so that a new name may be what a first one may be."""
    if not text.isprintable():
        raise ValueError("is not one line of characters that can be printed")
    return text


Line = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", strip_whitespace=True
    ),
    AfterValidator(_printable),
]
Text = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


SQUARE: Any = {
    "type": "Polygon",
    "coordinates": [
        [[22.70, 44.60], [22.71, 44.60], [22.71, 44.61], [22.70, 44.61], [22.70, 44.60]]
    ],
}


class Sent(BaseModel):
    """What callers send: an unknown member is refused, for it may be a misspelt one."""

    model_config = ConfigDict(extra="forbid")


class Health(BaseModel):
    """Whether the service answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether the service can be asked, and whether what works behind it does."""

    status: Literal["ok", "degraded"]


class Who(BaseModel):
    """Whose key it is."""

    organisation: str
    name: str
    key: str
    role: Role


class LimitsAnswer(BaseModel):
    """What the service takes at most."""

    max_region_km2: float
    max_vertices: int
    max_body_bytes: int
    kinds: list[Kind] = Field(description="What can be watched for: each has a detector.")
    channels: list[Channel] = Field(description="By which receivers can be told.")


class Link(BaseModel):
    """A link."""

    href: str
    rel: str
    type: str | None = None
    title: str | None = None


class Geometry(BaseModel):
    """GeoJSON geometry, CRS84."""

    type: str
    coordinates: list[Any]


class JobAnswer(BaseModel):
    """A run over one region."""

    id: str
    region: str
    state: RunOutcome
    started: datetime
    finished: datetime | None
    until: datetime | None
    done: int = Field(description="Looks committed so far.")
    total: int = Field(description="Looks to be taken; 0 until that is known.")
    sensed: datetime | None = Field(description="Newest look taken in.")
    rate: float | None = Field(description="Looks a second, while it runs.")
    seconds_left: float | None
    detail: str = Field(description="Why it failed.")


class Jobs(BaseModel):
    """Jobs, newest first."""

    items: list[JobAnswer]


class RegionImagery(BaseModel):
    """How a region is being read now."""

    stage: Literal["full", "coarse", "prelook", "other_provider", "paused"] = Field(
        description="`paused`: nothing is read, and the region is blind."
    )
    words: str
    why: str = Field(
        description="Why less than all is read of it, and what is missing; empty if all is well."
    )
    blind_since: datetime | None = Field(
        description="Since when nothing is read of it; null while anything is, or if not known."
    )
    until: datetime | None = Field(description="When that is thought to end.")
    missing_passes: int = Field(description="That were due and have not come.")


class DetectorLooks(BaseModel):
    """What one detector has looked at; a look of radar is never counted as one of light."""

    detector: str
    sensors: list[str] = Field(description="That it reads; empty where it is not installed.")
    looks: int = Field(description="Over however many cells and settlements, each counts once.")
    usable_looks: int = Field(description="Usable in one cell, or at one settlement, or more.")
    last_look: datetime | None
    last_usable_look: datetime | None


class NextLook(BaseModel):
    """The next pass over a region."""

    sensor: str
    expected: datetime
    within_hours: float = Field(description="How far its time may be off, to either side.")


class RegionStatus(BaseModel):
    """How a watch stands; what is said of looks is of the kind's own detector."""

    looks: int = Field(description="Over however many cells and settlements, each counts once.")
    usable_looks: int = Field(description="Usable in one cell, or at one settlement, or more.")
    last_look: datetime | None
    last_usable_look: datetime | None
    detectors: list[DetectorLooks] = Field(description="The same of each, its own first.")
    longest_blind_days: float | None = Field(
        None,
        description="Between two usable looks, of settlements at the one where it was longest; "
        "told of one region, not in the list.",
    )
    events: int | None = Field(description="None where there are too many to count.")
    job: JobAnswer | None = Field(description="The newest.")
    backtest: RunOutcome | None = Field(
        None, description="How the newest one stands; told of one region, not in the list."
    )
    imagery: RegionImagery
    next_look: NextLook | None = Field(
        description="That the calendar of its passes lets expect in 30 days."
    )
    units_this_month: float | None = Field(
        description="Spent and reserved; null where the provider charges nothing."
    )
    rank: int = Field(
        description="0 a watch that has ended, 1 a blind one, 2 read in part, 3 about to end, "
        "4 all is well."
    )


class RegionProperties(BaseModel):
    """A region but for its outline."""

    id: str
    name: str
    kind: Kind
    mode: Mode
    purpose: str
    owner: str
    created: datetime
    expires: datetime | None
    level: WatchLevel | None = Field(
        None, description="In force; a raised one falls back by itself."
    )
    level_until: datetime | None = None
    level_reason: str | None = None
    level_words: str | None = Field(None, description="The same for people; empty if routine.")
    hours_between_runs: float | None = Field(None, description="Of `hearthwatch up`.")
    waiting: str | None = Field(
        None, description="Why nothing is looked at until it is confirmed; empty where it is."
    )
    days_left: int | None = Field(None, description="Until the watch ends; null without an end.")
    ending: str | None = Field(
        None, description="What is told of its end, from 14 days before; empty until then."
    )
    area_km2: float
    status: RegionStatus | None = None
    repairs: list[str] | None = Field(None, description="What was changed in what was sent.")


class RegionFeature(BaseModel):
    """A region on the watchlist."""

    type: Literal["Feature"]
    id: str
    bbox: list[float]
    geometry: Geometry
    properties: RegionProperties


class RegionCollection(BaseModel):
    """The watchlist, by name."""

    type: Literal["FeatureCollection"]
    features: list[RegionFeature]


class CrsName(BaseModel):
    """Name of a coordinate system."""

    name: str


class Crs(BaseModel):
    """The member `crs` of the GeoJSON before RFC 7946, which old programs still write."""

    type: str = "name"
    properties: CrsName


class NewRegionProperties(Sent):
    """What a new watch is called and why it is kept."""

    name: Line
    purpose: Text = ""
    owner: Text = ""
    kind: Kind = Kind.GROUND_CHANGE
    expires: Moment | None = Field(None, description="End of the watch, with a time zone.")


class NewArea(Sent):
    """A GeoJSON feature, or a collection of areas that are one."""

    type: Literal["Feature", "FeatureCollection"]
    geometry: dict[str, Any] | None = Field(None, description="Of a Feature: (Multi)Polygon.")
    features: list[dict[str, Any]] | None = Field(None, description="Of a FeatureCollection.")
    crs: Crs | None = Field(None, description="The old member; CRS84 only.")


class NewRegion(NewArea):
    """A GeoJSON feature, or a collection of areas that become one region."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "Feature", "geometry": SQUARE, "properties": {"name": "Square"}}]
        }
    )

    properties: NewRegionProperties


class RegionChange(Sent):
    """What may change of a watch. The outline may not: its history would not be comparable."""

    name: Line | None = None
    purpose: Text | None = None
    owner: Text | None = None
    expires: Moment | None = None
    level: WatchLevel | None = Field(None, description="A raised one needs an end and a reason.")
    level_until: Moment | None = Field(None, description="When it falls back to routine.")
    level_reason: Text | None = None
    hours_between_runs: Annotated[float, Field(ge=0.25, le=744)] | None = Field(
        None, description="At level routine; null takes what the settings say."
    )


_OF_SETTLEMENT = "Id of the settlement; null for a watch over an area."
PCODE = "Its P-code, which humanitarian organisations share; null where none is known."


class LookAnswer(BaseModel):
    """A row of the ledger: what became of one look at one settlement, or at one cell of an area."""

    sensed: datetime
    mode: Mode
    cell: str
    settlement: str | None = Field(description=_OF_SETTLEMENT)
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    acquisition: str
    detector: str
    status: ObservationStatus
    cause: NotObservable | None
    usable: float = Field(description="Share of the settlement, or of the area, seen, 0..1.")
    words: str
    detail: dict[str, Any]


class Ledger(BaseModel):
    """The ledger of a region, oldest look first."""

    items: list[LookAnswer]
    next: str | None
    links: list[Link]


class FollowedSettlement(BaseModel):
    """A settlement that a watch follows, and how well its first detector saw it."""

    settlement: str
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    looks: int
    usable_looks: int
    last_look: datetime
    last_usable_look: datetime | None = Field(description="Null if it was never seen.")
    detectors: list[DetectorLooks] = Field(description="The same of each, the first of them first.")
    longest_blind_days: float | None = Field(
        description="Between two usable looks at it; null where there are fewer."
    )


class Followed(BaseModel):
    """The settlements that a watch follows, the one seen longest ago first."""

    items: list[FollowedSettlement]
    next: str | None
    links: list[Link]


class ArchivedLook(BaseModel):
    """An archived acquisition over a region."""

    acquisition: str
    sensed: datetime
    status: ObservationStatus
    cause: NotObservable | None
    usable: float
    words: str
    styles: list[str] = Field(description="In which its map tiles can be had.")


class ArchivedLooks(BaseModel):
    """Archived acquisitions over a region, oldest first."""

    items: list[ArchivedLook]


class SettlementProperties(BaseModel):
    """A settlement but for its outline."""

    id: str
    name: str
    pcode: str | None = Field(description=PCODE)
    mode: Mode
    area_ha: float
    source: str
    created: datetime


class SettlementFeature(BaseModel):
    """A settlement."""

    type: Literal["Feature"]
    id: str
    bbox: list[float]
    geometry: Geometry
    properties: SettlementProperties


class SettlementCollection(BaseModel):
    """Settlements, by name."""

    type: Literal["FeatureCollection"]
    features: list[SettlementFeature]
    next: str | None = None
    links: list[Link] = []


class NewSettlements(Sent):
    """A GeoJSON collection of outlines; each may have a name in its properties."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "FeatureCollection",
                    "features": [
                        {"type": "Feature", "geometry": SQUARE, "properties": {"name": "Village"}}
                    ],
                    "source": "drawn by hand",
                }
            ]
        }
    )

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)
    source: Text = Field("", description="Where the outlines come from.")
    crs: Crs | None = Field(None, description="The old member; CRS84 only.")


class EventProperties(BaseModel):
    """An event but for its outline. Software fills in what was observed and nothing else."""

    model_config = ConfigDict(extra="allow")

    id: str
    version: int
    organisation: str
    region: str
    region_name: str
    settlement: str | None = Field(description=_OF_SETTLEMENT)
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    kind: Kind
    mode: Mode
    state: EventState
    change: SiteChange | None = Field(description="What became of the site, where that is told.")
    merged_into: str | None = Field(
        description="Id of the event that this one was merged into; null if it stands for itself."
    )
    detector: str = Field(description="Of the source that says most.")
    detector_state: str
    cell: str
    area_m2: float
    area_ha: float
    last_unharmed: datetime | None
    first_changed: datetime
    first_detected: datetime
    last_detected: datetime
    looks: int
    observed: str
    evidence: dict[str, Any]
    doubts: list[str]


class EventFeature(BaseModel):
    """An event."""

    type: Literal["Feature"]
    id: str
    bbox: list[float]
    geometry: Geometry
    properties: EventProperties


class EventCollection(BaseModel):
    """Events, newest first change first."""

    type: Literal["FeatureCollection"]
    features: list[EventFeature]
    next: str | None
    links: list[Link]


class EventVersions(BaseModel):
    """All versions of one event, oldest first."""

    items: list[EventFeature]


class DetectionAnswer(BaseModel):
    """What one detector said at one look."""

    id: str
    mode: Mode
    settlement: str | None = Field(description=_OF_SETTLEMENT)
    settlement_name: str | None
    settlement_pcode: str | None = Field(description=PCODE)
    acquisition: str
    sensed: datetime
    detector: str
    detector_version: str
    detector_state: str
    area_m2: float
    last_unharmed: datetime | None
    first_changed: datetime
    looks: int
    evidence: dict[str, Any]
    doubts: list[str]
    digest: str
    geometry: Geometry


class Detections(BaseModel):
    """Detections of one event, oldest look first."""

    items: list[DetectionAnswer]


class SeriesFeature(BaseModel):
    """One quantity that is followed through the looks."""

    key: str = Field(
        description="Of ground_change: the formula. Of burned: near_infrared, visible, "
        "char_index, char_fraction or short_wave, which are scores, or evidence."
    )
    name: str
    unit: str = Field(
        description="`scores` are standard deviations from what the settlement's past, the season "
        "and its surroundings let expect, upwards as burning moves it; `nats` are natural "
        "logarithms of a likelihood ratio."
    )
    about: str = Field(description="What it is taken of, and which way a change moves it.")


class SeriesLook(BaseModel):
    """One look in the series of an event."""

    acquisition: str
    sensed: datetime
    used: bool
    status: ObservationStatus
    why: str = Field(description="Why it was left out, or that it was used.")
    values: list[float | None] = Field(
        description="One for each of `features`; null where the look does not tell it. Of ground "
        "as measured anew from the archive; of a settlement as its detector said at the time."
    )


class Series(BaseModel):
    """What an event's detector went by, look by look, oldest first."""

    event: str
    last_unharmed: datetime | None
    first_changed: datetime
    features: list[SeriesFeature]
    looks: list[SeriesLook]


class PairSide(BaseModel):
    """One picture of a pair."""

    acquisition: str
    sensed: datetime


class Pair(BaseModel):
    """A look before and one after the change, on which its ground was best seen."""

    before: PairSide | None
    after: PairSide | None
    styles: list[str]
    bounds: list[float]


class TileJson(BaseModel):
    """TileJSON 3.0."""

    model_config = ConfigDict(extra="allow")

    tilejson: Literal["3.0.0"]
    name: str
    tiles: list[str]
    bounds: list[float]
    minzoom: int
    maxzoom: int


class NewJob(Sent):
    """A run asked for."""

    region: Annotated[str, StringConstraints(max_length=200)]
    until: Moment | None = Field(None, description="Replay up to then; now if not given.")
