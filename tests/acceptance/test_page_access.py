"""Signing in to the page in a real browser. Screenshots are kept in test-output/."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.layout import Layout
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import Store, open_store
from tests.support.browsing import DESK, PHONE, keep
from tests.support.served import listening

pytestmark = pytest.mark.needs_browser

RIGHT, NEXT = "wolf birch cup ten", "ten cups of birch"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[str, Store]]:
    """A server with one person and nothing watched."""
    Layout(tmp_path).make()
    store = open_store(Layout(tmp_path).database, write=True, alone=False)
    amina = new_person("local", "amina", "Amina B.", Role.ANALYST, datetime.now(UTC))
    with store.transaction() as tx:
        tx.put_person(dataclasses.replace(amina, password=Passwords().hash(RIGHT)))
    with listening(load_settings(data_dir=tmp_path), store) as url:
        yield url, store
    store.close()


def sign_in(page: Page, password: str = RIGHT) -> None:
    page.get_by_test_id("login-input").fill("amina@local")
    page.get_by_test_id("password-input").fill(password)
    page.keyboard.press("Enter")


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    sign_in(page)
    page.wait_for_selector("html[data-ready=true]")
    return page


@pytest.mark.parametrize("context", [DESK, PHONE], indirect=True, ids=["desk", "phone"])
def test_somebody_signs_in_changes_the_password_and_signs_out(
    context: BrowserContext, house: tuple[str, Store], request: pytest.FixtureRequest
) -> None:
    url, store = house
    size = request.node.callspec.id
    page = context.new_page()
    page.goto(url)
    dialog = page.get_by_test_id("key-dialog")
    expect(page.get_by_test_id("login-input")).to_be_focused()
    keep(page, f"sign-in-{size}")
    sign_in(page, "not the password")
    expect(dialog.get_by_role("alert")).to_contain_text("not somebody who may sign in")
    sign_in(page)
    page.wait_for_selector("html[data-ready=true]")
    expect(page.locator("header")).to_contain_text("Amina B.")
    page.get_by_test_id("account").click()
    expect(page.get_by_test_id("sessions").locator("li")).to_have_count(1)
    page.get_by_test_id("old-password").fill(RIGHT)
    page.get_by_test_id("new-password").fill(NEXT)
    keep(page, f"account-{size}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Changed")).to_be_visible()
    page.get_by_test_id("sign-out").click()
    expect(dialog).to_be_visible()
    (person,) = store.people("local")
    assert all(one.ended for one in store.sessions("local", person.id))
    assert context.cookies() == []
    sign_in(page, NEXT)
    page.wait_for_selector("html[data-ready=true]")


def test_another_tab_is_signed_in_too_and_goes_on_after_a_new_session(
    context: BrowserContext, house: tuple[str, Store]
) -> None:
    url, store = house
    first = opened(context, url)
    second = context.new_page()
    second.goto(url)
    second.wait_for_selector("html[data-ready=true]")
    # The secret is in no script's reach.
    assert first.evaluate("document.cookie") == ""
    kept = first.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert store.sessions("local")[0].id[:8] not in kept
    assert all(cookie["value"] not in kept for cookie in context.cookies())
    first.get_by_test_id("account").click()
    first.get_by_test_id("old-password").fill(RIGHT)
    first.get_by_test_id("new-password").fill(NEXT)
    first.keyboard.press("Enter")
    expect(first.get_by_role("button", name="Changed")).to_be_visible()
    second.get_by_test_id("account").click()
    second.get_by_test_id("old-password").fill(NEXT)
    second.get_by_test_id("new-password").fill(RIGHT)
    second.keyboard.press("Enter")
    expect(second.get_by_role("button", name="Changed")).to_be_visible()


def test_a_session_elsewhere_can_be_ended(
    context: BrowserContext, browser: Browser, house: tuple[str, Store]
) -> None:
    url, store = house
    page = opened(context, url)
    elsewhere = browser.new_context()
    opened(elsewhere, url)
    page.get_by_test_id("account").click()
    rows = page.get_by_test_id("sessions").locator("li")
    expect(rows).to_have_count(2)
    rows.get_by_role("button", name="End").click()
    expect(rows).to_have_count(1)
    assert sum(one.ended is None for one in store.sessions("local")) == 1
    elsewhere.close()


def test_another_sites_page_changes_nothing(
    context: BrowserContext, house: tuple[str, Store]
) -> None:
    url, store = house
    opened(context, url)
    before = store.sessions("local")
    # The same machine by another name is another site to a browser.
    other = context.new_page()
    other.goto(url.replace("127.0.0.1", "localhost") + "/healthz")
    outcome = other.evaluate(
        """async (url) => {
            const answers = [];
            for (const [path, method] of [["/session", "DELETE"], ["/passes", "POST"]]) {
                try {
                    const sent = { method, credentials: "include", mode: "no-cors" };
                    await fetch(url + path, method === "POST" ? { ...sent, body: "{}" } : sent);
                    answers.push("sent");
                } catch (error) { answers.push("refused"); }
            }
            return answers;
        }""",
        url,
    )
    assert len(outcome) == 2
    assert [one.ended for one in store.sessions("local")] == [one.ended for one in before]
    assert store.passes("local") == ()
