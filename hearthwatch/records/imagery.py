"""What is known of providers: what was spent there, and which scenes they list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hearthwatch.records.words import Kind, Mode, Priority, SpendStatus


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
