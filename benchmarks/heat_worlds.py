"""Drawn heat: land with villages, years of fires of several kinds, and what satellites see of them.

Nothing here is real. Sizes are drawn to be like those that are published: VIIRS sees a fire of a
few megawatts in a pixel of 375 m; fires of fields last an hour or a few and burn in the afternoon;
a village burns for some hours at any time of the day.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from detectors.heat import Heat
from detectors.heat_footprint import Footprints, metres_per_degree, scan_bearing
from detectors.heat_season import month_bounds

Array = NDArray[np.float64]

LON, LAT = 25.0, 12.5
HALF_M = 22_000.0
"""Half of the side of the land; villages lie in the middle of it, so that rings are whole."""
VILLAGES_HALF_M = 12_000.0
FIRST_YEAR, YEARS, TESTED = 2008, 16, 4
"""Of the years the last `TESTED` are judged, each by all before it."""
SATELLITES = {"Suomi NPP": 0, "NOAA-20": 50, "NOAA-21": 25}
"""Minutes by which each passes later than 11:00 and 23:00 UTC."""
DRY = frozenset({11, 12, 1, 2, 3})
CLOUD_DRY, CLOUD_WET = 0.15, 0.6
REGIMES = ("no field burning", "yearly burning", "random wildfire", "gas flare", "worse than ever")


@dataclass(frozen=True, slots=True)
class Fires:
    """Fires of one or several kinds: where, when, for how long and how strong.

    Attributes
    ----------
    east, north : ndarray, shape (n,)
        Metres from the middle of the land.
    start, end : ndarray, shape (n,)
        Seconds since the epoch.
    frp : ndarray, shape (n,)
        MW while it burns.
    """

    east: Array
    north: Array
    start: Array
    end: Array
    frp: Array


@dataclass(frozen=True, slots=True)
class Village:
    """A village: a disc."""

    east: float
    north: float
    radius: float

    def core(self) -> BaseGeometry:
        """Return its outline, CRS84."""
        lon, lat = placed(np.array([self.east]), np.array([self.north]))
        east, north = metres_per_degree(LAT)
        ring = Point(0, 0).buffer(self.radius).exterior.coords
        return Polygon([(lon[0] + x / east, lat[0] + y / north) for x, y in ring])


@dataclass(frozen=True, slots=True)
class Burn:
    """A village that was burned, by its index, and when that began."""

    village: int
    start: float


def villages(rng: np.random.Generator, count: int) -> tuple[Village, ...]:
    """Draw villages of 150 to 500 m radius, at least 1.5 km apart."""
    found: list[Village] = []
    while len(found) < count:
        east, north = rng.uniform(-VILLAGES_HALF_M, VILLAGES_HALF_M, 2)
        if all(np.hypot(east - v.east, north - v.north) > 1500.0 for v in found):
            found.append(Village(east, north, rng.uniform(150.0, 500.0)))
    return tuple(found)


def quiet_fires(rng: np.random.Generator, regime: str, places: tuple[Village, ...]) -> Fires:
    """Draw all fires of all years but those of villages."""
    parts = [_scattered(rng, year, 6.0) for year in _years()]
    if regime in ("yearly burning", "worse than ever"):
        for year in _years():
            tested = year >= FIRST_YEAR + YEARS - TESTED
            worse = 2.0 if regime == "worse than ever" and tested else 1.0
            parts.append(_fields(rng, year, 4000.0 * worse))
    if regime == "random wildfire":
        parts += [_wildfire(rng, year) for year in _years() for _ in range(rng.poisson(3.0))]
    if regime == "gas flare":
        parts += [_flare(rng, places[k], 300.0 + 500.0 * k) for k in range(2)]
    fires = _joined(parts)
    if regime == "gas flare":
        return fires
    return _outside(fires, places)


def burns(
    rng: np.random.Generator, places: tuple[Village, ...], year: int
) -> tuple[Fires, tuple[Burn, ...]]:
    """Burn every village once in a year: on one day, or on some days on end."""
    begin, end = month_bounds(year, 1)[0], month_bounds(year, 12)[1]
    parts, told = [], []
    for k, one in enumerate(places):
        first = rng.uniform(begin, end - 5 * 86_400)
        told.append(Burn(k, first))
        for day in range(1 if rng.random() < 0.7 else int(rng.integers(2, 4))):
            parts.append(_burning(rng, one, first + day * 86_400 * rng.uniform(0.7, 1.3)))
    return _joined(parts), tuple(told)


def seen(rng: np.random.Generator, fires: Fires, regime: str) -> Heat:
    """Return what satellites list of fires.

    A pass sees a fire that burns under no cloud; whether it is listed depends on its power. The
    centre of a pixel lies anywhere within half a pixel of its fire; pixels grow towards the edge
    of the swath. Two satellites pass twice a day each; where it burns worse than ever, a third one
    has come in the years that are judged.
    """
    columns: dict[str, list[Array]] = {name: [] for name in ("lon", "lat", "s", "scan", "frp")}
    names: list[str] = []
    new = month_bounds(FIRST_YEAR + YEARS - TESTED, 1)[0]
    clouds = _clouds(rng)
    origin = month_bounds(FIRST_YEAR, 1)[0]
    for satellite, minutes in SATELLITES.items():
        if satellite == "NOAA-21" and regime != "worse than ever":
            continue
        for hour in (11.0, 23.0):
            day = np.floor((fires.start - origin) / 86_400.0).astype(int)
            for later in (0, 1):
                at = origin + (day + later) * 86_400.0 + hour * 3600.0 + minutes * 60.0
                burning = (fires.start <= at) & (at < fires.end)
                if later:
                    burning &= fires.end - fires.start < 86_400.0
                if satellite == "NOAA-21":
                    burning &= at >= new
                half = np.clip((day + later) * 2 + (hour > 12), 0, clouds.size - 1)
                listed = rng.random(at.size) < _listed(fires.frp, hour > 12)
                found = burning & ~clouds[half] & listed
                _put(rng, columns, fires, found, at)
                names += [satellite] * int(found.sum())
    return _heat({name: np.concatenate(parts) for name, parts in columns.items()}, names)


def both(one: Fires, other: Fires) -> Fires:
    """Return fires together."""
    return _joined([one, other])


def placed(east: Array, north: Array) -> tuple[Array, Array]:
    """Return degrees of places on the land."""
    scale = metres_per_degree(LAT)
    return LON + east / scale[0], LAT + north / scale[1]


def record() -> frozenset[tuple[int, int]]:
    """Return the months on record: all."""
    return frozenset((year, month) for year in _years() for month in range(1, 13))


def _years() -> range:
    return range(FIRST_YEAR, FIRST_YEAR + YEARS)


def _put(
    rng: np.random.Generator,
    columns: dict[str, list[Array]],
    fires: Fires,
    found: NDArray[np.bool_],
    at: Array,
) -> None:
    count = int(found.sum())
    # The share of the swath at which a place lies is any, by turns; pixels grow with it.
    scan = 375.0 * (1.0 + rng.uniform(0.0, 1.0, count) ** 2)
    east = fires.east[found] + rng.uniform(-0.5, 0.5, count) * scan
    north = fires.north[found] + rng.uniform(-0.5, 0.5, count) * 375.0
    lon, lat = placed(east, north)
    frp = fires.frp[found] * rng.lognormal(0.0, 0.3, count)
    for name, values in zip(columns, (lon, lat, at[found], scan, frp), strict=True):
        columns[name].append(values)


def _heat(c: dict[str, Array], names: list[str]) -> Heat:
    order = np.argsort(c["s"], kind="stable")
    lon, lat, scan, frp = (c[name][order] for name in ("lon", "lat", "scan", "frp"))
    seconds = c["s"][order].astype(np.int64)
    satellites = tuple(names[i] for i in order)
    # One place stands for the land: the bearing turns by less than a degree across it.
    bearing = np.array(
        [scan_bearing(s, LON, LAT, int(when)) for s, when in zip(satellites, seconds, strict=True)]
    )
    none = np.zeros(len(order), dtype=bool)
    track = np.full(len(order), 375.0)
    footprints = Footprints(lon, lat, scan, track, bearing)
    return Heat(footprints, seconds, frp, none, none, none, satellites)


def _listed(frp: Array, night: bool) -> Array:
    """Return the chance that a fire is listed: one in two at 2 MW by day, at 0.7 MW by night."""
    half = 0.7 if night else 2.0
    return 1.0 / (1.0 + (half / frp) ** 3)


def _clouds(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw whether the land lies under cloud, half day by half day; a cloud lasts a day or so."""
    found = []
    cloudy = False
    for year in _years():
        for month in range(1, 13):
            share = CLOUD_DRY if month in DRY else CLOUD_WET
            for _ in range(2 * calendar.monthrange(year, month)[1]):
                # Stays as it is in two of three half days.
                cloudy = cloudy if rng.random() < 0.66 else bool(rng.random() < share)
                found.append(cloudy)
    return np.array(found)


