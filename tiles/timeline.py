"""The strip below an overview: when each change came between two looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import matplotlib.dates as mdates
from matplotlib.axes import Axes

from tiles.drawing import INK, MARGIN, MUTED, Page
from tiles.found import Outline, in_date_order, summary_of, year_of

_LEGEND_WIDTH = 3.1
_MOST_YEARS = 7


def draw_timeline(
    page: Page,
    top: float,
    outlines: Sequence[Outline],
    colours: Mapping[int, str],
    pictures: tuple[datetime, datetime],
) -> None:
    """Draw one bar per outline, from the last look unharmed to the first one changed.

    Parameters
    ----------
    top : float
        Where its first line of text stands, inches from the top of the page.
    colours : mapping of int to str
        Colour of each year.
    pictures : tuple of datetime
        Times of the two pictures above.
    """
    page.words(MARGIN, top, "When", size=12.5, bold=True)
    note = "from the last look unharmed to the first look changed"
    page.words(MARGIN + 0.65, top, note, size=10.5, colour=MUTED)
    axes = page.axes(MARGIN, top + 0.3, page.width - 2 * MARGIN - _LEGEND_WIDTH - 0.3, 1.3)
    start, end = _span(outlines, pictures)
    rows = in_date_order(outlines)
    thick = min(7.0, 70.0 / max(len(rows), 1))
    for level, outline in enumerate(rows):
        _bar(axes, level, outline, colours[year_of(outline)], start, thick)
    for moment, word in zip(pictures, ("early picture", "late picture"), strict=True):
        axes.axvline(_number(moment), color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            word,
            (_number(moment), 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=MUTED,
        )
    _dress_timeline(axes, start, end, len(rows))
    _legend(page, page.width - MARGIN - _LEGEND_WIDTH, top, outlines, colours)


def _bar(axes: Axes, level: int, outline: Outline, colour: str, start: float, thick: float) -> None:
    """Draw one bar; an open beginning (no look shows the ground unharmed) is dotted."""
    style: dict[str, Any] = {"color": colour, "zorder": 3, "solid_capstyle": "butt"}
    begin = start if outline.since is None else _number(outline.since)
    dotted: dict[str, Any] = {"linestyle": (0, (1, 1.5))} if outline.since is None else {}
    axes.plot(
        [begin, _number(outline.when)],
        [level, level],
        linewidth=0.55 * thick,
        alpha=0.75,
        **style,
        **dotted,
    )
    axes.plot(
        _number(outline.when),
        level,
        "o",
        markersize=thick + 1,
        markeredgecolor=INK,
        markeredgewidth=0.5,
        **style,
    )


def _dress_timeline(axes: Axes, start: float, end: float, rows: int) -> None:
    axes.set(xlim=(start, end), ylim=(-0.8, max(rows, 1) - 0.2), yticks=[])
    locator = mdates.AutoDateLocator(tz=UTC, minticks=4, maxticks=10)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    style = mdates.ConciseDateFormatter(locator, tz=UTC, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(style)
    axes.tick_params(axis="x", labelsize=10, colors=INK, length=3)
    axes.grid(axis="x", color="#dfe3e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)


def _legend(
    page: Page, left: float, top: float, outlines: Sequence[Outline], colours: Mapping[int, str]
) -> None:
    """List each year with its colour, count and area; the newest if they are many."""
    page.words(left, top, "First seen changed in", size=10.5, bold=True)
    for row, year in enumerate(sorted(colours)[-_MOST_YEARS:]):
        found = [outline for outline in outlines if year_of(outline) == year]
        y = top + 0.33 + 0.235 * row
        patch = page.axes(left, y - 0.125, 0.26, 0.14)
        patch.set(facecolor=colours[year], xticks=[], yticks=[])
        page.words(left + 0.4, y, f"{year}", size=10.5, bold=True)
        page.words(left + 0.95, y, summary_of(found), size=10.5, colour=MUTED)


def _span(outlines: Sequence[Outline], pictures: tuple[datetime, datetime]) -> tuple[float, float]:
    moments = [*pictures, *(outline.when for outline in outlines)]
    moments += [outline.since for outline in outlines if outline.since is not None]
    numbers = [_number(moment) for moment in moments]
    room = 0.03 * max(max(numbers) - min(numbers), 10.0)
    return min(numbers) - room, max(numbers) + room


def _number(moment: datetime) -> float:
    return float(mdates.date2num(moment))  # type: ignore[no-untyped-call]
