"""An event with an area curve: its sentences, its chart, its data, and people only if asked."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from hearthwatch.explanation.chart import as_png, as_svg
from hearthwatch.explanation.curve import curve_csv, points_of, rate_in_words
from hearthwatch.explanation.data import explanation_value
from hearthwatch.explanation.facts import Facts, area_facts, facts_of
from hearthwatch.explanation.words import UNSEEN, sentences
from hearthwatch.people import Density
from hearthwatch.records import Kind, Label, ObservationStatus
from tests.support import ledgers as made
from tests.support.ledgers import NAME, clouded, row

CURVE = [
    ["2023-02-25", 3.0, 2.8, 3.2], ["2023-03-02", 3.1, 2.9, 3.3], ["2023-03-07", 4.1, 3.6, 4.6],
    ["2023-03-22", 4.6, 4.2, 5.0],
]  # fmt: skip
EVIDENCE = {
    "curve": CURVE, "ha": 4.6, "ha_low": 4.2, "ha_high": 5.0, "ha_before": 3.1,
    "ha_per_week": 0.25, "ha_per_week_low": 0.1, "ha_per_week_high": 0.4,
    "log_likelihood_ratio": 9.2,
}  # fmt: skip
EVENT = made.event(
    "2023-03-02", "2023-03-07", "ESTABLISHED", kind=Kind.CAMP_CHANGE, detector="camp_sites",
    change="expanded", evidence=EVIDENCE, doubts=(), looks=3, last_detected=made.on("2023-03-22"),
)  # fmt: skip


def looked(day: str, status: ObservationStatus, observed: float, expected: float):
    said = {
        "features": {"site_area": [observed, expected, 0.1]},
        "scores": {"site_area": round((observed - expected) / 0.1, 2)},
        "windowed": {"WATCH": 9.2, "PROBABLE": 9.2, "ESTABLISHED": 9.2},
        "thresholds": {"WATCH": 5.5, "PROBABLE": 7.5, "ESTABLISHED": 9.0}, "evidence": 9.2,
    }  # fmt: skip
    return row(day, status, detail={"said": said, "guard": {"verdict": "passed"}}, usable=0.97)


ROWS = [
    looked("2023-03-02", ObservationStatus.UNCHANGED, 3.1, 3.1),
    looked("2023-03-07", ObservationStatus.CHANGED, 4.4, 3.1),
    clouded("2023-03-12"),
    looked("2023-03-17", ObservationStatus.CHANGED, 4.6, 4.4),
    looked("2023-03-22", ObservationStatus.CHANGED, 4.6, 4.6),
]


def facts(event=EVENT, density: Density | None = None) -> Facts:
    return replace(facts_of(event, [event], ROWS, Label(NAME)), density=density)


def test_the_sentences_tell_the_area_and_how_fast_it_changes():
    assert sentences(facts()) == [
        "The site expanded: it covers 4.60 (4.20 to 5.00) ha, against 3.10 ha before. It changed "
        "between 2 and 7 March 2023, seen in 3 looks; 1 further look was lost to cloud.",
        "It grows by 0.25 (0.10 to 0.40) ha a week.",
        "Together the looks are about 10,000 times likelier if the site changed than if it did "
        "not: a figure of the model, not a probability.",
        "The event was established (ESTABLISHED) on the look of 22 March 2023.",
        UNSEEN,
    ]


@pytest.mark.parametrize(
    ("rate", "low", "high", "words"),
    [
        (-0.5, -0.8, -0.2, "It shrinks by 0.50 (0.20 to 0.80) ha a week."),
        (0.1, -0.1, 0.3, "Whether it still changes is not sure (-0.10 to +0.30 ha a week)."),
        (0.001, -1.5, 1.5, "Whether it still changes is not sure (-1.50 to +1.50 ha a week)."),
        (0.001, -0.02, 0.03, "Its area stands still (-0.02 to +0.03 ha a week)."),
    ],
)
def test_a_rate_is_told_as_sure_as_it_is(rate, low, high, words):
    told = {"ha_per_week": rate, "ha_per_week_low": low, "ha_per_week_high": high}
    assert list(rate_in_words(told)) == [words]
    assert list(rate_in_words({})) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [("new", "The site is new"), ("contracted", "The site contracted"),
     ("closed", "The site closed"), ("reoccupied", "The site was occupied again"),
     ("", "The site changed")],
)  # fmt: skip
def test_each_word_for_a_change_is_a_clause(change, words):
    assert sentences(facts(replace(EVENT, change=change)))[0].startswith(f"{words}: it covers ")


def test_people_are_told_only_where_a_density_is_set():
    assert "people" not in " ".join(sentences(facts())).lower()
    assert "people" not in explanation_value(facts())
    told = facts(density=Density(100.0, 300.0))
    assert (
        "From 420 to 1,500 people, if 100 to 300 live on each hectare, as the user has set it, "
        "and the site covers 4.20 to 5.00 ha (95 %); nobody was counted."
    ) in sentences(told)
    people = explanation_value(told)["people"]
    assert (people["low"], people["high"]) == (420, 1500)
    # Of an event without an area there is nothing to reckon from.
    bare = replace(EVENT, evidence={})
    assert "people" not in explanation_value(facts(bare, Density(100.0, 300.0)))


def test_the_curve_is_data():
    value = explanation_value(facts())
    assert value["curve"][0] == {"day": "2023-02-25", "ha": 3.0, "low": 2.8, "high": 3.2}
    assert len(value["curve"]) == len(CURVE)
    assert "curve" not in explanation_value(facts(replace(EVENT, evidence={})))
    table = list(csv.reader(io.StringIO(curve_csv(EVENT).decode())))
    assert table[0] == ["day", "ha", "low", "high"]
    assert table[-1] == ["2023-03-22", "4.6", "4.2", "5.0"]


def test_the_chart_has_the_curve_beside_what_looks_showed():
    svg = as_svg(facts())
    for words in ("area built on or laid bare (ha)", "95 % interval of the area",
                  "ground of the site that is built on or bare (ha)"):  # fmt: skip
        assert words in svg
    about = ElementTree.fromstring(svg)[1]
    assert about.text == " ".join(sentences(facts()))
    assert as_png(facts()).startswith(b"\x89PNG")
    assert "95 % interval of the area" not in as_svg(facts(replace(EVENT, evidence={})))


def test_a_camp_without_an_outline_is_told_by_its_curve_too():
    found = replace(EVENT, settlement="", detector="camp_change", change="new", evidence={
        "curve": CURVE, "ha_per_week": 0.25, "ha_per_week_low": 0.1, "ha_per_week_high": 0.4,
    })  # fmt: skip
    told = area_facts(found, [found], [], [])
    assert sentences(told)[0] == (
        "The site is new: it covers 4.60 (4.20 to 5.00) ha. It changed between 2 and 7 March "
        "2023, seen in 3 looks."
    )
    assert "area built on or laid bare (ha)" in as_svg(told)
    assert [one.hectares for one in points_of(found)] == [3.0, 3.1, 4.1, 4.6]
