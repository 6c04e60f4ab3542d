"""Another detector's states, drawn pass by pass, become objects with numbers and intervals."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.dist_alert import DistAlert
from detectors.dist_alert_objects import OLDER
from detectors.types import (
    Detector,
    DetectorState,
    Features,
    GuardVerdict,
    MonitorState,
    Places,
    SceneJudgement,
)
from imagery.types import Cause, GeoBox
from tests.support.alerts import day_of

SIDE = 30
GRID = GeoBox((SIDE, SIDE), Affine(30, 0, 264_480, 0, -30, 6_341_500), "EPSG:32719")
WATCH, PROBABLE, ESTABLISHED, CLOSED, LAPSED = DetectorState
FIRST = datetime(2024, 1, 1, 10, 4, tzinfo=UTC)
PASSED = SceneJudgement("x", GuardVerdict.UNGUARDED, 0, 0, "")
ALL = Places(np.ones((SIDE, SIDE), bool))
FIRE = (slice(10, 16), slice(10, 18))
"""48 pixels of 900 m2."""
STEPS = ((4, 1), (5, 2), (6, 3), (6, 4))
"""State and anomalous passes of the fire's pixels, pass by pass."""


def at(number: int) -> datetime:
    return FIRST + timedelta(days=6 * number)


class Product:
    """One product: what it says of each pixel."""

    def __init__(self, number: int) -> None:
        self.sensed = at(number)
        self.status = np.zeros((SIDE, SIDE), np.uint8)
        self.alone = np.zeros((SIDE, SIDE), np.uint8)
        self.date = np.zeros((SIDE, SIDE), np.float32)
        self.count = np.zeros((SIDE, SIDE), np.float32)

    def draw(self, where, status, count, began) -> Product:
        self.status[where] = status
        self.alone[where] = 1 if status in (1, 2, 3) else 4
        self.count[where] = count
        self.date[where] = day_of(at(began))
        return self

    def unseen(self, where=slice(None)) -> Product:
        self.alone[where] = 255
        return self

    def cube(self) -> xr.Dataset:
        layers = {
            "GEN-DIST-STATUS": self.status,
            "GEN-DIST-STATUS-ACQ": self.alone,
            "GEN-DIST-DATE": self.date,
            "GEN-DIST-COUNT": self.count,
            "GEN-DIST-CONF": 4.0 * self.count**2,
            "GEN-METRIC-MAX": np.where(self.status > 0, np.float32(5.25), np.float32(0.5)),
            "cause": np.where(self.alone == 255, Cause.NODATA, Cause.CLEAR).astype(np.uint8),
        }
        return xr.Dataset(
            {name: (("time", "y", "x"), values[np.newaxis]) for name, values in layers.items()},
            attrs={"acquisition": f"{self.sensed:%Y%m%d}", "sensed": self.sensed.isoformat()},
        )


def run(products, detector=None, state=None):
    """Score products in order; return the last state and the findings of each."""
    detector = detector or DistAlert()
    state = state or detector.start(GRID)
    told = []
    for product in products:
        features = detector.measure(product.cube(), ALL)
        state, findings = detector.score(state, features, PASSED)
        told.append(findings)
    return state, told


def burning(first=1, where=FIRE):
    """Return products of which the one with number `first` is the first to show a fire."""
    quiet = [Product(number) for number in range(first)]
    return quiet + [
        Product(first + step).draw(where, status, count, first)
        for step, (status, count) in enumerate(STEPS)
    ]


def test_it_is_a_detector():
    assert isinstance(DistAlert(), Detector)


def test_states_rise_with_the_products_and_the_interval_stays():
    _, told = run(burning())
    assert [[one.state for one in findings] for findings in told] == [
        [], [WATCH], [PROBABLE], [ESTABLISHED], [],
    ]  # fmt: skip
    for findings in told:
        for one in findings:
            assert (one.last_unharmed, one.first_changed) == (at(0), at(1))
            assert (one.object, one.pixels, one.kind) == (1, 48, "ground_change")
            assert one.area_m2 == pytest.approx(48 * 900, rel=0.01)
            assert one.doubts == ()
    assert [told[k][0].looks for k in (1, 2, 3)] == [1, 2, 3]


def test_the_evidence_says_whose_words_they_are():
    _, told = run(burning())
    evidence = told[3][0].evidence
    assert (evidence["origin"], evidence["made_by"]) == ("sentinel-1", "OPERA DIST-ALERT-S1")
    assert evidence["dated_by_product"] == "2024-01-07"
    assert (evidence["confirmed_m2"], evidence["first_m2"]) == (48 * 900, 0)
    assert (evidence["anomalous_passes"], evidence["confidence"]) == (3, 36)
    assert evidence["metric"] == 5.25


