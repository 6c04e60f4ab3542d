"""The live rate of placebos: built from ledger rows whose sums can be done by hand."""

from __future__ import annotations

import dataclasses

import pytest

from hearthwatch.accuracy.placebos import live_placebos, placebo_rates, together
from hearthwatch.evaluation.definitions import Level
from hearthwatch.records import Mode, ObservationStatus
from hearthwatch.store import MemoryStore
from tests.unit.hearthwatch.accuracy.made import region, row

LEARNING = ObservationStatus.NOT_PROCESSED
YEAR = 365.25


def counts(rates):
    return [rates[level].count for level in Level]


def test_the_exposure_begins_when_the_normal_is_learned_and_ends_with_the_last_look():
    rows = [
        row(0, placebos=20, status=LEARNING),
        row(100, placebos=20),
        row(465.25, placebos=20, said=(3, 2, 1)),
    ]
    (one,) = placebo_rates(rows)
    assert one.rates[Level.PROBABLE].exposure == pytest.approx(20.0)
    assert counts(one.rates) == [3, 2, 1]
    assert one.rates[Level.PROBABLE].value == pytest.approx(100.0)


def test_a_look_counts_once_over_however_many_settlements():
    one = [row(100, placebos=10), row(200, placebos=10, said=(1, 0, 0))]
    many = [dataclasses.replace(look, settlement=place) for look in one for place in "abc"]
    assert placebo_rates(many) == placebo_rates(one)


def test_cells_are_followed_apart_and_added_up():
    rows = [
        row(0, placebos=10, cell="west"), row(0, placebos=30, cell="east"),
        row(YEAR, placebos=10, cell="west", said=(1, 1, 0)),
        row(2 * YEAR, placebos=30, cell="east", said=(2, 0, 0)),
    ]  # fmt: skip
    (one,) = placebo_rates(rows)
    assert one.rates[Level.WATCH].exposure == pytest.approx(10 + 60)
    assert counts(one.rates) == [3, 1, 0]


def test_what_was_counted_stays_counted_where_placebos_are_laid_anew():
    rows = [
        row(0, placebos=10), row(100, placebos=10, said=(4, 1, 0)),
        row(200, placebos=8, said=(0, 0, 0)), row(300, placebos=8, said=(2, 0, 0)),
    ]  # fmt: skip
    (one,) = placebo_rates(rows)
    assert counts(one.rates) == [6, 1, 0]


def test_a_look_scored_again_afterwards_counts_nothing():
    again = row(50, placebos=10, said=(9, 9, 9), more={"retrospective": True})
    first, last = row(0, placebos=10), row(100, placebos=10, said=(1, 0, 0))
    assert placebo_rates([first, again, last]) == placebo_rates([first, last])


def test_rows_without_placebos_say_nothing():
    assert placebo_rates([row(0, placebos=0), row(10, placebos=None)]) == ()


def test_a_cell_that_never_learned_its_normal_adds_no_years():
    rows = [row(day, placebos=10, status=LEARNING) for day in (0, 100, 200)]
    (one,) = placebo_rates(rows)
    assert one.rates[Level.WATCH].exposure == 0
    assert one.rates[Level.WATCH].value is None


def test_only_watches_of_the_world_count_and_ended_ones_do():
    store = MemoryStore()
    ended = region("ended", removed=True)
    with store.transaction() as tx:
        for one in (region("open"), ended, region("drill", mode=Mode.EXERCISE)):
            tx.put_region(one)
            for day, said in ((0, (0, 0, 0)), (YEAR, (1, 0, 0))):
                tx.put_ledger(row(day, placebos=10, said=said, region=one))
    found = live_placebos(store, "ours")
    assert [one.region for one in found] == ["ended", "open"]
    (whole,) = together(found)
    assert whole.region == ""
    assert whole.rates[Level.WATCH].count == 2
    assert whole.rates[Level.WATCH].exposure == pytest.approx(20.0)
    assert together(()) == ()
