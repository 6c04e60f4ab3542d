"""The Romanian clearings: what was drawn by eye must be found again on the half kept for scoring.

The floors lie below what was measured once on this half (see the README); they are there to
catch a detector that got worse, not to say how good it is.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from hearthwatch.records import ObservationStatus
from tests.science.clearings import Reported, Share, half_of, load_truth, score
from tests.science.figures import Figure, record
from tests.science.replay import TRUTH, replay

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def replayed(sample_catalogue, tmp_path_factory):
    return replay(sample_catalogue, tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="module")
def result(replayed):
    reported, ledger = replayed
    seen = (ObservationStatus.CHANGED, ObservationStatus.UNCHANGED)
    usable = [row.sensed for row in ledger if row.status in seen]
    return score(load_truth(TRUTH), reported, "scoring", usable)


def keep(gate, share, needed, shows):
    low, high = share.interval
    interval = round(low, 3), round(high, 3)
    record(Figure(gate, round(share.value, 3), needed, "Romanian sample", shows, interval))


def test_drawn_clearings_are_found(result):
    keep(
        "clearings: recall of ground_change", result.recall, "0.80",
        f"share of {result.recall.of} certain clearings of the scoring half that were found",
    )  # fmt: skip
    assert result.recall.of >= 20
    assert result.recall.value >= 0.80, result.missed


def test_what_is_reported_was_drawn(result):
    keep(
        "clearings: precision of ground_change", result.precision, "0.90",
        f"share of {result.precision.of} reported objects of the scoring half that were drawn",
    )  # fmt: skip
    assert result.precision.of >= 20
    assert result.precision.value >= 0.90, result.false


def test_the_true_date_lies_in_the_reported_interval(result):
    assert result.inside.value >= 0.90


def test_half_of_the_finds_take_at_most_five_usable_looks(result):
    assert np.median(result.looks) <= 5


def test_every_look_up_to_the_end_is_in_the_ledger_once(replayed):
    _, ledger = replayed
    assert len(ledger) == len({row.acquisition for row in ledger}) == 139


def test_the_ledger_says_that_no_scene_could_be_guarded(replayed):
    _, ledger = replayed
    assert {row.detail["guard"]["verdict"] for row in ledger} == {"unguarded"}


def test_the_yardstick_calls_a_report_elsewhere_false_and_a_late_one_too():
    drawn = [d for d in load_truth(TRUTH) if d.certain and d.half == "scoring"]
    one = drawn[0]
    right = Reported("right", one.geometry, one.earliest, one.latest, one.latest)
    far = datetime(2030, 1, 1, tzinfo=UTC)
    late = Reported("late", one.geometry, far, far, far)
    good = score([one], [right], "scoring", [], start=one.earliest)
    bad = score([one], [late], "scoring", [], start=one.earliest)
    assert half_of(one.geometry) == "scoring"
    assert (good.recall, good.precision.value, good.false) == (Share(1, 1), 1.0, ())
    assert (bad.recall, bad.precision.value, bad.false) == (Share(0, 1), 0.0, ("late",))


def test_wilson_interval_matches_the_published_example():
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 gives 0.2553 to 0.3662.
    low, high = Share(81, 263).interval
    assert low == pytest.approx(0.2553, abs=1e-4)
    assert high == pytest.approx(0.3662, abs=1e-4)
