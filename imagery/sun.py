"""Where the sun stands."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_position(longitude: float, latitude: float, at: datetime) -> tuple[float, float]:
    """Return azimuth and elevation of the sun, degrees.

    Parameters
    ----------
    longitude, latitude : float
        CRS84, degrees.
    at : datetime
        Aware.

    Returns
    -------
    azimuth : float
        From north over east, 0 to 360.
    elevation : float
        Above the horizon, without refraction.

    Notes
    -----
    The low-precision formulae of the Astronomical Almanac (Michalsky 1988, Solar Energy 40), good
    to 0.01 degrees from 1950 to 2050.
    """
    days = (at - _J2000).total_seconds() / 86_400.0
    mean_longitude = math.radians(280.460 + 0.985_647_4 * days)
    anomaly = math.radians(357.528 + 0.985_600_3 * days)
    ecliptic = mean_longitude + math.radians(
        1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
    )
    obliquity = math.radians(23.439 - 0.000_000_4 * days)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    sidereal = math.radians(15.0 * (18.697_374_558 + 24.065_709_824_419_08 * days) + longitude)
    hour_angle = sidereal - right_ascension
    here = math.radians(latitude)
    elevation = math.asin(
        math.sin(declination) * math.sin(here)
        + math.cos(declination) * math.cos(here) * math.cos(hour_angle)
    )
    azimuth = math.atan2(
        -math.sin(hour_angle),
        math.tan(declination) * math.cos(here) - math.sin(here) * math.cos(hour_angle),
    )
    return math.degrees(azimuth) % 360.0, math.degrees(elevation)
