"""From an analyst's word about an event to programs and people that receive it, on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from standardwebhooks.webhooks import Webhook

from api.app import create_app
from hearthwatch.alerts.installed import post_from, sender_from
from hearthwatch.alerts.sending import Sending
from hearthwatch.fusion.people import Saying, say
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import EventState, Role, Verb
from hearthwatch.settings import load_settings
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
from tests.support import mail
from tests.support.inside import Inside
from tests.support.receiving import Received, Receiver, answers

HOME = "https://watch.example"
SECONDS = 60.0


class Service:
    """A service on a database file, with a sender beside it, and somebody who asks it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        layout = Layout(folder)
        layout.make()
        self.settings = load_settings(
            data_dir=folder, organisation="ours", public_url=HOME,
            alert_allowed_hosts=("127.0.0.1",), **settings,
        )  # fmt: skip
        self.store = SqlStore.open(layout.database, write=True, alone=False)
        a.with_region(self.store)
        key, shown = new_key("ours", "desk", Role.ADMIN, datetime.now(UTC))
        with self.store.transaction() as tx:
            tx.put_key(key)
        post = post_from(self.settings, self.store)
        headers = {"Authorization": f"Bearer {shown}"}
        self.client = Inside(create_app(self.settings, self.store, post=post), headers)
        self.sending = Sending(sender_from(self.settings, self.store))
        self.thread = threading.Thread(target=self.sending.go_on)
        self.thread.start()

    def close(self) -> None:
        self.sending.stop()
        self.thread.join(60)
        self.client.close()
        self.store.close()

    def post(self, route: str, **body: Any) -> Any:
        answer = self.client.request("POST", route, json=body)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    def receiver(self, channel: str, address: str, **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.post(
            "/receivers", name=f"By {channel}", channel=channel, address=address,
            detail="exact", **more,
        )  # fmt: skip
        self.post("/subscriptions", receiver=made["id"], name="All of it")
        return made

    def confirm(self, link: str) -> None:
        found = urlsplit(link)
        answer = self.client.request("POST", f"{found.path}?{found.query}")
        assert answer.status_code == 200, answer.text

    def event(self) -> None:
        now = datetime.now(UTC)
        with self.store.transaction() as tx:
            tx.put_event(a.event(state=EventState.CANDIDATE, last_detected=now))
        say(self.store, "ours", "evt-1", Verb.CONFIRM, Saying("amina", now))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    made: list[Service] = []

    def start(**settings: Any) -> Service:
        made.append(Service(tmp_path, **settings))
        return made[-1]

    yield start
    for one in made:
        one.close()


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail("it did not come")


def nth(had: list[Any], number: int) -> Any:
    return wait_for(lambda: had[number] if len(had) > number else None)


def test_a_program_is_asked_told_and_can_check_who_tells_it(serve: Any) -> None:
    with Receiver(answers(200)) as hook:
        service = serve()
        made = service.receiver("webhook", f"http://127.0.0.1:{hook.port}/hook")
        question: Received = nth(hook.received, 0)
        verify = Webhook(made["secret"]).verify
        asked = verify(question.body, question.headers)
        assert asked["type"] == "org.hearthwatch.service.question"
        service.confirm(asked["data"]["links"]["confirm"])
        service.event()
        told: Received = nth(hook.received, 1)
        alert = verify(told.body, told.headers)
        assert alert["type"] == "org.hearthwatch.event.alert"
        assert alert["subject"] == "evt-1"
        assert f"{HOME}/#event/evt-1" in json.dumps(alert)
        said = Saying("amina", datetime.now(UTC), text="It was another place.")
        say(service.store, "ours", "evt-1", Verb.RETRACT, said)
        taken_back = verify(nth(hook.received, 2).body, hook.received[2].headers)
        assert taken_back["type"] == "org.hearthwatch.event.cancel"
        listed = service.client.get("/messages").json()["items"]
        assert [one["state"] for one in listed] == ["delivered"] * 3
        assert str(hook.port) not in json.dumps(listed)


def test_one_that_was_down_is_told_later_under_the_same_id(serve: Any) -> None:
    down = threading.Event()
    good, bad = answers(204), answers(503)

    def behave(received: Received, connection: Any, closing: Any) -> None:
        (bad if down.is_set() else good)(received, connection, closing)

    with Receiver(behave) as hook:
        service = serve()
        made = service.receiver("webhook", f"http://127.0.0.1:{hook.port}/hook")
        verify = Webhook(made["secret"]).verify
        asked = verify(nth(hook.received, 0).body, hook.received[0].headers)
        service.confirm(asked["data"]["links"]["confirm"])
        down.set()
        service.event()
        first: Received = nth(hook.received, 1)
        down.clear()
        second: Received = nth(hook.received, 2)
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        verify(second.body, second.headers)
        (message,) = service.client.get("/messages?limit=1").json()["items"]
        shown = service.client.get(f"/messages/{message['id']}").json()
        assert [one["outcome"] for one in shown["tried"]] == ["failed", "delivered"]


def test_a_person_has_mail_and_can_have_no_more_of_it(serve: Any, tmp_path: Path) -> None:
    authority, mailbox = trustme.CA(), mail.Mailbox()
    with mail.serving(mailbox, authority) as port:
        service = serve(
            smtp_host="localhost", smtp_port=port, smtp_sender="alerts@watch.example",
            certificates=mail.trusted(authority, tmp_path),
        )  # fmt: skip
        service.receiver("email", "duty@ngo.example", language="fr")
        box = mailbox.taken
        question: EmailMessage = nth(box, 0)
        link = next(word for word in text_of(question).split() if "/confirmations?" in word)
        service.confirm(link.strip("<>."))
        service.event()
        told: EmailMessage = nth(box, 1)
        assert f"{HOME}/#event/evt-1" in text_of(told)
        assert "attack" not in text_of(told).lower()
        assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        leave = urlsplit(told["List-Unsubscribe"].strip("<>"))
        assert parse_qs(leave.query)
        answer = service.client.request("POST", f"{leave.path}?{leave.query}")
        assert answer.status_code == 200
        (receiver,) = service.client.get("/receivers").json()["items"]
        assert receiver["disabled"]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
