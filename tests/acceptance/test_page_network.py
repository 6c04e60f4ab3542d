"""The page in a real browser: the response network, what is written down, and who takes over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hearthwatch.access import people
from hearthwatch.alerting.responders import Responders
from hearthwatch.records import Detail, EventState, Responder, Role
from tests.support.browsing import PHONE, keep
from tests.support.offices import (
    ADDRESS,
    Desk,
    Office,
    caller_of,
    desk_of,
    draw_area,
    office_of,
    open_alerts,
    say_yes,
)

pytestmark = pytest.mark.needs_browser

PEOPLE = {
    "amina": ("Amina", Role.ANALYST), "badr": ("بدر الدين", Role.ANALYST),
    "dina": ("Dina", Role.ADMIN), "vera": ("Vera", Role.VIEWER),
}  # fmt: skip
PHONE_390 = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A server over burned villages, people of several roles, and a sender."""
    with office_of(tmp_path_factory.mktemp("network"), PEOPLE) as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser, office: Office) -> Iterator[Desk]:
    """Opens the page for one person after the other."""
    with desk_of(browser, office) as opened:
        yield opened


def _network(office: Office) -> list[Responder]:
    return list(office.store.responders("local"))


def _agreed(office: Office, login: str, name: str, *contacts: str) -> Responder:
    adding = Responders(office.store, caller_of(office.store, login), datetime.now(UTC))
    terms = {"name": name, "agreement": "A letter", "detail": Detail.EXACT}
    return adding.add({**terms, "contacts": contacts})


def _card(page: Page, name: str) -> Locator:
    return page.get_by_test_id("responder").filter(has_text=name)


def _done(page: Page, words: str) -> None:
    expect(page.get_by_test_id("alerts-done")).to_contain_text(words)


def test_a_responder_is_added_changed_switched_off_and_removed(desk: Desk, office: Office) -> None:
    for name in ("Duty officer", "Night desk"):
        office.receiver("dina", name, contact=True, detail=Detail.EXACT)
    page = desk("dina")
    open_alerts(page)
    expect(page.get_by_test_id("no-responder")).to_be_visible()
    _filled_in(page, office.area)
    _refused_and_kept(page, office)
    card = _card(page, "Aid in the hills")
    expect(card.get_by_test_id("rsd-stands")).to_have_text("On")
    expect(card).to_contain_text("Burned, within an area of")
    expect(card).to_contain_text("30 minutes if urgent, else 1 day")
    expect(card.get_by_test_id("responder-contact")).to_have_text(["Night desk", "Duty officer"])
    expect(card.locator("h4")).to_be_focused()
    page.get_by_test_id("network").scroll_into_view_if_needed()
    keep(page, "network-card")
    (made,) = _network(office)
    names = [office.store.receiver("local", one).name for one in made.contacts]
    assert (names, made.kinds, made.urgent_wait) == (
        ["Night desk", "Duty officer"],
        ("burned",),
        30,
    )
    assert made.geometry is not None
    _changed_off_on_and_removed(page, card, office)


def _filled_in(page: Page, area: str) -> None:
    """Fill the form in, with contacts in another order than they were named."""
    page.get_by_test_id("rsd-add").click()
    expect(page.get_by_test_id("rsd-name")).to_be_focused()
    page.get_by_test_id("rsd-yes").click()
    expect(page.get_by_test_id("rsd-problem")).to_contain_text("Name the organisation.")
    page.get_by_test_id("rsd-name").fill("Aid in the hills")
    page.get_by_test_id("rsd-agreement").fill("Letter of 3 March")
    for name in ("Duty officer", "Night desk"):
        page.get_by_test_id("contact-choice").select_option(label=name)
        page.get_by_test_id("contact-add").click()
    contacts = page.get_by_test_id("contact")
    expect(contacts).to_have_text([re.compile("Duty officer"), re.compile("Night desk")])
    contacts.nth(1).get_by_test_id("contact-earlier").click()
    expect(contacts).to_have_text([re.compile("Night desk"), re.compile("Duty officer")])
    page.get_by_test_id("area-pasted").fill(area)
    page.get_by_test_id("rsd-kind-burned").check()
    page.get_by_test_id("rsd-urgent").fill("30")
    page.get_by_test_id("rsd-yes").click()
    # A contact may not be told more than was agreed.
    expect(page.get_by_test_id("rsd-problem")).to_contain_text("This agreement allows a notice")
    page.get_by_test_id("detail-exact").check()


