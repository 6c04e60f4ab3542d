"""Cohen's kappa against published tables and against sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.records import Verdict
from hearthwatch.review.agreement import agreement_of, kappa_of, pairs_of, table_of
from hearthwatch.review.cases import Case
from hearthwatch.review.shown import agreement_words
from tests.contract import store_records as a

PUBLISHED = np.array([[0, 4, 1], [0, 8, 0], [0, 1, 5]])
"""A table of 19 whose simple kappa, error and limits the FREQ procedure of SAS prints as 0.4842,
0.1380, 0.2137 and 0.7547."""


def case(*verdicts, rounds=("first", "first", "third")):
    return Case(
        tuple(
            a.assessment(id=str(n), person=f"per-{n}", verdict=one, round=rounds[n])
            for n, one in enumerate(verdicts)
        )
    )


def test_a_published_table_gives_the_published_kappa_and_interval():
    found = kappa_of(PUBLISHED)
    assert (found.pairs, found.agreed, found.rough) == (19, 13, True)
    assert found.kappa == pytest.approx(0.4842, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.2137, 0.7547), abs=5e-5)


def test_a_two_by_two_table_by_hand():
    # 20 and 15 alike of 50; by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5; (0.7 - 0.5) / 0.5.
    found = kappa_of(np.array([[20, 5], [10, 15]]))
    assert found.kappa == pytest.approx(0.4)
    # The error of the two classes, term by term.
    on = 0.4 * (1 - 1.1 * 0.6) ** 2 + 0.3 * (1 - 0.9 * 0.6) ** 2
    off = 0.6**2 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2)
    error = math.sqrt((on + off - (0.4 - 0.5 * 0.6) ** 2) / 50) / 0.5
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * error)


def test_what_is_not_defined_is_not_a_number():
    nobody = kappa_of(np.zeros((4, 4), int))
    assert (nobody.pairs, nobody.kappa) == (0, None)
    one_class = kappa_of(np.diag([30, 0, 0, 0]))
    assert (one_class.agreed, one_class.kappa, one_class.low) == (30, None, None)
    assert "not defined, for all said the same" in agreement_words(one_class)
    all_alike = kappa_of(np.diag([30, 5, 0, 0]))
    assert (all_alike.kappa, all_alike.low) == (1.0, None)
    assert "without an interval" in agreement_words(all_alike)


@pytest.mark.parametrize(
    "table",
    [
        [[0, 1], [0, 0]],
        [[0, 30], [0, 0]],
        [[0, 5], [5, 0]],
        [[20, 10], [0, 0]],
    ],
    ids=["one pair", "all differ alike", "all differ both ways", "one always says the same"],
)
def test_an_error_of_nothing_is_no_interval(table):
    found = kappa_of(np.array(table))
    assert found.kappa is not None
    assert (found.low, found.high) == (None, None)
    assert "without an interval, for what was said varies too little" in agreement_words(found)


def test_few_pairs_are_said_to_be_few():
    assert "a rough interval of few pairs" in agreement_words(kappa_of(PUBLISHED))
    assert "rough" not in agreement_words(kappa_of(10 * PUBLISHED))


def test_only_the_first_two_who_looked_count_and_no_audit():
    harmed, unharmed = Verdict.HARMED, Verdict.UNHARMED
    cases = [
        case(harmed),
        case(harmed, unharmed, harmed),
        case(harmed, harmed, unharmed, rounds=("first", "first", "audit")),
        case(unharmed, unharmed),
    ]
    assert pairs_of(cases) == [(0, 1), (0, 0), (1, 1)]
    found = agreement_of(cases)
    # Two of three alike; by chance 2/3 x 1/3 + 1/3 x 2/3 = 4/9.
    assert found.kappa == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))


tables = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=80)


@given(tables)
def test_who_is_called_the_first_does_not_matter(pairs):
    one, other = kappa_of(table_of(pairs, 4)), kappa_of(table_of([p[::-1] for p in pairs], 4))
    assert one.kappa == pytest.approx(other.kappa) if one.kappa is not None else other.kappa is None
    if one.kappa is not None and one.low is not None:
        assert -1 <= one.low <= one.kappa <= one.high <= 1
        assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_the_interval_holds_kappa_as_often_as_it_says():
    # Two who see the truth of half of all cases, each independently in 0.8 of them right.
    draw = np.random.default_rng(1)
    truth = 1 - 2 * 0.2
    expected = truth**2
    held = 0
    for _ in range(400):
        event = draw.random(200) < 0.5
        one, other = (event ^ (draw.random(200) < 0.2) for _ in range(2))
        found = kappa_of(table_of(list(zip(one.astype(int), other.astype(int), strict=True)), 2))
        held += found.low <= expected <= found.high
    # 0.95 of 400 within 3.3 standard errors of 4.4.
    assert 365 <= held <= 394
