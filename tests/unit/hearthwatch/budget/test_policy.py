"""What is refused, for how long, and when the month's budget will be used up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.budget.policy import (
    Caps,
    Standing,
    day_start,
    month_end,
    month_start,
    projected_exhaustion,
    refusal,
)
from hearthwatch.records import Priority, SpendTotals
from imagery.types import Cost

NOW = datetime(2026, 11, 20, 10, 12, tzinfo=UTC)
FREE = Caps(units_per_month=10_000, requests_per_month=10_000)
READ = Cost(requests=1, units=6.67, bytes=0)


def standing(units: float = 0.0, **more: Any) -> Standing:
    values = {"requests": 0, "day": 0.0, "region": 0.0, "reserved": 0.0, **more}
    return Standing(
        month=SpendTotals(units, values["requests"], values["reserved"], 0),
        day=SpendTotals(values["day"], 0, values["reserved"], 0),
        region=SpendTotals(values["region"], 0, values["reserved"], 0),
    )


def refused(caps: Caps, at: Standing, priority: Priority = Priority.CONFIRMATION) -> Any:
    return refusal(caps, at, READ, priority, NOW)


def test_backfill_stops_first_then_routine_and_confirmations_take_the_rest() -> None:
    def who_may(units: float) -> set[Priority]:
        return {p for p in Priority if refused(FREE, standing(units), p) is None}

    assert who_may(4_993) == set(Priority)
    assert who_may(4_994) == {Priority.CONFIRMATION, Priority.ROUTINE}
    assert who_may(7_993) == {Priority.CONFIRMATION, Priority.ROUTINE}
    assert who_may(7_994) == {Priority.CONFIRMATION}
    assert who_may(9_993) == {Priority.CONFIRMATION}
    assert who_may(9_994) == set()


def test_what_is_reserved_counts_as_spent() -> None:
    assert refused(FREE, standing(9_000, reserved=993.0)) is None
    assert refused(FREE, standing(9_000, reserved=994.0)).cap == "units_per_month"


def test_a_refusal_names_the_cap_and_when_it_is_lifted() -> None:
    spent = refused(FREE, standing(10_000))
    assert spent.words == "the month's 10,000 units are spent; back on 1 December"
    assert spent.lifted == datetime(2026, 12, 1, tzinfo=UTC)
    routine = refused(FREE, standing(8_000), Priority.ROUTINE)
    assert routine.words == (
        "the month's 8,000 of 10,000 units that routine looks may take are spent; "
        "back on 1 December"
    )


@pytest.mark.parametrize(
    ("caps", "at", "cap", "words"),
    [
        ({"requests_per_month": 500}, {"requests": 500}, "requests_per_month",
         "the month's 500 requests are spent; back on 1 December"),
        ({"units_per_day": 400.0}, {"day": 395.0}, "units_per_day",
         "the day's 400 units are spent; back on 21 November"),
        ({"units_per_region_month": 90.0}, {"region": 89.0}, "units_per_region_month",
         "the region's 90 units of this month are spent; back on 1 December"),
    ],
)  # fmt: skip
def test_every_cap_bites(caps: Any, at: Any, cap: str, words: str) -> None:
    limited = Caps(**{"units_per_month": 10_000, "requests_per_month": 10_000, **caps})
    found = refused(limited, standing(**at))
    assert (found.cap, found.words) == (cap, words)
    assert refused(FREE, standing(**{**at, "requests": 0})) is None


def test_a_read_that_costs_no_units_needs_only_a_request() -> None:
    free = Cost(requests=1, units=0.0, bytes=0)
    assert refusal(FREE, standing(10_000), free, Priority.BACKFILL, NOW) is None
    none_left = standing(requests=5_000)
    assert refusal(FREE, none_left, free, Priority.BACKFILL, NOW) is not None


@given(
    amounts=st.lists(st.floats(0.01, 900.0), max_size=60),
    priority=st.sampled_from(list(Priority)),
)
def test_what_is_granted_one_by_one_never_passes_the_share(
    amounts: list[float], priority: Priority
) -> None:
    caps = Caps(units_per_month=1_000, requests_per_month=30)
    units, requests = 0.0, 0
    for amount in amounts:
        at = standing(units, requests=requests)
        if refusal(caps, at, Cost(1, amount, 0), priority, NOW) is None:
            units, requests = units + amount, requests + 1
    assert units <= 1_000 * caps.share(priority) + 1e-6
    assert requests <= 30 * caps.share(priority) + 1e-6


def test_months_and_days_are_those_of_utc() -> None:
    in_nairobi = datetime.fromisoformat("2026-12-01T01:30:00+03:00")
    assert month_start(in_nairobi) == datetime(2026, 11, 1, tzinfo=UTC)
    assert month_end(in_nairobi) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_end(datetime(2026, 12, 31, 23, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert day_start(in_nairobi) == datetime(2026, 11, 30, tzinfo=UTC)


class TestExhaustion:
    def at(self, units: float, requests: int, day: float) -> datetime | None:
        now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)
        return projected_exhaustion(FREE, SpendTotals(units, requests, 0.0, 0), now)

    def test_an_even_pace_that_is_too_fast_ends_on_the_day_it_says(self) -> None:
        # 500 units a day last twenty days.
        assert self.at(5_000, 0, 10) == datetime(2026, 11, 21, tzinfo=UTC)

    def test_requests_may_run_out_before_units(self) -> None:
        assert self.at(100, 8_000, 10) == datetime(2026, 11, 13, 12, tzinfo=UTC)

    def test_what_lasts_until_the_reset_is_not_exhausted(self) -> None:
        assert self.at(3_333, 100, 10) is None
        assert self.at(0, 0, 10) is None

    def test_what_is_used_up_is_used_up_now(self) -> None:
        assert self.at(10_000, 0, 10) == datetime(2026, 11, 11, tzinfo=UTC)

    def test_the_first_minutes_of_a_month_say_little(self) -> None:
        assert self.at(10.0, 1, 0.001) is None
