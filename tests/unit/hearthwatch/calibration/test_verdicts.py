"""Probabilities from verdicts: read, counted, learned, and shown as reliable or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.probability import Platt
from hearthwatch.calibration.gather import Verdict
from hearthwatch.calibration.verdicts import LEAST, learn, read_verdicts, reliability
from hearthwatch.errors import CatalogueError
from hearthwatch.records import Event, EventState
from tests.contract import store_records as a

TRUE = Platt(0.8, -6.0)


def judged(count: int, seed: int = 0) -> list[Event]:
    """Return events whose verdicts are drawn with the probability their evidence truly has."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(3, 14, count)
    said = rng.random(count) < TRUE(scores)
    return [
        a.event(
            id=f"evt-{number}", settlement=f"set-{number}",
            evidence={"log_likelihood_ratio": float(score)},
            state=EventState.CONFIRMED if yes else EventState.REJECTED,
        )
        for number, (score, yes) in enumerate(zip(scores, said, strict=True))
    ]  # fmt: skip


def written(folder: Path, text: str) -> Path:
    path = folder / "verdicts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_probability_is_learned_before_there_are_enough_verdicts() -> None:
    assert learn(judged(LEAST - 1), {}) is None
    assert learn(judged(LEAST), {}).verdicts == LEAST


def test_events_that_nobody_judged_teach_nothing() -> None:
    undecided = [a.event(id=f"u{n}", evidence={"log_likelihood_ratio": 5.0}) for n in range(50)]
    assert learn(judged(LEAST - 1) + undecided, {}) is None
    one = undecided[0].id
    assert learn(judged(LEAST - 1) + undecided, {one: Verdict.REJECTED}).verdicts == LEAST


def test_verdicts_of_one_kind_teach_nothing() -> None:
    events = [one for one in judged(1000) if one.state is EventState.CONFIRMED][:150]
    assert len(events) == 150
    assert learn(events, {}) is None


def test_learned_probabilities_are_as_often_right_as_they_say() -> None:
    model = learn(judged(2000), {})
    scores = np.array([4.0, 7.5, 11.0])
    assert model.model(scores) == pytest.approx(TRUE(scores), abs=0.06)
    assert model.brier_low < model.brier < model.brier_high
    assert model.brier == min(model.others.values())
    inside = [one.confirmed.interval.low <= one.forecast <= one.confirmed.interval.high
              for one in model.reliability]  # fmt: skip
    # Of ten intervals of 95 % one may miss.
    assert sum(inside) >= len(inside) - 1
    assert sum(one.confirmed.of for one in model.reliability) == 2000


def test_a_bin_holds_the_mean_forecast_and_what_was_confirmed() -> None:
    forecasts = np.array([0.05, 0.09, 0.55, 1.0])
    low, middle, high = reliability(forecasts, np.array([False, True, True, True]))
    assert low.forecast == pytest.approx(0.07)
    assert (low.confirmed.hits, low.confirmed.of) == (1, 2)
    assert (middle.confirmed.hits, middle.confirmed.of) == (1, 1)
    assert (high.forecast, high.confirmed.of) == (1.0, 1)


def test_verdicts_are_read_by_event(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffevent,verdict,by\na,confirmed,me\nb, Rejected ,you\n")
    assert read_verdicts(path) == {"a": Verdict.CONFIRMED, "b": Verdict.REJECTED}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("event,verdict\na,perhaps\n", "line 2"),
        ("event,verdict\na,confirmed\n,rejected\n", "line 3"),
        ("id,said\na,confirmed\n", "line 2"),
        ("event,verdict\na,confirmed\na,rejected\n", "differ"),
    ],
)
def test_what_is_no_verdict_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CatalogueError, match=told):
        read_verdicts(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"none\.csv cannot be read"):
        read_verdicts(tmp_path / "none.csv")
