"""Probabilities from what people confirmed and rejected."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.probability import brier_interval, fit
from hearthwatch.calibration.gather import Verdict, verdict_on
from hearthwatch.calibration.sets import Bin, VerdictModel
from hearthwatch.errors import CatalogueError
from hearthwatch.evaluation.intervals import Share
from hearthwatch.records import Event

LEAST = 100
"""Verdicts before which no probability is learned."""
RATIO = "log_likelihood_ratio"
"""Of an event's evidence: the score that probabilities are learned for, nats."""
BINS = 10
_SEED = 0
_WORDS = {"confirmed": Verdict.CONFIRMED, "rejected": Verdict.REJECTED}


def read_verdicts(path: Path) -> dict[str, Verdict]:
    """Read verdicts by event id from a CSV file with the columns ``event`` and ``verdict``.

    Raises
    ------
    CatalogueError
        If it is missing, is no such table, or a verdict is neither confirmed nor rejected.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"{path.name} cannot be read: {error}") from error
    found: dict[str, Verdict] = {}
    for number, row in enumerate(rows, start=2):
        event, word = (row.get("event") or "").strip(), (row.get("verdict") or "").strip().lower()
        if not event or word not in _WORDS:
            raise CatalogueError(
                f"{path.name}, line {number}: an event's id and `confirmed` or `rejected` are "
                "wanted, under the headings event and verdict."
            )
        if found.setdefault(event, _WORDS[word]) is not _WORDS[word]:
            raise CatalogueError(f"{path.name}, line {number}: two verdicts on one event differ.")
    return found


def learn(events: Sequence[Event], verdicts: Mapping[str, Verdict]) -> VerdictModel | None:
    """Learn probabilities; None with fewer than `LEAST` verdicts, or all of one kind.

    People look at what is most pressing first, so that of faint events fewer are judged. Each
    verdict stands for as many events as were told of in its detector's state for each judged one.
    Of what was never told nobody judges anything, and no weight makes up for that.
    """
    told = [one for one in events if RATIO in one.evidence and not one.merged_into]
    judged = [
        (one, verdict_on(one, verdicts))
        for one in told
        if verdict_on(one, verdicts) is not Verdict.UNDECIDED
    ]
    truth = np.array([said is Verdict.CONFIRMED for _, said in judged], bool)
    places = [one.settlement or one.id for one, _ in judged]
    if len(judged) < LEAST or truth.all() or not truth.any() or len(set(places)) < 2:
        return None
    scores = np.array([float(one.evidence[RATIO]) for one, _ in judged])
    weights = _weights(told, [one for one, _ in judged])
    found = fit(scores, truth, places, weights)
    low, high = brier_interval(found.forecasts, truth, _SEED, weights)
    return VerdictModel(
        kind=found.kind,
        model=found.model,
        verdicts=len(truth),
        confirmed=int(truth.sum()),
        brier=found.brier[found.kind],
        brier_low=low,
        brier_high=high,
        others=dict(found.brier),
        reliability=reliability(found.forecasts, truth),
    )


def _weights(told: Sequence[Event], judged: Sequence[Event]) -> NDArray[np.float64]:
    """Return how many events each judged one stands for, of the same state of its detector."""
    all_of = Counter(one.detector_state for one in told)
    judged_of = Counter(one.detector_state for one in judged)
    return np.array([all_of[one.detector_state] / judged_of[one.detector_state] for one in judged])


def reliability(forecasts: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Return the share confirmed among forecasts of each tenth from 0 to 1; empty ones are not."""
    number = np.minimum((forecasts * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(
            float(forecasts[number == one].mean()),
            Share(int(truth[number == one].sum()), int((number == one).sum())),
        )
        for one in np.unique(number)
    )