def _scattered(rng: np.random.Generator, year: int, mean: float) -> Fires:
    """Draw a few fires of a year, anywhere."""
    count = rng.poisson(mean)
    begin, end = month_bounds(year, 1)[0], month_bounds(year, 12)[1]
    days = rng.uniform(begin, end, count) // 86_400 * 86_400
    return _afternoon(rng, *rng.uniform(-HALF_M, HALF_M, (2, count)), days)


def _fields(rng: np.random.Generator, year: int, mean: float) -> Fires:
    """Draw the burning of fields of one year: on days when all burn, several fires to a group."""
    days, weights = [], []
    for month, share in ((11, 0.15), (12, 0.35), (1, 0.3), (2, 0.15), (3, 0.05)):
        length = calendar.monthrange(year, month)[1]
        # Weather makes some days burn and others not.
        weather = rng.gamma(0.7, 1.0 / 0.7, length)
        begin = month_bounds(year, month)[0]
        days += [begin + k * 86_400 for k in range(length)]
        weights += list(share / length * weather)
    groups = rng.poisson(mean / 3.0 * rng.gamma(6.0, 1.0 / 6.0))
    chance = np.array(weights) / sum(weights)
    members = 1 + rng.poisson(2.0, groups)
    day = np.repeat(rng.choice(np.array(days), groups, p=chance), members)
    east, north = (np.repeat(one, members) for one in rng.uniform(-HALF_M, HALF_M, (2, groups)))
    return _afternoon(rng, *(one + rng.normal(0, 500.0, day.size) for one in (east, north)), day)


