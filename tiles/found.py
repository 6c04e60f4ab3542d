"""What was found, as the pictures tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import matplotlib
import numpy as np
from matplotlib.colors import to_hex
from shapely.geometry.base import BaseGeometry

from imagery.types import aware_utc
from tiles.geodesy import area_m2

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class Outline:
    """Something found: where, what to call it, and when.

    Attributes
    ----------
    geometry : shapely geometry
        CRS84.
    label : str
        Short, as it stands on the map.
    when : datetime
        First seen changed; aware UTC.
    since : datetime or None
        Last seen unharmed; None where there was no earlier look.
    """

    geometry: BaseGeometry
    label: str
    when: datetime
    since: datetime | None = None

    def __post_init__(self) -> None:
        aware_utc(self.when)
        if self.since is not None and aware_utc(self.since) > aware_utc(self.when):
            raise ValueError(f"{self.label}: last unharmed after first changed")


def year_colours(outlines: Sequence[Outline]) -> Mapping[int, str]:
    """Return a colour per year in which something was found, dark to bright as time goes on."""
    years = sorted({year_of(outline) for outline in outlines})
    places = np.linspace(0.18, 0.92, len(years)) if len(years) > 1 else np.full(len(years), 0.6)
    ramp = matplotlib.colormaps["plasma"]
    return {year: to_hex(ramp(float(place))) for year, place in zip(years, places, strict=True)}


def summary_of(outlines: Sequence[Outline]) -> str:
    """Return number and area in words: ``12 places, 3.4 ha``."""
    hectares = sum(area_m2(outline.geometry) for outline in outlines) / 10_000
    places = "1 place" if len(outlines) == 1 else f"{len(outlines)} places"
    return f"{places}, {hectares:.1f} ha" if outlines else "nothing"


def interval_of(outlines: Sequence[Outline]) -> str:
    """Return in words between which looks the change lies, over all outlines."""
    if not outlines:
        return ""
    earliest = [outline.since for outline in outlines if outline.since is not None]
    first = in_words(min(outline.when for outline in outlines))
    if len(earliest) < len(outlines):
        return f"First seen changed {first}; no earlier look shows the ground unharmed"
    return f"Not before {in_words(min(earliest))}; first seen changed {first}"


def in_date_order(outlines: Sequence[Outline]) -> list[Outline]:
    """Return the outlines by date of change, earliest first."""
    return sorted(outlines, key=lambda one: (one.when, one.since or one.when, one.label))


def year_of(outline: Outline) -> int:
    """Return the UTC year in which the change was first seen."""
    return outline.when.astimezone(UTC).year


def in_words(moment: datetime) -> str:
    """Return the UTC day as ``31 July 2017``, whatever the machine's language."""
    day = moment.astimezone(UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
