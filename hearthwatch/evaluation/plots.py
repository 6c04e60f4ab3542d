"""Plots of an evaluation, drawn from its document alone: what is not told there is not drawn.

Figures are built without pyplot, so nothing global is held or changed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PLACES_A_FIGURE = 40
COLOURS = {"WATCH": "#8a6d00", "PROBABLE": "#c2410c", "ESTABLISHED": "#1d4ed8"}

_INK, _LOOK = "#1d2329", "#9aa3ab"
MARGIN_DAYS = 10
EPOCH = date(1970, 1, 1)
"""From which matplotlib counts days."""

_WIDTH = 8.6
_ROW = 0.42


def delays(document: Mapping[str, Any], unit: str) -> str:
    """Return `delay_figure` as SVG."""
    return _svg(delay_figure(document["levels"], unit))


def delay_figure(levels: Mapping[str, Any], unit: str) -> Figure:
    """Draw the share of all truths found against the time they took.

    Parameters
    ----------
    levels : mapping
        Of a document: what it says of each level.
    unit : str
        ``days`` or ``looks``.

    Returns
    -------
    Figure
        Full lines count from the earliest possible date, dotted ones from the latest.
    """
    figure = Figure(figsize=(_WIDTH / 2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    longest = 1
    for name, level in levels.items():
        for bound, line in (("at_most", "-"), ("at_least", ":")):
            values = level["delay"][unit][bound]["values"]
            longest = max([longest, *values])
            label = f"{name} ({level['found']} of {level['truths']})"
            _steps(axes, values, level["truths"], line, COLOURS[name], label)
    axes.set_xlim(0, longest * 1.05)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("days from the true date" if unit == "days" else "usable looks from it")
    axes.set_ylabel("share of all events found")
    axes.grid(color="#e4e6e8", linewidth=0.7)
    if axes.get_legend_handles_labels()[1]:
        figure.legend(fontsize=7, frameon=False, loc="outside lower center", ncols=3)
    return figure


def timelines(document: Mapping[str, Any]) -> list[str]:
    """Return pictures of the settlements at which something happened or was reported."""
    told = {one["settlement"] for one in (*document["truths"], *document["alerts"])}
    places = [one for one in document["settlements"] if one["number"] in told]
    parts = range(0, len(places), PLACES_A_FIGURE)
    return [_timeline(document, places[i : i + PLACES_A_FIGURE]) for i in parts]


def _steps(axes: Axes, values: Sequence[int], of: int, line: str, colour: str, label: str) -> None:
    if not of:
        return
    x = [0, *values]
    y = [n / of for n in range(len(values) + 1)]
    axes.step(
        [*x, 1e6], [*y, y[-1]], where="post", linestyle=line, color=colour, linewidth=1.6,
        label=label if line == "-" else None,
    )  # fmt: skip


def _timeline(document: Mapping[str, Any], places: Sequence[Mapping[str, Any]]) -> str:
    figure = Figure(figsize=(_WIDTH, 1.1 + _ROW * len(places)), layout="constrained")
    axes = figure.add_subplot()
    axes.xaxis_date()
    rows = {place["number"]: -row for row, place in enumerate(places)}
    for place in places:
        looks = [_day(text) for text in place["usable_looks"]]
        axes.plot(looks, [rows[place["number"]]] * len(looks), "|", color=_LOOK, markersize=5)
    _truths(axes, document["truths"], rows)
    for alert in document["alerts"]:
        if alert["settlement"] in rows:
            _alert(axes, alert, rows[alert["settlement"]])
    axes.set_yticks(
        list(rows.values()), [label(place) for place in places], fontsize=7, parse_math=False
    )
    axes.set_ylim(-len(places) + 0.4, 0.6)
    begin, end = (_day(document["evaluated"][name]) for name in ("from", "to"))
    axes.set_xlim(begin - MARGIN_DAYS, end + MARGIN_DAYS)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return _svg(figure)


def label(place: Mapping[str, Any]) -> str:
    """Return how a settlement is called: its name where places are told, else its number."""
    name = place["name"]
    return f"{place['number']} {name}" if name else f"settlement {place['number']}"


def _truths(axes: Axes, truths: Iterable[Mapping[str, Any]], rows: Mapping[int, int]) -> None:
    for truth in truths:
        if truth["settlement"] in rows:
            ends = _day(truth["earliest"]), _day(truth["latest"]) + 1
            _bar(axes, ends, rows[truth["settlement"]] + 0.24, _INK)


def _alert(axes: Axes, alert: Mapping[str, Any], row: int) -> None:
    name, told = list(alert["levels"].items())[-1]
    end = _day(told["first_changed"])
    begin = _day(told["last_unharmed"]) if told["last_unharmed"] else end
    _bar(axes, (begin, end), row - 0.24, COLOURS[name])
    for level, one in alert["levels"].items():
        axes.plot(_day(one["reached"]), row, "o", color=COLOURS[level], markersize=4)
    if told["verdict"] == "false_alert":
        axes.plot(end, row - 0.24, "x", color=_INK, markersize=6)


def _bar(axes: Axes, ends: tuple[int, int], y: float, colour: str) -> None:
    axes.plot(ends, [y, y], color=colour, linewidth=4, solid_capstyle="butt")
    # So that an interval of one day is seen.
    axes.plot(ends[:1], [y], "|", color=colour, markersize=6)


def _day(text: str) -> int:
    """Return the day of a time: the time of day is not drawn."""
    return (date.fromisoformat(text[:10]) - EPOCH).days


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": "hearthwatch", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata=nothing)
    return text.getvalue()