def _refused_and_kept(page: Page, office: Office) -> None:
    """Be refused by the server, and add a receiver meanwhile: nothing typed is lost."""
    page.get_by_test_id("rsd-since").fill("2026-03-01T00:00")
    page.get_by_test_id("rsd-until").fill("2026-02-01T00:00")
    page.get_by_test_id("rsd-yes").click()
    expect(page.get_by_test_id("rsd-problem")).to_contain_text("ends after it begins")
    expect(page.get_by_test_id("rsd-name")).to_have_value("Aid in the hills")
    keep(page, "network-refused")
    page.get_by_test_id("receiver-add").click()
    page.get_by_test_id("receiver-name").fill("Third contact")
    page.get_by_test_id("receiver-address").fill(ADDRESS)
    say_yes(page)
    _done(page, "The receiver is added.")
    expect(page.get_by_test_id("contact-choice")).to_contain_text("Third contact")
    expect(page.get_by_test_id("contact")).to_have_count(2)
    page.get_by_test_id("rsd-add").click()
    expect(page.get_by_test_id("rsd-problem")).to_contain_text("finish it, or cancel")
    expect(page.get_by_test_id("rsd-name")).to_have_value("Aid in the hills")
    page.get_by_test_id("rsd-name").scroll_into_view_if_needed()
    keep(page, "network-form")
    page.get_by_test_id("rsd-until").fill("")
    page.get_by_test_id("rsd-since").fill("")
    page.get_by_test_id("rsd-yes").click()
    _done(page, "The responder is added")


def _changed_off_on_and_removed(page: Page, card: Locator, office: Office) -> None:
    card.get_by_test_id("rsd-change").click()
    page.get_by_test_id("rsd-yes").click()
    expect(page.get_by_test_id("rsd-problem")).to_contain_text("Nothing is different from before.")
    page.get_by_test_id("rsd-rank").fill("2")
    page.get_by_test_id("rsd-yes").click()
    _done(page, "The agreement is changed")
    (before,) = _network(office)
    assert (before.rank, len(before.contacts)) == (2, 2)
    card.get_by_test_id("rsd-off").click()
    say_yes(page)
    expect(card.get_by_test_id("rsd-stands")).to_have_text("Off")
    (off,) = _network(office)
    assert off.until is not None
    assert off.until <= datetime.now(UTC) + timedelta(seconds=1)
    card.get_by_test_id("rsd-on").click()
    say_yes(page)
    expect(card.get_by_test_id("rsd-stands")).to_have_text("On")
    card.get_by_test_id("rsd-remove").click()
    page.get_by_test_id("confirm-yes").click()
    _done(page, "The responder is removed.")
    expect(card).to_have_count(0)
    assert _network(office) == []


def test_the_area_of_a_responder_is_drawn(desk: Desk, office: Office) -> None:
    made = _agreed(office, "amina", "Draws")
    page = desk("amina", with_map=True)
    open_alerts(page)
    card = _card(page, "Draws")
    expect(card.get_by_test_id("rsd-stands")).to_have_text("Unreached")
    card.get_by_test_id("rsd-change").click()
    page.get_by_test_id("rsd-agreement").fill("Another letter")
    page.get_by_test_id("area-draw").click()
    draw_area(page, ((0.45, 0.3), (0.55, 0.3), (0.55, 0.5)))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("area-words")).to_contain_text("An area of about")
    page.get_by_test_id("rsd-yes").click()
    expect(card).to_contain_text("within an area of")
    found = next(one for one in _network(office) if one.id == made.id)
    assert found.geometry is not None
    assert (found.agreement, found.since) == ("Another letter", made.since)


