"""A curve that is kept for ever in so many points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import site_curve
from detectors.site_curve import POINTS

START = datetime(2020, 1, 1, tzinfo=UTC)


def noted(days):
    rows = site_curve.new_rows(1)
    for day in days:
        point = np.array([[day / 1000, day / 1000 - 0.1, day / 1000 + 0.1]])
        moment = int((START + timedelta(days=int(day))).timestamp())
        site_curve.note(rows, np.ones(1, bool), point, moment)
    return rows


def test_all_points_are_kept_while_there_is_room():
    told = site_curve.told(noted([0, 5, 10]), 0, 20.0)
    assert told == [
        ["2020-01-01", 0.0, 0.0, 2.0], ["2020-01-06", 0.1, 0.0, 2.1], ["2020-01-11", 0.2, 0.0, 2.2],
    ]  # fmt: skip


@settings(max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=POINTS + 1, max_size=200))
def test_a_full_curve_keeps_its_ends_its_order_and_no_wide_new_gap(steps):
    days = np.cumsum([0, *steps])
    rows = noted(days)
    seconds = rows["curve_seconds"][0]
    kept = (seconds - int(START.timestamp())) / 86_400
    assert kept.size == POINTS
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (days[0], days[-1])
    assert set(kept) <= set(map(float, days))
    # A point goes only where its neighbours lie closest.
    assert np.diff(kept).max() <= max(60.0, 3.0 * days[-1] / POINTS)
