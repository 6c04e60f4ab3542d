"""Tables and dates for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns; a column of numbers is set right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [bool(rows) and all(_is_number(cell) for cell in column[1:]) for column in columns]
    lines = [_line(header, widths, right), "  ".join("-" * width for width in widths)]
    return "\n".join(lines + [_line(row, widths, right) for row in rows])


def day(moment: datetime | None) -> str:
    """Return the UTC day as 2020-12-31, or a dash."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else "-"


def interval(since: datetime | None, first: datetime) -> str:
    """Return between which two looks a change lies."""
    return f"{day(since)} .. {day(first)}" if since else f"before {day(first)}"


def hectares(area_m2: float) -> str:
    """Return an area in hectares with two decimals."""
    return f"{area_m2 / 10_000:.2f}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 event``, ``2 events``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    laid = [
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    ]
    return "  ".join(laid).rstrip()


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "", 1).isdecimal()
