"""Tables of heat in the shapes that FIRMS gives them, with places that are made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

VIIRS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,"
    "version,bright_ti5,frp,daynight"
)
MODIS = (
    "latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,instrument,confidence,"
    "version,bright_t31,frp,daynight"
)
STANDARD = f"{VIIRS},type"
"""Tables of standard processing say besides what a pixel is taken for."""


@dataclass(frozen=True, slots=True)
class Hot:
    """One heat pixel to write down."""

    at: datetime
    lon: float = 25.31
    lat: float = 13.61
    scan: float = 0.39
    track: float = 0.36
    satellite: str = "N20"
    instrument: str = "VIIRS"
    confidence: str = "n"
    version: str = "2.0NRT"
    frp: float = 4.2
    type: str = ""

    def but(self, **changes: object) -> Hot:
        return replace(self, **changes)  # type: ignore[arg-type]


def row(hot: Hot, columns: str = VIIRS) -> str:
    at = hot.at.astimezone(UTC)
    solar = (at.hour + at.minute / 60 + hot.lon / 15) % 24
    cells = {
        "latitude": f"{hot.lat:.5f}",
        "longitude": f"{hot.lon:.5f}",
        "scan": f"{hot.scan:g}",
        "track": f"{hot.track:g}",
        "acq_date": f"{at:%Y-%m-%d}",
        # Without the zeros that lead: 06:59 is written 659.
        "acq_time": str(at.hour * 100 + at.minute),
        "satellite": hot.satellite,
        "instrument": hot.instrument,
        "confidence": hot.confidence,
        "version": hot.version,
        "frp": f"{hot.frp:g}",
        "daynight": "D" if 6 <= solar < 18 else "N",
        "type": hot.type or "0",
    }
    return ",".join(cells.get(name, "330.5") for name in columns.split(","))


def table(pixels: Sequence[Hot], columns: str = VIIRS) -> bytes:
    return "\n".join([columns, *(row(one, columns) for one in pixels), ""]).encode()
