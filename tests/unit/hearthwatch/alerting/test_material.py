"""Whether who was told must be told again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box, mapping

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.severity import material
from hearthwatch.records import EventState
from tests.unit.hearthwatch.alerting.told import ANY, NO_NEWS, facts


@given(ANY)
def test_who_was_told_nothing_is_told(after: Facts) -> None:
    assert material(None, after)


@given(ANY)
def test_the_same_again_is_no_news_even_read_back_from_the_store(one: Facts) -> None:
    assert not material(one, json.loads(json.dumps(one)))


@given(ANY, NO_NEWS)
def test_looks_dates_and_words_alone_are_no_news(one: Facts, changes: dict[str, Any]) -> None:
    if one["act"] == "cancel":
        changes.pop("act", None)
    assert not material(one, {**one, **changes})  # type: ignore[typeddict-item]


@given(ANY, st.sampled_from(EventState))
def test_another_state_is_news_whatever_else_is_so(one: Facts, state: EventState) -> None:
    after = {**one, "state": state.value}
    assert material(one, after) is (one["state"] != state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "corroborated"}, {"kind": "razed"}, {"change": "razed_total"},
        {"sure": "Likely"}, {"severity": "extreme"}, {"severity": "moderate"},
        {"merged_into": "evt-2"}, {"reason": "duplicate"}, {"act": "cancel"},
        {"place": "Another village"},
    ],
)  # fmt: skip
def test_each_of_these_alone_is_news_in_both_directions(changes: dict[str, Any]) -> None:
    assert material(facts(), facts(**changes))
    assert material(facts(**changes), facts())


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        # Half as much again.
        (4_000.0, 6_000.0, True),
        (4_000.0, 5_999.0, False),
        # A hectare, if that is a quarter.
        (40_000.0, 50_000.0, True),
        (40_000.0, 49_999.0, False),
        (39_000.0, 48_999.0, False),
        (80_000.0, 90_000.0, False),
        (80_000.0, 100_000.0, True),
        # Less is seen in the dust of every look.
        (40_000.0, 10_000.0, False),
        (0.0, 0.0, False),
        (0.0, 100.0, True),
        # Not told before, or not now.
        (None, 90_000.0, False),
        (90_000.0, None, False),
    ],
)
def test_ground_that_grew_is_news(before: float | None, after: float | None, news: bool) -> None:
    assert material(facts(area_m2=before), facts(area_m2=after)) is news


def test_growth_counts_from_what_was_told_and_not_from_the_last_look() -> None:
    told = facts(area_m2=10_000.0)
    steps = [material(told, facts(area_m2=10_000.0 * 1.1**n)) for n in range(7)]
    assert steps == [False, False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (box(25, 13, 26, 14), box(25.9, 13, 27, 14), False),
        (box(25, 13, 26, 14), box(25.2, 13.2, 25.3, 13.3), False),
        (box(25, 13, 26, 14), box(26.1, 13, 27, 14), True),
        (Point(25, 13), Point(25, 13), False),
        (Point(25, 13), Point(25.1, 13), True),
        (Point(25, 13), box(24, 12, 26, 14), False),
    ],
)
def test_a_place_that_has_nothing_in_common_with_the_one_told_is_news(
    before: Any, after: Any, news: bool
) -> None:
    told, now = facts(geometry=mapping(before)), facts(geometry=mapping(after))
    assert material(told, now) is news


@pytest.mark.parametrize("name", ["place", "geometry", "area_m2"])
def test_that_a_receiver_may_know_more_or_less_is_no_news_of_the_event(name: str) -> None:
    notice = facts(**{name: "" if name == "place" else None})
    assert not material(notice, facts())
    assert not material(facts(), notice)
