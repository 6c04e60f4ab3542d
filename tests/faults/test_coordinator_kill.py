"""Processes on one server are killed at any point of their work: nothing lost or doubled."""

import random
from collections.abc import Iterator

import pytest

from tests.faults.coordinator_trials import Trials
from tests.support import postgis

SEED = 20241108
KILLS = 20
pytestmark = [pytest.mark.needs_postgis, pytest.mark.slow]


@pytest.fixture
def trials() -> Iterator[Trials]:
    trials = Trials(postgis.server().empty(), SEED)
    try:
        trials.begin()
        yield trials
    finally:
        trials.close()


def test_no_run_is_lost_or_doubled_when_processes_are_killed(trials: Trials) -> None:
    rng = random.Random(SEED)
    for _ in range(KILLS):
        trials.kill(rng)
    trials.finish()
    assert trials.losses() == []
    assert sum(trials.kills.values()) == KILLS
    assert trials.kills["leads"] > 3
    assert trials.kills["asks"] > 1
    assert trials.kills["leads frozen"] > 0
    # The work went on in other processes.
    assert len(trials.turns) > 3
    assert trials.count() > 40
