"""The page in a real browser: what people say of events, and which detector told and saw what."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from api.context import Context
from api.routes import opinions
from api.routes.reviews import choose_for
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.keys import new_key
from hearthwatch.records import ObservationStatus, Role
from hearthwatch.review.desk import Choose
from hearthwatch.store.whole import all_looks
from tests.support import burned, settled
from tests.support.browsing import PHONE, Watcher, keep, opened_page, painted
from tests.support.served import Served

pytestmark = pytest.mark.needs_browser

PASSES = 4
"""Of the radar: it sees on the first and the last, and two are not delivered."""


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over burned settlements, one of which the radar told of as well."""
    with (
        pytest.MonkeyPatch.context() as patch,
        burned.serve(tmp_path_factory.mktemp("village")) as running,
    ):
        patch.setattr(opinions, "choose_for", _none_of_middle)
        _told_by_radar(running)
        yield running


def _none_of_middle(here: Context, organisation: str) -> Choose:
    """Let there be no picture of Middle to look at, so that one person says what happened."""
    choose = choose_for(here, organisation)
    return lambda event, cases: None if event.settlement == "id-Middle" else choose(event, cases)


@pytest.fixture
def page(context: BrowserContext, village: Served, watcher: Watcher) -> Iterator[Page]:
    yield from opened_page(context, village, watcher)


def _told_by_radar(server: Served) -> None:
    """Add a source of the radar to the event of East, and its ledger."""
    store = server.store
    (region,) = (one for one in store.regions("local") if one.id != "region-2")
    rows = [row for row in all_looks(store, region) if row.settlement == "id-East"]
    event = store.event("local", _event(server, "East")["id"])
    (source,) = store.sources("local", event.id)
    radar = dataclasses.replace(
        source, id="s-radar", version=1, event="", detector="radar", sensors=("sentinel-1",),
        groups=("radar",), evidence={"log_likelihood_ratio": 5.5}, doubts=(),
        observed="Its radar power fell.",
    )  # fmt: skip
    with store.transaction() as tx:
        fusion = Fusion(store, "local")
        fusion.put([radar])
        fusion.write(tx)
        for number in range(PASSES):
            told = number in (0, PASSES - 1)
            status = ObservationStatus.CHANGED if told else ObservationStatus.NOT_DELIVERED
            sensed = event.first_changed + timedelta(days=6 * number - 8)
            tx.put_ledger(
                dataclasses.replace(
                    rows[-1], detector="radar", acquisition=f"S1_{number}", sensed=sensed,
                    status=status, cause=None, detail={},
                )
            )  # fmt: skip


def _event(server: Served, place: str) -> dict[str, Any]:
    with server.client() as client:
        found = client.get("/events").json()["features"]
    (event,) = (
        one["properties"]
        for one in found
        if one["properties"]["settlement_name"] == place and not one["properties"]["merged_into"]
    )
    return dict(event)


def _opened(page: Page, server: Served, event: str) -> Locator:
    page.goto(f"{server.url}/#event/{event}")
    detail = page.get_by_test_id("detail")
    expect(detail.get_by_test_id("act-merge").or_(detail.get_by_test_id("merged"))).to_be_visible()
    return detail


def _settle(page: Page, part: Locator) -> None:
    painted(page)
    part.scroll_into_view_if_needed()
    painted(page)


def test_an_event_is_confirmed_and_taken_back_by_keyboard_alone(
    page: Page, village: Served
) -> None:
    event = _event(village, "Middle")
    detail = _opened(page, village, event["id"])
    expect(detail.get_by_test_id("no-opinion")).to_be_visible()
    _confirm(page, detail)
    said = detail.get_by_test_id("opinions").locator("li")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("confirmed it")
    expect(said).to_contain_text("seen from the road")
    expect(
        detail.get_by_text("People have judged it and hold that it happened.").first
    ).to_be_visible()
    expect(page.get_by_test_id("message")).to_contain_text("On record: the event is confirmed now")
    assert _event(village, "Middle")["state"] == "confirmed"
    listed = page.get_by_test_id("event-item").filter(has_text="Middle")
    expect(listed).to_contain_text("confirmed")
    undo = detail.get_by_test_id("act-undo")
    expect(undo).to_contain_text("Undo: the confirmation of")
    undo.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_test_id("say-dialog")
    expect(dialog).to_contain_text("stays on record that it was said and taken back")
    dialog.get_by_test_id("say-yes").focus()
    page.keyboard.press("Enter")
    expect(said).to_have_count(2)
    expect(said.first).to_contain_text("Taken back since.")
    assert _event(village, "Middle")["state"] == event["state"]
    _settle(page, said.first)
    keep(page, "people-opinions")


def _confirm(page: Page, detail: Locator) -> None:
    """Confirm an event by keyboard, after leaving the dialog once."""
    confirm = detail.get_by_test_id("act-confirm")
    confirm.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_test_id("say-dialog")
    expect(dialog).to_contain_text("Software never changes that")
    expect(dialog.get_by_test_id("say-text")).to_be_focused()
    # Escape leaves it as it was, and the focus where it came from.
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(confirm).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("seen from the road")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.get_by_test_id("say-yes")).to_be_focused()
    painted(page)
    keep(page, "people-confirm")
    page.keyboard.press("Enter")


