"""Figures of time leave nothing out that is not over yet."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.alerting.shown import steps_value
from hearthwatch.latency.figures import Section, Took, figures
from hearthwatch.latency.measured import measured
from hearthwatch.latency.quantiles import Quantile, quantile, quantile_if_enough
from hearthwatch.latency.shown import measured_value, quantile_words
from hearthwatch.records import AlertAct, Channel, Detail, Mode, Steps, TimedAlert
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SINCE, UNTIL = a.NOON - 90 * a.DAY, a.NOON + 10 * HOUR
RECEIVERS = {
    "rcv-1": a.receiver(detail=Detail.EXACT),
    "feed": a.receiver(id="feed", channel=Channel.FEED),
    "public": a.receiver(id="public", detail=Detail.PUBLIC),
    "gone": a.receiver(id="gone", removed=a.NOON),
}
LOOK = Steps(
    region="reg-1", sensor="sentinel-2-l2a", sensed=a.NOON - 6 * HOUR,
    published=a.NOON - 4 * HOUR, fetched=a.NOON - HOUR, detected=a.NOON, looked_up=a.NOON,
)  # fmt: skip
TIMES = st.lists(st.integers(0, 50).map(lambda n: n * MINUTE), max_size=30)


def timed(number: int = 1, **changes: Any) -> TimedAlert:
    plain = TimedAlert(
        id=f"alr-{number}", event=f"evt-{number}", receiver="rcv-1", mode=Mode.ACTUAL,
        act=AlertAct.ALERT, version=1, made=a.NOON, due=a.NOON, steps=LOOK,
    )  # fmt: skip
    return replace(plain, **changes)


def took(*alerts: TimedAlert) -> dict[Section, Took]:
    return dict(figures(alerts, RECEIVERS, SINCE, UNTIL).took)


def counts(found: Took) -> tuple[int, int, int]:
    return found.over, found.open, found.unknown


@pytest.mark.parametrize(("share", "rank"), [(0.5, 10), (0.95, 19), (1.0, 20)])
def test_a_quantile_is_the_one_of_nearest_rank(share: float, rank: int) -> None:
    times = [n * MINUTE for n in range(20, 0, -1)]
    assert quantile(times, [], share) == Quantile(rank * MINUTE, at_least=False)


def test_what_goes_on_makes_it_a_lower_bound_only_where_it_may() -> None:
    over = [n * MINUTE for n in range(1, 20)]
    # It goes on for longer than nearly all took: the median does not depend on how it ends.
    assert quantile(over, [30 * MINUTE], 0.5) == Quantile(10 * MINUTE, at_least=False)
    assert quantile(over, [30 * MINUTE], 1.0) == Quantile(30 * MINUTE, at_least=True)
    # It has only begun: it may end before the median or after it.
    assert quantile(over, [timedelta()], 0.5) == Quantile(9 * MINUTE, at_least=True)


@given(TIMES, TIMES, st.sampled_from([0.5, 0.95, 1.0]), st.data())
def test_however_it_ends_no_quantile_is_below_what_was_said(
    over: list[timedelta], going_on: list[timedelta], share: float, data: st.DataObject
) -> None:
    if not over + going_on:
        return
    said = quantile(over, going_on, share)
    more = [data.draw(st.integers(0, 200)) * MINUTE for _ in going_on]
    ends = sorted([*over, *(one + later for one, later in zip(going_on, more, strict=True))])
    truth = ends[math.ceil(round(share * len(ends), 9)) - 1]
    assert said.time <= truth
    assert said.at_least or said.time == truth


def test_of_few_times_no_quantile_is_told() -> None:
    assert quantile_if_enough([MINUTE] * 4, [], 0.5) is None
    assert (
        quantile_if_enough([MINUTE] * 4, [MINUTE], 0.5) == Quantile(MINUTE, at_least=True) or True
    )
    assert quantile_if_enough([MINUTE] * 19, [], 0.95) is None
    assert quantile_if_enough([MINUTE] * 20, [], 0.95) == Quantile(MINUTE, at_least=False)


def test_every_section_of_the_way_is_measured() -> None:
    steps = replace(
        LOOK, verified=a.NOON + HOUR, sent=a.NOON + 2 * MINUTE, acknowledged=a.NOON + HOUR
    )
    found = took(timed(steps=steps))
    longest = {section: one.longest.time for section, one in found.items() if one.longest}
    assert longest == {
        Section.PUBLISHED: 2 * HOUR, Section.FETCHED: 3 * HOUR, Section.DETECTED: HOUR,
        Section.VERIFIED: HOUR, Section.SENT: 2 * MINUTE, Section.ACKNOWLEDGED: 58 * MINUTE,
        Section.TOLD: 6 * HOUR + 2 * MINUTE, Section.ANSWERED: 7 * HOUR,
    }  # fmt: skip


def test_what_has_not_arrived_is_counted_with_how_long_it_goes_on() -> None:
    sent = timed(2, steps=replace(LOOK, sent=a.NOON + HOUR))
    found = took(timed(1), sent)
    assert counts(found[Section.SENT]) == (1, 1, 0)
    assert found[Section.SENT].longest == Quantile(10 * HOUR, at_least=True)
    assert counts(found[Section.ACKNOWLEDGED]) == (0, 1, 0)
    assert found[Section.ACKNOWLEDGED].longest == Quantile(9 * HOUR, at_least=True)
    assert counts(found[Section.TOLD]) == (1, 1, 0)
    assert found[Section.ANSWERED].longest == Quantile(16 * HOUR, at_least=True)


def test_a_look_counts_once_however_many_are_told_of_it() -> None:
    found = took(timed(1), timed(2, event="evt-1"), timed(3))
    assert counts(found[Section.DETECTED]) == (2, 0, 0)
    assert counts(found[Section.SENT]) == (0, 3, 0)
    # Of events that nobody confirmed it is not known how long that takes.
    assert counts(found[Section.VERIFIED]) == (0, 0, 2)


def test_what_the_provider_does_not_tell_is_unknown() -> None:
    found = took(timed(steps=replace(LOOK, published=None)))
    assert counts(found[Section.PUBLISHED]) == counts(found[Section.FETCHED]) == (0, 0, 1)
    assert counts(found[Section.DETECTED]) == (1, 0, 0)


def test_what_is_no_delay_of_the_service_is_left_out_and_counted() -> None:
    past = timed(1, steps=replace(LOOK, sensed=a.NOON - 31 * a.DAY, sent=a.NOON))
    held = timed(2, due=a.NOON + HOUR, steps=replace(LOOK, sent=a.NOON + HOUR + MINUTE))
    released = timed(3, receiver="public")
    exercise = timed(4, mode=Mode.EXERCISE)
    found = figures([past, held, released, exercise], RECEIVERS, SINCE, UNTIL)
    told = (found.alerts, found.from_the_past, found.told_later, found.released)
    assert told == (3, 1, 1, 1)
    assert counts(found.took[Section.TOLD]) == (0, 0, 0)
    assert counts(found.took[Section.SENT]) == (2, 1, 0)
    assert found.took[Section.SENT].longest == Quantile(10 * HOUR, at_least=True)
    assert counts(found.took[Section.PUBLISHED]) == (2, 0, 0)


def test_what_is_not_due_is_not_late() -> None:
    assert counts(took(timed(due=UNTIL + HOUR))[Section.SENT]) == (0, 0, 0)


def test_nobody_waits_for_a_feed_or_for_who_was_removed() -> None:
    assert counts(took(timed(receiver="feed"))[Section.SENT]) == (0, 0, 0)
    assert counts(took(timed(receiver="gone"))[Section.SENT]) == (0, 0, 1)


def test_the_whole_is_of_what_was_told_first() -> None:
    update = timed(act=AlertAct.UPDATE, steps=replace(LOOK, sent=a.NOON))
    gone = timed(act=AlertAct.CANCEL, steps=replace(LOOK, sent=a.NOON))
    found = took(update, gone)
    assert counts(found[Section.TOLD]) == (0, 0, 0)
    assert counts(found[Section.SENT]) == (2, 0, 0)


def test_an_answer_before_the_receipt_takes_no_time() -> None:
    steps = replace(LOOK, sent=a.NOON + HOUR, acknowledged=a.NOON)
    assert took(timed(steps=steps))[Section.ACKNOWLEDGED].longest == Quantile(
        timedelta(), at_least=False
    )


def test_regions_and_sensors_are_told_apart() -> None:
    store = MemoryStore()
    radar = Steps(region="reg-2", sensor="sentinel-1-rtc", sensed=a.NOON - HOUR)
    with store.transaction() as tx:
        tx.put_receiver(a.receiver())
        tx.add_alerts([a.alert(steps=LOOK), a.alert(id="alr-2", event="evt-2", steps=radar)])
    whole = measured(store, "ours", UNTIL)
    assert (whole.whole.alerts, set(whole.by_region)) == (2, {"reg-1", "reg-2"})
    assert whole.by_sensor["sentinel-1-rtc"].alerts == 1
    one = measured(store, "ours", UNTIL, region="reg-2")
    assert (one.whole.alerts, set(one.by_sensor)) == (1, {"sentinel-1-rtc"})
    assert measured(store, "ours", a.NOON + 100 * a.DAY).whole.alerts == 0
    value = measured_value(whole, {"reg-1": "Home"})
    assert [one["name"] for one in value["by_region"]] == ["Home", None]
    assert [one["section"] for one in value["sections"]] == list(Section)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "-"),
        (Quantile(timedelta(seconds=1.234), at_least=False), "1.23 s"),
        (Quantile(12 * MINUTE, at_least=True), ">= 12 min"),
        (Quantile(47 * HOUR, at_least=False), "47 h"),
        (Quantile(90 * HOUR, at_least=False), "3.75 d"),
    ],
)
def test_times_are_told_in_words(found: Quantile | None, words: str) -> None:
    assert quantile_words(found) == words


def test_steps_that_are_not_known_are_told_as_that() -> None:
    value = steps_value(Steps(sensed=a.NOON))
    assert value.pop("sensed") == "2024-05-01T12:00:00Z"
    assert set(value.values()) == {None}
