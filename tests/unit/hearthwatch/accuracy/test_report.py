"""The accuracy report: what it claims, what it does not, and what it gives away."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from hearthwatch.accuracy.document import Known, document
from hearthwatch.accuracy.errors import AccuracyError
from hearthwatch.accuracy.evaluated import read_evaluation
from hearthwatch.accuracy.page import page
from hearthwatch.accuracy.pixels import Pixels
from hearthwatch.accuracy.placebos import PlaceboRate
from hearthwatch.accuracy.plots import pictures
from hearthwatch.accuracy.released import Measured, Release, Table
from hearthwatch.evaluation.definitions import Level
from hearthwatch.evaluation.intervals import Rate
from hearthwatch.records import Mode
from tests.unit.hearthwatch.accuracy.made import DIGEST, evaluation

NOW = datetime(2026, 5, 1, 13, 37, tzinfo=UTC)
REAL = Measured("onset found", 1.0, 0.2, 1.0, "share", "one real pixel", "seen", Pixels.REAL,
                "gates.json")  # fmt: skip
MADE = Measured("false alerts", 3.1, None, None, "per 1,000", "<blocks> of residuals", "nulls",
                Pixels.RESAMPLED, "burned.json")  # fmt: skip
POWER = Table("Power", ("share", "recall"), (("0.3", "0.91"),), Pixels.RESAMPLED, "burned.json")


def rates(*counts, years=100.0, region="r-1"):
    return PlaceboRate(
        "burned", region, {lv: Rate(n, years) for lv, n in zip(Level, counts, strict=True)}
    )


def told(placebos=(), evaluations=(), release=None, **more):
    known = Known(
        (), tuple(placebos), tuple(evaluations), release or Release(), {"r-1": "Umm Valley"}
    )
    return document(known, "0.1.0", DIGEST, NOW, **more)


def whole(**given):
    value = told(**given)
    return value, page(value, list(pictures(value)))


def undrawn(**given):
    """Return a document and its page without pictures: they take most of the time."""
    value = told(**given)
    return value, page(value, [])


class Tables(HTMLParser):
    """All tables of a page: caption, header cells and rows; and the pictures' alt texts."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.alts, self.headings, self._cell = [], [], [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "table":
            self.tables.append({"caption": "", "head": [], "rows": []})
        if tag == "tr":
            self._row = []
        if tag == "img":
            self.alts.append(given.get("alt"))
        if tag in ("td", "th", "caption", "h2", "h3"):
            self._cell = ""
        if tag == "th":
            assert given.get("scope") in ("col", "row")

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._row.append(self._cell)
        if tag == "caption":
            self.tables[-1]["caption"] = self._cell
        if tag in ("h2", "h3"):
            self.headings.append(self._cell)
        if tag == "tr":
            table = self.tables[-1]
            table["rows" if table["head"] else "head"].append(self._row)
        if tag in ("td", "th", "caption", "h2", "h3"):
            self._cell = None


def test_an_installation_of_which_nothing_is_known_says_so_everywhere():
    value, html = whole()
    assert list(pictures(value)) == []
    for words in (
        "No placebo was followed here yet",
        "None was named (--evaluation)",
        "shipped without measured figures",
        "nothing measured",
    ):
        assert words in html
    assert "held:" not in html


def test_the_rate_of_placebos_is_told_with_its_bound_and_its_verdict():
    _, html = undrawn(placebos=[rates(5, 0, 0)])
    found = next(t for t in Tables(html).tables if "together" in t["caption"])
    assert found["rows"] == [
        ["burned", "WATCH", "50.00 [16.23, 116.68] (5 in 100.0), at most 105.13",
         "not established: 20 allowed, at most 105.13"],
        ["burned", "PROBABLE", "at most 29.96 (none in 100.0)",
         "not established: 5 allowed, at most 29.96"],
        ["burned", "ESTABLISHED", "at most 29.96 (none in 100.0)",
         "not established: 1 allowed, at most 29.96"],
    ]  # fmt: skip


def test_a_budget_is_called_held_where_the_years_suffice():
    value = told(placebos=[rates(5, 0, 0, years=3000.0)])
    verdicts = [one["budget"]["verdict"] for one in value["live_placebos"]]
    assert verdicts == ["held", "held", "held"]


def test_regions_are_put_together_and_named_only_with_places():
    both = [rates(1, 0, 0), rates(2, 1, 0, region="r-2")]
    value, html = undrawn(placebos=both)
    assert value["live_placebos_by_region"] is None
    assert value["live_placebos"][0]["false_per_1000_placebo_years"]["count"] == 3
    assert value["live_placebos"][0]["false_per_1000_placebo_years"]["exposure"] == 200
    assert "Umm Valley" not in html + json.dumps(value)
    named, html = undrawn(placebos=both, with_places=True)
    assert [one["region"] for one in named["live_placebos_by_region"]][::3] == ["Umm Valley", None]
    assert "Umm Valley, burned" in html


def test_real_and_resampled_figures_never_share_a_table():
    value, html = undrawn(release=Release((REAL, MADE), (POWER,), {"gates.json": ""}))
    tables = Tables(html).tables
    real = [t for t in tables if any(row[0] == "onset found" for row in t["rows"])]
    made = [t for t in tables if any("false alerts" in row for row in t["rows"])]
    power = [t for t in tables if t["caption"].startswith("Power")]
    assert [t["caption"] for t in real] == ["Measured on real pixels"]
    assert [t["caption"] for t in made] == [
        "Measured on resampled series, not on real pixels"
    ]  # fmt: skip
    assert "resampled series, not on real pixels" in power[0]["caption"]
    assert len(real[0]["rows"]) == len(made[0]["rows"]) == 1
    assert [one["name"] for one in value["release"]["real"]["figures"]] == ["onset found"]
    assert value["release"]["real"]["tables"] == []
    assert "3.1, no interval" in html
    dated = dataclasses.replace(REAL, figure="2024-03-29", low=None, high=None, needed="that day")
    row = Tables(undrawn(release=Release((dated,)))[1]).tables[-1]["rows"][0]
    assert row[:4] == ["onset found", "2024-03-29", "share", "that day"]
    assert "1 [0.2, 1]" in html
    assert "&lt;blocks&gt;" in html


