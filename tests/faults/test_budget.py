"""Faults of the budget: a quota that is spent, a race for the last units, an answer lost."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearthwatch.budget.account import Budget
from hearthwatch.budget.policy import Caps, Refusal, month_start
from hearthwatch.budget.stages import Stage, in_words
from hearthwatch.records import Priority, Spend, SpendStatus
from hearthwatch.store import open_store
from hearthwatch.store.whole import all_spends
from imagery.errors import QuotaExhausted
from imagery.types import Cost
from tests.contract import store_records as a

HUB = "sentinelhub"
NOW = datetime(2026, 11, 20, 10, 12, tzinfo=UTC)
RESET = datetime(2026, 12, 1, tzinfo=UTC)


def reserve(budget: Budget, units: float, run: str = "") -> Spend | Refusal:
    cost = Cost(requests=1, units=units, bytes=0)
    return budget.reserve(HUB, "reg-1", "S2A-1", "cell", cost, Priority.CONFIRMATION, run=run)


def test_f20_a_spent_quota_pauses_fails_over_and_every_region_says_so(tmp_path: Path) -> None:
    caps = {HUB: Caps(units_per_month=10_000, requests_per_month=10_000)}
    with closing(open_store(tmp_path / "db", write=True)) as store:
        budget = Budget(store, "ours", caps, lambda: NOW)
        held = reserve(budget, 6.67)
        assert isinstance(held, Spend)
        error = QuotaExhausted("the month's 10,000 units are spent")
        error.requests, error.until = 1, RESET
        budget.settle(held, Cost(error.requests, error.units, 0), detail=str(error))
        budget.pause(HUB, error.until, str(error))
        refused = reserve(budget, 0.01)
        assert isinstance(refused, Refusal)
        assert refused.lifted == RESET
        over = budget.stage(HUB, "reg-1", fallback="stac")
        assert (over.stage, over.provider) == (Stage.OTHER_PROVIDER, "stac")
        assert in_words(budget.stage(HUB, "reg-1")) == (
            "blind since 2026-11-20 10:12: the month's 10,000 units are spent; back on 1 December"
        )
    # Another process, after a restart, says the same.
    with closing(open_store(tmp_path / "db", write=True)) as store:
        later = Budget(store, "ours", caps, lambda: NOW + timedelta(days=3))
        assert in_words(later.stage(HUB, "reg-1")).startswith("blind since 2026-11-20 10:12")


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1), cap=st.floats(5.0, 60.0), threads=st.integers(2, 6))
def test_f21_threads_of_two_openings_never_spend_more_than_the_cap(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cap: float, threads: int
) -> None:
    path = tmp_path_factory.mktemp("race") / "db"
    caps = {HUB: Caps(units_per_month=cap, requests_per_month=10**9)}
    open_store(path, write=True).close()
    stores = [open_store(path, write=True, alone=False) for _ in range(2)]
    charged: dict[str, float] = {}
    begin = threading.Barrier(threads)

    def spend(number: int) -> None:
        draw = random.Random(seed + number)
        budget = Budget(stores[number % 2], "ours", caps, lambda: NOW)
        begin.wait()
        for _ in range(12):
            held = reserve(budget, draw.uniform(0.5, 6.0))
            if not isinstance(held, Spend):
                continue
            took = held.estimated_units * draw.uniform(0.3, 1.0)
            fate = draw.random()
            if fate < 0.2:
                budget.release(held, "nothing was sent")
            elif fate < 0.4:
                charged[held.id] = held.estimated_units  # the thread dies: it stays reserved
            else:
                charged[held.id] = took
                budget.settle(held, Cost(1, took, 0))

    workers = [threading.Thread(target=spend, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = stores[0].spent("ours", HUB, month_start(NOW))
    for store in stores:
        store.close()
    assert found.units + found.reserved_units <= cap + 1e-6
    assert found.units + found.reserved_units == pytest.approx(sum(charged.values()))


def test_f21_a_reservation_judged_on_old_sums_cannot_be_made(tmp_path: Path) -> None:
    caps = {HUB: Caps(units_per_month=10.0, requests_per_month=100)}
    path = tmp_path / "db"
    open_store(path, write=True).close()
    with (
        closing(open_store(path, write=True, alone=False)) as one,
        closing(open_store(path, write=True, alone=False)) as two,
    ):
        first, second = (Budget(store, "ours", caps, lambda: NOW) for store in (one, two))
        found: list[Spend | Refusal] = []
        with one.transaction() as tx:
            racer = threading.Thread(target=lambda: found.append(reserve(second, 7.0)))
            racer.start()
            time.sleep(0.2)
            assert found == []  # it waits for the one that writes
            tx.put_spend(a.spend(estimated_units=7.0, reserved=NOW))
        racer.join()
        assert isinstance(found[0], Refusal)
        assert isinstance(reserve(first, 3.0), Spend)


def test_f21_f22_processes_killed_at_random_overspend_nothing_and_forget_nothing(
    tmp_path: Path,
) -> None:
    path, cap = tmp_path / "db", 150.0
    open_store(path, write=True).close()
    logs = [tmp_path / f"paid-{number}" for number in range(3)]
    begun = month_start(datetime.now(UTC))
    _spend_until_killed(path, logs, cap, random.Random(21))
    paid = dict(line.split() for log in logs for line in log.read_text().splitlines())
    with closing(open_store(path, write=True)) as store:
        budget = Budget(store, "ours", {HUB: Caps(cap, 10**9)})
        before = store.spent("ours", HUB, begun)
        # Where a month ended meanwhile, another cap's worth may have been spent since.
        months = len({begun, month_start(datetime.now(UTC))})
        assert before.units + before.reserved_units <= months * cap + 1e-6
        lost = budget.lose_open(())
        after = store.spent("ours", HUB, begun)
        assert after.reserved_units == 0.0
        assert after.units == pytest.approx(before.units + before.reserved_units)
        kept = {spend.id: spend for spend in all_spends(store, "ours")}
    # Whatever the provider charged is in the books, at what it took or at more.
    assert set(paid) <= set(kept)
    for spend_id, took in paid.items():
        spend = kept[spend_id]
        counted = spend.estimated_units if spend.status is SpendStatus.LOST else spend.units
        assert counted >= float(took) - 1e-9
    assert {spend.id for spend in lost} == {
        spend.id for spend in kept.values() if spend.status is SpendStatus.LOST
    }
    assert len(paid) >= 3


def _spend_until_killed(path: Path, logs: list[Path], cap: float, draw: random.Random) -> None:
    """Let processes spend at once, and kill each at no chosen point."""
    words = [sys.executable, str(Path(__file__).with_name("spender.py")), str(path)]
    children = [
        subprocess.Popen(
            [*words, str(log), str(cap)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for log in logs
    ]  # fmt: skip
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            time.sleep(draw.uniform(0.1, 0.3))
            child.kill()
    finally:
        for child in children:
            child.kill()
            child.communicate()


def test_f22_an_answer_paid_for_and_lost_is_shown_and_the_refetch_counts_too(
    tmp_path: Path,
) -> None:
    caps = {HUB: Caps(units_per_month=20.0, requests_per_month=100)}
    with closing(open_store(tmp_path / "db", write=True)) as store:
        budget = Budget(store, "ours", caps, lambda: NOW)
        assert isinstance(reserve(budget, 6.67, run="killed"), Spend)
    # The process was killed after the answer and before it was kept; the next run begins.
    with closing(open_store(tmp_path / "db", write=True)) as store:
        budget = Budget(store, "ours", caps, lambda: NOW + timedelta(minutes=5))
        (lost,) = budget.lose_open(())
        assert (lost.status, lost.acquisition) == (SpendStatus.LOST, "S2A-1")
        again = reserve(budget, 6.67, run="next")
        assert isinstance(again, Spend)
        budget.settle(again, Cost(1, 6.5, 1_000))
        found = store.spent("ours", HUB, month_start(NOW))
        assert found.units == pytest.approx(6.67 + 6.5)
        assert found.requests == 2
        assert isinstance(reserve(budget, 6.9), Refusal)
        assert {spend.status for spend in all_spends(store, "ours", region="reg-1")} == {
            SpendStatus.LOST,
            SpendStatus.SETTLED,
        }
