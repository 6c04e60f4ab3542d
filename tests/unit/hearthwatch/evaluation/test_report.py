"""The report: its shape, its sums, and that it gives no place away."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from functools import cache

import pytest

from hearthwatch.evaluation.episodes import looks_of
from hearthwatch.evaluation.page import page
from hearthwatch.evaluation.report import Made, document
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.records import Kind, Mode
from tests.unit.hearthwatch.evaluation.cases import episode, ledger, noon, settlement, truth

W, P, E = "WATCH", "PROBABLE", "ESTABLISHED"
SECRETS = (
    "Village", "<Umm & $Sons$>", "set-", "25.3", "13.6", "36N", "T35PQR", "08:31", "8:31", "ev-",
    "fasher", "+00:00", "T00",
)  # fmt: skip


def told(mode=Mode.ACTUAL, *, with_places=False, truths=None, base_rate=0.1):
    places = {one.id: one for one in map(settlement, ("set-a", "set-b"))}
    places["set-b"] = dataclasses.replace(places["set-b"], name="<Umm & $Sons$>")
    episodes = [
        episode("ev-1", "set-a", (100, 105), ((105, W), (110, P), (115, E))),
        episode("ev-2", "set-a", (105, 115), ((115, W),)),
        episode("ev-3", "set-b", (300, 305), ((305, W), (315, P))),
    ]
    known = truths or [
        truth("set-a", 100, where="line 2"),
        truth("set-b", 10, share=None, where="line 3"),
        truth("set-b", 500, kind=Kind.RAZED, where="line 4"),
    ]
    looks = looks_of(ledger(places=("set-a", "set-b")))
    made = Made(
        mode=mode,
        detector="burned",
        detector_version="1",
        sensor="sentinel-2-l2a",
        provider="folder",
        catalogue="scenes-el-fasher",
        truth_file="el-fasher.csv",
        settlement_file="el-fasher-places.csv",
        scenes=("S2A_T35PQR_1",),
        code_digest="d" * 64,
        version="0.1.0",
    )
    result = evaluate(Kind.BURNED, places, known, episodes, looks)
    by_id = {one.id: one for one in episodes}
    return document(result, by_id, places, made, with_places=with_places, base_rate=base_rate)


def test_every_figure_of_a_small_case_is_the_one_by_hand():
    value = told()
    level = value["levels"]["PROBABLE"]
    assert (level["truths"], level["found"], level["missed"]) == (2, 1, 1)
    assert level["missed_that_could_not_be_seen"] == 1
    # Wilson, 1 of 2: 0.0945 to 0.9055; J is 1 of 3: 0.0615 to 0.7923, so F1 0.1159 to 0.8841.
    assert level["recall"] == level["precision"]
    assert level["recall"] == {"value": 0.5, "low": 0.094531, "high": 0.905469, "hits": 1, "of": 2}
    assert level["f1"]["value"] == 0.5
    assert (level["f1"]["low"], level["f1"]["high"]) == pytest.approx((0.1159, 0.8841), abs=2e-4)
    rate = level["false_alerts_per_1000_settlement_years"]["armed"]
    years = 2 * 980 / 365.25
    assert rate["value"] == pytest.approx(1000 / years, abs=1e-5)
    assert rate["low"] == pytest.approx(1000 * 0.025318 / years, abs=1e-3)
    assert rate["high"] == pytest.approx(1000 * 5.571643 / years, abs=1e-3)
    assert rate["upper_bound"] == pytest.approx(1000 * 4.743865 / years, abs=1e-3)
    assert value["levels"]["WATCH"]["duplicates"] == 1
    assert value["evaluated"]["settlement_years"]["armed"] == pytest.approx(years, abs=1e-6)
    assert [one["reason"] for one in value["left_out"]] == ["other_kind"]


def test_what_may_be_claimed_is_told_beside_the_figures():
    level = told(base_rate=0.5)["levels"]["PROBABLE"]
    # One false alert in 5.37 settlement-years: at least 4.7 and at most 1038 in 1,000.
    assert level["budget"] == {"per_1000": 5.0, "verdict": "not_established"}
    # Recall 1 of 2 finds 0.25 a year, beside 0.186 false ones.
    false = 365.25 / (2 * 980)
    assert level["precision_at_base_rate"]["value"] == pytest.approx(0.25 / (0.25 + false))
    # Recall of 1 of 2 is at least 0.0777 at 97.5 %, and none in 5.366 years at most 0.8165 a year:
    # without a false alert the precision of one is no figure, and is not told as one.
    assert "at least 0.05 (no false alert was counted)" in page(told(base_rate=0.5))
    established = told(base_rate=None)["levels"]["ESTABLISHED"]
    assert established["precision_at_base_rate"] is None
    html = page(told(base_rate=0.5))
    assert "precision at 0.5 events per settlement-year" in html
    assert "not established: 5 allowed, at most 884.0" in html
    assert "at most 558.2" in html  # none at ESTABLISHED: 2.9957 in 5.366 years
    assert "events per settlement-year</th>" not in page(told(base_rate=None))


def test_every_alert_is_listed_with_what_became_of_it():
    verdicts = [
        {level: (one["verdict"], one["truth"]) for level, one in alert["levels"].items()}
        for alert in told()["alerts"]
    ]
    found = ("found", 1)
    assert verdicts == [
        {W: found, P: found, E: found},
        {W: ("duplicate", None)},
        {W: ("false_alert", None), P: ("false_alert", None)},
    ]


def test_the_lists_agree_with_the_counts():
    value = told()
    for name, level in value["levels"].items():
        listed = [a["levels"][name] for a in value["alerts"] if name in a["levels"]]
        assert sum(one["verdict"] == "false_alert" for one in listed) == level["false_alerts"]
        assert sum(one["verdict"] == "duplicate" for one in listed) == level["duplicates"]
        assert sum(bool(one["found"][name]) for one in value["truths"]) == level["found"]
        assert len(value["truths"]) == level["truths"]
    days = sum(place["armed_days"] for place in value["settlements"])
    assert days == 1960


def shape(value):
    """Return the names and types of a document, of a list those of its first member."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


