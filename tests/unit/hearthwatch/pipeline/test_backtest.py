"""A backtest tells what the watch would have told, and leaves nothing behind but what it read."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import box

from hearthwatch.pipeline.backtest import run_backtest, shadow_of, sweep_backtests
from hearthwatch.pipeline.backtest_alerts import UNCOUNTED
from hearthwatch.pipeline.backtest_report import Tried, report_of
from hearthwatch.pipeline.bench import RunStopped
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import (
    Backtest,
    EventFilter,
    EventState,
    Kind,
    Mode,
    Priority,
    SpendStatus,
)
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.store.whole import all_events, all_spends
from hearthwatch.values import moment
from imagery.registry import create_provider
from imagery.types import Cost, Query
from tests.contract import store_records as a
from tests.support import settled
from tests.support.calibrated import calibrate
from tests.support.remote import Remote
from tests.support.sensors import only
from tests.support.settled import BEGAN, LOOKS, MIDDLE, Fire

FIRST, NUMBER = 8, 12
FIRES = (Fire(LOOKS[FIRST].date(), MIDDLE.core, (0.0, 0.7)),)
END = LOOKS[NUMBER - 1] + timedelta(hours=1)
MONTH = timedelta(days=365.25 / 12)


@pytest.fixture(autouse=True)
def _one_detector() -> Iterator[None]:
    with only("burned"):
        yield


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looks")
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land(FIRES))


def asked(**changes: Any) -> Backtest:
    plain = Backtest(
        id="trial", organisation="local", kind=Kind.BURNED, mode=Mode.TEST, region="region-1",
        asked=BEGAN, until=END, months=3.0, learned_months=12.0,
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def tried(
    folder: Path, looks: Path, store: MemoryStore, **changes: Any
) -> tuple[dict[str, Any], Path]:
    settings = settled.settings_for(folder, looks, workers=2)
    provider = create_provider("folder", path=looks)
    region = store.region("local", settled.REGION)
    return run_backtest(settings, store, provider, region, asked(**changes)), folder


def enrolled() -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store)
    return store


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, looks: Path
) -> tuple[dict[str, Any], MemoryStore, MemoryStore, Path]:
    """Return the report, the store it was made beside, and that of a plain run."""
    with only("burned"):
        beside, plain = enrolled(), enrolled()
        calibrate(beside)
        calibrate(plain)
        report, folder = tried(tmp_path_factory.mktemp("trial"), looks, beside)
        settings = settled.settings_for(tmp_path_factory.mktemp("plain"), looks, workers=2)
        settled.run(settings, plain, until=END)
    return report, beside, plain, folder


def test_the_same_looks_give_the_same_events(both: Any) -> None:
    report, _, plain, _ = both
    (event,) = settled.events_of(plain)
    (found,) = report["events"]
    assert found["id"] == event.id
    for name in ("looks", "observed", "settlement", "detector_state"):
        assert found[name] == getattr(event, name)
    assert found["state"] == event.state.value
    for name in ("last_unharmed", "first_changed", "first_detected", "last_detected"):
        assert found[name] == moment(getattr(event, name))
    # The fire is drawn on look 8, and nobody is told of a single look.
    assert found["first_changed"] == moment(LOOKS[FIRST])
    history = plain.event_history("local", event.id)
    told = next(v for v in history if v.state is not EventState.CANDIDATE)
    assert found["told"] == moment(told.last_detected)
    assert found["days_to_be_told"] == (told.last_detected - LOOKS[FIRST]) / timedelta(days=1)
    assert (report["told"], report["candidates"]) == (1, 0)


def test_what_was_seen_is_what_the_ledger_says(both: Any) -> None:
    report, _, plain, _ = both
    (seen,) = report["detectors"]
    totals = plain.ledger_totals("local", "region-1")["region-1"]["burned"]
    assert (seen["looks"], seen["usable_looks"]) == (totals.looks, totals.usable)
    assert sum(one["looks"] for one in seen["by_month"]) == NUMBER
    assert report["settlements"] == 2


def test_alerts_are_counted_at_three_budgets_from_the_same_looks(both: Any) -> None:
    report, *_ = both
    (alerts,) = report["alerts"]
    budgets = {one["times"]: one for one in alerts["budgets"]}
    assert sorted(budgets) == [0.5, 1.0, 2.0]
    counts = [budgets[times]["count"] for times in sorted(budgets)]
    assert counts == sorted(counts)
    assert budgets[1.0]["count"] == alerts["told"]["count"] == 1
    assert budgets[1.0]["per_month"] == pytest.approx(1 / 3, abs=1e-3)
    # Garwood's interval of one count is 0.0253 to 5.5716.
    assert budgets[1.0]["low"] == pytest.approx(0.0253178 / 3, abs=1e-4)
    assert budgets[1.0]["high"] == pytest.approx(5.5716434 / 3, abs=1e-4)
    assert budgets[2.0]["allowed_per_1000_settlement_years"] == 10.0
    chosen = both[1].chosen_calibration("local", "burned", Mode.TEST, "region-1")
    assert alerts["calibration"] == {"id": chosen.id, "made": moment(BEGAN)}
    assert alerts["settlements"] == 2


def test_nothing_of_it_is_in_the_real_store_or_left_on_disk(both: Any) -> None:
    _, beside, _, folder = both
    assert list(all_events(beside, "local", EventFilter())) == []
    assert beside.ledger("local", "region-1").items == ()
    assert beside.runs("local") == ()
    assert beside.state_versions("local", "region-1", "34N_0061_0147", "burned") == ()
    assert list((folder / "backtests").iterdir()) == []
    assert list((folder / "state").iterdir()) == []
    # What was read stays, for the watch itself.
    assert any((folder / "archive").rglob("*.tif"))


def test_looks_before_the_time_told_of_are_learned_from_only(tmp_path: Path, looks: Path) -> None:
    late = (END - LOOKS[FIRST + 3]) / MONTH
    report, _ = tried(tmp_path, looks, enrolled(), months=late, learned_months=24.0)
    (seen,) = report["detectors"]
    assert seen["looks"] == NUMBER - (FIRST + 3)
    assert report["told"] == 0
    # Where no set holds, no budget is made up.
    (alerts,) = report["alerts"]
    assert (alerts["budgets"], alerts["why_not"]) == ([], UNCOUNTED)
    assert alerts["told"]["count"] == 0
    none, _ = tried(tmp_path, looks, enrolled(), months=late, learned_months=0.0)
    assert none["detectors"][0]["statuses"] == {"not_processed": 2 * seen["looks"]}


def test_one_that_is_stopped_or_killed_leaves_no_trace(tmp_path: Path, looks: Path) -> None:
    store, count = enrolled(), iter(range(100))
    settings = settled.settings_for(tmp_path, looks, workers=1)
    provider = create_provider("folder", path=looks)
    region = store.region("local", settled.REGION)
    with pytest.raises(RunStopped):
        run_backtest(settings, store, provider, region, asked(), stopping=lambda: next(count) > 3)
    assert list((tmp_path / "backtests").iterdir()) == []
    left = tmp_path / "backtests" / "killed"
    left.mkdir()
    (left / "archive").symlink_to(tmp_path / "archive", target_is_directory=True)
    kept = sorted((tmp_path / "archive").rglob("*.tif"))
    sweep_backtests(settings)
    assert not (tmp_path / "backtests").exists()
    assert kept
    assert sorted((tmp_path / "archive").rglob("*.tif")) == kept
    shutil.rmtree(tmp_path / "archive")


def test_the_end_is_not_before_the_beginning(looks: Path, tmp_path: Path) -> None:
    report, _ = tried(tmp_path, looks, enrolled(), until=datetime(2019, 1, 1, tzinfo=UTC))
    assert report["events"] == []
    assert report["detectors"] == []
    assert report["not_seen"] == ["burned: there was no look for it"]


class Charged(Remote):
    """A catalogue over a network of which every read may cost a unit."""

    def estimate(self, scenes: Any, geobox: Any, bands: Any) -> Cost:
        return Cost(requests=1, units=1.0, bytes=0)


def paid(folder: Path, looks: Path, units: float) -> tuple[dict[str, Any], MemoryStore, Charged]:
    store, provider = enrolled(), Charged(looks)
    settings = settled.settings_for(folder, looks, workers=2, prelook=False)
    region = store.region("local", settled.REGION)
    wanted = asked(most_units=units, until=LOOKS[2] + timedelta(hours=1))
    return run_backtest(settings, store, provider, region, wanted), store, provider


def test_what_it_reads_is_booked_on_the_real_account_as_backfill(
    tmp_path: Path, looks: Path
) -> None:
    report, store, provider = paid(tmp_path, looks, 1e6)
    spends = [one for one in all_spends(store, "local") if one.acquisition]
    assert spends
    assert {one.run for one in spends} == {"trial"}
    assert {one.priority for one in spends} == {Priority.BACKFILL}
    assert {one.status for one in spends} == {SpendStatus.SETTLED}
    reads = len(provider.asked) or report["spent"]["requests"]
    assert report["spent"]["requests"] >= reads > 0
    assert list(store.known_scenes("local", "region-1", provider.name)) == []


def test_a_read_whose_end_nobody_saw_is_told_as_it_stands_on_the_account() -> None:
    store = enrolled()
    region = store.region("local", settled.REGION)
    took = {"organisation": "local", "estimated_units": 2.0, "estimated_requests": 3,
            "settled": a.NOON}  # fmt: skip
    spends = [
        a.spend(id="1", status=SpendStatus.SETTLED, units=0.5, requests=1, **took),
        a.spend(id="2", status=SpendStatus.LOST, units=0.0, requests=0, **took),
    ]
    past = Tried(region, asked(), since=BEGAN, learned_since=BEGAN)
    report = report_of(shadow_of(store, region), past, spends)
    assert report["spent"] == {"units": 2.5, "requests": 4}


def test_more_than_was_granted_is_not_asked_for(tmp_path: Path, looks: Path) -> None:
    report, store, provider = paid(tmp_path, looks, 0.5)
    assert provider.asked == []
    assert [one for one in all_spends(store, "local") if one.acquisition] == []
    (seen,) = report["detectors"]
    assert seen["statuses"] == {"not_delivered": 2 * seen["looks"]}
    assert report["told"] == 0


@pytest.mark.slow
def test_real_pixels_give_the_events_of_the_plain_run(
    tmp_path: Path, sample_catalogue: Path
) -> None:
    until = datetime(2018, 12, 31, tzinfo=UTC)
    provider = create_provider("folder", path=sample_catalogue)
    everywhere = Query(area=box(-180, -90, 180, 90), start=datetime(2015, 1, 1, tzinfo=UTC),
                       end=until)  # fmt: skip
    ground = shapely.union_all([scene.footprint for scene in provider.search(everywhere)])
    region = dataclasses.replace(
        settled.region(Mode.ACTUAL, Kind.GROUND_CHANGE), area_km2=1.0,
        geometry=shapely.multipolygons([shapely.orient_polygons(ground)]),
    )  # fmt: skip
    plain, beside = MemoryStore(), MemoryStore()
    for store in (plain, beside):
        with store.transaction() as tx:
            tx.put_region(region)
    with only("ground_change"):
        settings = load_settings(data_dir=tmp_path / "a", organisation="local", workers=2)
        run_region(settings, plain, provider, region, until)
        trial = settings.model_copy(update={"data_dir": tmp_path / "b"})
        wanted = asked(kind=Kind.GROUND_CHANGE, mode=Mode.ACTUAL, until=until, months=24.0)
        wanted = dataclasses.replace(wanted, learned_months=60.0)
        report = run_backtest(trial, beside, provider, region, wanted)
    events = {one.id: one for one in all_events(plain, "local", EventFilter())}
    found = {one["id"]: one for one in report["events"]}
    assert found
    for its_id, one in found.items():
        event = events[its_id]
        assert one["observed"] == event.observed
        assert one["first_changed"] == moment(event.first_changed)
        assert (one["looks"], one["state"]) == (event.looks, event.state.value)
        assert one["area_ha"] == round(event.area_m2 / 1e4, 4)
    since = until - 24 * MONTH
    assert {one.id for one in events.values() if one.first_detected >= since} <= set(found)
