"""Records of the service: what is stored, with the frozen words it is told in.

Every record carries `organisation` (whose it is), `kind` (what is watched for) and `mode`
(actual, exercise or test), so that no query can forget them; but a settlement, which may be
watched for several kinds, has no `kind`. An API key has neither, nor has what is known of a
provider: what was spent there, how long it is not asked, and which scenes and heat it lists.
Datetimes are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from shapely.geometry.base import BaseGeometry

T = TypeVar("T")


class Kind(StrEnum):
    """Kinds of event."""

    BURNED = "burned"
    RAZED = "razed"
    CAMP_CHANGE = "camp_change"
    ABANDONMENT = "abandonment"
    GROUND_CHANGE = "ground_change"


class Mode(StrEnum):
    """Whether a record is about the world, an exercise or a test."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class ObservationStatus(StrEnum):
    """What became of one expected look."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NOT_OBSERVABLE = "not_observable"
    NOT_DELIVERED = "not_delivered"
    NOT_PROCESSED = "not_processed"


USABLE = frozenset({ObservationStatus.UNCHANGED, ObservationStatus.CHANGED})
"""What tells changed from unchanged; of anything else nothing is known."""


class NotObservable(StrEnum):
    """Why a look could not be used."""

    CLOUD = "cloud"
    SHADOW = "shadow"
    SMOKE = "smoke"
    ORBIT = "orbit"
    NODATA = "nodata"


class EventState(StrEnum):
    """How an event stands in the eyes of people and of the network."""

    CANDIDATE = "candidate"
    PROVISIONAL = "provisional"
    CORROBORATED = "corroborated"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    REJECTED = "rejected"
    RETRACTED = "retracted"
    CLOSED = "closed"


class RejectionReason(StrEnum):
    """Why people say that an event is none."""

    SEASONAL_BURN = "seasonal_burn"
    CROP_OR_PASTURE = "crop_or_pasture"
    CLOUD_SHADOW_SMOKE = "cloud_shadow_smoke"
    FLOOD_OR_MOISTURE = "flood_or_moisture"
    INDUSTRY_OR_FLARE = "industry_or_flare"
    CONSTRUCTION = "construction"
    REGISTRATION_ERROR = "registration_error"
    SENSOR_ARTEFACT = "sensor_artefact"
    OLD_CHANGE = "old_change"
    DUPLICATE = "duplicate"
    ACCIDENTAL_FIRE = "accidental_fire"
    OTHER = "other"


class Verb(StrEnum):
    """What people do with an event."""

    CONFIRM = "confirm"
    DISPUTE = "dispute"
    REJECT = "reject"
    RETRACT = "retract"
    CLOSE = "close"
    REOPEN = "reopen"
    SPLIT = "split"
    MERGE = "merge"
    UNDO = "undo"


class RunOutcome(StrEnum):
    """How a run stands or ended."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Role(StrEnum):
    """What the holder of an API key may do."""

    ADMIN = "admin"
    ANALYST = "analyst"
    VIEWER = "viewer"


class Priority(StrEnum):
    """What a read is for: when the budget runs short, the last of these stops first."""

    CONFIRMATION = "confirmation"
    ROUTINE = "routine"
    BACKFILL = "backfill"


