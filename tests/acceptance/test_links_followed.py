"""Every link in everything that is sent, followed: the right page, and nothing is changed."""

from __future__ import annotations

import dataclasses
import email
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree

from api import server
from api.app import create_app
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.channel import AlertChannel, Letter, Parcel, Receipt
from hearthwatch.alerts.email import Email, Server, message_of
from hearthwatch.alerts.installed import channels_from, post_from, sender_from
from hearthwatch.keys import new_key
from hearthwatch.records import Channel, EventState, Language, Mode, Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.watchdogs.watching import Watchdogs
from tests.contract import store_records as a
from tests.support.inside import Inside

HOME = "https://watch.example"
SENDER = "alerts@watch.example"
ADDRESSES = {
    Channel.WEBHOOK: "https://hooks.example/x", Channel.CAP: "https://cap.example/x",
    Channel.EMAIL: "duty@ngo.example", Channel.APPRISE: "ntfys://hooks.example/topic",
    Channel.FEED: "",
}  # fmt: skip
LINK = re.compile(r"https?://[^\s<>\"']+")
OF_EVENTS = {"alert", "update", "cancel", "exercise", "list", "late", "digest"}
OF_SERVICE = {"alarm", "heartbeat"}
ALWAYS = {"question", "test"} | OF_EVENTS | OF_SERVICE
PAGE = re.compile(r"#event/(evt-[a-z0-9]+)")
MINUTE = timedelta(minutes=1)


@dataclass
class Caught:
    """A channel that writes as it does, and keeps what it would hand over."""

    way: AlertChannel
    taken: list[Parcel] = field(default_factory=list)

    def check(self, address: str) -> str:
        return address

    def render(self, letter: Letter) -> Mapping[str, Any]:
        return json.loads(json.dumps(self.way.render(letter)))

    def deliver(self, parcel: Parcel) -> Receipt:
        self.taken.append(parcel)
        return Receipt(200)


class World:
    """A service at a real socket, and a receiver of every channel in every language."""

    def __init__(self, folder: Path) -> None:
        settings = load_settings(data_dir=folder, organisation="ours", public_url=HOME)
        self.store = a.with_region(MemoryStore())
        self.now = datetime.now(UTC)
        ways = channels_from(settings) | {Channel.EMAIL: Email(Server("", 25, "starttls", SENDER))}
        self.ways = {name: Caught(way) for name, way in ways.items()}
        post = post_from(settings, self.store, self.ways)
        self.dogs = Watchdogs(
            settings, self.store, post, clock=lambda: self.now, running=lambda: self.now.timestamp()
        )
        self.sender = sender_from(settings, self.store, self.ways, clock=lambda: self.now)
        self.app = create_app(settings, self.store, post=post)
        key, shown = new_key("ours", "desk", Role.ADMIN, self.now)
        with self.store.transaction() as tx:
            tx.put_key(key)
        self.own = {"Authorization": f"Bearer {shown}"}
        self.names: dict[str, tuple[Channel, Language]] = {}
        self.secrets: dict[str, str] = {}
        self.known: dict[str, str] = {}

    def fill(self, ask: Callable[..., Any]) -> None:
        """Have everything sent that there is, to everybody."""
        modes = [one.value for one in Mode]
        for channel, address in ADDRESSES.items():
            for language in Language:
                made = ask("POST", "/receivers", json={
                    "name": f"{channel} {language}", "channel": channel.value, "address": address,
                    "language": language.value, "detail": "exact", "storm_cap": 5,
                })  # fmt: skip
                self.names[made["id"]], self.secrets[made["id"]] = (
                    (channel, language),
                    made["secret"],
                )
                ask("POST", "/subscriptions",
                    json={"receiver": made["id"], "name": "All", "modes": modes})  # fmt: skip
                for about in ("alarms", "heartbeat"):
                    ask("POST", "/subscriptions",
                        json={"receiver": made["id"], "name": about, "about": about})  # fmt: skip
        self.sender.step()
        self.confirm()
        self.tell("alert", 1)
        self.tell("update", 1, version=2, state=EventState.CONFIRMED)
        self.tell("cancel", 1, version=3, state=EventState.RETRACTED)
        self.tell("exercise", 2, mode=Mode.EXERCISE)
        self.tell("list", *range(3, 10))
        self.now += timedelta(hours=2)
        self.tell("late", 20, 21, after=timedelta(hours=1))
        for name in self.names:
            ask("POST", f"/receivers/{name}/test")
        self.step()
        # What lies far back is told in the morning, in a list.
        self.tell("digest", 30, 31, last_detected=self.now - timedelta(days=40))
        self.now = self.store.alerts("ours", event="evt-30")[0].due
        self.step()
        # No sender has given a sign of life here: that is an alarm, once it was found for a while.
        for _ in range(4):
            self.now += MINUTE
            assert self.dogs.step()
        self.step()

    def confirm(self) -> None:
        with self.store.transaction() as tx:
            for one in self.store.receivers("ours"):
                tx.put_receiver(_confirmed(one, self.now))

    def tell(
        self, form: str, *numbers: int, version: int = 1, after: timedelta = MINUTE, **more: Any
    ) -> None:
        plain = {"state": EventState.PROVISIONAL, "last_detected": self.now}
        with self.store.transaction() as tx:
            events = [a.event(id=f"evt-{n}", version=version, **plain | more) for n in numbers]
            for event in events:
                tx.put_event(event)
            enqueue(self.store, tx, "ours", events, now=self.now)
        self.now += after
        self.step()

    def step(self) -> None:
        # What tells of one event goes out one after another.
        while self.sender.step():
            pass

    def sent(self) -> Iterator[tuple[str, str, Channel, str]]:
        """Give the receiver, the form, and the text of everything that was sent."""
        messages = self.store.messages("ours", limit=1000).items
        taken = {one.id: one for way in self.ways.values() for one in way.taken}
        for one in messages:
            channel, _ = self.names[one.receiver]
            form = self.form_of(one)
            if channel is Channel.FEED:
                continue
            for text in texts_of(channel, taken[one.id]):
                yield one.receiver, form, channel, text

    def form_of(self, message: Any) -> str:
        if message.mode is Mode.EXERCISE:
            return "exercise"
        if message.form.value != "single":
            return str(message.form.value)
        (alert,) = self.store.alerts("ours", message=message.id)
        return str(alert.act.value)

    def state(self) -> Any:
        """Return all that following a link might change."""
        return (
            self.store.receivers("ours", removed=True), self.store.subscriptions("ours"),
            self.store.messages("ours", limit=1000).items,
            [one for one in self.store.audit("ours") if not one.act.startswith("read_")],
        )  # fmt: skip


