"""The course of a known camp as a chart: area and its change in a week, and what looks told.

What each look told is shown by marker and place, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hearthwatch.explanation.chart import BAND, INK, SEEN, png_of, svg_of
from hearthwatch.explanation.course import NUMBERS, Course, CourseLook, course_sentences
from hearthwatch.words import marked

_SIZE = (8.6, 5.2)
_LOST_AT = 0.04
"""Of a panel's height, for looks that showed no area."""


def course_svg(course: Course) -> str:
    """Return the chart as SVG with title and description."""
    return svg_of(lambda: _figure(course), _title(course), _about(course))


def course_png(course: Course) -> bytes:
    """Return the chart as PNG, with its description in it."""
    return png_of(lambda: _figure(course), _about(course))


def _title(course: Course) -> str:
    return marked(course.mode, f"known camp {course.settlement[:8]}: area by the looks at it")


def _about(course: Course) -> str:
    return " ".join(course_sentences(course))


def _figure(course: Course) -> Figure:
    figure = Figure(figsize=_SIZE, layout="constrained")
    figure.suptitle(_title(course), fontsize=10, x=0.01, ha="left", color=INK)
    area, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    known = [one for one in course.looks if one.area]
    _band(area, known, NUMBERS[:3], "area, by the looks up to then")
    _looks(area, course.looks)
    area.set_ylim(bottom=0.0)
    area.set_title("area built on or laid bare (ha)", fontsize=8, loc="left", color=INK)
    _band(rate, known, NUMBERS[3:], "change in a week")
    rate.axhline(0.0, color=INK, linewidth=0.5)
    rate.set_title("change of the area (ha a week)", fontsize=8, loc="left", color=INK)
    for axes in (area, rate):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
    rate.xaxis_date()
    handles, labels = area.get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, frameon=False, loc="outside lower center", ncols=3)
    return figure


def _band(axes: Axes, known: Sequence[CourseLook], names: Sequence[str], label: str) -> None:
    """Draw a value in time with its interval."""
    times = [_number(one.row.sensed) for one in known]
    value, low, high = ([one.area[name] for one in known] for name in names)
    axes.fill_between(times, low, high, color=BAND, linewidth=0, label="95 % interval")
    axes.plot(times, value, "-", color=SEEN, linewidth=1.2, label=label)


def _looks(axes: Axes, looks: Sequence[CourseLook]) -> None:
    """Mark what each look showed by itself, and those that showed nothing."""
    for told, fill, label in (
        (True, SEEN, "seen by one look"), (False, "white", "seen, and no proof of anything"),
    ):  # fmt: skip
        some = [one for one in looks if one.observed is not None and one.told is told]
        axes.plot(
            [_number(one.row.sensed) for one in some], [one.observed or 0.0 for one in some], "o",
            markersize=4, markerfacecolor=fill, markeredgecolor=SEEN, label=label if some else None,
        )  # fmt: skip
    lost = [_number(one.row.sensed) for one in looks if one.observed is None]
    axes.plot(
        lost, [_LOST_AT] * len(lost), "x", color=INK, markersize=4, markeredgewidth=0.9,
        transform=axes.get_xaxis_transform(), label="lost, or not told apart" if lost else None,
    )  # fmt: skip


def _number(moment: datetime) -> float:
    """Return a time as matplotlib counts it: days since 1970."""
    return moment.timestamp() / 86_400.0
