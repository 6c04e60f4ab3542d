"""Backtests as jobs: what is asked for is made once, kept, and never waits behind a dead one."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.errors import BudgetError, CatalogueError, RegionError
from hearthwatch.pipeline import backtest_jobs
from hearthwatch.pipeline.backtest_jobs import KILLED, Backtests
from hearthwatch.pipeline.planner import Planner
from hearthwatch.pipeline.record import Progress
from hearthwatch.records import Backtest, Mode, RunOutcome
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.watchlist.waiting import confirmed, is_waiting, waiting_words
from tests.contract import store_records as a
from tests.support import settled
from tests.support.remote import Remote

END = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store() -> MemoryStore:
    return a.with_region(MemoryStore())


def jobs(store: MemoryStore, folder: Path, told: list[str] | None = None) -> Backtests:
    tell = (told if told is not None else []).append
    return Backtests(load_settings(data_dir=folder), store, Remote(folder), tell)


def put(store: MemoryStore, *made: Backtest) -> None:
    with store.transaction() as tx:
        for one in made:
            tx.put_backtest(one)


def test_what_waits_is_made_and_its_report_kept(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_backtest(*given: Any) -> dict[str, Any]:
        given[5](Progress(3, 4, END, 1.0, 1.0))
        (going,) = store.open_backtests()
        assert going.outcome is RunOutcome.RUNNING
        return {"told": 2}

    monkeypatch.setattr(backtest_jobs, "run_backtest", run_backtest)
    put(store, a.backtest(report={}))
    jobs(store, tmp_path).step()
    (made,) = store.backtests("ours", "reg-1")
    assert made.outcome is RunOutcome.COMPLETE
    assert dict(made.report) == {"told": 2}
    assert (made.done, made.total) == (3, 4)
    assert made.started <= made.finished
    assert store.open_backtests() == ()


def test_one_that_fails_says_why_and_keeps_no_other_from_its_turn(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def run_backtest(*given: Any) -> dict[str, Any]:
        if given[4].id == "bt-1":
            raise CatalogueError("the catalogue is down")
        return {"told": 0}

    monkeypatch.setattr(backtest_jobs, "run_backtest", run_backtest)
    put(store, a.backtest(), a.backtest(id="bt-2", asked=a.NOON + a.DAY))
    jobs(store, tmp_path, told).step()
    first, second = store.backtests("ours", "reg-1")
    assert (first.outcome, first.detail) == (RunOutcome.FAILED, "the catalogue is down")
    assert second.outcome is RunOutcome.COMPLETE
    assert told == ["region reg-1: its backtest failed: the catalogue is down"]


def test_what_a_dead_process_left_is_over_and_its_folder_gone(
    store: MemoryStore, tmp_path: Path
) -> None:
    put(store, a.backtest(outcome=RunOutcome.RUNNING, started=a.NOON))
    (tmp_path / "backtests" / "bt-1").mkdir(parents=True)
    jobs(store, tmp_path).step()
    (made,) = store.backtests("ours", "reg-1")
    assert (made.outcome, made.detail) == (RunOutcome.INTERRUPTED, KILLED)
    assert not (tmp_path / "backtests").exists()


class TestPlanner:
    @pytest.fixture
    def metered(self, tmp_path: Path) -> Any:
        def made(**more: Any) -> Planner:
            secret = tmp_path / "account.json"
            secret.touch(mode=0o600)
            secret.write_text('{"client_id": "i", "client_secret": "s"}')
            settings = load_settings(
                data_dir=tmp_path, organisation="local", provider="sentinelhub",
                sentinelhub_credentials=secret, **more,
            )  # fmt: skip
            store = MemoryStore()
            settled.enrol(store)
            return Planner(settings, store)

        return made

    def test_a_watch_beyond_a_limit_waits_and_one_within_does_not(self, metered: Any) -> None:
        region = settled.region(Mode.ACTUAL)
        units = metered().estimate("local", region.kind, region.geometry)
        total = sum(part.forecast.units_per_month for part in units.parts)
        assert total > 0.0
        (free,) = metered(confirm_above_units=total + 1.0).admitted([region])
        assert free == region
        (kept,) = metered(confirm_above_units=total - 0.01).admitted([region])
        assert is_waiting(kept)
        assert "units a month" in waiting_words(kept)
        assert confirmed(kept) == region
        (large,) = metered(confirm_above_units=None, confirm_above_km2=1.0).admitted([region])
        assert "km²" in waiting_words(large)
        (any_,) = metered(confirm_above_units=None).admitted([region])
        assert any_ == region

    def test_a_backtest_takes_no_more_than_is_granted(self, metered: Any) -> None:
        planner, region = metered(), settled.region(Mode.ACTUAL)
        month = sum(
            one.forecast.units_per_month
            for one in planner.estimate("local", region.kind, region.geometry).parts
        )
        assert planner.backtest_units(region, 10.0) == pytest.approx(10.0 * month)
        with pytest.raises(BudgetError, match="none are granted"):
            planner.backtest(region, END, 6.0, 4.0, None)
        with pytest.raises(BudgetError, match="are granted"):
            planner.backtest(region, END, 6.0, 4.0, 10.0 * month - 0.1)
        asked = planner.backtest(region, END, 6.0, 4.0, 10.0 * month + 0.1)
        assert (asked.outcome, asked.months, asked.learned_months) == (RunOutcome.WAITING, 6.0, 4.0)

    @pytest.mark.parametrize(("months", "learned"), [(0.0, 1.0), (121.0, 1.0), (1.0, -1.0)])
    def test_months_that_cannot_be_are_refused(
        self, tmp_path: Path, months: float, learned: float
    ) -> None:
        planner = Planner(load_settings(data_dir=tmp_path), MemoryStore())
        with pytest.raises(RegionError, match="cannot be tried"):
            planner.backtest(a.region(), END, months, learned, None)

    def test_a_watch_that_waits_for_nothing_cannot_be_confirmed(self) -> None:
        with pytest.raises(RegionError, match="waits for no confirmation"):
            confirmed(dataclasses.replace(a.region(), terms={}))
