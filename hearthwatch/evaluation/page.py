"""An evaluation as one HTML page that needs nothing else, made from its document alone."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from hearthwatch.evaluation import plots
from hearthwatch.evaluation.html import framed, svg, table
from hearthwatch.evaluation.wording import (
    STRATA_HEADER,
    headline_rows,
    plain,
    strata_rows,
    when,
)
from hearthwatch.words import counted


def page(document: Mapping[str, Any]) -> str:
    """Return the page of a document that `report.document` made."""
    mode = document["mode"]
    loud = "" if mode == "actual" else f'<p class="mode">{escape(mode.upper())}</p>'
    title = f"Evaluation of {document['evaluated']['detector']}"
    parts = (
        loud,
        f"<h1>{escape(title)}</h1>",
        _evaluated(document),
        "<h2>Figures</h2>",
        table(("", *document["levels"]), headline_rows(document)),
        '<p class="note">95 % intervals in brackets, counts in parentheses. "At most" before a '
        "rate is its one-sided 95 % upper bound. Delays: median (lower to upper quartile), counted "
        "at least from the latest and at most from the earliest possible true date.</p>",
        "<h2>By share burned</h2>",
        table(STRATA_HEADER, strata_rows(document)),
        "<h2>How long it took</h2>",
        svg(plots.delays(document, "days"), "Share of all events found against days"),
        svg(plots.delays(document, "looks"), "Share found against usable looks"),
        '<p class="note">Full lines count from the earliest possible true date, dotted lines from '
        "the latest.</p>",
        "<h2>Settlement by settlement</h2>",
        *(svg(drawn, "Timeline of settlements") for drawn in plots.timelines(document)),
        '<p class="note">Grey ticks: usable looks. Black bar above: when it truly happened. '
        "Coloured bar below: the reported interval at the highest level reached; a cross marks a "
        "false alert. Dots: when each level was reached. Settlements with neither truth nor alert "
        "are not drawn.</p>",
        "<h2>Missed</h2>",
        _missed(document),
        "<h2>False alerts</h2>",
        _false(document),
        "<h2>Left out</h2>",
        _left_out(document),
        "<h2>Definitions</h2>",
        _definitions(document["definitions"]),
    )
    return framed(title, parts)


def _evaluated(document: Mapping[str, Any]) -> str:
    told = document["evaluated"]
    years = told["settlement_years"]
    pixels = f"{told['sensor']} from the provider {told['provider']}"
    rows = [
        ("pixels", f"{pixels}, {counted(told['scenes'], 'scene')}; mode {document['mode']}"),
        ("period", f"{when(told['from'])} to {when(told['to'])}"),
        (
            "settlements",
            f"{told['settlements']:,}, of which {told['settlements_never_usable']:,} had no usable "
            "look",
        ),
        (
            "looks at settlements",
            f"{told['settlement_looks']:,}, usable {told['settlement_looks_usable']:,}",
        ),
        ("settlement-years", f"armed {years['armed']:,.2f}, observed {years['observed']:,.2f}"),
        ("events known", f"{told['truths']:,} counted, {told['truths_left_out']:,} left out"),
        ("detector", f"{told['detector']} {told['detector_version']}, for {told['kind']}"),
        ("code", f"hearthwatch {told['version']}, digest {told['code_digest']}"),
    ]
    files = ("catalogue", "settlement_file", "truth_file")
    rows += [(name.replace("_", " "), told[name]) for name in files if told[name]]
    return table(("", "what was evaluated"), rows)


def _missed(document: Mapping[str, Any]) -> str:
    labels = _labels(document)
    rows = [
        (
            str(truth["number"]),
            labels[truth["settlement"]],
            f"{when(truth['earliest'])} to {when(truth['latest'])}",
            "-" if truth["share"] is None else f"{truth['share']:.2f}",
            ", ".join(level for level, found in truth["found"].items() if not found),
            plain(truth["could_not_be_seen"]),
        )
        for truth in document["truths"]
        if not all(truth["found"].values())
    ]
    header = ("event", "settlement", "happened", "share", "missed at", "could not be seen")
    return table(header, rows) if rows else "<p>None at any level.</p>"


def _false(document: Mapping[str, Any]) -> str:
    labels = _labels(document)
    rows = [
        (
            str(alert["number"]),
            labels[alert["settlement"]],
            level,
            when(one["reached"]),
            f"{when(one['last_unharmed'])} to {when(one['first_changed'])}",
        )
        for alert in document["alerts"]
        for level, one in alert["levels"].items()
        if one["verdict"] == "false_alert"
    ]
    header = ("alert", "settlement", "level", "reached", "reported interval")
    return table(header, rows) if rows else "<p>None at any level.</p>"


def _left_out(document: Mapping[str, Any]) -> str:
    labels = _labels(document)
    rows = [
        (
            one["row"],
            labels.get(one["settlement"], "-"),
            one["kind"],
            f"{when(one['earliest'])} to {when(one['latest'])}",
            plain(one["reason"]),
        )
        for one in document["left_out"]
    ]
    header = ("row of the truth file", "settlement", "kind", "happened", "why")
    return table(header, rows) if rows else "<p>No row of the truth file.</p>"


def _labels(document: Mapping[str, Any]) -> dict[int, str]:
    return {place["number"]: plots.label(place) for place in document["settlements"]}


def _definitions(definitions: Mapping[str, str]) -> str:
    told = (f"<dt>{escape(plain(n))}</dt><dd>{escape(w)}</dd>" for n, w in definitions.items())
    return f"<dl>{''.join(told)}</dl>"
