"""Erasing over HTTP: two people, holds in between, and nothing left on any address."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.keys import new_key
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import Store, open_store
from tests.contract import store_everything as whole
from tests.support.routes import operations
from tests.support.served import listening

PASSWORD = "a long walk uphill 7"
IDS = {
    "region": "reg-2", "event": "evt-2", "settlement": "set-2", "job": "run-2", "person": "per-1",
    "acquisition": "S2A-1", "key": "none", "session": "none", "pass_id": "none",
    "release": "pro-1", "hold": "hold-1",
}  # fmt: skip
"""What is there after the village was erased, and the release that once was asked for."""


@dataclasses.dataclass
class Service:
    url: str
    store: Store
    folder: Path
    keys: dict[str, str]
    opened: list[httpx.Client] = dataclasses.field(default_factory=list)

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        self.opened.append(httpx.Client(base_url=self.url, headers=headers, timeout=60))
        return self.opened[-1]

    def signed_in(self, login: str) -> httpx.Client:
        client = self.client()
        answer = client.post("/session", json={"login": f"{login}@ours", "password": PASSWORD})
        assert answer.status_code in (200, 201), answer.text
        client.headers["X-Hearthwatch-Form"] = answer.json()["form"]
        return client


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    store = whole.fill(open_store(tmp_path / "hearthwatch.sqlite", write=True), "ours")
    now, keys = datetime.now(UTC), {}
    kept = Passwords().hash(PASSWORD)
    with store.transaction() as tx:
        for login, role in (("amina", Role.ADMIN), ("badr", Role.ADMIN), ("vera", Role.VIEWER)):
            made = new_person("ours", login, login, role, now)
            tx.put_person(dataclasses.replace(made, password=kept))
        for name, owner in (("ours", "ours"), ("stranger", "theirs")):
            key, keys[name] = new_key(owner, name, Role.ADMIN, now)
            tx.put_key(key)
    with listening(load_settings(data_dir=tmp_path, public_events=True), store) as url:
        made = Service(url, store, tmp_path, keys)
        yield made
        for client in made.opened:
            client.close()
    store.close()


def ask(client: httpx.Client, what: str = "event", its_id: str = "evt-1") -> httpx.Response:
    return client.post("/erasures", json={"what": what, "id": its_id, "reason": "They asked."})


def test_two_administrators_erase_a_village_and_no_address_knows_it_any_more(
    service: Service,
) -> None:
    amina, badr = service.signed_in("amina"), service.signed_in("badr")
    before = amina.get("/changes").json()
    assert whole.WORD in amina.get("/regions").text
    for what, its_id in (("event", "evt-1"), ("settlement", "set-1"), ("region", "reg-1")):
        made = ask(amina, what, its_id)
        assert made.status_code == 201, made.text
        where = made.headers["location"]
        assert amina.post(f"{where}/agree").status_code == 409
        agreed = badr.post(f"{where}/agree")
        assert (agreed.status_code, agreed.json()["outcome"]) == (200, "agreed"), agreed.text
        assert len(agreed.json()["sha256"]) == 64
        assert badr.get(where).json() == agreed.json()
        assert agreed.headers["cache-control"] == "private, no-store"
    gone = {
        (one["subject"], one["id"])
        for one in amina.get("/changes", params={"after": before["next"]}).json()["items"]
        if one["gone"]
    }
    assert gone == {
        ("event", "evt-1"), ("detection", "det-1"), ("settlement", "set-1"), ("region", "reg-1"),
    }  # fmt: skip
    assert amina.get("/events/evt-1").status_code == 404
    assert _told_anywhere(amina) == []
    # What partners are told of it is a tombstone that has no place and no words.
    partner = amina.get("/released")
    assert [f["geometry"] for f in partner.json()["features"]] == [None]
    files = whole.files_with(service.folder, whole.WORD.encode(), whole.CELL.encode())
    assert files == []


def _told_anywhere(client: httpx.Client) -> list[str]:
    """Return the reading operations whose answer has the village's name or cell in it."""
    document = client.get("/openapi.json").json()
    told, asked = [], 0
    for one in operations(document):
        if one.method != "get" or one.path in ("/session",):
            continue
        for name in ("events", "settlements", "regions", "detections", "ledger"):
            if "name" not in one.takes and name != "events":
                continue
            try:
                address = one.address(IDS, name)
            except KeyError:
                continue
            asked += 1
            text = client.get(address).text
            if whole.WORD in text or whole.CELL in text:
                told.append(address)
    assert asked > 30
    return told


