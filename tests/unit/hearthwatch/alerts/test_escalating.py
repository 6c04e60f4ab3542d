"""Contacts that do not answer, decline or hand over: who is told next, and when that is nobody."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from shapely.geometry import box

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.answers import Coordination, Said
from hearthwatch.alerting.escalating import escalate
from hearthwatch.errors import AlertConflict, AlertError, NotFound
from hearthwatch.records import (
    Answer,
    Detail,
    EffectKind,
    EventState,
    Kind,
    ResponseState,
    Role,
    Scope,
    Subject,
)
from hearthwatch.store import MemoryStore
from tests.unit.hearthwatch.alerts.desk import at, event
from tests.unit.hearthwatch.alerts.net import MINUTE, Net, changed
from tests.unit.hearthwatch.alerts.test_sending_killed import Dying, Killed

HOUR = timedelta(hours=1)


@pytest.fixture
def net() -> Net:
    return Net(MemoryStore())


def who(net: Net) -> list[str]:
    return [receiver for receiver, _, _ in net.told]


class TestTime:
    def test_the_next_contact_is_told_and_after_the_last_one_nobody_answered(
        self, net: Net
    ) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.step(2 * HOUR - MINUTE)
        assert who(net) == ["a"]
        net.step(MINUTE)
        assert who(net) == ["a", "b"]
        assert net.facts("b")[0]["asked"] == "escalated"
        assert net.facts("b")[0]["act"] == "alert"
        net.step(2 * HOUR - MINUTE)
        assert net.store.unanswered() == ()
        net.step(MINUTE)
        assert [one.responder for one in net.store.unanswered("ours")] == ["rsd-1"]
        assert net.steps("rsd-1") == [("told", "a"), ("escalated", "b"), ("unanswered", "")]
        net.step(50 * HOUR)
        assert who(net) == ["a", "b"]

    def test_what_is_not_urgent_has_a_day(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event(kind=Kind.GROUND_CHANGE))
        net.step()
        net.step(24 * HOUR - MINUTE)
        assert who(net) == ["a"]
        net.step(MINUTE)
        assert who(net) == ["a", "b"]

    def test_whoever_received_it_is_waited_for_no_more(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.answers("a", Answer.RECEIVED)
        net.step(50 * HOUR)
        assert who(net) == ["a"]
        assert net.states() == {"rsd-1": "received"}

    def test_a_late_answer_counts(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        assert net.states() == {"rsd-1": "unanswered"}
        net.answers("a", Answer.TAKEN_CHARGE)
        assert net.states() == {"rsd-1": "taken_charge"}
        assert net.store.unanswered() == ()

    def test_what_was_taken_back_is_not_told_to_more(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.tell(changed(event(), state=EventState.RETRACTED))
        net.step(50 * HOUR)
        assert net.told == [("a", "alert", "evt-1"), ("a", "cancel", "evt-1")]
        assert net.states() == {"rsd-1": "withdrawn"}

    def test_every_contact_that_was_told_reads_that_it_is_taken_back(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        net.tell(changed(event(), state=EventState.RETRACTED))
        net.step()
        assert sorted(net.told)[::2] == [("a", "alert", "evt-1"), ("b", "alert", "evt-1")]
        assert sorted(net.told)[1::2] == [("a", "cancel", "evt-1"), ("b", "cancel", "evt-1")]

    def test_those_of_the_next_rank_follow_unless_somebody_knows(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b", rank=2)
        net.receiver(id="c", confirmed=None)
        net.responder("rsd-3", "c", rank=3)
        net.responder("rsd-4", "d", rank=4)
        net.tell(event(1), event(2))
        net.step()
        net.step(2 * HOUR)
        assert net.states() == {"rsd-1": "unanswered", "rsd-2": "told"}
        net.answers("b", Answer.RECEIVED, which=0)
        net.step(2 * HOUR)
        known, other = ("evt-1", "evt-2")
        if net.states(other)["rsd-2"] == "received":
            known, other = other, known
        assert net.states(known) == {"rsd-1": "unanswered", "rsd-2": "received"}
        # That nobody of the third can be told does not hold up the fourth.
        assert net.states(other) == {
            "rsd-1": "unanswered", "rsd-2": "unanswered", "rsd-3": "unanswered", "rsd-4": "told",
        }  # fmt: skip

    def test_where_nobody_of_a_rank_can_be_told_the_next_one_is_told_at_once(
        self, net: Net
    ) -> None:
        for one in ("a", "b", "c"):
            net.receiver(id=one, confirmed=None)
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b")
        net.responder("rsd-3", "c", rank=2)
        net.responder("rsd-4", "d", rank=4)
        net.responder("rsd-5", "e", rank=5)
        net.tell(event())
        net.step()
        assert who(net) == ["d"]
        silent = dict.fromkeys(("rsd-1", "rsd-2", "rsd-3"), "unanswered")
        assert net.states() == {**silent, "rsd-4": "told"}
        net.step(2 * HOUR)
        assert who(net) == ["d", "e"]

    def test_where_one_of_a_rank_can_be_told_the_next_one_waits(self, net: Net) -> None:
        net.receiver(id="a", confirmed=None)
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b")
        net.responder("rsd-3", "c", rank=2)
        net.tell(event())
        net.step()
        net.tell(changed(event(), state=EventState.CONFIRMED))
        net.step()
        assert net.states() == {"rsd-1": "unanswered", "rsd-2": "told"}

    def test_one_whose_agreement_ended_is_told_no_more(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b", until=at(1))
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        assert who(net) == ["a"]
        assert net.states() == {"rsd-1": "unanswered"}

    def test_what_fails_for_one_does_not_hold_up_the_others(
        self, net: Net, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event(1), event(2))
        net.step()
        first = net.store.overdue_responses(at(2), 9)[0]
        plain = net.store.response

        def broken(organisation: str, response_id: str) -> Any:
            if response_id == first.id:
                raise ValueError("13.6")
            return plain(organisation, response_id)

        monkeypatch.setattr(net.store, "response", broken)
        assert escalate(net.store, at(2)) == 1


class TestAnswers:
    def test_declined_the_next_contact_is_told_at_once(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.answers("a", Answer.DECLINED, "No car.")
        net.step()
        assert who(net) == ["a", "b"]
        assert net.steps("rsd-1") == [("told", "a"), ("declined", "a"), ("escalated", "b")]
        net.answers("b", Answer.DECLINED)
        assert net.states() == {"rsd-1": "declined"}

    def test_declined_twice_by_one_contact_is_not_declined_by_the_next(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b", "c")
        net.tell(event())
        net.step()
        net.answers("a", Answer.DECLINED)
        net.answers("a", Answer.DECLINED)
        net.step()
        assert who(net) == ["a", "b"]
        net.step(2 * HOUR)
        assert who(net) == ["a", "b", "c"]

    def test_to_whom_beyond_the_network_it_was_handed_over_is_kept(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.tell(event())
        net.step()
        net.answers("a", Answer.HANDED_OVER, "By radio.", to="The district")
        last = net.store.response_steps("ours", "evt-1")[-1]
        assert (last.words, last.to) == ("By radio.\nThe district", "")

    def test_a_link_does_not_fill_the_store(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.tell(event())
        net.step()
        with pytest.raises(NotFound):
            for number in range(300):
                net.answers("a", Answer.RECEIVED, f"Call {number}")
        assert len(net.steps("rsd-1")) == 200

    def test_an_erased_event_has_no_answer(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.tell(event())
        net.step()
        parts = net.store.parts("ours", Subject.EVENT, "evt-1")
        with net.store.transaction() as tx:
            tx.erase(parts)
        with pytest.raises(NotFound, match="nothing to answer"):
            net.answers("a", Answer.RECEIVED)

    def test_declined_by_the_last_contact_the_next_rank_is_told_at_once(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b", rank=2)
        net.tell(event())
        net.step()
        net.answers("a", Answer.DECLINED)
        net.step()
        assert who(net) == ["a", "b"]
        assert net.facts("b")[0]["told"][0]["answer"] == "declined"

    def test_handed_over_to_another_it_is_told_at_once(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b", rank=2)
        net.tell(event())
        net.step()
        net.answers("a", Answer.HANDED_OVER, "They are nearer.", to="aid RSD-2")
        net.step()
        assert net.facts("b")[0]["asked"] == "handed_over"
        assert net.response("rsd-1").handed_to == "rsd-2"
        assert net.response("rsd-2").handed_from == "rsd-1"

    def test_handed_over_to_who_declined_or_did_not_answer_the_next_rank_is_told(
        self, net: Net
    ) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b")
        net.responder("rsd-3", "c", rank=2)
        net.tell(event(1), event(2), event(3))
        net.step()
        for which in range(3):
            net.answers("a", Answer.RECEIVED, which=which)
        known = [one["event"] for one in net.facts("a")]
        places = {one["event"]: at for at, one in enumerate(net.facts("b"))}
        net.answers("b", Answer.DECLINED, which=places[known[0]])
        net.answers("b", Answer.RECEIVED, which=places[known[1]])
        net.step(2 * HOUR)
        assert [net.states(one)["rsd-2"] for one in known] == ["declined", "received", "unanswered"]
        for which in range(3):
            net.answers("a", Answer.HANDED_OVER, to="rsd-2", which=which)
        net.step()
        # Whoever said that they know has it now; else somebody has to hear of it.
        assert ["rsd-3" in net.states(one) for one in known] == [True, False, True]

    @pytest.mark.parametrize("to", ["", "Somebody else", "rsd-2"])
    def test_a_contact_hands_it_over_to_nobody_whom_it_does_not_concern(
        self, net: Net, to: str
    ) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b", geometry=box(40, 1, 41, 2))
        net.tell(event())
        net.step()
        net.answers("a", Answer.HANDED_OVER, to=to)
        net.step()
        assert who(net) == ["a"]
        assert net.states() == {"rsd-1": "handed_over"}

    def test_whoever_took_charge_is_not_undone_by_a_receipt(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        net.answers("b", Answer.TAKEN_CHARGE)
        net.answers("a", Answer.RECEIVED)
        assert net.states() == {"rsd-1": "taken_charge"}
        assert len(net.steps("rsd-1")) == 4

    def test_the_same_answer_twice_is_one(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.tell(event())
        net.step()
        for _ in range(3):
            net.answers("a", Answer.RECEIVED)
        assert net.steps("rsd-1") == [("told", "a"), ("received", "a")]

    def test_a_link_does_not_answer_for_ever_nor_for_another(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b")
        net.tell(event())
        net.step()
        links = {one: net.facts(one)[0]["links"]["answer"] for one in ("a", "b")}
        net.facts("a")[0]["links"]["answer"] = links["b"].replace("receiver=b", "receiver=a")
        with pytest.raises(NotFound):
            net.answers("a", Answer.RECEIVED)
        net.now += timedelta(days=91)
        with pytest.raises(NotFound):
            net.answers("b", Answer.RECEIVED)
        assert set(net.states().values()) == {"told"}

    def test_it_is_in_the_log_without_words(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        net.answers("a", Answer.DECLINED, "The bridge at Umm Sidir is cut.")
        every = net.store.audit("ours")
        assert {one.act for one in every} >= {"response answer", "response escalated"}
        assert "Umm Sidir" not in str(every)


class TestCoordination:
    def people(self, net: Net) -> Coordination:
        caller = Caller("ours", "per-1", "Amal", Role.ANALYST, frozenset(Scope))
        return Coordination(net.store, caller, net.now)

    def test_people_write_down_what_was_said_on_the_telephone(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        net.step()
        said = Said(Answer.TAKEN_CHARGE, "They leave at dawn.", contact="a")
        made = self.people(net).answer("evt-1", "rsd-1", said)
        assert (made.state, made.due) == (ResponseState.TAKEN_CHARGE, None)
        last = net.store.response_steps("ours", "evt-1")[-1]
        assert (last.by, last.receiver, last.words) == ("per-1", "a", "They leave at dawn.")

    def test_people_hand_over_to_everybody_with_an_agreement(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.responder("rsd-2", "b", geometry=box(40, 1, 41, 2))
        net.tell(event())
        people = self.people(net)
        people.answer("evt-1", "rsd-1", Said(Answer.HANDED_OVER, to="rsd-2"))
        net.step()
        assert sorted(who(net)) == ["a", "b"]
        for wrong in ("rsd-9", "rsd-1"):
            with pytest.raises(AlertConflict):
                people.answer("evt-1", "rsd-1", Said(Answer.HANDED_OVER, to=wrong))

    def test_what_cannot_be_is_refused(self, net: Net) -> None:
        net.responder("rsd-1", "a", "b")
        net.tell(event())
        people = self.people(net)
        with pytest.raises(NotFound):
            people.answer("evt-9", "rsd-1", Said(Answer.RECEIVED))
        with pytest.raises(NotFound):
            people.answer("evt-1", "rsd-9", Said(Answer.RECEIVED))
        with pytest.raises(AlertError):
            people.answer("evt-1", "rsd-1", Said(Answer.RECEIVED, contact="b"))
        with pytest.raises(AlertError):
            people.note("evt-1", "  ")
        with pytest.raises(AlertError):
            people.effect("evt-1", EffectKind.NONE, "2024-06-01", "", "", "")
        with pytest.raises(AlertError):
            people.effect("evt-1", EffectKind.NONE, "2024-06-01", "Them", "", "rsd-9")

    def test_notes_and_effects_stay(self, net: Net) -> None:
        net.responder("rsd-1", "a")
        net.tell(event())
        people = self.people(net)
        note = people.note("evt-1", " The road is cut. ")
        effect = people.effect("evt-1", EffectKind.BACKFIRE, "2024-06-01", "Them", "", "rsd-1")
        assert net.store.notes("ours", "evt-1") == (note,)
        assert note.words == "The road is cut."
        assert net.store.effects("ours", "evt-1") == (effect,)
        acts = [one.act for one in net.store.audit("ours")]
        assert {"event note", "event effect"} <= set(acts)


@pytest.mark.parametrize("seed", range(12))
def test_whoever_dies_anywhere_each_contact_is_told_once(seed: int) -> None:
    chance = random.Random(seed)
    net = Net(MemoryStore())
    net.responder("rsd-1", "a", "b", "c")
    net.responder("rsd-2", "d", rank=2)
    net.tell(event())
    dying: Any = Dying(net.store, chance, 0.3)
    deaths = 0
    for _ in range(200):
        net.now += timedelta(minutes=10)
        try:
            escalate(dying, net.now)
        except Killed:
            deaths += 1
        net.sender.step()
    assert sorted(net.told) == [(one, "alert", "evt-1") for one in "abcd"]
    assert net.states() == {"rsd-1": "unanswered", "rsd-2": "unanswered"}
    assert net.steps("rsd-1") == [
        ("told", "a"), ("escalated", "b"), ("escalated", "c"), ("unanswered", ""),
    ]  # fmt: skip
    assert deaths


def test_a_contact_for_what_was_released_is_told_when_it_is_theirs_to_read(net: Net) -> None:
    net.receiver(id="p", detail=Detail.PARTNER)
    net.responder("rsd-1", "p", detail=Detail.PARTNER)
    net.tell(event())
    net.step()
    assert net.told == []
    assert net.states() == {"rsd-1": "unreleased"}
