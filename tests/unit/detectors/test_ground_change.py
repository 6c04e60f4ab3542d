"""The ground is drawn first; looks are rendered from it, and the detector must find it again."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod, Proj
from shapely.geometry import Point

from detectors import kernel
from detectors.ground_change import GroundChange
from detectors.types import (
    Detector,
    DetectorState,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    Places,
    SceneJudgement,
)
from imagery.types import Cause

SIDE, EVERY_DAYS = 48, 5
GRID = GeoBox((SIDE, SIDE), Affine(10, 0, 680_000, 0, -10, 5_100_000), "EPSG:32635")
START = datetime(2018, 1, 3, 9, 20, tzinfo=UTC)
EVERYWHERE = Places(np.ones((SIDE, SIDE), bool))
WOOD = {"B03": 0.04, "B04": 0.03, "B08": 0.34, "B11": 0.16}
BARE = {"B03": 0.09, "B04": 0.13, "B08": 0.22, "B11": 0.31}
DETECTOR = GroundChange()


@dataclass
class Scene:
    """What the truth of a test is: where and between which looks the ground is bare."""

    scars: list[tuple[slice, slice, int, int]] = field(default_factory=list)
    noise: float = 0.05
    seed: int = 0

    def bare(self, n: int) -> NDArray[np.bool_]:
        mask = np.zeros((SIDE, SIDE), bool)
        for rows, columns, first, end in self.scars:
            mask[rows, columns] |= first <= n < end
        return mask

    def cube(
        self,
        n: int,
        *,
        clouded: NDArray[np.bool_] | bool = False,
        haze: float = 0.0,
        bands: Sequence[str] = ("B03", "B04", "B08", "B11"),
    ) -> xr.Dataset:
        rng = np.random.default_rng([self.seed, n])
        bare, season = self.bare(n), math.cos(2 * math.pi * n * EVERY_DAYS / 365.25)
        variables: dict[str, tuple[tuple[str, ...], NDArray[np.generic]]] = {}
        for band in ("B03", "B04", "B08", "B11"):
            # In winter the wood is a little duller: red up and near infrared down.
            turn = {"B04": 1 + 0.15 * season, "B08": 1 - 0.1 * season}.get(band, 1.0)
            ground = np.where(bare, BARE[band], WOOD[band] * turn)
            ground = ground * np.exp(rng.normal(0, self.noise, ground.shape)) + haze
            if band in bands:
                variables[band] = (("time", "y", "x"), ground[None].astype(np.float32))
        cause = np.where(clouded, np.uint8(Cause.CLOUD), np.uint8(Cause.CLEAR))
        cause = np.broadcast_to(cause, (SIDE, SIDE)).astype(np.uint8)
        variables["cause"] = (("time", "y", "x"), cause[None])
        return xr.Dataset(
            variables, attrs={"acquisition": f"look{n}", "sensed": day(n).isoformat()}
        )


def day(n: int) -> datetime:
    return START + timedelta(days=EVERY_DAYS * n)


def judged(features: Features, verdict: GuardVerdict = GuardVerdict.PASSED) -> SceneJudgement:
    return SceneJudgement(features.acquisition, verdict, 40, 0, "")


def follow(
    cubes: Sequence[tuple[int, xr.Dataset]],
    state: MonitorState | None = None,
    verdicts: dict[int, GuardVerdict] | None = None,
) -> tuple[MonitorState, list[tuple[int, Finding]]]:
    state = state or DETECTOR.start(GRID)
    said = []
    for n, cube in cubes:
        features = DETECTOR.measure(cube, EVERYWHERE)
        verdict = (verdicts or {}).get(n, GuardVerdict.PASSED)
        state, findings = DETECTOR.score(state, features, judged(features, verdict))
        said += [(n, finding) for finding in findings]
    return state, said


def looks(scene: Scene, first: int, end: int, **options: object) -> list[tuple[int, xr.Dataset]]:
    return [(n, scene.cube(n, **options)) for n in range(first, end)]  # type: ignore[arg-type]


# 12 x 10 pixels of 10 m, cleared between look 60 and look 61.
SCAR = (slice(20, 32), slice(15, 25))
CLEARED, LOOKS = 61, 75
CLEARING = Scene([(*SCAR, CLEARED, 10_000)])


@pytest.fixture(scope="module")
def clearing() -> tuple[MonitorState, list[tuple[int, Finding]]]:
    return follow(looks(CLEARING, 0, LOOKS))


@pytest.fixture(scope="module")
def before_clearing() -> MonitorState:
    return follow(looks(CLEARING, 0, CLEARED))[0]


Clearing = tuple[MonitorState, list[tuple[int, Finding]]]


def test_it_is_a_detector() -> None:
    assert isinstance(DETECTOR, Detector)


def test_a_clearing_is_found_once_and_climbs_through_the_states(clearing: Clearing) -> None:
    _, said = clearing
    assert {finding.object for _, finding in said} == {1}
    order = [finding.state for _, finding in said]
    climbed = [state for i, state in enumerate(order) if state not in order[:i]]
    assert climbed == [DetectorState.WATCH, DetectorState.PROBABLE, DetectorState.ESTABLISHED]
    assert {finding.kind for _, finding in said} == {"ground_change"}


def test_one_look_alone_founds_no_object(clearing: Clearing) -> None:
    _, said = clearing
    rules = DETECTOR.parameters.objects
    needed = {
        DetectorState.WATCH: rules.looks_watch,
        DetectorState.PROBABLE: rules.looks_probable,
        DetectorState.ESTABLISHED: rules.looks_established,
    }
    assert min(needed.values()) >= 2
    for n, finding in said:
        affected = n - CLEARED + 1
        assert finding.looks <= affected
        assert affected >= needed[finding.state]
    assert min(n for n, _ in said) == CLEARED + 1


def test_the_clearing_lies_between_the_two_looks_named(clearing: Clearing) -> None:
    _, said = clearing
    final = said[-1][1]
    assert final.last_unharmed is not None
    # Days, not hours: the state counts days.
    assert final.last_unharmed.date() == day(CLEARED - 1).date()
    assert final.first_changed.date() == day(CLEARED).date()
    assert final.doubts == ()


def test_the_clearing_has_the_place_and_area_that_were_drawn(clearing: Clearing) -> None:
    _, said = clearing
    final = said[-1][1]
    # 120 pixels of 100 m2; one in twenty may be missed or added at the edge.
    assert final.pixels == pytest.approx(120, abs=6)
    assert final.area_m2 == pytest.approx(12_000, rel=0.05)
    centre = Proj("EPSG:32635")(680_000 + 200, 5_100_000 - 260, inverse=True)
    found = final.geometry.centroid
    _, _, apart = Geod(ellps="WGS84").inv(*centre, found.x, found.y)
    assert apart < 5
    assert final.geometry.contains(Point(centre))


def test_the_evidence_is_what_the_bands_did(clearing: Clearing) -> None:
    _, said = clearing
    evidence = said[-1][1].evidence
    # In March the wood's red is about 1.07 and its near infrared 0.95 of the yearly mean.
    drawn = (BARE["B04"] / BARE["B08"]) / (WOOD["B04"] / WOOD["B08"])
    assert evidence["red_to_near_infrared_factor"] == pytest.approx(drawn, rel=0.2)
    assert evidence["short_wave_infrared_factor"] == pytest.approx(
        BARE["B11"] / WOOD["B11"], rel=0.1
    )
    assert evidence["log_likelihood_ratio"] >= DETECTOR.parameters.objects.established


def test_quiet_ground_says_nothing_for_two_years() -> None:
    state, said = follow(looks(Scene(seed=5), 0, 146))
    assert said == []
    assert state.objects == ()
    assert not state.arrays["label"].any()


def test_a_clearing_under_months_of_cloud_is_dated_by_the_looks_around_it() -> None:
    cloudy = range(55, 73)
    cubes = [(n, CLEARING.cube(n, clouded=n in cloudy)) for n in range(85)]
    _, said = follow(cubes)
    assert min(n for n, _ in said) == 74
    final = said[-1][1]
    assert final.state is DetectorState.ESTABLISHED
    assert final.last_unharmed is not None
    assert final.last_unharmed.date() == day(54).date()
    assert final.first_changed.date() == day(73).date()


def test_half_a_tile_of_cloud_hides_only_its_own_half() -> None:
    half = np.zeros((SIDE, SIDE), bool)
    half[:, : SIDE // 2] = True
    scene = Scene(
        [(slice(10, 20), slice(4, 14), CLEARED, 999), (slice(10, 20), slice(30, 40), CLEARED, 999)]
    )
    cubes = [(n, scene.cube(n, clouded=half & (n >= 58))) for n in range(72)]
    _, said = follow(cubes)
    assert {finding.object for _, finding in said} == {1}
    assert said[-1][1].pixels == pytest.approx(100, abs=6)


@pytest.mark.parametrize("haze", [0.02, 0.06])
def test_haze_over_the_whole_tile_is_no_finding(haze: float) -> None:
    scene = Scene(seed=2)
    cubes = [(n, scene.cube(n, haze=haze if 60 <= n < 64 else 0.0)) for n in range(75)]
    _, said = follow(cubes)
    assert said == []


def test_a_change_on_a_hazy_look_is_still_found_once_the_air_clears() -> None:
    cubes = [(n, CLEARING.cube(n, haze=0.04 if 60 <= n < 64 else 0.0)) for n in range(80)]
    _, said = follow(cubes)
    final = said[-1][1]
    assert final.state is DetectorState.ESTABLISHED
    assert final.last_unharmed is not None
    assert final.last_unharmed < day(CLEARED) <= day(64)
    assert final.first_changed.date() <= day(64).date()


def test_looks_that_the_guard_holds_back_found_nothing(before_clearing: MonitorState) -> None:
    held = dict.fromkeys(range(CLEARED, CLEARED + 6), GuardVerdict.SUSPECT)
    cubes = looks(CLEARING, CLEARED, CLEARED + 10)
    _, said = follow(cubes, before_clearing, held)
    assert min((n for n, _ in said), default=999) >= CLEARED + 7


def test_the_same_place_is_reported_again_after_it_has_grown_back() -> None:
    regrown, again = 110, 200
    scene = Scene([(*SCAR, 40, regrown), (*SCAR, again, 9999)])
    _, said = follow(looks(scene, 0, again + 10))
    first = [(n, f) for n, f in said if f.object == 1]
    assert first[-1][1].state is DetectorState.CLOSED
    assert first[-1][0] < regrown
    later = [(n, f) for n, f in said if n >= again]
    assert later
    assert all(finding.object > 1 for _, finding in later)
    final = later[-1][1]
    assert final.state is DetectorState.ESTABLISHED
    assert final.first_changed.date() == day(again).date()
    assert final.last_unharmed is not None
    assert final.last_unharmed.date() == day(again - 1).date()
    assert final.pixels == pytest.approx(120, abs=6)
    # Growing back is no change to bare ground.
    assert not [f for n, f in said if regrown <= n < again]


def test_two_clearings_that_meet_at_a_corner_are_two_objects() -> None:
    scene = Scene(
        [(slice(10, 18), slice(10, 18), CLEARED, 999), (slice(18, 26), slice(18, 26), CLEARED, 999)]
    )
    _, said = follow(looks(scene, 0, CLEARED + 8))
    assert {finding.object for _, finding in said} == {1, 2}


def test_a_look_without_short_wave_infrared_is_lived_with() -> None:
    bands = ("B04", "B08")
    features = DETECTOR.measure(CLEARING.cube(0, bands=bands), EVERYWHERE)
    assert features.lived_without == ("B03", "B11")
    assert (features.pixels[1] == kernel.NO_DATA).all()
    assert features.usable == 1.0
    _, said = follow(looks(CLEARING, 0, LOOKS, bands=bands))
    final = said[-1][1]
    assert final.object == 1
    assert final.pixels == pytest.approx(120, abs=6)


def test_nothing_that_is_given_is_changed_and_the_same_gives_the_same(
    before_clearing: MonitorState,
) -> None:
    state, said = before_clearing, []
    for n in range(CLEARED, CLEARED + 4):
        cube = CLEARING.cube(n)
        untouched = cube.copy(deep=True)
        features = DETECTOR.measure(cube, EVERYWHERE)
        xr.testing.assert_identical(cube, untouched)
        kept, pixels = copy.deepcopy(state), features.pixels.copy()
        after, findings = DETECTOR.score(state, features, judged(features))
        again, repeated = GroundChange().score(kept, features, judged(features))
        assert np.array_equal(features.pixels, pixels)
        for name, array in state.arrays.items():
            assert np.array_equal(array, kept.arrays[name])
            assert after.arrays[name].tobytes() == again.arrays[name].tobytes()
        assert (state.scalars, state.objects) == (kept.scalars, kept.objects)
        assert (after.scalars, after.objects) == (again.scalars, again.objects)
        assert findings == repeated
        state, said = after, said + list(findings)
    assert said


def test_frozen_arrays_are_good_enough_as_input(before_clearing: MonitorState) -> None:
    arrays = {name: array.copy() for name, array in before_clearing.arrays.items()}
    for array in arrays.values():
        array.setflags(write=False)
    features = DETECTOR.measure(CLEARING.cube(CLEARED), EVERYWHERE)
    features.pixels.setflags(write=False)
    DETECTOR.score(replace(before_clearing, arrays=arrays), features, judged(features))


@pytest.mark.parametrize("late", [0, 1])
def test_a_look_that_is_not_younger_is_refused(late: int, before_clearing: MonitorState) -> None:
    features = DETECTOR.measure(CLEARING.cube(CLEARED - 1 - late), EVERYWHERE)
    with pytest.raises(ValueError, match="not younger"):
        DETECTOR.score(before_clearing, features, judged(features))


@pytest.mark.parametrize("change", [{"detector": "other"}, {"version": "0"}])
def test_the_state_of_another_is_refused(
    change: dict[str, str], before_clearing: MonitorState
) -> None:
    features = DETECTOR.measure(CLEARING.cube(CLEARED), EVERYWHERE)
    stranger = replace(before_clearing, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="was written by"):
        DETECTOR.score(stranger, features, judged(features))


def test_a_look_on_another_grid_is_refused() -> None:
    features = DETECTOR.measure(CLEARING.cube(0), EVERYWHERE)
    smaller = DETECTOR.start(GeoBox((10, 10), GRID.affine, GRID.crs))
    with pytest.raises(ValueError, match="grid"):
        DETECTOR.score(smaller, features, judged(features))


def test_a_look_of_which_too_little_was_seen_teaches_nothing(
    before_clearing: MonitorState,
) -> None:
    clouded = np.ones((SIDE, SIDE), bool)
    clouded[: SIDE // 4] = False
    features = DETECTOR.measure(CLEARING.cube(CLEARED, clouded=clouded), EVERYWHERE)
    assert features.usable == 0.25
    after, findings = DETECTOR.score(before_clearing, features, judged(features))
    assert findings == ()
    assert np.array_equal(after.arrays["slab"], before_clearing.arrays["slab"])
    assert after.scalars["last"] == features.sensed.isoformat()


def test_a_pixel_of_state_is_small_and_stays_so(clearing: Clearing) -> None:
    # 48 x 48 is not a whole number of blocks; padding is not counted against the pixel.
    after, _ = clearing
    fresh = DETECTOR.start(GRID)
    assert {k: a.nbytes for k, a in after.arrays.items()} == {
        k: a.nbytes for k, a in fresh.arrays.items()
    }
    whole = DETECTOR.start(GeoBox((512, 512), GRID.affine, GRID.crs))
    assert sum(array.nbytes for array in whole.arrays.values()) == 30 * 512 * 512


def test_features_are_the_logarithms_of_what_was_seen() -> None:
    cube = Scene(noise=0.0).cube(0)
    cube["B04"].values[0, 0, 0] = np.nan
    cube["cause"].values[0, 0, 1] = Cause.CLOUD
    watched = np.ones((SIDE, SIDE), bool)
    watched[SIDE // 2 :] = False
    features = DETECTOR.measure(cube, Places(watched))
    # Look 0 is midwinter as drawn: red 0.03 x 1.15, near infrared 0.34 x 0.9.
    step = kernel.FEATURE_UNIT
    assert features.pixels[0, 5, 5] * step == pytest.approx(
        math.log(0.03 * 1.15 / (0.34 * 0.9)), abs=step
    )
    assert features.pixels[1, 5, 5] * step == pytest.approx(math.log(0.16), abs=step)
    assert (features.pixels[:, 0, :2] == kernel.NO_DATA).all()
    assert (features.pixels[:, SIDE // 2 :] == kernel.NO_DATA).all()
    seen = SIDE * SIDE // 2
    assert features.usable == pytest.approx((seen - 2) / seen)
    assert features.causes["cloud"] == pytest.approx(1 / seen)
    assert features.causes["nodata"] == pytest.approx(1 / seen)
    assert (features.acquisition, features.sensed) == ("look0", START)


def test_snow_is_told_from_ground_and_counts_as_lost() -> None:
    cube = Scene(noise=0.0).cube(0)
    cube["B03"].values[0, :5], cube["B11"].values[0, :5] = 0.6, 0.1
    features = DETECTOR.measure(cube, EVERYWHERE)
    assert features.causes["snow"] == pytest.approx(5 / SIDE)
    assert (features.pixels[:, :5] == kernel.NO_DATA).all()
    assert (features.pixels[:, 5:] != kernel.NO_DATA).all()


def test_reflectance_of_nothing_or_less_makes_no_infinite_feature() -> None:
    cube = Scene().cube(0)
    cube["B04"].values[0, 0], cube["B08"].values[0, 0], cube["B11"].values[0, 0] = 0.0, -0.05, -0.1
    features = DETECTOR.measure(cube, EVERYWHERE)
    assert (features.pixels[:, 0] != kernel.NO_DATA).all()
    # The floors are red 0.005 and infrared 0.02.
    expected = math.log(0.005 / 0.02)
    assert features.pixels[0, 0, 0] * kernel.FEATURE_UNIT == pytest.approx(expected, abs=3e-4)
