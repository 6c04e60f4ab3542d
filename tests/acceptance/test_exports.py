"""Files over HTTP: what the collections tell, to whom they tell it, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyogrio
import pytest
from shapely.geometry import box

import api.routes.exports as exports
from api.ogc import COLLECTIONS
from hearthwatch.export.columns import SHAPES
from hearthwatch.export.writing import FORMS, fits
from hearthwatch.records import EventState, Kind, Mode, ProposalOutcome
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import worlds
from tests.support.inside import Inside


class Here:
    """One service with ours and theirs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryStore()
        self.who = worlds.callers()
        self.app = worlds.service(folder, self.store, self.who, watched=True)
        self.client = Inside(self.app)

    def get(self, address: str, caller: str = "analyst", **query: Any) -> Any:
        return self.client.get(address, headers=self.who.headers[caller], params=query)

    def saved(self, address: str, caller: str = "analyst", **query: Any) -> Path:
        answer = self.get(address, caller, **query)
        assert answer.status_code == 200, answer.text
        assert int(answer.headers["content-length"]) == len(answer.content)
        path = self.folder / address.rsplit("/", 1)[1]
        path.write_bytes(answer.content)
        return path


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    with made.store.transaction() as tx:
        for number, mode in enumerate((Mode.ACTUAL, Mode.EXERCISE)):
            tx.put_event(
                a.event(
                    id=f"evt-x{number}", mode=mode, area_m2=500.0 + number,
                    state=EventState.PROVISIONAL,
                )
            )  # fmt: skip
        tx.put_event(a.event(id="evt-camp", kind=Kind.CAMP_CHANGE))
        tx.put_proposal(
            a.proposal(
                id="pro-x", subject="evt-x0", outcome=ProposalOutcome.AGREED, decided_by="per-2",
                decided=a.NOON,
            )
        )  # fmt: skip
        tx.add_rendering(a.rendering(event="evt-x0", geometry=box(20, 10, 22, 12)))
    yield made
    made.client.close()


@pytest.mark.parametrize("name", sorted(COLLECTIONS))
def test_a_file_has_what_the_collection_has_and_its_columns_are_all_there_is(
    here: Here, name: str
) -> None:
    pages = here.get(f"/ogc/collections/{name}/items").json()["features"]
    assert pages
    value = json.loads(here.saved(f"/exports/{name}.geojson").read_bytes())
    assert value["features"] == pages
    # In the order in which the collection has them too.
    assert list(SHAPES[name].columns) == list(pages[0]["properties"])
    table = pq.read_table(here.saved(f"/exports/{name}.parquet"))
    assert table.column("mode").to_pylist() == [one["properties"]["mode"] for one in pages]


def test_the_columns_of_what_was_released_are_all_there_is(here: Here) -> None:
    told = here.get("/released", "partner").json()["features"]
    assert told
    assert set().union(*(one["properties"] for one in told)) <= SHAPES["released"].columns.keys()
    assert json.loads(here.saved("/exports/released.geojson", "partner").read_bytes())[
        "features"
    ] == told  # fmt: skip


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_is_of_its_kind_and_leaves_nothing_on_the_disk(here: Here, form: str) -> None:
    answer = here.get(f"/exports/events.{form}")
    assert answer.headers["content-type"].split(";")[0] == FORMS[form].media_type
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="hearthwatch-events.{form}"'
    )
    assert answer.headers["cache-control"] == "private, no-store"
    assert worlds.MARK.encode() not in answer.content, "theirs"
    assert list((here.folder / "exports").iterdir()) == []
    for name in COLLECTIONS:
        expected = 200 if fits(name, form) else 404
        assert here.get(f"/exports/{name}.{form}").status_code == expected


def test_filters_are_those_of_the_collection_and_stand_in_the_file(here: Here) -> None:
    query = {"filter": "area_m2 < 501 AND mode = 'actual'", "datetime": "../2030-01-01"}
    table = here.saved("/exports/events.gpkg", **query)
    assert list(pyogrio.raw.read(table, columns=["id"])[3][0]) == ["evt-x0"]
    said = pyogrio.read_info(table)["dataset_metadata"]
    assert json.loads(said["query"]) == query
    assert said["disclosure"] == "organisation"
    assert json.loads(said["modes"]) == ["actual"]
    for query in ({"bbox": "1,2,3"}, {"filter": "colour = 1"}, {"datetime": "x"}, {"limit": "1"}):
        answer = here.get("/exports/events.csv", **query)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
    assert here.get("/exports/events.shp").status_code == 400
    assert here.get("/exports/people.csv").status_code == 404


