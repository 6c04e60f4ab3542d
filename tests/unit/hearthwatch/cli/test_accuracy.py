"""`hearthwatch report accuracy` over what a small replay left behind."""

from __future__ import annotations

import json
import re

import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.store.whole import all_looks
from tests.support import settled
from tests.support.settled import LOOKS, MIDDLE

NUMBER = 10
SECRET = "Umm Drawn"


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accuracy") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land())


@pytest.fixture
def evaluated(looks, call, tmp_path):
    """Return the folder of an evaluation, whose data folder is that of an installation too."""
    centre = settled.degrees(MIDDLE.core).centroid
    (tmp_path / "places.csv").write_text(
        f"name,longitude,latitude,radius_m\n{SECRET},{centre.x},{centre.y},60\n"
    )
    (tmp_path / "truth.csv").write_text("place,earliest,latest,kind\n")
    words = ("evaluate", "--catalogue", looks, "--settlements", "places.csv",
             "--truth", "truth.csv", "--out", "report", "--with-places")  # fmt: skip
    assert call(*words)[0] == 0
    return tmp_path / "report"


def test_what_an_installation_knows_of_itself_is_written(evaluated, call, document, tmp_path):
    data = evaluated / "data"
    words = ("report", "accuracy", "--data-dir", data, "--out", "known",
             "--evaluation", evaluated / "evaluation.json")  # fmt: skip
    status, answer = document(*words)
    assert status == 0
    told = json.loads((tmp_path / "known" / "accuracy.json").read_text())
    html = (tmp_path / "known" / "accuracy.html").read_text()
    with store_at(data) as store:
        (region,) = store.regions("local")
        rows = list(all_looks(store, region))
    (placebos,) = {row.detail["said"]["placebos"] for row in rows}
    usable = [row.sensed for row in rows if row.status in ("unchanged", "changed")]
    years = placebos * (rows[-1].sensed - usable[0]).total_seconds() / 86_400 / 365.25
    rate = told["live_placebos"][0]["false_per_1000_placebo_years"]
    assert placebos > 0
    assert rate["exposure"] == pytest.approx(years, abs=1e-5)
    assert told["evaluations"][0]["same_code"]
    drawn = {"false-alerts.png", "evaluation-1-days.png", "evaluation-1-looks.png"}
    assert {path.name for path in (tmp_path / "known").glob("*.png")} == drawn
    assert len(answer["files"]["plots"]) == len(drawn)
    assert html.count("<img alt=") == len(drawn)
    everything = json.dumps(told) + re.sub(r"base64,[^\"]+", "", html)
    assert SECRET not in everything
    assert str(tmp_path) not in everything
    status, out, _ = call(*words[:-2], "--with-places")
    assert status == 0
    assert re.search(r"Placebos, burned WATCH: .* per 1,000 placebo-years", out)
    assert "Evaluations: 0 documents read" in out


def test_an_installation_that_watches_nothing_can_say_so(call, tmp_path):
    status, out, _ = call("report", "accuracy", "--out", "known")
    assert status == 0
    assert "Placebos: none was followed here yet." in out
    assert "Evaluations: 0 documents read" in out


def test_a_file_that_is_no_evaluation_is_refused_and_nothing_is_written(failure, tmp_path):
    (tmp_path / "x.json").write_text("{}")
    status, code, message = failure(
        "report", "accuracy", "--out", "known", "--evaluation", "x.json"
    )  # fmt: skip
    assert (status, code) == (23, "accuracy")
    assert "x.json has no format" in message
    assert not (tmp_path / "known").exists()
