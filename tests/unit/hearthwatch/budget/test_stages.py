"""What is left out first when the budget runs short, and how a region says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.budget.policy import Caps, Standing
from hearthwatch.budget.stages import Held, History, Stage, in_words, stage
from hearthwatch.records import Pause, Spend, SpendTotals
from tests.contract import store_records as a

START = datetime(2026, 11, 1, tzinfo=UTC)
MIDDLE = START + timedelta(days=15)
CAPS = Caps(units_per_month=10_000, requests_per_month=10_000)
NOTHING = SpendTotals(0.0, 0, 0.0, 0)


def spent(units: float, *, region: float = 0.0) -> Standing:
    return Standing(SpendTotals(units, 0, 0.0, 0), NOTHING, SpendTotals(region, 0, 0.0, 0))


def pause(until: datetime | None) -> Pause:
    return a.pause(since=datetime(2026, 11, 20, 10, 12, tzinfo=UTC), until=until,
                   reason="the month's 10,000 units are spent")  # fmt: skip


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (3_999, Stage.FULL),  # less than half of the 8,000 that routine looks may take
        (4_001, Stage.COARSE),
        (7_199, Stage.COARSE),
        (7_200, Stage.PRELOOK),
        (7_990, Stage.PRELOOK),
        (7_991, Stage.PAUSED),
        (10_000, Stage.PAUSED),
    ],
)
def test_the_order_is_full_then_20_m_then_prelook_then_paused(
    units: float, expected: Stage
) -> None:
    # What is left must pay for one look at the cloud (0.01 units).
    units = 7_989.99 if units == 7_990 else 7_999.995 if units == 7_991 else units
    assert stage(CAPS, spent(units), MIDDLE).stage is expected


def test_spending_that_keeps_pace_with_the_month_is_not_cut() -> None:
    late = START + timedelta(days=28)
    assert stage(CAPS, spent(7_400), MIDDLE).stage is Stage.PRELOOK
    assert stage(CAPS, spent(7_400), late).stage is Stage.FULL
    assert stage(CAPS, spent(7_999.995), late).stage is Stage.PAUSED


def test_another_provider_comes_before_nothing() -> None:
    held = stage(CAPS, spent(8_000), MIDDLE, fallback="stac")
    assert (held.stage, held.provider) == (Stage.OTHER_PROVIDER, "stac")
    assert in_words(held).startswith("reads from stac instead: the month's 8,000 of 10,000 units")
    assert stage(CAPS, spent(5_000), MIDDLE, fallback="stac").stage is Stage.COARSE


def test_a_provider_that_refuses_is_paused_whatever_was_spent() -> None:
    reset = datetime(2026, 12, 1, tzinfo=UTC)
    held = stage(CAPS, spent(10), MIDDLE, pause=pause(reset))
    assert in_words(held) == (
        "blind since 2026-11-20 10:12: the month's 10,000 units are spent; back on 1 December"
    )
    assert held.until == reset
    other = stage(None, spent(0), MIDDLE, pause=pause(None), fallback="stac")
    assert in_words(other) == (
        "reads from stac instead since 2026-11-20 10:12: the month's 10,000 units are spent"
    )


def test_a_region_with_a_cap_of_its_own_saves_by_itself() -> None:
    caps = Caps(10_000, 10_000, units_per_region_month=100.0)
    assert stage(caps, spent(3_000, region=60.0), MIDDLE).stage is Stage.COARSE
    assert stage(caps, spent(3_000, region=5.0), MIDDLE).stage is Stage.FULL
    held = stage(caps, spent(3_000, region=80.0), MIDDLE)
    assert held.stage is Stage.PAUSED
    assert "the region's 80 of 100 units" in in_words(held)


def test_a_provider_without_caps_reads_all() -> None:
    assert stage(None, spent(1e9), MIDDLE) == Held(Stage.FULL)
    assert in_words(Held(Stage.FULL)) == "reads at full resolution"


def test_20_m_says_why_and_since_when() -> None:
    held = stage(CAPS, spent(4_880), MIDDLE)
    assert in_words(held) == (
        "reads at 20 m: 61% of what routine looks may take this month is spent, "
        "and 50% of the month is gone"
    )
    since = datetime(2026, 11, 14, 9, 0, tzinfo=UTC)
    dated = Held(held.stage, held.why, since)
    assert in_words(dated).startswith("reads at 20 m since 2026-11-14 09:00: 61%")


def even(units: float, count: int, days: float) -> list[Spend]:
    times = [START + timedelta(days=days * (n + 1) / count) for n in range(count)]
    return [
        a.settled(id=str(n), units=units, requests=1, reserved=t, settled=t)
        for n, t in enumerate(times)
    ]


def test_a_stage_began_with_the_read_that_brought_it_about() -> None:
    # 1,000 units a day: the fourth crosses half of 8,000 (4,000 counts), on day four.
    spends = even(1_000, 8, 8.0)
    assert History(CAPS, spends).began(Stage.COARSE, "reg-1") == START + timedelta(days=4)
    assert History(CAPS, spends[::-1]).began(Stage.PRELOOK, "reg-1") == START + timedelta(days=8)
    assert History(CAPS, spends).began(Stage.PAUSED, "reg-1") == START + timedelta(days=8)
    assert History(CAPS, spends[:3]).began(Stage.COARSE, "reg-1") is None


def test_a_stage_that_was_left_in_between_began_when_it_came_back() -> None:
    early = even(1_000, 5, 5.0)
    # On day 20, 63 % of the routine share is spent and 63 % of the month gone: at full again.
    day = timedelta(days=1)
    slack = a.settled(id="slack", units=0.5, reserved=START + 20 * day, settled=START + 20 * day)
    burst = a.settled(id="burst", units=900, reserved=START + 21 * day, settled=START + 21 * day)
    assert History(CAPS, [*early, slack, burst]).began(Stage.COARSE, "reg-1") == START + 21 * day


def test_a_day_that_is_spent_is_blind_since_the_read_that_spent_it() -> None:
    caps = Caps(10_000, 10_000, units_per_day=100.0)
    hours = [timedelta(hours=h) for h in (3, 20, 26, 27)]  # two reads a day, on two days
    spends = [
        a.settled(id=str(h), units=40.0, requests=1, reserved=START + h, settled=START + h)
        for h in hours
    ]
    # 80 of 100 units are what routine looks may take.
    assert History(caps, spends).began(Stage.PAUSED, "reg-1") == START + hours[3]
    assert History(caps, spends[:3]).began(Stage.PAUSED, "reg-1") is None
    assert History(caps, spends[:2]).began(Stage.PAUSED, "reg-1") == START + hours[1]


def test_a_day_that_is_spent_with_its_first_read_was_not_blind_before_it() -> None:
    caps = Caps(10_000, 10_000, units_per_day=100.0)
    hours = [timedelta(hours=h) for h in (20, 27)]
    spends = [
        a.settled(id=str(h), units=90.0, requests=1, reserved=START + h, settled=START + h)
        for h in hours
    ]
    assert History(caps, spends).began(Stage.PAUSED, "reg-1") == START + hours[1]


def plainly_began(caps: Caps, spends: list[Spend], held: Stage, region: str) -> datetime | None:
    """Ask after every read, and at every midnight after the first of them, which stage held."""
    since = None
    times = [one.reserved for one in spends]
    midnights = [START + timedelta(days=day) for day in range(1, 31)]
    between = [one for one in midnights if times and times[0] < one < times[-1]]
    for at in sorted({*times, *between}):
        sums = [0.0, 0.0, 0.0]
        for one in spends:
            same_day = one.reserved.date() == at.date()
            for part, counts in enumerate((True, same_day, one.region == region)):
                sums[part] += one.units if counts and one.reserved <= at else 0.0
        month, day, own = (SpendTotals(units, 0, 0.0, 0) for units in sums)
        reached = stage(caps, Standing(month, day, own), at).stage >= held
        since = (since or at) if reached else None
    return since


@given(
    reads=st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 2), st.integers(0, 60)),
                   max_size=25, unique_by=lambda read: read[0]),
    by_day=st.none() | st.integers(1, 100),
    by_region=st.none() | st.integers(1, 200),
)  # fmt: skip
def test_since_when_a_stage_holds_is_what_asking_after_every_read_would_say(
    reads: list[tuple[int, int, int]], by_day: int | None, by_region: int | None
) -> None:
    caps = Caps(400, 10_000, units_per_day=by_day, units_per_region_month=by_region)
    spends = [
        a.settled(id=str(n), region=f"reg-{region}", units=float(units), requests=0,
                  reserved=START + timedelta(minutes=10 * tens + 5),
                  settled=START + timedelta(minutes=10 * tens + 5))
        for n, (tens, region, units) in enumerate(sorted(reads))
    ]  # fmt: skip
    history = History(caps, spends[::-1])
    for region in ("reg-0", "reg-1", "reg-none"):
        for held in (Stage.COARSE, Stage.PRELOOK, Stage.PAUSED):
            assert history.began(held, region) == plainly_began(caps, spends, held, region)


@given(
    units=st.floats(0, 12_000),
    more=st.floats(0, 5_000),
    hours=st.integers(0, 719),
)
def test_more_spent_never_means_more_read(units: float, more: float, hours: int) -> None:
    now = START + timedelta(hours=hours)
    assert stage(CAPS, spent(units + more), now).stage >= stage(CAPS, spent(units), now).stage
