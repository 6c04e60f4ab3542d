"""The page in a real browser: who is told of events, of which, and whether it arrived."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from hearthwatch.alerting.receivers import Receivers
from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.records import (
    Alarm,
    AlarmKind,
    Channel,
    Detail,
    EventState,
    Mode,
    Role,
    Severity,
)
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
    "dina": ("Dina", Role.ADMIN), "vera": ("Vera", Role.VIEWER), "paul": ("Paul", Role.PARTNER),
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A server over burned villages, people of several roles, and a sender."""
    with office_of(tmp_path_factory.mktemp("alerts"), PEOPLE) as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser, office: Office) -> Iterator[Desk]:
    """Opens the page for one person after the other."""
    with desk_of(browser, office) as opened:
        yield opened


def _card(page: Page, name: str) -> Locator:
    return page.get_by_test_id("receiver").filter(has_text=name)


def _done(page: Page, words: str) -> None:
    expect(page.get_by_test_id("alerts-done")).to_contain_text(words)


def test_a_receiver_is_added_asked_subscribed_and_told(desk: Desk, office: Office) -> None:
    page = desk("amina")
    _added_by_keyboard(page)
    card = _card(page, "Night duty")
    expect(card.get_by_test_id("receiver-stands")).to_have_text("Waits")
    expect(card.get_by_test_id("no-subscription")).to_be_visible()
    # Only the question goes to one that has not said that it wants to be told.
    expect(card.get_by_test_id("receiver-test")).to_have_count(0)
    _subscribed_to_an_area(page, card, office.area)
    office.sender.step()
    office.confirm(office.named("Night duty").id)
    page.get_by_test_id("alerts-leave").click()
    open_alerts(page)
    expect(card.get_by_test_id("receiver-stands")).to_have_text("On")
    card.get_by_test_id("receiver-test").click()
    expect(card.get_by_test_id("test-result")).to_have_text("The test waits to be sent.")
    office.sender.step()
    expect(card.get_by_test_id("test-result")).to_contain_text("The test was delivered")
    keep(page, "alerts-told")
    _read_in_the_event(page, office)


def _added_by_keyboard(page: Page) -> None:
    """Add a receiver without a mouse; its secret is shown once."""
    page.get_by_test_id("alerts-start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("alerts-sum")).to_contain_text("Nobody is told of events")
    expect(page.get_by_test_id("messages")).to_contain_text("No message was sent yet.")
    keep(page, "alerts-none")
    page.get_by_test_id("receiver-add").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("receiver-name")).to_be_focused()
    page.keyboard.type("Night duty")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Give the address")
    assert page.get_by_test_id("receiver-channel").locator("option").all_text_contents() == [
        "E-mail", "Webhook",
    ]  # fmt: skip
    page.get_by_test_id("receiver-channel").select_option("webhook")
    page.get_by_test_id("receiver-address").fill("ftp://hooks.example")
    page.get_by_test_id("receiver-zone").fill("Africa/Khartoum")
    page.get_by_test_id("quiet-from").fill("22:00")
    page.get_by_test_id("quiet-until").fill("06:00")
    page.get_by_test_id("detail-notice").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("detail-exact")).to_be_checked()
    keep(page, "alerts-add")
    page.get_by_test_id("ask-yes").press("Enter")
    expect(page.get_by_test_id("ask-problem")).to_contain_text("begins with https://")
    page.get_by_test_id("receiver-address").fill(ADDRESS)
    page.keyboard.press("Enter")
    secret = page.get_by_test_id("secret-value")
    expect(secret).to_have_value(re.compile("^whsec_"))
    keep(page, "alerts-secret")
    page.keyboard.press("Escape")
    expect(secret).to_be_visible()
    page.get_by_test_id("secret-kept").press("Enter")
    _done(page, "The receiver is added.")
    assert "whsec_" not in page.content()
    assert "hooks.example" not in page.content()
    expect(_card(page, "Night duty")).to_contain_text(
        "22:00 to 06:00, Africa/Khartoum; what is severe or graver is told all the same"
    )


