"""Which pass of a Sentinel-1 satellite a time belongs to.

All Sentinel-1 satellites fly the same 175 tracks, again every 12 days, and are kept within
seconds of them. A track crosses the equator northward at the same time of the day each time. So
the track and the day of that crossing name a pass, whatever slice or burst of it is at hand.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

TRACKS = 175
CYCLE = timedelta(days=12)
ORBIT = CYCLE / TRACKS
"""5924.57 s from one crossing of the equator to the next."""

INCLINATION = 98.1813
"""Degrees; Torres et al. (2012), GMES Sentinel-1 mission, Remote Sens. Environ. 120."""

# Of OPERA's bursts T137-292319 .. T137-292325 over California, whose numbers count seconds since
# track 1 crossed the equator, 2.758273 s each: the crossing of track 137 on the 3rd of December
# 2023 was at 01:49:53.
_KNOWN_TRACK = 137
_KNOWN = datetime(2023, 12, 3, 1, 49, 53, tzinfo=UTC)
# Solution of 12 x = 1 modulo 175: the next track in time is 12 steps on in the time of the day.
_INVERSE = 73
_STEP = timedelta(days=1) / TRACKS


def is_ascending(at: datetime, longitude: float) -> bool:
    """Tell whether a Sentinel-1 satellite flies northward, by the time of the day on the ground.

    They cross the equator northward at 18 h local solar time and southward at 6 h. Beyond about
    70 degrees of latitude this does not hold.
    """
    day = at.astimezone(UTC)
    hour = day.hour + day.minute / 60.0 + day.second / 3600.0 + longitude / 15.0
    return hour % 24.0 >= 12.0


def track_of(at: datetime, latitude: float, ascending: bool) -> int:
    """Return the relative orbit, 1 to 175, of what was sensed at a time and latitude.

    Notes
    -----
    The time since the equator follows from the latitude on a circular orbit. It may be wrong by
    half the time between two tracks' hours, four minutes or 15 degrees, and the track is right.
    A track ends and the next begins at the equator, northward; a slice across it is of either.
    """
    sine = math.sin(math.radians(latitude)) / math.sin(math.radians(INCLINATION))
    turned = math.asin(max(-1.0, min(1.0, sine)))
    if not ascending:
        turned = math.pi - turned
    since = ORBIT * (turned / (2.0 * math.pi) % 1.0)
    steps = round((at - since - _KNOWN) / _STEP)
    return (_KNOWN_TRACK - 1 + steps * _INVERSE) % TRACKS + 1


def pass_day(at: datetime, track: int) -> date:
    """Return the day, UTC, on which the pass that `at` lies in began, at the equator.

    The same for every part of a pass, before and after midnight.
    """
    known = _KNOWN + (track - _KNOWN_TRACK) * ORBIT
    hour = (known - datetime(2000, 1, 1, tzinfo=UTC)) % timedelta(days=1)
    days = round((at - ORBIT / 2 - hour - datetime(2000, 1, 1, tzinfo=UTC)) / timedelta(days=1))
    return date(2000, 1, 1) + timedelta(days=days)
