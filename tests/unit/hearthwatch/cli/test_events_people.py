"""`hearthwatch events confirm`, `split`, `merge`, `links` … as a person types them."""

from dataclasses import replace

import pytest

from detectors.types import DetectorState as State
from hearthwatch.cli.call import store_at
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.records import Kind
from tests.contract import store_records as a
from tests.unit.hearthwatch.fusion.made import optical, radar

OURS = {"organisation": "local"}
SURE = {"detector_state": State.ESTABLISHED.value, "reached": State.ESTABLISHED.value}
CAMP = replace(
    radar(id="s-camp", detector="camp", kind=Kind.CAMP_CHANGE, settlement="", change="new", **OURS),
    last_unharmed=a.NOON + 5 * a.DAY,
    first_changed=a.NOON + 10 * a.DAY,
)


@pytest.fixture
def data(tmp_path):
    """Folder of data: an event of two sensors, another village, and a camp nearby."""
    folder = tmp_path / "var"
    folder.mkdir()
    with store_at(folder, write=True) as store, store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        fusion = Fusion(store, "local")
        fusion.put([optical(**SURE, **OURS)])
        fusion.put([radar(**SURE, **OURS)])
        fusion.put([optical(id="other-village", settlement="set-2", **OURS), CAMP])
        fusion.write(tx)
    return folder


@pytest.fixture
def events(data, document):
    """Return `f(*words)`, which gives the JSON answer of `hearthwatch events`."""

    def run(*words):
        status, found = document("events", *words, "--data-dir", data)
        assert status == 0
        return found

    return run


def test_show_tells_the_sources_the_class_and_what_people_said(events, call, data):
    events("confirm", "s-opt", "--who", "anna", "--why", "seen from the road")
    found = events("show", "s-optical")
    assert [one["id"] for one in found["sources"]] == ["s-optical", "s-radar"]
    assert found["meaning"]["class"] == "established_by_two"
    assert found["event"]["state"] == "confirmed"
    (said,) = found["opinions"]
    assert (said["verb"], said["who"], said["version"]) == ("confirm", "anna", 3)
    out = call("events", "show", "s-optical", "--data-dir", data)[1]
    assert "confirm, anna: seen from the road" in out
    assert "Class: ESTABLISHED by two sensors" in out
    assert "s-radar" in out


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("dispute", "s-opt", "--why", "roofs stand"), "disputed"),
        (("reject", "s-opt", "--reason", "seasonal_burn"), "rejected"),
        (("retract", "s-opt", "--why", "the wrong village"), "retracted"),
        (("close", "s-opt"), "closed"),
        (("reopen", "s-opt"), "corroborated"),
    ],
)
def test_every_verb_gives_its_state_and_is_undone(events, words, state):
    (made,) = events(*words)["events"]
    assert (made["id"], made["state"], made["version"]) == ("s-optical", state, 3)
    (back,) = events("undo", "s-opt")["events"]
    assert (back["state"], back["version"]) == ("corroborated", 4)


def test_split_by_detector_and_merge_back(events):
    left, new = events("split", "s-opt", "radar")["events"]
    assert (left["id"], new["id"]) == ("s-optical", "s-radar")
    assert {left["state"], new["state"]} == {"provisional"}
    (whole,) = events("merge", "s-optical", "s-radar")["events"]
    assert whole["state"] == "corroborated"
    gone = events("show", "s-radar")
    assert (gone["event"]["merged_into"], gone["sources"]) == ("s-optical", [])
    assert [one["verb"] for one in gone["opinions"]] == ["split", "merge"]


def test_links_are_suggestions(events, call, data):
    (link,) = events("links", "s-optical")["links"]
    assert (link["event"], link["before"], link["km"]) == ("s-camp", False, 0.0)
    out = call("events", "links", "s-optical", "--data-dir", data)[1]
    assert "no state rests on them" in out
    assert "a camp that grew after a burning" in out
    assert events("show", "s-optical")["event"]["version"] == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("undo", "s-optical"), "event", "Nobody said anything"),
        (("reject", "s-optical", "--reason", "other"), "event", "needs words"),
        (("split", "s-optical", "camp"), "not_found", "0 sources"),
        (("split", "s-optical", "s-"), "not_found", "2 sources"),
        (("merge", "s-optical", "s-optical"), "event", "into itself"),
        (("reject", "s-optical"), "usage", "--reason"),
        (("retract", "s-optical"), "usage", "--why"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(failure, data, words, code, says):
    _, named, message = failure("events", *words, "--data-dir", data)
    assert named == code
    assert says in message


def test_why_of_a_merged_event_points_to_the_one_that_stands(events, call, document, data):
    events("merge", "s-optical", "other-village", "--who", "anna", "--why", "one fire")
    status, found = document("why", "other-village", "--data-dir", data)
    assert status == 0
    assert {one["event"]: one["survivor"] for one in found["lives"]} == {
        "s-optical": "s-optical",
        "other-village": "s-optical",
    }
    out = call("why", "other-v", "--data-dir", data)[1]
    assert "part of event s-optical now, which is corroborated" in out
    assert "merged into event s-optical, by anna: one fire; closed since" in out


def test_why_of_a_place_needs_a_day(failure, data):
    _, code, message = failure("why", "Village", "--data-dir", data)
    assert code == "usage"
    assert message.startswith("Name a day as well, or an event by its id.")