def _confirmed(receiver: Any, now: datetime) -> Any:
    return dataclasses.replace(receiver, confirmed=now, revision=receiver.revision + 1)


def texts_of(channel: Channel, parcel: Parcel) -> Iterator[str]:
    """Give what whoever receives can read of a parcel: links stand only there."""
    content = parcel.content
    if channel is Channel.EMAIL:
        raw = message_of(parcel, SENDER).as_bytes()
        message = email.message_from_bytes(raw, policy=policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        yield body.get_content()
        yield str(message["List-Unsubscribe"] or "")
    elif channel is Channel.APPRISE:
        yield from content["texts"]
        yield content["short"]
    elif channel is Channel.CAP:
        for one in etree.fromstring(content["body"].encode()).iter():
            yield from filter(None, (one.text, *map(str, one.attrib.values())))
    else:
        yield from strings_of(json.loads(content["body"]))


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from strings_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings_of(one)
    elif isinstance(value, str):
        yield value


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("links"))
    inside = Inside(made.app, made.own)

    def ask(method: str, address: str, **more: Any) -> Any:
        answer = inside.request(method, address, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    made.fill(ask)
    inside.close()
    return made


@pytest.fixture(scope="module")
def browser(world: World) -> Iterator[httpx.Client]:
    """A client of the service at a real socket, without a key."""
    started = threading.Event()
    with server.bind("127.0.0.1", 0) as sock:
        served = server.made(world.app, started.set)
        thread = threading.Thread(target=served.run, kwargs={"sockets": [sock]})
        thread.start()
        assert started.wait(60)
        where = f"http://127.0.0.1:{sock.getsockname()[1]}"
        with httpx.Client(base_url=where, timeout=60) as client:
            yield client
        served.should_exit = True
        thread.join(60)


def follow(world: World, browser: httpx.Client, link: str, language: Language) -> str:
    """Open a link as it was sent; return what it leads to."""
    assert link.startswith(HOME), link
    if link not in world.known:
        answer = browser.get(link.removeprefix(HOME) or "/")
        assert answer.status_code == 200, link
        world.known[link] = answer.text
    text, parts = world.known[link], urlsplit(link)
    if parts.path in ("/confirmations", "/unsubscriptions"):
        assert '<form method="post"' in text
        assert f'<html lang="{language.value}"' in text
        assert f'action="{parts.path[1:]}?' in text
        return parts.path[1:]
    if parts.path.startswith("/feeds/"):
        return "feed"
    assert parts.path in ("", "/"), link
    assert '<script type="module"' in text
    if not parts.fragment:
        return "home"
    event = PAGE.fullmatch(f"#{parts.fragment}")
    assert event is not None, link
    assert browser.get(f"/events/{event[1]}", headers=world.own).status_code == 200
    return "event"


def test_every_link_in_what_is_sent_leads_where_it_says_and_changes_nothing(
    world: World, browser: httpx.Client
) -> None:
    before = world.state()
    found: dict[tuple[Channel, Language], dict[str, set[str]]] = {}
    for receiver, form, channel, text in world.sent():
        language = world.names[receiver][1]
        led = found.setdefault((channel, language), {}).setdefault(form, set())
        for link in LINK.findall(text):
            led.add(follow(world, browser, link, language))
    assert world.state() == before
    assert len(found) == 4 * len(Language)
    for (channel, _), led_by in found.items():
        assert set(led_by) == ALWAYS
        assert "confirmations" in led_by["question"]
        for form in OF_EVENTS:
            assert "event" in led_by[form]
        for form in OF_SERVICE:
            assert "home" in led_by[form]
        people = channel in (Channel.EMAIL, Channel.APPRISE)
        for form in ALWAYS - {"question"}:
            assert ("unsubscriptions" in led_by[form]) is people


def test_every_link_in_a_feed_leads_where_it_says(world: World, browser: httpx.Client) -> None:
    before = world.state()
    for name, (channel, language) in world.names.items():
        if channel is not Channel.FEED:
            continue
        where = f"/feeds/{name}.atom?token={world.secrets[name]}"
        feed = etree.fromstring(browser.get(where).content)
        texts = [
            said
            for one in feed.iter()
            for said in (one.text or "", one.get("href") or "")
        ]  # fmt: skip
        links = {link for text in texts for link in LINK.findall(text)}
        led = {follow(world, browser, link, language) for link in links}
        assert led == {"feed", "home", "event"}
        acts = {one.get("term") for one in feed.iter("{*}category")}
        assert acts >= OF_EVENTS | OF_SERVICE | {"test"}
    assert world.state() == before
