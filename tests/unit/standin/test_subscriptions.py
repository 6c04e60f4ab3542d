"""Subscriptions: what is read stays until it is acknowledged."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

import pytest

from tests.standin import Standin
from tests.support.catalogue import every, make_catalogue, uniform
from tests.support.plain_client import ask, bearer

ASKED = {
    "FilterParam": "Collection/Name eq 'SENTINEL-2'",
    "SubscriptionType": "pull",
    "SubscriptionEvent": ["created", "deleted"],
    "Status": "running",
}


@pytest.fixture
def server(tmp_path):
    days = every(date(2020, 6, 1), date(2020, 6, 26))
    with Standin(make_catalogue(tmp_path, days, uniform(B04=1500))) as running:
        yield running


@pytest.fixture
def call(server):
    form = {"grant_type": "password", "client_id": "cdse-public",
            "username": server.account.username, "password": server.account.password}  # fmt: skip
    opened = ask(server.person_token_url, "POST", urlencode(form).encode()).json()["access_token"]

    def send(method, path="", body=None):
        return ask(f"{server.subscriptions_url}{path}", method, body, bearer(opened))

    return send


def test_what_was_read_comes_again_until_it_is_acknowledged(server, call):
    made = call("POST", body=ASKED)
    assert made.status == 201
    name = made.json()["Id"]
    for scene in server.scenes():
        server.subscriptions.notify(scene)
    first, again = (call("GET", f"({name})/Read?$top=4").json() for _ in range(2))
    assert first == again
    assert len(first) == 4
    assert first[0]["ProductName"].startswith("S2B_MSIL2A_20200601T100000_N0214_R093_T34TFQ_")
    assert first[0]["value"]["PublicationDate"] == "2020-06-01T16:00:00Z"
    assert {one["Algorithm"] for one in first[0]["value"]["Checksum"]} == {"MD5", "BLAKE3"}
    done = call("POST", f"({name})/Ack?$ackid={first[2]['AckId']}").json()
    assert (done["AckMessagesNum"], done["CurrentQueueLength"]) == (3, 3)
    rest = call("GET", f"({name})/Read?$top=20").json()
    assert rest[0]["ProductName"] == first[3]["ProductName"]
    assert call("POST", f"({name})/Ack?$ackid={first[0]['AckId']}").status == 400


def test_only_events_asked_for_are_told_and_details_are_forgotten(server, call):
    name = call("POST", body=ASKED).json()["Id"]
    scene = server.scenes()[0]
    server.subscriptions.notify(scene, "modified")
    server.subscriptions.notify(scene, "deleted")
    (told,) = call("GET", f"({name})/Read?$top=20").json()
    assert told["SubscriptionEvent"] == "deleted"
    server.subscriptions.forget_details()
    (told,) = call("GET", f"({name})/Read?$top=20").json()
    assert "value" not in told
    assert "ProductId" in told


def test_one_runs_at_a_time_and_a_paused_one_hears_nothing(server, call):
    name = call("POST", body=ASKED).json()["Id"]
    assert call("POST", body=ASKED).status == 403
    assert call("PATCH", f"({name})", {"Status": "paused"}).json()["Status"] == "paused"
    server.subscriptions.notify(server.scenes()[0])
    assert call("GET", f"({name})/Read?$top=20").json() == []
    assert call("POST", body=ASKED).status == 201
    assert len(call("GET").json()["value"]) == 2
    assert call("DELETE", f"({name})").status == 204
    assert call("GET", f"({name})/Read").status == 404


@pytest.mark.parametrize("top", ["0", "21", "x"])
def test_at_most_twenty_are_read_at_once(call, top):
    name = call("POST", body=ASKED).json()["Id"]
    assert call("GET", f"({name})/Read?$top={top}").status == 400


def test_without_a_type_or_a_token_there_is_none(server, call):
    without = {key: value for key, value in ASKED.items() if key != "SubscriptionType"}
    assert call("POST", body=without).status == 422
    assert call("POST", body={**ASKED, "SubscriptionType": "push"}).status == 422
    assert ask(server.subscriptions_url, "POST", ASKED).status == 401