def _wildfire(rng: np.random.Generator, year: int) -> Fires:
    """Draw one large fire of the dry season: it grows for some days, day and night."""
    month = int(rng.choice(sorted(DRY)))
    begin = month_bounds(year, month)[0] + 86_400 * int(rng.integers(0, 26))
    at = rng.uniform(-HALF_M, HALF_M, 2)
    wind, parts = rng.uniform(0, 2 * np.pi), []
    for day in range(int(rng.integers(2, 6))):
        count = int(rng.integers(10, 60))
        along = rng.uniform(0, 3000.0, count) + 3000.0 * day
        across = rng.normal(0, 800.0 + 400.0 * day, count)
        east = at[0] + along * np.cos(wind) - across * np.sin(wind)
        north = at[1] + along * np.sin(wind) + across * np.cos(wind)
        start = begin + 86_400.0 * day + rng.uniform(0, 86_400.0, count)
        end = start + 3600.0 * rng.lognormal(1.0, 0.6, count)
        parts.append(Fires(east, north, start, end, rng.lognormal(2.3, 1.0, count)))
    return _joined(parts)


def _flare(rng: np.random.Generator, near: Village, metres: float) -> Fires:
    """Draw a flare beside a village, lit on half of all days of all years."""
    begin, end = month_bounds(FIRST_YEAR, 1)[0], month_bounds(FIRST_YEAR + YEARS - 1, 12)[1]
    days = np.arange(begin, end, 86_400.0)
    days = days[rng.random(days.size) < 0.5]
    turn = rng.uniform(0, 2 * np.pi)
    far = near.radius + metres
    count = days.size
    return Fires(
        np.full(count, near.east + far * np.cos(turn)),
        np.full(count, near.north + far * np.sin(turn)),
        days,
        days + 86_399.0,
        rng.lognormal(0.5, 0.4, count),
    )


def _burning(rng: np.random.Generator, one: Village, start: float) -> Fires:
    """Draw a village on fire: quarters of it, each for an hour or some, within some hours."""
    share = rng.uniform(0.3, 1.0)
    count = 1 + rng.poisson(share * np.pi * one.radius**2 / 100_000.0)
    turn, far = rng.uniform(0, 2 * np.pi, count), one.radius * np.sqrt(rng.uniform(0, 1, count))
    begin = start + rng.uniform(0, 3 * 3600.0, count)
    return Fires(
        one.east + far * np.cos(turn),
        one.north + far * np.sin(turn),
        begin,
        begin + 3600.0 * rng.lognormal(np.log(2.5), 0.6, count),
        rng.lognormal(np.log(5.0), 0.9, count),
    )


def _afternoon(rng: np.random.Generator, east: Array, north: Array, days: Array) -> Fires:
    count = days.size
    start = days + 3600.0 * rng.normal(11.5, 2.5, count)
    end = start + 3600.0 * rng.lognormal(np.log(1.5), 0.5, count)
    return Fires(east, north, start, end, rng.lognormal(np.log(4.0), 0.9, count))


def _outside(fires: Fires, places: tuple[Village, ...]) -> Fires:
    """Leave out fires inside villages: what burns there every year are not the houses."""
    inside = np.zeros(fires.east.size, dtype=bool)
    for one in places:
        inside |= np.hypot(fires.east - one.east, fires.north - one.north) < one.radius
    return _picked(fires, ~inside)


def _picked(f: Fires, which: NDArray[np.bool_]) -> Fires:
    return Fires(f.east[which], f.north[which], f.start[which], f.end[which], f.frp[which])


def _joined(parts: list[Fires]) -> Fires:
    return Fires(
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in ("east", "north", "start", "end", "frp")
        )
    )
