"""Receivers, subscriptions, messages and times on the command line."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from hearthwatch.alerting.outbox import enqueue
from hearthwatch.layout import Layout
from hearthwatch.records import EventState, MessageState
from hearthwatch.store import open_store
from tests.contract import store_records as a

ADDRESS = "https://desk.example/hook"
WHERE = "desk.example"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "address.txt"
    path.write_text(f"{ADDRESS}\n")
    return path


@pytest.fixture
def owner(document, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("wolf birch cup ten\n")
    return document("person", "add", "amina", "Amina B.", "--password-file", secret)[1]


@pytest.fixture
def made(document, owner, file):
    words = ("--channel", "webhook", "--owner", "amina", "--address-file", file)
    status, value = document("receivers", "add", "Desk", *words)
    assert status == 0
    return value


def opened(tmp_path):
    return open_store(Layout(tmp_path / "var").database, write=True, alone=False)


def confirmed(tmp_path, its_id):
    store = opened(tmp_path)
    with store.transaction() as tx:
        found = store.receiver("local", its_id)
        tx.put_receiver(a.replace(found, confirmed=a.NOON, revision=found.revision + 1))
    store.close()


def test_a_receiver_is_added_and_its_secret_shown_once(document, call, made, owner, tmp_path):
    assert made["secret"].startswith("whsec_")
    assert (made["owner"], made["detail"], made["confirmed"]) == (owner["id"], "notice", None)
    (listed,) = document("receivers", "list")[1]["receivers"]
    shown = document("receivers", "show", made["id"])[1]
    assert "secret" not in listed | shown
    for words in (("list",), ("show", made["id"])):
        assert WHERE not in call("receivers", *words)[1]
    (message,) = document("messages", "list")[1]["messages"]
    assert (message["form"], message["state"]) == ("question", "waiting")
    store = opened(tmp_path)
    acts = [(one.actor, one.act) for one in store.audit("local") if "receiver" in one.act]
    kept = json.dumps([one.detail for one in store.audit("local")], default=str)
    store.close()
    assert ("command line", "receiver add") in acts
    assert WHERE not in kept


def test_an_address_is_read_from_standard_input(document, owner, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ADDRESS}\nmore"))
    words = ("--channel", "webhook", "--owner", "amina", "--address-file", "-")
    assert document("receivers", "add", "Desk", *words)[0] == 0


def test_what_is_wrong_is_told_without_the_address(failure, owner, file, tmp_path):
    new = ("receivers", "add", "Desk", "--channel", "webhook")
    assert failure(*new, "--owner", "amina")[1] == "alert"
    assert failure(*new, "--owner", "nobody", "--address-file", file)[1] == "not_found"
    file.write_text("ftp://desk.example/hook\n")
    _, code, said = failure(*new, "--owner", "amina", "--address-file", file)
    assert (code, WHERE in said) == ("alert", False)
    assert failure(*new, "--owner", "amina", "--address-file", tmp_path)[1] == "alert"


def test_nobody_is_told_more_than_who_answers_for_them(failure, document, owner, file):
    document("person", "role", "amina", "viewer")
    words = ("--channel", "webhook", "--owner", "amina", "--address-file", file)
    assert failure("receivers", "add", "Desk", *words)[1] == "access"
    key = document("key", "add", "Program", "--scope", "watch")[1]["id"]
    words = ("--channel", "webhook", "--owner", key, "--address-file", file)
    assert failure("receivers", "add", "Desk", *words, "--detail", "exact")[1] == "access"
    assert document("receivers", "add", "Desk", *words)[1]["owner"] == key


def test_a_receiver_is_changed_switched_off_and_removed(document, failure, made, file):
    one = ("receivers", "change", made["id"])
    hours = ("--quiet-from", "22:00", "--quiet-until", "06:30", "--zone", "Asia/Yangon")
    changed = document(*one, *hours, "--language", "ar")[1]
    assert (changed["quiet_from"], changed["quiet_until"], changed["secret"]) == (1320, 390, None)
    assert document(*one, "--no-quiet")[1]["quiet_from"] is None
    file.write_text("https://other.example/hook\n")
    assert document(*one, "--address-file", file)[1]["secret"] != made["secret"]
    assert failure(*one)[1] == "alert"
    assert failure(*one, "--quiet-from", "25:00")[1] == "usage"
    assert failure("receivers", "rotate", made["id"])[1] == "alert_conflict"
    assert document("receivers", "disable", made["id"], "--why", "moving")[1]["disabled"]
    assert document("receivers", "enable", made["id"])[1]["disabled"] is None
    assert document("receivers", "remove", made["id"])[1] == {"removed": made["id"]}
    assert failure("receivers", "show", made["id"])[1] == "not_found"


def test_pictures_are_asked_for_and_done_without(document, failure, owner, file, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_SMTP_HOST", "mail.example.org")
    monkeypatch.setenv("HEARTHWATCH_SMTP_SENDER", "alerts@example.org")
    file.write_text("desk@example.org\n")
    new = ("receivers", "add", "Desk", "--channel", "email", "--owner", "amina",
           "--address-file", file, "--pictures")  # fmt: skip
    assert "shows where the ground is" in failure(*new)[2]
    added = document(*new, "--detail", "exact")[1]
    assert added["pictures"] is True
    change = ("receivers", "change", added["id"])
    assert document(*change, "--no-pictures")[1]["pictures"] is False
    assert document(*change, "--pictures")[1]["pictures"] is True
    assert document(*change, "--detail", "notice")[1]["pictures"] is False


def test_a_confirmed_one_gets_tests_and_new_secrets(document, made, tmp_path):
    confirmed(tmp_path, made["id"])
    assert document("receivers", "rotate", made["id"])[1]["secret"] != made["secret"]
    sent = document("receivers", "test", made["id"])[1]
    shown = document("messages", "show", sent["id"])[1]
    assert (shown["form"], shown["tried"]) == ("test", [])


def test_the_old_secret_of_a_feed_ends_at_once_and_that_is_said(document, call, owner):
    words = ("--channel", "feed", "--owner", "amina")
    feed = document("receivers", "add", "Reading room", *words)[1]
    said = " ".join(call("receivers", "rotate", feed["id"])[1:])
    assert "the old one opens nothing any more" in said and "a day" not in said


def question(tmp_path):
    store = opened(tmp_path)
    (message,) = store.messages("local").items
    content = dict(message.content)
    store.close()
    return content


def test_where_no_link_leads_here_a_code_confirms(
    call, document, failure, made, tmp_path, monkeypatch
):
    """A link without an address in front leads nowhere from where it is read."""
    asked = json.dumps(question(tmp_path))
    assert "confirmations" not in asked
    code = json.loads(question(tmp_path)["body"])["data"]["links"]["code"]
    file = tmp_path / "code.txt"
    file.write_text("another\n")
    confirm = ("receivers", "confirm", made["id"], "--code-file", file)
    assert failure(*confirm)[1] == "not_found"
    file.write_text(f"{code}\n")
    assert document(*confirm)[1]["confirmed"]


def test_whoever_adds_a_receiver_hears_how_it_can_say_so(call, owner, file, tmp_path, monkeypatch):
    new = ("receivers", "add", "Desk", "--channel", "webhook", "--owner", "amina",
           "--address-file", file)  # fmt: skip
    assert "public_url is not set" in call(*new)[1]
    monkeypatch.setenv("HEARTHWATCH_PUBLIC_URL", "https://watch.example")
    assert "public_url" not in call(*new)[1]
    store = opened(tmp_path)
    newest = store.messages("local").items[0]
    store.close()
    assert "https://watch.example/confirmations?" in json.dumps(dict(newest.content))


def test_a_subscription_is_added_paused_and_removed(document, failure, made, tmp_path):
    area = tmp_path / "area.geojson"
    box = [[[25.0, 13.0], [25.1, 13.0], [25.1, 13.1], [25.0, 13.1], [25.0, 13.0]]]
    area.write_text(json.dumps({"type": "Polygon", "coordinates": box}))
    words = ("--area", area, "--kind", "burned", "--mode", "exercise", "--rhythm", "daily")
    status, sub = document("subscriptions", "add", made["id"], "Fires", *words)
    assert (status, sub["kinds"], sub["modes"], sub["rhythm"]) == (
        0, ["burned"], ["exercise"], "daily",
    )  # fmt: skip
    assert sub["geometry"]["type"] == "MultiPolygon"
    assert document("subscriptions", "pause", sub["id"])[1]["paused"]
    assert document("subscriptions", "resume", sub["id"])[1]["paused"] is None
    assert document("subscriptions", "show", sub["id"])[1]["name"] == "Fires"
    listed = document("subscriptions", "list", "--receiver", made["id"])[1]["subscriptions"]
    assert [one["id"] for one in listed] == [sub["id"]]
    assert document("receivers", "show", made["id"])[1]["subscriptions"] == listed
    assert document("subscriptions", "remove", sub["id"])[0] == 0
    assert failure("subscriptions", "show", sub["id"])[1] == "not_found"
    wrong = ("subscriptions", "add", made["id"], "Here", "--region", "nowhere")
    assert failure(*wrong)[1] == "not_found"


def test_what_was_told_of_an_event_is_shown_and_sent_again(document, failure, call, made, tmp_path):
    confirmed(tmp_path, made["id"])
    document("subscriptions", "add", made["id"], "All")
    now = datetime.now(UTC)
    store = opened(tmp_path)
    with store.transaction() as tx:
        tx.put_region(a.region(organisation="local"))
        event = a.event(organisation="local", version=1, state=EventState.PROVISIONAL,
                        last_detected=now)  # fmt: skip
        tx.put_event(event)
        enqueue(store, tx, "local", [event], now=now)
    (alert,) = store.alerts("local")
    with store.transaction() as tx:
        dead = a.message(organisation="local", receiver=made["id"], state=MessageState.DEAD,
                         made=now, attempts=1, ended=now)  # fmt: skip
        tx.put_message(dead, [alert.id])
        tx.add_attempt(a.attempt(organisation="local"))
    store.close()
    (told,) = document("alerts", event.id)[1]["alerts"]
    assert (told["state"], told["steps"]["sent"]) == ("dead", None)
    assert "Desk" in call("alerts", event.id)[1]
    (listed,) = document("messages", "list", "--state", "dead")[1]["messages"]
    assert "HTTP 500" in call("messages", "show", listed["id"])[1]
    assert document("messages", "again", listed["id"])[1]["state"] == "waiting"
    assert failure("messages", "again", "msg-0")[1] == "not_found"
    whole = document("latency")[1]
    took = {one["section"]: (one["over"], one["open"]) for one in whole["sections"]}
    assert (whole["alerts"], took["sent"]) == (1, (0, 1))
    own = document("latency", "--region", "reg-1", "--days", "1")[1]
    assert (own["alerts"], "by_region" in own) == (1, False)
    out = call("latency")[1]
    assert ">=" in out
    assert "sensed" in out
    assert failure("latency", "--region", "nowhere")[1] == "not_found"


def test_where_nobody_is_told_it_says_so(call, owner):
    assert "Nobody is told" in call("receivers", "list")[1]
    assert "There is none" in call("subscriptions", "list")[1]
    assert "no such message" in call("messages", "list")[1]
    assert "0 alerts" in call("latency")[1]