def test_what_two_people_look_at_is_not_offered_to_one(page: Page, village: Served) -> None:
    detail = _opened(page, village, _event(village, "East")["id"])
    expect(detail.get_by_test_id("not-alone")).to_contain_text("use Verify, at the top")
    for verb in ("confirm", "dispute", "reject", "retract", "close"):
        expect(detail.get_by_test_id(f"act-{verb}")).to_have_count(0)
    expect(detail.get_by_test_id("act-split")).to_be_visible()
    _settle(page, detail.get_by_test_id("not-alone"))
    keep(page, "people-not-alone")


def test_what_lacks_something_or_fails_is_said_and_nothing_typed_is_lost(
    page: Page, village: Served, watcher: Watcher
) -> None:
    event = _event(village, "Middle")
    detail = _opened(page, village, event["id"])
    detail.get_by_test_id("act-reject").click()
    dialog, yes = page.get_by_test_id("say-dialog"), page.get_by_test_id("say-yes")
    problem = dialog.get_by_test_id("say-problem")
    yes.click()
    expect(problem).to_have_text("Choose the reason.")
    dialog.get_by_test_id("say-reason").select_option("seasonal_burn")
    dialog.get_by_test_id("say-text").fill("grass burns here every March")
    # The server says no; then it cannot be reached; then it answers.
    refused = {"type": "about:blank", "title": "Full", "status": 507, "detail": "The disk is full."}
    page.route("**/opinions", lambda route: _unless_read(route, 507, refused))
    yes.click()
    expect(problem).to_contain_text("It was not taken in. The disk is full.")
    expect(problem).to_contain_text("What you entered is still here")
    painted(page)
    keep(page, "people-failed")
    page.unroute("**/opinions")
    page.route("**/opinions", lambda route: _unless_read(route, None, None))
    yes.click()
    expect(problem).to_contain_text("could not be reached")
    expect(dialog.get_by_test_id("say-text")).to_have_value("grass burns here every March")
    expect(dialog.get_by_test_id("say-reason")).to_have_value("seasonal_burn")
    page.unroute("**/opinions")
    assert len(watcher.errors) > 0
    watcher.errors.clear()
    yes.click()
    expect(detail.get_by_test_id("opinions")).to_contain_text("Burning of the season")
    assert _event(village, "Middle")["state"] == "rejected"
    detail.get_by_test_id("act-reopen").click()
    page.get_by_test_id("say-yes").click()
    expect(detail.get_by_test_id("opinions")).to_contain_text("gave it back to the software")
    assert _event(village, "Middle")["state"] == event["state"]


def test_what_may_have_been_taken_in_is_not_sent_twice_unseen(
    page: Page, village: Served, watcher: Watcher
) -> None:
    event = _event(village, "Middle")
    detail = _opened(page, village, event["id"])
    detail.get_by_test_id("act-dispute").click()
    dialog, yes = page.get_by_test_id("say-dialog"), page.get_by_test_id("say-yes")
    dialog.get_by_test_id("say-text").fill("two of us disagree")

    def lost(route: Route) -> None:
        # It is taken in, and the answer never comes.
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/opinions", lost)
    yes.click()
    expect(dialog.get_by_test_id("say-problem")).to_contain_text("could not be reached")
    page.unroute("**/opinions")
    watcher.errors.clear()
    yes.click()
    expect(dialog.get_by_test_id("say-problem")).to_contain_text("it is disputed now, version")
    page.get_by_test_id("say-cancel").click()
    after = _event(village, "Middle")
    assert (after["state"], after["version"]) == ("disputed", event["version"] + 1)


def _unless_read(route: Route, status: int | None, body: dict[str, Any] | None) -> None:
    if route.request.method != "POST":
        route.continue_()
    elif status is None:
        route.abort()
    else:
        route.fulfill(status=status, json=body, content_type="application/problem+json")


def test_who_told_of_it_and_what_each_sensor_could_not_see(page: Page, village: Served) -> None:
    event = _event(village, "East")
    detail = _opened(page, village, event["id"])
    told = detail.get_by_test_id("source")
    expect(told).to_have_count(2)
    expect(told.filter(has_text="Burned settlements (Sentinel-2, optical)")).to_have_count(1)
    expect(told.filter(has_text="Its radar power fell.")).to_contain_text("Sentinel-1, radar")
    expect(detail.get_by_test_id("meaning")).to_contain_text("What that has been measured to mean")
    unseen = detail.get_by_test_id("unseen")
    radar = unseen.locator("div").filter(has_text="Razed settlements (Sentinel-1, radar)")
    expect(radar).to_contain_text(
        "Since then 1 of 2 looks could be used; not seen: 1 not delivered."
    )
    detail.get_by_test_id("meanings").locator("summary").click()
    expect(detail.get_by_test_id("meanings")).to_contain_text("It was reported and then taken back")
    _settle(page, told.first)
    keep(page, "people-sources")
    _settle(page, unseen)
    keep(page, "people-unseen")


