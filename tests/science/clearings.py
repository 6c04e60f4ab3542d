"""How detections are held against the clearings drawn by eye.

A drawn clearing counts as *found* if reported objects cover at least `COVERED` of it with a
compatible date. A reported object counts as *right* if at least `COVERED` of it lies on certain
clearings with a compatible date; one that lies as much on a doubtful drawing is left out of the
count. Dates are compatible if the reported interval, widened by `SLACK` on both sides, meets the
interval in which the drawing says the change fell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import shapely
from pyproj import Transformer
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from hearthwatch.evaluation.intervals import wilson

COVERED = 0.3
SLACK = timedelta(days=30)
BLOCKS = 20
"""Side of a block of the tuning/scoring split, pixels of 10 m."""

Half = Literal["tuning", "scoring"]
_TO_SQUARE = Transformer.from_crs("OGC:CRS84", "EPSG:3035", always_xy=True)
ORIGIN = (5271982.576551932, 2533004.2149151857)
"""Upper left corner of the square, EPSG:3035."""


@dataclass(frozen=True)
class Drawn:
    """One clearing as drawn; geometry in EPSG:3035."""

    id: str
    geometry: BaseGeometry
    earliest: datetime
    latest: datetime
    certain: bool
    half: Half


@dataclass(frozen=True)
class Reported:
    """One reported object; geometry in EPSG:3035."""

    id: str
    geometry: BaseGeometry
    last_unharmed: datetime | None
    first_changed: datetime
    first_detected: datetime


@dataclass(frozen=True)
class Share:
    """A share with its 95 % Wilson interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        ends = wilson(self.hits, self.of)
        return ends.low, ends.high

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.2f} [{low:.2f}, {high:.2f}] ({self.hits}/{self.of})"


@dataclass(frozen=True)
class Score:
    """What came of holding reports against drawings, for one half of the square."""

    recall: Share
    precision: Share
    missed: tuple[str, ...]
    false: tuple[str, ...]
    inside: Share
    days: tuple[int, ...]
    looks: tuple[int, ...]
    duplicates: int


def load_truth(path: Path) -> tuple[Drawn, ...]:
    """Read the drawings."""
    return tuple(
        Drawn(
            id=f["properties"]["id"],
            geometry=to_square(shape(f["geometry"])),
            earliest=_day(f["properties"]["earliest"]),
            latest=_day(f["properties"]["latest"]),
            certain=f["properties"]["certainty"] == "high",
            half=f["properties"]["half"],
        )
        for f in json.loads(path.read_text())["features"]
    )


def to_square(geometry: BaseGeometry) -> BaseGeometry:
    """Reproject from CRS84 to EPSG:3035."""
    return shapely.transform(
        geometry, lambda xy: list(zip(*_TO_SQUARE.transform(xy[:, 0], xy[:, 1]), strict=True))
    )


def half_of(geometry: BaseGeometry) -> Half:
    """Return the half of the square, fixed before anything was drawn, a geometry falls into."""
    c = geometry.centroid
    col, row = (c.x - ORIGIN[0]) / 10.0, (ORIGIN[1] - c.y) / 10.0
    return "tuning" if (int(col // BLOCKS) + int(row // BLOCKS)) % 2 == 0 else "scoring"


def score(
    drawn: Sequence[Drawn],
    reported: Sequence[Reported],
    half: Half,
    usable: Sequence[datetime],
    start: datetime = datetime(2017, 1, 1, tzinfo=UTC),
) -> Score:
    """Hold reports against drawings.

    Parameters
    ----------
    usable : sequence of datetime
        Sensing times of the usable looks, for counting looks to detection.
    """
    wanted = [d for d in drawn if d.certain and d.half == half and d.latest >= start]
    hits = {d.id: _hits(d, reported) for d in wanted}
    found = [d for d in wanted if hits[d.id]]
    claims = [r for r in reported if half_of(r.geometry) == half and not _excused(r, drawn)]
    right = [r for r in claims if _on(r, [d for d in drawn if d.certain], dated=True) >= COVERED]
    first = [(d, min(hits[d.id], key=lambda r: r.first_detected)) for d in found]
    return Score(
        recall=Share(len(found), len(wanted)),
        precision=Share(len(right), len(claims)),
        missed=tuple(d.id for d in wanted if not hits[d.id]),
        false=tuple(r.id for r in claims if r not in right),
        inside=Share(sum(_meets(d, r, timedelta(0)) for d, r in first), len(first)),
        days=tuple((r.first_detected - d.latest).days for d, r in first),
        looks=tuple(sum(d.latest <= u <= r.first_detected for u in usable) for d, r in first),
        duplicates=sum(len(hits[d.id]) - 1 for d in found),
    )


def _hits(drawn: Drawn, reported: Sequence[Reported]) -> list[Reported]:
    dated = [
        r for r in reported if _meets(drawn, r, SLACK) and r.geometry.intersects(drawn.geometry)
    ]
    union = shapely.union_all([r.geometry for r in dated])
    if union.intersection(drawn.geometry).area < COVERED * drawn.geometry.area:
        return []
    return [
        r for r in dated if r.geometry.intersection(drawn.geometry).area > 0.1 * drawn.geometry.area
    ]


def _excused(report: Reported, drawn: Sequence[Drawn]) -> bool:
    """A report on a doubtful drawing is neither right nor wrong."""
    return _on(report, [d for d in drawn if not d.certain], dated=False) >= COVERED


def _on(report: Reported, drawn: Sequence[Drawn], *, dated: bool) -> float:
    on = [d.geometry for d in drawn if not dated or _meets(d, report, SLACK)]
    return float(report.geometry.intersection(shapely.union_all(on)).area / report.geometry.area)


def _meets(drawn: Drawn, report: Reported, slack: timedelta) -> bool:
    begin = (report.last_unharmed or datetime(2015, 1, 1, tzinfo=UTC)) - slack
    return begin <= drawn.latest and report.first_changed + slack >= drawn.earliest


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
