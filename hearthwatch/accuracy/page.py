"""An accuracy report as one HTML page that needs nothing else, made from its document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from hearthwatch.accuracy.calibrated_page import calibrations, probabilities
from hearthwatch.accuracy.pixels import WORDS, Pixels
from hearthwatch.accuracy.plots import Picture
from hearthwatch.evaluation.html import framed, png, table
from hearthwatch.evaluation.wording import bounded, budget, headline_rows, when

TITLE = "How accurate this installation is known to be"
_FOREIGN = "other code than runs here"


def page(document: Mapping[str, Any], pictures: Sequence[Picture]) -> str:
    """Return the page of a document that `document.document` made, with its pictures."""
    return framed(TITLE, _parts(document, {one.name: one for one in pictures}))


def _parts(document: Mapping[str, Any], pictures: Mapping[str, Picture]) -> Iterator[str]:
    yield f"<h1>{TITLE}</h1>"
    yield _note(
        f"hearthwatch {document['version']}, code {document['code_digest']}, {document['made']}. "
        'Intervals are of 95 %; "at most" is a one-sided 95 % upper bound. Where it does not '
        "clear a budget, that the budget is held is not established."
    )
    yield "<h2>What the states mean</h2>"
    yield _states(document)
    yield from _measured_of_states(document)
    yield "<h3>What the classes of evidence for an event mean</h3>"
    yield _classes(document)
    yield "<h3>Not validated</h3>"
    yield _list(document["not_validated"])
    yield "<h2>Thresholds in force</h2>"
    yield from calibrations(document["calibrations"])
    yield "<h2>Probabilities</h2>"
    yield from probabilities(document["calibrations"])
    yield from _pictured(pictures, [name for name in pictures if name.startswith("reliability-")])
    yield "<h2>False alerts of placebos here</h2>"
    yield from _placebos(document)
    yield from _pictured(pictures, ["false-alerts.png"])
    yield "<h2>Evaluations made here</h2>"
    yield from _evaluations(document, pictures)
    yield "<h2>Figures of the release</h2>"
    yield from _release(document)


def _states(document: Mapping[str, Any]) -> str:
    live: dict[str, list[str]] = {}
    for one in document["live_placebos"]:
        words = bounded(one["false_per_1000_placebo_years"])
        live.setdefault(one["state"], []).append(f"{one['detector']}: {words}")
    rows = [
        (
            one["state"],
            one["takes"],
            f"{one['budget_per_1000']:g}",
            _held_out(document, one["state"]),
            "; ".join(live.get(one["state"], ())) or "nothing measured",
            _evaluated_at(document, one["state"]),
        )
        for one in document["states"]
    ]
    header = (
        "state", "what it takes", "budget", "held out, calibration", "placebos here",
        "evaluations made here",
    )  # fmt: skip
    caption = "False alerts per 1,000 settlement-years: allowed, and measured"
    return table(header, rows, caption)


def _classes(document: Mapping[str, Any]) -> str:
    rows = [
        (*_once(one, is_first=number == 0), row["detector"].replace("_", " "), row["words"])
        for one in document["classes"]
        for number, row in enumerate(one["detectors"])
    ]
    header = ("class", "state of the event", "what it takes", "detector", "measured")
    return table(header, rows, "False ones, as measured; of each figure's own detector")


def _once(told: Mapping[str, Any], *, is_first: bool) -> tuple[str, str, str]:
    """Return what is said of a class before its first detector, and not again."""
    if not is_first:
        return "", "", ""
    return told["class"].replace("_", " "), told["event_state"], told["takes"]


def _measured_of_states(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the release measured of each state, and on what it measured anything."""
    for pixels in Pixels:
        told = document["release"][pixels.value]["figures"]
        rows = [
            (one["state"], one["name"], _figure(one), one["unit"], one["data"])
            for state in document["states"]
            for one in told
            if one["state"] == state["state"]
        ]
        if rows:
            yield table(("state", "what", "figure", "unit", "measured on"), rows, WORDS[pixels])
        if told:
            yield f"<h3>{escape(WORDS[pixels])}</h3>"
            yield _list(dict.fromkeys(one["data"] for one in told))


def _held_out(document: Mapping[str, Any], state: str) -> str:
    words = [
        f"set {one['id']}: {bounded(level['realised'])}"
        for one in document["calibrations"]
        for stratum in one["strata"]
        for level in stratum["states"]
        if not stratum["stratum"] and level["state"] == state
    ]
    return "; ".join(words) or "nothing measured"


def _evaluated_at(document: Mapping[str, Any], state: str) -> str:
    words = []
    for told in document["evaluations"]:
        if state in told["levels"]:
            rates = told["levels"][state]["false_alerts_per_1000_settlement_years"]
            words.append(f"{_named(told)}: {bounded(rates['armed'])}")
    return "; ".join(words) or "nothing measured"


