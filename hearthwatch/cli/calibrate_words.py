"""A calibration set in the words of people."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from hearthwatch.calibration.sets import (
    CalibrationSet,
    LevelResult,
    Source,
    SourceResult,
    StratumResult,
    VerdictModel,
)
from hearthwatch.calibration.verdicts import LEAST
from hearthwatch.cli.tables import table
from hearthwatch.evaluation.intervals import PER, Rate
from hearthwatch.words import counted, day, marked

ALL = "all places"
_HEADER = ("stratum", "state", "budget", "null years", "threshold", "realised (95 %)", "budget is")


def set_words(one: CalibrationSet, region: str, *, kept: bool) -> str:
    """Return a set as a table, with what it rests on and what it does not show."""
    rows = [row for stratum in one.strata for row in _rows(stratum)]
    parts = (
        marked(one.mode, _heading(one, region)),
        "\n".join(_rests_on(one)),
        table(_HEADER, rows),
        "Budgets and rates are false alarms per 1,000 settlement-years; realised ones are of "
        "places\nthat were left out when the threshold was taken. Thresholds are nats.",
        "\n".join(_why_not(one.pooled)),
        _verdict_words(one.verdicts),
        f"Set {one.id} holds from the next run on."
        if kept
        else "Nothing was kept: this was a dry run.",
    )
    return "\n\n".join(part for part in parts if part)


def listing(
    sets: Sequence[CalibrationSet], chosen: Collection[str | None], notes: Mapping[str, str],
    names: Mapping[str, str],
) -> str:  # fmt: skip
    """Return a table of sets, the newest first, and why one that was chosen does not hold."""
    if not sets:
        return "There is no calibration set: built-in thresholds hold. They keep no budget."
    rows = [
        (one.id, day(one.created), marked(one.mode, names.get(one.region, "all regions")),
         f"{one.null_years:,}", _state(one, chosen, notes))
        for one in sets
    ]  # fmt: skip
    text = table(("id", "made", "region", "null years", "holds"), rows)
    broken = [notes[one.id] for one in sets if one.id in chosen and notes[one.id]]
    return "\n".join([text, *broken])


def _state(one: CalibrationSet, chosen: Collection[str | None], notes: Mapping[str, str]) -> str:
    if one.id not in chosen:
        return "-"
    return "no, though chosen" if notes[one.id] else "yes"


def _heading(one: CalibrationSet, region: str) -> str:
    aim = f", thresholds aim at {one.budget.aim:.0%} of the budget" if one.budget.aim < 1 else ""
    where = region or "all regions"
    return f"{one.detector} {one.detector_version}, {where}: {_years(one.null_years)}{aim}"


def _years(count: int) -> str:
    return counted(count, "null year")


def _rests_on(one: CalibrationSet) -> Iterator[str]:
    yield "; ".join(_of_source(source) for source in one.sources if source.years)
    if one.confirmed:
        yield f"left out: {counted(one.confirmed, 'year')} with events that people confirmed"
    if one.undecided:
        watch = one.pooled.levels[0].realised
        worst = PER * (watch.count + one.undecided) / (watch.exposure + one.undecided)
        yield (
            f"left out: {counted(one.undecided, 'year')} with events that nobody judged; were all "
            f"of them false, WATCH would have {worst:.1f} per 1,000"
        )
    if one.other_code:
        yield f"{counted(one.other_code, 'year')} are from states that other code wrote last"


def _of_source(one: SourceResult) -> str:
    words = f"{one.source.value}: {counted(one.years, 'year')} of {counted(one.places, 'place')}"
    rates = ", ".join(_rate(rate) for rate in one.realised)
    kept = " (kept out of every threshold)" if one.source is Source.RESAMPLED else ""
    return f"{words}{kept}, realised {rates}"


def _rows(stratum: StratumResult) -> Iterator[tuple[str, ...]]:
    for one in stratum.levels:
        taken = "" if one.taken_from == stratum.stratum else f" of {one.taken_from or ALL}"
        yield (
            stratum.stratum or ALL,
            one.level,
            f"{one.nominal:g}",
            f"{stratum.years:,}",
            f"{one.threshold:.2f}{taken}",
            _rate(one.realised),
            _held(one),
        )


def _held(one: LevelResult) -> str:
    return "held" if one.established else "not established"


def _rate(rate: Rate) -> str:
    """Return a rate with its interval, or with its upper bound where nothing was counted."""
    if rate.value is None:
        return "-"
    if rate.count == 0:
        return f"0 (up to {rate.bound:.1f})"
    low, high = rate.interval
    return f"{rate.value:.1f} ({low:.1f}..{high:.1f})"


def _why_not(pooled: StratumResult) -> Iterator[str]:
    for one in pooled.levels:
        if not one.established:
            bound = "" if one.conformal else "; the threshold is a bound and keeps no stated rate"
            yield f"{one.level} is not established: {one.why_not}{bound}"


def _verdict_words(model: VerdictModel | None) -> str:
    if model is None:
        return (
            f"Probabilities are model-based and uncalibrated: they are learned from {LEAST} "
            "verdicts of people on."
        )
    lines = [
        f"Probabilities are learned from {counted(model.verdicts, 'verdict')} "
        f"({model.confirmed:,} confirmed): {model.kind}, Brier score {model.brier:.3f} "
        f"({model.brier_low:.3f}..{model.brier_high:.3f})"
    ]
    for one in model.reliability:
        ends = one.confirmed.interval
        lines.append(
            f"  said {one.forecast:.2f}: confirmed {one.confirmed.value:.2f} "
            f"({ends.low:.2f}..{ends.high:.2f}), {counted(one.confirmed.of, 'event')}"
        )
    return "\n".join(lines)
