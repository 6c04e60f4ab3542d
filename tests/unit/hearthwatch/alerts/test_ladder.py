"""When a message that was not taken is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.alerts.ladder import LONGEST, WAITS, next_attempt

FIRST = datetime(2024, 5, 1, 12, tzinfo=UTC)
JITTERS = st.floats(0.0, 1.0)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# Svix's ladder, which Standard Webhooks recommends, then once a day.
BY_HAND = [0 * S, 5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 10 * H, 24 * H, 24 * H, 24 * H]


def ladder(jitter: float) -> list[datetime]:
    """Return all attempts at a message that nobody takes, each on time."""
    found: list[datetime] = []
    while (moment := next_attempt(FIRST, len(found), jitter)) is not None:
        found.append(moment)
    return found


def test_each_attempt_waits_longer_and_after_five_days_it_is_given_up() -> None:
    since = [one - FIRST for one in ladder(0.0)]
    assert since == [sum(BY_HAND[: n + 1], timedelta()) for n in range(11)]
    assert since[-1] == 99 * H + 35 * M + 5 * S
    assert next_attempt(FIRST, 11, 0.0) is None
    assert next_attempt(FIRST, 999, 1.0) is None


def test_the_first_attempt_is_at_once_whatever_the_jitter() -> None:
    assert next_attempt(FIRST, 0, 1.0) == FIRST


@given(JITTERS, st.integers(1, 10))
def test_jitter_adds_a_tenth_of_the_wait_at_most(jitter: float, attempts: int) -> None:
    plain, late = next_attempt(FIRST, attempts, 0.0), next_attempt(FIRST, attempts, jitter)
    assert plain is not None
    assert late is not None
    assert plain <= late <= plain + BY_HAND[attempts] / 10


def test_jitter_spreads_what_failed_together() -> None:
    moments = {next_attempt(FIRST, 4, n / 999) for n in range(1000)}
    assert len(moments) == 1000
    assert max(filter(None, moments)) - min(filter(None, moments)) == 12 * M


@given(st.lists(JITTERS, min_size=11, max_size=11), st.lists(
    st.timedeltas(timedelta(), timedelta(seconds=10)), min_size=11, max_size=11))  # fmt: skip
def test_attempts_follow_each_other_and_end_within_five_days(
    jitters: list[float], takes: list[timedelta]
) -> None:
    """Whatever is drawn, and however long each attempt takes before it fails."""
    last, tried = None, []
    for attempts in range(11):
        moment = next_attempt(FIRST, attempts, jitters[attempts], last=last)
        assert moment is not None
        tried.append(moment)
        last = moment + takes[attempts]
    assert all(
        two - one >= wait for (one, two), wait in zip(pairwise(tried), WAITS[1:], strict=True)
    )
    assert tried[-1] <= FIRST + LONGEST


@given(st.integers(1, 10), st.timedeltas(timedelta(), timedelta(days=30)), JITTERS)
def test_after_an_outage_of_ours_the_ladder_is_climbed_and_not_run_through(
    attempts: int, late: timedelta, jitter: float
) -> None:
    plain = next_attempt(FIRST, attempts - 1, 0.0)
    assert plain is not None
    last = plain + late
    moment = next_attempt(FIRST, attempts, jitter, last=last)
    assert moment is not None
    assert BY_HAND[attempts] <= moment - last <= BY_HAND[attempts] * 1.1 + S


def test_the_same_draw_gives_the_same_time() -> None:
    assert next_attempt(FIRST, 5, 0.25) == next_attempt(FIRST, 5, 0.25)


@pytest.mark.parametrize(
    ("attempts", "jitter"), [(-1, 0.0), (1, -0.01), (1, 1.01), (1, float("nan"))]
)
def test_what_makes_no_sense_is_refused(attempts: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        next_attempt(FIRST, attempts, jitter)
