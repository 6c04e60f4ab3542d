"""Who was switched off hears, once on again, what became of what it was told; of nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hearthwatch.access.standing import Caller
from hearthwatch.alerting import answering
from hearthwatch.alerting.messages import Messages, told_of
from hearthwatch.alerting.receivers import Receivers
from hearthwatch.alerts.background import Background
from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.post import PostRoom
from hearthwatch.errors import AlertConflict
from hearthwatch.records import Channel, EventState, MessageState, Rhythm, Role, Scope
from hearthwatch.store import MemoryStore
from tests.unit.hearthwatch.alerts.desk import VAULT, Desk, event
from tests.unit.hearthwatch.alerts.net import Net, changed

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RETRACTED = {"version": 2, "state": EventState.RETRACTED, "said_by": "somebody"}
WHO = Caller("ours", "key-1", "desk", Role.ADMIN, frozenset(Scope))


class Office(Desk):
    """A desk whose receiver is switched off and on as its owner does."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.receiver()
        self.subscribe()
        background = Background(self.store, "watch.example", "https://watch.example", VAULT)
        self.post = PostRoom(self.channels, VAULT, background)

    @property
    def keeping(self) -> Receivers:
        return Receivers(self.store, self.post, WHO, self.now)

    def off(self) -> None:
        self.keeping.disable("rcv-1", "moving house")

    def on(self, after: timedelta = HOUR) -> None:
        self.now += after
        self.keeping.enable("rcv-1")

    @property
    def told(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return [
            (sent["form"], sorted((one["event"], one["act"]) for one in sent["facts"]))
            for sent in self.sent
        ]


@pytest.fixture
def office() -> Office:
    made = Office()
    made.tell(event(1), event(2), event(3))
    made.step()
    made.spy.taken.clear()
    return made


def test_what_changed_meanwhile_is_told_in_one_summary_that_says_it_is_late(
    office: Office,
) -> None:
    office.off()
    office.tell(event(1, **RETRACTED))
    office.tell(event(2, version=2, state=EventState.CORROBORATED))
    office.tell(event(2, version=3, state=EventState.CONFIRMED))
    assert office.tell(event(4)) == 0
    assert office.step(HOUR) == 0
    office.on()
    assert office.step() == 1
    assert office.told == [("late", [("evt-1", "cancel"), ("evt-2", "update")])]
    assert office.sent[0]["late"]
    assert office.step(timedelta(days=2)) == 0


def test_however_short_it_was_off_it_is_one_summary(office: Office) -> None:
    office.off()
    office.tell(event(1, **RETRACTED))
    office.tell(event(2, version=2, state=EventState.CORROBORATED))
    office.step(MINUTE)
    office.on(MINUTE)
    # What comes now of one of them goes with it: nobody reads it in two messages.
    office.tell(event(2, version=3, state=EventState.CONFIRMED))
    office.tell(event(3, version=2, state=EventState.CONFIRMED))
    office.step()
    assert office.told == [
        ("late", [("evt-1", "cancel"), ("evt-2", "update")]),
        ("single", [("evt-3", "update")]),
    ]


def test_nothing_of_it_waits_for_a_sender_meanwhile(office: Office) -> None:
    """Neither an alarm that the queue is old nor a look in every round, however much there is."""
    office.off()
    office.tell(event(1, **RETRACTED))
    office.step(HOUR)
    assert office.store.untold(office.now) == ()
    assert office.store.overdue(office.now) == (0, None)
    first, second = told_of(office.store, "ours", "evt-1")
    assert first["due"] and (second["due"], second["state"]) == (None, None)


def test_what_was_on_its_way_is_told_once_it_is_on_again(office: Office) -> None:
    down = [True]

    def answer(parcel: Parcel) -> None:
        if down:
            raise DeliveryFailed("HTTP 500", status=500)

    office.spy.answer = answer
    office.tell(event(1, **RETRACTED))
    office.step()
    (waiting,) = office.store.messages("ours", state=MessageState.WAITING).items
    office.off()
    office.step(HOUR)
    assert office.store.message("ours", waiting.id).state is MessageState.DEAD
    with pytest.raises(AlertConflict, match=r"switched off: .* told in one summary then"):
        Messages(office.store, WHO, office.now).again(waiting.id)
    down.clear()
    office.on()
    office.step()
    assert office.told == [("late", [("evt-1", "cancel")])]
    # It is in the summary: sent again it would be told twice.
    with pytest.raises(AlertConflict, match="once it was on again"):
        Messages(office.store, WHO, office.now).again(waiting.id)


def test_what_was_to_be_told_in_the_morning_is_not_lost(office: Office) -> None:
    office.subscribe(rhythm=Rhythm.DAILY, revision=2)
    office.tell(event(1, **RETRACTED))
    office.off()
    office.step(timedelta(days=1))
    office.on()
    office.step()
    assert office.told == [("late", [("evt-1", "cancel")])]


def test_one_that_answered_that_it_is_gone_misses_nothing_either(office: Office) -> None:
    gone = [True]

    def answer(parcel: Parcel) -> None:
        if gone:
            raise DeliveryFailed("HTTP 410", status=410, gone=True)

    office.spy.answer = answer
    office.tell(event(1, **RETRACTED))
    office.step()
    assert office.store.receiver("ours", "rcv-1").disabled
    office.tell(event(2, **RETRACTED))
    assert office.tell(event(4)) == 0
    office.step(HOUR)
    gone.clear()
    office.on()
    office.step()
    assert office.told == [("late", [("evt-1", "cancel"), ("evt-2", "cancel")])]


def test_who_wanted_no_more_is_told_nothing_of_it(office: Office) -> None:
    office.off()
    office.tell(event(1, **RETRACTED))
    office.step(HOUR)
    office.keeping.enable("rcv-1")
    token = VAULT.token(answering.UNSUBSCRIBE, office.store.receiver("ours", "rcv-1"))
    answering.unwanted(office.store, office.post, "rcv-1", token, office.now)
    assert office.tell(event(2, **RETRACTED)) == 0
    office.step()
    office.on()
    token = VAULT.token(answering.CONFIRM, office.store.receiver("ours", "rcv-1"))
    answering.wanted(office.store, office.post, "rcv-1", token, office.now)
    office.step()
    assert office.told == [("question", [])]


def test_one_that_has_to_be_asked_anew_hears_it_once_it_has_answered(office: Office) -> None:
    office.keeping.change("rcv-1", {}, "https://elsewhere.example/x")
    office.tell(event(1, **RETRACTED))
    assert office.tell(event(4)) == 0
    office.step(MINUTE)
    assert [facts for _, facts in office.told] == [[]]  # The question alone.
    token = VAULT.token(answering.CONFIRM, office.store.receiver("ours", "rcv-1"))
    answering.wanted(office.store, office.post, "rcv-1", token, office.now)
    office.step(2 * MINUTE)
    assert office.told[1:] == [("single", [("evt-1", "cancel")])]


def test_a_feed_that_was_switched_off_has_it_too() -> None:
    office = Office()
    office.receiver(channel=Channel.FEED, revision=2)
    office.tell(event(1))
    office.step()
    office.off()
    office.tell(event(1, **RETRACTED))
    office.step(HOUR)
    assert office.store.delivered_count("ours", "rcv-1") == 1
    office.on()
    office.step()
    late = office.store.delivered("ours", "rcv-1", 1, 9)
    assert [one.form.value for one in late] == ["late"]


def test_nobody_waits_for_the_answer_of_a_contact_that_is_off() -> None:
    net = Net(MemoryStore())
    net.receiver(id="a")
    net.subscribe(receiver="a")
    first = event()
    net.tell(first)
    net.step()
    # It becomes a contact after it was told as one of ours, and is switched off.
    net.responder("one", "a")
    net.receiver(id="a", disabled=net.now, revision=2)
    net.tell(changed(first, state=EventState.CONFIRMED))
    assert net.store.alerts("ours", event=first.id)[-1].receiver == "a"
    assert [one.contacts for one in net.store.responses("ours", [first.id])] == [()]