def _subscribed_to_an_area(page: Page, card: Locator, area: str) -> None:
    card.get_by_test_id("sub-add").click()
    expect(page.get_by_test_id("sub-name")).to_be_focused()
    page.get_by_test_id("sub-yes").click()
    expect(page.get_by_test_id("sub-problem")).to_contain_text("Give the subscription a name.")
    page.get_by_test_id("sub-name").fill("The whole valley")
    page.get_by_test_id("area-pasted").fill('{"type": "Point", "coordinates": [22, 44]}')
    page.get_by_test_id("sub-yes").click()
    expect(page.get_by_test_id("sub-problem")).to_contain_text("has no area")
    page.get_by_test_id("area-pasted").fill(area)
    page.get_by_test_id("sub-kind-burned").check()
    page.get_by_test_id("sub-mode-exercise").check()
    page.get_by_test_id("sub-severity").select_option("severe")
    expect(page.get_by_test_id("area-words")).to_contain_text("An area of about")
    keep(page, "alerts-subscribe")
    page.get_by_test_id("sub-yes").click()
    _done(page, "Subscribed")
    told = card.get_by_test_id("subscription")
    expect(told).to_contain_text("Burned, severe or graver, within an area of")
    expect(told).to_contain_text("from provisional on, at once, with exercises.")


def _read_in_the_event(page: Page, office: Office) -> None:
    event = office.event("Middle")
    office.become(event, EventState.CONFIRMED)
    office.become(event, EventState.RETRACTED)
    page.goto(f"{office.served.url}/#event/{event}")
    told = page.get_by_test_id("event-told")
    expect(told.get_by_test_id("told-sum")).to_have_text("1 receiver has the newest of it.")
    row = told.get_by_test_id("told-receiver")
    expect(row).to_contain_text("Night duty Webhook, told: exact")
    expect(row).to_contain_text("Taken back")
    row.locator("summary").click()
    expect(row.get_by_test_id("told-message")).to_have_count(2)
    told.scroll_into_view_if_needed()
    keep(page, "alerts-event")
    row.get_by_test_id("told-message").first.click()
    message = page.get_by_test_id("message-item")
    expect(message.get_by_test_id("attempts")).to_contain_text("delivered, status 200: taken")
    expect(page.locator("#messages-heading")).to_be_focused()
    keep(page, "alerts-message")
    page.get_by_test_id("messages-all").click()
    expect(message).to_have_count(4)
    page.get_by_test_id("alerts-leave").click()
    expect(page.get_by_test_id("alerts-start")).to_be_focused()
    expect(told).to_be_visible()


def test_what_was_given_up_is_seen_first_and_sent_again(desk: Desk, office: Office) -> None:
    receiver = office.receiver("amina", "Field desk")
    office.way.answer = _refuse
    office.become(office.event("East"), EventState.CONFIRMED)
    office.way.answer = lambda parcel: None
    page = desk("amina")
    open_alerts(page)
    expect(page.get_by_test_id("alerts-dead")).to_contain_text("not delivered and given up")
    page.get_by_test_id("alerts-show-dead").click()
    message = page.get_by_test_id("message-item").filter(has_text="One alert to Field desk")
    message.locator("summary").click()
    expect(message.get_by_test_id("attempts")).to_contain_text(
        "refused for good, status 550: no such mailbox"
    )
    keep(page, "alerts-dead")
    given = message.get_attribute("data-id")
    message.get_by_test_id("message-again").click()
    expect(message).to_contain_text("not delivered yet: 1 attempt failed")
    expect(message.get_by_test_id("message-again")).to_have_count(0)
    office.sender.step()
    page.get_by_test_id("messages-receiver").select_option(receiver.id)
    expect(page.get_by_test_id("messages")).to_contain_text("There is no such message.")
    page.get_by_test_id("messages-state").select_option("delivered")
    expect(message).to_contain_text("at attempt 2")
    assert [one.id for one in office.way.tried].count(given or "") == 2


def _refuse(parcel: Parcel) -> None:
    raise DeliveryFailed("no such mailbox", status=550, retryable=False)


def test_each_changes_their_own_and_who_may_not_only_reads(desk: Desk, office: Office) -> None:
    office.receiver("amina", "Of Amina")
    vera = desk("vera")
    open_alerts(vera)
    expect(vera.get_by_test_id("alerts-read-only")).to_contain_text("Your role sees who is told")
    for act in ("receiver-add", "receiver-change", "sub-add", "sub-pause", "receiver-test"):
        expect(vera.get_by_test_id(act).locator("visible=true")).to_have_count(0)
    expect(_card(vera, "Of Amina")).to_contain_text("Answers for itAmina")
    keep(vera, "alerts-read-only")
    badr = desk("badr")
    open_alerts(badr)
    expect(badr.get_by_test_id("receiver-add")).to_be_visible()
    expect(_card(badr, "Of Amina").get_by_test_id("receiver-change")).to_have_count(0)
    dina = desk("dina")
    open_alerts(dina)
    expect(_card(dina, "Of Amina").get_by_test_id("receiver-change")).to_be_visible()
    expect(desk("paul").get_by_test_id("alerts-start")).to_be_hidden()


