"""The page in a real browser: events are verified by keyboard, blind, and without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from hearthwatch.records import EventFilter, Role
from hearthwatch.store.whole import all_events
from tests.support import burned
from tests.support.browsing import DESK, PHONE, WAIT_MS, Watcher, keep, let_in, painted, signed_in
from tests.support.served import Served

pytestmark = pytest.mark.needs_browser


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over two burned villages and one of an exercise, with people who verify."""
    with burned.serve(tmp_path_factory.mktemp("verify")) as running:
        let_in(running.store, {"amina": ("Amina", Role.ANALYST), "badr": ("Badr", Role.REVIEWER)})
        yield running


@pytest.fixture
def page(context: BrowserContext, village: Served, watcher: Watcher) -> Iterator[Page]:
    yield from _signed_in(context, village, watcher, "amina")


def _signed_in(
    context: BrowserContext, village: Served, watcher: Watcher, login: str
) -> Iterator[Page]:
    opened = signed_in(context, village, watcher, login)
    yield opened
    assert watcher.strangers == []
    assert watcher.errors == []


def _start(page: Page) -> None:
    page.get_by_test_id("verify-start").focus()
    page.keyboard.press("Enter")
    _drawn(page)


def _slot(page: Page) -> Any:
    return page.locator("[data-testid=verify-slot]:not(.ahead)")


def _shown(page: Page) -> str:
    return str(_slot(page).get_attribute("data-event"))


def _drawn(page: Page) -> None:
    """Wait for the pictures: nothing is answered before they are there."""
    expect(_slot(page).locator("[data-drawn]")).to_be_visible()


def _ahead(page: Page) -> None:
    """Wait until the next event stands ready, with its pictures."""
    expect(page.locator("[data-testid=verify-slot].ahead [data-drawn]")).to_have_count(1)


def _settle(page: Page) -> None:
    painted(page)


@contextmanager
def _nothing_answered(page: Page) -> Iterator[list[str]]:
    """Hold back every answer of the service, and give what was asked for meanwhile."""
    held: list[Route] = []
    asked: list[str] = []
    is_over = False

    def hold(route: Route) -> None:
        asked.append(route.request.url)
        if is_over:
            route.continue_()
        else:
            held.append(route)

    page.route("**/*", hold)
    yield asked
    is_over = True
    for route in held:
        route.continue_()
    page.unroute("**/*", hold)


def _said(village: Served) -> list[Any]:
    return [one for one in village.store.assessments("local") if one.undone is None]


def test_events_are_verified_by_keyboard_alone_without_waiting(page: Page, village: Served) -> None:
    _start(page)
    _ahead(page)
    _settle(page)
    keep(page, "verify-desk")
    _move_the_line(page)
    first = _shown(page)
    _take_back_a_slip(page, village, first)
    page.keyboard.press("n")
    expect(page.get_by_test_id("because-seasonal_burn")).to_be_focused()
    painted(page)
    keep(page, "verify-reasons")
    page.keyboard.press("Escape")
    _ahead(page)
    with _nothing_answered(page) as asked:
        page.keyboard.press("h")
        # The next one is there, with its pictures, while the service has answered nothing yet.
        expect(_slot(page)).not_to_have_attribute("data-event", first)
        _drawn(page)
        page.wait_for_function("performance.getEntriesByName('verify').length >= 2")
        assert asked and not [one for one in asked if _shown(page) in one]
    expect(page.get_by_test_id("verify-count")).to_have_text("2 wait")
    _ahead(page)
    second = _shown(page)
    page.keyboard.press("n")
    page.keyboard.press("l")
    expect(page.get_by_test_id("verify-words")).to_be_focused()
    page.keyboard.type("a wedding")
    page.keyboard.press("Enter")
    expect(_slot(page)).not_to_have_attribute("data-event", second)
    _drawn(page)
    page.keyboard.press("s")
    expect(page.get_by_test_id("verify-done")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("event-item").first).to_be_visible()
    found = {one.event: (one.verdict.value, one.reason, one.text) for one in _said(village)}
    assert found[first] == ("harmed", "", "")
    assert found[second] == ("unharmed", "other", "a wedding")
    told = all_events(village.store, "local", EventFilter())
    assert sorted(found) == sorted(one.id for one in told)
    assert village.store.claims("local") == ()