def test_the_ledger_of_each_detector(page: Page, village: Served) -> None:
    page.get_by_test_id("region-item").filter(has_not_text="Exercise").click()
    page.get_by_test_id("ledger-settlement").select_option("id-East")
    seen = page.get_by_test_id("ledger-summary").locator("div")
    expect(seen).to_have_count(2)
    radar = seen.filter(has_text="Sentinel-1")
    expect(radar).to_contain_text("2 of 4 looks usable")
    expect(radar).to_contain_text("at most 18 days blind; not seen: 2 not delivered.")
    choice = page.get_by_test_id("ledger-detectors")
    choice.select_option("radar")
    expect(page.get_by_test_id("ledger-look")).to_have_count(PASSES)
    choice.select_option("burned")
    expect(page.get_by_test_id("ledger-strip").locator("[data-status=cloud]")).to_have_count(1)
    _settle(page, page.get_by_test_id("ledger-summary"))
    keep(page, "people-ledger")


def test_an_event_is_split_and_merged_and_the_parts_point_to_each_other(
    page: Page, village: Served, watcher: Watcher
) -> None:
    event = _event(village, "East")["id"]
    detail = _opened(page, village, event)
    detail.get_by_test_id("act-split").click()
    page.get_by_test_id("say-yes").click()
    expect(page.get_by_test_id("say-problem")).to_contain_text("Choose what becomes")
    page.get_by_test_id("say-source").nth(1).check()
    painted(page)
    keep(page, "people-split")
    page.get_by_test_id("say-yes").click()
    expect(detail.get_by_test_id("source")).to_have_count(1)
    detail.get_by_test_id("act-merge").click()
    dialog = page.get_by_test_id("say-dialog")
    expect(dialog.get_by_role("status")).to_contain_text("events of this region")
    dialog.get_by_test_id("say-other").fill("nowhere")
    page.get_by_test_id("say-yes").click()
    expect(dialog.get_by_test_id("say-problem")).to_contain_text("It was not taken in.")
    watcher.errors.clear()
    with village.client() as client:
        (said,) = client.get(f"/events/{event}/opinions").json()["items"]
    dialog.get_by_test_id("say-other").fill(said["other"])
    page.get_by_test_id("say-yes").click()
    expect(detail.get_by_test_id("source")).to_have_count(2)
    detail.get_by_test_id("opinions").get_by_role("button").last.click()
    expect(detail.get_by_test_id("merged")).to_contain_text("part of another now")
    expect(detail.get_by_test_id("act-confirm")).to_have_count(0)
    painted(page)
    keep(page, "people-merged")
    detail.get_by_test_id("survivor").click()
    expect(detail.get_by_test_id("source")).to_have_count(2)
    assert page.url.endswith(event)


def test_a_key_that_reads_only_is_offered_nothing_to_say(
    context: BrowserContext, village: Served, watcher: Watcher
) -> None:
    viewer, key = new_key("local", "viewer", Role.VIEWER, settled.BEGAN)
    with village.store.transaction() as tx:
        tx.put_key(viewer)
    reading = dataclasses.replace(village, keys=dataclasses.replace(village.keys, ours=key))
    for page in opened_page(context, reading, watcher):
        page.get_by_test_id("event-item").filter(has_text="Middle").first.click()
        detail = page.get_by_test_id("detail")
        expect(detail).to_contain_text("Your key may not judge events, so nothing can be said")
        expect(detail.get_by_test_id("act-confirm")).to_have_count(0)


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_people_speak_on_a_phone(page: Page, village: Served) -> None:
    event = _event(village, "East")["id"]
    detail = _opened(page, village, event)
    wide = "document.documentElement.scrollWidth"
    _settle(page, detail.get_by_test_id("sources"))
    keep(page, "phone-sources")
    expect(detail.get_by_test_id("unseen")).to_be_visible()
    assert page.evaluate(wide) <= PHONE["width"]
    detail.get_by_test_id("act-merge").scroll_into_view_if_needed()
    keep(page, "phone-acts")
    detail.get_by_test_id("act-merge").click()
    box = page.get_by_test_id("say-dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] + box["height"] <= PHONE["height"]
    painted(page)
    keep(page, "phone-say")
    page.get_by_test_id("say-cancel").click()
    page.goto(f"{village.url}/")
    page.wait_for_selector("html[data-ready=true]")
    page.get_by_test_id("region-item").filter(has_not_text="Exercise").click()
    page.get_by_test_id("ledger-settlement").select_option("id-East")
    expect(page.get_by_test_id("ledger-summary")).to_be_visible()
    assert page.evaluate(wide) <= PHONE["width"]
    _settle(page, page.get_by_test_id("ledger-summary"))
    keep(page, "phone-ledger")
