"""`hearthwatch case`: what is not known stays empty, and filled in the files can be evaluated."""

from __future__ import annotations

import csv
import json
import re
from datetime import date

import pytest
from pyproj import Transformer

from hearthwatch.cli.parser_trial import CASES
from hearthwatch.evaluation.templates import UNTIL, case_files
from hearthwatch.settings import load_settings
from tests.support import catalogue, watched

FIRST_LOOK = {
    "donki-dereisa": date(2023, 2, 1), "el-geneina": date(2023, 4, 20), "rakhine": date(2017, 8, 3),
}  # fmt: skip
BANDS = ("B03", "B04", "B08", "B11", "SCL")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, told):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(told[0]))
        table.writeheader()
        table.writerows(told)


def fill_in(folder, earliest):
    """Lay the settlements of a case over the square, and give every event its dates."""
    x, y = watched.ORIGIN
    to_degrees = Transformer.from_crs("EPSG:32634", "OGC:CRS84", always_xy=True)
    places = rows(folder / "settlements.csv")
    for number, place in enumerate(places):
        lon, lat = to_degrees.transform(x + 120 + 90 * number, y - 300)
        place.update(longitude=lon, latitude=lat, radius_m=30)
    write(folder / "settlements.csv", places)
    events = rows(folder / "truth.csv")
    for event in events:
        event["earliest"] = event["earliest"] or earliest.isoformat()
        event["latest"] = event["latest"] or event["earliest"]
    write(folder / "truth.csv", events)
    return places, events


def test_the_parser_offers_the_cases_there_are():
    assert set(CASES) == set(UNTIL)


@pytest.mark.parametrize("name", CASES)
def test_no_coordinate_is_made_up(name):
    places = list(csv.DictReader(case_files(name, "d")["settlements.csv"].splitlines()))
    assert places
    for place in places:
        assert place["name"]
        assert (place["longitude"], place["latitude"], place["radius_m"]) == ("", "", "")


@pytest.mark.parametrize("name", CASES)
def test_a_case_that_is_not_filled_in_is_refused_line_by_line(name, call, failure, tmp_path):
    assert call("case", name, "c")[0] == 0
    count = len(rows(tmp_path / "c" / "settlements.csv"))
    scenes = watched.write_looks(tmp_path / "looks", 2)
    words = ("evaluate", "--catalogue", scenes, "--settlements", "c/settlements.csv",
             "--truth", "c/truth.csv", "--out", "report")  # fmt: skip
    status, code, message = failure(*words)
    assert (status, code) == (12, "region")
    for line in range(2, 2 + count):
        assert re.search(rf"line {line} \(.+\) has the longitude ''", message)
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("name", ["el-geneina", "rakhine"])
def test_dates_that_are_not_known_are_asked_for(name, call, failure, tmp_path):
    call("case", name, "c")
    unfilled = (tmp_path / "c" / "truth.csv").read_text()
    fill_in(tmp_path / "c", FIRST_LOOK[name])
    (tmp_path / "c" / "truth.csv").write_text(unfilled)
    scenes = watched.write_looks(tmp_path / "looks", 2)
    words = ("evaluate", "--catalogue", scenes, "--settlements", "c/settlements.csv",
             "--truth", "c/truth.csv", "--out", "report")  # fmt: skip
    status, code, message = failure(*words)
    assert (status, code) == (21, "truth")
    missing = "earliest" if name == "el-geneina" else "latest"
    assert message.count(f"has no {missing}") == len(unfilled.splitlines()) - 1


@pytest.mark.parametrize("name", CASES)
def test_a_case_filled_in_can_be_evaluated(name, call, tmp_path):
    call("case", name, "c")
    first = FIRST_LOOK[name]
    places, events = fill_in(tmp_path / "c", first)
    dates = catalogue.every(first, date.fromordinal(first.toordinal() + 40), 8)
    render = catalogue.forest(watched.SEED, (), bands=BANDS)
    catalogue.make_catalogue(tmp_path / "looks", dates, render, origin=watched.ORIGIN)
    readme = (tmp_path / "c" / "README.md").read_text(encoding="utf-8")
    typed = re.search(r"hearthwatch (evaluate .*?)\n```", readme, re.S)[1]
    words = typed.replace("\\\n", "").split()
    # As the README says it, from the folder of the case.
    paths = [f"c/{word}" if word.endswith(".csv") else word for word in words]
    assert call(*paths, "--catalogue", tmp_path / "looks", "--with-places")[0] == 0
    told = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert told["evaluated"]["settlements"] == len(places)
    assert told["evaluated"]["truths"] == len(events)
    assert told["left_out"] == []
    assert {one["name"] for one in told["settlements"]} == {one["name"] for one in places}
    assert told["rules"]["base_rate_per_settlement_year"] == 0.01


def test_the_event_of_donki_dereisa_lies_between_its_two_looks():
    text = case_files("donki-dereisa", "d")["truth.csv"]
    (event,) = csv.DictReader(text.splitlines())
    assert "2023-03-02T08:38Z" < event["earliest"] < event["latest"] < "2023-03-07T08:38Z"
    assert (event["kind"], event["share"]) == ("burned", "0.75")


@pytest.mark.parametrize("name", CASES)
def test_the_settings_that_a_readme_tells_are_understood(name, call, tmp_path):
    call("case", name, "c d")
    readme = (tmp_path / "c d" / "README.md").read_text(encoding="utf-8")
    settings = re.search(r"```\n(provider = .*?)```", readme, re.S)[1]
    (tmp_path / "hearthwatch.toml").write_text(settings)
    assert load_settings().provider == "stac"
    assert f"cd '{tmp_path}/c d'" in readme
    assert f"--until {UNTIL[name]}" in readme


def test_what_somebody_filled_in_is_not_written_over(call, failure, tmp_path):
    call("case", "rakhine", "c")
    (tmp_path / "c" / "truth.csv").write_text("filled in")
    status, code, message = failure("case", "rakhine", "c")
    assert (status, code) == (11, "settings")
    assert "holds README.md, settlements.csv, truth.csv already" in message
    assert (tmp_path / "c" / "truth.csv").read_text() == "filled in"


def test_a_case_that_there_is_not_is_refused(failure):
    assert failure("case", "atlantis", "c")[:2] == (2, "usage")