class SpendStatus(StrEnum):
    """How far one read has come with the budget."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Region:
    """An area on the watchlist, watched for one kind of change.

    Attributes
    ----------
    geometry : shapely MultiPolygon
        CRS84, split at 180 degrees, wound right.
    area_km2 : float
        On the WGS 84 ellipsoid.
    purpose, owner : str
        Why it is watched and who answers for it.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    name: str
    geometry: BaseGeometry
    area_km2: float
    created: datetime
    purpose: str = ""
    owner: str = ""
    expires: datetime | None = None
    removed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A place where people live, which may be watched for several kinds of change.

    Attributes
    ----------
    geometry : shapely Polygon or MultiPolygon
        Its core, CRS84.
    area_m2 : float
        Of the core, on the WGS 84 ellipsoid.
    source : str
        Where it was taken from.
    """

    id: str
    organisation: str
    mode: Mode
    name: str
    geometry: BaseGeometry
    area_m2: float
    created: datetime
    source: str = ""
    removed: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key to the records of one organisation; its id alone tells which.

    Attributes
    ----------
    name : str
        Who or what uses it.
    sha256 : str
        Of the secret, which is not kept.
    """

    id: str
    organisation: str
    name: str
    role: Role
    sha256: str
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One call of the pipeline, waiting, under way or over.

    Attributes
    ----------
    done, total : int
        Looks committed so far, and looks to commit.
    sensed : datetime or None
        Sensing time of the newest look taken in.
    detail : str
        Why it failed, in words.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    started: datetime
    until: datetime | None
    digest: str
    executor: str
    finished: datetime | None = None
    outcome: RunOutcome = RunOutcome.RUNNING
    done: int = 0
    total: int = 0
    sensed: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JobKey:
    """Identity of one unit of work: who, where, which look, which detector."""

    organisation: str
    kind: Kind
    region: str
    cell: str
    acquisition: str
    detector: str


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work that was carried through and committed."""

    key: JobKey
    mode: Mode
    run: str
    digest: str
    sensed: datetime
    committed: datetime


@dataclass(frozen=True, slots=True)
class StateVersion:
    """One version of a place's monitor state: a slab on disk, made current by its commit.

    Attributes
    ----------
    sequence : int
        Counts the looks taken in; 1 is the first.
    path : str
        Relative to the data folder.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    cell: str
    detector: str
    detector_version: str
    sequence: int
    acquisition: str
    sensed: datetime
    path: str
    sha256: str
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What became of one look at one place: the observation ledger.

    Attributes
    ----------
    usable : float
        Share of the watched pixels seen, 0..1.
    settlement : str
        Id of the settlement that was looked at; empty for a watch over an area.
    cause : NotObservable or None
        Set exactly when `status` is ``not_observable``.
    detail : mapping
        Shares by cause, guard verdict, bands lived without, the error's words.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    cell: str
    acquisition: str
    detector: str
    sensed: datetime
    status: ObservationStatus
    usable: float
    cause: NotObservable | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    settlement: str = ""

    def __post_init__(self) -> None:
        if (self.status is ObservationStatus.NOT_OBSERVABLE) != (self.cause is not None):
            raise ValueError("a cause belongs to not_observable, and to nothing else")


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """What the ledger says of one detector in one region, or at one settlement, in four numbers.

    A look counts once, over however many cells and settlements; it is usable if any of them
    was seen.
    """

    looks: int
    usable: int
    last: datetime | None
    last_usable: datetime | None


