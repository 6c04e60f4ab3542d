"""Plots of an accuracy report as PNG, drawn from its document alone.

Figures are built without pyplot, so nothing global is held or changed. What rests on resampled
series is never drawn here beside what was measured.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from hearthwatch.evaluation.definitions import BUDGETS, LEVELS
from hearthwatch.evaluation.plots import COLOURS, delay_figure

_WIDTH, _ROW, _DPI = 8.6, 0.3, 130
_INK = "#1d2329"
_LEAST = 0.01
"""Where an axis of logarithms ends for an interval that reaches 0, in 1,000 settlement-years."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with what it shows in words."""

    name: str
    content: bytes
    words: str


def pictures(document: Mapping[str, Any]) -> Iterator[Picture]:
    """Yield every plot that there is something to draw for."""
    counted = _counted(document)
    if counted:
        words = (
            "False alerts per 1,000 settlement-years with 95 % intervals, on an axis of "
            "logarithms, beside the budget of each state: "
            + "; ".join(row.words for row in counted)
        )
        yield Picture("false-alerts.png", _png(_rates(counted)), words)
    for one in document["calibrations"]:
        if one["probability"]:
            yield _reliability(one["id"], one["probability"])
    for told in document["evaluations"]:
        for unit, what in (("days", "days"), ("looks", "usable looks")):
            found = ", ".join(
                f"{name} {level['found']} of {level['truths']}"
                for name, level in told["levels"].items()
            )
            words = (
                f"Evaluation {told['number']}: share of all events found against {what}; {found}"
            )
            figure = delay_figure(told["levels"], unit)
            yield Picture(f"evaluation-{told['number']}-{unit}.png", _png(figure), words)


@dataclass(frozen=True, slots=True)
class _Counted:
    """One counted rate: of which source, at which level."""

    label: str
    state: str
    rate: Mapping[str, Any]

    @property
    def words(self) -> str:
        rate = self.rate
        return f"{self.label} {self.state} {rate['low']:.2f} to {rate['high']:.2f}"


def _counted(document: Mapping[str, Any]) -> list[_Counted]:
    live = [
        _Counted("placebos here", one["state"], one["false_per_1000_placebo_years"])
        for one in document["live_placebos"]
    ]
    evaluated = [
        _Counted(
            f"evaluation {told['number']}{'' if told['mode'] == 'actual' else ' ' + told['mode']}",
            name,
            level["false_alerts_per_1000_settlement_years"]["armed"],
        )
        for told in document["evaluations"]
        for name, level in told["levels"].items()
    ]
    held_out = [
        _Counted(f"held out, set {one['id'][:8]}", level["state"], level["realised"])
        for one in document["calibrations"]
        for stratum in one["strata"]
        for level in stratum["states"]
        if not stratum["stratum"]
    ]
    return [one for one in (*held_out, *live, *evaluated) if one.rate["high"] is not None]


def _rates(rows: Sequence[_Counted]) -> Figure:
    figure = Figure(figsize=(_WIDTH, 1.2 + _ROW * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for row, one in enumerate(rows):
        ends = max(one.rate["low"], _LEAST), max(one.rate["high"], _LEAST)
        axes.plot(ends, [-row, -row], color=COLOURS[one.state], linewidth=3)
        if one.rate["count"]:
            axes.plot(one.rate["value"], -row, "o", color=COLOURS[one.state], markersize=5)
    for level in LEVELS:
        words = f"budget of {level.value}"
        axes.axvline(BUDGETS[level], color=COLOURS[level.value], linestyle=":", label=words)
    axes.set_xscale("log")
    axes.set_xlim(left=_LEAST)
    labels = [f"{one.label}, {one.state}" for one in rows]
    axes.set_yticks([-row for row in range(len(rows))], labels, fontsize=7, parse_math=False)
    axes.set_ylim(-len(rows) + 0.5, 0.5)
    axes.set_xlabel("false alerts per 1,000 settlement-years (a dot where any was counted)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(fontsize=7, frameon=False, loc="outside lower center", ncols=3)
    return figure


def _reliability(name: str, model: Mapping[str, Any]) -> Picture:
    figure = Figure(figsize=(_WIDTH / 2, _WIDTH / 2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), ":", color=COLOURS["ESTABLISHED"])
    for one in model["reliability"]:
        forecast, share = one["forecast"], one["confirmed"]
        axes.plot((forecast, forecast), (share["low"], share["high"]), color=_INK)
        axes.plot(forecast, share["value"], "o", color=_INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("probability told")
    axes.set_ylabel("share that people confirmed")
    told = "; ".join(
        f"told {one['forecast']:.2f}, confirmed {one['confirmed']['hits']} of "
        f"{one['confirmed']['of']}"
        for one in model["reliability"]
    )
    words = f"Share that people confirmed against the probability told, set {name}: {told}"
    return Picture(f"reliability-{name}.png", _png(figure), words)


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI, metadata={"Software": None})
    return content.getvalue()
