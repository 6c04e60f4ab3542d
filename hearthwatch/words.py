"""Dates, areas and numbers in the words of people."""

from __future__ import annotations

from datetime import UTC, datetime

from hearthwatch.records import Mode


def day(moment: datetime | None) -> str:
    """Return the UTC day as 2020-12-31, or a dash."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else "-"


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
