"""A village whose fields are left is found when the season ends; a drought is no such village."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from detectors.abandon_look import NEAR_SLOTS, SECTOR_SLOTS, SLOTS
from detectors.abandon_seasons import NEAR
from detectors.abandonment import Abandonment
from detectors.calibration import POOLED, Calibration, Thresholds
from detectors.types import (
    PARTS,
    DetectorState,
    PlaceDetector,
    Places,
    PlaceSet,
    Showed,
    SiteChange,
)
from tests.support.drawn_fields import PASSED, SUSPECT, Country, in_year, since

GRID = GeoBox((8, 8), Affine(60, 0, 680_000, 0, -60, 1_500_000), "EPSG:32635")
STEP = 15.0
YEARS = 7
DAYS = np.arange(0.0, YEARS * 365.25, STEP)


def follow(looks, detector=None, suspect=()):
    detector = detector or Abandonment()
    state, told = detector.start(GRID), []
    for number, look in enumerate(looks):
        state, findings = detector.score(state, look, SUSPECT if number in suspect else PASSED)
        told += [(look.sensed, one) for one in findings]
    return state, told


def what(told):
    return [(one.place, str(one.state), one.change and str(one.change)) for _, one in told]


def test_an_emptied_village_is_found_at_the_end_of_the_season_and_not_before():
    country = Country(left=in_year(5, 0.82))
    _, told = follow(country.looks(DAYS))
    found = [(at, one) for at, one in told if one.change is SiteChange.ABANDONED]
    assert {one.place for _, one in found} == set(country.ids)
    for at, one in found:
        assert one.state is DetectorState.PROBABLE
        # The year 5 runs from trough to trough, about half a year from the peak in August 2022.
        assert (at.year, at.month) in {(2023, 2), (2023, 3)}
        assert one.evidence["season"] == "2022/23"
        assert one.evidence["season_over"] is True
        assert one.last_unharmed is not None
        # Once the season before had withered nobody could see whether they were still there.
        assert (one.last_unharmed.year, one.last_unharmed.month) in {(2021, 9), (2021, 10)}
        assert one.first_changed.year == 2022
        # As many as there were in the season: none is counted twice.
        assert one.looks == 24
    early = [one for at, one in told if at < min(at for at, _ in found)]
    assert all(one.state is DetectorState.WATCH and one.change is None for one in early)
    assert all("reduced activity" in one.evidence["activity"] for one in early)
    assert not any("attack" in str(one) for _, one in told)


def test_the_numbers_told_are_those_that_were_drawn():
    country = Country(settlements=4, left=in_year(5, 0.82))
    _, told = follow(country.looks(DAYS))
    for _, one in told:
        if one.change is not SiteChange.ABANDONED:
            continue
        says = one.evidence
        # 40 % of 1,200 ha near, 30 % of 16 sectors of 1,800 ha; a sample knows them within 5 %.
        assert says["tilled_near_past_ha"] == pytest.approx(480.0, rel=0.1)
        assert says["tilled_near_ha"] == pytest.approx(0.18 * 480.0, rel=0.3)
        assert says["tilled_ring_ha"] == pytest.approx(8640.0, rel=0.1)
        assert says["ratio_low"] < 0.18 < says["ratio_high"]
        assert says["left"] == pytest.approx(0.18, abs=0.08)
        assert says["past_seasons"] == 4


@pytest.mark.parametrize(
    "country",
    [
        Country(dry=in_year(5, 0.4)),
        Country(unsown=in_year(5, 0.4)),
        Country(dry=in_year(5, 0.4), unsown=in_year(5, 0.4)),
        Country(),
    ],
    ids=["drought", "unsown", "both", "nothing"],
)
def test_a_year_that_is_bad_for_all_is_no_abandonment(country):
    _, told = follow(country.looks(DAYS))
    assert told == []


def test_a_village_that_empties_in_a_drought_is_found_and_the_drought_is_a_doubt():
    country = Country(unsown=in_year(5, 0.4), left=in_year(5, 0.9), dry=in_year(5, 0.3))
    _, told = follow(country.looks(DAYS))
    found = [one for _, one in told if one.change is SiteChange.ABANDONED]
    assert {one.place for one in found} == set(country.ids)
    assert all(any("poor round about" in doubt for doubt in one.doubts) for one in found)


def test_two_empty_seasons_are_established_and_the_third_brings_people_back():
    country = Country(left=since(4, 0.85, until=6))
    _, told = follow(country.looks(np.arange(0.0, 8 * 365.25, STEP)))
    firm = [one for one in what(told) if one[1] != "WATCH"]
    for place in country.ids:
        assert [one[1:] for one in firm if one[0] == place] == [
            ("PROBABLE", "abandoned"),
            ("ESTABLISHED", "abandoned"),
            ("CLOSED", "reoccupied"),
        ]
    assert {one.object for _, one in told} == {1}


def test_yards_that_grew_over_and_are_swept_again_make_it_a_rebuilding():
    country = Country(left=since(4, 0.85, until=5), yards=since(4, 0.6, until=5))
    _, told = follow(country.looks(DAYS))
    assert [one.change for _, one in told if one.state is DetectorState.CLOSED] == [
        SiteChange.REBUILT
    ] * 2
    grown = next(one for _, one in told if one.change is SiteChange.ABANDONED)
    assert grown.evidence["yard_greening"] == pytest.approx(0.6, abs=0.1)


def test_a_season_that_has_ended_is_no_longer_doubted_for_not_being_over():
    strict = Calibration(thresholds={POOLED: Thresholds(2.0, 50.0, 60.0)})
    country, detector = Country(left=in_year(5, 0.8)), Abandonment().calibrated(strict)
    _, told = follow(country.looks(DAYS), detector)
    for place in ("village0", "village1"):
        mine = [one for _, one in told if one.place == place]
        assert [one.state for one in mine[:2]] == [DetectorState.WATCH] * 2
        running, ended = mine[:2]
        assert (running.evidence["season_over"], ended.evidence["season_over"]) == (False, True)
        assert any("not over" in doubt for doubt in running.doubts)
        assert not any("not over" in doubt for doubt in ended.doubts)
        assert ended.evidence["activity"] == "reduced activity"
        assert (ended.object, ended.first_changed) == (running.object, running.first_changed)


@dataclasses.dataclass(frozen=True)
class Moved(Country):
    """A country where all near fields of the sixth year are other ground than before."""

    def ndvi(self, day, number):
        shown, other = super().ndvi(day, number), dataclasses.replace(self, seed=self.seed + 1)
        if 5.15 < day / 365.25 < 6.12:
            shown[:, :NEAR_SLOTS] = Country.ndvi(other, day, number)[:, :NEAR_SLOTS]
        return shown


def test_people_who_till_other_ground_than_before_have_not_gone():
    _, told = follow(Moved().looks(DAYS))
    assert told == []


def test_fewer_than_three_past_seasons_say_nothing():
    country = Country(left=in_year(3, 0.9))
    state, told = follow(country.looks(np.arange(0.0, 4.6 * 365.25, STEP)))
    assert told == []
    assert np.isfinite(state.arrays["past"][0, 0, :, NEAR]).sum() == 3


def test_a_season_of_few_looks_is_not_judged():
    country = Country(left=in_year(5, 0.9))
    days = [day for day in DAYS if not 5.15 < day / 365.25 < 6.1]
    _, told = follow(country.looks(days))
    assert all(one.change is None for _, one in told)


def test_a_suspect_scene_withholds_the_verdict():
    country = Country(left=in_year(5, 0.9))
    looks = country.looks(DAYS)
    ends = [n for n, look in enumerate(looks) if look.sensed.year == 2023]
    state, told = follow(looks, suspect=ends)
    assert all(one.change is None for _, one in told)
    assert "could not be judged" in told[-1][1].evidence["activity"]
    assert any("nothing bears the suspicion out" in doubt for doubt in told[-1][1].doubts)
    # Nothing bore the suspicion out, and nothing took it back.
    assert {one.state for _, one in told} == {DetectorState.WATCH}
    assert (state.arrays["level"] == 1).all()


def test_placebos_raise_no_finding_and_tell_the_guard_what_the_season_shows():
    country = Country(settlements=1, placebos=3, left=in_year(5, 0.85))
    detector, looks = Abandonment(), country.looks(DAYS)
    state, said = detector.start(GRID), []
    for look in looks:
        said.append(detector.placebo_evidence(state, look))
        state, findings = detector.score(state, look, PASSED)
        assert {one.place for one in findings} <= {"village0"}
    assert any(len(one) == 3 for one in said)
    assert max(max(one, default=0.0) for one in said) < 3.0
    assert state.scalars["placebos"] == 3
    assert state.scalars["placebo_probable"] == 0


@settings(max_examples=3)
@given(peak=st.sampled_from([15.0, 105.0, 230.0, 320.0]), seed=st.integers(0, 99))
def test_the_time_of_the_rains_does_not_matter(peak, seed):
    country = Country(settlements=1, left=in_year(5, 0.85), peak=peak, seed=seed)
    _, told = follow(country.looks(np.arange(0.0, 7.5 * 365.25, STEP)))
    assert [one.change for _, one in told if one.change] == [
        SiteChange.ABANDONED, SiteChange.REOCCUPIED
    ]  # fmt: skip


@settings(max_examples=2)
@given(seed=st.integers(0, 99))
def test_a_quarter_of_the_looks_and_half_the_pixels_may_be_missing(seed):
    rng = np.random.default_rng(seed)
    days = DAYS[rng.random(DAYS.size) < 0.75]
    hidden = rng.random((days.size, SLOTS)) < 0.3
    country = Country(settlements=1, left=in_year(5, 0.85), seed=seed)
    _, told = follow(country.looks(days, hidden))
    assert SiteChange.ABANDONED in {one.change for _, one in told}


def test_a_run_in_pieces_and_places_joined_later_come_to_the_same():
    looks = Country(settlements=2, left=in_year(5, 0.85)).looks(DAYS)
    detector = Abandonment()
    whole, told = follow(looks)
    parts = []
    for place in (0, 1):
        state = detector.start(GRID)
        for look in looks[:80]:
            state, _ = detector.score(state, only(look, place), PASSED)
        parts.append(state)
    state = detector.join(*parts)
    findings = []
    for look in looks[80:]:
        state, found = detector.score(state, look, PASSED)
        findings += found
    assert findings == [one for at, one in told if at >= looks[80].sensed]
    for name, array in whole.arrays.items():
        assert np.array_equal(array, state.arrays[name], equal_nan=array.dtype.kind == "f"), name


def test_the_state_is_as_large_after_seven_years_as_after_one():
    looks = Country(settlements=1).looks(DAYS)
    state, _ = follow(looks[:40])
    size = sum(one.nbytes for one in state.arrays.values())
    state, _ = follow(looks)
    assert sum(one.nbytes for one in state.arrays.values()) == size
    assert state.arrays["pixels"].nbytes == 7 * SLOTS
    assert state.arrays["past_tilled"].nbytes == state.arrays["past_seen"].nbytes == 2 * SLOTS
    assert size < 24_000


def test_numbers_once_given_are_not_given_again():
    detector = Abandonment()
    country = Country(settlements=1, left=in_year(5, 0.85))
    used, _ = follow(country.looks(np.arange(0.0, 8 * 365.25, STEP)))
    assert used.arrays["episode"].tolist() == [1]
    fresh, _ = follow(Country(settlements=1).looks(DAYS[:5]))
    assert detector.past_numbers(fresh, used).arrays["episode"].tolist() == [1]
    assert detector.past_numbers(used, fresh) is used


def test_looks_out_of_order_and_strange_states_are_refused():
    detector = Abandonment()
    first, second = Country(settlements=1).looks([0.0, 12.0])
    state, _ = detector.score(detector.start(GRID), second, PASSED)
    with pytest.raises(ValueError, match="not younger"):
        detector.score(state, first, PASSED)
    with pytest.raises(ValueError, match="written by"):
        detector.score(dataclasses.replace(state, version="0"), second, PASSED)


def test_what_a_look_came_to_is_told_of_every_settlement():
    country = Country(settlements=1, placebos=1)
    looks = country.looks(DAYS)
    state, _ = follow(looks)
    (one,) = Abandonment().looks(state, looks[-1])
    assert (one.place, one.showed) == ("village0", Showed.BLIND)
    assert one.said["past_seasons"] >= 3
    state, _ = follow(looks[:20])
    (one,) = Abandonment().looks(state, looks[19])
    assert one.showed is Showed.LEARNING


def ledger(country):
    detector, out = Abandonment(), []
    state = detector.start(GRID)
    for look in country.looks(DAYS):
        state, _ = detector.score(state, look, PASSED)
        out += detector.looks(state, look)
    return out


def test_only_the_end_of_a_judged_season_shows_a_village_unharmed():
    rows = ledger(Country(settlements=1))
    judged = [row for row in rows if row.showed is Showed.UNCHANGED]
    # Past seasons end in 2019 to 2021 at the earliest, so that those of the years after are judged.
    assert 1 <= len(judged) <= 3
    assert all(row.said["ratio"] == pytest.approx(1.0, abs=0.2) for row in judged)
    assert Showed.BLIND in {row.showed for row in rows}


def test_where_nothing_is_ever_tilled_no_look_says_that_all_is_well():
    rows = ledger(Country(settlements=1, near=0.0))
    assert Showed.UNCHANGED not in {row.showed for row in rows}
    assert rows[-1].said["last_season_not_judged"] == "too little of the ground was ever tilled"


def test_it_is_a_detector_of_places():
    assert isinstance(Abandonment(), PlaceDetector)


def only(look, place):
    """Return a look at one place alone."""
    places, patches = look.places, look.places.patches
    part = slice(place * SLOTS, (place + 1) * SLOTS)
    few = dataclasses.replace(
        patches, counts=patches.counts[:1], values=patches.values[:, part],
        texture=patches.texture[:1],
        **{name: getattr(patches, name)[part] for name in ("core", "edge", "east", "north")},
    )  # fmt: skip
    own = slice(place, place + 1)
    names = ("ids", "placebo", "values", "seen", "contamination", "lost")
    rows = {name: getattr(places, name)[own] for name in names}
    return dataclasses.replace(look, places=dataclasses.replace(places, patches=few, **rows))


def ground(size=80):
    """Return a place in the middle of a square: near ground, sectors, and a yard of four pixels."""
    row, column = np.divmod(np.arange(size * size), size)
    far = np.hypot(row - size / 2, column - size / 2)
    sector = ((np.arctan2(column - size / 2, row - size / 2) / (2 * np.pi) + 0.5) * 16).astype(int)
    parts = [np.flatnonzero(far < 20)] + [
        np.flatnonzero((far >= 20) & (far < 39) & (sector % 16 == k)) for k in range(PARTS - 1)
    ]
    yard = [np.flatnonzero(far < 2)] + [
        np.flatnonzero((far >= 3) & (far < 9) & (sector % 16 == k)) for k in range(PARTS - 1)
    ]
    return tuple(
        PlaceSet(
            ("one",), np.zeros(1, bool), np.concatenate(some),
            np.concatenate([[0], np.cumsum([len(part) for part in some])]),
        )
        for some in (parts, yard)
    )  # fmt: skip


def cube_of(bands, cause, classes, west=680_000.0):
    size = cause.shape[0]
    coords = {
        "time": [np.datetime64("2020-08-01")],
        "y": 1_500_000.0 - 60.0 * np.arange(size) - 30.0,
        "x": west + 60.0 * np.arange(size) + 30.0,
    }
    data = {**bands, "cause": cause, "SCL": classes}
    return xr.Dataset(
        {name: (("time", "y", "x"), one[None]) for name, one in data.items()},
        coords=coords,
        attrs={"acquisition": "look", "sensed": "2020-08-01T09:00:00+00:00", "orbit": 21},
    )


def test_measured_are_the_pixels_of_each_part_and_the_yards():
    size, (places, yards) = 80, ground()
    near = np.zeros(size * size, np.bool_)
    near[places.pixels[: places.starts[1]]] = True
    core = np.zeros(size * size, np.bool_)
    core[yards.pixels[: yards.starts[1]]] = True
    red = np.where(core, 0.3, np.where(near, 0.1, 0.05)).reshape(size, size).astype(np.float32)
    nir = np.where(core, 0.3, np.where(near, 0.3, 0.4)).reshape(size, size).astype(np.float32)
    cause = np.zeros((size, size), np.uint8)
    cause[:, :30] = 1
    classes = np.full((size, size), 4, np.uint8)
    cube = cube_of({"B04": red, "B08": nir}, cause, classes)
    watched = np.ones((size, size), bool)
    look = Abandonment().measure(cube, Places(watched, places, yards))
    values = look.places.values[0]
    assert values[2, 0] == pytest.approx(places.starts[1] * 0.36)
    assert values[0, 0] == pytest.approx(0.0, abs=1e-5)
    assert values[0, 1] == pytest.approx(np.log(3.0), abs=1e-5)
    assert values[1, 0] - values[1, 1] == pytest.approx(np.log(3.0), abs=1e-5)
    sample = look.places.patches.values[0].reshape(SLOTS)
    seen = sample != -32768
    here, round_about = np.arange(SLOTS) < NEAR_SLOTS, np.arange(SLOTS) >= NEAR_SLOTS
    shown = np.unique(sample[seen & here] / 4096.0)
    assert shown == pytest.approx([-np.log(3.0), 0.0], abs=1e-3)
    assert np.unique(sample[seen & round_about] / 4096.0) == pytest.approx([-np.log(8.0)], abs=1e-3)
    clouded = cause.ravel()[places.pixels[: places.starts[1]]] > 0
    assert look.usable == pytest.approx(1.0 - clouded.mean())
    where = look.places.patches.east[:NEAR_SLOTS] - 680_000
    filled = look.places.patches.north[:NEAR_SLOTS] != 0
    assert np.array_equal(seen[:NEAR_SLOTS], filled & (where >= 30 * 60))
    assert look.lived_without == ("B02", "B03", "B11", "B12")
    with pytest.raises(ValueError, match="none are named"):
        Abandonment().measure(cube, Places(watched))


def test_the_sample_stays_as_it_is_where_the_window_moves():
    size, (places, yards) = 80, ground()
    rng = np.random.default_rng(0)
    red, nir = (rng.uniform(0.05, 0.4, (size, size)).astype(np.float32) for _ in range(2))
    cause, classes = np.zeros((size, size), np.uint8), np.full((size, size), 4, np.uint8)
    watched = np.ones((size, size), bool)
    first = Abandonment().measure(
        cube_of({"B04": red, "B08": nir}, cause, classes), Places(watched, places, yards)
    )
    # The same ground in a window that begins five columns further west.
    wide = [np.pad(one, ((0, 0), (5, 0))) for one in (red, nir, cause, classes)]
    wide = [np.pad(one, ((0, 5), (0, 0))) for one in wide]
    moved = tuple(
        dataclasses.replace(one, pixels=one.pixels // size * (size + 5) + one.pixels % size + 5)
        for one in (places, yards)
    )
    cube = cube_of({"B04": wide[0], "B08": wide[1]}, wide[2], wide[3], west=680_000.0 - 300.0)
    second = Abandonment().measure(cube, Places(np.ones_like(wide[0], bool), *moved))
    for name in ("values", "east", "north"):
        assert np.array_equal(
            getattr(first.places.patches, name), getattr(second.places.patches, name)
        )
    assert (first.places.patches.north != 0).reshape(-1)[
        NEAR_SLOTS:
    ].sum() > 0.8 * 16 * SECTOR_SLOTS
