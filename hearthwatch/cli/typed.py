"""What is typed, as values."""

from __future__ import annotations

import argparse
import math
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from hearthwatch.people import Density

if TYPE_CHECKING:
    from hearthwatch.records import Grade, Variable


def day_start(text: str) -> datetime:
    """Return the first instant of a day, or the moment given; UTC."""
    return moment(text, timedelta())


def day_end(text: str) -> datetime:
    """Return the last instant of a day, or the moment given; UTC."""
    return moment(text, timedelta(days=1) - timedelta(microseconds=1))


def moment(text: str, into_day: timedelta) -> datetime:
    """Return a moment in UTC; a bare date means its first or its last instant."""
    try:
        if "T" not in text:
            day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
            return datetime.combine(day, time(), UTC) + into_day
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2020-12-31") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone: add Z for UTC")
    return moment.astimezone(UTC)


def count(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def seed(text: str) -> int:
    """Return a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def bands(text: str) -> tuple[str, ...]:
    """Return names of bands, in capitals, each once."""
    return tuple(dict.fromkeys(band.strip().upper() for band in text.split(",") if band.strip()))


def grades(text: str) -> dict[Variable, Grade]:
    """Return how strong each variable of speech is, typed as act=strong,speaker=some."""
    from hearthwatch.records import Grade, Variable

    try:
        parts = [part.strip().split("=") for part in text.split(",")]
        found = {Variable(name): Grade(grade) for name, grade in parts}
        if len(found) == len(parts):
            return found
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f"{text!r} does not say how strong variables are, such as act=strong,speaker=some"
    )


def density(text: str) -> Density:
    """Return a range of people per hectare, typed as LOW,HIGH."""
    try:
        low, high = (float(part) for part in text.split(","))
        return Density(low, high)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a range of people per hectare such as 100,300"
        ) from None


def fraction(text: str) -> float:
    """Return a number from 0 to 1."""
    try:
        fraction = float(text)
    except ValueError:
        fraction = -1.0
    if not 0.0 <= fraction <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return fraction


def share(text: str) -> float:
    """Return a number above 0, up to 1."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 < share <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share above 0, up to 1")
    return share


def rate(text: str) -> float:
    """Return a finite number above 0."""
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return rate


def budgets(text: str) -> dict[str, float]:
    """Return false alarms by state, of ``WATCH=20,PROBABLE=5``; each above 0 and below 1,000."""
    found: dict[str, float] = {}
    for part in text.split(","):
        state, equals, value = part.strip().partition("=")
        number = rate(value) if equals else 0.0
        if state not in ("WATCH", "PROBABLE", "ESTABLISHED") or not 0.0 < number < 1000.0:
            raise argparse.ArgumentTypeError(f"{part!r} is not a budget such as PROBABLE=5")
        found[state] = number
    return found


def point(text: str) -> tuple[float, float]:
    """Return a longitude and a latitude."""
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not longitude,latitude") from None
    return lon, lat


def bbox(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not west,south,east,north") from None
    return west, south, east, north


def minute(text: str) -> int:
    """Return minutes after midnight, of ``HH:MM``."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time of day such as 22:30")
    if int(hours) > 23 or int(minutes) > 59:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 00:00 and 23:59")
    return 60 * int(hours) + int(minutes)
