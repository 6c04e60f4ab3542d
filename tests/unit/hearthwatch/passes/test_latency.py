"""How long it takes to see something: looks are laid out first, and must be told so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from hearthwatch.passes.latency import UNKNOWN, KnownFrom, latency_of, wait_quantile
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Scene

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def look(
    days_ago: float,
    cloud: float | None = 20.0,
    sensor: str = "sentinel-2-l2a",
    published_hours: float | None = 5.0,
) -> Acquisition:
    sensed = NOW - days_ago * DAY
    after = None if published_hours is None else timedelta(hours=published_hours)
    scene = Scene(
        provider="p", collection="c", id=f"s{days_ago}", sensor=sensor, sensed=sensed,
        footprint=box(20, 44, 23, 46), assets=(), item_sha256="0",
        platform="sentinel-2a", relative_orbit=7, datatake=f"t{days_ago}",
        published=after and sensed + after, cloud_cover=cloud,
    )  # fmt: skip
    (found,) = group_acquisitions([scene])
    return found


def every(days: float, count: int, **how: object) -> list[Acquisition]:
    return [look(days * (n + 1), **how) for n in range(count)]  # type: ignore[arg-type]


def told(looks: Sequence[Acquisition]):
    return latency_of(looks, KnownFrom.CATALOGUE, NOW)


def test_looks_every_five_days_are_waited_for_two_and_a_half_on_the_median() -> None:
    found = told(every(5.0, 40))
    assert found.known_from is KnownFrom.CATALOGUE
    assert (found.between.median, found.between.p90, found.between.count) == (5.0, 5.0, 39)
    assert (found.wait.median, found.wait.p90) == (pytest.approx(2.5), pytest.approx(4.5))
    assert found.published.median == found.published.p90 == pytest.approx(5.0)


def test_cloudy_looks_make_the_time_longer_and_count_by_month() -> None:
    looks = [look(5.0 * (n + 1), cloud=90.0 if n % 2 else 10.0) for n in range(20)]
    found = told(looks)
    assert found.between.median == 10.0
    assert sum(one.looks for one in found.by_month) == 20
    assert sum(one.usable for one in found.by_month) == 10
    assert [one.month for one in found.by_month] == ["2026-08", "2026-09", "2026-10", "2026-11"]


def test_radar_sees_through_cloud() -> None:
    found = told(every(6.0, 10, sensor="sentinel-1-rtc", cloud=None))
    assert (found.between.median, found.by_month[-1].usable) == (6.0, found.by_month[-1].looks)


def test_where_no_cloud_is_told_the_passes_to_come_are() -> None:
    found = told(every(5.0, 12, cloud=None))
    assert found.known_from is KnownFrom.CALENDAR
    assert found.between.median == pytest.approx(5.0, abs=0.01)
    assert found.by_month == ()


def test_nothing_is_made_up_where_nothing_is_listed_or_all_is_cloud() -> None:
    assert told([]) == UNKNOWN
    hidden = told(every(5.0, 10, cloud=95.0))
    assert (hidden.between, hidden.wait) == (None, None)
    assert sum(one.usable for one in hidden.by_month) == 0


def test_what_was_processed_anew_is_no_delay_and_old_years_do_not_count() -> None:
    looks = [*every(5.0, 10), look(60.0, published_hours=24 * 700), look(500.0)]
    found = told(looks)
    assert found.published.count == 10
    assert found.first == NOW - 60 * DAY
    assert (
        told([look(5.0, published_hours=None), look(9.0, published_hours=None)]).published is None
    )


@given(st.lists(st.floats(0.5, 60.0), min_size=1, max_size=30), st.floats(0.05, 0.95))
def test_the_wait_is_that_of_changes_at_any_time(gaps: list[float], share: float) -> None:
    found = wait_quantile(gaps, share)
    # By the definition: of all moments, the share that lies no further before its gap's end.
    assert sum(min(gap, found) for gap in gaps) / sum(gaps) == pytest.approx(share, abs=1e-6)


def test_the_wait_agrees_with_changes_drawn_by_chance() -> None:
    gaps, draw = [2.0, 5.0, 5.0, 25.0], random.Random(4)
    waits = sorted(draw.uniform(0.0, gap) for gap in draw.choices(gaps, weights=gaps, k=40_000))
    assert wait_quantile(gaps, 0.5) == pytest.approx(waits[20_000], abs=0.25)
    assert wait_quantile(gaps, 0.9) == pytest.approx(waits[36_000], abs=0.25)
