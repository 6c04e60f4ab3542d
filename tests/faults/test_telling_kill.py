"""What writes alerts and what sends them is killed at random, and receivers fail in every way.

`benchmarks/bench_delivery.py` does it a thousand times; here it is done to see that it can be.
"""

from pathlib import Path

import pytest

from hearthwatch.store import SqlStore
from tests.faults import telling_trials
from tests.faults.hooks import REFUSED
from tests.faults.tellers import Ground
from tests.support import postgis

KILLS = 12
EVENTS = 6


@pytest.mark.parametrize("kind", [
    pytest.param("sqlite", marks=pytest.mark.slow),
    pytest.param("postgres", marks=[pytest.mark.slow, pytest.mark.needs_postgis]),
])  # fmt: skip
def test_every_alert_arrives_once_told_whoever_is_killed(kind: str, tmp_path: Path) -> None:
    if kind == "postgres":
        place: Path | str = postgis.server().make("ours")
    else:
        place = tmp_path / "store.sqlite"
        SqlStore.open(place, write=True).close()
    found = telling_trials.carry_out(Ground(tmp_path / "data", place, EVENTS), KILLS, (1000, 3))
    assert found.faults == []
    assert found.alerts == EVENTS * 4 * 2
    assert found.kills.total() == KILLS
    assert sum(found.fates[one] for one in REFUSED) > 5
    assert found.arrivals > found.messages
