"""The page in a real browser. Screenshots are kept in test-output/ to be looked at."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from shapely.geometry import box, mapping

from hearthwatch.series import BURNED
from tests.support import blind
from tests.support.below_a_path import below_a_path
from tests.support.browsing import PHONE, Watcher, drawn, keep, opened_page, painted
from tests.support.served import Served

pytestmark = pytest.mark.needs_browser


@pytest.fixture
def page(context: BrowserContext, service: Served, watcher: Watcher) -> Iterator[Page]:
    """The page, opened with our key; it may ask no other host and complain of nothing."""
    yield from opened_page(context, service, watcher)


@pytest.fixture
def valley_page(context: BrowserContext, valley: Served, watcher: Watcher) -> Iterator[Page]:
    """The page over burned settlements and an exercise."""
    yield from opened_page(context, valley, watcher)


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
    painted(page)
    keep(page, "map")


def test_below_a_path_of_a_proxy_nothing_is_asked_for_elsewhere(
    context: BrowserContext, service: Served, watcher: Watcher
) -> None:
    with below_a_path(service.url) as home:
        served = dataclasses.replace(service, url=home)
        for page in opened_page(context, served, watcher):
            expect(page.get_by_test_id("region-item")).to_have_count(1)
            with page.expect_response(lambda answer: ".mvt" in answer.url) as tile:
                page.get_by_test_id("event-item").first.click()
                drawn(page)
            assert tile.value.url.startswith(f"{home}tiles/events/")
        context.close()


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
    drawn(page)
    keep(page, "event")
    assert event in page.url
    page.go_back()
    expect(detail).to_be_hidden()


def test_before_and_after_show_different_ground(page: Page) -> None:
    page.get_by_test_id("event-item").first.click()
    page.get_by_test_id("swipe").scroll_into_view_if_needed()
    drawn(page)
    slider, swipe = page.get_by_test_id("swipe-range"), page.get_by_test_id("swipe")
    pictures = []
    for value in ("0", "100"):
        slider.fill(value)
        painted(page)
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


def test_a_region_that_nobody_looks_at_says_so_everywhere(
    context: BrowserContext, service: Served, watcher: Watcher
) -> None:
    with blind.paused(service.store, "local"), blind.missing(service.store, "local", "region-1"):
        for page in opened_page(context, service, watcher):
            sight = page.get_by_test_id("regions-sight")
            expect(sight).to_have_text("1 of 1 region is BLIND")
            expect(sight).to_have_role("status")
            # One button, one name: whoever tabs to the region hears it.
            since = "BLIND since 20 Nov 2026, 10:12 UTC"
            why = (
                f"{blind.REASON.capitalize()}; back on 1 December; 1 pass missing since 2026-11-18"
            )
            region = page.get_by_role("button", name=f"{since} {why}")
            expect(region).to_have_attribute("data-testid", "region-item")
            region.focus()
            keep(page, "blind-list")
            page.keyboard.press("Enter")
            notice = page.get_by_test_id("detail").get_by_test_id("imagery-notice")
            expect(notice).to_have_text(f"{since} {why}")
            expect(notice).to_be_in_viewport()
            letters = notice.locator("strong")
            size, weight = letters.evaluate(
                "one => [getComputedStyle(one).fontSize, getComputedStyle(one).fontWeight]"
                ".map(parseFloat)"
            )
            assert size >= 20
            assert weight >= 700
            painted(page)
            keep(page, "blind-region")


def test_what_becomes_of_a_region_shows_on_a_page_that_stays_open(
    context: BrowserContext, service: Served, watcher: Watcher
) -> None:
    context.clock.install()
    for page in opened_page(context, service, watcher):
        page.get_by_test_id("region-item").click()
        detail = page.get_by_test_id("detail")
        expect(detail.get_by_test_id("ledger-strip")).to_be_visible()
        notices = page.get_by_test_id("imagery-notice")
        expect(notices).to_have_count(0)
        with blind.missing(service.store, "local", "region-1"):
            context.clock.fast_forward("05:01")
            words = "Reads at full resolution; 1 pass missing since 2026-11-18"
            expect(notices).to_have_text([words, words])
            expect(page.get_by_test_id("regions-sight")).to_have_text(
                "1 of 1 region is read with less or misses passes"
            )
            keep(page, "missing-pass")
        context.clock.fast_forward("05:01")
        expect(notices).to_have_count(0)


def test_a_run_that_failed_shows_in_the_list(page: Page) -> None:
    def failed(route: Route) -> None:
        answer = route.fetch()
        regions = answer.json()
        regions["features"][0]["properties"]["status"]["job"]["state"] = "failed"
        route.fulfill(response=answer, json=regions)

    region = page.get_by_test_id("region-item")
    expect(region).not_to_contain_text("the last run failed")
    page.route("**/regions", failed)
    page.reload()
    expect(region).to_contain_text("the last run failed")
    page.wait_for_selector("html[data-ready=true]")


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_a_blind_region_on_a_phone(
    context: BrowserContext, service: Served, watcher: Watcher
) -> None:
    with blind.paused(service.store, "local"):
        for page in opened_page(context, service, watcher):
            page.get_by_test_id("region-item").click()
            notice = page.get_by_test_id("detail").get_by_test_id("imagery-notice")
            expect(notice).to_be_in_viewport()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            keep(page, "phone-blind")


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
    for count, (x, y) in enumerate(corners, 1):
        page.mouse.click(area["x"] + x * area["width"], area["y"] + y * area["height"])
        expect(page.locator(".draw-words")).to_contain_text(f"{count} corner")
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


def test_a_file_of_any_kind_is_dropped_and_what_is_wrong_with_it_is_shown(
    page: Page, service: Served, watcher: Watcher, tmp_path: Path
) -> None:
    file = tmp_path / "places.csv"
    file.write_text("name;lon;lat;radius_m\nA;22,5;44,5;300\nB;22,6;144,5;300\n")
    page.get_by_test_id("add-region").click()
    _name(page, "Dropped")
    data = page.evaluate_handle(
        """(text) => { const moved = new DataTransfer();
        moved.items.add(new File([text], "places.csv")); return moved; }""",
        file.read_text(),
    )
    page.dispatch_event("[data-testid=region-form]", "drop", {"dataTransfer": data})
    page.get_by_test_id("region-submit").click()
    problems = page.get_by_test_id("form-problems")
    expect(problems).to_contain_text("line 3 (B)")
    expect(problems).to_contain_text("latitude runs from -90 to 90")
    watcher.errors.clear()
    page.get_by_test_id("accept-valid").check()
    page.get_by_test_id("region-submit").click()
    expect(page.get_by_test_id("region-item")).to_have_count(2)
    expect(page.get_by_text("Not taken: line 3 (B)")).to_be_visible()
    expect(page.get_by_text("decimal commas were read as points")).to_be_visible()
    _remove(service, "Dropped")


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


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_on_a_phone_a_region_opens_at_its_beginning(page: Page) -> None:
    page.get_by_test_id("region-item").first.click()
    expect(page.get_by_test_id("ledger-look").last).to_be_attached()
    page.wait_for_load_state("networkidle")
    assert abs(page.locator(".detail").evaluate("(it) => it.getBoundingClientRect().top")) < 2


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


def test_a_burned_settlement_is_told_in_words(valley_page: Page, valley: Served) -> None:
    page = valley_page
    page.get_by_test_id("event-item").filter(has_text="East").click()
    detail = page.get_by_test_id("detail")
    expect(detail.get_by_test_id("event-settlement")).to_have_text("East")
    expect(detail.get_by_test_id("mode-banner")).to_have_count(0)
    with valley.client() as client:
        events = client.get("/events").json()["features"]
    (event,) = [e for e in events if e["properties"]["settlement_name"] == "East"]
    evidence = event["properties"]["evidence"]
    words = detail.get_by_test_id("evidence")
    for name in ("near_infrared_factor", "visible_factor"):
        expect(words).to_contain_text(
            f"\N{MULTIPLICATION SIGN} {evidence[name]:.2f} of what its past"
        )
    expect(words).to_contain_text(f"on {100 * evidence['char_fraction_change']:.0f} % more of its")
    expect(words).to_contain_text("times likelier with the change than without it")
    assert "attack" not in page.content().lower()
    series = page.get_by_test_id("series")
    expect(series.locator("svg").first).to_be_visible()
    expect(series.locator("svg .title")).to_have_count(len(BURNED))
    expect(series.locator("svg .title").first).to_contain_text("Near-infrared")
    told = detail.get_by_test_id("explanation")
    expect(told).to_contain_text("against its surroundings between 18 and 23 March 2020, seen in ")
    told.scroll_into_view_if_needed()
    keep(page, "burned-explanation")
    with page.expect_download() as chart:
        detail.get_by_test_id("chart-download").click()
    assert chart.value.suggested_filename == f"hearthwatch-chart-{event['id']}.png"
    series.get_by_text("What these numbers are").click()
    expect(series).to_contain_text("Char raises it, fresh ash lowers it")
    keep(page, "burned")
    detail.get_by_text("How sure").scroll_into_view_if_needed()
    keep(page, "burned-evidence")


def test_the_pictures_of_a_burned_settlement_can_be_swiped(valley_page: Page) -> None:
    page = valley_page
    tiles: list[int] = []
    page.on("response", lambda r: tiles.append(r.status) if r.url.endswith(".png") else None)
    page.get_by_test_id("event-item").filter(has_text="Middle").click()
    expect(page.get_by_test_id("swipe").locator("canvas")).to_have_count(2)
    page.get_by_test_id("swipe-range").focus()
    drawn(page)
    assert tiles and set(tiles) == {200}
    page.get_by_test_id("swipe").scroll_into_view_if_needed()
    painted(page)
    keep(page, "burned-swipe")


def test_doubts_are_told(valley_page: Page, valley: Served) -> None:
    with valley.client() as client:
        events = client.get("/events").json()["features"]
    for event in events:
        valley_page.goto(f"{valley.url}/#event/{event['id']}")
        detail = valley_page.get_by_test_id("detail")
        expect(detail.get_by_test_id("evidence")).to_be_visible()
        for doubt in event["properties"]["doubts"] or ["No doubt is noted."]:
            expect(detail).to_contain_text(doubt[1:])


def test_the_ledger_of_settlements_is_asked_for_one_at_a_time(
    valley_page: Page, valley: Served
) -> None:
    page = valley_page
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/ledger" in r.url else None)
    page.get_by_test_id("region-item").filter(has_text="Exercise").click()
    expect(page.get_by_test_id("ledger-strip")).to_be_visible()
    page.get_by_test_id("region-item").filter(has_not_text="Exercise").click()
    detail = page.get_by_test_id("detail")
    expect(page.get_by_test_id("ledger-followed")).to_contain_text("2 settlements are followed")
    choice = page.get_by_test_id("ledger-settlement")
    choice.select_option("id-East")
    strip = page.get_by_test_id("ledger-strip")
    expect(strip.locator("[data-status=cloud]")).to_have_count(1)
    choice.select_option("id-Middle")
    expect(strip.locator("[data-status=cloud]")).to_have_count(0)
    expect(strip.locator("[data-status=changed]").first).to_be_visible()
    assert "grid cell" not in detail.inner_text()
    assert asked and all("settlement=id-" in address for address in asked)
    page.get_by_test_id("ledger-strip").scroll_into_view_if_needed()
    keep(page, "burned-ledger")


def test_from_an_event_to_the_ledger_of_its_settlement(valley_page: Page) -> None:
    page = valley_page
    page.get_by_test_id("event-item").filter(has_text="Middle").click()
    link = page.get_by_test_id("event-ledger")
    expect(link).to_have_text("Ledger of Middle")
    link.click()
    expect(page.get_by_test_id("ledger-settlement")).to_have_value("id-Middle")


def test_an_exercise_says_so_wherever_it_is_shown(valley_page: Page) -> None:
    page = valley_page
    listed = page.get_by_test_id("event-item").filter(has_text="West")
    expect(listed.get_by_test_id("mode-badge")).to_have_text("EXERCISE")
    for name in ("East", "Middle"):
        real = page.get_by_test_id("event-item").filter(has_text=name)
        expect(real.get_by_test_id("mode-badge")).to_have_count(0)
    listed.click()
    detail = page.get_by_test_id("detail")
    _is_large(page, "mode-banner", "EXERCISE")
    swipe = detail.get_by_test_id("swipe")
    expect(swipe.get_by_test_id("mode-badge")).to_have_text("EXERCISE")
    drawn(page)
    expect(page.locator(".picture")).to_contain_text("EXERCISE: Look of 7 Apr 2020")
    keep(page, "exercise-event")
    swipe.scroll_into_view_if_needed()
    painted(page)
    keep(page, "exercise-swipe")
    region = page.get_by_test_id("region-item").filter(has_text="Exercise valley")
    expect(region.get_by_test_id("mode-badge")).to_have_text("EXERCISE")
    region.click()
    _is_large(page, "mode-banner", "EXERCISE")
    painted(page)
    keep(page, "exercise-region")
    page.get_by_test_id("detail-close").click()
    expect(page.get_by_test_id("mode-banner")).to_have_count(0)


def test_what_is_made_to_try_the_service_says_so_too(page: Page) -> None:
    page.get_by_test_id("event-item").first.click()
    _is_large(page, "mode-banner", "TEST")


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_an_exercise_on_a_phone(valley_page: Page) -> None:
    page = valley_page
    page.get_by_test_id("event-item").filter(has_text="West").click()
    _is_large(page, "mode-banner", "EXERCISE")
    expect(page.get_by_test_id("series").locator("svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(page, "phone-exercise")


def test_a_region_can_be_watched_for_every_kind_there_is_a_detector_for(
    valley_page: Page, valley: Served
) -> None:
    page = valley_page
    page.get_by_test_id("add-region").click()
    kinds = page.get_by_test_id("region-kind")
    with valley.client() as client:
        offered = client.get("/limits").json()["kinds"]
    values = kinds.locator("option").evaluate_all("all => all.map(one => one.value)")
    assert values == offered
    kinds.select_option("burned")
    _name(page, "More")
    page.get_by_test_id("bbox-input").fill("22.60,44.60,22.61,44.61")
    page.get_by_test_id("bbox-input").press("Tab")
    page.get_by_test_id("region-submit").click()
    expect(page.get_by_test_id("region-item")).to_have_count(3)
    with valley.client() as client:
        regions = client.get("/regions").json()["features"]
    made = {one["properties"]["name"]: one["properties"]["kind"] for one in regions}
    assert made["More"] == "burned"
    _remove(valley, "More")


def _is_large(page: Page, test_id: str, word: str) -> None:
    letters = page.get_by_test_id("detail").get_by_test_id(test_id).locator("strong")
    expect(letters).to_have_text(word)
    size = letters.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert size >= 24


def _name(page: Page, name: str) -> None:
    form = page.get_by_test_id("region-form")
    for label, words in (("Name", name), ("Purpose", "a test"), ("Owner", "the tests")):
        form.get_by_label(label).fill(words)


def _remove(service: Served, name: str) -> None:
    with service.client() as client:
        for region in client.get("/regions").json()["features"]:
            if region["properties"]["name"] == name:
                client.delete(f"/regions/{region['id']}")