def test_a_receiver_is_changed_switched_off_and_on_and_removed(desk: Desk, office: Office) -> None:
    made = office.receiver("badr", "مكتب الخرطوم")
    page = desk("badr")
    open_alerts(page)
    card = _card(page, "مكتب الخرطوم")
    card.get_by_test_id("receiver-change").click()
    page.get_by_test_id("ask-yes").click()
    expect(page.get_by_test_id("ask-problem")).to_contain_text("Nothing is different from before.")
    expect(page.get_by_test_id("receiver-address")).to_have_value("")
    page.get_by_test_id("receiver-language").select_option("ar")
    page.get_by_test_id("receiver-cap").fill("5")
    expect(page.get_by_test_id("receiver-pictures")).to_be_hidden()
    page.get_by_test_id("detail-exact").check()
    page.get_by_test_id("receiver-pictures").check()
    keep(page, "alerts-pictures")
    say_yes(page)
    expect(card).to_contain_text("With a picture before and after.")
    assert office.store.receiver("local", made.id).pictures
    expect(card).to_contain_text("5 single alerts at most")
    changed = office.store.receiver("local", made.id)
    assert (changed.language, changed.storm_cap, changed.address) == ("ar", 5, made.address)
    _paused_resumed_and_removed(page, card)
    card.get_by_test_id("receiver-off").click()
    expect(page.get_by_test_id("ask-effects")).to_contain_text("while it is off it is not told")
    page.get_by_test_id("ask-reason").fill("On leave")
    say_yes(page)
    expect(card).to_contain_text("On leave.")
    expect(card.locator("h4")).to_be_focused()
    keep(page, "alerts-off")
    card.get_by_test_id("receiver-on").click()
    expect(card.get_by_test_id("receiver-stands")).to_have_text("On")
    card.get_by_test_id("receiver-remove").click()
    page.get_by_test_id("confirm-yes").click()
    _done(page, "The receiver is removed.")
    expect(card.locator("visible=true")).to_have_count(0)
    page.get_by_test_id("receivers-removed").locator("summary").click()
    expect(card.get_by_test_id("receiver-stands")).to_have_text("Removed")
    expect(card.get_by_test_id("receiver-on")).to_have_count(0)


def test_whoever_goes_on_before_the_messages_are_there_keeps_the_focus(
    desk: Desk, office: Office
) -> None:
    """After something was done all is loaded anew, the messages last."""
    office.receiver("badr", "Slow line")
    page = desk("badr")
    open_alerts(page)
    card = _card(page, "Slow line")
    slow: list[Route] = []
    page.route(
        lambda url: "/messages?" in url and "state=dead" not in url,
        lambda route: slow.append(route),
    )
    card.get_by_test_id("sub-pause").click()
    expect(card).to_contain_text("Paused.")
    card.get_by_test_id("sub-change").click()
    expect(page.get_by_test_id("sub-name")).to_be_focused()
    with page.expect_response(lambda answer: "/messages?" in answer.url):
        slow.pop().continue_()
    # Longer than the page takes to show the messages.
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("sub-name")).to_be_focused()


def _paused_resumed_and_removed(page: Page, card: Locator) -> None:
    subscription = card.get_by_test_id("subscription")
    pause = subscription.get_by_test_id("sub-pause")
    expect(pause).to_have_accessible_name("Pause: All of it")
    pause.click()
    expect(subscription).to_contain_text("Paused.")
    subscription.get_by_test_id("sub-pause").click()
    expect(subscription).not_to_contain_text("Paused.")
    subscription.get_by_test_id("sub-change").click()
    expect(page.get_by_test_id("sub-name")).to_have_value("All of it")
    page.get_by_test_id("sub-rhythm").select_option("daily")
    page.get_by_test_id("sub-yes").click()
    expect(subscription).to_contain_text("daily at 07:00")
    # Escape leaves the form, not the part.
    subscription.get_by_test_id("sub-change").click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sub-form")).to_have_count(0)
    expect(subscription.get_by_test_id("sub-change")).to_be_focused()
    subscription.get_by_test_id("sub-remove").click()
    page.get_by_test_id("confirm-yes").click()
    expect(card.get_by_test_id("no-subscription")).to_be_visible()


