"""Heat that satellites saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
