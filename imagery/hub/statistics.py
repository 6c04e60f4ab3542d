"""Daily means over one place, made on Sentinel Hub's side: a small part of its cell's pixels' cost.

Off unless asked for: each request draws the outline of the place that is watched in the
provider's log, where reading whole cells of the work grid shows only the cell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from odc.geo.crs import CRS
from shapely.geometry import MultiPolygon, Polygon

from imagery.errors import IntegrityError, Permanent, Transient
from imagery.hub.asking import Exchange
from imagery.hub.cost import statistics_units
from imagery.hub.evalscripts import STATISTICS
from imagery.hub.payloads import statistics_request
from imagery.hub.products import (
    CLASSES,
    RESOLUTION,
    SENTINEL_1,
    Way,
    is_harmonised,
    reflectance_assets,
)
from imagery.hub.replies import HIGHEST_DN, HIGHEST_POWER
from imagery.net.types import Reply, Request
from imagery.types import Cost, Scene

DAY = timedelta(days=1)
MOST_TRIES = 3
"""Of a day that the provider could not work out."""
NOTHING = "nothing was delivered"
"""Error of a day of which scenes are listed while the answer has nothing."""

_BYTES = 200
"""Of an answer, for each band and day, about."""
_LONGEST_ERROR = 60

Failures = dict[datetime, str]
Found = dict[datetime, dict[str, "Statistics"]]
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Statistics:
    """One band over one place on one day.

    Attributes
    ----------
    mean, deviation : float
        Reflectance, or linear power; NaN where no pixel counted.
    count : int
        Pixels that counted: seen, and neither cloud nor snow.
    """

    band: str
    mean: float
    deviation: float
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """What one day's scenes showed of a place.

    Attributes
    ----------
    start : datetime
        00:00 UTC.
    bands : tuple of Statistics
        In the order they were asked for; empty where there is an `error`.
    error : str
        The provider's word for why it could not work the day out, or `NOTHING`; else empty.
    """

    start: datetime
    scene_ids: tuple[str, ...]
    bands: tuple[Statistics, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Daily means over one place.

    Attributes
    ----------
    days : tuple of Day
        One for every day that scenes are listed of, oldest first: none is left out.
    cost : Cost
        What all requests took, those of no use too.
    """

    days: tuple[Day, ...]
    cost: Cost


@dataclass(frozen=True, slots=True)
class Place:
    """What is measured, and on which pixels.

    Attributes
    ----------
    area : Polygon or MultiPolygon
        In `crs`, which is in metres.
    metres : float
        Pixel size.
    """

    area: Polygon | MultiPolygon
    crs: CRS
    metres: float


def series(
    exchange: Exchange, url: str, scenes: Sequence[Scene], place: Place, bands: Sequence[str]
) -> Series:
    """Return a place's daily means from the first of `scenes` to the last.

    Parameters
    ----------
    scenes : sequence of Scene
        All that are listed over the place in that time: what the provider has of other days is
        left out, as nobody says then how its numbers are to be read. Of radar, of one relative
        orbit.
    bands : sequence of str
        Not SCL: a mean of classes means nothing.

    Returns
    -------
    Series
        Of Sentinel-2 in reflectance: DN are summed up on the provider's side, and the means carried
        to reflectance here, with the scale and offset of the product of that day. Where a day has
        products of different offsets the provider takes them off itself, of every day that is asked
        for, and what falls below zero is cut there. Of radar in linear power.

    Raises
    ------
    Permanent
        If the question makes no sense.
    Transient
        If not a single day could be worked out.
    IntegrityError
        If an answer is none.
    """
    _check(scenes, place, bands)
    by_day = _by_day(scenes)
    way = _way(scenes, by_day)
    whole = (min(by_day), max(by_day) + DAY)
    found, failed = _ask(exchange, url, way, place, bands, whole, len(by_day))
    for _ in range(MOST_TRIES - 1):
        for start in sorted(failed.keys() & by_day.keys()):
            del failed[start]
            more, still = _ask(exchange, url, way, place, bands, (start, start + DAY), 1)
            found |= more
            failed |= still
    if failed.keys() >= by_day.keys():
        words = ", ".join(sorted(set(failed.values())))
        raise Transient(f"none of {len(by_day)} days was worked out: {words}")
    days = (_day(start, of_day, found, failed, way) for start, of_day in sorted(by_day.items()))
    return Series(tuple(days), exchange.cost)


def estimate(scenes: Sequence[Scene], place: Place, bands: Sequence[str]) -> Cost:
    """Return what `series` with the same arguments takes, if no day fails.

    Raises
    ------
    Permanent
        If the question makes no sense.
    """
    _check(scenes, place, bands)
    by_day = _by_day(scenes)
    units = _units(_way(scenes, by_day), place, bands, len(by_day))
    return Cost(1, units, _BYTES * len(by_day) * len(bands))


