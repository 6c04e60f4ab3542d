"""A known camp through all looks at it, told and drawn whether or not there was an event."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hearthwatch.explanation.chart import BAND, SEEN
from hearthwatch.explanation.course import (
    MEASURES,
    course_csv,
    course_sentences,
    course_value,
    gather_course,
)
from hearthwatch.explanation.course_chart import course_png, course_svg
from hearthwatch.people import Density
from hearthwatch.records import NotObservable, ObservationStatus
from hearthwatch.store import MemoryStore
from hearthwatch.why.look import look_in_words, told_of
from tests.contract import store_records as a
from tests.support import ledgers as made
from tests.support.ledgers import PLACE, clouded, row

HIDDEN = "not observable here in January because on 6 of 6 looks its surroundings look alike"
AREA = {"ha": 4.0, "ha_low": 3.5, "ha_high": 4.5,
        "ha_per_week": 0.25, "ha_per_week_low": 0.1, "ha_per_week_high": 0.4}  # fmt: skip


def looked(day: str, observed: float, ha: float, status=ObservationStatus.UNCHANGED, **said):
    area = {**AREA, "ha": ha, "ha_low": ha - 0.5, "ha_high": ha + 0.5}
    told = {"features": {"site_area": [observed, 3.0, 0.1]}, "area": area, **said}
    return row(day, status, detail={"said": told}, usable=0.97)


ROWS = [
    looked("2023-03-02", 3.1, 3.0),
    looked("2023-03-07", 4.1, 3.4, ObservationStatus.CHANGED),
    clouded("2023-03-12"),
    row("2023-03-17", ObservationStatus.NOT_PROCESSED, usable=0.9,
        detail={"said": {"area": AREA, "observable": HIDDEN}, "reason": "it looks alike"}),
    looked("2023-03-22", 4.2, 4.0, ObservationStatus.CHANGED, observable=HIDDEN),
]  # fmt: skip


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    kept = MemoryStore()
    with kept.transaction() as tx:
        tx.put_region(a.region(organisation="local"))
        tx.put_settlements([a.settlement(id=PLACE, name=made.NAME, organisation="local")])
        for one in ROWS:
            tx.put_ledger(replace(one, detector="camp_sites"))
        # Of another detector: no part of the course.
        tx.put_ledger(looked("2023-03-23", 9.0, 9.0))
    return kept


def course(store, density: Density | None = None):
    return gather_course(store, "local", PLACE, density)


def test_it_tells_the_area_the_rate_the_looks_and_where_nothing_can_be_seen(store):
    assert course_sentences(course(store)) == [
        "On 2023-03-22 the site covers 4.00 (3.50 to 4.50) ha.",
        "It grows by 0.25 (0.10 to 0.40) ha a week.",
        "3 of 5 looks from 2023-03-02 to 2023-03-22 told whether it had changed.",
        f"N{HIDDEN[1:]}.",
        MEASURES,
    ]


def test_every_look_is_in_the_data_those_that_showed_nothing_too(store):
    looks = course_value(course(store))["looks"]
    assert [one["observed"] for one in looks] == [3.1, 4.1, None, None, 4.2]
    assert [one["ha"] for one in looks] == [3.0, 3.4, None, None, 4.0]
    assert looks[2]["status"] == ObservationStatus.NOT_OBSERVABLE
    assert ROWS[2].cause is NotObservable.CLOUD and "cloud" in looks[2]["words"]
    assert "it looks alike" in looks[3]["words"]
    table = list(csv.DictReader(io.StringIO(course_csv(course(store)).decode())))
    assert [one["ha_per_week"] for one in table] == ["0.25", "0.25", "", "", "0.25"]


def test_people_are_told_only_where_a_density_is_set(store):
    assert "people" not in course_value(course(store))
    told = course(store, Density(100.0, 300.0))
    people = course_value(told)["people"]
    # 3.5 ha at 100 and 4.5 ha at 300, rounded outwards to two digits.
    assert (people["low"], people["high"]) == (350, 1400)
    assert "as the user has set it" in people["method"]
    assert any(one.startswith("From 350 to 1,400 people, if ") for one in course_sentences(told))


def test_the_drawing_has_title_description_and_a_mark_for_each_kind_of_look(store):
    svg = course_svg(course(store))
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root[0].text == f"known camp {PLACE[:8]}: area by the looks at it"
    assert root[1].text == " ".join(course_sentences(course(store)))
    for words in ("area built on or laid bare (ha)", "change of the area (ha a week)",
                  "95 % interval", "seen by one look", "lost, or not told apart"):  # fmt: skip
        assert words in svg
    # No name of a place is drawn.
    assert made.NAME not in svg


def test_the_picture_shows_band_and_line_and_tells_what_it_shows(store):
    picture = Image.open(io.BytesIO(course_png(course(store))))
    assert picture.text["Description"] == " ".join(course_sentences(course(store)))
    pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for colour, least in ((BAND, 5_000), (SEEN, 300)):
        rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert (np.abs(pixels - np.array(rgb)).max(-1) <= 2).sum() > least


def test_without_looks_it_says_so_and_still_draws():
    nothing = course(MemoryStore())
    assert course_sentences(nothing) == [
        "No look at it is in the ledger of the detector of known camps."
    ]
    assert course_png(nothing).startswith(b"\x89PNG")


def test_why_tells_the_area_of_each_look():
    words = list(look_in_words(told_of(ROWS[-1])))
    assert (
        "area 4.00 (3.50 to 4.50) ha, +0.25 (+0.10 to +0.40) ha a week, by the looks up to this one"
    ) in words
    assert HIDDEN in words
