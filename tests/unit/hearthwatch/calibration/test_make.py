"""Calibration sets: thresholds that keep their budget, strata that fall back, and honest words."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import numpy as np
import pytest

from detectors.burned import Burned
from detectors.calibration import BUILT_IN
from detectors.conformal import MARGIN
from hearthwatch.calibration.document import from_document, to_document
from hearthwatch.calibration.make import Scope, make_set
from hearthwatch.calibration.sets import Budget, CalibrationSet, NullYears, Source
from hearthwatch.records import Kind, Mode

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SCOPE = Scope("local", Kind.BURNED, Mode.ACTUAL, "", Burned().info, "d" * 64)
GREEN, BARE = ("green", ""), ("bare", "")


def nulls(
    count: int, *, seed: int = 0, strata=GREEN, source=Source.PLACEBO, scale=1.0, name="p"
) -> NullYears:
    """Return years of as many places, whose maxima are exchangeable draws."""
    rng = np.random.default_rng(seed)
    any_, two, three = (scale * rng.gumbel(level, 1.0, count) for level in (1.0, 0.0, -1.0))
    # Two looks never bring more than any looks do, nor three more than two.
    two = np.minimum(any_, two)
    three = np.minimum(two, three)
    return NullYears(
        places=tuple(f"{name}{seed}-{number}" for number in range(count)),
        sources=(source,) * count,
        strata=(strata,) * count,
        maxima=np.column_stack([any_, two, three]),
    )


def joined(*parts: NullYears) -> NullYears:
    return NullYears(
        places=sum((one.places for one in parts), ()),
        sources=sum((one.sources for one in parts), ()),
        strata=sum((one.strata for one in parts), ()),
        maxima=np.concatenate([one.maxima for one in parts]),
    )


def made(years: NullYears, budget: Budget | None = None) -> CalibrationSet:
    return make_set(SCOPE, budget or Budget(), years, None, NOON)


def level(one: CalibrationSet, stratum: str, state: str):
    (row,) = (row for row in one.strata if row.stratum == stratum)
    return next(found for found in row.levels if found.level == state)


def test_the_threshold_is_the_quantile_and_a_new_world_keeps_the_budget() -> None:
    one = made(nulls(3000))
    fresh = nulls(200_000, seed=1)
    for number, found in enumerate(one.pooled.levels):
        assert found.conformal
        rate = 1000 * (fresh.maxima[:, number] > found.threshold).mean()
        # 3,000 years leave the true rate behind a quantile uncertain by about its square root.
        spread = 1000 * np.sqrt(found.nominal / 1000 / 3000)
        assert abs(rate - found.nominal) < 4 * spread
        assert found.realised.interval[0] <= found.nominal <= found.realised.interval[1]


def test_a_budget_is_established_only_where_the_bound_clears_it() -> None:
    full, half = made(nulls(8000)), made(nulls(8000), Budget(aim=0.5))
    for state in ("WATCH", "PROBABLE"):
        assert not level(full, "", state).established
        assert "not ruled out" in level(full, "", state).why_not
        found = level(half, "", state)
        assert found.established
        assert found.why_not == ""
        assert found.realised.bound <= found.nominal
        assert found.threshold > level(full, "", state).threshold


def test_years_that_nobody_judged_can_take_back_what_is_established() -> None:
    years, budget = nulls(8000), Budget(aim=0.5)
    few, many = (dataclasses.replace(years, undecided=number) for number in (10, 200))
    assert level(made(few, budget), "", "WATCH").established
    found = level(made(many, budget), "", "WATCH")
    assert not found.established
    assert found.why_not == "200 years with an event that nobody judged may be false alarms"


def test_too_few_years_give_a_bound_that_is_never_below_the_built_in() -> None:
    few = nulls(60, scale=9.0)
    few.maxima[:, 1] = few.maxima[:, 0]
    one = made(few)
    assert level(one, "", "WATCH").conformal
    probable, established = (level(one, "", state) for state in ("PROBABLE", "ESTABLISHED"))
    assert not probable.conformal
    assert probable.threshold == few.maxima[:, 1].max() + MARGIN > BUILT_IN.probable
    assert (probable.established, probable.why_not) == (False, "60 null years; 199 are needed")
    assert established.why_not == "60 null years; 999 are needed"
    low = made(nulls(60, scale=0.01))
    assert level(low, "", "PROBABLE").threshold == BUILT_IN.probable


def test_a_stratum_has_its_own_threshold_only_where_its_years_suffice() -> None:
    quiet, loud = nulls(1200, strata=GREEN), nulls(250, seed=2, strata=BARE, scale=3.0, name="q")
    one = made(joined(quiet, loud))
    assert [row.stratum for row in one.strata] == ["", "bare", "green"]
    for state, own in (("WATCH", True), ("PROBABLE", True), ("ESTABLISHED", False)):
        found = level(one, "bare", state)
        assert found.taken_from == ("bare" if own else "")
        assert found.years == (250 if own else 1450)
    assert level(one, "bare", "WATCH").threshold > 2 * level(one, "green", "WATCH").threshold
    coarse = level(one, "", "ESTABLISHED")
    inherited = level(one, "bare", "ESTABLISHED")
    assert inherited.threshold >= coarse.threshold
    # The pooled threshold is too low for the loud ground, and its own row says so.
    assert inherited.realised.exposure == 250
    assert inherited.realised.value > coarse.realised.value


def test_no_state_is_easier_to_reach_than_the_one_before() -> None:
    """A loud stratum with few years inherits a threshold below its own of the state before."""
    one = made(joined(nulls(1200), nulls(250, seed=2, strata=BARE, scale=6.0, name="q")))
    for row in one.strata:
        thresholds = [found.threshold for found in row.levels]
        assert thresholds == sorted(thresholds)
    assert level(one, "bare", "ESTABLISHED").threshold > level(one, "", "ESTABLISHED").threshold


def test_the_detector_takes_the_narrowest_threshold_there_is() -> None:
    one = made(joined(nulls(1200), nulls(250, seed=2, strata=BARE, scale=3.0, name="q")))
    bare = one.calibration.for_stratum(("bare/dense/small", "bare/dense", "bare", ""))
    assert bare.watch == level(one, "bare", "WATCH").threshold
    assert bare.established == level(one, "bare", "ESTABLISHED").threshold
    unknown = one.calibration.for_stratum(("",))
    assert unknown.watch == level(one, "", "WATCH").threshold
    assert one.calibration.id == one.id


def test_resampled_years_move_no_threshold_and_stand_apart() -> None:
    real = nulls(1200)
    mixed = joined(real, nulls(5000, seed=3, source=Source.RESAMPLED, scale=4.0, name="r"))
    one, plain = made(mixed), made(real)
    assert [row.levels for row in one.strata] == [row.levels for row in plain.strata]
    assert (one.null_years, one.highest) == (1200, plain.highest)
    by_source = {row.source: row for row in one.sources}
    assert (by_source[Source.RESAMPLED].years, by_source[Source.PLACEBO].years) == (5000, 1200)
    assert by_source[Source.SETTLEMENT].years == 0
    # Tried on them, the thresholds of real years let far more through.
    assert by_source[Source.RESAMPLED].realised[0].value > 100
    assert by_source[Source.PLACEBO].realised[0].value == pytest.approx(20, abs=8)


def test_what_placebos_do_not_show_of_settlements_is_seen_by_source() -> None:
    years = joined(nulls(1000), nulls(300, seed=4, source=Source.SETTLEMENT, scale=2.0, name="s"))
    placebo, settlement, _ = made(years).sources
    assert settlement.realised[0].value > 3 * placebo.realised[0].value


def test_years_that_no_two_looks_bore_are_legal() -> None:
    years = nulls(300)
    years.maxima[:280, 2] = -np.inf
    years.maxima[:, 1] = -np.inf
    one = made(years)
    # The quantile is the floor, and no state is easier to reach than the one before.
    assert level(one, "", "PROBABLE").threshold == level(one, "", "WATCH").threshold
    assert level(one, "", "ESTABLISHED").threshold >= BUILT_IN.established
    assert json.dumps(to_document(one), allow_nan=False)


def test_a_set_goes_through_json_and_its_id_is_of_what_it_says() -> None:
    one = made(nulls(300))
    assert from_document(json.loads(json.dumps(to_document(one)))) == one
    later = make_set(SCOPE, Budget(), nulls(300), None, NOON.replace(year=2027))
    assert later.id == one.id
    for other in (
        made(nulls(300, seed=9)),
        made(nulls(300), Budget(probable=6.0)),
        make_set(dataclasses.replace(SCOPE, digest="e" * 64), Budget(), nulls(300), None, NOON),
        make_set(dataclasses.replace(SCOPE, region="r"), Budget(), nulls(300), None, NOON),
    ):
        assert other.id != one.id


@pytest.mark.parametrize("change", [{"watch": 0.0}, {"established": 1000.0}, {"aim": 1.5}])
def test_what_is_no_budget_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(**change)