def test_two_confirmed_passes_are_not_enough_to_be_established():
    products = [*burning()[:2], Product(2).draw(FIRE, 6, 2, 1)]
    _, told = run(products)
    assert [one.state for one in told[2]] == [PROBABLE]


def test_what_was_there_on_the_first_product_is_older_than_the_watch():
    _, told = run(burning(first=0))
    assert told[0][0].last_unharmed is None
    assert told[0][0].first_changed == at(0)
    assert all(OLDER in findings[0].doubts for findings in told[:3])


def test_a_date_before_the_watch_is_the_end_of_that_day():
    product = Product(3).draw(FIRE, 6, 3, 1)
    _, ((finding,),) = run([product])
    assert finding.last_unharmed is None
    assert finding.first_changed == at(1).replace(hour=23, minute=59, second=59)


def test_a_pass_that_was_never_taken_in_widens_nothing():
    products = burning()
    del products[1]
    _, told = run(products)
    (finding,) = told[1]
    assert finding.state is PROBABLE and finding.last_unharmed == at(0)
    assert finding.first_changed == at(1).replace(hour=23, minute=59, second=59)


def test_a_pass_without_coverage_is_not_observable_and_says_nothing():
    detector = DistAlert()
    blind = Product(2).draw(FIRE, 4, 1, 1).unseen()
    features = detector.measure(blind.cube(), ALL)
    assert features.usable == 0.0 and features.causes["nodata"] == 1.0
    assert (features.pixels == np.iinfo(np.int16).min).all()
    before, _ = run(burning()[:2])
    after, findings = detector.score(before, features, PASSED)
    assert findings == () and after.objects == before.objects
    for name, values in before.arrays.items():
        np.testing.assert_array_equal(values, after.arrays[name])


def test_a_pass_that_saw_a_part_leaves_the_rest_as_it_was():
    middle = Product(1).unseen(slice(12, None))
    _, told = run([Product(0), middle, Product(2).draw(FIRE, 4, 1, 2)])
    # Of 48 pixels 16 were seen unharmed once more; the earlier look holds for the others.
    (finding,) = told[2]
    assert (finding.last_unharmed, finding.first_changed) == (at(0), at(2))


def test_quiet_over_all_passes_and_anomalous_now_proves_nothing_unharmed():
    odd = Product(1)
    odd.alone[FIRE] = 1
    _, told = run([Product(0), odd, Product(2).draw(FIRE, 4, 1, 2)])
    assert told[2][0].last_unharmed == at(0)


def test_less_than_a_hectare_is_no_object():
    _, told = run(burning(where=(slice(3, 5), slice(5, 10))))
    assert told == [()] * 5
    _, told = run(burning(where=(slice(3, 4), slice(5, 16))))
    assert told[1][0].pixels == 11


@pytest.mark.parametrize("believed", [True, False])
def test_what_ends_is_closed_if_it_was_established_and_lapses_otherwise(believed):
    products = burning()[: 4 if believed else 2]
    end = Product(6)
    if believed:
        end.draw(FIRE, 8, 3, 1)
    state, told = run([*products, end])
    (finding,) = told[-1]
    assert finding.state is (CLOSED if believed else LAPSED)
    assert (finding.pixels, finding.last_unharmed) == (48, at(0))
    assert state.objects == () and not state.arrays["label"].any()


def test_the_same_ground_again_is_another_object():
    again = [Product(9).draw(FIRE, 4, 1, 9)]
    finished = [Product(number).draw(FIRE, 8, 3, 1) for number in (6, 7)]
    _, told = run([*burning(), *finished, Product(8), *again])
    assert [one.object for findings in told for one in findings] == [1, 1, 1, 1, 2]
    (second,) = told[-1]
    assert (second.state, second.last_unharmed) == (WATCH, at(8))
    assert second.first_changed == at(9)


def test_what_little_is_left_of_an_ended_object_founds_none():
    large, rest = (slice(5, 20), slice(5, 20)), (slice(10, 14), slice(10, 15))
    shrunk = [Product(number).draw(rest, 5, 2, 1) for number in (3, 4)]
    _, told = run([*burning(where=large)[:3], *shrunk])
    assert [[one.state for one in findings] for findings in told[3:]] == [[LAPSED], []]