SHARE = {"value": "float", "low": "float", "high": "float", "hits": "int", "of": "int"}
RATE = {
    "value": "float", "low": "float", "high": "float", "upper_bound": "float", "count": "int",
    "exposure": "float",
}  # fmt: skip
SPREAD = {
    "median": "float", "lower_quartile": "float", "upper_quartile": "float", "values": ["int"],
}  # fmt: skip
DELAY = {unit: {"at_least": SPREAD, "at_most": SPREAD} for unit in ("days", "looks")}
TIMES = {"reached": "str", "last_unharmed": "str", "first_changed": "str"}
FOUND = {"alert": "int", **TIMES, "days": ["int"], "looks": ["int"], "dated": "str"}
VERDICT = {**TIMES, "verdict": "str", "truth": "int"}


def test_the_format_is_stable():
    """Users read these names: a change of any of them is another format."""
    value = shape(told(with_places=True))
    assert told()["format"] == "hearthwatch-evaluation/2"
    assert list(value) == [
        "format", "mode", "with_places", "evaluated", "rules", "definitions", "levels", "truths",
        "left_out", "alerts", "settlements",
    ]  # fmt: skip
    assert value["evaluated"] == {
        "kind": "str", "detector": "str", "detector_version": "str", "code_digest": "str",
        "version": "str", "provider": "str", "sensor": "str", "scenes": "int", "from": "str",
        "to": "str", "settlements": "int", "settlements_never_usable": "int",
        "settlement_looks": "int", "settlement_looks_usable": "int",
        "settlement_years": {"armed": "float", "observed": "float"}, "truths": "int",
        "truths_left_out": "int", "catalogue": "str", "truth_file": "str",
        "settlement_file": "str", "acquisitions": ["str"],
    }  # fmt: skip
    assert told()["rules"] == {
        "slack_days": 30, "unseen_days": 60, "gap_days": 60, "year_days": 365.25,
        "confidence": 0.95, "rates_per_settlement_years": 1000.0,
        "strata": [[0.0, 0.3], [0.3, 0.6], [0.6, 1.0]],
        "budgets": {"WATCH": 20.0, "PROBABLE": 5.0, "ESTABLISHED": 1.0},
        "base_rate_per_settlement_year": 0.1,
    }  # fmt: skip
    assert list(value["definitions"]) == [
        "truth", "period", "alert", "match", "found", "missed", "duplicate", "false_alert",
        "recall", "precision", "f1", "usable_look", "armed_settlement_years",
        "observed_settlement_years", "false_alerts_per_1000_settlement_years", "budget",
        "precision_at_base_rate", "duplicates_per_event", "second_events", "delay", "dating",
        "could_not_be_seen", "strata", "intervals",
    ]  # fmt: skip
    level = value["levels"]["WATCH"]
    stratum = level.pop("strata")[0]
    assert level == {
        "truths": "int", "found": "int", "missed": "int", "missed_that_could_not_be_seen": "int",
        "false_alerts": "int", "duplicates": "int", "alerts_of_earlier_truths": "int",
        "recall": SHARE, "precision": SHARE,
        "f1": {"value": "float", "low": "float", "high": "float", "found": "int",
               "false_alerts": "int", "missed": "int"},
        "false_alerts_per_1000_settlement_years": {"armed": RATE, "observed": RATE},
        "budget": {"per_1000": "float", "verdict": "str"},
        "precision_at_base_rate": {
            "base_rate": "float", "value": "float", "low": "float", "high": "float",
        },
        "duplicates_per_event": RATE, "second_events": {**SHARE, "value": "NoneType"},
        "dating": {"inside": SHARE, "possibly": SHARE}, "delay": DELAY,
        "false_alert_numbers": ["int"], "duplicate_numbers": ["int"],
    }  # fmt: skip
    assert list(stratum) == ["from", "to", "recall", "delay"]
    assert value["truths"] == [{
        "number": "int", "row": "str", "settlement": "int", "earliest": "str", "latest": "str",
        "share": "float", "second_event": "bool", "could_not_be_seen": "NoneType",
        "found": dict.fromkeys((W, P, E), FOUND),
    }]  # fmt: skip
    assert value["left_out"] == [{
        "row": "str", "settlement": "int", "earliest": "str", "latest": "str", "kind": "str",
        "reason": "str",
    }]  # fmt: skip
    assert value["alerts"] == [{
        "number": "int", "event": "str", "settlement": "int",
        "levels": dict.fromkeys((W, P, E), VERDICT),
    }]  # fmt: skip
    assert value["settlements"] == [{
        "number": "int", "looks": "int", "usable_looks": ["str"], "armed_days": "int",
        "observed_days": "int", "id": "str", "name": "str", "lon": "float", "lat": "float",
    }]  # fmt: skip


