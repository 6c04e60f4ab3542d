"""What speaks against a burn beside its pixels: dates are drawn on the calendar, and shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from detectors.odds import DAY_S, OddsRules, recurrence_odds, ring_odds, unseen_odds
from detectors.types import NEVER

RULES = OddsRules()
SHARES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)
MOMENTS = st.integers(0, 4_000_000_000)


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, 30, tzinfo=UTC)


def recurrence(now: datetime, *past: datetime) -> float:
    earlier = [int(one.timestamp()) for one in past] + [NEVER]
    found = recurrence_odds(np.array([earlier]), np.array([int(now.timestamp())]), RULES)
    return float(found[0])


@given(SHARES)
def test_fire_all_round_takes_its_full_weight_and_never_gives_any(shares: list[float]) -> None:
    found = ring_odds(np.array(shares), RULES)
    assert (found <= 0.0).all()
    assert (found >= -RULES.ring).all()
    # The more of the surroundings burned, the more it takes.
    assert (np.diff(found[np.argsort(shares)]) <= 0.0).all()


def test_where_nothing_burned_round_a_place_nothing_is_taken_away() -> None:
    assert ring_odds(np.array([0.0, 0.5, 1.0]), RULES).tolist() == [0, -RULES.ring / 2, -RULES.ring]


@given(
    past=st.lists(st.one_of(MOMENTS, st.just(NEVER)), min_size=4, max_size=4), now=MOMENTS
)  # fmt: skip
def test_the_calendar_takes_all_or_nothing_and_never_gives(past: list[int], now: int) -> None:
    found = recurrence_odds(np.array([past]), np.array([now]), RULES)
    assert found[0] in (0.0, -RULES.recurrence)
    # Neither what is to come nor what was within half a year is an earlier year.
    if all(one == NEVER or one > now - 182 * 86_400 for one in past):
        assert found[0] == 0.0


@given(
    day=st.integers(0, 1460), years=st.integers(1, 6), apart=st.floats(-180.0, 180.0),
)  # fmt: skip
def test_it_is_the_day_of_the_year_that_counts_whatever_year_it_is_of(
    day: int, years: int, apart: float
) -> None:
    first = at(2016, 1, 1) + timedelta(days=day)
    now = first + timedelta(days=365.25 * years + apart)
    assume(abs(abs(apart) - RULES.days) > 0.01)
    near = abs(apart) < RULES.days
    assert recurrence(now, first) == (-RULES.recurrence if near else 0.0)


@pytest.mark.parametrize(
    ("now", "past", "again"),
    [
        (at(2023, 1, 6), at(2021, 12, 27), True),
        (at(2021, 12, 27), at(2020, 1, 6), True),
        (at(2023, 12, 27), at(2023, 1, 6), True),
        (at(2023, 1, 6), at(2022, 12, 27), False),
        (at(2023, 1, 6), at(2021, 12, 12), False),
        (at(2023, 1, 29), at(2021, 12, 27), False),
        (at(2024, 2, 29), at(2023, 2, 28), True),
        (at(2024, 3, 15), at(2023, 9, 15), False),
        (at(2024, 3, 15), at(2022, 3, 30), True),
    ],
)
def test_the_year_wraps_at_new_year(now: datetime, past: datetime, again: bool) -> None:
    assert recurrence(now, past) == (-RULES.recurrence if again else 0.0)


def test_one_of_the_earlier_fires_is_enough_and_several_take_no_more() -> None:
    now, other = at(2024, 3, 15), at(2022, 8, 1)
    assert recurrence(now) == 0.0
    assert recurrence(now, other) == 0.0
    assert recurrence(now, other, at(2021, 3, 10)) == -RULES.recurrence
    assert recurrence(now, at(2023, 3, 20), at(2021, 3, 10)) == -RULES.recurrence


def test_places_do_not_share_a_past() -> None:
    now = at(2024, 3, 15)
    past = np.array([[NEVER, int(at(2022, 3, 15).timestamp())], [NEVER, NEVER]])
    found = recurrence_odds(past, np.full(2, int(now.timestamp())), RULES)
    assert found.tolist() == [-RULES.recurrence, 0.0]


def unseen(days: float) -> float:
    first = 1_500_000_000
    found = unseen_odds(np.array([[first - int(days * DAY_S)]]), np.array([[first]]), RULES)
    return float(found[0, 0])


def test_three_months_unseen_cost_nothing_and_every_month_more_costs_the_same() -> None:
    assert [unseen(days) for days in (0.0, 5.0, 90.0)] == [0.0, 0.0, 0.0]
    assert unseen(120.0) == pytest.approx(-RULES.unseen)
    assert unseen(150.0) == pytest.approx(-2.0 * RULES.unseen)
    assert unseen(3650.0) == -RULES.unseen_most


def test_a_place_never_seen_plainly_loses_nothing_by_it() -> None:
    found = unseen_odds(np.array([[NEVER, 0]]), np.array([[10**9, NEVER]]), RULES)
    assert found.tolist() == [[0.0, 0.0]]
