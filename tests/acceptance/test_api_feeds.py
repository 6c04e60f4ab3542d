"""Feeds over HTTP: who can fetch one, what stands in it, and what becomes of its secret."""

from __future__ import annotations

import base64
import dataclasses
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import httpx
import pytest

from api.app import create_app
from hearthwatch.alerting.feeds import A_SHEET
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.installed import channels_from, post_from, sender_from
from hearthwatch.keys import new_key
from hearthwatch.operation.logs import REQUESTS
from hearthwatch.records import EventState, MessageState, Mode, Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.inside import Inside

HOME = "https://watch.example"


class Service:
    """A service with the channels that are installed, and a person who asks it."""

    def __init__(self, folder: Path) -> None:
        self.store = a.with_region(MemoryStore())
        settings = load_settings(data_dir=folder, organisation="ours", public_url=HOME)
        channels = channels_from(settings)
        self.sender = sender_from(settings, self.store, channels)
        app = create_app(settings, self.store, post=post_from(settings, self.store, channels))
        self.client = Inside(app)
        key, shown = new_key("ours", "desk", Role.ADMIN, datetime.now(UTC))
        with self.store.transaction() as tx:
            tx.put_key(key)
        self.own = {"Authorization": f"Bearer {shown}"}

    def ask(self, method: str, address: str, **more: Any) -> Any:
        answer = self.client.request(method, address, headers=self.own, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def add(self, **more: Any) -> dict[str, Any]:
        sent = {"name": "Reader", "channel": "feed", "detail": "exact"} | more
        made: dict[str, Any] = self.ask("POST", "/receivers", json=sent)
        modes = [one.value for one in Mode]
        self.ask(
            "POST", "/subscriptions", json={"receiver": made["id"], "name": "All", "modes": modes}
        )
        return made

    def tell(self, number: int = 1, version: int = 1, sent: bool = True, **more: Any) -> None:
        plain = {"state": EventState.PROVISIONAL, "last_detected": datetime.now(UTC)}
        with self.store.transaction() as tx:
            event = a.event(id=f"evt-{number}", version=version, **plain | more)
            tx.put_event(event)
            enqueue(self.store, tx, "ours", [event])
        if sent:
            self.sender.step()

    def fetch(self, made: dict[str, Any], secret: str = "", **more: Any) -> httpx.Response:
        where = f"/feeds/{made['id']}.atom?token={secret or made['secret']}"
        return self.client.request("GET", where, **more)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.client.close()


def read(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    found = feedparser.parse(answer.content)
    assert not found.bozo, found.bozo_exception
    return found


def test_what_is_told_stands_in_it_and_counts_as_delivered(here: Service) -> None:
    made = here.add()
    assert read(here.fetch(made)).entries == []
    here.tell()
    here.ask("POST", f"/receivers/{made['id']}/test")
    listed = here.ask("GET", "/messages")["items"]
    assert {one["state"] for one in listed} == {"delivered"}
    here.tell(version=2, state=EventState.RETRACTED)
    entries = read(here.fetch(made)).entries
    acts = [{tag.scheme: tag.term for tag in one.tags} for one in entries]
    assert [one.get("urn:hearthwatch:act", "-") for one in acts] == ["cancel", "-", "alert"]
    assert entries[1].title.startswith("TEST")
    assert entries[0].link == f"{HOME}/#event/evt-1"


def test_each_receiver_reads_its_own_in_its_language_and_no_more_than_it_may(
    here: Service,
) -> None:
    exact = here.add(language="fr")
    notice = here.add(name="Other", detail="notice", language="ar")
    here.tell()
    told = read(here.fetch(exact))
    assert (told.feed.language, "where" in told.entries[0]) == ("fr", True)
    coarse = here.fetch(notice)
    assert (read(coarse).feed.language, b"georss" in coarse.content) == ("ar", False)
    assert here.fetch(exact, notice["secret"]).status_code == 404


def test_whatever_is_wrong_the_answer_is_the_same(here: Service) -> None:
    made, other, gone, off = (here.add(name=name) for name in ("a", "b", "c", "d"))
    hook = here.ask("POST", "/receivers", json={"name": "e", "channel": "webhook", "address": HOME})
    here.ask("DELETE", f"/receivers/{gone['id']}")
    here.ask("PATCH", f"/receivers/{off['id']}", json={"disabled": True})
    turned = here.ask("POST", f"/receivers/{other['id']}/rotate")
    assert here.fetch(other, turned["secret"]).status_code == 200
    secret = made["secret"]
    addresses = [
        f"{gone['id']}.atom?token={gone['secret']}", f"{off['id']}.atom?token={off['secret']}",
        f"{other['id']}.atom?token={other['secret']}", f"nobody.atom?token={secret}",
        f"{made['id']}.atom?token={secret[:-1]}", f"{made['id']}.atom", "nobody.atom",
        f"{made['id']}.atom?token=", f"{made['id']}.atom?token={secret}&archive=0",
        f"{hook['id']}.atom?token={hook['secret'][:40]}",
    ]  # fmt: skip
    answers = [here.client.get(f"/feeds/{one}") for one in addresses]
    wrong = base64.b64encode(b"any:wrong").decode()
    for header in ("Bearer wrong", f"Basic {wrong}", "Basic !", "Other", f"Bearer {secret}x"):
        answers += [
            here.client.get(f"/feeds/{one}.atom", headers={"Authorization": header})
            for one in (made["id"], "nobody")
        ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    for one in answers:
        del one.headers["x-request-id"]
    assert len({str(sorted(one.headers.items())) for one in answers}) == 1
    here.ask("PATCH", f"/receivers/{off['id']}", json={"disabled": False})
    assert here.fetch(off).status_code == 200


def test_the_secret_goes_in_a_header_where_one_can_be_sent(here: Service) -> None:
    made = here.add()
    for n in range(3 * A_SHEET):
        made_of(here, made, n)
    where = f"/feeds/{made['id']}.atom"
    user = base64.b64encode(f"any:{made['secret']}".encode()).decode()
    for header in (f"Bearer {made['secret']}", f"Basic {user}"):
        answer = here.client.get(where, headers={"Authorization": header})
        assert made["secret"] not in answer.text
        links = {one.rel: one.href for one in read(answer).feed.links}
        assert links["prev-archive"] == f"{HOME}{where}?archive=1"
    # Who has only the address is led on with it.
    links = {one.rel: one.href for one in read(here.fetch(made)).feed.links}
    before = urlsplit(links["prev-archive"])
    archive = read(here.client.get(f"{before.path}?{before.query}"))
    assert len(archive.entries) == A_SHEET
    assert archive.feed.links[0].href == links["prev-archive"]


def made_of(here: Service, made: dict[str, Any], number: int) -> None:
    """Put a message into a feed; the words of one do for all."""
    if number == 0:
        here.ask("POST", f"/receivers/{made['id']}/test")
        return
    (first,) = here.store.messages("ours", receiver=made["id"], limit=1000).items[-1:]
    with here.store.transaction() as tx:
        tx.put_message(dataclasses.replace(first, id=f"msg-{number}"))


def test_what_is_known_already_is_not_sent_again(here: Service) -> None:
    made = here.add()
    here.tell()
    first = here.fetch(made)
    assert first.headers["content-type"] == "application/atom+xml"
    assert first.headers["cache-control"] == "private, no-store"
    tag = first.headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = here.fetch(made, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "private, no-store"
    here.tell(2)
    news = here.fetch(made, headers={"If-None-Match": tag})
    assert (news.status_code, news.headers["etag"] != tag) == (200, True)
    head = here.client.request("HEAD", f"/feeds/{made['id']}.atom?token={made['secret']}")
    assert (head.status_code, head.headers["etag"]) == (200, news.headers["etag"])


def test_what_waited_when_it_was_switched_off_stands_there_once_it_is_on_again(
    here: Service,
) -> None:
    made = here.add()
    here.tell()
    here.tell(version=2, state=EventState.CONFIRMED, sent=False)
    here.ask("PATCH", f"/receivers/{made['id']}", json={"disabled": True})
    here.sender.step()
    assert here.store.messages("ours", state=MessageState.DEAD).items == ()
    here.ask("PATCH", f"/receivers/{made['id']}", json={"disabled": False})
    assert len(read(here.fetch(made)).entries) == 1
    here.sender.step()
    entries = read(here.fetch(made)).entries
    titles = ["Late", "Update", "Alert"]
    assert entries[0]["title"] == "Late: one event"
    assert "Late: one event" in entries[0]["summary"]
    assert "0 events" not in entries[0]["summary"]
    assert [one["title"].partition(":")[0] for one in entries] == titles


def test_who_fetches_is_in_the_log_of_acts_and_the_secret_nowhere(
    here: Service, caplog: pytest.LogCaptureFixture
) -> None:
    made = here.add()
    here.tell()
    # What a test before this set up as a process does may have closed the log of requests.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, REQUESTS):
        here.fetch(made)
        here.fetch(made, made["secret"][:-1] + "x")
        figures = here.client.get("/metrics").text
    entries = [one for one in here.store.audit("ours") if one.act == "read_feed"]
    assert [(one.actor, one.subject) for one in entries] == [("receiver", f"receiver:{made['id']}")]
    own = [one for one in caplog.records if one.name.startswith(("api", "hearthwatch"))]
    assert any("/feeds/{receiver}.atom 200" in one.getMessage() for one in own)
    told = [*(one.getMessage() for one in own), figures, repr(here.store.audit("ours"))]
    assert not [one for one in told if made["secret"][:20] in one]
