"""The explanation of an event: numbers written by hand, and the sentences they must give."""

from __future__ import annotations

import csv
import io
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from detectors.types import DetectorState
from hearthwatch.explanation.chart import as_png, as_svg
from hearthwatch.explanation.data import COLUMNS, as_csv, explanation_value
from hearthwatch.explanation.facts import Facts, Use, area_facts, facts_of, gather
from hearthwatch.explanation.words import STATE, UNSEEN, as_text, likelier, sentences, when
from hearthwatch.records import Event, Kind, Label, Mode, ObservationStatus
from hearthwatch.series import Sample
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import ledgers as made
from tests.support.ledgers import DEVIATION, EXPECTED, NAME, clouded, learning, look, missed
from tiles.archive import Archive

FALL = 0.69
"""What the near-infrared is multiplied by."""
EVIDENCE = {
    "log_likelihood_ratio": 9.2,
    "near_infrared_factor": FALL,
    "visible_factor": 1.05,
    "char_index_change": 0.12,
    "char_fraction_change": 0.22,
    "surroundings_changed": 0.125,
}
ERRORS = {
    "near_infrared": -math.log(FALL),
    "visible": -0.05,
    "char_index": 0.12,
    "char_fraction": 0.22,
}
EVENT = made.event(
    "2023-03-02", "2023-03-07", "ESTABLISHED",
    evidence=EVIDENCE, doubts=("12% of its surroundings changed as well",), looks=9,
    last_detected=made.on("2023-03-27"),
)  # fmt: skip


def shown(day: str, total: float, **more):
    windowed = {"WATCH": total, **more.pop("windowed", {})}
    return look(
        day, ObservationStatus.CHANGED, errors=ERRORS, windowed=windowed, evidence=5.0, **more
    )


ROWS = (
    learning("2022-03-07"),
    look("2023-02-25"),
    look("2023-03-02"),
    shown("2023-03-07", 5.0, held=["one_look"]),
    clouded("2023-03-12"),
    clouded("2023-03-17"),
    shown("2023-03-22", 9.2, windowed={"PROBABLE": 9.2}),
    shown("2023-03-27", 13.0, windowed={"PROBABLE": 13.0, "ESTABLISHED": 13.0}),
    missed("2023-04-01"),
)
HISTORY = tuple(
    replace(EVENT, version=n, detector_state=state, last_detected=made.on(day))
    for n, (state, day) in enumerate(
        [("WATCH", "2023-03-07"), ("PROBABLE", "2023-03-22"), ("PROBABLE", "2023-03-25"),
         ("ESTABLISHED", "2023-03-27")], start=1,
    )
)  # fmt: skip


def facts(event: Event = EVENT, rows=ROWS, history=HISTORY) -> Facts:
    return facts_of(event, history, rows, Label(NAME))


def test_the_sentences_are_those_of_the_numbers():
    assert sentences(facts()) == [
        "The settlement's near-infrared reflectance fell 31% against its surroundings between 2 "
        "and 7 March 2023, seen in 3 looks; 2 further looks were lost to cloud.",
        "The settlement's reflectance in visible light rose 5% against its surroundings.",
        "Its char index rose by 0.12 against its surroundings.",
        "Its share of char rose by 22 percentage points against its surroundings.",
        "12% of its surroundings changed likewise on the look that was told of.",
        "Together the looks are about 10,000 times likelier if the settlement burned than if it "
        "did not: a figure of the model, not a probability.",
        "The event was suspected (WATCH) on the look of 7 March 2023, became probable (PROBABLE) "
        "on the look of 22 March 2023, was established (ESTABLISHED) on the look of 27 March 2023.",
        "Not measured: short-wave infrared.",
        "Doubt: 12% of its surroundings changed as well.",
        UNSEEN,
    ]


