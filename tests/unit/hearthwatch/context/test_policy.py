"""By which rules observations raise a level: the table of docs/context.md, and its properties."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.context.policy import counted, level_of, raises
from hearthwatch.records import (
    ContextObservation,
    ContextSort,
    Grade,
    Region,
    Variable,
    WatchLevel,
)
from hearthwatch.watchlist.raised import LEVELS, raised_at
from hearthwatch.watchlist.terms import level_now, level_words, with_level
from tests.contract import store_records as a

NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
DAY = timedelta(days=1)
ROUTINE, ELEVATED, URGENT = LEVELS


def speech(grades: str = "act=strong speaker=strong", days: float = 0, **more: Any):
    """Return speech of so many days ago."""
    given = dict(one.split("=") for one in grades.split())
    return a.observation(grades=given, observed=NOW - days * DAY, **more)


def factor(number: int, days: float = 0, **more: Any) -> ContextObservation:
    plain = {"id": f"obs-f{number}", "source": "A report", **more}
    return a.observation(
        sort=ContextSort.RISK_FACTOR, grades={}, factor=number, observed=NOW - days * DAY, **plain
    )


def raised(*there: ContextObservation, region: Region | None = None) -> Region:
    return dataclasses.replace(region or a.region(), raised=raises(there, NOW))


def level(*there: ContextObservation) -> WatchLevel:
    return level_now(raised(*there), NOW)


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ("act=strong speaker=strong", ELEVATED),
        ("act=some speaker=strong means=strong", ELEVATED),
        ("act=strong speaker=some", ROUTINE),
        ("act=none speaker=strong audience=strong context=strong means=strong", ROUTINE),
        ("speaker=strong audience=strong", ROUTINE),
        ("act=strong speaker=strong audience=strong", ELEVATED),
        ("act=strong speaker=strong audience=strong context=strong", URGENT),
        ("act=some speaker=strong audience=strong context=strong means=strong", ELEVATED),
    ],
)
def test_speech_raises_by_its_five_variables(grades: str, expected: WatchLevel) -> None:
    assert level(speech(grades)) is expected


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([8], ELEVATED), ([7], ELEVATED), ([10], ELEVATED), ([14], ELEVATED),
        ([1], ROUTINE), ([9], ROUTINE), ([1, 3], ELEVATED), ([1, 1], ROUTINE),
        ([8, 1], ELEVATED), ([7, 8], ELEVATED), ([10, 11], ELEVATED),
    ],
)  # fmt: skip
def test_risk_factors_raise_alone_or_together(factors: list[int], expected: WatchLevel) -> None:
    there = [factor(one, id=f"obs-{at}") for at, one in enumerate(factors)]
    assert level(*there) is expected


def test_what_two_sources_say_together_is_urgent() -> None:
    assert level(speech(source="Radio"), factor(8, source="Report")) is URGENT
    assert level(factor(7, source="One"), factor(11, source="Another")) is URGENT
    assert level(speech(source="Radio"), factor(3, source="Report")) is ELEVATED


def test_one_source_is_counted_once() -> None:
    assert level(speech(source="The Desk"), factor(8, source=" the  desk")) is ELEVATED


@pytest.mark.parametrize(
    ("reliability", "credibility", "expected"),
    [("A", 1, URGENT), ("C", 3, URGENT), ("D", 2, ELEVATED), ("F", 6, ELEVATED),
     ("B", 4, ELEVATED), ("E", 1, ROUTINE), ("A", 5, ROUTINE)],
)  # fmt: skip
def test_weak_sources_raise_less_and_bad_ones_nothing(
    reliability: str, credibility: int, expected: WatchLevel
) -> None:
    grave = speech("act=strong speaker=strong audience=strong context=strong")
    one = dataclasses.replace(grave, reliability=reliability, credibility=credibility)
    assert level(one) is expected
    assert (counted(one, NOW).until is None) == (expected is ROUTINE)


def test_it_falls_back_step_by_step_and_by_itself() -> None:
    found = raised(speech(days=10, source="Radio"), factor(8, days=20, source="Report"))
    assert [level_now(found, NOW + days * DAY) for days in (0, 9.9, 10.1, 19.9, 20.1)] == [
        URGENT, URGENT, ELEVATED, ELEVATED, ROUTINE,
    ]  # fmt: skip
    assert level_words(found, NOW).startswith("urgent until 2026-03-11 because of ")
    assert level_words(found, NOW + 30 * DAY) == (
        "it was elevated until 2026-03-21 and is routine again"
    )
    assert raised_at(found, NOW + 30 * DAY) is None


def test_what_is_over_raises_nothing() -> None:
    assert raises([speech(days=30), factor(8, days=31), factor(1, days=181)], NOW) == {}
    assert counted(speech(days=31), NOW).words == "it counted until 2026-02-28"


def test_what_is_withdrawn_raises_nothing() -> None:
    gone = a.observation(observed=None, grades={}, withdrawn=NOW, credibility=0, reliability="")
    assert raises([gone], NOW) == {}


@pytest.mark.parametrize("own", LEVELS)
def test_of_what_people_set_and_what_context_raises_the_higher_counts(own: WatchLevel) -> None:
    until, reason = (None, "") if own is ROUTINE else (NOW + 5 * DAY, "convoys")
    people = with_level(a.region(), own, until, reason, NOW)
    found = raised(speech(), region=people)
    assert level_now(found, NOW) is (URGENT if own is URGENT else ELEVATED)
    # People may set it again: neither changes what the other says.
    assert with_level(found, ROUTINE, None, "", NOW).raised == found.raised
    words = level_words(found, NOW)
    assert ("convoys" in words) == (own is not ROUTINE)
    assert "dangerous speech" in words
    assert words.startswith(
        "urgent until 2026-03-06" if own is URGENT else "elevated until 2026-03"
    )


def test_signs_say_neither_who_told_nor_in_which_words() -> None:
    one = speech(words="Karambolage", source="The baker")
    assert "Karambolage" not in str(raises([one], NOW)) and "baker" not in str(raises([one], NOW))
    assert "The baker" not in level_words(raised(one), NOW)


GRADES = st.dictionaries(
    st.sampled_from([one.value for one in Variable]), st.sampled_from([one.value for one in Grade])
)
observations = st.lists(
    st.builds(
        lambda number, grades, factor, days, source, graded: a.observation(
            id=f"obs-{number}", grades={} if factor else grades, factor=factor,
            sort=ContextSort.RISK_FACTOR if factor else ContextSort.SPEECH,
            observed=NOW - days * DAY, source=source,
            reliability=graded[0], credibility=int(graded[1]),
        ),
        st.integers(0, 999),
        GRADES,
        st.integers(0, 14), st.integers(0, 200), st.sampled_from(["One", "Two"]),
        st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("123456")),
    ),
    max_size=6, unique_by=lambda one: one.id,
)  # fmt: skip


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(there=observations, days=st.integers(0, 200))
def test_what_is_kept_for_later_is_what_would_be_found_then(
    there: list[ContextObservation], days: int
) -> None:
    later = NOW + days * DAY + timedelta(hours=1)
    counts = [one for one in there if counted(one, later).until is not None]
    assert level_now(raised(*there), later) is level_of(counts)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(there=observations, more=observations)
def test_more_observations_never_lower_a_level(
    there: list[ContextObservation], more: list[ContextObservation]
) -> None:
    more = [dataclasses.replace(one, id=f"more-{one.id}") for one in more]
    assert LEVELS.index(level(*there, *more)) >= LEVELS.index(level(*there))
