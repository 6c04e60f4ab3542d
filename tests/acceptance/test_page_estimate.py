"""The page in a real browser: what a watch would take before it is added, and its confirmation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hearthwatch.watchlist.waiting import held, is_waiting
from tests.support.browsing import Watcher, keep, opened_page
from tests.support.served import Served

pytestmark = pytest.mark.needs_browser


@pytest.fixture
def page(context: BrowserContext, service: Served, watcher: Watcher) -> Iterator[Page]:
    yield from opened_page(context, service, watcher)


def test_the_estimate_is_shown_before_the_region_is_added(page: Page) -> None:
    page.get_by_test_id("add-region").click()
    expect(page.get_by_test_id("estimate")).to_be_hidden()
    page.get_by_test_id("bbox-input").fill("22.60,44.60,22.61,44.61")
    page.get_by_test_id("bbox-input").press("Tab")
    told = page.get_by_test_id("estimate")
    expect(told).to_contain_text("0 listed settlements")
    expect(told).to_contain_text("Its provider charges nothing.")
    expect(told).to_contain_text("how soon it sees anything is not known")
    keep(page, "estimate")


def test_a_watch_that_waits_is_confirmed_on_the_page(page: Page, service: Served) -> None:
    region = service.store.regions("local")[0]
    with service.store.transaction() as tx:
        tx.put_region(held(region, ["3,000 units a month"], datetime.now(UTC)))
    page.reload()
    listed = page.get_by_test_id("region-item").first
    expect(listed).to_contain_text("not watched yet: waits for confirmation")
    listed.click()
    expect(page.get_by_test_id("waiting")).to_contain_text("3,000 units a month")
    expect(page.get_by_test_id("take-looks")).to_be_hidden()
    expect(page.get_by_test_id("waiting")).to_contain_text("it can be tried on the past")
    expect(page.get_by_test_id("backtest-start")).to_be_visible()
    page.get_by_test_id("confirm-watch").click()
    expect(page.get_by_test_id("waiting")).to_have_count(0)
    expect(page.get_by_test_id("take-looks")).to_be_visible()
    assert not is_waiting(service.store.region("local", region.id))
    with service.store.transaction() as tx:
        tx.put_region(region)
