"""What events are made of and what people say of them, as clients of the API see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from detectors.types import DetectorState as State
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.keys import new_key
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.served import listening
from tests.unit.hearthwatch.fusion.made import optical, radar

SURE = {"detector_state": State.ESTABLISHED.value, "reached": State.ESTABLISHED.value}


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[dict[str, httpx.Client]]:
    """Clients by role, of a server of one event of two sensors and one of another village.

    There is no picture of either, so nobody verifies them and one person says what they are.
    """
    store = a.with_region(MemoryStore())
    keys = {}
    with store.transaction() as tx:
        fusion = Fusion(store, "ours")
        fusion.put([optical(**SURE)])
        fusion.put([radar(**SURE), optical(id="s-other", settlement="set-2")])
        fusion.write(tx)
        for role in Role:
            key, keys[role.value] = new_key("ours", f"{role.value}s", role, datetime.now(UTC))
            tx.put_key(key)
        stranger, keys["stranger"] = new_key("theirs", "them", Role.ADMIN, datetime.now(UTC))
        tx.put_key(stranger)
    with listening(load_settings(data_dir=tmp_path), store) as url:
        made = {
            name: httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
            for name, key in keys.items()
        }
        yield made
        for client in made.values():
            client.close()


def say(client: httpx.Client, event: str = "s-optical", **sent: object) -> httpx.Response:
    return client.post(f"/events/{event}/opinions", json=sent)


def test_an_event_tells_its_sources_and_what_they_have_been_measured_to_mean(
    clients: dict[str, httpx.Client],
) -> None:
    told = clients["viewer"].get("/events/s-optical").json()["properties"]
    assert told["state"] == "corroborated"
    assert [one["independence"] for one in told["sources"]] == [["optical"], ["radar"]]
    assert told["meaning"]["class"] == "established_by_two"
    assert told["meaning"]["event_state"] == "corroborated"
    listed = clients["viewer"].get("/events/s-optical/sources").json()["items"]
    assert listed == told["sources"]
    assert (told["change"], told["merged_into"]) == (None, None)


@pytest.mark.parametrize("role", ["analyst", "admin"])
def test_whoever_may_change_things_says_what_an_event_is(
    clients: dict[str, httpx.Client], role: str
) -> None:
    client = clients[role]
    made = say(client, verb="reject", reason="other", text="a bonfire")
    assert made.status_code == 201
    assert made.json()["properties"]["state"] == "rejected"
    (said,) = client.get("/events/s-optical/opinions").json()["items"]
    assert (said["verb"], said["reason"], said["text"]) == ("reject", "other", "a bonfire")
    assert said["who"].startswith(f"{role}s (")
    assert say(client, verb="undo").json()["properties"]["state"] == "corroborated"
    states = [
        one["properties"]["state"]
        for one in client.get("/events/s-optical/versions").json()["items"]
    ]
    assert states == ["provisional", "corroborated", "rejected", "corroborated"]


def test_split_and_merge_keep_ids(clients: dict[str, httpx.Client]) -> None:
    client = clients["analyst"]
    left = say(client, verb="split", sources=["s-radar"]).json()["properties"]
    assert [one["id"] for one in left["sources"]] == ["s-optical"]
    new = client.get("/events/s-radar").json()["properties"]
    assert new["state"] == "provisional"
    merged = say(client, verb="merge", other="s-other").json()["properties"]
    assert [one["id"] for one in merged["sources"]] == ["s-optical", "s-other"]
    gone = client.get("/events/s-other").json()["properties"]
    assert (gone["state"], gone["merged_into"], gone["sources"]) == ("closed", "s-optical", [])


def test_a_viewer_may_read_and_not_speak(clients: dict[str, httpx.Client]) -> None:
    refused = say(clients["viewer"], verb="confirm")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:hearthwatch:problem:scope")
    none = {"items": [], "not_alone": []}
    assert clients["viewer"].get("/events/s-optical/opinions").json() == none


def test_for_a_stranger_there_is_no_event(clients: dict[str, httpx.Client]) -> None:
    theirs = clients["stranger"]
    for path in ("sources", "opinions", "links"):
        answers = [theirs.get(f"/events/{event}/{path}") for event in ("s-optical", "nothing")]
        assert [one.status_code for one in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    answers = [say(theirs, event, verb="confirm") for event in ("s-optical", "nothing")]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("sent", "status", "where"),
    [
        ({"verb": "reject"}, 422, "body.reason"),
        ({"verb": "confirm", "reason": "duplicate"}, 422, "body.reason"),
        ({"verb": "split"}, 422, "body.sources"),
        ({"verb": "merge"}, 422, "body.other"),
        ({"verb": "confirm", "other": "s-other"}, 422, "body.other"),
        ({"verb": "accuse"}, 422, "body.verb"),
        ({"verb": "confirm", "cause": "arson"}, 422, "body.cause"),
        ({"verb": "retract"}, 409, None),
        ({"verb": "undo"}, 409, None),
        ({"verb": "split", "sources": ["s-other"]}, 409, None),
        ({"verb": "merge", "other": "s-optical"}, 409, None),
        ({"verb": "merge", "other": "nothing"}, 404, None),
    ],
)
def test_what_cannot_be_said_is_refused_and_changes_nothing(
    clients: dict[str, httpx.Client], sent: dict[str, object], status: int, where: str | None
) -> None:
    client = clients["analyst"]
    refused = say(client, **sent)
    assert refused.status_code == status
    if where:
        assert [one["where"] for one in refused.json()["errors"]] == [where]
    assert client.get("/events/s-optical").json()["properties"]["version"] == 2


def test_links_say_what_they_are(clients: dict[str, httpx.Client]) -> None:
    found = clients["viewer"].get("/events/s-optical/links").json()
    assert found["items"] == []
    assert "no state rests on them" in found["words"]
