"""Which alert found which truth, at one settlement and one level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hearthwatch.evaluation.definitions import SLACK
from hearthwatch.evaluation.episodes import Report
from hearthwatch.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class Alert:
    """An episode that reached the level in question."""

    episode: str
    settlement: str
    report: Report


def truth_order(truth: Truth) -> tuple[object, ...]:
    """Return the key by which truths of one settlement are ordered in time."""
    return truth.earliest, truth.latest, truth.where


def alert_order(alert: Alert) -> tuple[object, ...]:
    """Return the key by which alerts of one settlement are ordered in time."""
    return alert.report.first_changed, alert.report.reached, alert.episode


def meets(truth: Truth, report: Report) -> bool:
    """Tell whether the true date may lie in the reported interval (unharmed, changed]."""
    after = report.last_unharmed is None or truth.latest > report.last_unharmed
    return after and truth.earliest <= report.first_changed


def inside(truth: Truth, report: Report) -> bool:
    """Tell whether the true date lies in the reported interval for certain."""
    after = report.last_unharmed is None or truth.earliest > report.last_unharmed
    return after and truth.latest <= report.first_changed


def compatible(truth: Truth, report: Report) -> bool:
    """Tell whether an alert at a truth's settlement may have found it.

    It must not have been raised before the event can have happened, and its interval, widened by
    `SLACK` at both ends, must meet that of the truth.
    """
    since = report.last_unharmed
    widened = Report(
        report.reached, None if since is None else since - SLACK, report.first_changed + SLACK
    )
    return report.reached >= truth.earliest and meets(truth, widened)


def pair(truths: Sequence[Truth], alerts: Sequence[Alert]) -> list[tuple[Truth, Alert]]:
    """Pair truths and alerts of one settlement one to one, in order of time.

    As many pairs as possible that do not cross the order; among these the earlier truth takes
    the earlier alert.

    Parameters
    ----------
    truths, alerts : sequence
        In any order.
    """
    truths, alerts = sorted(truths, key=truth_order), sorted(alerts, key=alert_order)
    fits = [[compatible(truth, alert.report) for alert in alerts] for truth in truths]
    most = _most(fits, len(alerts))
    pairs, i, j = [], 0, 0
    while i < len(truths) and j < len(alerts):
        if fits[i][j] and most[i][j] == 1 + most[i + 1][j + 1]:
            pairs.append((truths[i], alerts[j]))
            i, j = i + 1, j + 1
        elif most[i][j] == most[i][j + 1]:
            j += 1
        else:
            i += 1
    return pairs


def _most(fits: Sequence[Sequence[bool]], width: int) -> list[list[int]]:
    """Return how many pairs truths from i and alerts from j on allow (longest common order)."""
    most = [[0] * (width + 1) for _ in range(len(fits) + 1)]
    for i in reversed(range(len(fits))):
        for j in reversed(range(width)):
            here = 1 + most[i + 1][j + 1] if fits[i][j] else 0
            most[i][j] = max(here, most[i + 1][j], most[i][j + 1])
    return most
