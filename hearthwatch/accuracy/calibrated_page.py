"""What an accuracy report's page says of the calibration sets in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from hearthwatch.calibration.force import UNCALIBRATED
from hearthwatch.evaluation.html import table
from hearthwatch.evaluation.wording import bounded, share
from hearthwatch.words import counted

_POOLED = "all places together"


def calibrations(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is said of the thresholds in force."""
    if not any(one["in_force"] for one in told):
        yield (
            "<p>No calibration set: the detectors' built-in thresholds are in force. They keep no "
            "budget of false alerts.</p>"
        )
    for one in told:
        yield f"<h3>Calibration set {escape(one['id'])}</h3>"
        yield f"<p>{escape(_made(one))}</p>"
        if not one["in_force"]:
            yield f"<p>Not in force: {escape(one['note'])}.</p>"
            continue
        yield table(
            ("stratum", "state", "threshold", "budget", "held-out rate", "established"),
            [row for stratum in one["strata"] for row in _stratum(stratum)],
            "Thresholds by stratum, and how they held in places that were held out",
        )
        for resampled, caption in (
            (False, "Null years of real pixels, by source"),
            (True, "Null years resampled from residuals: used for no threshold, no measurement"),
        ):
            rows = [
                _source(source) for source in one["sources"] if source["resampled"] is resampled
            ]
            if rows:
                yield table(("source", "years", "WATCH", "PROBABLE", "ESTABLISHED"), rows, caption)


def probabilities(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is said of probabilities."""
    learned = [one for one in told if one["probability"]]
    if not learned:
        yield (
            f"<p>Every probability told here is {UNCALIBRATED}: fewer than 100 verdicts of people "
            "are known, so how often it is right cannot be told.</p>"
        )
    for one in learned:
        model = one["probability"]
        yield (
            f"<p>Set {escape(one['id'])}: {escape(model['kind'])} from {model['verdicts']:,} "
            f"verdicts, {model['confirmed']:,} of them confirmed. Brier score, cross-validated: "
            f"{model['brier']:.3f} [{model['brier_low']:.3f}, {model['brier_high']:.3f}].</p>"
        )
        rows = [
            (f"{part['forecast']:.2f}", share(part["confirmed"])) for part in model["reliability"]
        ]
        yield table(("mean forecast", "share confirmed"), rows, "Reliability")


def _made(one: Mapping[str, Any]) -> str:
    region = f", region {one['region']}" if one["region"] else ""
    where = "one region" + region if one["one_region"] else "all regions without one of their own"
    return (
        f"Of {one['made']}, for {one['detector']} {one['detector_version']}, code and parameters "
        f"{one['digest']}; chosen for {where}.{_rests_on(one['rests_on'])}"
    )


def _rests_on(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    left, other = told["left_out"], told["years_of_other_code"]
    warning = f" {counted(other, 'year')} were last written by other code." if other else ""
    return (
        f" It rests on {counted(told['null_years'], 'year')} of real pixels in which nothing "
        f"burned; left out were {left['undecided']:,} that nobody judged and "
        f"{left['confirmed']:,} with a confirmed event.{warning}"
    )


def _stratum(stratum: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    name = f"{stratum['stratum'] or _POOLED} ({counted(stratum['years'], 'year')})"
    for one in stratum["states"]:
        source = one["taken_from"] or _POOLED
        taken = "" if one["taken_from"] == stratum["stratum"] else f", from {source}"
        bound = "" if one["conformal"] else ", a bound and no quantile"
        aimed = "" if one["aimed"] == one["nominal"] else f", aimed at {one['aimed']:g}"
        yield (
            name,
            one["state"],
            f"{one['threshold']:.2f}{taken}{bound}",
            f"{one['nominal']:g}{aimed}",
            bounded(one["realised"]),
            "established" if one["established"] else f"not established: {one['why_not']}",
        )


def _source(one: Mapping[str, Any]) -> tuple[str, ...]:
    years = f"{one['years']:,} of {counted(one['places'], 'place')}"
    return one["source"], years, *(bounded(rate) for rate in one["realised"].values())
