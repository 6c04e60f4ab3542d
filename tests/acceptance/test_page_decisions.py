"""The page in a real browser: what takes two people is asked for by one and decided by another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hearthwatch.records import EventFilter, Role
from hearthwatch.store.whole import all_events
from tests.support import burned
from tests.support.browsing import (
    DESK,
    PHONE,
    WAIT_MS,
    Watcher,
    keep,
    let_in,
    signed_in,
    without_map,
)
from tests.support.served import Served

pytestmark = pytest.mark.needs_browser

PEOPLE = {
    "amina": ("Amina", Role.ANALYST), "badr": ("بدر الدين", Role.REVIEWER),
    "dina": ("Dina", Role.ADMIN), "emil": ("Emil", Role.ADMIN),
    "vera": ("Vera", Role.VIEWER), "paul": ("Paul", Role.PARTNER),
}  # fmt: skip
BADR = "\u2068بدر الدين\u2069"
"""As he is called within a sentence: the order of the words round his name stays."""
Desk = Callable[..., Page]


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over two burned villages and one of an exercise, and people of every role."""
    with burned.serve(tmp_path_factory.mktemp("decide")) as running:
        let_in(running.store, PEOPLE)
        yield running


@pytest.fixture
def desk(browser: Browser, village: Served) -> Iterator[Desk]:
    """Opens the page for one person after the other, each in a window without a past."""
    opened: list[Watcher] = []
    contexts = []

    def sit_down(login: str, size: dict[str, int] = DESK) -> Page:
        context = browser.new_context(viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        without_map(context)
        contexts.append(context)
        opened.append(Watcher())
        return signed_in(context, village, opened[-1], login, ready="header .role")

    yield sit_down
    for context in contexts:
        context.close()
    assert [one.strangers for one in opened] == [[]] * len(opened)


def _id(village: Served, name: str) -> str:
    (found,) = (
        one.id
        for one in all_events(village.store, "local", EventFilter())
        if one.settlement == f"id-{name}"
    )
    return found


def _event(page: Page, village: Served, event: str) -> Locator:
    page.goto(f"{village.url}/#event/{event}")
    others = page.get_by_test_id("others")
    expect(others.get_by_test_id("set-hold")).to_be_visible()
    return others


def _decisions(page: Page) -> Locator:
    page.get_by_test_id("decisions-start").click()
    expect(page.get_by_test_id("decisions-past")).to_be_visible()
    return page.get_by_test_id("decisions-waits").get_by_test_id("decision")


def _say_yes(page: Page) -> None:
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-dialog")).to_have_count(0)


def _ask(page: Page, village: Served, event: str, act: str, why: str) -> None:
    _event(page, village, event).get_by_test_id(act).click()
    page.get_by_test_id("ask-reason").fill(why)
    _say_yes(page)


def test_one_asks_for_a_release_and_another_agrees_and_a_partner_reads_it(
    desk: Desk, village: Served
) -> None:
    event = _id(village, "Middle")
    amina = desk("amina")
    others = _event(amina, village, event)
    expect(others.get_by_test_id("others-none")).to_be_visible()
    _what_it_does_is_said_before_it_is_asked_for(amina, others)
    expect(others.get_by_test_id("others-standing")).to_contain_text(
        "To tell partners, asked for by Amina: waits for a second person."
    )
    # Who asked is not the one who agrees.
    expect(amina.get_by_test_id("decisions-start")).to_have_text("Decisions")
    own = _decisions(amina)
    expect(own).to_contain_text("You asked for it: another person has to agree.")
    expect(own.get_by_test_id("decide-agree")).to_have_count(0)
    expect(own.get_by_test_id("decide-withdraw")).to_be_visible()
    badr = desk("badr")
    _agreed_to_by_keyboard(badr)
    told = badr.get_by_test_id("decisions-told").get_by_test_id("decision")
    expect(told).to_contain_text(f"agreed to by {BADR}")
    keep(badr, "decisions-told")
    _read_by_a_partner_until_it_is_taken_back(desk("paul"), badr)


def _what_it_does_is_said_before_it_is_asked_for(page: Page, others: Locator) -> None:
    others.get_by_test_id("ask-release").click()
    effects = page.get_by_test_id("ask-effects")
    expect(effects).to_contain_text("It waits until another person agrees")
    expect(effects).to_contain_text("Partners are told of a square of the grid")
    page.get_by_test_id("ask-audience").select_option("public")
    expect(effects).to_contain_text("a square of 16 km at the finest")
    page.get_by_test_id("ask-audience").select_option("partner")
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Say why")
    page.get_by_test_id("ask-reason").fill("They are a day's walk away.")
    keep(page, "decisions-ask")
    _say_yes(page)


def _agreed_to_by_keyboard(page: Page) -> None:
    """Agree to what waits; what is only looked at, and left, does nothing."""
    start = page.get_by_test_id("decisions-start")
    expect(start).to_have_accessible_name("Decisions: 1 waits for you")
    start.focus()
    page.keyboard.press("Enter")
    waits = page.get_by_test_id("decisions-waits").get_by_test_id("decision")
    expect(waits).to_contain_text("They are a day's walk away.")
    expect(waits).to_contain_text("somewhere in a square of")
    expect(waits).to_contain_text("Burned, Middle, changed between")
    keep(page, "decisions-waits")
    agree = waits.get_by_test_id("decide-agree")
    agree.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("ask-effects")).to_contain_text("That place is fixed for ever")
    # One Enter too many does not do it.
    expect(page.get_by_test_id("ask-cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("ask-dialog")).to_have_count(0)
    expect(agree).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("ask-yes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("decisions-done")).to_have_text("Agreed: they are told.")
    expect(start).to_have_accessible_name("Decisions")


def _read_by_a_partner_until_it_is_taken_back(partner: Page, page: Page) -> None:
    released = partner.get_by_test_id("told")
    expect(released).to_contain_text("Somewhere in a square of")
    assert "Middle" not in partner.content()
    expect(partner.get_by_test_id("add-region")).to_have_count(0)
    expect(partner.get_by_test_id("decisions-start")).to_be_hidden()
    keep(partner, "partner")
    page.get_by_test_id("decide-withdraw").click()
    expect(page.get_by_test_id("ask-effects")).to_contain_text("Who has read it knows it")
    _say_yes(page)
    expect(page.get_by_test_id("decisions-told")).to_contain_text("Nothing was released.")
    page.get_by_test_id("decisions-past").locator("summary").click()
    expect(page.get_by_test_id("decisions-past")).to_contain_text("withdrawn")
    partner.reload()
    expect(released).to_contain_text("Taken back")


def test_what_two_administrators_agree_on_is_erased_and_a_hold_stands_before_it(
    desk: Desk, village: Served
) -> None:
    event = _id(village, "West")
    amina, dina, emil = desk("amina"), desk("dina"), desk("emil")
    _ask(amina, village, event, "ask-erasure", "Somebody who spoke takes it back.")
    # An analyst sees that it waits, and cannot erase it.
    own = _decisions(amina)
    expect(own.get_by_test_id("decide-agree")).to_have_count(0)
    _decisions(emil)
    emil.get_by_test_id("hold-all").click()
    expect(emil.get_by_test_id("ask-effects")).to_contain_text("in force at once")
    emil.get_by_test_id("ask-reason").fill("Case 7")
    _say_yes(emil)
    waits = _decisions(dina)
    waits.get_by_test_id("decide-agree").click()
    effects = dina.get_by_test_id("ask-effects")
    expect(effects).to_contain_text("It is erased at once, and nothing brings it back.")
    expect(effects).to_contain_text("Not reached: older backups")
    dina.get_by_test_id("ask-yes").click()
    expect(dina.get_by_test_id("ask-problem")).to_contain_text("Type the word erase")
    dina.get_by_test_id("ask-word").fill("erase")
    keep(dina, "decisions-erase")
    dina.get_by_test_id("ask-yes").click()
    expect(dina.get_by_test_id("ask-problem")).to_contain_text("It is under a legal hold")
    dina.get_by_test_id("ask-cancel").click()
    assert village.store.event("local", event).id == event
    _lifted_by_two(dina, emil)
    _erased(dina, village, event)


def _lifted_by_two(dina: Page, emil: Page) -> None:
    dina.get_by_test_id("decide-lift").click()
    expect(dina.get_by_test_id("ask-effects")).to_contain_text("until another administrator agrees")
    dina.get_by_test_id("ask-reason").fill("The case is closed.")
    _say_yes(dina)
    lifting = dina.get_by_test_id("decision").filter(has_text="Lift it: hold on everything")
    expect(lifting).to_contain_text("You asked for it: another person has to agree.")
    emil.get_by_test_id("decisions-leave").click()
    waits = _decisions(emil).filter(has_text="Lift it: hold on everything")
    expect(waits).to_contain_text("Lifting asked for byDina")
    keep(emil, "decisions-lift")
    waits.get_by_test_id("decide-lift").click()
    _say_yes(emil)
    expect(emil.get_by_test_id("decisions-done")).to_have_text("The hold is lifted.")
    expect(emil.get_by_test_id("decisions-holds")).to_contain_text("No other hold is in force.")


def _erased(page: Page, village: Served, event: str) -> None:
    page.get_by_test_id("decisions-leave").click()
    expect(page.get_by_test_id("event-item").filter(has_text="West")).to_have_count(1)
    _decisions(page).get_by_test_id("decide-agree").click()
    page.get_by_test_id("ask-word").fill("Erase")
    _say_yes(page)
    expect(page.get_by_test_id("decisions-done")).to_have_text("Erased.")
    past = page.get_by_test_id("decisions-past")
    past.locator("summary").click()
    (made,) = (one for one in village.store.proposals("local") if one.subject == event)
    expect(past).to_contain_text(str(made.detail["sha256"]))
    expect(past).to_contain_text("4 event source")
    keep(page, "decisions-past")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("decisions-start")).to_be_focused()
    expect(page.get_by_test_id("event-item").filter(has_text="West")).to_have_count(0)


def test_what_is_put_down_stays_on_record_and_a_hold_is_kept_by_one(
    desk: Desk, village: Served
) -> None:
    event = _id(village, "East")
    amina, badr, dina = desk("amina"), desk("badr"), desk("dina")
    _ask(amina, village, event, "ask-release", "They are near.")
    waits = _decisions(badr)
    waits.get_by_test_id("decide-refuse").click()
    _say_yes(badr)
    badr.get_by_test_id("decisions-past").locator("summary").click()
    expect(badr.get_by_test_id("decisions-past")).to_contain_text(f"put down by {BADR}")
    others = _event(amina, village, event)
    others.get_by_test_id("set-hold").click()
    amina.get_by_test_id("ask-thing").select_option("The settlement East")
    amina.get_by_test_id("ask-reason").fill("Case 8")
    _say_yes(amina)
    expect(others.get_by_test_id("others-standing")).to_contain_text(
        "Under a legal hold on the settlement, set by Amina"
    )
    keep(amina, "decisions-held")
    _decisions(dina)
    dina.get_by_test_id("decide-lift").click()
    dina.get_by_test_id("ask-reason").fill("By mistake?")
    _say_yes(dina)
    badr.get_by_test_id("decisions-leave").click()
    lifting = _decisions(badr)
    # A reviewer lifts nothing, and one person is enough to keep it.
    expect(lifting.get_by_test_id("decide-lift")).to_have_count(0)
    lifting.get_by_test_id("decide-keep").click()
    _say_yes(badr)
    held = badr.get_by_test_id("decisions-holds").get_by_test_id("decision")
    expect(held).to_contain_text("East")


def test_each_is_offered_what_their_role_allows(desk: Desk, village: Served) -> None:
    event = _id(village, "East")
    vera = desk("vera")
    expect(vera.get_by_test_id("decisions-start")).to_be_hidden()
    expect(vera.get_by_test_id("add-region")).to_be_hidden()
    vera.goto(f"{village.url}/#event/{event}")
    expect(vera.get_by_test_id("detail")).to_contain_text("Your role may not judge events")
    expect(vera.get_by_test_id("others")).to_have_count(0)
    badr = desk("badr")
    badr.get_by_test_id("region-item").filter(has_not_text="Exercise").click()
    detail = badr.get_by_test_id("detail")
    expect(detail).to_contain_text("Your role may not change the watchlist")
    expect(badr.get_by_test_id("take-looks")).to_have_count(0)
    expect(badr.get_by_test_id("region-remove")).to_have_count(0)
    expect(badr.get_by_test_id("backtest-none")).to_be_visible()
    expect(badr.get_by_test_id("backtest-start")).to_have_count(0)
    badr.get_by_test_id("of-settlement").locator("summary").click()
    expect(badr.get_by_test_id("of-settlement").get_by_test_id("set-hold")).to_be_visible()


def test_what_cannot_be_loaded_or_taken_in_is_said(desk: Desk, village: Served) -> None:
    page = desk("dina")
    page.route("**/erasures", lambda route: route.abort())
    page.get_by_test_id("decisions-start").click()
    retry = page.get_by_test_id("decisions").get_by_role("button", name="Retry")
    expect(retry).to_be_visible()
    keep(page, "decisions-unreachable")
    page.unroute("**/erasures")
    retry.click()
    page.get_by_test_id("hold-all").click()
    page.get_by_test_id("ask-reason").fill("Case 9")
    page.route("**/holds", lambda route: route.abort())
    page.get_by_test_id("ask-yes").click()
    problem = page.get_by_test_id("ask-problem")
    expect(problem).to_contain_text("Whether it was taken in is not known.")
    expect(page.get_by_test_id("ask-reason")).to_have_value("Case 9")
    before = village.store.proposals("local")
    page.unroute("**/holds")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("ask-dialog")).to_have_count(0)
    # Escape closed the dialog alone.
    expect(page.get_by_test_id("decisions")).to_be_visible()
    assert village.store.proposals("local") == before


def test_decisions_on_a_phone(desk: Desk, village: Served) -> None:
    page = desk("dina", PHONE)
    _decisions(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(page, "phone-decisions")
    page.get_by_test_id("hold-all").click()
    box = page.get_by_test_id("ask-dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] + box["height"] <= PHONE["height"]
    keep(page, "phone-hold")
