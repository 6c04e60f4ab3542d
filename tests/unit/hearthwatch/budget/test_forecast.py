"""How much watching takes and how long one waits, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hearthwatch.budget.forecast import (
    DAYS_PER_MONTH,
    CellCost,
    Sky,
    forecast,
    mean_wait_days,
    no_clear_look,
)
from imagery.types import Cost

CELL = CellCost(Cost(1, 6.67, 0), Cost(1, 1.67, 0), Cost(1, 0.009, 0))


@pytest.mark.parametrize(
    ("revisit", "cloud", "days"),
    [(5.0, 0.3, 4.6), (5.0, 0.5, 7.5), (5.0, 0.7, 14.2), (2.5, 0.3, 2.3), (2.5, 0.7, 7.1)],
)
def test_the_mean_wait_is_that_of_revisit_and_cloud(
    revisit: float, cloud: float, days: float
) -> None:
    assert mean_wait_days(revisit, cloud) == pytest.approx(days, abs=0.06)


def test_the_mean_wait_is_what_drawing_lots_gives() -> None:
    draw = np.random.default_rng(7)
    first = draw.uniform(0, 5.0, 200_000)
    failures = draw.geometric(1 - 0.6, 200_000) - 1
    assert mean_wait_days(5.0, 0.6) == pytest.approx((first + 5.0 * failures).mean(), rel=0.01)


@pytest.mark.parametrize(("cloud", "share"), [(0.3, 0.027), (0.5, 0.125), (0.7, 0.343)])
def test_no_clear_look_in_15_days_needs_three_cloudy_ones_in_a_row(
    cloud: float, share: float
) -> None:
    assert no_clear_look(5.0, cloud, 15.0) == pytest.approx(share)


def test_a_sky_that_is_always_closed_or_not_known_gives_no_time() -> None:
    assert mean_wait_days(5.0, 1.0) is None
    assert mean_wait_days(5.0, None) is None
    told = forecast([CELL], Sky(6.0, None), 0)
    assert told.wait_days is None
    assert told.no_look_share is None


def test_a_month_is_cells_times_looks_and_a_prelook_saves_what_is_hidden() -> None:
    told = forecast([CELL] * 10, Sky(6.0, 0.5, hidden=0.25), 24)
    assert told.units_per_month == pytest.approx(10 * 6 * 6.67)
    assert told.requests_per_month == pytest.approx(60)
    assert told.units_at_20_m == pytest.approx(10 * 6 * 1.67)
    assert told.units_with_prelook == pytest.approx(60 * (0.009 + 0.75 * 6.67))
    assert told.requests_with_prelook == pytest.approx(60 * 1.75)
    assert told.backfill_units == pytest.approx(24 * 10 * 6 * 6.67)
    assert told.wait_days == pytest.approx(mean_wait_days(DAYS_PER_MONTH / 6, 0.5))


def test_the_free_account_watches_the_area_that_is_told_of_it() -> None:
    # 10,000 units a month, 6 passes of which half are read, 6.36 units per 100 km2: 52,000 km2.
    per_100_km2 = CellCost(Cost(1, 6.36, 0), Cost(1, 1.59, 0), Cost(0, 0.0, 0))
    told = forecast([per_100_km2] * 524, Sky(6.0, 0.5, hidden=0.5), 0)
    assert told.units_with_prelook == pytest.approx(10_000, rel=0.01)