def _day(start: datetime, of_day: Sequence[Scene], found: Found, failed: Failures, way: Way) -> Day:
    ids = tuple(scene.id for scene in of_day)
    if start in found:
        return Day(start, ids, _read(found[start], way, of_day))
    return Day(start, ids, error=failed.get(start, NOTHING))


def _check(scenes: Sequence[Scene], place: Place, bands: Sequence[str]) -> None:
    collections = {scene.collection for scene in scenes}
    if len(collections) != 1:
        raise Permanent("statistics are of the scenes of one collection")
    known = RESOLUTION[scenes[0].collection].keys() - {CLASSES}
    if not bands or not known >= set(bands):
        raise Permanent(f"there are no statistics of {', '.join(bands) or 'no band'}")
    if not place.crs.projected or place.area.is_empty or not place.area.is_valid:
        raise Permanent("statistics are of a valid outline in a projection in metres")
    passes = {(scene.relative_orbit, scene.orbit_direction) for scene in scenes}
    if collections == {SENTINEL_1} and len(passes) != 1:
        raise Permanent("radar of several orbits is not to be put in one series")


def _by_day(scenes: Sequence[Scene]) -> dict[datetime, list[Scene]]:
    days: dict[datetime, list[Scene]] = {}
    for scene in sorted(scenes, key=lambda scene: (scene.sensed, scene.id)):
        start = datetime.combine(scene.sensed.astimezone(UTC).date(), time(), UTC)
        days.setdefault(start, []).append(scene)
    return days


def _way(scenes: Sequence[Scene], by_day: Mapping[datetime, Sequence[Scene]]) -> Way:
    first = scenes[0]
    if first.collection == SENTINEL_1:
        return Way(SENTINEL_1, direction=(first.orbit_direction or "").upper() or None)
    mixed = any(len({s.asset("B04").offset for s in of_day}) > 1 for of_day in by_day.values())
    flagged = any(is_harmonised(scene.assets[0]) for scene in scenes)
    return Way(first.collection, harmonised=mixed or flagged)


def _ask(
    exchange: Exchange,
    url: str,
    way: Way,
    place: Place,
    bands: Sequence[str],
    span: Span,
    dates: int,
) -> tuple[Found, Failures]:
    """Return the days that were worked out, and why others were not."""
    request = _request(url, way, place, bands, span, dates)

    def parse(reply: Reply) -> tuple[Found, Failures]:
        try:
            return _days(json.loads(reply.body), bands, way)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise IntegrityError(f"the answer holds no statistics: {error!r}") from error

    return exchange.ask(request, parse)[0]


def _request(
    url: str, way: Way, place: Place, bands: Sequence[str], span: Span, dates: int
) -> Request:
    units = _units(way, place, bands, dates)
    return statistics_request(url, way, place.area, place.crs, place.metres, bands, span, units)


def _units(way: Way, place: Place, bands: Sequence[str], dates: int) -> float:
    west, south, east, north = place.area.bounds
    return statistics_units(
        math.ceil((east - west) / place.metres),
        math.ceil((north - south) / place.metres),
        # Clouds are told from the classes, which are read too.
        len(bands) + (0 if way.radar else 1),
        dates,
        float32=way.radar,
        radar_terrain=way.radar,
    )


def _days(document: Mapping[str, Any], bands: Sequence[str], way: Way) -> tuple[Found, Failures]:
    found: Found = {}
    failed: Failures = {}
    for entry in document["data"]:
        start = datetime.fromisoformat(entry["interval"]["from"]).astimezone(UTC)
        if "error" in entry:
            failed[start] = str(entry["error"].get("type", "error"))[:_LONGEST_ERROR]
            continue
        stated = entry["outputs"][STATISTICS]["bands"]
        found[start] = {band: _statistics(band, stated[band]["stats"], way) for band in bands}
    return found, failed


def _statistics(band: str, stated: Mapping[str, Any], way: Way) -> Statistics:
    count = int(stated["sampleCount"]) - int(stated.get("noDataCount", 0))
    if count < 0:
        raise ValueError(f"{band} has less than no pixels")
    if count == 0:
        return Statistics(band, math.nan, math.nan, 0)
    mean, deviation = float(stated["mean"]), float(stated["stDev"])
    highest = HIGHEST_POWER if way.radar else HIGHEST_DN
    if not (0.0 <= mean <= highest and deviation >= 0.0):
        raise ValueError(f"{band} has a mean of {mean} and a deviation of {deviation}")
    return Statistics(band, mean, deviation, count)


def _read(
    found: Mapping[str, Statistics], way: Way, of_day: Sequence[Scene]
) -> tuple[Statistics, ...]:
    """Carry DN to reflectance with the scale and offset of the day's own product."""
    made = []
    for band, dn in found.items():
        assets = reflectance_assets(None) if way.harmonised else of_day[0].assets
        asset = next(asset for asset in assets if asset.band == band)
        scale, offset = asset.scale or 1.0, asset.offset or 0.0
        made.append(Statistics(band, dn.mean * scale + offset, dn.deviation * scale, dn.count))
    return tuple(made)