def test_radar_tells_of_power_and_never_of_burning():
    razed = replace(
        EVENT, kind=Kind.RAZED, detector="radar", doubts=(),
        evidence={"vv_drop_db": 3.21, "vh_drop_db": -0.4, "log_likelihood_ratio": 9.2},
    )  # fmt: skip
    # What radar keeps is -ln of power: here it lay at -8.7 dB, and -5.2 dB were expected.
    said = {"features": {"vv": [2.0, 1.2, 0.1]}, "windowed": {}, "thresholds": {}}
    row = made.row("2023-03-07", ObservationStatus.CHANGED, detail={"said": said})
    told = facts(razed, [row], HISTORY[:1])
    first, second, third, *_ = sentences(told)
    assert first.startswith("The settlement's power sent back in VV fell by 3.2 dB against its")
    assert (
        second == "The settlement's power sent back in VH rose by 0.4 dB against its surroundings."
    )
    assert third.endswith("likelier if the settlement lost buildings than if it did not: a "
                          "figure of the model, not a probability.")  # fmt: skip
    vv = told.looks[0].measured["vv"]
    assert told.quantities[0].unit == "dB"
    assert (vv.observed, vv.expected.value) == (pytest.approx(-8.686, abs=1e-3),
                                                pytest.approx(-5.212, abs=1e-3))  # fmt: skip
    assert vv.expected.low < vv.expected.value < vv.expected.high


def test_fields_that_were_left_are_told_as_such():
    left = replace(
        EVENT, kind=Kind.ABANDONMENT, detector="abandonment", doubts=(),
        evidence={
            "tilled_near_ha": 86.0, "ratio": 0.18, "ratio_low": 0.1, "ratio_high": 0.33,
            "season": "2022/23", "log_likelihood_ratio": 9.2,
        },
    )  # fmt: skip
    told = " ".join(sentences(facts(left)))
    assert told.startswith(
        "In the season 2022/23 18% (10% to 33%) was tilled near the settlement of what its past "
        "seasons and the land round about let expect; it changed between 2 and 7 March 2023"
    )
    assert "if the settlement left its fields than if it did not" in told
    assert "burned" not in told


def test_what_was_not_measured_is_not_told_and_said_to_be_missing():
    poor = replace(
        EVENT, evidence={"visible_factor": 0.8}, last_unharmed=None,
        doubts=("seen without B12", "no look shows the settlement plainly unharmed before"),
    )  # fmt: skip
    row = look("2023-03-07", ObservationStatus.CHANGED, errors={"visible": 0.22},
               detail={"lived_without": ["B12", "B11"]})  # fmt: skip
    told = sentences(facts(poor, [row], HISTORY[:1]))
    assert told == [
        "The settlement's reflectance in visible light fell 20% against its surroundings before 7 "
        "March 2023, seen in 1 look.",
        "The event was suspected (WATCH) on the look of 7 March 2023.",
        "Not measured: near-infrared, char index, share of char, short-wave infrared.",
        "Seen, in part or always, without B11, B12.",
        "Doubt: no look shows the settlement plainly unharmed before.",
        UNSEEN,
    ]


def test_the_patch_that_burned_is_told_with_its_interval():
    patch = {
        "burned_share": 0.42, "burned_share_low": 0.3, "burned_share_high": 0.55,
        "burned_area_m2": 11_200, "containment": "inside", "severity": "MODERATE_HIGH",
        "dnbr": 0.31, "rbr": 0.28,
    }  # fmt: skip
    told = sentences(facts(replace(EVENT, evidence={**EVIDENCE, **patch})))
    assert (
        "The pixels that changed as burning does cover 42% of the settlement (30% to 55%), 1.12 "
        "ha, and lie inside it." in told
    )
    assert (
        "By how far the burn ratio fell (dNBR 0.31, RBR 0.28) its severity is moderate high."
        in told
    )


def test_looks_lost_to_several_causes_are_counted_by_cause():
    rows = [*ROWS[:5], missed("2023-03-17"), *ROWS[6:]]
    first = sentences(facts(rows=rows))[0]
    assert first.endswith(
        "seen in 3 looks; 2 further looks told nothing (1 cloud, 1 not delivered)."
    )


