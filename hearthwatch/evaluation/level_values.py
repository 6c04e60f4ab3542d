"""The figures of each level, and the rules they follow, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hearthwatch.evaluation import definitions
from hearthwatch.evaluation.claims import against_budget, expected_precision
from hearthwatch.evaluation.definitions import BUDGETS
from hearthwatch.evaluation.figure_values import (
    delay_value,
    expected_value,
    f1_value,
    rate_value,
    share_value,
)
from hearthwatch.evaluation.figures import LevelScore, Stratum
from hearthwatch.evaluation.intervals import CONFIDENCE, PER


def rules_value(base_rate: float | None) -> dict[str, Any]:
    """Return the fixed numbers of the definitions, and the base rate that was stated."""
    return {
        "slack_days": definitions.SLACK.days,
        "unseen_days": definitions.UNSEEN.days,
        "gap_days": definitions.GAP_DAYS,
        "year_days": definitions.YEAR_DAYS,
        "confidence": CONFIDENCE,
        "rates_per_settlement_years": PER,
        "budgets": {level.value: budget for level, budget in BUDGETS.items()},
        "base_rate_per_settlement_year": base_rate,
        "strata": [list(ends) for ends in definitions.STRATA],
    }


def level_value(
    score: LevelScore, alerts: Mapping[str, int], base_rate: float | None
) -> dict[str, Any]:
    """Return all figures of one level; `alerts` numbers them by their episode."""
    budget = BUDGETS[score.level]
    expected = (
        None
        if base_rate is None
        else expected_value(expected_precision(score.recall, score.false_armed, base_rate))
    )
    return {
        "truths": score.recall.of,
        "found": score.recall.hits,
        "missed": score.recall.of - score.recall.hits,
        "missed_that_could_not_be_seen": score.missed_unseen,
        "false_alerts": len(score.false),
        "duplicates": len(score.duplicates),
        "alerts_of_earlier_truths": len(score.earlier),
        "recall": share_value(score.recall),
        "precision": share_value(score.precision),
        "f1": f1_value(score.f1),
        "false_alerts_per_1000_settlement_years": {
            "armed": rate_value(score.false_armed),
            "observed": rate_value(score.false_observed),
        },
        "budget": {
            "per_1000": budget,
            "verdict": against_budget(score.false_armed, budget).value,
        },
        "precision_at_base_rate": expected,
        "duplicates_per_event": rate_value(score.per_event),
        "second_events": share_value(score.second),
        "dating": {
            "inside": share_value(score.dated_inside),
            "possibly": share_value(score.dated_possibly),
        },
        "delay": delay_value(score.days, score.looks),
        "strata": [_stratum(one) for one in score.strata],
        "false_alert_numbers": [alerts[one.episode] for one in score.false],
        "duplicate_numbers": [alerts[one.episode] for one in score.duplicates],
    }


def _stratum(stratum: Stratum) -> dict[str, Any]:
    return {
        "from": stratum.low,
        "to": stratum.high,
        "recall": share_value(stratum.recall),
        "delay": delay_value(stratum.days, stratum.looks),
    }