def _placebos(document: Mapping[str, Any]) -> Iterator[str]:
    if not document["live_placebos"]:
        yield "<p>No placebo was followed here yet: nothing is known from them.</p>"
        return
    rows = [_placebo(one, one["detector"]) for one in document["live_placebos"]]
    header = ("detector", "state", "per 1,000 placebo-years", "budget")
    yield table(header, rows, "Placebos of all watches of the world, together")
    if document["live_placebos_by_region"]:
        rows = [
            _placebo(one, f"{one['region']}, {one['detector']}")
            for one in document["live_placebos_by_region"]
        ]
        yield table(("region, detector", *header[1:]), rows, "Region by region")
    yield _note(
        "A placebo is settlement-shaped ground without a settlement. What is reported there is "
        "false, or a fire in open ground: read the rate as an upper estimate. Placebos of one "
        "cell share their weather, so the intervals are too narrow."
    )


def _placebo(one: Mapping[str, Any], name: str) -> tuple[str, ...]:
    rate = one["false_per_1000_placebo_years"]
    return name, one["state"], bounded(rate), budget(one["budget"], rate)


def _evaluations(document: Mapping[str, Any], pictures: Mapping[str, Picture]) -> Iterator[str]:
    if not document["evaluations"]:
        yield "<p>None was named (--evaluation): nothing is known from any.</p>"
    for told in document["evaluations"]:
        loud = "" if told["mode"] == "actual" else f'<p class="mode">{told["mode"].upper()}</p>'
        yield loud
        yield f"<h3>{escape(_named(told).capitalize())}</h3>"
        yield _evaluated(told)
        yield table(("", *told["levels"]), headline_rows(told), "Figures by state")
        names = [f"evaluation-{told['number']}-{unit}.png" for unit in ("days", "looks")]
        yield from _pictured(pictures, names)


def _named(told: Mapping[str, Any]) -> str:
    mode = "" if told["mode"] == "actual" else f" ({told['mode']}, not the world)"
    return f"evaluation {told['number']}{mode}"


def _evaluated(told: Mapping[str, Any]) -> str:
    years = told["settlement_years"]
    other = "" if told["same_code"] else f", {_FOREIGN}"
    rows = [
        ("detector", f"{told['detector']} {told['detector_version']}, for {told['kind']}"),
        ("code", f"hearthwatch {told['version']}, digest {told['code_digest']}{other}"),
        ("pixels", f"{told['sensor']} from the provider {told['provider']}, {told['scenes']:,}"
         f" scenes, {when(told['from'])} to {when(told['to'])}; mode {told['mode']}"),
        ("settlements", f"{told['settlements']:,}, armed {years['armed']:,.2f} and observed "
         f"{years['observed']:,.2f} settlement-years"),
        ("events known", f"{told['truths']:,} counted, {told['truths_left_out']:,} left out"),
    ]  # fmt: skip
    files = ("catalogue", "settlement_file", "truth_file")
    rows += [(name.replace("_", " "), told[name]) for name in files if told[name]]
    return table(("", "what was evaluated"), rows)


def _release(document: Mapping[str, Any]) -> Iterator[str]:
    there = False
    for pixels in Pixels:
        told = document["release"][pixels.value]
        if not (told["figures"] or told["tables"]):
            continue
        there = True
        yield f"<h3>{escape(WORDS[pixels])}</h3>"
        if told["figures"]:
            yield _figures(told["figures"], WORDS[pixels])
        for one in told["tables"]:
            yield table(one["columns"], one["rows"], f"{one['title']} ({WORDS[pixels].lower()})")
    if not there:
        yield "<p>This installation was shipped without measured figures.</p>"
        return
    for name, digest in document["release_code"].items():
        yield _note(_origin(name, digest, document["code_digest"]))


def _figures(figures: Iterable[Mapping[str, Any]], caption: str) -> str:
    rows = [
        (one["name"], _figure(one), one["unit"], one["needed"], one["data"], one["shows"])
        for one in figures
    ]
    header = ("what", "figure", "unit", "needed", "measured on", "what it shows")
    return table(header, rows, caption)


def _figure(one: Mapping[str, Any]) -> str:
    if isinstance(one["figure"], str):
        return one["figure"]
    value = "-" if one["figure"] is None else f"{one['figure']:.4g}"
    if one["low"] is None and one["high"] is None:
        return f"{value}, no interval"
    ends = ("-" if end is None else f"{end:.4g}" for end in (one["low"], one["high"]))
    return f"{value} [{', '.join(ends)}]"


def _origin(name: str, digest: str, here: str) -> str:
    if not digest:
        return f"{name} does not say which code its figures were measured with."
    other = "the code that runs here" if digest == here else _FOREIGN
    return f"{name} was measured with {other}, digest {digest}."


def _pictured(pictures: Mapping[str, Picture], names: Iterable[str]) -> Iterator[str]:
    for one in (pictures[name] for name in names if name in pictures):
        yield png(one.content, one.words)


def _list(words: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in words)}</ul>"


def _note(words: str) -> str:
    return f'<p class="note">{escape(words)}</p>'
