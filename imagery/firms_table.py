"""Tables of heat as NASA's FIRMS gives them out: what VIIRS and MODIS saw hot, pixel by pixel.

Columns are known by their names alone; their order and number differ from table to table. A table
of which one row makes no sense is refused as a whole: half of one is worse than none.

References
----------
FIRMS, "Active Fire Data Attributes for MODIS and VIIRS", NASA Earthdata.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from imagery.errors import IntegrityError

MOST_BYTES = 512_000_000
"""Of one table."""
LONGEST_PIXEL_KM = 12.0
"""Of a side: MODIS's pixels at the edge of the swath have 4.8 km."""

_NEEDED = (
    "latitude", "longitude", "scan", "track", "acq_date", "acq_time", "satellite", "confidence",
    "version", "daynight",
)  # fmt: skip
_SATELLITES = {
    "N": ("Suomi NPP", "VIIRS"),
    "N20": ("NOAA-20", "VIIRS"),
    "1": ("NOAA-20", "VIIRS"),
    "N21": ("NOAA-21", "VIIRS"),
    "2": ("NOAA-21", "VIIRS"),
    "TERRA": ("Terra", "MODIS"),
    "T": ("Terra", "MODIS"),
    "AQUA": ("Aqua", "MODIS"),
    "A": ("Aqua", "MODIS"),
}
_FIRST = datetime(2000, 2, 24, tzinfo=UTC)
"""MODIS opened its eyes."""


class Confidence(StrEnum):
    """How sure the provider is that it was hot there."""

    LOW = "low"
    NOMINAL = "nominal"
    HIGH = "high"


class Processing(StrEnum):
    """How final a pixel is; each is replaced by the one after it."""

    URGENT = "urgent"
    NEAR_REAL_TIME = "near_real_time"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class HeatPixel:
    """A pixel in which a satellite saw heat.

    Attributes
    ----------
    sensed : datetime
        To the minute, UTC.
    lon, lat : float
        Centre of the pixel, not of the fire; degrees, CRS84.
    scan_m, track_m : float
        Sides along the scan and along the track, metres.
    frp_mw : float or None
        Fire radiative power, MW; None where it was not measured.
    stated : str
        Confidence as the provider states it: a letter of VIIRS, a percentage of MODIS.
    satellite, instrument : str
        Such as ``NOAA-20`` and ``VIIRS``.
    version : str
        As the provider states it.
    by_day : bool
        Whether it was seen on the sunlit side.
    type : int or None
        Of standard processing: 0 presumed vegetation fire, 1 volcano, 2 other static source on
        land, 3 offshore.
    source_sha256 : str
        Of the table it stood in.
    """

    sensed: datetime
    lon: float
    lat: float
    scan_m: float
    track_m: float
    frp_mw: float | None
    confidence: Confidence
    stated: str
    satellite: str
    instrument: str
    processing: Processing
    version: str
    by_day: bool
    type: int | None
    source_sha256: str


def read_table(body: bytes) -> tuple[HeatPixel, ...]:
    """Return the heat pixels of a CSV table, in its order; none where it has a header alone.

    Raises
    ------
    IntegrityError
        If it is no such table, or a row is cut off or makes no sense. The message names the row
        and quotes nothing of it.
    """
    if len(body) > MOST_BYTES:
        raise IntegrityError(f"a table of heat has more than {MOST_BYTES} bytes")
    sha256 = hashlib.sha256(body).hexdigest()
    return tuple(_pixel(row, number, sha256) for number, row in _rows(_text(body)))


