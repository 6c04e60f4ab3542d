"""Figures of an evaluation's document in the words of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

STRATA_HEADER = ("level", "share burned", "recall", "looks to it", "days to it")


def headline_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return one row for each headline figure: its name, and its value at each level."""
    columns = [_headline(level) for level in document["levels"].values()]
    return [(name, *(column[name] for column in columns)) for name in columns[0]]


def _headline(level: Mapping[str, Any]) -> dict[str, str]:
    rates = level["false_alerts_per_1000_settlement_years"]
    unseen = f", of which {level['missed_that_could_not_be_seen']} could not be seen"
    missed = f"{level['missed']}{unseen if level['missed'] else ''}"
    return {
        "recall": share(level["recall"]),
        "missed": missed,
        "precision": share(level["precision"]),
        "F1": f1(level["f1"]),
        **_expected(level["precision_at_base_rate"]),
        "false alerts per 1,000 settlement-years armed": bounded(rates["armed"]),
        "the same, observed": bounded(rates["observed"]),
        "budget of false alerts": budget(level["budget"], rates["armed"]),
        "usable looks to it": delay(level["delay"]["looks"]),
        "days to it": delay(level["delay"]["days"]),
        "true date inside, for certain": share(level["dating"]["inside"]),
        "true date inside, possibly": share(level["dating"]["possibly"]),
        "recall of second events": share(level["second_events"]),
        "duplicates per found event": rate(level["duplicates_per_event"]),
    }


def strata_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return one row for each level and stratum that holds an event, under `STRATA_HEADER`."""
    return [
        (name, _range(one), share(one["recall"]), delay(one["delay"]["looks"]),
         delay(one["delay"]["days"]))
        for name, level in document["levels"].items()
        for one in level["strata"]
        if one["recall"]["of"]
    ]  # fmt: skip


def headline_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the headline figures as lines for a terminal, level by level."""
    rows = headline_rows(document)
    for column, name in enumerate(document["levels"], start=1):
        yield name
        for row in rows:
            yield f"  {row[0]:<47}{row[column]}"


def share(value: Mapping[str, Any]) -> str:
    """Return ``0.89 [0.72, 0.96] (24 of 27)``."""
    return f"{_number(value)} ({value['hits']} of {value['of']})"


def f1(value: Mapping[str, Any]) -> str:
    """Return ``0.94 [0.84, 0.98] (24 found, 0 false, 3 missed)``."""
    counts = f"{value['found']} found, {value['false_alerts']} false, {value['missed']} missed"
    return f"{_number(value)} ({counts})"


def rate(value: Mapping[str, Any]) -> str:
    """Return ``4.1 [1.3, 9.5] (5 in 1,220.0)``."""
    if value["value"] is None:
        return f"- ({value['count']} in 0)"
    ends = f"[{value['low']:.2f}, {value['high']:.2f}]"
    return f"{value['value']:.2f} {ends} ({value['count']} in {_years(value)})"


def bounded(value: Mapping[str, Any]) -> str:
    """Return a rate with its one-sided upper bound; the bound alone where none was counted.

    ``4.10 [1.33, 9.57] (5 in 1,220.0), at most 8.62``; ``at most 4.99 (none in 600.0)``.
    """
    if value["value"] is None:
        return rate(value)
    most = f"at most {value['upper_bound']:.2f}"
    return f"{rate(value)}, {most}" if value["count"] else f"{most} (none in {_years(value)})"


def budget(value: Mapping[str, Any], armed: Mapping[str, Any]) -> str:
    """Return whether the budget is held, and what speaks for it."""
    allowed, bound = f"{value['per_1000']:g} allowed", armed["upper_bound"]
    if bound is None:
        return f"not established: {allowed}, no settlement-years"
    if value["verdict"] == "exceeded":
        return f"exceeded: {allowed}, at least {armed['low']:.2f}"
    return f"{plain(value['verdict'])}: {allowed}, at most {bound:.2f}"


def _expected(value: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the row of the precision expected at a base rate; none where none was stated."""
    if value is None:
        return {}
    name = f"precision at {value['base_rate']:g} events per settlement-year"
    if value["value"] == 1.0:
        # Without a false alert the share is one whatever the years: only the low end says much.
        return {name: f"at least {value['low']:.2f} (no false alert was counted)"}
    return {name: _number(value)}


def _years(value: Mapping[str, Any]) -> str:
    return f"{value['exposure']:,.1f}"


def delay(value: Mapping[str, Any]) -> str:
    """Return ``at least 2 (1 to 3), at most 3 (2 to 5)``: medians, each with its quartiles."""
    if value["at_most"]["median"] is None:
        return "-"
    return f"at least {_spread(value['at_least'])}, at most {_spread(value['at_most'])}"


def when(time: str | None) -> str:
    """Return a time, or a dash."""
    return time or "-"


def plain(word: str | None) -> str:
    """Return a word of the format as people write it, or a dash."""
    return word.replace("_", " ") if word else "-"


def _number(value: Mapping[str, Any]) -> str:
    told = "-" if value["value"] is None else f"{value['value']:.2f}"
    return f"{told} [{value['low']:.2f}, {value['high']:.2f}]"


def _spread(value: Mapping[str, Any]) -> str:
    return f"{value['median']:g} ({value['lower_quartile']:g} to {value['upper_quartile']:g})"


def _range(stratum: Mapping[str, Any]) -> str:
    if stratum["from"] is None:
        return "not known"
    return f"{stratum['from']:g} to {stratum['to']:g}"
