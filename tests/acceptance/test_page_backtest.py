"""The page in a real browser: what a watch would have told is asked for, followed and read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from hearthwatch.pipeline.backtest_jobs import Backtests
from hearthwatch.records import Backtest, Kind, Mode, RunOutcome
from hearthwatch.values import moment
from imagery.registry import create_provider
from tests.support import burned
from tests.support.browsing import PHONE, Watcher, keep, opened_page
from tests.support.calibrated import calibrate
from tests.support.sensors import only
from tests.support.served import Served
from tests.support.settled import BEGAN, LOOKS

pytestmark = pytest.mark.needs_browser

UNTIL = LOOKS[21] + timedelta(hours=1)
MONTHS = 2
REGION = "region-1"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over two burned villages, whose thresholds keep a budget."""
    with only("burned"), burned.serve(tmp_path_factory.mktemp("backtest")) as running:
        calibrate(running.store, Mode.ACTUAL)
        yield running


@pytest.fixture
def page(context: BrowserContext, village: Served, watcher: Watcher) -> Iterator[Page]:
    yield from opened_page(context, village, watcher)


def _work(village: Served) -> None:
    """Make what waits, as `hearthwatch up` does beside its page."""
    provider = create_provider("folder", path=village.settings.catalogue)
    Backtests(village.settings, village.store, provider, lambda _: None).step()


def _until_then(route: Route) -> None:
    """Ask for the time of which there are looks; the page asks for the time until now."""
    sent = route.request.post_data_json
    if sent is None:
        route.continue_()
    else:
        route.continue_(post_data=json.dumps({**sent, "until": moment(UNTIL)}))


def _opened(page: Page) -> None:
    page.get_by_test_id("region-item").filter(has_not_text="Exercise").click()
    expect(page.get_by_test_id("backtest")).to_be_visible()


def test_a_watch_is_tried_on_the_past_by_keyboard_and_its_report_read(
    page: Page, village: Served
) -> None:
    _opened(page)
    expect(page.get_by_test_id("backtest-none")).to_be_visible()
    page.get_by_test_id("backtest-start").focus()
    page.keyboard.press("Enter")
    effects = page.get_by_test_id("ask-effects")
    expect(effects).to_contain_text("the last 24 months are told of")
    expect(effects).to_contain_text("Nobody is alerted, and no event is made.")
    expect(page.get_by_test_id("backtest-months")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Give 1 to 120 months")
    page.keyboard.press("Control+a")
    page.keyboard.type(str(MONTHS))
    expect(effects).to_contain_text(f"the last {MONTHS} months are told of")
    keep(page, "backtest-ask")
    page.route("**/backtest", _until_then)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("backtest-words")).to_contain_text("Waits for its turn")
    expect(page.get_by_test_id("backtest-start")).to_be_disabled()
    _work(village)
    (made,) = village.store.backtests("local", REGION)
    assert made.outcome is RunOutcome.COMPLETE, made.detail
    told = made.report["told"]
    assert told >= 1
    expect(page.get_by_test_id("backtest-came-to")).to_contain_text(
        f"{told} events would have been told"
    )
    rows = page.get_by_test_id("backtest-events").first.locator("tbody tr")
    expect(rows).to_have_count(told)
    expect(rows.filter(has_text="East")).to_contain_text("between 18 and 23 Mar 2020")
    _alerts_at_three_budgets(page, made)
    unseen = page.get_by_test_id("backtest-not-seen")
    expect(unseen).to_contain_text("usable")
    page.get_by_test_id("backtest").scroll_into_view_if_needed()
    keep(page, "backtest-report")
    unseen.scroll_into_view_if_needed()
    keep(page, "backtest-unseen")


def _alerts_at_three_budgets(page: Page, made: Backtest) -> None:
    (alerts,) = made.report["alerts"]
    rows = page.get_by_test_id("backtest-budgets").locator("tbody tr")
    expect(rows).to_have_count(3)
    for row, at, words in zip(
        rows.all(), alerts["budgets"], ("Half the budget", "The budget itself", "Twice the budget"),
        strict=True,
    ):  # fmt: skip
        expect(row).to_contain_text(words)
        expect(row).to_contain_text(
            f"{at['per_month']:.2f} a month ({at['low']:.2f} to {at['high']:.2f})"
        )


def test_how_far_it_is_and_that_it_broke_off_are_told(page: Page, village: Served) -> None:
    going = Backtest(
        id="trial", organisation="local", kind=Kind.BURNED, mode=Mode.ACTUAL, region=REGION,
        asked=UNTIL + timedelta(days=9000), until=UNTIL, months=3.0, learned_months=12.0,
        outcome=RunOutcome.RUNNING, started=BEGAN, done=3, total=17,
    )  # fmt: skip
    with village.store.transaction() as tx:
        tx.put_backtest(going)
    _opened(page)
    words = page.get_by_test_id("backtest-words")
    expect(words).to_have_text("Trying the looks; 3 of 17 looks.")
    bar = page.get_by_test_id("backtest").get_by_role("progressbar")
    assert bar.evaluate("one => one.value / one.max") == pytest.approx(3 / 17)
    keep(page, "backtest-running")
    with village.store.transaction() as tx:
        tx.put_backtest(dataclasses.replace(going, done=9))
    expect(words).to_contain_text("9 of 17 looks")
    # Nobody works on it any more.
    _work(village)
    expect(words).to_contain_text("Interrupted; 9 of 17 looks; The process that made it ended.")
    again = page.get_by_test_id("backtest-start")
    expect(again).to_be_enabled()
    expect(again).to_have_text("Try the past again")


def _tried(route: Route) -> None:
    """Let the region say that it was tried, whatever the store has."""
    answer = route.fetch()
    region = answer.json()
    region["properties"]["status"]["backtest"] = "complete"
    route.fulfill(response=answer, json=region)


def test_a_time_in_which_nothing_was_seen_does_not_look_quiet(page: Page, village: Served) -> None:
    def dark(route: Route) -> None:
        report = {
            "since": "2020-01-01T00:00:00Z", "until": "2020-03-01T00:00:00Z", "settlements": 0,
            "learned_since": "2019-01-01T00:00:00Z", "detectors": [], "events": [], "told": 0,
            "candidates": 0, "alerts": [], "spent": {"units": 0.0, "requests": 0},
            "not_seen": ["burned: there was no look for it"],
        }  # fmt: skip
        answer = {
            "id": "x", "region": REGION, "state": "complete", "asked": moment(BEGAN),
            "started": None, "finished": None, "until": moment(UNTIL), "months": 2.0,
            "learned_months": 12.0, "done": 0, "total": 0, "detail": "", "report": report,
        }  # fmt: skip
        route.fulfill(json=answer)

    page.route("**/backtest", dark)
    page.route(f"**/regions/{REGION}", _tried)
    _opened(page)
    expect(page.get_by_test_id("backtest-came-to")).to_have_text(
        "From 1 Jan 2020 to 1 Mar 2020 no look could be used, so nothing can be said of that time."
    )
    expect(page.get_by_test_id("backtest-not-seen")).to_have_text(
        "Burned settlements (Sentinel-2, optical): there was no look for it."
    )


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_a_backtest_on_a_phone(page: Page) -> None:
    _opened(page)
    page.get_by_test_id("backtest-start").click()
    box = page.get_by_test_id("ask-dialog").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= PHONE["width"]
    page.get_by_test_id("ask-cancel").click()
    page.get_by_test_id("backtest").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(page, "phone-backtest")
