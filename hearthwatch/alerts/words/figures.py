"""Dates, numbers and places in the words of a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from shapely.geometry import shape

from hearthwatch.alerts.words.catalogue import LOCALES, clean, say
from hearthwatch.records import Language, Precision

_DECIMALS = {Precision.EXACT: 5, Precision.VICINITY: 3}
_SQUARE = re.compile(r"somewhere in a square of (\d+(?:\.\d+)?) km")
_NEAR = re.compile(r"in or near (.+)")
_DAY = len("2024-06-18")


def moment(iso: str, language: Language, zone: str) -> str:
    """Return a time in the receiver's zone, with its difference from UTC; or a day as it is.

    Parameters
    ----------
    iso : str
        ISO 8601: a time, or a day for whoever may know no more.
    """
    if len(iso) == _DAY:
        return _day(date.fromisoformat(iso), language)
    at = datetime.fromisoformat(iso)
    return instant(at if at.tzinfo else at.replace(tzinfo=UTC), language, zone)


def look(iso: str, language: Language, zone: str) -> str:
    """Return when a look was, as `moment`; the day alone where no more of it is known."""
    return moment(_known(iso), language, zone)


def instant(at: datetime, language: Language, zone: str) -> str:
    """Return a time in the receiver's zone, with its difference from UTC."""
    here = at.astimezone(_zone(zone))
    shift = f"{here:%z}"
    offset = f"UTC{shift[:3]}:{shift[3:5]}" if here.utcoffset() else "UTC"
    day = _day(here.date(), language)
    return say(language, "moment", day=day, time=f"{here:%H:%M}", offset=offset)


def day_of(iso: str, zone: str) -> str:
    """Return the day of a look in the receiver's zone, as 2024-06-18: short in every language."""
    iso = _known(iso)
    if len(iso) == _DAY:
        return iso
    at = datetime.fromisoformat(iso)
    return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(_zone(zone)):%Y-%m-%d}"


def hectares(area_m2: float, language: Language) -> str:
    """Return an area in hectares, as exact as such an area is known."""
    ha = area_m2 / 10_000
    pattern = "#,##0.00" if ha < 1 else "#,##0.0" if ha < 100 else "#,##0"
    return format_decimal(ha, pattern, locale=LOCALES[language])


def point_of(geometry: Mapping[str, Any] | None, precision: str) -> str:
    """Return latitude and longitude of a point within, with dots as maps take them.

    Empty where the place is told as an area only: the middle of a square is no place.
    """
    if geometry is None or precision not in _DECIMALS:
        return ""
    places = _DECIMALS[Precision(precision)]
    point = shape(dict(geometry)).representative_point()
    return f"{point.y:.{places}f}, {point.x:.{places}f}"


def place_in_words(place: str, language: Language) -> str:
    """Return a place in words: those that software wrote are translated, names stay."""
    place = clean(place)
    if square := _SQUARE.fullmatch(place):
        return say(language, "place-square", km=square[1])
    if near := _NEAR.fullmatch(place):
        return say(language, "place-near", name=near[1])
    return place


def _known(iso: str) -> str:
    """Return of the time of a look the day alone, where it is the first instant of one in UTC.

    That is what stands for a scene whose catalogue gives only a day. As an hour it would be made
    up, and in zones west of UTC it would be the day before.
    """
    at = datetime.fromisoformat(iso)
    at = at.astimezone(UTC) if at.tzinfo else at
    return iso if at.time() != time() else at.date().isoformat()


def _day(day: date, language: Language) -> str:
    return format_date(day, "d MMMM y", locale=LOCALES[language])


def _zone(name: str) -> ZoneInfo:
    """Return a zone; UTC where there is none of that name: an alert is worth more than its hour."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")
