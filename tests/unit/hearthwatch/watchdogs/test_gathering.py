"""What the store tells of the watches, as the rules look at it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearthwatch.records import AlarmKind
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import MemoryStore, Store
from hearthwatch.watchdogs.gathering import fresh, watched
from hearthwatch.watchdogs.rules import find_watched
from tests.contract import store_records as a
from tests.support import clock

RADAR, OPTICAL = "Sentinel-1", "Sentinel-2"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be the same moment for what is said of runs."""
    clock.stop(monkeypatch, NOW, "hearthwatch.budget.account", "hearthwatch.budget.lapsed")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, organisation="ours", provider="stac")


@pytest.fixture
def store() -> Store:
    made = a.with_region(MemoryStore())
    with made.transaction() as tx:
        tx.put_region(a.region(created=NOW - 99 * a.DAY))
        tx.put_region(a.region(id="reg-2", name="Ended", expires=NOW - a.DAY))
        run = {"started": NOW - timedelta(hours=1), "finished": NOW, "outcome": "complete"}
        tx.put_run(a.run(**run))
    return made


def look(store: Store, detector: str, days: float) -> None:
    with store.transaction() as tx:
        row = {"detector": detector, "acquisition": f"{detector}{days}"}
        tx.put_ledger(a.look(**row, sensed=NOW - days * a.DAY))


def silent(settings: Settings, store: Store) -> dict[str, tuple[str, ...]]:
    found = find_watched(watched(settings, store, "ours", NOW))
    return {one.subject: one.regions for one in found if one.kind is AlarmKind.NO_DATA}


def test_of_two_sensors_the_one_that_is_silent_is_named(settings: Settings, store: Store) -> None:
    look(store, "burned", 3)
    assert silent(settings, store) == {}
    look(store, "radar", 20)
    assert silent(settings, store) == {RADAR: ("reg-1",)}


def test_one_that_never_came_over_a_region_is_found(settings: Settings, store: Store) -> None:
    assert set(silent(settings, store)) == {OPTICAL}


def test_what_was_missed_stays_missed_however_long_ago_it_came(
    settings: Settings, store: Store
) -> None:
    look(store, "burned", 3)
    look(store, "radar", 200)
    assert silent(settings, store) == {}
    with store.transaction() as tx:
        tx.put_alarm(a.alarm(subject=RADAR))
    assert silent(settings, store) == {RADAR: ("reg-1",)}


def test_of_a_folder_nothing_is_expected(tmp_path: Path, store: Store) -> None:
    folder = load_settings(data_dir=tmp_path, organisation="ours", provider="folder")
    assert silent(folder, store) == {}


def test_watches_that_are_over_count_for_nothing(settings: Settings, store: Store) -> None:
    assert fresh(settings, store, "ours", NOW) == (1, 0)
    look(store, "burned", 3)
    assert fresh(settings, store, "ours", NOW) == (1, 1)


def test_that_nothing_takes_looks_does_not_end_what_was_found_before(
    settings: Settings, store: Store
) -> None:
    assert watched(settings, store, "ours", NOW, is_idle=True).is_idle
    with store.transaction() as tx:
        tx.put_alarm(a.alarm(kind=AlarmKind.NOT_READ, subject=""))
    assert not watched(settings, store, "ours", NOW, is_idle=True).is_idle