def test_a_secret_is_made_anew(desk: Desk, office: Office) -> None:
    who = caller_of(office.store, "amina")
    adding = Receivers(office.store, office.post, who, datetime.now(UTC))
    made, before = adding.add(Channel.WEBHOOK, ADDRESS, {"name": "Program"})
    office.sender.step()
    page = desk("amina")
    open_alerts(page)
    card = _card(page, "Program")
    # Before it was answered the question's token would end with the old secret.
    expect(card.get_by_test_id("receiver-rotate")).to_have_count(0)
    office.confirm(made.id)
    page.get_by_test_id("alerts-leave").click()
    open_alerts(page)
    card.get_by_test_id("receiver-rotate").click()
    expect(page.get_by_test_id("ask-effects")).to_contain_text("signed with both")
    say_yes(page)
    secret = page.get_by_test_id("secret-value")
    expect(secret).to_have_value(re.compile("^whsec_"))
    assert secret.input_value() != before
    page.get_by_test_id("secret-kept").click()
    _done(page, "It has a new secret.")


def test_the_area_of_a_subscription_isdraw_area(desk: Desk, office: Office) -> None:
    office.receiver("amina", "Draws")
    page = desk("amina", with_map=True)
    open_alerts(page)
    card = _card(page, "Draws")
    card.get_by_test_id("sub-change").click()
    page.get_by_test_id("area-draw").click()
    expect(page.get_by_test_id("alerts")).to_be_hidden()
    draw_area(page, ((0.45, 0.3), (0.55, 0.3), (0.55, 0.5)))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("area-draw")).to_be_focused()
    expect(page.get_by_test_id("area-words")).to_contain_text("An area of about")
    page.get_by_test_id("sub-yes").click()
    expect(card.get_by_test_id("subscription")).to_contain_text("within an area of")
    # What is called off leaves what was there.
    card.get_by_test_id("sub-change").click()
    page.get_by_test_id("area-draw").click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("area-words")).to_contain_text("An area of about")
    page.get_by_test_id("area-clear").click()
    page.get_by_test_id("sub-yes").click()
    expect(card.get_by_test_id("subscription")).to_contain_text("everywhere")


def test_the_panel_of_an_event_says_who_knows_and_who_acts(desk: Desk, office: Office) -> None:
    contact = office.receiver("dina", "Hill contact", contact=True, detail=Detail.EXACT)
    event = office.event("West")
    page = desk("vera")
    page.goto(f"{office.served.url}/#event/{event}")
    acts = page.get_by_test_id("who-acts")
    expect(acts).to_have_text("Nobody of the network was told of it.")
    with office.served.client() as client:
        sent = {"name": "Aid in the hills", "agreement": "Letter of 3 March", "detail": "exact",
                "modes": ["exercise"], "contacts": [contact.id]}  # fmt: skip
        made = client.post("/responders", json=sent).raise_for_status().json()
        office.become(event, EventState.CONFIRMED)
        page.reload()
        expect(acts).to_have_text("Nobody has taken charge. 1 organisation is yet to answer.")
        responder = page.get_by_test_id("who-responder")
        expect(responder).to_contain_text("Hill contact, by e-mail: delivered")
        expect(responder).to_contain_text("If nobody answers, the next is told")
        where = f"/events/{event}"
        answer = {"answer": "taken_charge", "words": "On the way."}
        client.post(f"{where}/responses/{made['id']}", json=answer).raise_for_status()
        client.post(f"{where}/notes", json={"words": "The road is open."}).raise_for_status()
        effect = {"effect": "action", "date": "2026-01-02", "source": "Their desk"}
        client.post(f"{where}/effects", json=effect).raise_for_status()
    page.reload()
    expect(acts).to_have_text("Aid in the hills has taken charge.")
    responder.locator("summary").click()
    expect(responder).to_contain_text("has taken charge, written down by ours: On the way.")
    expect(page.get_by_test_id("event-notes")).to_contain_text("The road is open.")
    expect(page.get_by_test_id("event-effects")).to_contain_text(
        "Something was done, 2026-01-02, by Their desk, written down by ours."
    )
    page.get_by_test_id("who-knows").scroll_into_view_if_needed()
    keep(page, "alerts-who-knows")
    open_alerts(page)
    expect(_card(page, "Hill contact")).to_contain_text("A contact of Aid in the hills")


