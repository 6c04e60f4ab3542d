"""What everyone who relies on a region is told of how it is being read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.budget.policy import month_start
from hearthwatch.budget.shown import Shown, shown, shown_value
from hearthwatch.budget.stages import Stage
from hearthwatch.records import Region, RunOutcome
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_records as a
from tests.support import blind, clock

HUB = "sentinelhub"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BEGUN = month_start(NOW)


@pytest.fixture(autouse=True)
def _month(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be one moment of one month: in its first minutes little of it can have been spent."""
    clock.stop(monkeypatch, NOW, "hearthwatch.budget.account", "hearthwatch.budget.lapsed")


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(MemoryStore()) as store:
        with store.transaction() as tx:
            for number in range(3):
                tx.put_region(a.region(id=f"reg-{number}", name=f"Region {number}"))
        for number in range(3):
            ran(store, f"reg-{number}", hours=5.0)
        yield store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, provider=HUB)


def told(settings: Settings, store: Store, organisation: str = "ours") -> dict[str, Shown]:
    return shown(settings, store, organisation, store.regions(organisation))


def ran(
    store: Store,
    region: str,
    hours: float,
    outcome: RunOutcome = RunOutcome.COMPLETE,
    detail: str = "",
    **more: Any,
) -> datetime:
    """Let a run over a region begin so many hours ago, and end; return when."""
    at = NOW - timedelta(hours=hours)
    run = a.run(
        id=f"{region}-{hours}", region=region, started=at, finished=at, outcome=outcome,
        detail=detail, **more,
    )  # fmt: skip
    with store.transaction() as tx:
        tx.put_run(run)
    return at


def spend(store: Store, units: float, region: str, minutes: int, **more: Any) -> datetime:
    """Settle a read that many minutes into the month; return when."""
    at = BEGUN + timedelta(minutes=minutes)
    with store.transaction() as tx:
        tx.put_spend(
            a.settled(id=f"{region}-{minutes}", region=region, units=units, requests=1,
                      reserved=at, settled=at, **more)
        )  # fmt: skip
    return at


def test_a_region_that_is_read_in_full_has_nothing_to_say(settings: Settings, store: Store) -> None:
    found = told(settings, store)
    assert list(found) == ["reg-0", "reg-1", "reg-2"]
    for one in found.values():
        assert one.is_well
        assert shown_value(one) == {
            "stage": "full", "words": "reads at full resolution", "why": "",
            "blind_since": None, "until": None, "missing_passes": 0,
        }  # fmt: skip


def test_a_paused_provider_blinds_every_region_since_then(settings: Settings, store: Store) -> None:
    with blind.paused(store, "ours", HUB):
        for one in told(settings, store).values():
            assert not one.is_well
            assert one.why == f"{blind.REASON}; back on 1 December"
            assert shown_value(one)["blind_since"] == "2026-11-20T10:12:00Z"
            assert shown_value(one)["until"] == "2999-12-01T00:00:00Z"
    assert all(one.is_well for one in told(settings, store).values())


def test_a_pause_belongs_to_one_organisation_whatever_the_settings_name(
    settings: Settings, store: Store
) -> None:
    with store.transaction() as tx:
        tx.put_region(a.region(id="reg-9", organisation="theirs"))
    ran(store, "reg-9", 5.0, organisation="theirs")
    with blind.paused(store, "theirs", HUB):
        assert all(one.is_well for one in told(settings, store).values())
        assert told(settings, store, "theirs")["reg-9"].stage is Stage.PAUSED


def test_missing_passes_are_told_of_their_region_only(settings: Settings, store: Store) -> None:
    later = a.gap(id="later", region="reg-1", expected=blind.EXPECTED + timedelta(days=10))
    over = a.gap(id="over", region="reg-2", closed=blind.SINCE)
    with blind.missing(store, "ours", "reg-1"):
        with store.transaction() as tx:
            tx.put_gap(later)
            tx.put_gap(over)
        found = told(settings, store)
        assert (found["reg-0"].is_well, found["reg-2"].is_well) == (True, True)
        one = found["reg-1"]
        assert (one.stage, one.is_well) == (Stage.FULL, False)
        assert one.why == "2 passes missing since 2026-11-18"
        assert one.words == f"reads at full resolution; {one.why}"
        # Asked alone it says the same.
        alone = shown(settings, store, "ours", [of(store, "reg-1")])
        assert alone == {"reg-1": one}