@pytest.mark.parametrize(
    ("since", "first", "words"),
    [
        ("2023-03-02", "2023-03-07", "between 2 and 7 March 2023"),
        ("2023-02-28", "2023-03-07", "between 28 February and 7 March 2023"),
        ("2022-12-28", "2023-01-02", "between 28 December 2022 and 2 January 2023"),
        ("2023-03-07", "2023-03-07", "on 7 March 2023"),
        (None, "2023-03-07", "before 7 March 2023"),
    ],
)
def test_the_interval_is_told_as_people_say_it(since, first, words):
    assert when(made.event(since, first)) == words


@pytest.mark.parametrize(
    ("nats", "words"),
    [(-3.0, "hardly"), (0.0, "hardly"), (1.0, "about 3 times"), (math.log(23), "about 20 times"),
     (math.log(3_400), "about 3,000 times"), (20.0, "more than a million times")],
)  # fmt: skip
def test_a_likelihood_ratio_is_told_in_round_numbers(nats, words):
    assert likelier(nats) == words


@pytest.mark.parametrize(
    ("factor", "words"),
    [(0.69, "fell 31%"), (1.0, "did not change"), (1.05, "rose 5%"), (8.46, "rose 8.5-fold")],
)
def test_a_factor_is_told_as_people_say_it(factor, words):
    event = replace(EVENT, evidence={"visible_factor": factor})
    assert f"reflectance in visible light {words} against" in sentences(facts(event))[0]


def test_every_state_has_words():
    assert set(STATE) == set(DetectorState)


@given(
    evidence=st.dictionaries(st.sampled_from(sorted(EVIDENCE)), st.floats(-5, 60)),
    state=st.sampled_from(DetectorState),
)
def test_whatever_was_measured_gives_sentences(evidence, state):
    told = sentences(facts(replace(EVENT, evidence=evidence, detector_state=state.value)))
    assert all(one.endswith(".") and "_" not in one for one in told)
    assert "attack" not in " ".join(told).lower()


def test_looks_are_told_apart_by_what_became_of_them():
    told = {one.row.sensed.date().isoformat(): one.use for one in facts().looks}
    assert told["2022-03-07"] is Use.LOST
    assert told["2023-03-02"] is Use.USED
    assert told["2023-03-12"] is Use.LOST
    suspect = look("2023-03-07", ObservationStatus.NOT_PROCESSED, guard="suspect")
    said = dict(suspect.detail["said"])
    for key in ("windowed", "thresholds"):
        del said[key]
    row = replace(suspect, detail={**suspect.detail, "said": said})
    assert facts(rows=[row]).looks[0].use is Use.NOT_WEIGHED


def test_values_are_told_in_units_people_know():
    found = facts()
    assert [one.key for one in found.quantities] == list(EXPECTED)
    shown = found.looks[3].measured
    near = shown["near_infrared"]
    expected = math.exp(-EXPECTED["near_infrared"])
    assert near.observed == pytest.approx(FALL * expected, rel=1e-4)
    wide = math.exp(2 * DEVIATION)
    assert astuple(near.expected) == pytest.approx(
        (expected, expected / wide, expected * wide), rel=1e-4
    )
    char = shown["char_fraction"]
    assert char.observed == pytest.approx(37.0)
    assert astuple(char.expected) == pytest.approx((15.0, 5.0, 25.0))


def test_the_table_has_a_line_for_each_feature_of_each_look_and_for_each_lost_look():
    rows = list(csv.DictReader(io.StringIO(as_csv(facts()).decode())))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 5 * len(EXPECTED) + 4
    (one,) = (
        row for row in rows
        if row["feature"] == "near_infrared" and row["sensed"].startswith("2023-03-07")
    )  # fmt: skip
    assert float(one["observed"]) / float(one["expected"]) == pytest.approx(FALL, abs=1e-3)
    assert (one["use"], one["status"], one["unit"]) == ("used", "changed", "reflectance")
    (cloud,) = (row for row in rows if row["sensed"].startswith("2023-03-12"))
    assert (cloud["use"], cloud["cause"], cloud["observed"]) == ("lost", "cloud", "")


