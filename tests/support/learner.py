"""A baseline that learns look after look from values that are drawn first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import BaselineRules, Errors, errors, learn, new_rows, terms
from detectors.burn_features import NAMES
from detectors.types import PARTS

Array = NDArray[np.float64]
FEATURES = len(NAMES)
RULES = BaselineRules()
SURE = np.zeros(FEATURES)
"""Of features that are as good as their own history says."""
START_S = 1_500_000_000
EVERY_S = 5 * 86400


@dataclass
class Learner:
    """Rows that learn one look after the other, and every error made before."""

    rows: dict[str, NDArray[Any]]
    rules: BaselineRules = RULES
    null: NDArray[np.bool_] | None = None
    seconds: int = START_S

    def look(self, values: Array, slot: int = 0, trust: float = 1.0) -> Errors:
        places = len(values)
        null = np.zeros(places, bool) if self.null is None else self.null
        x = terms(self.seconds, slot)
        found = errors(self.rows, values, x, self.seconds, null, SURE, self.rules)
        given_trust = np.full(places, trust)
        self.rows = learn(self.rows, values, found, x, self.seconds, given_trust, self.rules)
        self.seconds += EVERY_S
        return found

    def looks(self, series: Array) -> list[Errors]:
        """Take in a series of shape (look, place, feature, part)."""
        return [self.look(values) for values in series]

    def held(self, values: Array, unsure: Array = SURE) -> Errors:
        """Hold a look against what is known, and learn nothing."""
        null = np.zeros(len(values), bool) if self.null is None else self.null
        x = terms(self.seconds, 0)
        return errors(self.rows, values, x, self.seconds, null, unsure, self.rules)


def learner(places: int, rules: BaselineRules = RULES) -> Learner:
    return Learner(new_rows(places, rules), rules)


def weather(looks: int, places: int, *, shared: float, own: float, seed: int = 0) -> Array:
    """Return errors of all parts: one shared by a place's parts, and one of each part's own."""
    rng = np.random.default_rng(seed)
    start = np.array(RULES.scale_start)[:, None]
    together = rng.normal(0.0, shared, (looks, places, FEATURES, 1))
    alone = rng.normal(0.0, own, (looks, places, FEATURES, PARTS))
    drawn: Array = (together + alone) * start
    return drawn
