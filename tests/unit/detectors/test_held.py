"""Evidence and what was taken from it are drawn; each rule is named exactly where it decided."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.calibration import BUILT_IN
from detectors.held import Held, held_back, words

THRESHOLDS = (BUILT_IN.watch, BUILT_IN.probable, BUILT_IN.established)
ODDS_RULES = (Held.RING_BURNED, Held.RECURRENCE, Held.PASSING_THROUGH)
ODDS = st.one_of(st.just(0.0), st.floats(-8.0, 0.0))


def held(
    total: tuple[float, ...], ring: float = 0.0, again: float = 0.0, through: float = 0.0
) -> Held:
    """Return what held back one settlement of which a look brought `total` in the end."""
    found = held_back(
        np.array([total]), np.array([ring]), np.array([again]), np.array([through]),
        np.array([THRESHOLDS]),
    )  # fmt: skip
    return Held(int(found[0]))


def level(total: tuple[float, ...]) -> list[bool]:
    return [one > least for one, least in zip(total, THRESHOLDS, strict=True)]


def alone(rule: Held, odds: float, before: float) -> Held:
    """Return what held back a settlement whose three windows brought `before` without the rule."""
    taken = [odds if one is rule else 0.0 for one in ODDS_RULES]
    return held((before + odds,) * 3, *taken)


@pytest.mark.parametrize("rule", ODDS_RULES)
@pytest.mark.parametrize("least", THRESHOLDS)
def test_a_rule_is_named_where_without_it_a_state_had_been_reached(
    rule: Held, least: float
) -> None:
    assert rule in alone(rule, -1.0, least + 0.5)
    # Just short of it without the rule as well, or reached in spite of it.
    assert rule not in alone(rule, -0.001, least - 0.1)
    assert rule not in alone(rule, -0.001, least + 0.1)
    assert rule not in alone(rule, 0.0, least + 0.1)


def test_two_rules_that_only_together_held_it_back_are_both_named() -> None:
    total = (BUILT_IN.watch - 1.5,) * 3
    assert held(total, ring=-1.0, again=-1.0) == Held.RING_BURNED | Held.RECURRENCE
    assert held(total, ring=-1.0, through=-1.0) == Held.RING_BURNED | Held.PASSING_THROUGH
    assert held(total, ring=-1.0) == Held(0)


def test_evidence_of_one_look_alone_is_said_to_be_that() -> None:
    loud = BUILT_IN.probable + 1.0
    assert held((loud, -math.inf, -math.inf)) == Held.ONE_LOOK
    assert held((loud, BUILT_IN.probable - 1.0, -math.inf)) == Held.ONE_LOOK
    assert held((loud, loud, -math.inf)) == Held(0)
    # Not even a suspicion more than that: there is nothing one look more had changed.
    assert held((BUILT_IN.probable - 0.1, -math.inf, -math.inf)) == Held(0)


@settings(max_examples=300)
@given(
    most=st.floats(-10.0, 20.0), two=st.floats(0.0, 10.0), three=st.floats(0.0, 10.0),
    ring=ODDS, again=ODDS, through=ODDS,
)  # fmt: skip
def test_what_is_named_decided_and_what_decided_is_named(
    most: float, two: float, three: float, ring: float, again: float, through: float
) -> None:
    total = (most, most - two, most - two - three)
    taken = dict(zip(ODDS_RULES, (ring, again, through), strict=True))
    said, reached = held(total, ring, again, through), level(total)
    without_any = level(tuple(one - sum(taken.values()) for one in total))
    for rule, odds in taken.items():
        if level(tuple(one - odds for one in total)) != reached:
            assert rule in said
        if rule in said:
            assert odds < 0.0
            assert without_any != reached
    named = [rule for rule in ODDS_RULES if rule in said]
    # Where rules held a state back, lifting those that are named is enough to reach it.
    if without_any != reached:
        assert named
        assert level(tuple(one - sum(taken[rule] for rule in named) for one in total)) != reached
    assert (Held.ONE_LOOK in said) == (total[0] > BUILT_IN.probable >= total[1])


def test_settlements_are_judged_by_their_own_thresholds() -> None:
    total = np.full((2, 3), BUILT_IN.watch - 0.5)
    ring, none = np.full(2, -1.0), np.zeros(2)
    thresholds = np.array([THRESHOLDS, [one + 5.0 for one in THRESHOLDS]])
    found = held_back(total, ring, none, none, thresholds)
    assert found.tolist() == [Held.RING_BURNED, 0]


@given(st.sets(st.sampled_from(list(Held))))
def test_the_words_of_bits_are_their_names(rules: set[Held]) -> None:
    bits = sum(int(one) for one in rules)
    assert set(words(bits)) == {str(one.name).lower() for one in rules}
    assert len(list(words(bits))) == len(rules)
    # All of them fit the state's column.
    assert bits <= np.iinfo(np.int8).max