def test_what_was_said_noted_and_followed_is_written_down(desk: Desk, office: Office) -> None:
    contact = office.receiver("dina", "Hill contact", contact=True, detail=Detail.EXACT)
    other = office.receiver("dina", "Plain contact", contact=True, detail=Detail.EXACT)
    first = _agreed(office, "dina", "Hill aid", contact.id)
    second = _agreed(office, "dina", "Plain aid", other.id)
    Responders(office.store, caller_of(office.store, "dina"), datetime.now(UTC)).change(
        second.id, {"rank": 5}
    )
    event = office.event("Middle")
    office.become(event, EventState.CONFIRMED)
    page = desk("amina")
    page.goto(f"{office.served.url}/#event/{event}")
    responder = page.get_by_test_id("who-responder").filter(has_text="Hill aid")
    responder.get_by_test_id("answer-write").click()
    page.get_by_test_id("answer-words").fill("We leave at dawn.")
    page.get_by_test_id("answer-contact").select_option(contact.id)
    # What the server does not take stays as it was typed.
    page.route("**/responses/*", lambda route: route.abort())
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-problem")).to_contain_text("What you entered is still here")
    expect(page.get_by_test_id("answer-words")).to_have_value("We leave at dawn.")
    page.unroute("**/responses/*")
    page.get_by_test_id("answer-said").select_option("taken_charge")
    keep(page, "network-answer")
    say_yes(page)
    expect(page.get_by_test_id("who-acts")).to_contain_text("Hill aid has taken charge.")
    expect(responder.get_by_test_id("answer-write")).to_be_focused()
    _handed_over(page, responder, first, second)
    _noted_and_followed(page, office, event)


def _handed_over(page: Page, responder: Locator, first: Responder, second: Responder) -> None:
    responder.get_by_test_id("answer-write").click()
    expect(page.get_by_test_id("answer-to")).to_be_hidden()
    page.get_by_test_id("answer-said").select_option("handed_over")
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Say in words to whom")
    expect(page.get_by_test_id("answer-to").locator(f"option[value={first.id}]")).to_have_count(0)
    page.get_by_test_id("answer-to").select_option(second.id)
    expect(page.get_by_test_id("ask-effects")).to_contain_text("Whom you name is told at once.")
    say_yes(page)
    expect(responder).to_contain_text("gave it to another: Plain aid")
    told = page.get_by_test_id("who-responder").filter(has_text="Plain contact")
    expect(told).to_be_visible()
    # Who was told because of it stands below too.
    expect(page.get_by_test_id("told-list")).to_contain_text("Plain contact")


def _noted_and_followed(page: Page, office: Office, event: str) -> None:
    page.get_by_test_id("note-add").click()
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Write something.")
    page.get_by_test_id("note-words").fill("الطريق مقطوع.")
    say_yes(page)
    expect(page.get_by_test_id("event-notes")).to_contain_text("الطريق مقطوع.")
    page.get_by_test_id("effect-add").click()
    page.get_by_test_id("effect-date").fill("2026-01-02")
    page.get_by_test_id("effect-source").fill("A call")
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Choose what followed.")
    page.get_by_test_id("effect-what").select_option("backfire")
    page.get_by_test_id("effect-responder").select_option(label="Plain aid")
    say_yes(page)
    expect(page.get_by_test_id("event-effects")).to_contain_text(
        "Harm came of telling, 2026-01-02, about Plain aid, by A call, written down by Amina."
    )
    page.get_by_test_id("who-knows").scroll_into_view_if_needed()
    keep(page, "network-event")
    (effect,) = office.store.effects("local", event)
    assert effect.by == caller_of(office.store, "amina").key