def test_open_alarms_stand_above_all_until_somebody_sees_to_them(
    desk: Desk, office: Office
) -> None:
    now = datetime.now(UTC)
    (watched,) = (one for one in office.store.regions("local") if one.mode is Mode.ACTUAL)
    found = Alarm(
        id="alm-1", organisation="local", kind=AlarmKind.NO_DATA, subject="sentinel-2-l2a",
        severity=Severity.SEVERE, since=now, raised=now, seen=now, words="Nothing came.",
        advice="See whether the provider answers.", regions=(watched.id,), items=(watched.id,),
    )  # fmt: skip
    page = desk("vera")
    # Nothing watches here: that there is no alarm says nothing, and that is said.
    sum_of = page.get_by_test_id("alarms-sum")
    expect(sum_of).to_contain_text("that there is no alarm says nothing")
    with office.store.transaction() as tx:
        tx.put_alarm(found)
    page.reload()
    expect(sum_of).to_contain_text("1 alarm is open")
    sum_of.click()
    alarm = page.get_by_test_id("alarm")
    expect(alarm).to_contain_text("What to do: See whether the provider answers.")
    expect(alarm).to_contain_text(f"About {watched.name}.")
    expect(alarm.get_by_test_id("alarm-acknowledge")).to_have_count(0)
    amina = desk("amina")
    amina.get_by_test_id("alarms-sum").click()
    keep(amina, "alarms")
    amina.get_by_test_id("alarm-acknowledge").click()
    expect(amina.get_by_test_id("alarms-sum")).to_contain_text("Somebody sees to 1 alarm")
    expect(amina.get_by_test_id("alarm")).to_contain_text("somebody sees to it since")
    assert office.store.alarm("local", "alm-1").acknowledged is not None


def test_a_receiver_is_subscribed_to_signs_of_life(desk: Desk, office: Office) -> None:
    made = office.receiver("amina", "Hears whether it lives")
    page = desk("amina")
    open_alerts(page)
    card = _card(page, "Hears whether it lives")
    card.get_by_test_id("sub-add").click()
    page.get_by_test_id("sub-name").fill("Sign of life")
    page.get_by_test_id("sub-about").select_option("heartbeat")
    expect(page.get_by_test_id("sub-severity")).to_be_hidden()
    page.get_by_test_id("sub-yes").click()
    expect(card.get_by_test_id("subscription").nth(1)).to_contain_text("A sign of life every day.")
    said = {one.about.value for one in office.store.subscriptions("local", receiver=made.id)}
    assert said == {"events", "heartbeat"}


def test_what_cannot_be_loaded_or_taken_in_is_said(desk: Desk, office: Office) -> None:
    office.receiver("amina", "Unreached")
    page = desk("amina")
    page.route("**/subscriptions", lambda route: route.abort())
    page.get_by_test_id("alerts-start").click()
    retry = page.get_by_test_id("alerts").get_by_role("button", name="Retry")
    expect(retry).to_be_visible()
    # Nothing is said of who is told while that is not known.
    expect(page.get_by_test_id("alerts-sum")).to_be_empty()
    page.unroute("**/subscriptions")
    retry.click()
    card = _card(page, "Unreached")
    expect(card).to_be_visible()
    page.route("**/test", lambda route: route.abort())
    card.get_by_test_id("receiver-test").click()
    expect(card.get_by_test_id("receiver-problem")).to_contain_text("could not be reached")
    expect(card.get_by_test_id("receiver-test")).to_be_enabled()


def test_alerts_on_a_phone(desk: Desk, office: Office) -> None:
    office.receiver("dina", "A receiver whose name is long and goes on for more than one line")
    page = desk("dina", PHONE)
    open_alerts(page)
    expect(page.get_by_test_id("message-item").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(page, "phone-alerts")
    page.get_by_test_id("receiver-add").click()
    dialog = page.get_by_test_id("ask-dialog").bounding_box()
    assert dialog is not None
    assert dialog["x"] >= 0
    assert dialog["x"] + dialog["width"] <= PHONE["width"]
    assert dialog["y"] + dialog["height"] <= PHONE["height"]
    keep(page, "phone-alerts-add")
