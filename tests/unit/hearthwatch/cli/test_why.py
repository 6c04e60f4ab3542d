"""`hearthwatch why`, `suppressed` and `events explain` on a ledger written by hand."""

import csv
import json

import pytest
from PIL import Image

from hearthwatch.cli.call import store_at
from hearthwatch.records import ObservationStatus
from tests.contract import store_records as a
from tests.support import ledgers as made

OURS = {"organisation": "local"}
EVIDENCE = {"near_infrared_factor": 0.69, "log_likelihood_ratio": 9.2}


@pytest.fixture
def data(tmp_path):
    """Folder of data: one settlement, a look held back in March, and an event in June."""
    folder = tmp_path / "var"
    folder.mkdir()
    with store_at(folder, write=True) as store, store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        tx.put_region(a.region(id="reg-2", name="Elsewhere", **OURS))
        tx.put_settlements([a.settlement(id=made.PLACE, name=made.NAME, **OURS)])
        tx.put_ledger(made.look("2023-03-02"))
        tx.put_ledger(made.look("2023-03-07", windowed={"WATCH": 5.0}, held=["ring_burned"]))
        tx.put_ledger(made.clouded("2023-03-12"))
        tx.put_ledger(made.look("2023-05-28", held=["recurrence"]))
        tx.put_ledger(made.look("2023-06-02", ObservationStatus.CHANGED))
        tx.put_event(made.event("2023-05-28", "2023-06-02", evidence=EVIDENCE))
        tx.put_event(a.event(id="evt-2", **OURS))
    return folder


@pytest.mark.parametrize("typed", [made.PLACE, made.NAME])
def test_why_answers_by_name_or_id(data, document, call, typed):
    status, found = document("why", typed, "2023-03-05", "--data-dir", data)
    assert status == 0
    assert found["answer"].startswith("There was no alert: the look of 2023-03-07 was held back")
    # The first look after that tells anything is told of as well, however late it came.
    days = [look["sensed"][:10] for look in found["looks"]]
    assert days == ["2023-03-02", "2023-03-07", "2023-03-12", "2023-05-28"]
    assert found["looks"][1]["held_back"] == ["ring_burned"]
    out = call("why", typed, "2023-03-05", "--data-dir", data)[1]
    assert f"Why was there no alert? {found['answer']}" in out
    assert "cloud; 30% of the settlement was seen, and 70% are needed" in out


def test_why_says_that_there_was_an_alert(data, document):
    _, found = document("why", made.PLACE, "2023-06-01", "--days", "3", "--data-dir", data)
    assert found["answer"].startswith("There was an alert: event evt-1")
    assert [one["id"] for one in found["events"]] == ["evt-1"]
    assert found["days"] == 3


def test_what_was_held_back_is_listed_newest_first(data, document, call):
    _, found = document("suppressed", "--data-dir", data)
    assert [(look["sensed"][:10], look["held_back"]) for look in found["looks"]] == [
        ("2023-05-28", ["recurrence"]),
        ("2023-03-07", ["ring_burned"]),
    ]
    assert found["more"] is False
    _, found = document("suppressed", "--limit", "1", "--data-dir", data)
    assert (len(found["looks"]), found["more"]) == (1, True)
    until = ("--until", "2023-03-31", "--data-dir", data)
    out = call("suppressed", "--region", "Village", *until)[1]
    assert out.startswith("2023-03-07  Abu Zerega  (Village)\n")
    assert "its surroundings changed as burning does" in out
    out = call("suppressed", "--region", "Elsewhere", "--data-dir", data)[1]
    assert out == "No rule held any evidence back.\n"


def test_an_event_is_explained_in_words_and_files(data, document, call, failure, tmp_path):
    out = call("events", "explain", "evt-1", "--data-dir", data)[1]
    assert (
        "The settlement's near-infrared reflectance fell 31% against its surroundings between 28 "
        "May and 2 June 2023, seen in 1 look." in out
    )
    words = ("events", "explain", "evt-1", "--out", tmp_path / "why", "--data-dir", data)
    _, found = document(*words)
    folder = tmp_path / "why"
    names = ["chart.png", "chart.svg", "data.csv", "data.json", "explanation.txt"]
    assert sorted(path.name for path in folder.iterdir()) == names
    with Image.open(folder / "chart.png") as picture:
        assert picture.format == "PNG"
    told = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    assert told["sentences"] == found["sentences"]
    assert told["notice"] == "Contains modified Copernicus Sentinel data 2023"
    assert (folder / "explanation.txt").read_text(encoding="utf-8").startswith(out.strip())
    with (folder / "data.csv").open(encoding="utf-8", newline="") as table:
        assert len(list(csv.DictReader(table))) == 4 * len(made.EXPECTED) + 1
    status, code, message = failure(*words)
    assert (status, code) == (1, "error")
    assert "exists" in message
    assert document(*words, "--force")[0] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("why", "Nowhere", "2023-03-05"), "not_found"),
        (("why", "set-1", "yesterday"), "usage"),
        (("why", "set-1", "2023-03-05", "--days", "0"), "usage"),
        (("suppressed", "--region", "Nowhere"), "not_found"),
        (("events", "explain", "evt-9"), "not_found"),
        (("events", "explain", "evt-1", "--out", "var/hearthwatch.db"), "error"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(data, failure, words, code):
    (data / "hearthwatch.db").touch()
    found = failure(*words, "--data-dir", data)
    assert found[1] == code
    assert "Traceback" not in found[2]