def test_what_was_measured_of_a_state_stands_with_the_states():
    about = dataclasses.replace(REAL, name="recall", state=Level.PROBABLE)
    other = dataclasses.replace(MADE, name="null years", state=Level.PROBABLE)
    _, html = undrawn(release=Release((REAL, about, other), ()))
    tables = [t for t in Tables(html).tables if t["head"][0][0] == "state"][1:]
    assert [(t["caption"], [row[:2] for row in t["rows"]]) for t in tables] == [
        ("Measured on real pixels", [["PROBABLE", "recall"]]),
        ("Measured on resampled series, not on real pixels", [["PROBABLE", "null years"]]),
    ]
    assert html.count("<li>one real pixel</li>") == 1


@pytest.mark.parametrize(
    ("digest", "words"),
    [
        ("", "does not say which code"),
        (DIGEST, "with the code that runs here"),
        ("e" * 64, "with other code than runs here"),
    ],
)
def test_it_says_which_code_the_figures_of_the_release_are_of(digest, words):
    assert words in undrawn(release=Release((REAL,), (), {"gates.json": digest}))[1]


def test_an_evaluation_is_told_with_its_figures_and_curves():
    value, html = whole(evaluations=[evaluation()])
    found = next(t for t in Tables(html).tables if t["caption"] == "Figures by state")
    rows = {row[0]: row[1:] for row in found["rows"]}
    assert rows["recall"][:2] == ["0.50 [0.09, 0.91] (1 of 2)"] * 2
    assert found["head"] == [["", "WATCH", "PROBABLE", "ESTABLISHED"]]
    assert [one.name for one in pictures(value)] == [
        "false-alerts.png", "evaluation-1-days.png", "evaluation-1-looks.png",
    ]  # fmt: skip
    assert "other code than runs here" not in html


def test_an_evaluation_of_other_code_or_of_no_world_is_marked():
    value, html = undrawn(evaluations=[evaluation(Mode.EXERCISE, "e" * 64)])
    assert value["evaluations"][0]["same_code"] is False
    assert "other code than runs here" in html
    assert '<p class="mode">EXERCISE</p>' in html
    assert "evaluation 1 (exercise, not the world): " in html


def test_no_place_is_given_away_though_the_evaluation_tells_them():
    secrets = ("el-fasher", "truth.csv", "places.csv", "Village", "25.3", "13.6", "set-a", "13:37")
    assert "el-fasher" in json.dumps(evaluation())
    value = told(placebos=[rates(1, 0, 0)], evaluations=[evaluation()])
    drawn = list(pictures(value))
    everything = json.dumps(value) + re.sub(r"base64,[^\"]+", "", page(value, drawn))
    everything += "".join(one.name for one in drawn)
    assert [one for one in secrets if one in everything] == []
    with_places = told(evaluations=[evaluation()], with_places=True)
    assert "scenes-el-fasher" in page(with_places, [])


def test_the_time_of_day_of_a_pass_is_told_with_places_only():
    told_of = evaluation()["evaluated"]
    assert "T" in told_of["from"]
    (one,) = told(evaluations=[evaluation()])["evaluations"]
    assert (one["from"], one["to"]) == (told_of["from"][:10], told_of["to"][:10])
    (one,) = told(evaluations=[evaluation()], with_places=True)["evaluations"]
    assert (one["from"], one["to"]) == (told_of["from"], told_of["to"])


def test_every_picture_says_in_words_what_it_shows():
    value = told(placebos=[rates(5, 0, 0)], evaluations=[evaluation()])
    drawn = list(pictures(value))
    alts = Tables(page(value, drawn)).alts
    assert alts == [one.words for one in drawn]
    assert "placebos here WATCH 16.23 to 116.68" in alts[0]
    assert "WATCH 1 of 2" in alts[1]
    for one in drawn:
        assert one.content.startswith(b"\x89PNG")


def test_the_page_asks_for_nothing_from_outside_and_is_the_same_to_the_byte():
    _, html = whole(placebos=[rates(5, 0, 0)], evaluations=[evaluation()])
    assert not re.search(r"<(script|link|iframe)|(?:src|href)=\"http|url\(http", html)
    assert "default-src 'none'" in html
    assert html == whole(placebos=[rates(5, 0, 0)], evaluations=[evaluation()])[1]
    headings = Tables(html).headings
    assert headings.index("What the states mean") < headings.index("Figures of the release")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "cannot be read"),
        ("[]", "has no format"),
        ('{"format": "hearthwatch-evaluation/1"}', "evaluate again with this release"),
        ('{"format": "hearthwatch-evaluation/2", "mode": "actual"}', "lacks evaluated, levels"),
    ],
)
def test_what_is_no_evaluation_is_refused(tmp_path, text, words):
    path = tmp_path / "evaluation.json"
    path.write_text(text)
    with pytest.raises(AccuracyError, match=words):
        read_evaluation(path)


def test_an_evaluation_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "evaluation.json"
    written = copy.deepcopy(evaluation())
    path.write_text(json.dumps(written))
    assert read_evaluation(path) == written
    with pytest.raises(AccuracyError, match="cannot be read"):
        read_evaluation(tmp_path / "none.json")
