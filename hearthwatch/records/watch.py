"""What is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from hearthwatch.records.words import Kind, Mode, WatchLevel


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
    level : WatchLevel
        How closely it is watched.
    level_until : datetime or None
        When the level falls back to routine.
    level_reason : str
        Why it is watched more closely.
    raised : mapping
        To what its level is raised by what people observed of its context, until when and
        because of what, as `hearthwatch.context` found it; empty where it is not.
    terms : mapping
        What was agreed of this watch: detectors, budget of false alerts, hours between runs,
        processing units a month. What is not in it holds as the settings say.
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
    level: WatchLevel = WatchLevel.ROUTINE
    level_until: datetime | None = None
    level_reason: str = ""
    raised: Mapping[str, Any] = field(default_factory=dict, hash=False)
    terms: Mapping[str, Any] = field(default_factory=dict, hash=False)


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
    pcode : str
        The code that humanitarian organisations share for it; empty where none is known.
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
    pcode: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """By what a settlement is told from others: its name and its P-code, empty where none is known.

    Both name the place: whoever may not know where it is gets neither.
    """

    name: str = ""
    pcode: str = ""
