"""An office over burned villages: people of several roles, channels of the tests, and a sender."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect
from shapely import unary_union
from shapely.geometry import box, mapping

from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.standing import Caller
from hearthwatch.alerting.answering import CONFIRM
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerting.receivers import Receivers
from hearthwatch.alerting.subscriptions import Subscriptions
from hearthwatch.alerts.installed import post_from, sender_from
from hearthwatch.alerts.post import PostRoom
from hearthwatch.alerts.sender import Sender
from hearthwatch.errors import AlertError
from hearthwatch.records import Channel, EventFilter, EventState, Receiver, Role
from hearthwatch.store import Store
from hearthwatch.store.whole import all_events
from tests.support import burned
from tests.support.browsing import DESK, WAIT_MS, Watcher, let_in, signed_in, without_map
from tests.support.served import Served, listening
from tests.unit.hearthwatch.alerts.desk import Spy

ADDRESS = "https://hooks.example/secret-path"


class Way(Spy):
    """A channel of the tests that takes https alone."""

    def check(self, address: str) -> str:
        if not address.startswith("https://"):
            raise AlertError("Give an address that begins with https://.")
        return address


@dataclass
class Office:
    """A server with channels of the tests, and what sends by them: it does so when it is asked."""

    served: Served
    post: PostRoom
    sender: Sender
    way: Way

    @property
    def store(self) -> Store:
        return self.served.store

    @property
    def area(self) -> str:
        """Return a feature round all that is watched, as GeoJSON."""
        watched = unary_union([one.geometry for one in self.store.regions("local")])
        feature = {"type": "Feature", "geometry": mapping(box(*watched.bounds)), "properties": {}}
        return json.dumps(feature)

    def receiver(self, login: str, name: str, *, contact: bool = False, **terms: Any) -> Receiver:
        """Add a receiver of e-mail that wants to be told: of all, or as a contact."""
        who, now = caller_of(self.store, login), datetime.now(UTC)
        adding = Receivers(self.store, self.post, who, now)
        made, _ = adding.add(Channel.EMAIL, ADDRESS, {"name": name, **terms})
        if not contact:
            Subscriptions(self.store, who, now).add(made.id, {"name": "All of it"})
        self.sender.step()
        self.confirm(made.id)
        return self.store.receiver("local", made.id)

    def named(self, name: str) -> Receiver:
        return next(one for one in self.store.receivers("local") if one.name == name)

    def confirm(self, receiver: str) -> None:
        """Say for a receiver that it wants to be told."""
        token = self.post.vault.token(CONFIRM, self.store.receiver("local", receiver))
        with self.served.client("") as client:
            answer = client.post("/confirmations", params={"receiver": receiver, "token": token})
        assert answer.status_code == 200

    def event(self, name: str) -> str:
        return next(
            one.id
            for one in all_events(self.store, "local", EventFilter())
            if one.settlement == f"id-{name}"
        )

    def become(self, event_id: str, state: EventState) -> None:
        """Let an event that was seen today have another state, and what follows be sent."""
        now = datetime.now(UTC)
        before = self.store.event("local", event_id)
        event = dataclasses.replace(
            before, version=before.version + 1, state=state, last_detected=now
        )
        with self.store.transaction() as tx:
            tx.put_event(event)
            enqueue(self.store, tx, "local", [event], now=now)
        self.sender.step()


def caller_of(store: Store, login: str) -> Caller:
    (found,) = (one for one in store.people("local") if one.login == login)
    return Caller("local", found.id, found.name, found.role, scopes_of(found.role), found.id)


@contextmanager
def office_of(folder: Path, people: Mapping[str, tuple[str, Role]]) -> Iterator[Office]:
    """Serve the valley to people, with a sender."""
    way = Way()
    ways = {Channel.WEBHOOK: way, Channel.EMAIL: way}
    with burned.serve(folder) as found:
        let_in(found.store, people)
        post = post_from(found.settings, found.store, ways)
        sender = sender_from(found.settings, found.store, ways)
        with listening(found.settings, found.store, post) as url:
            yield Office(dataclasses.replace(found, url=url), post, sender, way)


Desk = Callable[..., Page]


@contextmanager
def desk_of(browser: Browser, office: Office) -> Iterator[Desk]:
    """Opens the page for one person after the other; no address or secret is in what they ask."""
    opened: list[Watcher] = []
    contexts = []
    asked: list[str] = []

    def sit_down(login: str, size: dict[str, int] = DESK, *, with_map: bool = False) -> Page:
        context = browser.new_context(viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        if not with_map:
            without_map(context)
        contexts.append(context)
        opened.append(Watcher())
        ready = "html[data-ready=true]" if with_map else "header .role"
        page = signed_in(context, office.served, opened[-1], login, ready=ready)
        page.on("request", lambda one: asked.append(one.url))
        page.on("framenavigated", lambda one: asked.append(one.url))
        return page

    yield sit_down
    for context in contexts:
        context.close()
    assert [one.strangers for one in opened] == [[]] * len(opened)
    for secret in ("hooks.example", "secret-path", "whsec_"):
        assert not [one for one in asked if secret in one]


def open_alerts(page: Page) -> Locator:
    """Open the part that says who is told."""
    page.get_by_test_id("alerts-start").click()
    expect(page.get_by_test_id("alerts-sum")).not_to_be_empty()
    return page.get_by_test_id("alerts")


def say_yes(page: Page) -> None:
    """Do what a dialog asks about."""
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-dialog")).to_have_count(0)


def draw_area(page: Page, corners: Sequence[tuple[float, float]]) -> None:
    """Click corners on the map, each after the one before was taken."""
    area = page.get_by_test_id("map").bounding_box()
    assert area is not None
    for count, (x, y) in enumerate(corners, 1):
        page.mouse.click(area["x"] + x * area["width"], area["y"] + y * area["height"])
        expect(page.locator(".draw-words")).to_contain_text(f"{count} corner")