def _move_the_line(page: Page) -> None:
    line = _slot(page).get_by_test_id("swipe-range")
    page.keyboard.press(" ")
    expect(line).to_have_value("100")
    page.keyboard.press("ArrowLeft")
    expect(line).to_have_value("90")
    style = _slot(page).get_by_test_id("swipe-style")
    before = style.input_value()
    page.keyboard.press("p")
    assert style.input_value() != before


def _take_back_a_slip(page: Page, village: Served, event: str) -> None:
    page.keyboard.press("h")
    expect(_slot(page)).not_to_have_attribute("data-event", event)
    _ahead(page)
    page.keyboard.press("u")
    expect(_slot(page)).to_have_attribute("data-event", event)
    _drawn(page)
    assert _said(village) == []


def test_the_second_one_sees_the_same_pictures_and_nothing_of_the_first(
    context: BrowserContext, village: Served, watcher: Watcher
) -> None:
    before = {one.event: one for one in _said(village)}
    answers: list[str] = []
    context.on("response", lambda r: answers.append(r.text()) if "/reviews" in r.url else None)
    for page in _signed_in(context, village, watcher, "badr"):
        _start(page)
        _ahead(page)
        first = _shown(page)
        assert len(answers) >= 3
        assert not [one for one in answers if "a wedding" in one or "verdict" in one]
        page.keyboard.press("h")
        expect(_slot(page)).not_to_have_attribute("data-event", first)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("event-item").first).to_be_visible()
    said = village.store.assessments("local", event=first)
    assert said[-1].person != before[first].person
    assert said[-1].shown == before[first].shown


def test_an_answer_that_is_not_taken_in_says_so_and_can_be_sent_again(
    context: BrowserContext, village: Served, watcher: Watcher
) -> None:
    for page in _signed_in(context, village, watcher, "badr"):
        _start(page)
        event = _shown(page)
        _drawn(page)
        page.route("**/assessments", lambda route: route.abort())
        page.keyboard.press("b")
        problem = page.get_by_test_id("verify-problem")
        expect(problem).to_contain_text("This was not taken in")
        painted(page)
        keep(page, "verify-failed")
        page.unroute("**/assessments")
        watcher.errors.clear()
        with page.expect_response("**/assessments"):
            problem.get_by_role("button", name="Retry").click()
        expect(problem).to_be_empty()
        assert event in [one.event for one in _said(village) if one.verdict.value == "bad_imagery"]
        page.keyboard.press("Escape")


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_verifying_on_a_phone(context: BrowserContext, village: Served, watcher: Watcher) -> None:
    for page in _signed_in(context, village, watcher, "badr"):
        _start(page)
        _settle(page)
        keep(page, "verify-phone")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for verdict in ("harmed", "unharmed", "bad_imagery", "unsure"):
            box = page.get_by_test_id(f"verdict-{verdict}").bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= PHONE["width"]
        page.get_by_test_id("verdict-unharmed").click()
        painted(page)
        keep(page, "verify-phone-reasons")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("event-item").first).to_be_attached()


def test_a_key_is_not_offered_to_verify(browser: Browser, village: Served) -> None:
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(WAIT_MS)
    opened = context.new_page()
    opened.goto(village.url)
    opened.get_by_test_id("key-input").fill(village.keys.ours)
    opened.keyboard.press("Enter")
    opened.wait_for_selector("html[data-ready=true]")
    expect(opened.get_by_test_id("verify-start")).to_be_hidden()
    assert httpx.post(f"{village.url}/reviews/x/claim", timeout=60).status_code == 401
    context.close()
