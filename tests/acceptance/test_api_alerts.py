"""Receivers, subscriptions and messages over HTTP, from being asked to being told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.app import create_app
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.channel import DeliveryFailed, Letter, Parcel
from hearthwatch.alerts.installed import post_from, sender_from
from hearthwatch.alerts.origins import look_up
from hearthwatch.errors import AlertError
from hearthwatch.keys import new_key
from hearthwatch.records import Channel, EventState, Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.inside import Inside
from tests.unit.hearthwatch.alerts.desk import Spy

ADDRESS = "https://hooks.example/secret-path"
HOME = "https://watch.example"


@dataclass
class Way(Spy):
    """A channel of the tests that takes https alone and keeps the links of its letters."""

    letters: list[Letter] = field(default_factory=list)

    def check(self, address: str) -> str:
        if not address.startswith("https://"):
            raise AlertError("Give an address that begins with https://.")
        return address

    def render(self, letter: Letter) -> Mapping[str, Any]:
        self.letters.append(letter)
        return {**super().render(letter), "links": dict(letter.links or {})}


class Service:
    """A service with a region, keys, and one channel for everything but e-mail."""

    def __init__(self, folder: Path) -> None:
        self.store = a.with_region(MemoryStore())
        self.way = Way()
        channels = {one: self.way for one in Channel if one is not Channel.CAP}
        settings = load_settings(data_dir=folder, organisation="ours", public_url=HOME)
        post = post_from(settings, self.store, channels)
        self.sender = sender_from(settings, self.store, channels)
        self.client = Inside(create_app(settings, self.store, post=post))
        self.headers: dict[str, dict[str, str]] = {"": {}}
        for name, owner, role in (
            ("analyst", "ours", Role.ANALYST), ("other", "ours", Role.ANALYST),
            ("admin", "ours", Role.ADMIN), ("viewer", "ours", Role.VIEWER),
            ("stranger", "theirs", Role.ADMIN),
        ):  # fmt: skip
            self.key(name, owner, role)

    def key(self, name: str, owner: str, role: Role, scopes: tuple[str, ...] = ()) -> None:
        key, shown = new_key(owner, name, role, datetime.now(UTC), scopes=scopes)
        with self.store.transaction() as tx:
            tx.put_key(key)
        self.headers[name] = {"Authorization": f"Bearer {shown}"}

    def ask(self, method: str, address: str, who: str = "analyst", **more: Any) -> Any:
        return self.client.request(method, address, headers=self.headers[who], **more)

    def add(self, who: str = "analyst", **changes: Any) -> dict[str, Any]:
        sent = {"name": "Desk", "channel": "webhook", "address": ADDRESS} | changes
        answer = self.ask("POST", "/receivers", who, json=sent)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def told(self, **changes: Any) -> dict[str, Any]:
        """Add a receiver that wants to be told."""
        made = self.add(**changes)
        self.sender.step()
        link = urlsplit(self.way.taken[-1].content["links"]["confirm"])
        assert self.ask("POST", f"{link.path}?{link.query}", "").status_code == 200
        return made

    def event(self, number: int = 1) -> None:
        with self.store.transaction() as tx:
            event = a.event(id=f"evt-{number}", version=1, state=EventState.PROVISIONAL,
                            last_detected=datetime.now(UTC))  # fmt: skip
            tx.put_event(event)
            enqueue(self.store, tx, "ours", [event])


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.client.close()


def test_it_is_asked_and_told_nothing_before_it_says_so(here: Service) -> None:
    made = here.add()
    assert made["secret"].startswith("whsec_")
    assert made["confirmed"] is None
    sub = {"receiver": made["id"], "name": "All"}
    assert here.ask("POST", "/subscriptions", json=sub).status_code == 201
    here.event()
    here.sender.step()
    (question,) = here.way.taken
    assert question.content["form"] == "question"
    assert question.address == ADDRESS
    link = urlsplit(question.content["links"]["confirm"])
    assert question.content["links"]["confirm"].startswith(f"{HOME}/confirmations?")
    # A page that only looks changes nothing.
    page = here.ask("GET", f"{link.path}?{link.query}", "")
    assert '<form method="post"' in page.text
    address = f"/receivers/{made['id']}"
    assert here.ask("GET", address).json()["confirmed"] is None
    body = {"content": b"List-Unsubscribe=One-Click",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"}}  # fmt: skip
    answer = here.client.request("POST", f"{link.path}?{link.query}", **body)
    assert answer.status_code == 200
    assert here.ask("GET", address).json()["confirmed"]
    assert "secret" not in here.ask("GET", address).json()
    here.event(2)
    here.sender.step()
    assert [one["event"] for one in here.way.taken[-1].content["facts"]] == ["evt-2"]


def test_its_token_can_be_brought_back_by_who_answers_for_it(here: Service) -> None:
    made = here.add()
    here.sender.step()
    query = parse_qs(urlsplit(here.way.taken[-1].content["links"]["confirm"]).query)
    where = f"/receivers/{made['id']}/confirm"
    assert here.ask("POST", where, json={"token": "x" * 43}).status_code == 404
    assert here.ask("POST", where, json={"token": query["token"][0]}).json()["confirmed"]


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(here: Service) -> None:
    made = here.told()
    other = here.add(name="Other")
    token = parse_qs(urlsplit(here.way.letters[-1].links["confirm"]).query)["token"][0]  # type: ignore[index]
    answers = [
        here.client.request("POST", f"/{where}?receiver={receiver}&token={shown}")
        for where in ("confirmations", "unsubscriptions")
        for receiver, shown in (
            (made["id"], token), ("rcv-nobody", token), (made["id"], "x" * 43),
            (other["id"], token[:-1]),
        )
    ]  # fmt: skip
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert here.ask("GET", f"/receivers/{other['id']}").json()["confirmed"] is None


def test_one_click_ends_it_until_it_is_asked_again(here: Service) -> None:
    made = here.told(channel="email", address="https://mail.example/desk")
    assert made["secret"] is None
    assert here.ask("POST", f"/receivers/{made['id']}/test").status_code == 201
    here.sender.step()
    link = urlsplit(here.way.taken[-1].content["links"]["unsubscribe"])
    where = f"{link.path}?{link.query}"
    assert here.ask("GET", where, "").status_code == 200
    address = f"/receivers/{made['id']}"
    assert here.ask("GET", address).json()["disabled"] is None
    assert here.ask("POST", where, "").status_code == 200
    found = here.ask("GET", address).json()
    assert found["disabled"]
    assert found["confirmed"] is None
    assert here.ask("POST", f"{address}/test").status_code == 409
    asked = len(here.way.letters)
    on = here.ask("PATCH", address, json={"disabled": False}).json()
    assert (on["disabled"], on["confirmed"]) == (None, None)
    assert [one.form.value for one in here.way.letters[asked:]] == ["question"]
    acts = [one.act for one in here.store.audit("ours") if one.actor == "receiver"]
    assert acts == ["receiver confirm", "receiver unsubscribe"]


def test_a_test_is_marked_and_goes_to_who_wants_it_alone(here: Service) -> None:
    made = here.add()
    where = f"/receivers/{made['id']}/test"
    assert here.ask("POST", where).status_code == 409
    told = here.told(name="Other")
    answer = here.ask("POST", f"/receivers/{told['id']}/test")
    assert answer.status_code == 201
    assert (answer.json()["form"], answer.json()["mode"]) == ("test", "test")
    assert here.ask("POST", f"/receivers/{told['id']}/test").status_code == 409
    here.sender.step()
    assert (here.way.taken[-1].content["form"], here.way.taken[-1].content["mode"]) == (
        "test", "test",
    )  # fmt: skip
    listed = here.ask("GET", answer.headers["location"]).json()
    assert (listed["state"], [one["outcome"] for one in listed["tried"]]) == (
        "delivered", ["delivered"],
    )  # fmt: skip


def test_no_answer_and_no_log_tells_an_address_or_a_secret(here: Service) -> None:
    made = here.told()
    told = [
        here.ask("GET", where).text
        for where in ("/receivers", f"/receivers/{made['id']}", "/messages", "/audit")
    ]
    told.append(here.ask("PATCH", f"/receivers/{made['id']}", json={"storm_cap": 3}).text)
    told.append(repr(here.store.audit("ours")) + repr(here.store.receivers("ours")))
    refused = here.ask(
        "POST", "/receivers", json={"name": "x", "channel": "webhook", "address": "ftp://secret"}
    )
    assert refused.status_code == 422
    told.append(refused.text)
    for word in ("hooks.example", "secret-path", made["secret"], "ftp://secret"):
        assert not [one for one in told if word in one]


def test_another_address_is_asked_anew_and_has_another_secret(here: Service) -> None:
    made = here.told()
    where = f"/receivers/{made['id']}"
    changed = here.ask("PATCH", where, json={"address": "https://new.example/"}).json()
    assert changed["confirmed"] is None
    assert changed["secret"] not in (None, made["secret"])
    here.sender.step()
    assert (here.way.taken[-1].address, here.way.taken[-1].content["form"]) == (
        "https://new.example/", "question",
    )  # fmt: skip
    assert len(here.way.taken[-1].secrets) == 1


def test_two_secrets_sign_after_one_was_replaced(here: Service) -> None:
    waiting = here.add(name="Waiting")
    assert here.ask("POST", f"/receivers/{waiting['id']}/rotate").status_code == 409
    made = here.told()
    turned = here.ask("POST", f"/receivers/{made['id']}/rotate").json()
    assert turned["secret"] not in (None, made["secret"])
    here.ask("POST", f"/receivers/{made['id']}/test")
    here.sender.step()
    assert list(here.way.taken[-1].secrets) == [turned["secret"], made["secret"]]


def test_a_feed_is_not_asked_and_has_no_address(here: Service) -> None:
    feed = {"name": "Feed", "channel": "feed"}
    made = here.ask("POST", "/receivers", json=feed).json()
    assert made["confirmed"]
    assert made["secret"]
    assert here.way.letters == []
    wrong = here.ask("POST", "/receivers", json={**feed, "address": ADDRESS})
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Africa/Nowhere"}, {"quiet_from": 60}, {"quiet_from": 60, "quiet_until": 1440},
        {"quiet_from": True, "quiet_until": 60}, {"storm_cap": 0}, {"storm_cap": 1001},
        {"storm_cap": 20.0}, {"name": ""}, {"name": "x" * 201}, {"scope": "Public"},
        {"pictures": True}, {"pictures": 1}, {"channel": "email", "pictures": True},
        {"address": ""}, {"channel": "cap"}, {"channel": "pigeon"}, {"owner": "per-1"},
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(here: Service, change: dict[str, Any]) -> None:
    sent = {"name": "Desk", "channel": "webhook", "address": ADDRESS} | change
    answer = here.ask("POST", "/receivers", json=sent)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert here.store.receivers("ours") == ()


@pytest.mark.parametrize(
    ("scopes", "detail", "status"),
    [
        (("watch",), "notice", 201), (("watch",), "exact", 409), (("watch", "read"), "exact", 201),
        (("watch", "read"), "partner", 409), (("watch", "release"), "public", 201),
        (("read",), "notice", 403),
    ],
)  # fmt: skip
def test_nobody_has_others_told_more_than_they_may_tell(
    here: Service, scopes: tuple[str, ...], detail: str, status: int
) -> None:
    here.key("narrow", "ours", Role.ANALYST, scopes)
    sent = {"name": "Desk", "channel": "webhook", "address": ADDRESS, "detail": detail}
    assert here.ask("POST", "/receivers", "narrow", json=sent).status_code == status


def test_pictures_go_by_e_mail_to_who_is_told_everything_and_end_where_less_is_told(
    here: Service,
) -> None:
    mail = {"channel": "email", "address": ADDRESS, "detail": "exact"}
    assert here.add(name="Without", **mail)["pictures"] is False
    made = here.add(name="With", pictures=True, **mail)
    where = f"/receivers/{made['id']}"
    assert made["pictures"] and here.ask("GET", where).json()["pictures"]
    refused = here.ask("PATCH", where, json={"detail": "notice", "pictures": True})
    assert refused.status_code == 422
    assert "A picture shows where the ground is" in refused.json()["detail"]
    lowered = here.ask("PATCH", where, json={"detail": "notice"}).json()
    assert (lowered["detail"], lowered["pictures"]) == ("notice", False)
    noted = [one.detail for one in here.store.audit("ours") if one.act == "receiver change"]
    assert [one["changed"] for one in noted] == [["detail", "pictures"]]
    refused = here.ask("PATCH", where, json={"pictures": True})
    assert refused.status_code == 422
    back = here.ask("PATCH", where, json={"detail": "exact"}).json()
    assert back["pictures"] is False, "nobody asked for them again"


def test_one_changes_ones_own_and_who_lets_people_in_all(here: Service) -> None:
    made = here.told()
    where = f"/receivers/{made['id']}"
    change = {"json": {"storm_cap": 5}}
    assert here.ask("GET", where, "viewer").status_code == 200
    assert here.ask("PATCH", where, "viewer", **change).status_code == 403
    assert here.ask("PATCH", where, "other", **change).status_code == 409
    assert here.ask("DELETE", where, "other").status_code == 409
    for method, more in (("GET", {}), ("PATCH", change), ("DELETE", {})):
        assert here.ask(method, where, "stranger", **more).status_code == 404
    assert here.ask("PATCH", where, "admin", **change).json()["storm_cap"] == 5
    assert here.ask("DELETE", where, "admin").status_code == 204
    assert here.ask("GET", where).status_code == 404
    assert here.store.receiver("ours", made["id"]).address == ""


def test_that_who_answers_for_a_receiver_was_shut_out_is_listed_until_it_is_taken_over(
    here: Service,
) -> None:
    made = here.told()
    key = here.store.key(made["owner"])
    assert key is not None
    with here.store.transaction() as tx:
        tx.put_key(dataclasses.replace(key, revoked=datetime.now(UTC)))
    assert here.ask("GET", "/receivers", "viewer").json()["gone"] == [made["owner"]]
    where = f"/receivers/{made['id']}"
    assert here.ask("PATCH", where, "other", json={"take_over": True}).status_code == 409
    assert here.ask("PATCH", where, "admin", json={"take_over": True}).status_code == 200
    assert here.ask("GET", "/receivers", "viewer").json()["gone"] == []


def test_who_answers_for_a_receiver_is_named_and_one_that_was_removed_is_listed_if_asked_for(
    here: Service,
) -> None:
    kept, gone = here.told(), here.add(name="Gone")
    assert here.ask("DELETE", f"/receivers/{gone['id']}").status_code == 204
    listed = here.ask("GET", "/receivers", "viewer").json()
    assert [one["id"] for one in listed["items"]] == [kept["id"]]
    assert listed["names"] == {kept["owner"]: "analyst"}
    assert listed["gone"] == []
    every = here.ask("GET", "/receivers?removed=true").json()["items"]
    assert {one["id"]: bool(one["removed"]) for one in every} == {
        kept["id"]: False,
        gone["id"]: True,
    }
    assert here.ask("GET", "/receivers?removed=true", "stranger").json()["items"] == []


def test_the_channels_that_are_set_up_are_told(here: Service) -> None:
    offered = here.ask("GET", "/limits").json()["channels"]
    assert offered == ["apprise", "email", "feed", "webhook"]


def test_a_subscription_from_beginning_to_end(here: Service) -> None:
    made = here.told()
    square = [[25.3, 13.6], [25.32, 13.6], [25.32, 13.62], [25.3, 13.62], [25.3, 13.6]]
    area = {"type": "Polygon", "coordinates": [square]}
    sent = {"receiver": made["id"], "name": "Here", "region": "reg-1", "geometry": area,
            "kinds": ["burned"]}  # fmt: skip
    answer = here.ask("POST", "/subscriptions", json=sent)
    assert answer.status_code == 201, answer.text
    where = answer.headers["location"]
    assert answer.json()["geometry"]["type"] in ("Polygon", "MultiPolygon")
    assert here.ask("PATCH", where, json={"paused": True}).json()["paused"]
    changed = here.ask("PATCH", where, json={"paused": False, "geometry": None}).json()
    assert (changed["paused"], changed["geometry"], changed["kinds"]) == (None, None, ["burned"])
    assert here.ask("PATCH", where, "other", json={"paused": True}).status_code == 409
    assert here.ask("GET", where, "stranger").status_code == 404
    listed = here.ask("GET", f"/subscriptions?receiver={made['id']}").json()["items"]
    assert [one["id"] for one in listed] == [changed["id"]]
    assert here.ask("DELETE", where).status_code == 204
    assert here.ask("GET", where).status_code == 404
    assert here.ask("DELETE", where).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"receiver": "rcv-nobody"}, 404), ({"region": "reg-9"}, 422), ({"modes": []}, 422),
        ({"least_state": "rejected"}, 422), ({"kinds": ["flood"]}, 422),
        ({"geometry": {"type": "Point", "coordinates": [25.3, 13.6]}}, 422),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, 422),
        ({"responder": "org"}, 422),
    ],
)  # fmt: skip
def test_a_subscription_that_cannot_be_is_refused(
    here: Service, change: dict[str, Any], status: int
) -> None:
    made = here.told()
    sent = {"receiver": made["id"], "name": "Here"} | change
    assert here.ask("POST", "/subscriptions", json=sent).status_code == status
    assert here.store.subscriptions("ours") == ()


def test_what_was_given_up_is_sent_again_under_its_id(here: Service) -> None:
    made = here.told()
    here.ask("POST", "/subscriptions", json={"receiver": made["id"], "name": "All"})

    def refuse(parcel: Parcel) -> None:
        raise DeliveryFailed("HTTP 400", status=400, retryable=False)

    here.way.answer = refuse
    here.event()
    here.sender.step()
    (dead,) = here.ask("GET", "/messages?state=dead").json()["items"]
    assert (dead["attempts"], dead["events"]) == (1, ["evt-1"])
    (told,) = here.ask("GET", "/alerts?event=evt-1").json()["items"]
    assert (told["receiver_name"], told["message"], told["state"]) == ("Desk", dead["id"], "dead")
    here.way.answer = lambda parcel: None
    where = f"/messages/{dead['id']}"
    assert here.ask("POST", f"{where}/again", "other").status_code == 409
    assert here.ask("POST", f"{where}/again", "stranger").status_code == 404
    assert here.ask("POST", f"{where}/again").json()["state"] == "waiting"
    here.sender.step()
    found = here.ask("GET", where).json()
    assert [one["outcome"] for one in found["tried"]] == ["refused", "delivered"]
    assert here.way.tried[-1].id == dead["id"]
    assert here.ask("POST", f"{where}/again").status_code == 409
    assert here.ask("GET", "/alerts?event=evt-9").status_code == 404
    assert here.ask("GET", "/alerts?event=evt-1", "stranger").status_code == 404


def test_each_alert_has_its_steps_and_its_watch_tells_how_long_they_take(here: Service) -> None:
    made = here.told(detail="exact")
    here.ask("POST", "/subscriptions", json={"receiver": made["id"], "name": "All"})
    here.event()
    (told,) = here.ask("GET", "/alerts?event=evt-1").json()["items"]
    assert (told["steps"]["sent"], told["steps"]["detected"]) == (None, None)
    here.sender.step()
    look_up(here.store, datetime.now(UTC))
    (told,) = here.ask("GET", "/alerts?event=evt-1").json()["items"]
    steps = told["steps"]
    assert steps["sensed"] <= steps["detected"] <= steps["sent"]
    assert steps["acknowledged"] is steps["published"] is None
    whole = here.ask("GET", "/latency").json()
    (region,) = whole.pop("by_region")
    assert (region["region"], whole["alerts"]) == ("reg-1", 1)
    own = here.ask("GET", "/regions/reg-1/latency?days=1").json()
    took = {one["section"]: (one["over"], one["open"], one["unknown"]) for one in own["sections"]}
    assert took == {
        "published": (0, 0, 1), "fetched": (0, 0, 1), "detected": (0, 0, 1), "verified": (0, 0, 1),
        "sent": (1, 0, 0), "acknowledged": (0, 1, 0), "told": (1, 0, 0), "answered": (0, 1, 0),
    }  # fmt: skip
    answered = own["sections"][-1]
    assert (answered["p50"], answered["longest"]["at_least"]) == (None, True)
    assert here.ask("GET", "/latency", "stranger").json()["alerts"] == 0
    assert here.ask("GET", "/latency", "stranger").json()["by_region"] == []
    assert here.ask("GET", "/regions/reg-1/latency", "stranger").status_code == 404
    assert here.ask("GET", "/latency?days=0").status_code == 400


def test_messages_come_in_pages(here: Service) -> None:
    for _ in range(3):
        here.add()
    first = here.ask("GET", "/messages?limit=2").json()
    assert len(first["items"]) == 2
    rest = here.ask("GET", f"/messages?limit=2&after={first['next']}").json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None


def test_without_channels_nobody_can_be_added(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, organisation="ours")
    store = MemoryStore()
    key, shown = new_key("ours", "admin", Role.ADMIN, datetime.now(UTC))
    with store.transaction() as tx:
        tx.put_key(key)
    client = Inside(create_app(settings, store))
    sent = {"name": "Desk", "channel": "webhook", "address": ADDRESS}
    headers = {"Authorization": f"Bearer {shown}"}
    assert client.request("POST", "/receivers", headers=headers, json=sent).status_code == 409
    client.close()


@pytest.mark.parametrize(
    ("language", "asks", "leaves"),
    [
        ("en", "Do you want to receive alerts?", "Nothing more is sent to you."),
        ("fr", "Voulez-vous recevoir des alertes ?", "Plus rien ne vous sera envoyé."),
        ("ar", "هل تريدون تلقّي تنبيهات؟", "لن يُرسل إليكم شيء بعد الآن."),
    ],
)
def test_pages_speak_the_language_of_who_was_sent_there(
    here: Service, language: str, asks: str, leaves: str
) -> None:
    here.add(channel="email", address="https://mail.example/desk", language=language)
    here.sender.step()
    link = urlsplit(here.way.taken[-1].content["links"]["confirm"])
    head = f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">'
    for method in ("GET", "POST"):
        page = here.ask(method, f"{link.path}?{link.query}", "")
        assert page.headers["content-language"] == language
        assert head in page.text
        assert ("<form" in page.text) is (asks in page.text) is (method == "GET")
    (one,) = here.ask("GET", "/receivers").json()["items"]
    here.ask("POST", f"/receivers/{one['id']}/test")
    here.sender.step()
    leave = urlsplit(here.way.taken[-1].content["links"]["unsubscribe"])
    assert head in here.ask("GET", f"{leave.path}?{leave.query}", "").text
    assert leaves in here.ask("POST", f"{leave.path}?{leave.query}", "").text


def test_a_stranger_reads_a_page_in_their_own_language_whoever_there_is(here: Service) -> None:
    made = here.add(language="ar")
    for accepted, language in (
        ({}, "en"), ({"Accept-Language": "fr-CA, en;q=0.8"}, "fr"),
        ({"Accept-Language": "de, en;q=0.5, ar;q=0.7"}, "ar"),
        ({"Accept-Language": "fr;q=0, *;q=x, en;q=1"}, "en"),
    ):  # fmt: skip
        for where in ("confirmations", "unsubscriptions"):
            pages = [
                here.client.get(f"/{where}?receiver={name}&token={'x' * 43}", headers=accepted)
                for name in (made["id"], "rcv-nobody")
            ]
            assert {one.headers["content-language"] for one in pages} == {language}
            told = {one.text.replace(made["id"], "rcv-nobody") for one in pages}
            assert len(told) == 1
