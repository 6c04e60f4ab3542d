"""A wood is drawn, a camp is implanted into it week by week, and the detector must find it."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from detectors import kernel
from detectors.area_look import EPOCH
from detectors.camp_change import CampChange, CampParameters, cells_of
from detectors.camp_features import NAMES
from detectors.camp_objects import STILL_THERE
from detectors.camp_record import CampRules
from detectors.kernel import NO_DATA
from detectors.types import (
    Detector,
    DetectorState,
    GuardVerdict,
    HoldingDetector,
    Places,
    SceneJudgement,
    SiteChange,
)
from hearthwatch.exercise.camps import Camp, camp_ground, camp_shares, covered
from hearthwatch.exercise.camps_otherwise import Mimic, Other, other_ground, other_shares
from hearthwatch.exercise.camps_surfaces import mean_covers
from imagery.types import Cause

SIDE = 80
GRID = GeoBox((SIDE, SIDE), Affine(10, 0, 680_000, 0, -10, 5_100_000), "EPSG:32635")
START = datetime(2018, 1, 3, 9, 20, tzinfo=UTC)
EVERY_DAYS, BEFORE, LOOKS = 8, 40, 58
EVERYWHERE = Places(np.ones((SIDE, SIDE), bool))
# A dry savanna wood.
WOOD = {"B02": 0.05, "B03": 0.07, "B04": 0.06, "B08": 0.28, "B11": 0.20, "B12": 0.11}
DETECTOR = CampChange()
RULES = CampRules()
FIRST = START + timedelta(days=EVERY_DAYS * BEFORE)
CAMP = Camp(420.0, 380.0, 5.0, FIRST, growth_days=70.0, seed=4)


def day(n):
    return START + timedelta(days=EVERY_DAYS * n)


def look(n, shares=None, *, clouded=False):
    rng = np.random.default_rng([n, 8])
    season = math.cos(2 * math.pi * n * EVERY_DAYS / 365.25)
    turn = {"B04": 1 + 0.15 * season, "B08": 1 - 0.1 * season}
    bands = {
        band: value * turn.get(band, 1.0) * np.exp(rng.normal(0.0, 0.05, (SIDE, SIDE)))
        for band, value in WOOD.items()
    }
    if shares is not None:
        bands = covered(bands, shares(day(n)), mean_covers())
    layers = {b: (("time", "y", "x"), v[None].astype(np.float32)) for b, v in bands.items()}
    cause = np.full((1, SIDE, SIDE), Cause.CLOUD if clouded else Cause.CLEAR, np.uint8)
    layers["cause"] = (("time", "y", "x"), cause)
    return xr.Dataset(layers, attrs={"acquisition": f"look{n}", "sensed": day(n).isoformat()})


def judged(verdict=GuardVerdict.UNGUARDED):
    return SceneJudgement("", verdict, 0, 0, "")


def follow(shares=None, until=LOOKS, detector=DETECTOR, verdicts=None, first=0, state=None):
    state, told = state or detector.start(GRID), []
    for n in range(first, until):
        features = detector.measure(look(n, shares), EVERYWHERE)
        verdict = (verdicts or {}).get(n, GuardVerdict.UNGUARDED)
        state, found = detector.score(state, features, judged(verdict))
        told += [(n, one) for one in found]
    return state, told


def camp_at(camp=CAMP):
    ground = camp_ground(camp, (SIDE, SIDE))
    return lambda at: camp_shares(camp, ground, at)


@pytest.fixture(scope="module")
def found():
    return follow(camp_at())


@pytest.fixture(scope="module")
def learned():
    """Return the state before anything changed."""
    state, told = follow(until=BEFORE)
    assert told == []
    return state


def test_it_is_a_detector_of_areas_of_fixed_size():
    assert isinstance(DETECTOR, Detector)
    side = 512
    state = DETECTOR.start(GeoBox((side, side), GRID.affine, GRID.crs))
    size = sum(array.nbytes for array in state.arrays.values())
    # A cell has 56 bytes, a pixel 14.
    assert size == 14 * side * side


def test_a_camp_is_found_within_four_looks_of_two_hectares_and_told_as_new(found):
    _, told = found
    two_hectares = next(n for n in range(LOOKS) if CAMP.hectares(day(n)) >= 2.0)
    n, first = next((n, one) for n, one in told if one.state is DetectorState.PROBABLE)
    assert n <= two_hectares + 3
    assert first.kind == "camp_change"
    assert told[0][1].change is SiteChange.NEW
    assert any(one.change is SiteChange.EXPANDED for _, one in told)
    assert told[-1][1].state is DetectorState.ESTABLISHED
    assert {one.object for _, one in told} == {1}


def test_its_beginning_lies_within_the_interval_and_its_place_is_where_it_was_put(found):
    _, told = found
    last = told[-1][1]
    assert last.last_unharmed is not None
    # A look shows the first tents no sooner than they stand, and they are small.
    assert last.last_unharmed <= CAMP.start + timedelta(days=2 * EVERY_DAYS)
    assert last.first_changed >= CAMP.start - timedelta(days=EVERY_DAYS)
    ground = camp_ground(CAMP, (SIDE, SIDE)).order >= 0
    rows, columns = (index.mean() * 2.0 for index in np.nonzero(ground))
    x, y = GRID.affine * (columns / 10.0, rows / 10.0)
    middle = last.geometry.centroid
    there = shapely.Point(*_lonlat(x, y))
    assert math.hypot(middle.x - there.x, middle.y - there.y) < 0.0004


def _lonlat(x, y):
    from pyproj import Transformer

    return Transformer.from_crs("EPSG:32635", "OGC:CRS84", always_xy=True).transform(x, y)


def test_its_area_is_told_with_an_interval_and_a_course_that_grows(found):
    state, told = found
    record = state.objects[0]
    truth = CAMP.hectares(day(LOOKS - 1))
    assert record["course"][-1][1] == pytest.approx(truth, rel=0.2)
    course = told[-1][1].evidence["course"]
    assert course[-1]["ha"] > 1.5 * course[0]["ha"]
    assert all(one["low"] <= one["ha"] <= one["high"] for one in course)
    assert told[-1][1].evidence["area_low_ha"] <= told[-1][1].evidence["area_ha"]


@pytest.mark.parametrize("mimic", [Mimic.FIELD, Mimic.RESERVOIR, Mimic.BURN, Mimic.ROAD])
def test_what_is_no_camp_is_followed_and_held_back_with_a_reason(learned, mimic):
    hectares = 0.7 if mimic is Mimic.ROAD else 5.0
    other = Other(mimic, 400.0, 400.0, hectares, FIRST, seed=2)
    ground = other_ground(other, (SIDE, SIDE))
    state, told = follow(
        lambda at: other_shares(other, ground, at), until=BEFORE + 6, first=BEFORE, state=learned
    )
    assert [one for _, one in told if one.state is not DetectorState.WATCH] == []
    if mimic is Mimic.FIELD:
        held = DETECTOR.held_back(state)
        assert any("(1 place, " in one and one.endswith(" ha)") for one in held), held
        assert told == []


def test_ground_that_stays_changed_becomes_the_new_normal_and_is_armed_again(learned):
    soon = CampChange(CampParameters(rules=CampRules(rearm_looks=7)))
    state, told = follow(camp_at(), detector=soon, until=BEFORE + 14, first=BEFORE, state=learned)
    n, closed = next((n, one) for n, one in told if one.state is DetectorState.CLOSED)
    assert closed.looks == 7
    assert STILL_THERE in closed.doubts
    assert not any(STILL_THERE in one.doubts for _, one in told if one is not closed)
    after, _ = follow(camp_at(), detector=soon, until=n + 1, first=BEFORE, state=learned)
    assert not (after.arrays["label"] == closed.object).any()
    assert (kernel.field(after.arrays["spectra"], kernel.LOOKS, 1600) == 0).sum() >= 25
    assert int(state.scalars["next"]) > closed.object


def test_nothing_is_held_back_of_a_camp_or_where_nothing_changed(found, learned):
    assert isinstance(DETECTOR, HoldingDetector)
    assert DETECTOR.held_back(learned) == ()
    assert DETECTOR.held_back(found[0]) == ()


def at_once(learned, detector, mottling=1.0):
    """Follow a camp that stands within a day, of which so much of the mottling is left."""
    camp = replace(CAMP, growth_days=1.0, roofs=CAMP.roofs * mottling)
    return follow(camp_at(camp), detector=detector, until=BEFORE + 9, first=BEFORE, state=learned)[
        1
    ]


def test_a_plain_and_mottled_camp_need_not_be_seen_to_grow(learned):
    told = at_once(learned, DETECTOR)
    n, first = next((n, one) for n, one in told if one.state is DetectorState.PROBABLE)
    assert n == BEFORE + 3
    assert first.evidence["growth"] < RULES.growth
    assert first.evidence["log_likelihood_ratio"] >= RULES.steady
    assert "it has not been seen to grow" not in first.doubts


def test_what_is_not_seen_to_grow_stays_under_watch_if_it_is_no_more_mottled_than_an_edge(learned):
    told = at_once(learned, DETECTOR, mottling=0.0)
    assert {one.state for _, one in told} <= {DetectorState.WATCH}
    strict = CampChange(CampParameters(rules=replace(RULES, beyond_edge=9.0)))
    told = at_once(learned, strict)
    assert {one.state for _, one in told} == {DetectorState.WATCH}
    assert "it has not been seen to grow" in told[0][1].doubts


def test_without_texture_a_camp_must_be_seen_to_grow(learned):
    told = at_once(learned, CampChange(CampParameters(rules=replace(RULES, texture=0.0))))
    assert {one.state for _, one in told} == {DetectorState.WATCH}


def test_a_suspect_look_tells_nothing_and_teaches_nothing(learned):
    shares = camp_at(replace(CAMP, growth_days=14.0))
    suspect = dict.fromkeys(range(BEFORE, BEFORE + 6), GuardVerdict.SUSPECT)
    state, told = follow(shares, until=BEFORE + 6, first=BEFORE, state=learned, verdicts=suspect)
    assert told == []
    assert state.objects == ()
    assert int(state.scalars["looks"]) == BEFORE + 6


def test_a_clouded_look_is_counted_and_scored_for_nothing(learned):
    features = DETECTOR.measure(look(BEFORE, clouded=True), EVERYWHERE)
    assert features.usable == 0.0
    assert features.names == NAMES
    assert (features.pixels == NO_DATA).all()
    after, told = DETECTOR.score(learned, features, judged())
    assert told == ()
    assert all((after.arrays[n] == learned.arrays[n]).all() for n in learned.arrays)


def test_the_same_looks_give_the_same_state_bit_for_bit(learned):
    (one, told), (again, retold) = (
        follow(camp_at(), until=BEFORE + 7, first=BEFORE, state=learned) for _ in range(2)
    )
    assert all((again.arrays[n] == one.arrays[n]).all() for n in again.arrays)
    assert again.objects == one.objects != ()
    assert [f.evidence for _, f in told] == [f.evidence for _, f in retold] != []


def test_bands_that_are_missing_are_told_and_done_without():
    cube = look(0).drop_vars(["B02", "B03", "B11", "B12"])
    features = DETECTOR.measure(cube, EVERYWHERE)
    assert features.lived_without == ("B02", "B03", "B11", "B12")
    assert (features.pixels[:3] != NO_DATA).all()
    assert (features.pixels[3:6] == NO_DATA).all()


def test_a_look_no_younger_than_the_last_and_another_grid_are_refused(learned):
    features = DETECTOR.measure(look(BEFORE - 1), EVERYWHERE)
    with pytest.raises(ValueError, match="not younger"):
        DETECTOR.score(learned, features, judged())
    other = DETECTOR.start(GRID[:40, :40])
    with pytest.raises(ValueError, match="different grids"):
        DETECTOR.score(other, features, judged())


def test_numbers_are_given_once(found, learned):
    kept = DETECTOR.past_numbers(learned, found[0])
    assert kept.scalars["next"] == found[0].scalars["next"] == 2
    assert DETECTOR.past_numbers(found[0], learned) is found[0]


def test_cells_lie_where_their_pixels_lie():
    cells = cells_of(GRID[:41, :39])
    assert tuple(cells.shape) == (21, 20)
    assert cells.affine * (1, 1) == GRID.affine * (2, 2)
    assert EPOCH.year == 2015
