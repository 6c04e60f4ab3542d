"""Figures with their intervals and counts as JSON values."""

from __future__ import annotations

from typing import Any

from hearthwatch.evaluation.claims import ExpectedPrecision
from hearthwatch.evaluation.intervals import F1, Rate, Share, Spread

DIGITS = 6
"""Decimals of a figure."""


def share_value(share: Share) -> dict[str, Any]:
    """Return a share with its interval and both counts."""
    ends = share.interval
    return {
        "value": rounded(share.value),
        "low": rounded(ends.low),
        "high": rounded(ends.high),
        "hits": share.hits,
        "of": share.of,
    }


def f1_value(f1: F1) -> dict[str, Any]:
    """Return an F1 with its interval and its three counts."""
    ends = f1.interval
    return {
        "value": rounded(f1.value),
        "low": rounded(ends.low),
        "high": rounded(ends.high),
        "found": f1.found,
        "false_alerts": f1.false,
        "missed": f1.missed,
    }


def rate_value(rate: Rate) -> dict[str, Any]:
    """Return a rate with its interval, upper bound, count and exposure."""
    low, high = rate.interval
    return {
        "value": rounded(rate.value),
        "low": rounded(low),
        "high": rounded(high),
        "upper_bound": rounded(rate.bound),
        "count": rate.count,
        "exposure": rounded(rate.exposure),
    }


def expected_value(expected: ExpectedPrecision) -> dict[str, Any]:
    """Return the precision expected at a base rate, with its interval."""
    return {
        "base_rate": expected.base_rate,
        "value": rounded(expected.value),
        "low": rounded(expected.interval.low),
        "high": rounded(expected.interval.high),
    }


def delay_value(days: tuple[Spread, Spread], looks: tuple[Spread, Spread]) -> dict[str, Any]:
    """Return delays, each (at least, at most), with all their values."""
    return {
        "days": {"at_least": _spread(days[0]), "at_most": _spread(days[1])},
        "looks": {"at_least": _spread(looks[0]), "at_most": _spread(looks[1])},
    }


def _spread(spread: Spread) -> dict[str, Any]:
    low, middle, high = spread.quartiles or (None, None, None)
    return {
        "median": middle,
        "lower_quartile": low,
        "upper_quartile": high,
        "values": [int(value) for value in spread.values],
    }


def rounded(value: float | None) -> float | None:
    """Return a number as it is written."""
    return None if value is None else round(float(value), DIGITS)