@dataclass(frozen=True, slots=True)
class Detection:
    """What one detector said of one place at one look, as stored.

    Attributes
    ----------
    event : str
        The event that its source told of then; a source may be moved since.
    settlement : str
        Id of the settlement it is about; empty for a watch over an area.
    source : str
        Id of the source it is a look of.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    event: str
    region: str
    cell: str
    acquisition: str
    detector: str
    detector_version: str
    detector_state: str
    sensed: datetime
    geometry: BaseGeometry
    area_m2: float
    last_unharmed: datetime | None
    first_changed: datetime
    looks: int
    evidence: Mapping[str, Any]
    doubts: tuple[str, ...]
    digest: str
    settlement: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class EventSource:
    """One detector's episode at one place, which tells of an event. Its id never changes.

    Attributes
    ----------
    event : str
        Id of the event it tells of; empty until it is put to one.
    sensors, groups : tuple of str
        What it was seen with, and the kinds of evidence that is: sources that share one are not
        independent of each other.
    reached : str
        The state it came to before its detector closed it.
    version : int
        Counts the versions; every one stays readable.
    change : str
        What became of the site, where that can be told.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    event: str
    region: str
    cell: str
    detector: str
    sensors: tuple[str, ...]
    groups: tuple[str, ...]
    detector_state: str
    reached: str
    version: int
    geometry: BaseGeometry
    area_m2: float
    last_unharmed: datetime | None
    first_changed: datetime
    first_detected: datetime
    last_detected: datetime
    looks: int
    observed: str
    evidence: Mapping[str, Any]
    doubts: tuple[str, ...] = ()
    settlement: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody said of an event or did with it; never changed.

    Attributes
    ----------
    act : str
        The same for all that one act writes: a merger is told at both events.
    version : int
        Of the event, which the act made.
    who : str
        Name of the person or key.
    reason, text : str
        The coded reason of a rejection, and words.
    other : str
        Id of the other event of a split or a merger.
    sources : tuple of str
        Ids of those that changed their event.
    undoes : str
        Of an undoing, the act that it takes back.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    event: str
    act: str
    version: int
    verb: Verb
    who: str
    said: datetime
    reason: str = ""
    text: str = ""
    other: str = ""
    sources: tuple[str, ...] = ()
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """The thing in the world: one place, one episode. Its id never changes.

    Attributes
    ----------
    version : int
        Counts the versions; every one stays readable.
    observed : str
        What was observed, in words. Software fills in nothing else: interpretation and
        attribution are people's.
    first_detected, last_detected : datetime
        Sensing times of the looks that first and last spoke of it.
    detector, detector_state : str
        Of the source that says most.
    settlement : str
        Id of the settlement it befell; empty for a watch over an area.
    change : str
        What became of the site, where that can be told.
    said_by : str
        Who said the state it is in; empty where software did.
    merged_into : str
        Id of the event that it was merged into; empty where it stands for itself.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    cell: str
    detector: str
    state: EventState
    detector_state: str
    version: int
    geometry: BaseGeometry
    area_m2: float
    last_unharmed: datetime | None
    first_changed: datetime
    first_detected: datetime
    last_detected: datetime
    looks: int
    observed: str
    evidence: Mapping[str, Any]
    doubts: tuple[str, ...] = ()
    settlement: str = ""
    change: str = ""
    said_by: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for.

    Attributes
    ----------
    bbox : tuple of float or None
        (west, south, east, north), CRS84.
    settlement : str or None
        Id of a settlement; empty for the events of watches over an area.
    """

    region: str | None = None
    kind: Kind | None = None
    states: tuple[EventState, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    since: datetime | None = None
    until: datetime | None = None
    settlement: str | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """What one read takes of an account's budget: reserved first, settled when it is over.

    Attributes
    ----------
    region : str
        Id of the region it is for; empty where it is for none.
    provider : str
        Name of the provider that is paid.
    acquisition, cell : str
        What is read, and where.
    reserved : datetime
        When it was reserved, before anything was sent.
    estimated_units, estimated_requests
        What was reserved.
    units, requests, bytes
        What it took in the end.
    settled : datetime or None
        When its fate was known; None exactly while it is reserved.
    run : str
        Id of the run that reserved it; empty for a read asked for by hand.
    """

    id: str
    organisation: str
    region: str
    provider: str
    acquisition: str
    cell: str
    priority: Priority
    status: SpendStatus
    reserved: datetime
    estimated_units: float
    estimated_requests: int
    units: float = 0.0
    requests: int = 0
    bytes: int = 0
    settled: datetime | None = None
    detail: str = ""
    run: str = ""

    def __post_init__(self) -> None:
        if (self.status is SpendStatus.RESERVED) != (self.settled is None):
            raise ValueError("a spend has the time it was settled exactly when it is not reserved")


@dataclass(frozen=True, slots=True)
class SpendTotals:
    """What was spent of an account, and what is reserved beside it.

    Attributes
    ----------
    units, requests
        Settled, and lost at its estimate.
    reserved_units, reserved_requests
        Of reads that are not over.
    """

    units: float
    requests: int
    reserved_units: float
    reserved_requests: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A time during which a provider is not asked for pixels.

    Attributes
    ----------
    until : datetime or None
        When it is thought to be over; None where nobody said.
    ended : datetime or None
        When it was over; None while it lasts.
    """

    organisation: str
    provider: str
    since: datetime
    until: datetime | None
    reason: str
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a provider's list of new products was read for one region.

    Attributes
    ----------
    published : datetime
        Newest time of publication seen.
    reconciled : datetime or None
        When the last weeks were last read anew, for what came late, changed or went.
    """

    organisation: str
    region: str
    provider: str
    collection: str
    published: datetime
    reconciled: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownScene:
    """A scene that a provider lists, or listed, over a region.

    Attributes
    ----------
    item_sha256 : str
        Of the raw item: another one means that the provider changed it.
    gone : datetime or None
        Since when it is not listed any more.
    document : str
        The scene as JSON; the store does not look into it.
    """

    organisation: str
    region: str
    provider: str
    collection: str
    id: str
    sensed: datetime
    published: datetime | None
    item_sha256: str
    first_seen: datetime
    last_seen: datetime
    gone: datetime | None
    document: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A pass that was expected and has not come.

    Attributes
    ----------
    expected : datetime
        When the satellite was to pass.
    raised, closed : datetime
        When the alarm was given, and when the pass came after all; None while it is missing.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    sensor: str
    relative_orbit: int
    expected: datetime
    raised: datetime
    closed: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration set as it is kept; never changed.

    Attributes
    ----------
    id : str
        Digest of what it says.
    region : str
        Id of the region it was made for; empty for all of the organisation's.
    digest : str
        Of the code and parameters it is bound to.
    document : mapping
        The set; the store does not look into it.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    region: str
    detector: str
    detector_version: str
    digest: str
    created: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CalibrationChoice:
    """Which calibration set holds from a time on; earlier choices stay readable.

    Attributes
    ----------
    region : str
        Id of the region it is chosen for; empty for all that have no choice of their own.
    calibration : str
        Id of the set; empty for the detector's built-in thresholds.
    """

    organisation: str
    kind: Kind
    mode: Mode
    region: str
    detector: str
    since: datetime
    calibration: str


@dataclass(frozen=True, slots=True)
class HeatSpot:
    """A pixel in which a satellite saw heat, as its provider lists it; never changed.

    Attributes
    ----------
    id : str
        Digest of what tells it from others: satellite, time, place, processing.
    sensed : datetime
        To the minute.
    lon, lat : float
        Centre of the pixel, degrees, CRS84.
    scan_m, track_m : float
        Its sides along the scan and along the track, metres.
    frp_mw : float or None
        Fire radiative power, MW.
    confidence, stated : str
        Its class, and as the provider states it.
    processing, version : str
        How final it is, and the provider's own words for that.
    seen_by : str
        ``day`` or ``night``.
    type : int or None
        What the provider takes it for, where it says.
    source_sha256 : str
        Of the table it stood in.
    received : datetime
        When that was taken in.
    """

    id: str
    organisation: str
    sensed: datetime
    lon: float
    lat: float
    scan_m: float
    track_m: float
    frp_mw: float | None
    confidence: str
    stated: str
    satellite: str
    instrument: str
    processing: str
    version: str
    seen_by: str
    type: int | None
    source_sha256: str
    received: datetime


@dataclass(frozen=True, slots=True)
class HeatCover:
    """Ground and days of which heat is on record, also where there was none.

    Attributes
    ----------
    source : str
        What was asked, or the file's name.
    west, south, east, north : float
        Degrees, CRS84.
    since, until : datetime
        First and last moment.
    sha256 : str
        Of the table.
    """

    id: str
    organisation: str
    source: str
    west: float
    south: float
    east: float
    north: float
    since: datetime
    until: datetime
    sha256: str
    received: datetime


@dataclass(frozen=True, slots=True)
class HeatSource:
    """A source of heat that people know, such as a flare or a kiln.

    Attributes
    ----------
    radius_m : float
        Heat so near is thought to be its own.
    why : str
        What it is.
    """

    id: str
    organisation: str
    lon: float
    lat: float
    radius_m: float
    why: str
    added: datetime
    removed: datetime | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a keyset-paged answer; `next` is the opaque cursor, None at the end."""

    items: tuple[T, ...]
    next: str | None