def test_the_chart_says_what_it_is_to_those_who_do_not_see_it():
    svg = as_svg(facts())
    root = ElementTree.fromstring(svg)
    title, about = root[0], root[1]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    assert title.text == "burned, event evt-1: changed between 2 and 7 March 2023"
    assert about.text == " ".join(sentences(facts()))
    for words in ("near-infrared (reflectance)", "the change lies here", "needed for PROBABLE",
                  "lost, or never came", "ESTABLISHED"):  # fmt: skip
        assert words in svg
    assert NAME not in svg


def test_the_chart_is_the_same_each_time():
    assert as_svg(facts()) == as_svg(facts())
    with Image.open(io.BytesIO(as_png(facts()))) as picture:
        assert picture.format == "PNG"
        assert picture.width > 900


def test_a_chart_without_a_look_and_one_of_an_exercise_can_be_drawn():
    odd = replace(EVENT, mode=Mode.EXERCISE, last_unharmed=None)
    svg = as_svg(facts(odd, rows=[]))
    assert "EXERCISE burned, event evt-1" in svg
    assert "changed before" in svg
    assert as_text(facts(odd)).startswith(f"EXERCISE {NAME}: burned, event evt-1\n")


def test_facts_are_gathered_from_the_store(tmp_path):
    ours = {"organisation": "local"}
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(a.region(**ours))
        tx.put_settlements([a.settlement(id=made.PLACE, name=NAME, pcode="", **ours)])
        for row in (*ROWS, look("2021-12-31"), look("2023-07-01")):
            tx.put_ledger(row)
        for version in HISTORY:
            tx.put_event(version)
    event, archive = store.event("local", EVENT.id), Archive(tmp_path)
    assert gather(store, archive, event) == facts(event)
    assert explanation_value(gather(store, archive, event))["settlement_name"] == NAME
    # Of an area with nothing in the archive there are no values; its event is told all the same.
    bare = gather(store, archive, replace(event, settlement="", kind=Kind.GROUND_CHANGE))
    assert bare.quantities == ()


def test_an_event_of_changed_ground_is_explained_by_what_the_archive_shows():
    ground = a.event(
        kind=Kind.GROUND_CHANGE, detector_state="PROBABLE", looks=3,
        last_unharmed=made.on("2023-03-02"), first_changed=made.on("2023-03-07"),
        last_detected=made.on("2023-03-22"),
        evidence={"red_to_near_infrared_factor": 1.6, "log_likelihood_ratio": 9.2},
    )  # fmt: skip
    rows = [
        replace(one, settlement="", detail={**one.detail, "said": {}})
        for one in (look("2023-03-02"), look("2023-03-07"), clouded("2023-03-12"),
                    look("2023-03-17"))
    ]  # fmt: skip
    samples = [
        Sample(row.acquisition, row.sensed, values, 1.0)
        for row, values in zip(
            rows,
            [(math.log(0.2), math.log(0.3)), (math.log(0.4), None), (None, None), (None, None)],
            strict=True,
        )
    ]
    found = area_facts(ground, [ground], rows, samples)
    assert [one.use for one in found.looks] == [Use.USED, Use.USED, Use.LOST, Use.LOST]
    assert [(one.name, one.unit) for one in found.quantities] == [
        ("red over near-infrared", "ratio"), ("short-wave infrared", "reflectance"),
    ]  # fmt: skip
    key = found.quantities[0].key
    assert [one.measured[key].observed for one in found.looks[:2]] == pytest.approx([0.2, 0.4])
    told = sentences(found)
    assert told[0] == (
        "The ground's red over near-infrared reflectance rose 60% against its past and the season "
        "between 2 and 7 March 2023, seen in 3 looks; 2 further looks told nothing (1 cloud, 1 "
        "not clear there)."
    )
    assert "likelier if the ground changed than if it did not" in told[1]
    assert as_text(found).startswith("watched area: ground change, event evt-1\n")
    assert explanation_value(found)["looks"][0]["features"][key]["expected"] is None
    assert "red over near-infrared (ratio)" in as_svg(found)
    words = explanation_value(found)["looks"][0]["words"]
    assert words[0] == "nothing new was found in the area"
