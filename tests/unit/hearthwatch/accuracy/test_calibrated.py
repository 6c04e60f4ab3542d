"""What an accuracy report says of thresholds and probabilities, of a set made by hand."""

from __future__ import annotations

import dataclasses
import json

import pytest

from detectors.calibration import POOLED
from detectors.probability import Platt
from detectors.registry import create_detector
from hearthwatch.accuracy.calibrated import Chosen, chosen_sets
from hearthwatch.accuracy.document import Known, document
from hearthwatch.accuracy.page import page
from hearthwatch.accuracy.plots import pictures
from hearthwatch.accuracy.released import Release
from hearthwatch.calibration.document import sealed, to_document
from hearthwatch.calibration.sets import (
    LEVELS,
    Bin,
    Budget,
    CalibrationSet,
    LevelResult,
    Source,
    SourceResult,
    StratumResult,
    VerdictModel,
)
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.records import CalibrationChoice, Kind, Mode, StoredCalibration
from hearthwatch.store import MemoryStore
from tests.unit.hearthwatch.accuracy.made import DIGEST, ZERO, region
from tests.unit.hearthwatch.accuracy.test_report import NOW, Tables

NOMINAL = (20.0, 5.0, 1.0)
MODEL = VerdictModel(
    kind="platt",
    model=Platt(1.0, 0.0),
    verdicts=120,
    confirmed=90,
    brier=0.0814,
    brier_low=0.06,
    brier_high=0.11,
    others={},
    reliability=(Bin(0.15, Share(2, 20)), Bin(0.92, Share(88, 100))),
)


def level(number, years, rate, *, source=POOLED, why_not=""):
    return LevelResult(
        level=LEVELS[number],
        nominal=NOMINAL[number],
        aimed=NOMINAL[number] / 2,
        years=years,
        taken_from=source,
        threshold=3.5 + number,
        conformal=number < 2,
        realised=rate,
        established=not why_not,
        why_not=why_not,
    )


def made(**changes):
    pooled = StratumResult(POOLED, 700, (
        level(0, 700, Rate(7, 700.0)),
        level(1, 700, Rate(0, 700.0)),
        level(2, 700, Rate(0, 700.0), why_not="700 null years; 1,999 are needed"),
    ))  # fmt: skip
    bare = StratumResult("bare/dense", 60, (
        level(0, 60, Rate(1, 60.0), source="bare/dense", why_not="up to 79 are not ruled out"),
        *pooled.levels[1:],
    ))  # fmt: skip
    whole = CalibrationSet(
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="r-1",
        detector="burned",
        detector_version="2",
        digest="e" * 64,
        created=ZERO,
        budget=Budget(aim=0.5),
        sources=(
            SourceResult(Source.PLACEBO, 500, 40, (Rate(5, 500.0),) * 3),
            SourceResult(Source.SETTLEMENT, 200, 9, (Rate(2, 200.0),) * 3),
            SourceResult(Source.RESAMPLED, 5000, 40, (Rate(9, 5000.0),) * 3),
        ),
        strata=(pooled, bare),
        null_years=700,
        undecided=3,
        confirmed=1,
        other_code=2,
        id="0123456789abcdef",
    )
    return dataclasses.replace(whole, **changes)


def stored(one, **changes):
    whole = sealed(one)
    kept = StoredCalibration(whole.id, "ours", whole.kind, whole.mode, whole.region, "burned",
                             whole.detector_version, whole.digest, whole.created,
                             to_document(whole))  # fmt: skip
    return dataclasses.replace(kept, **changes)


def told(*sets, note="", **more):
    chosen = tuple(Chosen(stored(one, id=one.id), None if note else one, note) for one in sets)
    known = Known(chosen, (), (), Release(), {"r-1": "Umm Valley"})
    return document(known, "0.1.0", DIGEST, NOW, **more)


def written(*sets, **more):
    value = told(*sets, **more)
    return page(value, list(pictures(value)))


def test_without_a_set_the_thresholds_in_force_are_said_to_keep_no_budget():
    html = written()
    assert "No calibration set" in html
    assert "They keep no budget" in html
    assert "model-based, uncalibrated" in html


