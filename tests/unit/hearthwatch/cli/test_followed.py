"""Commands on a region in which settlements are followed."""

import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.records import NotObservable, ObservationStatus
from hearthwatch.watchlist import kinds
from tests.contract import store_records as a

OURS = {"organisation": "local"}
NAMES = {"set-1": "Abu Zerega", "set-2": "Um Baru", "set-3": "Um Baru", "set-4": "Gone"}
CLOUD = {
    "status": ObservationStatus.NOT_OBSERVABLE,
    "cause": NotObservable.CLOUD,
    "usable": 0.0,
}


@pytest.fixture
def data(tmp_path):
    """Folder of data: three looks at three settlements, one event at one of them."""
    folder = tmp_path / "var"
    folder.mkdir()
    with store_at(folder, write=True) as store, store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        tx.put_region(a.region(id="reg-2", name="Elsewhere", **OURS))
        tx.put_settlements([
            a.settlement(id=key, name=name, removed=a.NOON if name == "Gone" else None, **OURS)
            for key, name in NAMES.items()
        ])  # fmt: skip
        for day in (0, 5, 30):
            when = {"sensed": a.NOON + day * a.DAY, "acquisition": f"S2A-{day}", **OURS}
            for row in a.looks_at(["set-1", "set-3", "set-4"], **when):
                tx.put_ledger(row)
            for row in a.looks_at(["set-2"], **when, **(CLOUD if day == 5 else {})):
                tx.put_ledger(row)
        tx.put_event(a.event(settlement="set-1", **OURS))
        tx.put_event(a.event(id="evt-2", settlement="set-9", **OURS))
        tx.put_event(a.event(id="evt-3", **OURS))
        tx.add_detections([a.detection(settlement="set-1", **OURS)])
    return folder


def test_the_ledger_says_how_many_settlements_were_looked_at(data, document, call):
    _, found = document("ledger", "Village", "--data-dir", data)
    (region,) = found["regions"]
    (summary,) = region["summaries"]
    assert (summary["looks"], summary["settlements"], summary["never_seen"]) == (12, 4, 0)
    assert summary["statuses"] == {"unchanged": 11, "not_observable (cloud)": 1}
    gap = summary["longest_blind_gap"]
    assert (gap["days"], gap["settlement"]) == (30, "set-2")
    assert [row["settlement"] for row in region["looks"][:4]] == [
        "set-1",
        "set-2",
        "set-3",
        "set-4",
    ]
    assert region["looks"][3]["settlement_name"] == "Gone"
    _, out, _ = call("ledger", "Village", "--data-dir", data)
    assert "12 looks at 4 settlements: 11 unchanged, 1 not_observable (cloud)" in out
    assert "longest blind gap: 30 days at Um Baru" in out
    assert out.count("Abu Zerega: 90% seen") == 3


@pytest.mark.parametrize("typed", ["set-1", "Abu Zerega"])
def test_the_ledger_of_one_settlement_by_its_name_or_id(data, document, typed):
    _, found = document("ledger", "--settlement", typed, "--data-dir", data)
    (region,) = found["regions"]
    assert region["region_name"] == "Village"
    assert [row["settlement"] for row in region["looks"]] == ["set-1"] * 3
    assert region["summaries"][0]["settlements"] == 1


def test_the_ledger_of_a_settlement_off_the_list_stays_readable(data, document):
    _, found = document("ledger", "Village", "--settlement", "Gone", "--data-dir", data)
    assert len(found["regions"][0]["looks"]) == 3


def test_a_region_that_does_not_follow_a_settlement_is_not_shown_for_it(data, call, document):
    assert "Elsewhere" not in call("ledger", "--settlement", "set-1", "--data-dir", data)[1]
    _, found = document("ledger", "Elsewhere", "--settlement", "set-1", "--data-dir", data)
    assert found["regions"][0]["looks"] == []


def test_a_settlement_nobody_looked_at_is_said_to_be_so(data, call):
    with store_at(data, write=True) as store, store.transaction() as tx:
        tx.put_settlements([a.settlement(id="set-5", name="New", **OURS)])
    out = call("ledger", "--settlement", "New", "--data-dir", data)[1]
    assert out.strip() == "No look at it is in the ledger."


@pytest.mark.parametrize(
    ("typed", "words"),
    [("Nowhere", "There is no settlement Nowhere"), ("Um Baru", "by its id: set-2, set-3")],
)
@pytest.mark.parametrize("command", [("ledger",), ("events", "list"), ("export", "a.csv")])
def test_a_settlement_that_is_not_one_is_refused(data, failure, command, typed, words):
    status, code, message = failure(*command, "--settlement", typed, "--data-dir", data)
    assert (status, code) == (17, "not_found")
    assert words in message


def test_events_are_listed_by_settlement_and_name_it(data, document, call):
    _, found = document("events", "list", "--settlement", "Abu Zerega", "--data-dir", data)
    (event,) = found["events"]
    assert (event["settlement"], event["settlement_name"]) == ("set-1", "Abu Zerega")
    _, every = document("events", "list", "--data-dir", data)
    assert {e["id"]: (e["settlement"], e["settlement_name"]) for e in every["events"]} == {
        "evt-1": ("set-1", "Abu Zerega"),
        "evt-2": ("set-9", None),
        "evt-3": (None, None),
    }
    head, _, *rows = call("events", "list", "--data-dir", data)[1].splitlines()
    assert head.endswith("region   settlement")
    assert [row.split("Village")[1].strip() for row in rows] == ["Abu Zerega", "set-9", "-"]


def test_an_event_is_shown_with_its_settlement(data, document, call):
    _, shown = document("events", "show", "evt-1", "--data-dir", data)
    assert shown["event"]["settlement_name"] == "Abu Zerega"
    assert shown["event"]["settlement_pcode"] == "SD010021"
    assert shown["detections"][0]["settlement"] == "set-1"
    assert (
        "  settlement Abu Zerega SD010021 (set-1)\n"
        in call("events", "show", "evt-1", "--data-dir", data)[1]
    )
    assert "settlement" not in call("events", "show", "evt-3", "--data-dir", data)[1]


def test_a_region_is_watched_for_what_a_detector_is_installed_for(document, failure, monkeypatch):
    words = ("region", "add", "Oak", "--bbox", "22,45,22.1,45.1", "--kind", "burned")
    installed = {"ground_change": ("ground_change",)}
    monkeypatch.setattr(kinds, "detectors_of", lambda kind: installed.get(kind, ()))
    status, code, message = failure(*words)
    assert (status, code) == (12, "region")
    assert message == "No installed detector watches for burned; installed: ground_change."
    installed["burned"] = ("burned", "radar")
    assert document(*words)[1]["region"]["kind"] == "burned"
