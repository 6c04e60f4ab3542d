"""Heat in watched regions that is at no listed settlement: a village may stand on no list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import shapely

from detectors.heat import Mask, masks
from detectors.heat_footprint import touching
from hearthwatch.heat.covers import finals_of
from hearthwatch.heat.ground import NEAR, grown
from hearthwatch.heat.matching import RULES, asked
from hearthwatch.heat.spots import as_processed_last, heat_of
from hearthwatch.records import Region, Settlement
from hearthwatch.store.protocol import Store
from imagery.firms_table import HeatPixel

TOGETHER_DEG = 0.01
"""Heat pixels of one day so near to each other are of one place: two pixels and a half."""


@dataclass(frozen=True, slots=True)
class HeatElsewhere:
    """Heat of one UTC day at one place that is on no list.

    Attributes
    ----------
    lon, lat : float
        Middle of its pixels, degrees, CRS84.
    """

    day: date
    lon: float
    lat: float
    pixels: int
    satellites: tuple[str, ...]
    frp_mw: float | None


def heat_elsewhere(
    store: Store,
    region: Region,
    settlements: Sequence[Settlement],
    since: datetime,
    until: datetime,
) -> tuple[HeatElsewhere, ...]:
    """Return the heat of a region and a time at no listed settlement, strongest first.

    What is masked is left out: faint heat, and sources that always burn.

    Parameters
    ----------
    settlements : sequence of Settlement
        All that are listed.
    """
    found = list(_pixels(store, region, settlements, since, until))
    places = [_place(group) for group in _grouped(found)]
    return tuple(sorted(places, key=lambda one: (-(one.frp_mw or 0.0), one.day, one.lon, one.lat)))


def _pixels(
    store: Store,
    region: Region,
    settlements: Sequence[Settlement],
    since: datetime,
    until: datetime,
) -> Iterator[HeatPixel]:
    """Yield pixels at no settlement; all years serve to tell which sources always burn."""
    organisation = region.organisation
    spots = store.heat(organisation, bbox=asked(grown(region.geometry.bounds, NEAR)), until=until)
    pixels, _ = as_processed_last(spots, finals_of(store.heat_covers(organisation)))
    heat = heat_of(pixels, store.heat_sources(organisation))
    at_places = {i for i, _ in touching(heat.footprints, [one.geometry for one in settlements])}
    inside = shapely.contains_xy(region.geometry, heat.footprints.lon, heat.footprints.lat)
    for i, mask in enumerate(masks(heat, RULES)):
        if inside[i] and mask is Mask.NONE and i not in at_places and pixels[i].sensed >= since:
            yield pixels[i]


def _grouped(pixels: Sequence[HeatPixel]) -> Iterator[list[HeatPixel]]:
    """Yield pixels of one UTC day that lie together."""
    by_day: dict[date, list[HeatPixel]] = defaultdict(list)
    for one in pixels:
        by_day[one.sensed.date()].append(one)
    for day in sorted(by_day):
        mine = by_day[day]
        points = shapely.points([one.lon for one in mine], [one.lat for one in mine])
        areas = shapely.union_all(shapely.buffer(points, TOGETHER_DEG / 2.0, quad_segs=2))
        for part in getattr(areas, "geoms", [areas]):
            yield [one for one, at in zip(mine, points, strict=True) if part.intersects(at)]


def _place(group: Sequence[HeatPixel]) -> HeatElsewhere:
    measured = [one.frp_mw for one in group if one.frp_mw is not None]
    return HeatElsewhere(
        day=group[0].sensed.date(),
        lon=sum(one.lon for one in group) / len(group),
        lat=sum(one.lat for one in group) / len(group),
        pixels=len(group),
        satellites=tuple(sorted({one.satellite for one in group})),
        frp_mw=max(measured, default=None),
    )
