"""Drawn heat: the truth lies where the tables say it lies."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.heat_worlds import (
    FIRST_YEAR,
    TESTED,
    YEARS,
    burns,
    quiet_fires,
    seen,
    villages,
)
from detectors.heat_season import month_bounds, month_of

LAST = FIRST_YEAR + YEARS - 1


@pytest.fixture(scope="module")
def places():
    return villages(np.random.default_rng(1), 6)


def far(fires, place) -> np.ndarray:
    return np.hypot(fires.east - place.east, fires.north - place.north)


def test_quiet_fires_burn_in_no_village_and_fields_in_the_season_alone(places) -> None:
    fires = quiet_fires(np.random.default_rng(2), "yearly burning", places)
    assert all((far(fires, one) >= one.radius).all() for one in places)
    months = np.array([month_of(int(one))[1] for one in fires.start])
    assert np.isin(months, [11, 12, 1, 2, 3]).mean() > 0.97


def test_every_village_is_burned_once_in_the_last_year_and_only_inside(places) -> None:
    fires, told = burns(np.random.default_rng(3), places, LAST)
    assert [one.village for one in told] == list(range(len(places)))
    begin, end = month_bounds(LAST, 1)[0], month_bounds(LAST, 12)[1]
    assert all(begin <= one.start < end for one in told)
    inside = np.stack([far(fires, one) <= one.radius for one in places])
    assert (inside.sum(0) == 1).all()
    firsts = [fires.start[mask].min() for mask in inside]
    assert all(0 <= first - one.start <= 3 * 3600 for first, one in zip(firsts, told, strict=True))


def test_passes_see_only_what_burns_then_and_the_third_satellite_is_new(places) -> None:
    rng = np.random.default_rng(4)
    fires = quiet_fires(rng, "worse than ever", places)
    heat = seen(rng, fires, "worse than ever")
    assert set(heat.satellites) == {"Suomi NPP", "NOAA-20", "NOAA-21"}
    new = heat.seconds[[name == "NOAA-21" for name in heat.satellites]]
    assert new.min() >= month_bounds(LAST - TESTED + 1, 1)[0]
    assert set(np.unique(heat.seconds % 86_400 // 3600)) == {11, 23}
    assert (np.diff(heat.seconds) >= 0).all()
    burning = (fires.start[:, None] <= heat.seconds[:200]) & (
        heat.seconds[:200] < fires.end[:, None]
    )
    assert burning.any(0).all()
