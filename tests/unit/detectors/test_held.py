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
ODDS_RULES = (Held.RING_BURNED, Held.RECURRENCE, Held.PASSING_THROUGH, Held.LONG_UNSEEN)
ODDS = st.one_of(st.just(0.0), st.floats(-8.0, 0.0))


def held(total: tuple[float, ...], *taken: float) -> Held:
    """Return what held back one settlement of which a look brought `total` in the end.

    Parameters
    ----------
    taken : float
        By each of `ODDS_RULES`; by the rest nothing.
    """
    lowered = dict.fromkeys(ODDS_RULES, np.zeros((1, 1)))
    lowered |= {rule: np.array([[odds]]) for rule, odds in zip(ODDS_RULES, taken, strict=False)}
    return Held(int(held_back(np.array([total]), lowered, np.array([THRESHOLDS]))[0]))


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
    assert held(total, -1.0, -1.0) == Held.RING_BURNED | Held.RECURRENCE
    assert held(total, -1.0, 0.0, -1.0) == Held.RING_BURNED | Held.PASSING_THROUGH
    assert held(total, -1.0, 0.0, 0.0, -1.0) == Held.RING_BURNED | Held.LONG_UNSEEN
    assert held(total, -1.0) == Held(0)


def test_what_was_taken_from_one_state_alone_is_named_for_it() -> None:
    total = np.array([[BUILT_IN.probable + 1.0, BUILT_IN.probable - 1.0, -math.inf]])
    taken = {Held.LONG_UNSEEN: np.array([[0.0, -2.0, 0.0]])}
    found = held_back(total, taken, np.array([THRESHOLDS]))
    assert Held(int(found[0])) == Held.LONG_UNSEEN | Held.ONE_LOOK


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
    odds=st.tuples(ODDS, ODDS, ODDS, ODDS),
)  # fmt: skip
def test_what_is_named_decided_and_what_decided_is_named(
    most: float, two: float, three: float, odds: tuple[float, ...]
) -> None:
    total = (most, most - two, most - two - three)
    taken = dict(zip(ODDS_RULES, odds, strict=True))
    said, reached = held(total, *odds), level(total)
    without_any = level(tuple(one - sum(taken.values()) for one in total))
    for rule, less in taken.items():
        if level(tuple(one - less for one in total)) != reached:
            assert rule in said
        if rule in said:
            assert less < 0.0
            assert without_any != reached
    named = [rule for rule in ODDS_RULES if rule in said]
    # Where rules held a state back, lifting those that are named is enough to reach it.
    if without_any != reached:
        assert named
        assert level(tuple(one - sum(taken[rule] for rule in named) for one in total)) != reached
    assert (Held.ONE_LOOK in said) == (total[0] > BUILT_IN.probable >= total[1])


def test_settlements_are_judged_by_their_own_thresholds() -> None:
    total = np.full((2, 3), BUILT_IN.watch - 0.5)
    lowered = {Held.RING_BURNED: np.full((2, 1), -1.0)}
    thresholds = np.array([THRESHOLDS, [one + 5.0 for one in THRESHOLDS]])
    found = held_back(total, lowered, thresholds)
    assert found.tolist() == [Held.RING_BURNED, 0]


@given(st.sets(st.sampled_from(list(Held))))
def test_the_words_of_bits_are_their_names(rules: set[Held]) -> None:
    bits = sum(int(one) for one in rules)
    assert set(words(bits)) == {str(one.name).lower() for one in rules}
    assert len(list(words(bits))) == len(rules)
    # All of them fit the state's column.
    assert bits <= np.iinfo(np.int8).max
