"""What a class of evidence is said to mean is what was measured of it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectors.registry import detector_ids
from detectors.types import DetectorState as State
from hearthwatch.accuracy.released import read_release, shelf
from hearthwatch.fusion.classes import (
    NEVER_BY_HEAT,
    NOT_MEASURED,
    EvidenceClass,
    class_of,
    class_row,
    class_table,
    class_value,
    meaning_of,
    words_of,
)
from hearthwatch.records import EventSource
from tests.unit.hearthwatch.fusion.made import optical, radar

SURE = {"detector_state": State.ESTABLISHED.value}
WATCH = {"detector_state": State.WATCH.value}


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ([optical(**WATCH)], EvidenceClass.WATCH),
        ([optical(), radar(**WATCH)], EvidenceClass.PROBABLE),
        ([optical(**SURE), radar()], EvidenceClass.ESTABLISHED),
        ([optical(**SURE), optical(id="twin", detector="razed", **SURE)],
         EvidenceClass.ESTABLISHED),
        ([optical(**SURE), radar(**SURE)], EvidenceClass.CORROBORATED),
        ([radar(groups=("heat",), **SURE)], EvidenceClass.WATCH),
        ([optical(detector_state=State.LAPSED.value)], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_class_follows_from_the_sources(
    sources: list[EventSource], found: EvidenceClass | None
) -> None:
    assert class_of(sources) is found


def write(folder: Path, file: str, **more: object) -> None:
    figure = {
        "name": "false PROBABLE per 1,000 settlement-years", "figure": 1.5, "low": 0.25,
        "high": 4.5, "data": "drawn", "kind": "resampled", "unit": "per 1,000", **more,
    }  # fmt: skip
    (folder / file).write_text(json.dumps({"figures": [figure]}), encoding="utf-8")


def test_figures_go_to_the_class_they_were_measured_of(tmp_path: Path) -> None:
    write(tmp_path, "burned.json", state="PROBABLE")
    two = {"name": "false ESTABLISHED by two sensors", "figure": 0.0, "low": 0.0, "high": 3.7}
    write(tmp_path, "gates.json", **two)
    table = {one.evidence: one for one in class_table(read_release(tmp_path))}
    assert list(table) == list(EvidenceClass)
    assert [name for name, _ in table[EvidenceClass.PROBABLE].figures] == ["burned"]
    assert words_of(table[EvidenceClass.PROBABLE]) == (
        "false PROBABLE per 1,000 settlement-years: 1.5 [0.25, 4.5] "
        "(measured on resampled series, not on real pixels)"
    )
    assert [name for name, _ in table[EvidenceClass.CORROBORATED].figures] == [""]
    for evidence in (EvidenceClass.WATCH, EvidenceClass.ESTABLISHED):
        assert class_value(table[evidence])["measured"] == []
        assert class_value(table[evidence])["words"] == NOT_MEASURED


def test_without_figures_every_class_is_not_measured(tmp_path: Path) -> None:
    table = class_table(read_release(tmp_path))
    assert [words_of(one) for one in table] == [NOT_MEASURED] * 4


def test_the_release_says_how_often_two_sensors_were_wrong_together() -> None:
    table = {one.evidence: one for one in class_table(read_release(shelf()))}
    ((detector, figure),) = table[EvidenceClass.CORROBORATED].figures
    assert (detector, figure.file) == ("", "two_sensors.json")
    assert figure.name == "false ESTABLISHED by two sensors per 1,000 settlement-years"
    # No pair of sensors ever saw one place: what is said of them must say so.
    assert words_of(table[EvidenceClass.CORROBORATED]).endswith("not on real pixels)")
    named = {name for one in EvidenceClass for name, _ in table[one].figures}
    assert {"burned", "radar"} <= named


def test_the_table_names_every_detector_and_says_of_which_nothing_was_measured(
    tmp_path: Path,
) -> None:
    write(tmp_path, "burned.json", state="PROBABLE")
    rows = {one.evidence: class_row(one) for one in class_table(read_release(tmp_path))}
    probable = {one["detector"]: one["words"] for one in rows[EvidenceClass.PROBABLE]["detectors"]}
    assert {*detector_ids(), "heat"} == set(probable)
    assert {"radar", "camp_change", "abandonment"} <= set(probable)
    assert probable["burned"].startswith("false PROBABLE per 1,000 settlement-years: 1.5")
    assert (probable["radar"], probable["heat"]) == (NOT_MEASURED, NEVER_BY_HEAT)
    watch = {one["detector"]: one["words"] for one in rows[EvidenceClass.WATCH]["detectors"]}
    assert watch["heat"] == NOT_MEASURED
    (both,) = rows[EvidenceClass.CORROBORATED]["detectors"]
    assert both == {"detector": "two sensors", "words": NOT_MEASURED}


def test_the_figures_of_camps_are_of_the_detector_of_camps(tmp_path: Path) -> None:
    write(tmp_path, "camps.json", state="PROBABLE", name="false PROBABLE per 1,000 km2-years")
    table = {one.evidence: one for one in class_table(read_release(tmp_path))}
    assert [name for name, _ in table[EvidenceClass.PROBABLE].figures] == ["camp_change"]


def test_another_detectors_figures_say_nothing_of_this_one() -> None:
    shipped = [
        one for one in read_release(shelf()).figures if one.state and one.state.value == "PROBABLE"
    ]
    burned = meaning_of([optical()], "burned")
    assert burned is not None
    own = [one for one in shipped if one.file == "burned.json"]
    assert len(own) > 0
    assert len(burned["measured"]) == len(own)
    other = meaning_of([optical(detector="mine")], "mine")
    assert other is not None
    assert (other["measured"], other["words"]) == ([], NOT_MEASURED)
