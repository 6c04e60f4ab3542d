"""An event as a chart: what was seen, what was expected, what was left out, and the states.

Colours are of the set of Okabe and Ito, which colour-blind people tell apart, and nothing is told
by colour alone. Figures are built without pyplot, so nothing global is held or changed. Names of
places are not drawn: fonts lack many scripts, and a picture goes where its text does not.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from threading import Lock
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectors.types import DetectorState
from hearthwatch.explanation.facts import Facts, Look, Quantity, Use
from hearthwatch.explanation.words import sentences, when
from hearthwatch.words import marked

INK, SEEN, BAND, CHANGE = "#1d2329", "#0072b2", "#c9ced3", "#f0c75e"
STATES = {
    DetectorState.WATCH: ("#cc79a7", "o", ":", 8.0),
    DetectorState.PROBABLE: ("#d55e00", "s", "--", 5.5),
    DetectorState.ESTABLISHED: ("#009e73", "^", "-.", 3.0),
}
"""Colour, marker, line and size: one that lies upon another is smaller."""
_WIDTH, _PANEL, _REST = 8.6, 1.55, 1.3
_LOST_AT = 0.05
_ROOM = 0.15
_DPI = 130
_DRAWING = Lock()
"""matplotlib is not made for several threads, and its settings are of the whole process."""


def as_svg(facts: Facts) -> str:
    """Return the chart as SVG with a title and a description for those who do not see it."""
    return svg_of(lambda: _figure(facts), _title(facts), " ".join(sentences(facts)))


def as_png(facts: Facts) -> bytes:
    """Return the chart as PNG."""
    return png_of(lambda: _figure(facts))


def svg_of(figure: Callable[[], Figure], title: str, about: str) -> str:
    """Return a figure as SVG with title and description.

    Parameters
    ----------
    figure : callable
        Draws it; called while no other thread draws.
    """
    text = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with _DRAWING, mpl.rc_context({"svg.hashsalt": "hearthwatch", "svg.fonttype": "none"}):
        figure().savefig(text, format="svg", metadata=nothing)
    before, opening, after = text.getvalue().partition("<svg ")
    attributes, _, drawn = after.partition(">")
    return (
        f'{before}{opening}role="img" aria-labelledby="title about" {attributes}>\n'
        f' <title id="title">{escape(title)}</title>\n'
        f' <desc id="about">{escape(about)}</desc>{drawn}'
    )


def png_of(figure: Callable[[], Figure], about: str = "") -> bytes:
    """Return a figure as PNG; what it shows, in words, is kept in it."""
    out = io.BytesIO()
    told = {"Description": about} if about else {}
    with _DRAWING:
        figure().savefig(out, format="png", dpi=_DPI, metadata={"Software": None, **told})
    return out.getvalue()


def _figure(facts: Facts) -> Figure:
    weighed = any(one.told.reckonings for one in facts.looks)
    curved = bool(facts.curve)
    panels = curved + len(facts.quantities) + weighed or 1
    figure = Figure(figsize=(_WIDTH, _REST + _PANEL * panels), layout="constrained")
    figure.suptitle(_title(facts), fontsize=10, x=0.01, ha="left", color=INK)
    rows: list[Axes] = list(figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])
    if curved:
        _area(rows[0], facts)
    for axes, quantity in zip(rows[curved:], facts.quantities, strict=False):
        _feature(axes, facts, quantity)
    if weighed:
        _evidence(rows[-1], facts)
    for axes in rows:
        _dress(axes, facts)
    _name_turns(rows[0], facts)
    rows[-1].xaxis_date()
    handles: dict[str, Artist] = {}
    for axes in rows:
        found, labels = axes.get_legend_handles_labels()
        handles.update(zip(labels, found, strict=True))
    figure.legend(
        list(handles.values()), list(handles), fontsize=7, frameon=False,
        loc="outside lower center", ncols=3,
    )  # fmt: skip
    return figure


def _title(facts: Facts) -> str:
    event = facts.event
    kind = event.kind.value.replace("_", " ")
    return marked(event.mode, f"{kind}, event {event.id[:8]}: changed {when(event)}")


def _area(axes: Axes, facts: Facts) -> None:
    """Draw the area of a site in time, with its interval."""
    times = [_number(one.moment) for one in facts.curve]
    axes.fill_between(
        times, [one.low for one in facts.curve], [one.high for one in facts.curve], color=BAND,
        linewidth=0, label="95 % interval of the area",
    )  # fmt: skip
    axes.plot(
        times, [one.hectares for one in facts.curve], "-", marker=".", color=SEEN, linewidth=1.2,
        label="area, by the looks up to then",
    )  # fmt: skip
    axes.set_ylim(bottom=0.0)
    axes.set_title("area built on or laid bare (ha)", fontsize=8, loc="left", color=INK)


def _feature(axes: Axes, facts: Facts, quantity: Quantity) -> None:
    """Draw one feature: the band that was expected, and what was seen."""
    seen = [one for one in facts.looks if quantity.key in one.measured]
    known = [(one, band) for one in seen if (band := one.measured[quantity.key].expected)]
    if known:
        times = _times(one for one, _ in known)
        axes.fill_between(
            times, [band.low for _, band in known], [band.high for _, band in known], color=BAND,
            linewidth=0, label="expected, ± 2 standard deviations",
        )  # fmt: skip
        axes.plot(
            times, [band.value for _, band in known], color=INK, linewidth=0.8,
            label="expected of past, season and surroundings",
        )  # fmt: skip
    for use, fill, label in (
        (Use.USED, SEEN, "seen, and weighed"),
        (Use.NOT_WEIGHED, "white", "seen, and not weighed"),
    ):
        some = [one for one in seen if one.use is use]
        axes.plot(
            _times(some), [one.measured[quantity.key].observed for one in some], "o",
            markersize=4, markerfacecolor=fill, markeredgecolor=SEEN, label=label if some else None,
        )  # fmt: skip
    _frame(axes, seen, quantity)
    unit = "" if quantity.unit == "index" else f" ({quantity.unit})"
    axes.set_title(f"{quantity.name}{unit}", fontsize=8, loc="left", color=INK)


def _frame(axes: Axes, seen: Sequence[Look], quantity: Quantity) -> None:
    """Show all that was seen; of the band only what is known once enough was learned."""
    values = [one.measured[quantity.key].observed for one in seen]
    for one in seen:
        band = one.measured[quantity.key].expected
        if band is not None and one.use is Use.USED:
            values += [band.low, band.high]
    if values:
        room = _ROOM * (max(values) - min(values) or 1.0)
        axes.set_ylim(min(values) - room, max(values) + room)


def _evidence(axes: Axes, facts: Facts) -> None:
    """Draw the evidence that looks brought together against the threshold of each state."""
    judged = [one for one in facts.looks if one.use is Use.USED]
    for state, (colour, marker, line, size) in STATES.items():
        brought, needed = [], []
        for one in judged:
            for reckoning in one.told.reckonings:
                if reckoning.state is state:
                    needed.append((one, reckoning.needed))
                    if reckoning.brought is not None:
                        brought.append((one, reckoning.brought))
        axes.step(
            _times(one for one, _ in needed), [nats for _, nats in needed], line, where="post",
            color=colour, linewidth=1.2, label=f"needed for {state}" if needed else None,
        )  # fmt: skip
        axes.plot(
            _times(one for one, _ in brought), [nats for _, nats in brought], marker, linestyle="",
            color=colour, markersize=size, label=f"brought for {state}" if brought else None,
        )  # fmt: skip
    axes.axhline(0.0, color=INK, linewidth=0.5)
    axes.margins(y=_ROOM)
    axes.set_title(
        "evidence that the last looks bring together (nats)", fontsize=8, loc="left", color=INK
    )


def _dress(axes: Axes, facts: Facts) -> None:
    """Draw what all panels have: the interval, the states' turns, and looks that were lost."""
    event = facts.event
    first = _number(event.first_changed)
    if event.last_unharmed is not None:
        axes.axvspan(
            _number(event.last_unharmed), first, color=CHANGE, alpha=0.6, linewidth=0, zorder=0,
            label="the change lies here",
        )  # fmt: skip
    else:
        axes.axvline(first, color=CHANGE, linewidth=3, zorder=0, label="changed before")
    for turn in facts.turns:
        axes.axvline(_number(turn.sensed), color=INK, linewidth=0.7, linestyle=(0, (1, 2)))
    lost = [one for one in facts.looks if one.use is Use.LOST]
    axes.plot(
        _times(lost), [_LOST_AT] * len(lost), "x", color=INK, markersize=4, markeredgewidth=0.9,
        transform=axes.get_xaxis_transform(), label="lost, or never came" if lost else None,
    )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)


def _name_turns(axes: Axes, facts: Facts) -> None:
    for number, turn in enumerate(facts.turns):
        axes.annotate(
            turn.state, (_number(turn.sensed), 1.0), xycoords=axes.get_xaxis_transform(),
            xytext=(2, -8 * (number % 3)), textcoords="offset points", fontsize=6, va="top",
            color=INK,
        )  # fmt: skip


def _times(looks: Iterable[Look]) -> list[float]:
    return [_number(one.row.sensed) for one in looks]


def _number(moment: datetime) -> float:
    """Return a time as matplotlib counts it: days since 1970."""
    return moment.timestamp() / 86_400.0
