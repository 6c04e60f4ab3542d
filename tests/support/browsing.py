"""The page in a browser: what it asks for, and pictures of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.records import Organisation, Role
from hearthwatch.store import Store
from tests.support.served import Served

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-output"
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
WAIT_MS = 20_000
PASSWORD = "a long walk uphill 7"


class Watcher:
    """What a page asked for and complained of."""

    def __init__(self) -> None:
        self.strangers: list[str] = []
        self.errors: list[str] = []

    def watch(self, page: Page, own: str) -> None:
        page.on("request", lambda r: self._see(r.url, own))
        page.on("response", lambda r: self.errors.append(r.url) if r.status >= 400 else None)
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _see(self, url: str, own: str) -> None:
        if not url.startswith((own, "blob:", "data:")):
            self.strangers.append(url)


def opened_page(context: BrowserContext, server: Served, watcher: Watcher) -> Iterator[Page]:
    opened = context.new_page()
    watcher.watch(opened, server.url)
    opened.goto(server.url)
    opened.get_by_test_id("key-input").fill(server.keys.ours)
    opened.keyboard.press("Enter")
    opened.wait_for_selector("html[data-ready=true]")
    yield opened
    assert watcher.strangers == []
    assert watcher.errors == []


def painted(page: Page) -> None:
    """Wait until nothing on the page is loading, and what is there was painted."""
    expect(page.locator(".wait:visible")).to_have_count(0)
    expect(page.locator("[data-testid=swipe]:not([data-drawn])")).to_have_count(0)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def drawn(page: Page) -> None:
    """Wait until the pictures before and after are there."""
    expect(page.locator("[data-testid=swipe][data-drawn]")).to_be_visible()
    painted(page)


def keep(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def let_in(store: Store, people: Mapping[str, tuple[str, Role]]) -> None:
    """Let people of the organisation ``local`` in: their names and roles by login."""
    now, kept = datetime.now(UTC), Passwords().hash(PASSWORD)
    with store.transaction() as tx:
        tx.put_organisation(Organisation("local", "Local", now))
        for login, (name, role) in people.items():
            made = new_person("local", login, name, role, now)
            tx.put_person(dataclasses.replace(made, password=kept))


def without_map(context: BrowserContext) -> None:
    """Let windows draw no map; without graphics a page is a fraction of the work."""
    context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")


def signed_in(
    context: BrowserContext,
    server: Served,
    watcher: Watcher,
    login: str,
    ready: str = "html[data-ready=true]",
) -> Page:
    """Open the page as somebody who signs in; that nobody was yet is no complaint."""
    opened = context.new_page()
    watcher.watch(opened, server.url)
    opened.goto(server.url)
    opened.get_by_test_id("login-input").fill(f"{login}@local")
    opened.get_by_test_id("password-input").fill(PASSWORD)
    opened.keyboard.press("Enter")
    opened.wait_for_selector(ready)
    watcher.errors.clear()
    return opened