def test_writing_down_on_a_phone(desk: Desk, office: Office) -> None:
    event = office.event("West")
    page = desk("amina", PHONE_390)
    page.goto(f"{office.served.url}/#event/{event}")
    page.get_by_test_id("effect-add").click()
    dialog = page.get_by_test_id("ask-dialog").bounding_box()
    assert dialog is not None
    assert dialog["x"] >= 0
    assert dialog["x"] + dialog["width"] <= PHONE_390["width"]
    assert dialog["y"] + dialog["height"] <= PHONE_390["height"]
    keep(page, "phone-network-effect")
    # Where the focus goes is held on a wide page: here what is read again may take it meanwhile.
    page.get_by_test_id("ask-cancel").click()
    expect(page.get_by_test_id("ask-dialog")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_390["width"]
    keep(page, "phone-network-event")


def test_who_may_not_write_sees_no_form(desk: Desk, office: Office) -> None:
    contact = office.receiver("dina", "Seen contact", contact=True, detail=Detail.EXACT)
    _agreed(office, "dina", "Seen aid", contact.id)
    event = office.event("East")
    office.become(event, EventState.CONFIRMED)
    vera = desk("vera")
    vera.goto(f"{office.served.url}/#event/{event}")
    expect(vera.get_by_test_id("who-responder").first).to_be_visible()
    for act in ("answer-write", "note-add", "effect-add"):
        expect(vera.get_by_test_id(act)).to_have_count(0)
    open_alerts(vera)
    expect(_card(vera, "Seen aid")).to_be_visible()
    for act in ("rsd-add", "rsd-change", "rsd-off", "rsd-remove"):
        expect(vera.get_by_test_id(act).locator("visible=true")).to_have_count(0)
    # Who may write changes what is theirs alone.
    badr = desk("badr")
    open_alerts(badr)
    expect(badr.get_by_test_id("rsd-add")).to_be_visible()
    expect(_card(badr, "Seen aid").get_by_test_id("rsd-change")).to_have_count(0)


def test_a_receiver_whose_owner_was_shut_out_is_taken_over(desk: Desk, office: Office) -> None:
    made = office.receiver("badr", "Left alone")
    badr = office.store.person("local", made.owner)
    with office.store.transaction() as tx:
        people.disable(office.store, tx, badr, datetime.now(UTC))
    try:
        vera = desk("vera")
        open_alerts(vera)
        card = vera.get_by_test_id("receiver").filter(has_text="Left alone")
        expect(card.get_by_test_id("receiver-stands")).to_have_text("Cut off")
        expect(vera.get_by_test_id("alerts-sum")).to_contain_text("cut off")
        expect(vera.get_by_test_id("receiver-take")).to_have_count(0)
        dina = desk("dina")
        open_alerts(dina)
        card = dina.get_by_test_id("receiver").filter(has_text="Left alone")
        keep(dina, "network-cut-off")
        card.get_by_test_id("receiver-take").click()
        expect(dina.get_by_test_id("ask-effects")).to_contain_text("بدر الدين")
        dina.get_by_test_id("ask-cancel").click()
        assert office.store.receiver("local", made.id).owner == made.owner
        card.get_by_test_id("receiver-take").click()
        say_yes(dina)
        expect(card.get_by_test_id("receiver-stands")).to_have_text("On")
        expect(card.get_by_test_id("receiver-take")).to_have_count(0)
        taken = office.store.receiver("local", made.id)
        assert taken.owner == caller_of(office.store, "dina").key
    finally:
        with office.store.transaction() as tx:
            people.enable(tx, badr)


@pytest.mark.parametrize("size", [PHONE, PHONE_390], ids=["360", "390"])
def test_the_network_on_a_phone(desk: Desk, office: Office, size: dict[str, int]) -> None:
    name = f"An organisation whose name is long and goes on for more than one line, {size['width']}"
    _agreed(office, "dina", name)
    page = desk("dina", size)
    open_alerts(page)
    card = _card(page, name)
    card.get_by_test_id("rsd-change").click()
    expect(page.get_by_test_id("rsd-form")).to_be_visible()
    # Nothing of it has to be scrolled to sideways.
    wide = "[document.documentElement, document.querySelector('[data-testid=alerts]')]"
    assert max(page.evaluate(f"{wide}.map((one) => one.scrollWidth)")) <= size["width"]
    keep(page, f"phone-network-form-{size['width']}")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("rsd-form")).to_have_count(0)
    expect(card.get_by_test_id("rsd-change")).to_be_focused()
    keep(page, f"phone-network-{size['width']}")
