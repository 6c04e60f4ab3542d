"""The page in a browser: what it asks for, and pictures of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.support.served import Served

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-output"
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
WAIT_MS = 20_000


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


def keep(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
