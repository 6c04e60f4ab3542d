"""What was odd about a feature fades on looks that do not show it, as it does on those that do."""

from __future__ import annotations

import numpy as np

from detectors.baseline import learn, terms
from detectors.burn_features import CHAR_INDEX, VISIBLE
from detectors.types import PARTS
from tests.support.learner import FEATURES, RULES, Learner, learner, weather

DAY_S = 86_400
EVERY_DAYS, LOOKS = 30, 6


def odd() -> Learner:
    work = learner(1)
    work.looks(weather(60, 1, shared=0.2, own=0.2))
    work.rows["lately"][:] = 0.1
    return work


def quiet_months(work: Learner, hidden: list[int]) -> np.ndarray:
    """Return what is left of it after half a year of looks that depart from nothing."""
    values = np.zeros((1, FEATURES, PARTS))
    values[:, hidden] = np.nan
    for _ in range(LOOKS):
        work.seconds = int(work.rows["learned"][0]) + EVERY_DAYS * DAY_S
        x = terms(work.seconds, 0)
        found = work.held(values)
        found.error[np.isfinite(found.error)] = 0.0
        trust = np.ones(1)
        work.rows = learn(work.rows, values, found, x, work.seconds, trust, RULES)
    left: np.ndarray = work.rows["lately"][0]
    return left


def test_a_feature_that_was_not_seen_fades_as_the_others_do() -> None:
    left = quiet_months(odd(), [CHAR_INDEX])
    expected = 0.1 * np.exp(-EVERY_DAYS * LOOKS / RULES.lasting_days)
    assert np.allclose(left, expected, rtol=1e-6)


def test_a_look_that_shows_nothing_at_all_changes_nothing() -> None:
    work = odd()
    before = {name: array.copy() for name, array in work.rows.items()}
    values = np.full((1, FEATURES, PARTS), np.nan)
    x = terms(work.seconds, 0)
    after = learn(work.rows, values, work.held(values), x, work.seconds, np.ones(1), RULES)
    for name in ("lately", "learned", "worth"):
        assert (after[name] == before[name]).all(), name
    assert after["lately"][0, VISIBLE] == 0.1