def test_growth_is_told_and_keeps_number_and_interval():
    wider = (slice(10, 16), slice(18, 24))
    grown = Product(3).draw(FIRE, 6, 3, 1).draw(wider, 4, 1, 3)
    more = Product(4).draw(FIRE, 6, 4, 1).draw(wider, 5, 2, 3)
    far = (slice(10, 16), slice(24, 30))
    most = Product(5).draw(FIRE, 6, 5, 1).draw(wider, 5, 2, 3).draw(far, 4, 1, 5)
    _, told = run([*burning()[:3], grown, more, most])
    assert [(one.object, one.state, one.pixels) for findings in told[3:] for one in findings] == [
        (1, ESTABLISHED, 84),
        (1, ESTABLISHED, 120),
    ]
    assert told[5][0].first_changed == at(1) and told[5][0].last_unharmed == at(0)
    assert told[5][0].doubts == ("60% of it was disturbed after that",)


def test_a_speck_lends_a_fire_neither_its_number_nor_its_date():
    speck = (slice(10, 16), slice(8, 10))
    noise = Product(1).draw(speck, 1, 1, 1)
    both = Product(2).draw(speck, 2, 2, 1).draw(FIRE, 4, 1, 2)
    _, told = run([Product(0), noise, both])
    found = {one.object: one for findings in told for one in findings}
    assert found[1].pixels == 12
    assert (found[2].pixels, found[2].last_unharmed, found[2].first_changed) == (48, at(1), at(2))


def test_unwatched_ground_says_nothing():
    watched = np.ones((SIDE, SIDE), bool)
    watched[:, :15] = False
    detector = DistAlert()
    features = detector.measure(burning(first=0)[0].cube(), Places(watched))
    _, (finding,) = detector.score(detector.start(GRID), features, PASSED)
    assert features.usable == 1.0 and finding.pixels == 6 * 3


def test_a_suspect_scene_is_not_taken_in():
    detector = DistAlert()
    features = detector.measure(burning(first=0)[0].cube(), ALL)
    suspect = dataclasses.replace(PASSED, verdict=GuardVerdict.SUSPECT)
    state, findings = detector.score(detector.start(GRID), features, suspect)
    assert findings == () and state.objects == () and state.scalars["looks"] == 1


def test_a_late_product_and_a_strange_state_are_refused():
    detector = DistAlert()
    state, _ = run(burning()[:3])
    late = detector.measure(Product(1).cube(), ALL)
    with pytest.raises(ValueError, match="is not younger than"):
        detector.score(state, late, PASSED)
    strange = dataclasses.replace(state, version="0")
    with pytest.raises(ValueError, match="was written by dist_alert 0"):
        detector.score(strange, late, PASSED)


def test_numbers_go_on_where_another_past_stopped():
    detector = DistAlert()
    begun = detector.start(GRID)
    further = dataclasses.replace(begun, scalars={**begun.scalars, "next": 5})
    assert detector.past_numbers(begun, further).scalars["next"] == 5
    assert detector.past_numbers(further, begun) is further


def bytes_of(state: MonitorState) -> int:
    return sum(values.nbytes for values in state.arrays.values())


def test_the_state_is_of_one_size_whatever_it_saw():
    detector = DistAlert()
    state, _ = run(burning())
    assert bytes_of(state) == bytes_of(detector.start(GRID)) <= 40 * SIDE * SIDE


@settings(max_examples=25)
@given(st.data())
def test_whatever_a_product_says_intervals_are_ordered_and_owners_are_open(data):
    detector, state = DistAlert(), DistAlert().start(GRID)
    random = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    given_numbers: set[int] = set()
    for number in range(5):
        features = _random_look(random, number)
        state, findings = detector.score(state, features, PASSED)
        open_now = {int(one["number"]) for one in state.objects}
        assert set(np.unique(state.arrays["label"]).tolist()) - {0} == open_now
        for one in findings:
            assert one.last_unharmed is None or one.last_unharmed < one.first_changed
            assert one.first_changed <= features.sensed
            assert not one.geometry.is_empty and one.looks >= 1
            assert (one.object in open_now) is (one.state not in (CLOSED, LAPSED))
        fresh = {one.object for one in findings} - given_numbers
        assert all(number > max(given_numbers, default=0) for number in fresh)
        given_numbers |= fresh


def _random_look(random: np.random.Generator, number: int) -> Features:
    product = Product(number)
    coarse = random.integers(0, 9, (SIDE // 3, SIDE // 3)).repeat(3, 0).repeat(3, 1)
    product.status[:] = np.where(random.random((SIDE, SIDE)) < 0.8, coarse, 0)
    product.alone[:] = random.choice([0, 1, 4, 255], (SIDE, SIDE), p=[0.5, 0.2, 0.2, 0.1])
    product.count[:] = random.integers(0, 6, (SIDE, SIDE))
    began = random.integers(-40, number + 1, (SIDE, SIDE))
    product.date[:] = day_of(FIRST) + 6 * began
    product.date[product.status == 0] = 0
    return DistAlert().measure(product.cube(), ALL)