def test_the_shape_is_the_same_without_places():
    def names(value):
        if isinstance(value, dict):
            return {name: names(one) for name, one in value.items()}
        return None

    assert names(told()) == names(told(with_places=True))


def pictures(html: str) -> list[str]:
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return [base64.b64decode(one).decode() for one in found]


def words_of(html: str) -> str:
    """Return all that a reader or a program can find: the page and what is in its pictures."""
    texts = [" ".join(node.itertext()) for svg in pictures(html) for node in [ET.fromstring(svg)]]
    return re.sub(r"base64,[^\"]+", "", html) + " ".join(texts)


@cache
def all_without_places() -> str:
    value = told()
    return json.dumps(value) + words_of(page(value))


@pytest.mark.parametrize("secret", SECRETS)
def test_without_places_nothing_says_where_or_at_what_time_of_day(secret):
    assert secret not in all_without_places()


def test_with_places_they_are_told():
    value = told(with_places=True)
    place = next(one for one in value["settlements"] if one["id"] == "set-b")
    assert (place["name"], place["lon"], place["lat"]) == ("<Umm & $Sons$>", 25.31, 13.61)
    assert value["alerts"][0]["event"] == "ev-1"
    assert value["alerts"][0]["levels"]["WATCH"]["reached"] == "2022-04-16T08:31:07Z"
    html = page(value)
    assert "&lt;Umm &amp; $Sons$&gt;" in html
    assert "<Umm" not in html
    assert any("<Umm & $Sons$>" in "".join(ET.fromstring(svg).itertext()) for svg in pictures(html))


def test_the_page_asks_for_nothing_from_outside():
    html = page(told(with_places=True))
    assert not re.search(r"<(script|link|iframe)|(?<!xmlns)(?:src|href)=\"http|url\(http", html)
    for svg in pictures(html):
        assert not re.search(r"(?:href|src)=\"(?!#)", svg)
    assert "default-src 'none'" in html


@pytest.mark.parametrize("mode", [Mode.EXERCISE, Mode.TEST])
def test_what_is_not_actual_is_said_in_large_letters(mode):
    html = page(told(mode))
    assert f'<p class="mode">{mode.value.upper()}</p>' in html
    assert ".mode{font-size:3.2rem" in html
    assert '<p class="mode">' not in page(told())


def test_the_page_tells_the_misses_the_false_alerts_and_what_was_evaluated():
    html = words_of(page(told()))
    assert "2022-01-11 to 2022-01-11" in html  # the miss of day 10
    assert "learning" in html
    assert "2022-10-28 to 2022-11-02" in html  # the false alert of days 300 to 305
    assert "0.50 [0.09, 0.91] (1 of 2)" in html
    assert "sentinel-2-l2a from the provider folder, 1 scene; mode actual" in html
    assert "settlement 1" in html
    assert "d" * 64 in html


def test_curves_rise_to_the_share_found():
    days, looks, _ = pictures(page(told()))
    for svg in (days, looks):
        assert "share of all events found" in "".join(ET.fromstring(svg).itertext())
    assert "PROBABLE (1 of 2)" in "".join(ET.fromstring(days).itertext())


def test_the_same_evaluation_gives_the_same_page_to_the_byte():
    assert page(told()) == page(told())


def test_a_case_with_no_event_and_one_with_no_settlement_drawn_are_pages_too():
    looks = looks_of(ledger(places=("set-a",)))
    result = evaluate(Kind.BURNED, ["set-a"], [], [], looks, noon(50))
    made = Made(Mode.ACTUAL, *["x"] * 7, (), "d" * 64, "0.1.0")
    value = document(result, {}, {"set-a": settlement("set-a")}, made)
    assert value["levels"]["WATCH"]["recall"]["value"] is None
    assert value["levels"]["WATCH"]["false_alerts_per_1000_settlement_years"]["armed"]["low"] == 0
    html = page(value)
    assert "None at any level." in html
    assert len(pictures(html)) == 2
