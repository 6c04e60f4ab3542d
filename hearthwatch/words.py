"""Dates, areas and numbers in the words of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from hearthwatch.records import Mode

_SENSORS = {
    "sentinel-1": "Sentinel-1", "sentinel-2": "Sentinel-2", "landsat": "Landsat",
    "opera-dist-alert": "DIST-ALERT", "viirs": "VIIRS", "modis": "MODIS",
}  # fmt: skip
"""Names by what the names of sensors in catalogues begin with."""


def day(moment: datetime | None) -> str:
    """Return the UTC day as 2020-12-31, or a dash."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else "-"


def look_time(sensed: datetime) -> str:
    """Return when a look was, UTC, as 2020-12-31 08:30.

    The day alone where it is the first instant of one: that stands for a scene whose catalogue
    gives only a day, and an hour would be made up.
    """
    in_utc = sensed.astimezone(UTC)
    return f"{in_utc:%Y-%m-%d}" if in_utc.time() == time() else f"{in_utc:%Y-%m-%d %H:%M}"


def interval(since: datetime | None, first: datetime) -> str:
    """Return between which two looks a change lies."""
    return f"{day(since)} .. {day(first)}" if since else f"before {day(first)}"


def hectares(area_m2: float) -> str:
    """Return an area in hectares with two decimals."""
    return f"{area_m2 / 10_000:.2f}"


def marked(mode: Mode, text: str) -> str:
    """Return a text, headed EXERCISE or TEST unless it is about the world."""
    return text if mode is Mode.ACTUAL else f"{mode.value.upper()} {text}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 event``, ``2 events``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sensors_in_words(sensors: Sequence[str]) -> str:
    """Return what some sensors are called: ``Sentinel-1``, ``VIIRS or MODIS``."""
    return " or ".join(dict.fromkeys(map(_sensor_name, sensors)))


def _sensor_name(sensor: str) -> str:
    return next((name for start, name in _SENSORS.items() if sensor.startswith(start)), sensor)
