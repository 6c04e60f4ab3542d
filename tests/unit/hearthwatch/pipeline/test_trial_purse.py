"""A trial never takes more than it was granted, whatever becomes of its reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detectors.registry import create_detector
from hearthwatch.budget.account import Budget
from hearthwatch.budget.policy import Caps, Refusal
from hearthwatch.pipeline.plan import make_plan
from hearthwatch.pipeline.tasks import MeasureTask, Reading, Site, not_taken
from hearthwatch.pipeline.trial_purse import TrialPurse
from hearthwatch.records import ObservationStatus, Priority, Spend, SpendStatus
from hearthwatch.store import MemoryStore
from imagery.types import Cost
from tests.support import catalogue, settled
from tests.support.remote import Remote
from tests.support.settled import LOOKS

GRANTED = 5.0
CELL = "34N_0061_0147"
INFO = create_detector("burned").info


class Charged(Remote):
    """A catalogue over a network of which every read may cost a unit."""

    def estimate(self, scenes: Any, geobox: Any, bands: Any) -> Cost:
        return Cost(requests=1, units=1.0, bytes=0)


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial") / "looks"
    return settled.write_looks(folder, LOOKS[:1], settled.dry_land())


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store)
    return store


@pytest.fixture
def provider(looks: Path) -> Charged:
    return Charged(looks)


@pytest.fixture
def purse(store: MemoryStore, provider: Charged, looks: Path, tmp_path: Path) -> TrialPurse:
    budget = Budget(store, "local", {"folder": Caps(100.0, 100)})
    settings = settled.settings_for(tmp_path / "var", looks, workers=1)
    purse = TrialPurse(budget, store, provider, settled.region(), "trial", settings)
    purse.most_units = GRANTED
    return purse


@pytest.fixture
def task(store: MemoryStore, provider: Charged, tmp_path: Path) -> MeasureTask:
    (look, *_) = make_plan(store, provider, settled.region(), INFO, settled.UNTIL).looks
    grid = catalogue.grid(origin=settled.CORNER)
    return MeasureTask(
        provider, look, Site(CELL, (CELL,), b"", grid), "burned", tmp_path / "a", tmp_path, 9.0,
        Reading(),
    )  # fmt: skip


def booked(store: MemoryStore) -> float:
    """Return what stands on the account: of what was not seen to its end, what was put aside."""
    every = store.spends("local").items
    unseen = (SpendStatus.RESERVED, SpendStatus.LOST)
    return sum(one.estimated_units if one.status in unseen else one.units for one in every)


def _taken(task: MeasureTask, units: float) -> Any:
    none = not_taken(task.acquisition, task.site, ObservationStatus.NOT_DELIVERED, "failed: x")
    return dataclasses.replace(none, cost=Cost(int(units > 0), units, 0))


ENDS: dict[str, Callable[[TrialPurse, MeasureTask, Spend], None]] = {
    "as thought": lambda purse, task, held: purse.settle(held, _taken(task, 1.0)),
    "dearer": lambda purse, task, held: purse.settle(held, _taken(task, 1.5)),
    "archived": lambda purse, task, held: purse.settle(held, _taken(task, 0.0)),
    "begun three times": lambda purse, task, held: purse.settle(held, _taken(task, 1.0), begun=3),
    "lost": lambda purse, task, held: purse.lose(held, 1),
    "lost after two": lambda purse, task, held: purse.lose(held, 3),
    "never begun": lambda purse, task, held: purse.release(held),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_counts_as_spent_is_what_stands_on_the_account(
    purse: TrialPurse, store: MemoryStore, task: MeasureTask, end: str
) -> None:
    held = purse.permit(task, INFO)
    assert isinstance(held, Spend)
    assert held.priority is Priority.BACKFILL
    assert purse.spent == booked(store) > 0.0
    ENDS[end](purse, task, held)
    assert purse.spent == pytest.approx(booked(store))


def test_reads_whose_worker_dies_again_and_again_use_up_the_grant(
    purse: TrialPurse, store: MemoryStore, task: MeasureTask
) -> None:
    for _ in range(2):
        held = purse.permit(task, INFO)
        assert isinstance(held, Spend)
        purse.lose(held, 3)
    # A read that was begun anew cannot be refused any more, and the next one is.
    assert booked(store) == 6.0 > GRANTED
    refused = purse.permit(task, INFO)
    assert isinstance(refused, Refusal)
    assert refused.cap == "most_units"
