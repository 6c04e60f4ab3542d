"""P-codes from a file to every answer and file that names a settlement, and to no other."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hearthwatch.records import EventState, Kind, ProposalOutcome
from hearthwatch.store import MemoryStore
from hearthwatch.values import settlement_properties
from tests.contract import store_records as a
from tests.support import worlds
from tests.support.inside import Inside

CODE = "SD990042"
TABLE = "name,lon,lat,radius_m{}\nDola,24.9,13.3,300{}\nSurri,24.8,13.3,300{}\n"


class Here:
    """One service, which partners and anybody else ask too."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.who = worlds.callers()
        self.client = Inside(worlds.service(folder, self.store, self.who, watched=False))

    def ask(self, method: str, address: str, caller: str = "admin", **more: Any) -> httpx.Response:
        return self.client.request(method, address, headers=dict(self.who.headers[caller]), **more)

    def get(self, address: str, caller: str = "analyst", **query: Any) -> Any:
        answer = self.ask("GET", address, caller, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sent(self, table: str) -> Any:
        answer = self.ask("POST", "/imports/settlements", files={"file": ("a.csv", table)})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def items(self, name: str, **query: Any) -> list[dict[str, Any]]:
        features = self.get(f"/ogc/collections/{name}/items", **query)["features"]
        return [one["properties"] for one in features]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    coded = a.settlement(id="set-c", name="Coded", pcode=CODE)
    with made.store.transaction() as tx:
        tx.put_settlements([coded, a.settlement(id="set-b", name="Bare", pcode="")])
        for number, place in enumerate(("set-c", "set-b", "")):
            tx.put_event(
                a.event(id=f"evt-p{number}", settlement=place, state=EventState.PROVISIONAL)
            )
        tx.put_event(a.event(id="evt-camp", settlement="set-c", kind=Kind.CAMP_CHANGE))
        tx.add_detections([a.detection(id="det-p", event="evt-p0", settlement="set-c")])
        tx.put_ledger(a.look(settlement="set-c"))
        tx.add_rendering(a.rendering(event="evt-p0"))
    yield made
    made.client.close()


def test_a_second_import_brings_the_codes_that_the_first_had_not(here: Here) -> None:
    first = here.sent(TABLE.format("", "", ""))
    assert (len(first["taken"]), first["pcodes_taken_over"]) == (2, 0)
    ids = {one["name"]: one["id"] for one in first["taken"]}
    second = here.sent(TABLE.format(",ADM4_PCODE", ",sd 1", ",?"))
    assert (second["taken"], second["there_already"], second["pcodes_taken_over"]) == ([], 2, 1)

    def told() -> dict[str, str | None]:
        listed = (here.get(f"/settlements/{one}")["properties"] for one in ids.values())
        return {one["name"]: one["pcode"] for one in listed}

    assert told() == {"Dola": "SD1", "Surri": None}
    assert here.sent(TABLE.format("", "", ""))["pcodes_taken_over"] == 0


def test_one_sent_again_without_its_code_keeps_it(here: Here) -> None:
    outline = {"type": "Polygon", "coordinates": [[[1, 1], [1.01, 1], [1.01, 1.01], [1, 1]]]}

    def added(**properties: str) -> dict[str, Any]:
        feature = {
            "type": "Feature",
            "geometry": outline,
            "properties": {"name": "D", **properties},
        }
        body = {"type": "FeatureCollection", "features": [feature]}
        answer = here.ask("POST", "/settlements", json=body)
        assert answer.status_code == 201, answer.text
        (one,) = answer.json()["features"]
        return dict(one["properties"])

    first = added(pcode="sd7")
    assert first["pcode"] == "SD7"
    assert [(one["id"], one["pcode"]) for one in (added(), added(pcode="SD8"), added())] == [
        (first["id"], code) for code in ("SD7", "SD8", "SD8")
    ]


def test_settlements_tell_it_and_are_found_by_it(here: Here) -> None:
    expected = settlement_properties(here.store.settlement("ours", "set-c"))
    assert expected["pcode"] == CODE
    assert here.get("/settlements/set-c")["properties"] == {"id": "set-c", **expected}
    codes = {one["id"]: one["pcode"] for one in here.items("settlements")}
    assert (codes["set-c"], codes["set-b"]) == (CODE, None)
    for text, found in (
        (f"pcode = '{CODE}'", ["set-c"]), ("pcode LIKE 'SD99%'", ["set-c"]),
        ("pcode IS NULL", ["set-b"]), (f"pcode <> '{CODE}' AND id = 'set-b'", []),
    ):  # fmt: skip
        assert [one["id"] for one in here.items("settlements", filter=text)] == found, text
    assert "pcode" in here.get("/ogc/collections/settlements/queryables")["properties"]
    assert "pcode" in here.get("/ogc/collections/settlements/schema")["properties"]


@pytest.mark.parametrize("name", ["events", "camps", "detections", "ledger"])
def test_what_is_about_a_settlement_tells_it_beside_the_name(here: Here, name: str) -> None:
    codes = {"set-c": CODE, "set-b": None, None: None}
    told = [one for one in here.items(name) if one["settlement"] in codes]
    assert any(one["settlement_pcode"] == CODE for one in told)
    for one in told:
        assert one["settlement_pcode"] == codes[one["settlement"]]
    assert "settlement_pcode" in here.get(f"/ogc/collections/{name}/schema")["properties"]


def test_the_services_own_answers_tell_it(here: Here) -> None:
    assert here.get("/events/evt-p0")["properties"]["settlement_pcode"] == CODE
    assert here.get("/events/evt-p2")["properties"]["settlement_pcode"] is None
    (one,) = here.get("/events/evt-p0/detections")["items"]
    assert one["settlement_pcode"] == CODE
    looks = here.get("/regions/reg-1/ledger", settlement="set-c")["items"]
    assert [one["settlement_pcode"] for one in looks] == [CODE]
    followed = here.get("/regions/reg-1/settlements")["items"]
    assert {one["settlement"]: one["settlement_pcode"] for one in followed}["set-c"] == CODE


def test_files_have_it_in_a_column(here: Here) -> None:
    for name, column in (("settlements", "pcode"), ("events", "settlement_pcode")):
        answer = here.ask("GET", f"/exports/{name}.csv", "analyst")
        rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"), newline="")))
        codes = {row["id"]: row[column] for row in rows}
        (its_id,) = {"set-c", "evt-p0"} & codes.keys()
        assert codes[its_id] == CODE
        assert codes["set-b" if name == "settlements" else "evt-p2"] == ""


@pytest.mark.parametrize("form", ["geojson", "csv", "kml"])
def test_a_file_of_what_was_released_has_none(here: Here, form: str) -> None:
    with here.store.transaction() as tx:
        tx.put_proposal(
            a.proposal(
                id="pro-p", subject="evt-p0", outcome=ProposalOutcome.AGREED, decided_by="per-2",
                decided=a.NOON,
            )
        )  # fmt: skip
    assert here.get("/released", "partner")["features"], "something is told"
    answer = here.ask("GET", f"/exports/released.{form}", "partner")
    assert answer.status_code == 200, answer.text
    assert [one for one in (CODE, "pcode") if one in answer.text] == []


def test_a_partner_and_a_stranger_get_no_settlement(here: Here) -> None:
    for caller in ("partner", "nobody"):
        for address in ("/settlements", "/ogc/collections/settlements/items", "/events"):
            answer = here.ask("GET", address, caller)
            assert CODE not in answer.text
            assert answer.status_code in (401, 403, 404)
