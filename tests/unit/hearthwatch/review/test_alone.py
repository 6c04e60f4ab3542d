"""One person says alone only what two people do not look at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detectors.heat import INFO as HEAT_INFO
from hearthwatch.errors import LookFirst
from hearthwatch.fusion.people import Saying, say
from hearthwatch.records import EventState, Role, Verb, Verdict
from hearthwatch.review.alone import not_alone, refuse_alone
from hearthwatch.review.seen import Seen
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.desks import ALWAYS, Room

HARMED = Seen(Verdict.HARMED)
UNHARMED = Seen(Verdict.UNHARMED, "construction")
WAITS = {Verb.CONFIRM, Verb.DISPUTE, Verb.REJECT, Verb.RETRACT, Verb.CLOSE}


def kept(room: Room) -> set[Verb]:
    return set(not_alone(room.store, room.choose, room.store.event("ours", "evt-1")))


def said(room: Room, verb: Verb, reason: str = "") -> None:
    saying = Saying("amina", a.NOON + timedelta(hours=1), reason, "why")
    say(room.store, "ours", "evt-1", verb, saying)


def of_state(state: EventState, **more: object) -> Room:
    room = Room(store=a.with_region(MemoryStore()))
    room.add(a.event(state=state, **more), a.source(event="evt-1", detector_state="PROBABLE"))
    return room


@pytest.mark.parametrize("state", ["candidate", "provisional", "corroborated", "disputed"])
def test_what_waits_for_two_people_nobody_settles_or_ends_alone(state: str) -> None:
    assert kept(of_state(EventState(state))) == WAITS


@pytest.mark.parametrize("number", [1, 2, 3])
def test_that_one_has_looked_opens_no_way_round_the_second(number: int) -> None:
    room = Room()
    seen = (HARMED, Seen(Verdict.BAD_IMAGERY), Seen(Verdict.UNSURE))
    for person in ("amina", "badr", "chidi")[:number]:
        room.see(person, seen[("amina", "badr", "chidi").index(person)])
    # Also where no other picture is left to be shown.
    room.looks = 0
    assert kept(room) >= WAITS


def test_what_two_saw_one_cannot_turn_round_but_have_looked_at_anew() -> None:
    room = Room()
    room.see("amina", HARMED)
    room.see("badr", HARMED)
    assert room.state() == "confirmed"
    assert kept(room) == {Verb.CONFIRM, Verb.REJECT, Verb.UNDO}
    said(room, Verb.DISPUTE)
    assert (room.state(), kept(room)) == ("disputed", WAITS)
    # One's own objection one can take back; and others look now.
    room.see("chidi", UNHARMED)
    room.see("dede", UNHARMED)
    assert room.state() == "rejected"
    assert kept(room) == {Verb.CONFIRM, Verb.REJECT, Verb.UNDO}


def test_what_a_supervisor_put_in_doubt_nobody_takes_back_alone() -> None:
    room = Room(sampling=ALWAYS)
    room.see("amina", HARMED)
    room.see("badr", HARMED)
    room.see("dede", UNHARMED, Role.REVIEWER)
    assert room.state() == "disputed"
    assert kept(room) == WAITS | {Verb.UNDO}


@pytest.mark.parametrize("state", ["retracted", "closed"])
def test_of_what_is_over_and_nobody_looks_at_anything_can_be_said(state: str) -> None:
    assert kept(of_state(EventState(state))) == set()


def test_where_no_picture_can_be_shown_one_person_speaks() -> None:
    room = of_state(EventState.PROVISIONAL)
    room.looks = 0
    assert kept(room) == set()
    said(room, Verb.CONFIRM)
    assert (room.state(), kept(room)) == ("confirmed", set())
    # With a picture it is for two again.
    room.looks = 1
    assert kept(room) == {Verb.CONFIRM, Verb.REJECT}


def test_a_hint_of_heat_and_what_was_merged_are_for_nobody_to_look_at() -> None:
    assert kept(of_state(EventState.CANDIDATE, detector=HEAT_INFO.id)) == set()
    assert kept(of_state(EventState.PROVISIONAL, detector=HEAT_INFO.id)) == WAITS
    assert kept(of_state(EventState.PROVISIONAL, merged_into="evt-2")) == set()


@pytest.mark.parametrize("verb", sorted(WAITS))
def test_what_is_refused_says_what_to_do(verb: Verb) -> None:
    room = Room()
    event = room.store.event("ours", "evt-1")
    with pytest.raises(LookFirst, match="under Verify") as told:
        refuse_alone(room.store, room.choose, event, verb)
    assert told.value.code == "look_first"
    for other in set(Verb) - WAITS:
        refuse_alone(room.store, room.choose, event, other)
