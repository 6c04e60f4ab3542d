"""What may be claimed of counted alerts: whether a budget is held, and precision at a base rate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hearthwatch.evaluation.intervals import CONFIDENCE, Interval, Rate, Share, poisson, wilson

_EACH = (1 + CONFIDENCE) / 2
"""Confidence of each of two intervals that are both right with at least `CONFIDENCE`: their
chances of being wrong add up at most (Bonferroni)."""


class Budgeted(StrEnum):
    """How a counted rate of false alerts stands to its budget."""

    HELD = "held"
    NOT_ESTABLISHED = "not_established"
    EXCEEDED = "exceeded"


@dataclass(frozen=True, slots=True)
class ExpectedPrecision:
    """Precision to be expected where events happen at a stated rate.

    Attributes
    ----------
    base_rate : float
        Events per settlement-year; stated by the user, never measured here.
    value : float or None
        None where recall or the rate of false alerts is not known.
    interval : Interval
        0 to 1 where nothing is known.
    """

    base_rate: float
    value: float | None
    interval: Interval


def against_budget(false: Rate, budget: float) -> Budgeted:
    """Hold a rate of false alerts against a budget in the same unit.

    It is held only if the one-sided 95 % upper bound clears it, and exceeded only if the lower
    end of the two-sided interval lies above it. Between the two, and without any exposure,
    nothing is established.
    """
    low, bound = false.interval[0], false.bound
    if bound is not None and bound <= budget:
        return Budgeted.HELD
    if low is not None and low > budget:
        return Budgeted.EXCEEDED
    return Budgeted.NOT_ESTABLISHED


def expected_precision(recall: Share, false: Rate, base_rate: float) -> ExpectedPrecision:
    """Return the precision where `base_rate` events befall a settlement in a year.

    Of the alerts of one settlement-year, recall x base rate are true and as many as the rate of
    false alerts says are not. The interval takes the worst recall with the worst rate, and the
    best with the best, each from an interval of 97.5 %: it covers with at least 95 %, mostly
    with more.

    Raises
    ------
    ValueError
        If `base_rate` is not above 0.
    """
    if not base_rate > 0:
        raise ValueError(f"{base_rate} is no base rate: it must be above 0")
    if not recall.of or not false.exposure > 0:
        return ExpectedPrecision(base_rate, None, Interval(0.0, 1.0))
    hits = wilson(recall.hits, recall.of, _EACH)
    counts = poisson(false.count, _EACH)
    years = false.exposure
    low = _precision(hits.low * base_rate, counts.high / years)
    high = _precision(hits.high * base_rate, counts.low / years)
    value = _precision(recall.hits / recall.of * base_rate, false.count / years)
    return ExpectedPrecision(base_rate, value, Interval(low or 0.0, 1.0 if high is None else high))


def _precision(true: float, false: float) -> float | None:
    """Return the true ones' share of all alerts; None without any."""
    return true / (true + false) if true + false > 0 else None
