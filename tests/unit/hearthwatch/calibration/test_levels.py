"""A raised level allows more false alerts: by thresholds of the same years, named in records."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.burned import Burned
from hearthwatch.calibration.document import from_document, to_document
from hearthwatch.calibration.force import in_force
from hearthwatch.calibration.levels import OTHERS, TIMES
from hearthwatch.calibration.make import Scope, make_set, stored
from hearthwatch.calibration.sets import Budget, CalibrationSet, NullYears, Source
from hearthwatch.context.policy import raises
from hearthwatch.pipeline.strands import strands_of
from hearthwatch.records import CalibrationChoice, ContextSort, Kind, Mode, WatchLevel
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.watchlist.terms import with_level
from tests.contract import store_records as a
from tests.support import settled
from tests.support.sensors import only

MADE = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = 5000
INFO = Burned().info


def made(budget: Budget | None = None, digest: str = "d") -> CalibrationSet:
    """Return a set of years whose maxima are 0, 1, 2 ... thousandths: a quantile is its rank."""
    maxima = np.repeat(np.arange(YEARS)[:, None] / 1000.0, 3, axis=1)
    nulls = NullYears(
        tuple(f"p{n}" for n in range(YEARS)), (Source.PLACEBO,) * YEARS, (("",),) * YEARS, maxima
    )
    scope = Scope("local", Kind.BURNED, Mode.TEST, "", INFO, digest)
    return make_set(scope, budget or Budget(), nulls, None, MADE)


@pytest.fixture(scope="module")
def one() -> CalibrationSet:
    return made()


@pytest.mark.parametrize("level", list(WatchLevel))
def test_of_quiet_years_as_many_exceed_the_threshold_as_the_level_allows(
    one: CalibrationSet, level: WatchLevel
) -> None:
    force = in_force(stored(one), INFO, "d", 0.01, level)
    thresholds = force.calibration.for_stratum(())
    maxima = np.arange(YEARS) / 1000.0
    for name, nominal in zip(("watch", "probable", "established"), (20.0, 5.0, 1.0), strict=True):
        allowed = TIMES[level] * nominal
        exceeded = 1000.0 * (maxima > getattr(thresholds, name)).mean()
        # The quantile is conformal: a year may be missing, never too many.
        assert allowed - 0.5 <= exceeded <= allowed
        assert force.alert_budget[name.upper()] == allowed
    assert force.said == {
        "calibration": one.id,
        "alert_budget": {"level": level.value, **{
            key: value for key, value in force.alert_budget.items() if key != "level"}},
    }  # fmt: skip


def test_a_set_goes_through_json_with_all_its_budgets(one: CalibrationSet) -> None:
    again = from_document(to_document(one))
    assert again == one
    assert tuple(other.times for other in again.others) == OTHERS
    assert one.at(1.0) == one.calibration
    assert one.at(3.0) is None


def test_what_would_be_no_budget_is_left_out() -> None:
    large = made(Budget(watch=400.0, probable=5.0, established=1.0))
    assert [other.times for other in large.others] == [0.5, 2.0]


def test_a_set_made_before_there_were_levels_holds_as_it_is_and_says_so(
    one: CalibrationSet,
) -> None:
    old = stored(dataclasses.replace(one, others=()))
    force = in_force(old, INFO, "d", 0.01, WatchLevel.URGENT)
    assert force.calibration == one.calibration
    assert force.alert_budget["WATCH"] == 20.0
    assert "no thresholds for level urgent" in force.note
    assert in_force(old, INFO, "d", 0.01).note == ""


def test_without_a_set_no_budget_is_named() -> None:
    force = in_force(None, INFO, "d", 0.01, WatchLevel.URGENT)
    assert force.said == {"calibration": "built-in"}


def test_a_run_goes_by_the_level_in_force_and_falls_back_by_itself(tmp_path) -> None:
    from hearthwatch.identity import science_digest

    now = datetime.now(UTC)
    kept = stored(made(digest=science_digest()))
    store = MemoryStore()
    region = settled.enrol(store)
    with store.transaction() as tx:
        tx.put_calibration(kept)
        tx.choose_calibration(
            CalibrationChoice("local", Kind.BURNED, Mode.TEST, "", "burned", now, kept.id)
        )
    settings = load_settings(data_dir=tmp_path, organisation="local")
    raised = with_level(region, WatchLevel.ELEVATED, now + timedelta(days=1), "convoys", now)
    over = dataclasses.replace(raised, level_until=now - timedelta(seconds=1))
    sort, yesterday = ContextSort.RISK_FACTOR, now - timedelta(days=1)
    sign = a.observation(sort=sort, factor=8, grades={}, observed=yesterday)
    observed = dataclasses.replace(region, raised=raises([sign], now))
    with only("burned"):
        found = [
            strands_of(settings, store, each)[0].in_force
            for each in (region, raised, over, observed)
        ]
    levels = [force.alert_budget["level"] for force in found]
    assert levels == ["routine", "elevated", "routine", "elevated"]
    # What context raises goes by the same thresholds as what people set, and by no other.
    assert found[3] == found[1]
    usual, higher, back, _ = (force.calibration.for_stratum(()) for force in found)
    assert higher.probable < usual.probable == back.probable