def test_units_that_are_spent_blind_all_since_the_read_that_spent_them(
    settings: Settings, store: Store
) -> None:
    spend(store, 4_000.0, "reg-0", 1)
    at = spend(store, 4_000.0, "reg-1", 2)
    spend(store, 100.0, "reg-0", 3)
    spend(store, 9_000.0, "reg-0", 0, provider="another")
    for one in told(settings, store).values():
        assert (one.stage, one.blind_since) == (Stage.PAUSED, at)
        assert "the month's 8,000 of 10,000 units that routine looks may take" in one.why


def test_a_region_that_spent_its_own_share_is_blind_alone(tmp_path: Path, store: Store) -> None:
    settings = load_settings(data_dir=tmp_path, provider=HUB, units_per_region_month=100.0)
    spend(store, 40.0, "reg-0", 1)
    spend(store, 30.0, "reg-1", 2)
    at = spend(store, 40.0, "reg-0", 3)
    spend(store, 30.0, "reg-2", 4)
    found = told(settings, store)
    assert (found["reg-0"].stage, found["reg-0"].blind_since) == (Stage.PAUSED, at)
    assert {one.stage for one in (found["reg-1"], found["reg-2"])} == {Stage.FULL}


def test_a_region_that_is_blind_says_so_though_nobody_knows_since_when(
    tmp_path: Path, store: Store
) -> None:
    settings = load_settings(data_dir=tmp_path, provider=HUB, units_per_month=0.0)
    one = told(settings, store)["reg-0"]
    assert (one.stage, one.blind_since) == (Stage.PAUSED, None)
    assert one.words.startswith("blind: the month's 0 of 0 units")


