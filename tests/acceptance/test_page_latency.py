"""The page in a real browser: the panel of a region tells how long its alerts take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, expect

from hearthwatch.keys import new_key
from hearthwatch.records import Detail, Role, Steps
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.browsing import Watcher, keep, opened_page
from tests.support.served import Keys, Served, listening

pytestmark = pytest.mark.needs_browser

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over one region of which a receiver was told: of six events, and of five by now."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("latency"), organisation="local")
    store, now = MemoryStore(), datetime.now(UTC)
    own = {"organisation": "local"}
    key, shown = new_key("local", "ours", Role.ADMIN, now)
    a.with_region(store, "local")
    with store.transaction() as tx:
        tx.put_key(key)
        tx.put_receiver(a.receiver(**own, detail=Detail.EXACT))
        for number in range(1, 7):
            made = now - number * 24 * HOUR
            steps = Steps(
                region="reg-1", sensor="sentinel-2-l2a", sensed=made - 8 * HOUR,
                fetched=made - HOUR, detected=made, looked_up=made,
                sent=made + timedelta(seconds=number) if number > 1 else None,
            )  # fmt: skip
            alert = a.alert(**own, id=f"alr-{number}", event=f"evt-{number}", made=made, due=made,
                            steps=steps)  # fmt: skip
            tx.add_alerts([alert])
    with listening(settings, store) as url:
        yield Served(url, Keys(shown, "", "", "", ""), settings, store)


def test_a_region_tells_how_long_its_alerts_take_and_what_has_not_arrived(
    context: BrowserContext, service: Served, watcher: Watcher
) -> None:
    for page in opened_page(context, service, watcher):
        page.get_by_test_id("region-item").click()
        told = page.get_by_test_id("latency")
        expect(told).to_contain_text("6 alerts of real events in the last 90 days")
        # The third of six: it took 8 hours and 4 seconds at the least.
        expect(told).to_contain_text("From the look until toldhalf within 8 hours")
        expect(told).to_contain_text("longest 32 hours or longer, 1 not yet")
        expect(told).to_contain_text("From the look until acknowledgedhalf within")
        steps = told.locator("summary")
        steps.focus()
        page.keyboard.press("Enter")
        expect(told).to_contain_text("Sensed to published6 not known")
        expect(told).to_contain_text("Fetched to detectedhalf within 60 minutes")
        told.scroll_into_view_if_needed()
        keep(page, "latency")
