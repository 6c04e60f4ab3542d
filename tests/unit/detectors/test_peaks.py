"""The most that each year brought, against a year written down look by look."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors import peaks

DAY = 86_400


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(-9, 30)), min_size=1, max_size=60))
def test_every_year_keeps_the_most_that_its_looks_brought(looks):
    rows, years, day = peaks.new_rows(1), [], 0
    for apart, total in looks:
        day += apart
        peaks.note(rows, np.ones(1, bool), np.array([[total, total - 1, -np.inf]]), day * DAY)
        if not years or day - years[-1][0] >= 365:
            years.append((day, []))
        years[-1][1].append(total)
    *over, (_, now) = years
    kept = over[-peaks.KEPT :]
    assert rows["peak"][0, 0] == max(now)
    assert rows["peak_looks"][0] == len(now)
    told = rows["peaks"][0, peaks.KEPT - len(kept) :, 0].tolist()
    assert told == [max(totals) for _, totals in kept]
    assert rows["peaks_looks"][0].sum() == sum(len(totals) for _, totals in kept)
    assert np.isneginf(rows["peaks"][0, peaks.KEPT - len(kept) :, 2]).all()


def test_a_settlement_that_was_not_judged_stays_as_it_is():
    rows = peaks.new_rows(2)
    peaks.note(rows, np.array([True, False]), np.ones((2, 3)), 5 * DAY)
    assert rows["peak_looks"].tolist() == [1, 0]
    assert np.isneginf(rows["peak"][1]).all()
