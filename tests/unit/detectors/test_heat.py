"""Heat held against season, surroundings and sources that always burn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from detectors.heat import (
    HINTS,
    INFO,
    Heat,
    HeatAt,
    HeatRules,
    Mask,
    Verdict,
    masks,
)
from detectors.heat_episodes import QUIET_DAYS, episodes_of, passes_of
from detectors.heat_footprint import Footprints
from detectors.heat_passes import Here, heat_at_settlements, shared_out
from detectors.heat_report import (
    NEW_SATELLITES,
    NO_RATE,
    NO_RECORD,
    ONE_PASS,
    OUTSIDE,
    SURROUNDINGS,
    finding,
    in_words,
    told,
)
from detectors.heat_season import (
    DAY_S,
    Month,
    Rates,
    SeasonRules,
    month_bounds,
    month_of,
    months_on_record,
    surprise,
)
from detectors.types import DetectorState

CORE = box(25.300, 13.600, 25.306, 13.606)
INSIDE = (25.303, 13.603)
FIELDS = (25.350, 13.603)
"""Five kilometres to the east."""
NOON = datetime(2024, 2, 10, 11, 40, tzinfo=UTC)
RULES = HeatRules()
Spot = tuple[datetime, tuple[float, float]]


def heat(spots: Sequence[Spot], satellite: str = "NOAA-20", **changes: object) -> Heat:
    spots = sorted(spots)
    n = len(spots)
    values: dict[str, object] = {
        "footprints": Footprints(
            np.array([at[0] for _, at in spots]),
            np.array([at[1] for _, at in spots]),
            np.full(n, 390.0),
            np.full(n, 360.0),
            np.full(n, np.nan),
        ),
        "seconds": np.array([int(when.timestamp()) for when, _ in spots], dtype=np.int64),
        "frp": np.full(n, 4.0),
        "faint": np.zeros(n, bool),
        "listed": np.zeros(n, bool),
        "typed": np.zeros(n, bool),
        "satellites": (satellite,) * n,
        **changes,
    }
    return Heat(**values)  # type: ignore[arg-type]


def record(years: int) -> frozenset[tuple[int, int]]:
    """Return all months of so many whole years before 2024, and those up to now."""
    return frozenset((2024 - back, month) for back in range(1, years + 1) for month in range(1, 13))


def at_village(
    seen: Heat,
    years: int = 5,
    known: Mapping[int, int] | None = None,
    cores: Sequence[object] = (CORE,),
) -> tuple[HeatAt, ...]:
    here = [Here(core, record(years), known or {}) for core in cores]  # type: ignore[arg-type]
    shared = shared_out(seen, masks(seen, RULES), [one.core for one in here], RULES)
    return heat_at_settlements(seen, shared, here, (), RULES)


def test_heat_where_it_never_was_is_a_hint() -> None:
    (one,) = at_village(heat([(NOON, INSIDE)]))
    assert one.verdict is Verdict.UNUSUAL
    assert one.month == Month(1, (0, 0, 0, 0, 0), 0, (0, 0, 0, 0, 0))
    # The prior of shape 0.1, worth 60 days; the kin's none, worth 30; two Februaries that teach,
    # 2022 and 2020, the latter a leap year's. The surroundings' count says next to nothing.
    days, around = 60 + 30 + 28 + 29, 0.1 / (60 + 28 + 29)
    assert one.odd.ring_expected == pytest.approx(around)
    assert one.odd.expected == pytest.approx(0.1 / days * 0.5 / (0.5 + around))
    assert one.odd.bound is not None
    # 2023, 2021 and 2019 are held back: three quiet years keep no budget, but one in four does.
    assert (one.odd.bound.years, one.odd.bound.kept) == (3, False)
    assert one.odd.bound.per_thousand == 250.0
    assert NO_RATE in finding(one, "set-1", CORE, 4e5).doubts
    assert one.reach == 0.0


def test_heat_of_every_years_burning_is_held_back_and_more_than_it_is_not() -> None:
    burning = [
        (NOON.replace(year=year, day=day), INSIDE) for year in range(2019, 2024) for day in (5, 15)
    ]
    (*_, usual) = at_village(heat([*burning, (NOON, INSIDE)]))
    assert (usual.month.earlier, usual.verdict) == ((2, 2, 2, 2, 2), Verdict.USUAL)
    many = heat([*burning, *[(NOON + timedelta(minutes=k // 4), INSIDE) for k in range(12)]])
    (*_, strong) = at_village(many)
    assert (strong.odd.pixels, strong.verdict) == (12, Verdict.UNUSUAL)
    # In the month in which it never burns, one day is odd.
    (*_, july) = at_village(heat([*burning, (NOON.replace(month=7), INSIDE)]))
    assert july.verdict is Verdict.UNUSUAL


def test_without_a_record_heat_is_a_hint_that_says_so() -> None:
    (one,) = at_village(heat([(NOON, INSIDE)]), years=1)
    assert one.verdict is Verdict.UNKNOWN
    assert NO_RECORD in finding(one, "set-1", CORE, 4e5).doubts


def test_fire_all_round_that_day_makes_heat_less_odd_and_is_a_doubt() -> None:
    minutes = [NOON - timedelta(minutes=k) for k in range(9)]
    (alone,) = at_village(heat([(NOON, INSIDE)]))
    (one,) = at_village(heat([(NOON, INSIDE), *[(when, FIELDS) for when in minutes]]))
    assert (one.odd.ring, one.odd.ring_factor > 15.0) == (9, True)
    assert one.odd.score < alone.odd.score - 2.0
    assert (alone.verdict, one.verdict) == (Verdict.UNUSUAL, Verdict.USUAL)
    assert SURROUNDINGS in finding(one, "set-1", CORE, 4e5).doubts
    # Fires of other days say nothing of this one.
    before = [(NOON - timedelta(days=1 + k), FIELDS) for k in range(9)]
    (still,) = at_village(heat([(NOON, INSIDE), *before]))
    assert (still.odd.ring, still.verdict) == (0, Verdict.UNUSUAL)


def test_heat_that_lies_mostly_beside_a_village_does_not_speak_of_it() -> None:
    seen = heat([(NOON, (25.3075, 13.603))])
    shared = shared_out(seen, masks(seen, RULES), [CORE], RULES)
    assert ([len(one) for one in shared.mine], [len(one) for one in shared.beside]) == ([0], [1])
    # Nor is it of the surroundings: it may have come from the village.
    assert not shared.around.any()
    assert at_village(seen) == ()


def test_burning_neighbours_are_no_surroundings() -> None:
    # Ten villages that burn at once must not talk each other out of it.
    villages = [box(25.3 + k * 0.02, 13.6, 25.306 + k * 0.02, 13.606) for k in range(10)]
    spots = [(NOON, (25.303 + k * 0.02, 13.603)) for k in range(10)]
    found = at_village(heat(spots), cores=villages)
    assert [one.core for one in found] == list(range(10))
    assert {one.verdict for one in found} == {Verdict.UNUSUAL}
    assert {one.odd.ring for one in found} == {0}


def test_a_flare_is_masked_and_stays_so_but_not_a_fire_beside_it() -> None:
    flare = [(NOON - timedelta(days=20 * k), INSIDE) for k in range(40)]
    seen = heat(flare)
    assert masks(seen, RULES)[-1] is Mask.STATIC
    assert not [one for one in at_village(seen) if one.one.seconds == seen.seconds[-1]]
    stronger = heat(flare, frp=np.array([4.0] * 39 + [13.0]))
    assert masks(stronger, RULES)[-1] is Mask.NONE
    beside = heat([*flare, (NOON, (25.316, 13.603))])
    assert masks(beside, RULES)[int(np.argmax(beside.footprints.lon))] is Mask.NONE


def test_a_burning_season_or_a_long_siege_makes_no_static_source() -> None:
    season = [
        (datetime(year, month, day, 11, tzinfo=UTC), INSIDE)
        for year in range(2019, 2024)
        for month in (11, 12, 1, 2)
        for day in (3, 9, 20)
    ]
    assert masks(heat([*season, (NOON, INSIDE)]), RULES)[-1] is Mask.NONE
    # From August to February, but before December's middle in five months only.
    siege = [(NOON - timedelta(days=k), INSIDE) for k in range(175)]
    assert set(masks(heat(siege), RULES)) == {Mask.NONE}


@pytest.mark.parametrize("why", ["faint", "listed", "typed"])
def test_what_speaks_for_nothing_is_named_and_counts_for_nothing(why: str) -> None:
    seen = heat([(NOON, INSIDE)], **{why: np.array([True])})
    assert masks(seen, RULES) == (Mask[why.upper()],)
    assert at_village(seen) == ()


def test_nothing_is_ever_more_than_a_hint() -> None:
    spots = [(NOON + timedelta(hours=6 * k), INSIDE) for k in range(60)]
    found = at_village(heat(spots, frp=np.full(60, 900.0)))
    said = [finding(one, "set-1", CORE, 4e5) for one in told(found)]
    assert len(said) == 60
    assert {one.state for one in said} == {DetectorState.WATCH}
    assert not hasattr(found[0], "state")
    assert said[-1].looks == 60
    assert {one.last_unharmed for one in said} == {None}


def test_after_the_first_hint_all_of_an_episode_is_told() -> None:
    burning = [
        (NOON.replace(year=year, day=day), INSIDE) for year in range(2019, 2024) for day in (5, 15)
    ]
    days = [(NOON + timedelta(days=k), INSIDE) for k in range(3)]
    days += [(NOON + timedelta(days=3, minutes=k // 4), INSIDE) for k in range(12)]
    days += [(NOON + timedelta(days=4 + k), INSIDE) for k in range(3)]
    found = [
        one for one in at_village(heat([*burning, *days])) if one.one.seconds >= NOON.timestamp()
    ]
    hints = [one.verdict in HINTS for one in found]
    assert hints == [False, False, False, True, False, False, False]
    assert list(told(found)) == found[3:]


def test_what_is_judged_of_a_pass_needs_no_later_heat() -> None:
    spots = [(NOON + timedelta(days=3 * k), INSIDE) for k in range(6)]
    spots += [(NOON + timedelta(days=2 * k), FIELDS) for k in range(9)]
    whole = at_village(heat(spots))
    for one in whole:
        then = [spot for spot in spots if spot[0].timestamp() <= one.one.seconds]
        last = at_village(heat(then))[-1]
        assert (last.odd, last.verdict, last.episode) == (
            one.odd,
            one.verdict,
            one.episode,
        )


@given(st.permutations(range(7)))
def test_the_order_in_which_heat_was_heard_of_does_not_matter(order: list[int]) -> None:
    spots = [(NOON + timedelta(days=12 * k), INSIDE) for k in range(7)]
    seen = heat(spots)
    turned = Heat(
        Footprints(*(getattr(seen.footprints, name)[order] for name in
                     ("lon", "lat", "scan_m", "track_m", "bearing"))),
        *(getattr(seen, name)[order] for name in ("seconds", "frp", "faint", "listed", "typed")),
        seen.satellites,
    )  # fmt: skip
    plain = [(one.one.seconds, one.episode, one.verdict, one.odd) for one in at_village(seen)]
    assert plain == [
        (one.one.seconds, one.episode, one.verdict, one.odd) for one in at_village(turned)
    ]


def test_doubts_and_words_say_how_little_it_is() -> None:
    (one,) = at_village(heat([(NOON, (25.3066, 13.603))]))
    said = finding(one, "set-1", CORE, 4.2e5)
    assert OUTSIDE in said.doubts
    assert ONE_PASS in said.doubts
    assert 0 < one.reach <= RULES.near
    assert in_words(one, 4.2e5) == (
        "Heat was seen at a settlement of 42.00 ha on 2024-02-10, in 1 pass of NOAA-20."
    )
    assert said.evidence["strongest_frp_mw"] == 4.0
    assert said.kind in INFO.kinds
    assert "attack" not in in_words(one, 4.2e5) + " ".join(said.doubts)


def test_a_satellite_that_is_new_is_a_doubt() -> None:
    old = [(NOON - timedelta(days=800 + k), FIELDS) for k in range(3)]
    spots = [*old, (NOON, INSIDE)]
    seen = heat(spots, satellites=("NOAA-20",) * 3 + ("NOAA-21",))
    (one,) = at_village(seen)
    assert one.new_satellites == ("NOAA-21",)
    assert NEW_SATELLITES in finding(one, "set-1", CORE, 4e5).doubts
    (same,) = at_village(heat(spots))
    assert same.new_satellites == ()


def test_heat_that_was_not_measured_leaves_no_number_that_is_none() -> None:
    (one,) = at_village(heat([(NOON, INSIDE)], frp=np.array([math.nan])))
    assert "strongest_frp_mw" not in finding(one, "set-1", CORE, 4e5).evidence


class TestEpisodes:
    def test_pixels_of_one_pass_are_one_and_a_second_satellite_is_another(self) -> None:
        seconds = np.array([1000, 1060, 1300, 9000], dtype=np.int64)
        found = passes_of(seconds, ["a", "a", "b", "a"])
        assert [(one.satellite, one.seconds, one.members) for one in found] == [
            ("a", 1000, (0, 1)), ("b", 1300, (2,)), ("a", 9000, (3,)),
        ]  # fmt: skip

    def test_a_second_burning_is_another_episode(self) -> None:
        seconds = np.array([0, QUIET_DAYS, 2 * QUIET_DAYS + 1], dtype=np.int64) * DAY_S
        found = list(episodes_of(passes_of(seconds, ["a"] * 3), {}))
        assert [(number, len(part)) for number, part in found] == [(0, 2), (2 * QUIET_DAYS + 1, 1)]

    def test_an_earlier_pass_that_comes_late_leaves_the_number(self) -> None:
        later = passes_of(np.array([40 * DAY_S]), ["a"])
        ((number, _),) = episodes_of(later, {})
        both = passes_of(np.array([30 * DAY_S, 40 * DAY_S]), ["a", "a"])
        ((again, part),) = episodes_of(both, {number: 40 * DAY_S})
        assert (number, again, len(part)) == (40, 40, 2)

    def test_no_pass_is_lost_or_twice(self) -> None:
        for order in permutations([0, 5, 40, 41, 100]):
            seconds = np.array(order, dtype=np.int64) * DAY_S
            parts = [part for _, part in episodes_of(passes_of(seconds, ["a"] * 5), {})]
            assert sorted(i for part in parts for one in part for i in one.members) == list(
                range(5)
            )


class TestSeason:
    def test_the_law_is_the_negative_binomial_of_two_rates_that_are_not_known(self) -> None:
        # Drawn: a rate of the place and a factor of the day, each gamma; the second one is known
        # from the surroundings' count. Only the product's law is taken for a gamma law.
        rng, rules, count = np.random.default_rng(3), SeasonRules(), 400_000
        shape, days, ring, around = 2.0, 20.0, 3.0, 1.5
        rate = rng.gamma(shape, 1.0 / days, count)
        day = rng.gamma(rules.surge + ring, 1.0 / (rules.surge + around), count)
        pixels = rng.poisson(rate * day)
        rates = Rates(np.array(shape), np.array(days), np.array(around))
        found = surprise(np.array([1.0, 2.0, 3.0]), np.array(ring), rates, rules)
        drawn = np.array([(pixels >= k).mean() for k in (1, 2, 3)])
        assert np.exp(-found.score) == pytest.approx(drawn, rel=0.1)
        assert float(found.expected) == pytest.approx(float(pixels.mean()), rel=0.02)

    @given(st.integers(1, 25), st.integers(0, 40), st.floats(0.1, 50.0), st.floats(0.0, 5.0))
    def test_more_heat_is_odder_and_fire_all_round_makes_it_less_so(
        self, core: int, ring: int, shape: float, around: float
    ) -> None:
        rates = Rates(np.array(shape), np.array(200.0), np.array(around))
        pixels, fires = np.array([core, core + 1.0, core]), np.array([ring, ring, ring + 1.0])
        here, more, hotter = surprise(pixels, fires, rates, SeasonRules()).score
        assert more >= here >= 0.0
        assert hotter <= here + 1e-9

    def test_months_begin_and_end_where_they_do(self) -> None:
        begin, end = month_bounds(2024, 2)
        assert datetime.fromtimestamp(begin, UTC) == datetime(2024, 2, 1, tzinfo=UTC)
        assert datetime.fromtimestamp(end, UTC) == datetime(2024, 3, 1, tzinfo=UTC)
        assert month_of(begin) == month_of(end - 1) == (2024, 2)
        assert month_of(-1) == (1969, 12)

    def test_a_month_counts_where_most_of_it_is_on_record(self) -> None:
        first = int(datetime(2023, 2, 1, tzinfo=UTC).timestamp())
        half = (first, first + 14 * DAY_S - 1)
        rest = (first + 10 * DAY_S, first + 28 * DAY_S - 1)
        assert months_on_record([half], SeasonRules()) == frozenset()
        assert months_on_record([half, rest], SeasonRules()) == {(2023, 2)}
