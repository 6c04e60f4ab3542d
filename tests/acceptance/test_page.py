"""The page in a real browser. Screenshots are kept in test-output/ to be looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from shapely.geometry import box, mapping

from api.page import BUILT
from tests.conftest import RequireSystem
from tests.support.served import Served

pytestmark = pytest.mark.needs_browser

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-output"
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
WAIT_MS = 20_000


@pytest.fixture(scope="module")
def browser(require_system: RequireSystem) -> Iterator[Browser]:
    chromium = require_system("chromium", "chromium")
    if not (BUILT / "index.html").is_file():
        pytest.fail("the page is not built; build it with: make web", pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


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


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=getattr(request, "param", DESK), reduced_motion="reduce")
    made.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield made
    made.close()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def page(context: BrowserContext, service: Served, watcher: Watcher) -> Iterator[Page]:
    """The page, opened with our key; it may ask no other host and complain of nothing."""
    opened = context.new_page()
    watcher.watch(opened, service.url)
    opened.goto(service.url)
    opened.get_by_test_id("key-input").fill(service.keys.ours)
    opened.keyboard.press("Enter")
    opened.wait_for_selector("html[data-ready=true]")
    yield opened
    assert watcher.strangers == []
    assert watcher.errors == []


def keep(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def test_a_wrong_key_opens_nothing(context: BrowserContext, service: Served) -> None:
    page = context.new_page()
    page.goto(service.url)
    expect(page.get_by_test_id("key-dialog")).to_be_visible()
    page.get_by_test_id("key-input").fill(service.keys.revoked)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("key-dialog").get_by_role("alert")).not_to_be_empty()
    assert page.get_by_test_id("region-item").count() == 0


def test_regions_and_events_are_listed_and_mapped(page: Page) -> None:
    expect(page.get_by_test_id("region-item")).to_have_count(1)
    expect(page.get_by_test_id("event-item")).to_have_count(2)
    canvas = page.get_by_test_id("map").locator("canvas")
    expect(canvas).to_be_visible()
    page.wait_for_timeout(500)
    keep(page, "map")


def test_an_event_by_keyboard_alone(page: Page, service: Served) -> None:
    page.get_by_test_id("event-item").first.focus()
    page.keyboard.press("Enter")
    detail = page.get_by_test_id("detail")
    expect(detail).to_contain_text("Last seen unharmed")
    expect(detail).to_contain_text("Ground over")
    assert "attack" not in page.content().lower()
    heading = detail.get_by_role("heading").first
    expect(heading).to_be_focused()
    slider = page.get_by_test_id("swipe-range")
    slider.focus()
    before = slider.input_value()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() != before
    series = page.get_by_test_id("series")
    expect(series.locator("svg").first).to_be_visible()
    with service.client() as client:
        event = client.get("/events").json()["features"][0]["id"]
        looks = client.get(f"/events/{event}/series").json()["looks"]
    rows = series.locator("table tbody tr")
    expect(rows).to_have_count(len(looks))
    page.wait_for_timeout(1500)
    keep(page, "event")
    assert event in page.url
    page.go_back()
    expect(detail).to_be_hidden()


def test_before_and_after_show_different_ground(page: Page) -> None:
    page.get_by_test_id("event-item").first.click()
    page.get_by_test_id("swipe").scroll_into_view_if_needed()
    page.wait_for_timeout(2000)
    slider, swipe = page.get_by_test_id("swipe-range"), page.get_by_test_id("swipe")
    pictures = []
    for value in ("0", "100"):
        slider.fill(value)
        page.wait_for_timeout(800)
        pictures.append(swipe.screenshot())
    assert pictures[0] != pictures[1]
    slider.fill("50")
    keep(page, "swipe")


def test_the_ledger_speaks(page: Page, service: Served) -> None:
    page.get_by_test_id("region-item").first.click()
    strip = page.get_by_test_id("ledger-strip")
    expect(strip).to_be_visible()
    looks = page.get_by_test_id("ledger-look")
    expect(looks).to_have_count(17)
    looks.first.focus()
    said = set()
    for _ in range(17):
        said.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("ArrowRight")
    assert len(said) == 17
    assert any("cloud" in (words or "") for words in said)
    keep(page, "ledger")


def test_a_region_is_typed_refused_corrected_and_removed(page: Page, watcher: Watcher) -> None:
    page.get_by_test_id("add-region").click()
    _name(page, "Typed")
    page.get_by_test_id("bbox-input").fill("0,0,9,9")
    page.get_by_test_id("bbox-input").press("Tab")
    page.get_by_test_id("region-submit").click()
    expect(page.get_by_test_id("form-problems")).to_contain_text("km²")
    assert watcher.errors.pop(0).endswith("/regions")
    watcher.errors.clear()
    page.get_by_test_id("bbox-input").fill("22.60,44.60,22.61,44.61")
    page.get_by_test_id("bbox-input").press("Tab")
    page.get_by_test_id("region-submit").click()
    expect(page.get_by_test_id("region-item")).to_have_count(2)
    page.get_by_test_id("region-item").filter(has_text="Typed").click()
    page.get_by_test_id("region-remove").click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("region-item")).to_have_count(1)


def test_a_region_is_drawn(page: Page, service: Served) -> None:
    page.get_by_test_id("add-region").click()
    _name(page, "Drawn")
    page.get_by_test_id("draw-button").click()
    area = page.get_by_test_id("map").bounding_box()
    assert area is not None
    corners = ((0.45, 0.2), (0.55, 0.2), (0.55, 0.3), (0.45, 0.3))
    for x, y in corners:
        page.mouse.click(area["x"] + x * area["width"], area["y"] + y * area["height"])
        page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    page.get_by_test_id("region-submit").click()
    expect(page.get_by_test_id("region-item")).to_have_count(2)
    keep(page, "drawn")
    _remove(service, "Drawn")


def test_a_region_is_uploaded(page: Page, service: Served, tmp_path: Path) -> None:
    file = tmp_path / "area.geojson"
    square = mapping(box(22.5, 44.5, 22.52, 44.52))
    feature = {"type": "Feature", "properties": {}, "geometry": square}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    page.get_by_test_id("add-region").click()
    _name(page, "Uploaded")
    page.get_by_test_id("upload-input").set_input_files(file)
    page.get_by_test_id("region-submit").click()
    expect(page.get_by_test_id("region-item")).to_have_count(2)
    _remove(service, "Uploaded")


def test_what_cannot_be_reached_is_said_and_tried_again(page: Page, watcher: Watcher) -> None:
    page.route("**/events/*/series", lambda route: route.abort())
    page.get_by_test_id("event-item").first.click()
    retry = page.get_by_role("button", name="Retry").or_(
        page.get_by_role("button", name="Try again")
    )
    expect(retry.first).to_be_visible()
    watcher.errors.clear()
    page.unroute("**/events/*/series")
    retry.first.click()
    expect(page.get_by_test_id("series").locator("svg").first).to_be_visible()


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_on_a_phone_nothing_runs_off_the_side(page: Page) -> None:
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= PHONE["width"]
    keep(page, "phone")
    page.get_by_test_id("event-item").first.click()
    expect(page.get_by_test_id("series").locator("svg").first).to_be_visible()
    assert page.evaluate(wide) <= PHONE["width"]
    keep(page, "phone-event")


def test_everything_that_can_be_used_has_a_name(page: Page) -> None:
    page.get_by_test_id("event-item").first.click()
    expect(page.get_by_test_id("series").locator("svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.get_by_role("main").count() == 1
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], input, select')]
            .filter(e => e.offsetParent !== null)
            .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label')
                || e.getAttribute('aria-labelledby') || e.title || (e.labels && e.labels.length)))
            .map(e => e.outerHTML)"""
    )
    assert unnamed == []


def _name(page: Page, name: str) -> None:
    form = page.get_by_test_id("region-form")
    for label, words in (("Name", name), ("Purpose", "a test"), ("Owner", "the tests")):
        form.get_by_label(label).fill(words)


def _remove(service: Served, name: str) -> None:
    with service.client() as client:
        for region in client.get("/regions").json()["features"]:
            if region["properties"]["name"] == name:
                client.delete(f"/regions/{region['id']}")