def test_a_hold_stands_in_the_way_until_two_lift_it(service: Service) -> None:
    amina, badr = service.signed_in("amina"), service.signed_in("badr")
    where = ask(amina).headers["location"]
    held = badr.post("/holds", json={"what": "all", "reason": "Case 7"})
    assert held.status_code == 201, held.text
    hold = f"/holds/{held.json()['id']}"
    refused = badr.post(f"{where}/agree")
    assert refused.status_code == 409
    assert held.json()["id"] in refused.json()["detail"]
    assert amina.post(f"{hold}/lift", json={"reason": "It is over."}).status_code == 200
    assert amina.post(f"{hold}/lift", json={}).status_code == 409
    assert amina.get("/holds").json()["items"][0]["lifting_asked_by"] is not None
    assert badr.post(f"{hold}/keep").status_code == 200
    assert badr.post(f"{hold}/lift", json={"reason": "Now it is."}).status_code == 200
    lifted = amina.post(f"{hold}/lift", json={})
    assert lifted.json()["lifted"] is not None
    assert badr.post(f"{where}/agree").status_code == 200


@pytest.mark.parametrize("who", ["key", "viewer"])
def test_no_key_and_no_viewer_takes_part(service: Service, who: str) -> None:
    client = service.client("ours") if who == "key" else service.signed_in("vera")
    asked = service.signed_in("amina")
    where = ask(asked).headers["location"]
    expected = 409 if who == "key" else 403
    assert ask(client, "event", "evt-2").status_code == expected
    for verb in ("agree", "refuse"):
        assert client.post(f"{where}/{verb}").status_code == expected
    assert service.store.event("ours", "evt-1").version == 2


def test_a_stranger_finds_neither_erasure_nor_hold_nor_what_they_are_about(
    service: Service,
) -> None:
    amina, stranger = service.signed_in("amina"), service.client("stranger")
    where = ask(amina).headers["location"]
    held = amina.post("/holds", json={"what": "event", "id": "evt-1", "reason": "Case 7"}).json()
    nothing = stranger.get("/erasures/era-0000000000000000")
    assert (
        stranger.get("/erasures").json()
        == stranger.get("/holds").json()
        == {"items": [], "names": {}}
    )
    found = stranger.get(where)
    assert found.status_code == nothing.status_code == 404
    no_hold = stranger.post(f"/holds/{held['id']}/lift", json={"reason": "x"})
    assert no_hold.status_code == 404
    body = {"what": "event", "id": "evt-1", "reason": "x"}
    assert stranger.post("/holds", json=body).status_code == 404


def test_all_that_is_wrong_with_a_request_is_told_at_once(service: Service) -> None:
    amina = service.signed_in("amina")
    answer = amina.post("/erasures", json={"what": "world", "id": "x" * 201, "reason": ""})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 3
    assert ask(amina, "event", "evt-9").status_code == 404


def test_the_log_says_who_and_what_and_names_no_place(service: Service) -> None:
    amina, badr = service.signed_in("amina"), service.signed_in("badr")
    where = ask(amina).headers["location"]
    badr.post(f"{where}/agree")
    acts = {one.act: one for one in service.store.audit("ours")}
    assert {"erase ask", "erase agree"} <= set(acts)
    assert acts["erase agree"].detail["sha256"] == badr.get(where).json()["sha256"]
    assert whole.WORD not in str([dict(row) for row in service.store.audit_rows("ours")])