def test_every_threshold_stands_beside_its_budget_and_how_it_held():
    tables = {one["caption"]: one for one in Tables(written(made())).tables}
    rows = tables["Thresholds by stratum, and how they held in places that were held out"]["rows"]
    assert rows[0] == [
        "all places together (700 years)", "WATCH", "3.50", "20, aimed at 10",
        "10.00 [4.02, 20.60] (7 in 700.0), at most 18.78", "established",
    ]  # fmt: skip
    assert rows[1][4:] == ["at most 4.28 (none in 700.0)", "established"]
    states = tables["False alerts per 1,000 settlement-years: allowed, and measured"]["rows"]
    assert states[1][3] == "set 0123456789abcdef: at most 4.28 (none in 700.0)"
    assert rows[2][2] == "5.50, a bound and no quantile"
    assert rows[2][5] == "not established: 700 null years; 1,999 are needed"
    assert rows[3][0] == "bare/dense (60 years)"
    assert rows[3][2] == "3.50"
    assert rows[4][2] == "4.50, from all places together"


def test_resampled_null_years_stand_apart_from_real_ones():
    tables = {one["caption"]: one for one in Tables(written(made())).tables}
    real = tables["Null years of real pixels, by source"]["rows"]
    apart = tables["Null years resampled from residuals: used for no threshold, no measurement"]
    assert [row[:2] for row in real] == [
        ["placebo", "500 of 40 places"], ["settlement", "200 of 9 places"],
    ]  # fmt: skip
    assert [row[0] for row in apart["rows"]] == ["resampled"]


def test_what_a_set_rests_on_is_told_and_its_region_only_with_places():
    html = written(made())
    for words in ("700 years of real pixels", "3 that nobody judged", "1 with a confirmed event",
                  "2 years were last written by other code", "2022-01-01", "e" * 64):  # fmt: skip
        assert words in html
    assert "Umm Valley" not in html + json.dumps(told(made()))
    assert "one region, region Umm Valley" in written(made(), with_places=True)
    assert "all regions without one of their own" in written(made(region=""))


def test_probabilities_come_with_their_reliability_once_there_are_verdicts():
    html = written(made(verdicts=MODEL))
    found = Tables(html)
    assert "uncalibrated" not in html
    assert "120 verdicts, 90 of them confirmed" in html
    assert "0.081 [0.060, 0.110]" in html
    rows = next(one for one in found.tables if one["caption"] == "Reliability")["rows"]
    assert [row[0] for row in rows] == ["0.15", "0.92"]
    assert rows[1][1].endswith("(88 of 100)")
    alt, rates = found.alts
    assert "held out, set 01234567 PROBABLE 0.00 to 5.27" in rates
    assert "told 0.92, confirmed 88 of 100" in alt


@pytest.mark.parametrize("verdicts", [None, MODEL])
def test_a_curve_is_drawn_only_of_verdicts(verdicts):
    drawn = [one.name for one in pictures(told(made(verdicts=verdicts)))]
    curve = [] if verdicts is None else ["reliability-0123456789abcdef.png"]
    assert drawn == ["false-alerts.png", *curve]


def test_a_set_that_was_chosen_and_does_not_hold_shows_no_threshold():
    html = written(made(), note="it is bound to other code")
    assert "Not in force: it is bound to other code." in html
    assert "No calibration set" in html
    assert "Thresholds by stratum" not in html


def test_the_sets_that_were_chosen_are_found_each_once():
    version = create_detector("burned").info.version
    fits = stored(made(region="", detector_version=version, digest="a" * 64))
    old = stored(made(region="open", detector_version=version, digest="b" * 64))
    never = stored(made(region="", detector_version=version, null_years=1))
    store = MemoryStore()
    with store.transaction() as tx:
        for name in ("open", "other"):
            tx.put_region(region(name))
        for one in (fits, old, never):
            tx.put_calibration(one)
        for one in (fits, old):
            tx.choose_calibration(CalibrationChoice(
                organisation="ours", kind=Kind.BURNED, mode=Mode.ACTUAL, detector="burned",
                region=one.region, calibration=one.id, since=ZERO,
            ))  # fmt: skip
    found = {one.stored.id: one for one in chosen_sets(store, "ours", "a" * 64)}
    assert set(found) == {fits.id, old.id}
    assert found[fits.id].whole.null_years == 700
    assert found[fits.id].note == ""
    assert found[old.id].whole is None
    assert "other code" in found[old.id].note
    assert chosen_sets(MemoryStore(), "ours", "a" * 64) == ()
