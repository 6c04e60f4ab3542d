"""Towns are drawn in radar power and lost; the detector must say which, when, and where it cannot.

Power of every part is a level, a season, the weather that all parts share, and speckle of a known
number of looks; the features are what the detector is given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.calibration import Calibration, Thresholds
from detectors.guard import judge_scene
from detectors.radar import Radar
from detectors.radar_features import NAMES
from detectors.types import (
    PARTS,
    DetectorState,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    PlaceDetector,
    PlaceFeatures,
    PlaceLook,
    SceneJudgement,
    Showed,
    SiteChange,
)
from tests.science.radar_bursts import GRID, cube_of, laid, lattice

START = datetime(2021, 1, 3, 4, 35, tzinfo=UTC)
LOOKS = 400.0
"""Equivalent looks of every core: speckle of 0.2 dB."""
DECIBEL = np.log(10.0) / 10.0
PASSED = SceneJudgement("look", GuardVerdict.PASSED, 24, 0, "drawn")
TOLD = (DetectorState.PROBABLE, DetectorState.ESTABLISHED)


@dataclass(frozen=True)
class Valley:
    """Places with the core's contrast to the ground; a loss takes a share of some from a day on.

    `rain` are days on which all ground is 3 dB brighter, `gone` (place, day, share, parts).
    """

    contrast_db: tuple[float, ...]
    gone: tuple[tuple[int, float, float, Collection[int]], ...] = ()
    rain: Collection[float] = ()
    weather_db: float = 0.3
    orbits: tuple[int | None, ...] = (80,)
    sensors: tuple[str, ...] = ("sentinel-1-rtc",)
    placebo: frozenset[int] = frozenset()
    seed: int = 1

    def looks(self, days: Collection[float]) -> list[Features]:
        """Return a look on every day, of the orbits and products in turn."""
        rng = np.random.default_rng(self.seed)
        out = []
        for number, day in enumerate(days):
            orbit = self.orbits[number % len(self.orbits)]
            out.append(self._look(rng, day, orbit, self.sensors[number % len(self.sensors)]))
        return out

    def _look(self, rng: np.random.Generator, day: float, orbit: int | None, sensor: str):
        count = len(self.contrast_db)
        level = np.zeros((count, PARTS))
        level[:, 0] = DECIBEL * np.array(self.contrast_db)
        for place, since, share, parts in self.gone:
            if day >= since:
                for part in parts:
                    left = (1.0 - share) * np.exp(level[place, part]) + share
                    level[place, part] = np.log(left)
        # Each orbit sees the cores from another side.
        level[:, 0] -= 0.2 * (0 if orbit is None else 2 - orbit % 3)
        season = 0.15 * np.cos(2 * np.pi * day / 365.25)
        shared = self.weather_db * DECIBEL * rng.standard_normal((count, 1))
        shared = shared + season + (3.0 * DECIBEL if day in self.rain else 0.0)
        values = np.full((count, len(NAMES), PARTS), np.nan)
        for feature, offset in enumerate((-2.0, -3.5, -0.5)):
            looks = LOOKS / (10.0 if feature == 2 else 1.0)
            speckle = rng.gamma(looks, 1.0 / looks, (count, PARTS))
            values[:, feature] = -(offset + level + shared + np.log(speckle))
        values[:, -1, 0] = LOOKS
        places = PlaceFeatures(
            ids=tuple(f"town{place}" for place in range(count)),
            placebo=np.isin(np.arange(count), list(self.placebo)),
            values=values, bands=("VV", "VH"), seen=np.ones((count, PARTS)),
            contamination=np.full(count, 0.02), lost=("",) * count,
            core_pixels=np.full(count, 400),
        )  # fmt: skip
        sensed = START + timedelta(days=day)
        return Features(
            f"look{day:g}", sensed, NAMES, 1.0, {}, places=places, orbit=orbit,
            lived_without=("COH",), sensor=sensor,
        )  # fmt: skip


@dataclass
class Watch:
    """A detector that takes looks one after the other, and what it said."""

    detector: Radar = field(default_factory=Radar)
    scene: SceneJudgement = PASSED
    told: list[tuple[float, Finding]] = field(default_factory=list)
    ledger: list[tuple[float, PlaceLook]] = field(default_factory=list)
    states: list[MonitorState] = field(default_factory=list)

    def take(self, looks: list[Features]) -> Watch:
        """Take the looks."""
        state = self.states[-1] if self.states else self.detector.start(GRID)
        for look in looks:
            state, found = self.detector.score(state, look, self.scene)
            day = (look.sensed - START) / timedelta(days=1)
            self.told += [(day, one) for one in found]
            self.ledger += [(day, one) for one in self.detector.looks(state, look)]
            self.states.append(state)
        return self

    def of(self, place: int, *states: DetectorState) -> list[tuple[float, Finding]]:
        """Return the findings about one place."""
        return [
            (day, one) for day, one in self.told
            if one.place == f"town{place}" and (not states or one.state in states)
        ]  # fmt: skip

    def looks_at(self, place: int, since: float = 0.0) -> list[PlaceLook]:
        """Return the ledger of one place from a day on."""
        name = f"town{place}"
        return [look for day, look in self.ledger if look.place == name and day >= since]


DAYS = np.arange(0.0, 500.0, 6.0)
QUIET, WALLED, THATCH, HALF, RING, DARK = range(6)
LOSS_DAY = 400.0
VALLEY = Valley(
    (4.0, 5.0, 0.0, 5.0, 4.0, -2.0),
    gone=(
        (WALLED, LOSS_DAY, 1.0, (0,)),
        (THATCH, LOSS_DAY, 1.0, (0,)),
        (HALF, LOSS_DAY, 0.5, (0,)),
        (RING, LOSS_DAY, 0.6, range(1, 9)),
    ),
    rain=(120.0, 246.0, 408.0),
)


def day_of(moment: datetime | None) -> float:
    """Return a time as days since the first look."""
    assert moment is not None
    return (moment - START) / timedelta(days=1)


@pytest.fixture(scope="module")
def valley() -> Watch:
    """Sixteen months of looks at the valley."""
    return Watch().take(VALLEY.looks(DAYS))


def test_it_is_a_detector_of_settlements_in_radar() -> None:
    assert isinstance(Radar(), PlaceDetector)
    assert Radar.info.kinds == ("razed",)
    assert set(Radar.info.sensors) == {"sentinel-1-rtc", "sentinel-1-grd"}


def grown(built: float, lost: float, before_db: float, more_db: float) -> list[Features]:
    """Return looks at six towns that shine so much more from one day until another."""
    out = []
    for look in Valley((before_db,) * 6).looks(DAYS):
        values = look.places.values.copy()
        if START + timedelta(built) <= look.sensed < START + timedelta(lost):
            values[:, :3, 0] -= more_db * DECIBEL
        out.append(replace(look, places=replace(look.places, values=values)))
    return out


@pytest.mark.parametrize("before_db", [0.0, 2.0])
def test_a_town_that_was_built_and_is_lost_again_is_found(before_db: float) -> None:
    # Back at where it began: held against all looks before, nothing happened.
    watch = Watch().take(grown(150.0, LOSS_DAY, before_db, 3.0))
    for place in range(6):
        told = watch.of(place, *TOLD)
        assert told and min(day for day, _ in told) >= LOSS_DAY
        assert day_of(told[0][1].first_changed) == 402.0
        assert "it stood brighter than before only since 2021-06-02" in told[0][1].doubts
        # It learned from no look at what was being built, and then from all.
        built = [look for day, look in watch.ledger if look.place == f"town{place}" and day > 192]
        assert built[0].said["brighter_since"] == "2021-06-02"


def test_what_shines_for_a_few_looks_is_no_town_whose_end_is_a_loss() -> None:
    watch = Watch().take(grown(150.0, 176.0, 2.0, 3.0))
    assert not [one for _, one in watch.told if one.state in TOLD]
    assert not any("brighter_since" in look.said for _, look in watch.ledger)


def test_what_became_of_a_site_is_said_of_no_suspicion(valley: Watch) -> None:
    low = Calibration("low", {"": Thresholds(1.5, 8.0, 12.0)})
    told = Watch(Radar().calibrated(low)).take(VALLEY.looks(DAYS)).told + valley.told
    suspected = (DetectorState.WATCH, DetectorState.LAPSED)
    assert [one for _, one in told if one.state is DetectorState.WATCH]
    assert all(one.change is None for _, one in told if one.state in suspected)
    assert [one for _, one in told if one.change is not None]


def test_lost_buildings_are_found_with_the_two_looks_they_lie_between(valley: Watch) -> None:
    found = valley.of(WALLED, *TOLD)
    assert [one.state for _, one in found] == list(TOLD)
    for _, one in found:
        assert (one.kind, one.place) == ("razed", f"town{WALLED}")
        assert day_of(one.last_unharmed) == 396.0
        assert day_of(one.first_changed) == 402.0
    # The second look was taken in the rain: the one after is the second that says anything.
    assert found[0][0] <= 414.0


def test_no_single_look_raises_even_a_suspicion(valley: Watch) -> None:
    first = [one for day, one in valley.told if day >= LOSS_DAY]
    assert first
    assert min(one.looks for one in first) >= 2
    on_the_day = [look for day, look in valley.ledger
                  if day == 402.0 and look.place == f"town{WALLED}"]  # fmt: skip
    assert on_the_day[0].said["evidence"] > 1.0
    assert not [one for day, one in valley.told if day == 402.0]


def test_one_loud_look_alone_is_named_as_what_was_held_back() -> None:
    low = Calibration("low", {"": Thresholds(1.5, 2.0, 3.0)})
    watch = Watch(Radar().calibrated(low)).take(VALLEY.looks(DAYS))
    look = watch.looks_at(WALLED, LOSS_DAY)[0]
    assert "one_look" in look.said["held_back"]
    assert not [one for day, one in watch.of(WALLED) if day == 402.0]


def test_the_share_lost_is_told_with_its_interval(valley: Watch) -> None:
    all_of_it, half_of_it = (valley.of(place, *TOLD)[-1][1] for place in (WALLED, HALF))
    assert all_of_it.change is SiteChange.RAZED_TOTAL
    assert half_of_it.change in (SiteChange.RAZED_PARTIAL, None)
    for one, truth in ((all_of_it, 1.0), (half_of_it, 0.5)):
        low, high = one.evidence["share_lost_low"], one.evidence["share_lost_high"]
        assert low <= truth <= high
        assert low <= one.evidence["share_lost"] <= high
    # 5 dB and a season of the orbit's own: what was there, over what is left.
    assert all_of_it.evidence["vv_drop_db"] == pytest.approx(5.0, abs=1.0)
    assert all_of_it.evidence["equivalent_looks"] == LOOKS


def test_where_radar_cannot_tell_it_says_so_and_never_unchanged(valley: Watch) -> None:
    for place in (THATCH, DARK):
        looks = valley.looks_at(place, 60.0)
        assert not valley.of(place, *TOLD)
        assert {look.showed for look in looks} == {Showed.BLIND}
        assert not any(look.said["radar_informative"] for look in looks)
        begins = "radar not informative here, because the settlement stands"
        assert all(look.said["radar"].startswith(begins) for look in looks)
    assert "dB below the ground" in valley.looks_at(DARK)[-1].said["radar"]


def test_a_quiet_town_stays_quiet_and_its_ledger_says_what_radar_can_tell(valley: Watch) -> None:
    assert not valley.of(QUIET, *TOLD)
    looks = valley.looks_at(QUIET, 100.0)
    words = [look.showed for look in looks]
    assert words.count(Showed.UNCHANGED) > 0.8 * len(words)
    assert looks[-1].said["radar"].startswith("radar informative: the settlement stands")
    assert set(looks[-1].said["speckle_scores"]) == {"VV", "VH"}
    early = valley.looks_at(QUIET)[:6]
    assert {look.showed for look in early} == {Showed.LEARNING}
    assert early[2].said["radar"] == "not yet known: 3 of 6 looks"


def test_changed_surroundings_are_no_loss_here(valley: Watch) -> None:
    assert not [one for day, one in valley.of(RING, *TOLD) if day >= LOSS_DAY]


def test_rain_is_recorded_as_a_disturbed_scene_and_alarms_nobody(valley: Watch) -> None:
    wet = [look for day, look in valley.ledger if day in (246.0, 408.0)]
    assert wet
    for look in wet:
        assert "dB in VV" in look.said["scene_disturbed"]
    assert not [one for day, one in valley.told if day < LOSS_DAY and one.state in TOLD]
    dry = [look for day, look in valley.ledger if day == 240.0]
    assert not any("scene_disturbed" in look.said for look in dry)


def test_orbits_and_products_have_levels_of_their_own() -> None:
    mixed = replace(VALLEY, orbits=(80, 82, 81))
    watch = Watch().take(mixed.looks(DAYS))
    assert watch.states[-1].scalars["orbits"] == ",".join(
        f"sentinel-1-rtc/{orbit}" for orbit in (80, 82, 81)
    )
    # Levels of the orbits differ by up to 1.7 dB, and nobody takes that for a loss.
    assert not watch.of(QUIET, *TOLD)
    assert watch.of(WALLED, *TOLD)
    two = Watch().take(replace(VALLEY, sensors=("sentinel-1-rtc", "sentinel-1-grd")).looks(DAYS))
    assert str(two.states[-1].scalars["orbits"]).count("/80") == 2


def test_a_look_of_an_unknown_orbit_is_not_observable() -> None:
    looks = replace(VALLEY, orbits=(None,)).looks(DAYS[:3])
    watch = Watch().take(looks)
    assert {look.showed for _, look in watch.ledger} == {Showed.UNUSABLE}
    assert {look.lost for _, look in watch.ledger} == {"orbit"}
    assert watch.states[-1].scalars["orbits"] == ""


def test_more_orbits_than_can_be_told_apart_are_not_mixed() -> None:
    watch = Watch().take(replace(VALLEY, orbits=(1, 2, 3, 4, 5, 6)).looks(DAYS[:12]))
    assert str(watch.states[-1].scalars["orbits"]).count(",") == 4
    sixth = [look for day, look in watch.ledger if day in (DAYS[5], DAYS[11])]
    assert {look.lost for look in sixth} == {"orbit"}


def test_orbits_that_contradict_each_other_bring_no_alarm() -> None:
    # Of one orbit the core falls by 3 dB, of the other it rises by as much: a new angle of view.
    looks = []
    base = replace(VALLEY, gone=(), orbits=(80, 82))
    for number, look in enumerate(base.looks(DAYS)):
        values = look.places.values.copy()
        if number * 6.0 >= LOSS_DAY:
            values[QUIET, :3, 0] += 3.0 * DECIBEL * (1 if number % 2 else -1)
        looks.append(replace(look, places=replace(look.places, values=values)))
    watch = Watch().take(looks)
    assert not watch.of(QUIET, DetectorState.ESTABLISHED)


def test_a_suspect_scene_says_nothing_and_teaches_nothing() -> None:
    looks = VALLEY.looks(DAYS[DAYS <= 402.0])
    watch = Watch().take(looks[:-1])
    watch.scene = SceneJudgement("look", GuardVerdict.SUSPECT, 24, 12, "12 of 24")
    before = watch.states[-1].arrays
    watch.take(looks[-1:])
    after = watch.states[-1].arrays
    assert {look.showed for day, look in watch.ledger if day == 402.0} == {Showed.SUSPECT}
    for name in ("coefficients", "power_sum", "power_looks", "still"):
        assert np.array_equal(before[name], after[name])


def test_placebos_judge_a_scene_and_their_own_alarms_are_counted() -> None:
    placebo = frozenset(range(4, 28))
    land = Valley((5.0,) * 4 + (3.0,) * 24, placebo=placebo,
                  gone=tuple((place, 300.0, 1.0, (0,)) for place in range(4, 28)))  # fmt: skip
    looks = land.looks(DAYS[DAYS <= 312.0])
    watch = Watch().take([look for look in looks if look.sensed < START + timedelta(300)])
    detector, last = watch.detector, watch.states[-1]
    bad = next(look for look in looks if look.sensed >= START + timedelta(300))
    evidence = detector.placebo_evidence(last, bad)
    assert len(evidence) == len(placebo)
    assert judge_scene("bad", evidence).verdict is GuardVerdict.SUSPECT
    assert not [one for _, one in watch.told if int(one.place[4:]) in placebo]
    assert last.scalars["placebos"] == len(placebo)


def test_the_state_has_a_fixed_size_and_replays_to_the_same_bits(valley: Watch) -> None:
    again = Watch().take(VALLEY.looks(DAYS))
    for name, array in valley.states[-1].arrays.items():
        assert array.tobytes() == again.states[-1].arrays[name].tobytes()
        assert array.nbytes == valley.states[0].arrays[name].nbytes


def test_a_settlement_that_joins_is_brought_up_beside_the_others() -> None:
    looks = VALLEY.looks(DAYS[:30])
    watch = Watch().take(looks)
    state = watch.states[-1]
    beside = watch.detector.beside(state)
    assert (len(beside.objects), beside.scalars["orbits"]) == (0, state.scalars["orbits"])
    other = Watch(states=[beside]).take([_renamed(look) for look in looks])
    both = watch.detector.join(state, other.states[-1])
    assert len(both.objects) == 12
    assert np.array_equal(both.arrays["power_sum"][6:], state.arrays["power_sum"])
    with pytest.raises(ValueError, match="numbered"):
        watch.detector.join(replace(state, scalars={**state.scalars, "orbits": "x"}), state)
    # An orbit whose number begins like another's is another orbit.
    four, longer = (
        replace(one, scalars={**one.scalars, "orbits": f"sentinel-1-rtc/{orbit}"})
        for one, orbit in ((state, 4), (other.states[-1], 44))
    )
    with pytest.raises(ValueError, match="not numbered as"):
        watch.detector.join(four, longer)


def _renamed(look: Features) -> Features:
    ids = tuple(f"new{one}" for one in look.places.ids)
    return replace(look, places=replace(look.places, ids=ids))


def test_it_refuses_an_older_look_and_the_state_of_another() -> None:
    looks = VALLEY.looks(DAYS[:2])
    state, _ = Radar().score(Radar().start(GRID), looks[1], PASSED)
    with pytest.raises(ValueError, match="not younger"):
        Radar().score(state, looks[0], PASSED)
    with pytest.raises(ValueError, match="not by radar"):
        Radar().score(replace(state, detector="burned"), looks[1], PASSED)


def test_a_town_that_stays_lost_is_closed_and_watched_anew(valley: Watch) -> None:
    closed = valley.of(WALLED, DetectorState.CLOSED)
    assert len(closed) == 1
    after = valley.looks_at(WALLED, closed[0][0] + 18.0)
    # What is left is ground like that around it.
    assert after
    assert not after[-1].said["radar_informative"]


def test_a_cube_is_measured_as_it_was_drawn() -> None:
    rng = np.random.default_rng(7)
    power = np.stack([0.1 * rng.gamma(10, 0.1, (100, 100)), 0.02 * rng.gamma(10, 0.1, (100, 100))])
    centres = lattice((100, 100), 20, 30)
    places = laid((100, 100), centres, 150.0)
    chosen = places.settlements
    assert chosen is not None
    core = chosen.pixels[: chosen.starts[1]]
    power[:, np.unravel_index(core, (100, 100))[0], np.unravel_index(core, (100, 100))[1]] *= 4.0
    got = Radar().measure(cube_of(power.astype(np.float32), START, GRID), places)
    values = got.places.values
    assert got.orbit == 137
    assert got.sensor == "sentinel-1-rtc"
    assert values[0, 0, 0] == pytest.approx(-np.log(power[0].ravel()[core].mean()), abs=1e-5)
    # The median of speckle of ten looks lies 3 % below its mean.
    assert values[0, 0, 1:] == pytest.approx(-np.log(0.1) + 1 / 30, abs=0.2)
    assert values[0, 0, 1:].mean() - values[0, 0, 0] == pytest.approx(np.log(4.0), abs=0.1)
    # Ten looks a pixel, and as many pixels as the core has.
    assert values[0, -1, 0] == pytest.approx(10.0 * core.size, rel=0.2)
    assert np.isnan(values[:, 3]).all()


def test_zeros_and_holes_are_not_seen_and_raise_nothing() -> None:
    rng = np.random.default_rng(8)
    power = rng.gamma(10, 0.01, (2, 100, 100)).astype(np.float32)
    power[:, :50] = 0.0
    cube = cube_of(power, START, GRID)
    # As they come where nobody took them for holes.
    cube["VV"].values[0, :50] = 0.0
    cube["cause"].values[:] = 0
    places = laid((100, 100), [(20, 50), (80, 50)], 150.0)
    got = Radar().measure(cube, places)
    assert got.places.seen[:, 0].tolist() == [0.0, 1.0]
    assert got.places.lost[0] == "nodata"
    state, _ = Radar().score(Radar().start(GRID), got, PASSED)
    showed = [look.showed for look in Radar().looks(state, got)]
    assert showed == [Showed.UNUSABLE, Showed.LEARNING]


def test_no_settlements_or_an_area_are_refused() -> None:
    cube = cube_of(np.ones((2, 100, 100), np.float32), START, GRID)
    with pytest.raises(ValueError, match="none are named"):
        Radar().measure(cube, replace(laid((100, 100), [(50, 50)], 150.0), settlements=None))


def test_coherence_that_falls_is_one_more_feature() -> None:
    def looks(fall: float) -> list[Features]:
        rng = np.random.default_rng(9)
        out = []
        for look in replace(VALLEY, gone=()).looks(DAYS):
            values = look.places.values.copy()
            coherence = 0.3 + 0.02 * rng.standard_normal(values[:, 3].shape)
            coherence[:, 0] += 0.4 - (fall if look.sensed >= START + timedelta(LOSS_DAY) else 0.0)
            values[:, 3] = -coherence
            # Walls lost: by a decibel too little for power to be sure of alone.
            values[:, :3, 0] += fall * 2.2 * (look.sensed >= START + timedelta(LOSS_DAY)) * DECIBEL
            places = replace(look.places, values=values, bands=("VV", "VH", "COH"))
            out.append(replace(look, places=places, lived_without=()))
        return out

    with_it = Watch().take(looks(0.4))
    without = Watch()
    for look in looks(0.4):
        values = look.places.values.copy()
        values[:, 3] = np.nan
        without.take([replace(look, places=replace(look.places, values=values))])
    evidence = [
        sum(look.said.get("evidence", 0.0) for look in watch.looks_at(QUIET, LOSS_DAY)[:2])
        for watch in (with_it, without)
    ]
    assert evidence[0] > evidence[1]
    assert not Watch().take(looks(0.0)).of(QUIET, *TOLD)
