"""Releases as people and partners see them over HTTP, and events that anybody may read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from shapely.geometry import Point, shape

from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.keys import new_key
from hearthwatch.records import EventState, Organisation, Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.served import listening

PASSWORD = "a long walk uphill 7"
TRUE_PLACE = Point(25.31, 13.61)
WORDS = ("evt-1", "reg-1", "set-1", "36N_0512_0143", "Village", "SD010021", "25.31", "13.61",
         "indices", "Roofs gone", "0.31")  # fmt: skip
"""What would tell more of the place than its square."""


@dataclasses.dataclass
class Service:
    """A service with an event, two analysts and keys."""

    url: str
    store: MemoryStore
    keys: dict[str, str]
    opened: list[httpx.Client] = dataclasses.field(default_factory=list)

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        self.opened.append(httpx.Client(base_url=self.url, headers=headers, timeout=60))
        return self.opened[-1]

    def signed_in(self, login: str) -> httpx.Client:
        client = self.client()
        sent = {"login": f"{login}@ours", "password": PASSWORD}
        answer = client.post("/session", json=sent)
        assert answer.status_code in (200, 201), answer.text
        client.headers["X-Hearthwatch-Form"] = answer.json()["form"]
        return client


@contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Service]:
    store = a.with_region(MemoryStore())
    now = datetime.now(UTC)
    kept, keys = Passwords().hash(PASSWORD), {}
    with store.transaction() as tx:
        tx.put_organisation(Organisation("ours", "Ours", now))
        tx.put_organisation(Organisation("theirs", "Theirs", now))
        tx.put_settlements([a.settlement()])
        tx.put_event(a.event(state=EventState.PROVISIONAL, settlement="set-1"))
        for login in ("amina", "badr"):
            made = new_person("ours", login, login, Role.ANALYST, now)
            tx.put_person(dataclasses.replace(made, password=kept))
        for name, owner, role in (
            ("analyst", "ours", Role.ANALYST), ("partner", "ours", Role.PARTNER),
            ("viewer", "ours", Role.VIEWER), ("stranger", "theirs", Role.ADMIN),
        ):  # fmt: skip
            key, keys[name] = new_key(owner, name, role, now)
            tx.put_key(key)
    with listening(load_settings(data_dir=folder, **settings), store) as url:
        service = Service(url, store, keys)
        yield service
        for client in service.opened:
            client.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path, public_events=True) as made:
        yield made


def ask(client: httpx.Client, **changes: object) -> httpx.Response:
    sent = {"event": "evt-1", "audience": "partner", "reason": "They are near.", **changes}
    return client.post("/releases", json=sent)


def test_two_people_release_an_event_and_a_partner_reads_where_about_it_was(
    service: Service,
) -> None:
    amina, badr = service.signed_in("amina"), service.signed_in("badr")
    partner = service.client("partner")
    made = ask(amina)
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    assert made.json()["preview"]["place"] == "somewhere in a square of 128 km"
    assert partner.get("/released").json()["features"] == []
    refused = amina.post(f"{where}/agree")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hearthwatch:problem:release")
    with_key = service.client("analyst").post(f"{where}/agree")
    assert with_key.status_code == 409
    agreed = badr.post(f"{where}/agree")
    assert (agreed.status_code, agreed.json()["outcome"]) == (200, "agreed")
    answer = partner.get("/released")
    assert answer.headers["cache-control"] == "private, no-store"
    assert [word for word in WORDS if word in answer.text] == []
    (told,) = answer.json()["features"]
    assert shape(told["geometry"]).contains(TRUE_PLACE)
    assert told["properties"]["sure"] == "Possible"
    assert partner.get("/released").content == answer.content
    after = answer.json()["next"]
    assert partner.get("/released", params={"after": after}).json()["features"] == []
    assert amina.post(f"{where}/withdraw").status_code == 200
    (gone,) = partner.get("/released", params={"after": after}).json()["features"]
    assert (gone["id"], gone["geometry"], gone["properties"]["gone"]) == (told["id"], None, True)


def test_a_partner_gets_what_was_released_and_nothing_else(service: Service) -> None:
    partner = service.client("partner")
    assert partner.get("/released").status_code == 200
    document = partner.get("/openapi.json").json()
    asked = 0
    for path, item in document["paths"].items():
        if item.get("get", {}).get("x-scope") in (None, "known", "released"):
            continue
        values = {"name": "events", "style": "nbr", "form": "png"}
        for name in ("region", "event", "settlement"):
            values[name] = {"region": "reg-1", "event": "evt-1", "settlement": "set-1"}[name]
        address = path
        for name in {part.split("}")[0] for part in path.split("{")[1:]}:
            address = address.replace(f"{{{name}}}", values.get(name, "0"))
        assert partner.get(address).status_code == 403, path
        asked += 1
    assert asked > 20


def test_who_may_release_and_who_may_not(service: Service) -> None:
    for key in ("partner", "viewer"):
        assert ask(service.client(key)).status_code == 403
    stranger = service.client("stranger")
    assert ask(stranger).status_code == 404
    made = ask(service.client("analyst")).json()["id"]
    answers = [stranger.get(f"/releases/{one}") for one in (made, "nothing")]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert stranger.get("/releases").json() == {"items": [], "names": {}}
    assert stranger.get("/released").json()["features"] == []
    assert [one["id"] for one in service.client("analyst").get("/releases").json()["items"]] == [
        made
    ]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"audience": "organisation"}, 422),
        ({"audience": "everybody"}, 422),
        ({"reason": " "}, 422),
        ({"event": "evt-9"}, 404),
        ({"place": "here"}, 422),
    ],
)
def test_what_cannot_be_asked_for_is_refused(service: Service, changes, status: int) -> None:
    client = service.client("analyst")
    assert ask(client, **changes).status_code == status
    assert client.get("/releases").json() == {"items": [], "names": {}}


def test_anybody_reads_the_public_events_and_each_the_same(service: Service) -> None:
    amina, badr = service.signed_in("amina"), service.signed_in("badr")
    made = ask(amina, audience="public").json()["id"]
    answer = badr.post(f"/releases/{made}/agree").json()
    assert datetime.fromisoformat(answer["preview"]["opens"]) > datetime.now(UTC)
    nobody = service.client()
    assert nobody.get("/public/events").json()["features"] == []
    _make_older(service.store, timedelta(days=8))
    answers = [one.get("/public/events") for one in (nobody, service.client("stranger"), amina)]
    assert len({one.content for one in answers}) == 1
    assert {one.headers["cache-control"] for one in answers} == {"public, max-age=300"}
    assert [word for word in (*WORDS, "ours") if word in answers[0].text] == []
    (told,) = answers[0].json()["features"]
    assert shape(told["geometry"]).contains(TRUE_PLACE)
    assert nobody.get("/public/events", params={"place": "here"}).status_code == 400


def test_with_the_setting_off_there_is_no_such_address(tmp_path: Path) -> None:
    with serving(tmp_path) as off:
        client = off.client()
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            asked = [client.request(method, f"/public/{one}") for one in ("events", "nothing")]
            assert asked[0].status_code == asked[1].status_code, method
            assert asked[0].content == asked[1].content
        query = {"limit": 0}
        asked = [client.get(f"/public/{one}", params=query) for one in ("events", "nothing")]
        assert asked[0].content == asked[1].content
        assert "/public/events" not in client.get("/openapi.json").json()["paths"]


def _make_older(store: MemoryStore, by: timedelta) -> None:
    """Let what is to be told have been due already: the service's own clock stands for no test."""
    from hearthwatch.records import Telling

    table = store._tables.by_record[Telling]
    for key, rows in table.items():
        table[key] = tuple(
            {**row, "at": row["at"] - by // timedelta(microseconds=1)} for row in rows
        )