class TestAnotherProvider:
    """`fallback_provider` reads on, unless it gives nothing either."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return load_settings(data_dir=tmp_path, provider="stac", fallback_provider=HUB)

    def test_it_is_named(self, settings: Settings, store: Store) -> None:
        with blind.paused(store, "ours", "stac", "it is down"):
            one = told(settings, store)["reg-0"]
        assert (one.stage, one.blind_since) == (Stage.OTHER_PROVIDER, None)
        assert one.words.startswith("reads from sentinelhub instead since 2026-11-20 10:12: it is")

    def test_one_whose_units_are_spent_is_none(self, settings: Settings, store: Store) -> None:
        at = spend(store, 8_000.0, "reg-1", 1)
        with blind.paused(store, "ours", "stac", "it is down") as pause:
            one = told(settings, store)["reg-0"]
        assert (one.stage, one.blind_since) == (Stage.PAUSED, max(at, pause.since))

    @pytest.mark.parametrize("first", ["stac", HUB])
    def test_blind_since_the_second_of_two_gave_out(
        self, settings: Settings, store: Store, first: str
    ) -> None:
        second = HUB if first == "stac" else "stac"
        with store.transaction() as tx:
            tx.put_pause(a.pause(provider=first, since=blind.SINCE - timedelta(3), until=None))
        with blind.paused(store, "ours", second):
            one = told(settings, store)["reg-0"]
        assert (one.stage, one.blind_since) == (Stage.PAUSED, blind.SINCE)


def test_what_regions_share_is_asked_of_the_store_once(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(store, 8_000.0, "reg-0", 1)
    asked: list[str] = []
    for name in ("spends", "spent", "pauses", "gaps", "runs"):
        monkeypatch.setattr(store, name, _noted(asked, name, getattr(store, name)))
    told(settings, store)
    assert sorted(asked) == ["gaps", "pauses", "runs", "spends", "spent"]


def _noted(asked: list[str], name: str, ask: Any) -> Any:
    def noting(*args: Any, **named: Any) -> Any:
        asked.append(name)
        return ask(*args, **named)

    return noting


def of(store: Store, region: str) -> Region:
    return next(one for one in store.regions("ours") if one.id == region)


class TestRunsThatComeToNothing:
    """The budget is full, and yet nobody looks."""

    DOWN = "the catalogue could not be searched: it does not answer"

    def test_a_catalogue_that_is_down_for_days_blinds_since_the_last_run_that_was_completed(
        self, settings: Settings, store: Store
    ) -> None:
        put_back(store, "reg-0")
        at = ran(store, "reg-0", 80.0)
        for hours in (70.0, 40.0, 1.0):
            ran(store, "reg-0", hours, RunOutcome.FAILED, self.DOWN)
        found = told(settings, store)
        one = found["reg-0"]
        assert (one.stage, one.blind_since, one.is_well) == (Stage.PAUSED, at, False)
        assert one.words == (
            f"blind since {at:%Y-%m-%d %H:%M}: no run over it has been completed since then: "
            f"{self.DOWN}"
        )
        assert found["reg-1"].is_well

    def test_one_run_that_failed_is_told_of_before_anyone_is_blind(
        self, settings: Settings, store: Store
    ) -> None:
        ran(store, "reg-0", 1.0, RunOutcome.FAILED, self.DOWN)
        one = told(settings, store)["reg-0"]
        assert (one.stage, one.blind_since, one.is_well) == (Stage.FULL, None, False)
        assert one.words == f"reads at full resolution; the last run failed: {self.DOWN}"
        for minutes in range(1, 41):
            ran(store, "reg-1", minutes / 100)
        alone = shown(settings, store, "ours", [of(store, "reg-0")])
        assert alone["reg-0"] == one
        ran(store, "reg-0", 0.5)
        assert told(settings, store)["reg-0"].is_well
        ran(store, "reg-0", 0.25, RunOutcome.FAILED)
        assert told(settings, store)["reg-0"].why == "the last run failed"

    def test_a_fallback_in_use_for_a_catalogue_that_is_down_is_told_of(
        self, settings: Settings, store: Store
    ) -> None:
        words = f"{HUB}: {self.DOWN}; stac was read instead"
        ran(store, "reg-0", 1.0, detail=words)
        one = told(settings, store)["reg-0"]
        assert (one.stage, one.why, one.is_well) == (Stage.FULL, words, False)

    @pytest.mark.parametrize("outcome", [RunOutcome.INTERRUPTED, RunOutcome.RUNNING])
    def test_runs_that_never_end_blind(
        self, settings: Settings, store: Store, outcome: RunOutcome
    ) -> None:
        put_back(store, "reg-0")
        for hour in range(30):
            ran(store, "reg-0", float(hour), outcome)
        one = told(settings, store)["reg-0"]
        assert (one.stage, one.blind_since) == (Stage.PAUSED, a.NOON)

    def test_a_run_that_was_completed_before_many_that_failed_is_found(
        self, settings: Settings, store: Store
    ) -> None:
        put_back(store, "reg-0")
        ran(store, "reg-0", 47.0)
        for minute in range(60):
            ran(store, "reg-0", 11.0 - minute / 6, RunOutcome.FAILED, self.DOWN)
        assert told(settings, store)["reg-0"].stage is Stage.FULL

    def test_looking_at_the_past_is_no_watch(self, settings: Settings, store: Store) -> None:
        put_back(store, "reg-0")
        ran(store, "reg-0", 1.0, until=a.NOON)
        assert told(settings, store)["reg-0"].blind_since == a.NOON

    def test_a_new_region_has_time_for_its_first_run_and_an_expired_one_needs_none(
        self, settings: Settings, store: Store
    ) -> None:
        new = a.region(id="reg-0", created=NOW - timedelta(hours=40))
        over = a.region(id="reg-1", expires=NOW - timedelta(days=9))
        for one in (new, over):
            put_back(store, one.id)
        found = shown(settings, store, "ours", [new, over])
        assert all(one.is_well for one in found.values())

    def test_a_watch_that_is_seldom_is_given_twice_its_time(
        self, tmp_path: Path, store: Store
    ) -> None:
        settings = load_settings(data_dir=tmp_path, provider=HUB, run_every_hours=48.0)
        put_back(store, "reg-0")
        ran(store, "reg-0", 95.0)
        assert told(settings, store)["reg-0"].is_well

    def test_a_folder_is_read_when_somebody_says_so(self, tmp_path: Path, store: Store) -> None:
        put_back(store, "reg-0")
        assert told(load_settings(data_dir=tmp_path), store)["reg-0"].is_well


def put_back(store: Store, region: str) -> None:
    """Say of the runs over a region that they were broken off."""
    for one in store.runs("ours", region=region):
        with store.transaction() as tx:
            tx.put_run(dataclasses.replace(one, outcome=RunOutcome.INTERRUPTED))