@pytest.mark.parametrize(
    ("caller", "of_all", "of_released"),
    [("nobody", 401, 401), ("admin", 200, 200), ("analyst", 200, 200), ("reviewer", 403, 200),
     ("viewer", 403, 200), ("partner", 403, 200)],
)  # fmt: skip
def test_who_may_take_out_what(here: Here, caller: str, of_all: int, of_released: int) -> None:
    assert here.get("/exports/events.geojson", caller).status_code == of_all
    assert here.get("/exports/released.geojson", caller).status_code == of_released


def test_a_partner_gets_coarse_places_and_no_id_of_ours(here: Here) -> None:
    text = here.saved("/exports/released.geojson", "partner").read_text("utf-8")
    for secret in ("evt-1", "reg-1", "set-1", "25.3", "Village"):
        assert secret not in text.replace(json.dumps(a.NOON.isoformat()), "")
    assert json.loads(text)["provenance"]["disclosure"] == "partner"
    assert here.get("/exports/released.geojson", "partner", bbox="1,2,3,4").status_code == 400


def test_every_export_is_in_the_log(here: Here) -> None:
    before = len(here.store.audit("ours"))
    here.get("/exports/detections.csv", bbox="25.3,13.6,25.4,13.7")
    here.get("/exports/events.csv", "viewer")
    here.get("/exports/released.csv", "partner")
    logged = here.store.audit("ours")[before:]
    assert [(one.act, one.subject, one.outcome) for one in logged] == [
        ("export_collection", "collection:detections", "done"),
        ("export_collection", "collection:events", "refused"),
        ("export_released", "", "done"),
    ]


def test_a_pass_opens_its_file_and_does_not_stand_in_it(here: Here) -> None:
    made = here.client.request(
        "POST", "/passes", headers=here.who.headers["analyst"],
        json={"resource": "exports/events.geojson?kind=burned"},
    ).json()  # fmt: skip
    address = f"/exports/events.geojson?kind=burned&pass={made['pass']}"
    answer = here.client.get(address)
    assert answer.status_code == 200
    assert answer.json()["provenance"]["query"] == {"kind": "burned"}
    assert made["pass"] not in answer.text
    for other in ("/exports/events.csv?kind=burned", "/exports/events.geojson?kind=razed"):
        assert here.client.get(f"{other}&pass={made['pass']}").status_code == 401


def test_more_than_can_be_sent_is_refused_before_it_is_made(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.found

    monkeypatch.setattr(api.found, "MOST_MATCHED", 1)
    monkeypatch.setattr("api.bulk.PAGE", 1)
    answer = here.get("/exports/events.csv")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hearthwatch:problem:too_many")
    assert "hearthwatch export" in answer.json()["detail"]
    assert list((here.folder / "exports").iterdir()) == []


def test_when_enough_are_being_made_one_is_told_to_come_back(here: Here) -> None:
    for _ in range(exports.AT_ONCE):
        exports._turns.acquire()
    try:
        answer = here.get("/exports/events.csv")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    finally:
        for _ in range(exports.AT_ONCE):
            exports._turns.release()
    assert here.get("/exports/events.csv").status_code == 200


def test_heat_in_it_is_named(here: Here) -> None:
    """Theirs has heat as ours has: the notice of NASA is in the files of events."""
    value = here.get("/exports/events.geojson").json()
    assert "Copernicus" in value["notice"] and "FIRMS" in value["notice"]
    assert "FIRMS" not in here.get("/exports/detections.geojson").json()["notice"]
    assert here.get("/exports/regions.geojson").json()["notice"] == ""


def test_styles(here: Here) -> None:
    answer = here.get("/styles/events.qml", "partner")
    assert answer.status_code == 200
    assert b'attr="state"' in answer.content
    assert here.get("/styles/ledger.qml").status_code == 404
    assert here.get("/styles/events.qml", "nobody").status_code == 401
