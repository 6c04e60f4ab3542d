"""What the names of Copernicus and OPERA products say: they are the same at every provider."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SENTINEL_2 = re.compile(
    r"(?:^|/)(S2[A-Z])_MSI(L1C|L2A)_(\d{8}T\d{6})(?:_N(\d{4}))?_R(\d{3})_T(\d{2}[A-Z]{3})"
    r"(?:_(\d{8}T\d{6}))?(?:\.SAFE)?$"
)
_SENTINEL_1 = re.compile(
    r"(?:^|/)(S1[A-Z])_(IW|EW|WV|S[1-6])_([A-Z]{3})[FHM_]_\d[AS](?:SH|SV|DH|DV|HH|HV|VV|VH)"
    r"_(\d{8}T\d{6})_(\d{8}T\d{6})_(\d{6})_([0-9A-F]{6})(?![0-9A-F])"
)
_OPERA_RTC = re.compile(
    r"(?:^|/)OPERA_L2_RTC-S1_T(\d{3})-(\d{6})-(IW[1-3])_(\d{8}T\d{6})Z_(\d{8}T\d{6})Z_(S1[A-Z])"
    r"_\d+_v(\d+\.\d+)(?:_(VV|VH|HH|HV|COH|mask))?(?:\.tif)?$"
)
_OPERA_DIST = re.compile(
    r"(?:^|/)OPERA_L3_(DIST-ALERT-S1)_T(\d{2}[A-Z]{3})_(\d{8}T\d{6})Z_(\d{8}T\d{6})Z_(S1[A-Z]?)"
    r"_\d+_v(\d+(?:\.\d+)?)$"
)
_DATATAKE = re.compile(r"^GS(2[A-Z])_(\d{8}T\d{6})(?:_|$)")
_MGRS = re.compile(r"(?:^|_|-)T?(\d{2}[C-HJ-NP-X][A-HJ-NP-Z]{2})(?=_|$)")
_PLATFORM = re.compile(r"^(?:SENTINEL[-_ ]?|S)([12])[-_ ]?([A-Z])$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProductName:
    """What the name of a product says.

    Attributes
    ----------
    kind : str
        ``MSIL2A``, ``MSIL1C``, ``GRD``, ``SLC`` and the like, ``RTC`` or ``DIST-ALERT-S1``.
    started : datetime
        Of Sentinel-2 the start of the datatake, of Sentinel-1 that of the slice or burst.
    processed : datetime or None
        Only what it is worth for telling which of two products is the newer.
    """

    kind: str
    platform: str
    started: datetime
    relative_orbit: int | None = None
    tile: str | None = None
    baseline: str | None = None
    processed: datetime | None = None
    instrument_mode: str | None = None


def read_name(name: str) -> ProductName | None:
    """Return what a product's name says; None where it is no name this knows.

    Parameters
    ----------
    name : str
        Of a product, its folder or one of its files; with or without ``.SAFE``.
    """
    for pattern, reading in (
        (_SENTINEL_2, _sentinel_2), (_OPERA_RTC, _opera_rtc), (_SENTINEL_1, _sentinel_1),
        (_OPERA_DIST, _opera_dist),
    ):  # fmt: skip
        found = pattern.search(name)
        if found is not None:
            return reading(found)
    return None


def datatake_start(datatake: str) -> tuple[str, datetime] | None:
    """Return the platform and the start of a Sentinel-2 datatake by its id, or None."""
    found = _DATATAKE.match(datatake)
    return None if found is None else (f"sentinel-{found[1].lower()}", stamp(found[2]))


def mgrs_tile(text: str) -> str | None:
    """Return the MGRS tile that a tile's code or an item's id names: ``36NXF``; None if none."""
    found = _MGRS.search(text)
    return None if found is None else found[1]


def plain_platform(name: str) -> str:
    """Return ``sentinel-2b`` however it is written; other names as they are."""
    found = _PLATFORM.match(name.strip())
    return name if found is None else f"sentinel-{found[1]}{found[2].lower()}"


def stamp(text: str) -> datetime:
    """Return the time of ``20190605T092031``, UTC."""
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def _sentinel_2(found: re.Match[str]) -> ProductName:
    number = found[4]
    return ProductName(
        kind=f"MSI{found[2]}",
        platform=plain_platform(found[1]),
        started=stamp(found[3]),
        relative_orbit=int(found[5]),
        tile=found[6],
        baseline=None if number is None else f"{number[:2]}.{number[2:]}",
        processed=None if found[7] is None else stamp(found[7]),
    )


def _sentinel_1(found: re.Match[str]) -> ProductName:
    mode = "SM" if found[2].startswith("S") else found[2]
    return ProductName(
        kind=found[3],
        platform=plain_platform(found[1]),
        started=stamp(found[4]),
        tile=found[4],
        instrument_mode=mode,
    )


def _opera_rtc(found: re.Match[str]) -> ProductName:
    return ProductName(
        kind="RTC",
        platform=plain_platform(found[6]),
        started=stamp(found[4]),
        relative_orbit=int(found[1]),
        tile=f"T{found[1]}-{found[2]}-{found[3]}",
        baseline=found[7],
        processed=stamp(found[5]),
        instrument_mode="IW",
    )


def _opera_dist(found: re.Match[str]) -> ProductName:
    # Products of the first months name the mission and not the satellite.
    satellite = found[5]
    return ProductName(
        kind=found[1],
        platform=plain_platform(satellite) if len(satellite) > 2 else "sentinel-1",
        started=stamp(found[3]),
        tile=found[2],
        baseline=found[6],
        processed=stamp(found[4]),
        instrument_mode="IW",
    )