def has_header(body: bytes) -> bool:
    """Tell whether something begins as a table of heat does."""
    first = body[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    return set(_NEEDED) <= {name.strip().lower() for name in first.split(",")}


def newest(pixels: Sequence[HeatPixel]) -> tuple[HeatPixel, ...]:
    """Return each heat pixel once, as it was last processed, by time and place.

    A pixel of near-real-time processing is replaced by one of standard processing of the same
    satellite that was seen within a minute of it and lies within half a pixel: processed anew, it
    has a more exact place. One that finds no such successor stays, for nothing says that the table
    of standard processing was wide enough to hold it.
    """
    kept: dict[tuple[str, int], list[HeatPixel]] = {}
    order = sorted(pixels, key=_final_first)
    for one in order:
        minute = int(one.sensed.timestamp()) // 60
        around = (kept.get((one.satellite, minute + k), ()) for k in (-1, 0, 1))
        if not any(_is_same(one, other) for group in around for other in group):
            kept.setdefault((one.satellite, minute), []).append(one)
    found = [one for group in kept.values() for one in group]
    return tuple(sorted(found, key=lambda p: (p.sensed, p.satellite, p.lon, p.lat)))


_RANK = {Processing.STANDARD: 0, Processing.NEAR_REAL_TIME: 1, Processing.URGENT: 2}


def _final_first(one: HeatPixel) -> tuple[object, ...]:
    return (_RANK[one.processing], one.sensed, one.satellite, one.lon, one.lat, one.source_sha256)


def _is_same(one: HeatPixel, other: HeatPixel) -> bool:
    if one.processing is other.processing:
        return (one.sensed, one.lon, one.lat) == (other.sensed, other.lon, other.lat)
    north = (one.lat - other.lat) * 111_195.0
    east = (one.lon - other.lon) * 111_195.0 * math.cos(math.radians(one.lat))
    return math.hypot(east, north) <= min(other.scan_m, other.track_m) / 2.0


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise IntegrityError("a table of heat is no text") from None
    if "\0" in text:
        raise IntegrityError("a table of heat is no text")
    return text


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each row by column name, with its number in the file."""
    lines = csv.reader(text.splitlines(), strict=True)
    names: list[str] = []
    try:
        for number, cells in enumerate(lines, 1):
            if not names:
                names = _header(cells)
            elif cells:
                if len(cells) != len(names):
                    words = f"row {number} of a table of heat has {len(cells)} columns"
                    raise IntegrityError(f"{words}, its header {len(names)}")
                yield number, dict(zip(names, map(str.strip, cells), strict=True))
    except csv.Error:
        raise IntegrityError("a table of heat is no CSV") from None
    if not names:
        raise IntegrityError("a table of heat is empty, without even a header")


def _header(cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise IntegrityError(f"this is no table of heat: it has no column {missing[0]}")
    if len(set(names)) < len(names):
        raise IntegrityError("a table of heat has two columns of one name")
    return names


def _pixel(row: Mapping[str, str], number: int, sha256: str) -> HeatPixel:
    try:
        return _judged(row, sha256)
    except (KeyError, ValueError, OverflowError):
        pass
    # Outside the handler: the error would quote the row, and so the ground that is watched.
    raise IntegrityError(f"row {number} of a table of heat makes no sense")


def _judged(row: Mapping[str, str], sha256: str) -> HeatPixel:
    satellite, instrument = _satellite(row)
    confidence = _confidence(row["confidence"], instrument)
    return HeatPixel(
        sensed=_sensed(row["acq_date"], row["acq_time"]),
        lon=_number(row["longitude"], -180.0, 180.0),
        lat=_number(row["latitude"], -90.0, 90.0),
        scan_m=_side(row["scan"]),
        track_m=_side(row["track"]),
        frp_mw=_frp(row.get("frp", "")),
        confidence=confidence,
        stated=row["confidence"],
        satellite=satellite,
        instrument=instrument,
        processing=_processing(row["version"]),
        version=row["version"],
        by_day={"D": True, "N": False}[row["daynight"].upper()],
        type=_type(row.get("type", "")),
        source_sha256=sha256,
    )


def _satellite(row: Mapping[str, str]) -> tuple[str, str]:
    """Return satellite and instrument; of an unknown satellite its table must name the latter."""
    stated = row["satellite"]
    known = _SATELLITES.get(stated.upper())
    instrument = row.get("instrument", "").upper() or (known[1] if known else "")
    if not stated or instrument not in ("VIIRS", "MODIS"):
        raise ValueError
    if known and known[1] != instrument:
        raise ValueError
    return (known[0] if known else stated), instrument


def _sensed(day: str, time: str) -> datetime:
    """Return a time of which the hour's leading zeros are left out: ``659`` is 06:59."""
    if not (time.isascii() and time.isdigit() and len(time) <= 4):
        raise ValueError
    hours, minutes = divmod(int(time), 100)
    if hours > 23 or minutes > 59:
        raise ValueError
    at = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    if at < _FIRST - timedelta(days=1):
        raise ValueError
    return at + timedelta(hours=hours, minutes=minutes)


def _confidence(stated: str, instrument: str) -> Confidence:
    """Return the class of a letter or a word (VIIRS), or of a percentage (MODIS)."""
    if instrument == "VIIRS":
        letters = {"l": Confidence.LOW, "n": Confidence.NOMINAL, "h": Confidence.HIGH}
        word = stated.lower()
        return letters[word] if len(word) == 1 else Confidence(word)
    percent = _number(stated, 0.0, 100.0)
    if percent < 30.0:
        return Confidence.LOW
    return Confidence.NOMINAL if percent < 80.0 else Confidence.HIGH


def _processing(version: str) -> Processing:
    """Return what a version says of its processing: ``2.0NRT``, ``6.1URT``, ``61.03``."""
    if not version:
        raise ValueError
    ending = version.upper()
    if ending.endswith("NRT"):
        return Processing.NEAR_REAL_TIME
    return Processing.URGENT if ending.endswith("RT") else Processing.STANDARD


def _side(text: str) -> float:
    km = _number(text, 0.0, LONGEST_PIXEL_KM)
    if km <= 0.0:
        raise ValueError
    return km * 1000.0


def _frp(text: str) -> float | None:
    return _number(text, 0.0, 1e6) if text else None


def _type(text: str) -> int | None:
    return int(_number(text, 0, 9)) if text else None


def _number(text: str, least: float, most: float) -> float:
    number = float(text)
    if not least <= number <= most:
        raise ValueError
    return number
