"""The contest as tables that say what was fed, how it was tuned, and how sure each figure is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.peers.contest import Entry, Row, only, sooner
from benchmarks.peers.methods import Method
from benchmarks.peers.series import SCORING, TUNING, Series
from hearthwatch.evaluation.intervals import Rate, Share, Spread

HEAD = (
    "| method | fed | setting | threshold | burns found within 60 days | false alarms per 1,000 "
    "settlement-years | budget | usable looks to detect | the same, all burns | days |\n"
    "|---|---|---|---:|---:|---:|---|---:|---:|---:|"
)
PAIRS_HEAD = (
    "| against | only we found | only it found | of both: we in fewer looks | it in fewer looks |\n"
    "|---|---:|---:|---:|---:|"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """False alarms per 1,000 settlement-years: what is claimed, and what thresholds aim at."""

    claimed: float
    aim: float


def tables(
    series: Series, tuned_on: Series, entries: Sequence[Entry], budget: Budget
) -> Iterator[str]:
    """Yield the lines of one set of series: what it holds, both tables, and the pairs."""
    yield from describe(series, tuned_on, budget)
    defaults = [(entry, entry.default) for entry in entries if entry.default is not None]
    yield from ("", "### Each at its own default", "", HEAD)
    yield from (line(entry.name, row, budget) for entry, row in defaults)
    yield from ("", f"### Each tuned to {budget.aim:g} per 1,000 settlement-years", "", HEAD)
    yield from (line(entry.name, entry.tuned, budget) for entry in entries)
    yield from pairs(entries)


def describe(series: Series, tuned_on: Series, budget: Budget) -> Iterator[str]:
    """Yield what the series are, and where thresholds come from."""
    kind = "Real" if series.real else "Resampled"
    first, last = (str(series.times[n])[:10] for n in (series.start, -1))
    yield f"## {kind} years"
    yield ""
    yield (
        f"Bands {', '.join(series.bands)}; {series.start} looks of history, "
        f"{len(series.times) - series.start} monitored, from {first} to {last}; "
        f"{series.usable[:, series.start :].mean():.0%} of them usable. {_numbers(series)}"
    )
    if tuned_on is not series:
        other = "real" if tuned_on.real else "resampled"
        yield f"Thresholds and settings were tuned on {other} years: {_numbers(tuned_on)}"
    if "B12" not in series.bands:
        yield "B12 was not measured: NBR is of B11."
    if series.burned_pixels is None:
        yield "No pixels: Burnscar's rule is tried on the core's mean, with no count of pixels."
    yield (
        f"Thresholds aim at {budget.aim:g} false alarms per 1,000 settlement-years; held is a "
        f"budget of {budget.claimed:g} where the one-sided 95 % bound clears it, and not "
        "established where it does not."
    )


def line(name: str, row: Row, budget: Budget) -> str:
    """Return a method's row at one threshold."""
    found = row.found
    cells = (
        name,
        row.fed,
        row.setting.words,
        "none: too few quiet years" if math.isinf(row.limit) else f"{row.limit:.3g}",
        share(found.recall),
        rate(row.false),
        verdict(row, budget),
        spread(found.looks_of_found),
        never(found.median_of_all),
        spread(found.days_of_found),
    )
    return f"| {' | '.join(cells)} |"


def verdict(row: Row, budget: Budget) -> str:
    """Say whether the budget is held, by the one-sided 95 % bound of the false alarms."""
    bound = row.false.bound
    if bound is None or math.isinf(row.limit) or bound > budget.claimed:
        return "not established"
    return f"held (at most {bound:.2g})"


def pairs(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how the first entry, ours, did burn by burn against each of the others, all tuned."""
    mine, *others = entries
    if mine.default is not None or not others:
        return
    yield from ("", "### Burn by burn, both tuned", "", PAIRS_HEAD)
    for other in others:
        counts = (
            *only(mine.tuned.found, other.tuned.found),
            *sooner(mine.tuned.found, other.tuned.found),
        )
        yield f"| {other.name} | {' | '.join(map(str, counts))} |"


def settings(methods: Sequence[Method]) -> Iterator[str]:
    """Yield what each method could be fed and which settings were tried."""
    for method in methods:
        tried = "; ".join(setting.words for setting in method.settings)
        limit = "none" if method.limit is None else f"{method.limit:.4g}"
        yield f"- {method.name}: fed {'; '.join(method.inputs)}. Settings, default first: {tried}."
        yield f"  Default limit of the statistic: {limit}."


def share(value: Share) -> str:
    """Return a share as a percentage with its interval and counts."""
    if value.value is None:
        return "no burns"
    low, high = value.interval.low, value.interval.high
    return f"{value.value:.1%} ({low:.1%} to {high:.1%}), {value.hits}/{value.of}"


def rate(value: Rate) -> str:
    """Return a rate with its exact Poisson interval, its count and its years."""
    low, high = value.interval
    if value.value is None or low is None or high is None:
        return "no quiet years"
    return f"{value.value:.1f} ({low:.1f} to {high:.1f}), {value.count} in {value.exposure:.0f}"


def spread(values: Spread) -> str:
    """Return median and quartiles."""
    if values.quartiles is None:
        return "none"
    low, middle, high = values.quartiles
    return f"{middle:g} ({low:g} to {high:g})"


def never(looks: float) -> str:
    """Return a median that may lie among burns never found."""
    return "never" if math.isinf(looks) else "none" if math.isnan(looks) else f"{looks:g}"


def _numbers(series: Series) -> str:
    counts = []
    for group in (TUNING, SCORING):
        chosen = series.group == group
        quiet, burned = int((chosen & series.quiet).sum()), int((chosen & ~series.quiet).sum())
        counts.append(f"{group}: {quiet} quiet series and {burned} with a burn")
    return "; ".join(counts) + "."
