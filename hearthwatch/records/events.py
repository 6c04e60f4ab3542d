"""What was found, and what people say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shapely.geometry.base import BaseGeometry

from hearthwatch.cql.tree import Filter
from hearthwatch.records.words import EventState, Kind, Mode, Verb


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


class EventRow(NamedTuple):
    """An event in plain values, as a database keeps it (`hearthwatch.store.codec`).

    Hundreds are told at once: to make records of them takes longer than to find them. The fields
    are those of `Event`.

    Attributes
    ----------
    geometry : bytes
        WKB, CRS84.
    last_unharmed, first_changed, first_detected, last_detected : int
        Microseconds since 1970 in UTC.
    evidence, doubts : str
        JSON.
    """

    id: str
    organisation: str
    kind: str
    mode: str
    region: str
    cell: str
    detector: str
    state: str
    detector_state: str
    version: int
    geometry: bytes
    area_m2: float
    last_unharmed: int | None
    first_changed: int
    first_detected: int
    last_detected: int
    looks: int
    observed: str
    evidence: str
    doubts: str
    settlement: str
    change: str
    said_by: str
    merged_into: str


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for.

    Attributes
    ----------
    bbox : tuple of float or None
        (west, south, east, north), CRS84.
    settlement : str or None
        Id of a settlement; empty for the events of watches over an area.
    filter : Filter or None
        What else must be met.
    """

    region: str | None = None
    kind: Kind | None = None
    states: tuple[EventState, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    since: datetime | None = None
    until: datetime | None = None
    settlement: str | None = None
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Which detections or looks are asked for, over all regions.

    Attributes
    ----------
    bbox : tuple of float or None
        (west, south, east, north), CRS84; of looks, which have no place, it is never asked.
    since, until : datetime or None
        Of the look, both ends included.
    """

    bbox: tuple[float, float, float, float] | None = None
    since: datetime | None = None
    until: datetime | None = None
    filter: Filter | None = None
