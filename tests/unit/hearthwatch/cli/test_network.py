"""The response network on the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hearthwatch.alerting.escalating import escalate
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.layout import Layout
from hearthwatch.records import EventState
from hearthwatch.store import open_store
from tests.contract import store_records as a

OURS = {"organisation": "local"}


@pytest.fixture
def folder(tmp_path):
    """Make a store with a responder of two contacts, and an event that nobody answered."""
    store = open_store(Layout(tmp_path / "var").database, write=True)
    a.with_region(store, "local")
    event = a.event(**OURS, state=EventState.PROVISIONAL, last_detected=a.NOON)
    with store.transaction() as tx:
        for number in ("1", "2"):
            tx.put_receiver(a.receiver(**OURS, id=f"rcv-{number}", name=f"Phone {number}"))
        tx.put_responder(a.responder(**OURS))
    with store.transaction() as tx:
        tx.put_event(event)
        enqueue(store, tx, "local", [event], now=a.NOON)
        tx.add_note(a.note(**OURS))
        tx.add_effect(a.effect(**OURS))
    for days in (2, 4):
        escalate(store, a.NOON + timedelta(days=days))
    store.close()


def test_the_network_is_listed_and_one_of_it_shown(document, call, failure, folder):
    (listed,) = document("responders", "list")[1]["responders"]
    assert (listed["id"], listed["contacts"]) == ("rsd-1", ["rcv-1", "rcv-2"])
    assert document("responders", "show", "rsd-1")[1] == listed
    text = call("responders", "show", "rsd-1")[1]
    assert "Letter of 3 March" in text
    assert text.index("Phone 1") < text.index("Phone 2")
    assert failure("responders", "show", "rsd-9")[1] == "not_found"


def test_who_knows_of_an_event(document, call, folder):
    told = document("responses", "evt-1")[1]
    assert (told["acts"], told["unanswered"]) == ([], True)
    text = call("responses", "evt-1")[1]
    contacts = "Phone 1 (not sent yet), Phone 2 (not sent yet)"
    nobody = ("Nobody has taken charge.", "NOBODY ANSWERED", "unanswered")
    for said in (*nobody, "Aid in the hills", contacts, "Road is cut.", "A convoy."):
        assert said in text
