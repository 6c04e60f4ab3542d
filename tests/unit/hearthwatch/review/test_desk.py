"""Two people look blind to each other; what both see holds, and nobody speaks twice."""

from __future__ import annotations

import dataclasses

import pytest

from hearthwatch.errors import EventError, NotFound
from hearthwatch.fusion.people import Saying, say
from hearthwatch.records import RejectionReason, Role, Verb, Verdict
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import cases_of
from hearthwatch.review.seen import Seen
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.desks import ALWAYS, Room, caller

HARMED, UNSURE, BAD = Seen(Verdict.HARMED), Seen(Verdict.UNSURE), Seen(Verdict.BAD_IMAGERY)
GRASS = Seen(Verdict.UNHARMED, RejectionReason.SEASONAL_BURN)


def other(text: str) -> Seen:
    return Seen(Verdict.UNHARMED, RejectionReason.OTHER, text)


def test_what_two_see_alike_holds_and_one_alone_changes_nothing():
    room = Room()
    room.see("amina", HARMED)
    assert (room.state(), room.store.event("ours", "evt-1").version) == ("candidate", 1)
    assert room.store.opinions("ours", "evt-1") == ()
    room.see("badr", HARMED)
    assert room.state() == "confirmed"
    (said,) = room.store.opinions("ours", "evt-1")
    ids = [one.id for one in room.store.assessments("ours")]
    assert (said.verb, said.who) == (Verb.CONFIRM, "people who looked")
    assert said.text == f"As {ids[0]} and {ids[1]} have it."


def test_a_rejection_by_two_has_the_first_reason_that_is_not_other():
    room = Room()
    room.see("amina", other("a wedding"))
    room.see("badr", GRASS)
    (said,) = room.store.opinions("ours", "evt-1")
    assert (room.state(), said.reason) == ("rejected", "seasonal_burn")


def test_where_two_differ_a_third_decides_and_all_three_stay():
    room = Room()
    room.see("amina", HARMED)
    room.see("badr", GRASS)
    assert room.state() == "disputed"
    for person in ("amina", "badr"):
        with pytest.raises(EventError, match="Somebody else has to look"):
            room.desk(person).claim("evt-1")
    said = room.see("chidi", HARMED)
    assert (said.round, room.state()) == ("third", "confirmed")
    assert [one.person for one in room.store.assessments("ours")] == ["amina", "badr", "chidi"]


def test_who_cannot_tell_decides_nothing_and_the_next_one_is_asked():
    room = Room()
    for person, seen in (("amina", HARMED), ("badr", GRASS), ("chidi", UNSURE), ("dede", BAD)):
        room.see(person, seen)
        assert room.state() in ("candidate", "disputed")
    room.see("efua", GRASS)
    assert room.state() == "rejected"


@pytest.mark.parametrize("seen", [BAD, UNSURE])
def test_pictures_that_tell_two_people_nothing_are_replaced_by_others(seen):
    room = Room(looks=2)
    first, second = room.see("amina", seen), room.see("badr", seen)
    assert first.shown == second.shown
    assert (room.state(), room.store.opinions("ours", "evt-1")) == ("candidate", ())
    again = room.see("amina", HARMED)
    assert again.shown["after"] != first.shown["after"]
    assert again.round == "first"
    room.see("chidi", HARMED)
    assert room.state() == "confirmed"


def test_without_other_pictures_there_is_nothing_to_look_at():
    room = Room(looks=1)
    room.see("amina", BAD)
    room.see("badr", BAD)
    with pytest.raises(EventError, match="No look that was not shown yet"):
        room.desk("amina").claim("evt-1")


def test_all_see_the_same_pictures_whatever_software_sees_in_between():
    room = Room()
    first = room.see("amina", HARMED)
    room.again()
    second = room.see("badr", HARMED)
    assert first.shown == second.shown
    assert (first.version, second.version) == (1, 1)


def test_one_looks_at_a_time_for_half_an_hour_and_longer_while_looking():
    room = Room()
    mine = room.desk("amina").claim("evt-1")
    with pytest.raises(EventError, match="Somebody else looks at it, until 12:30 UTC"):
        room.desk("badr").claim("evt-1")
    room.clock.on(minutes=20)
    renewed = room.desk("amina").claim("evt-1")
    assert (renewed.id, renewed.made) == (mine.id, mine.made)
    room.clock.on(minutes=29)
    with pytest.raises(EventError, match="until 12:50"):
        room.desk("badr").claim("evt-1")
    room.clock.on(minutes=1)
    room.desk("badr").claim("evt-1")
    with pytest.raises(EventError, match="too long ago"):
        room.desk("amina").assess("evt-1", HARMED)
    room.desk("badr").give_back("evt-1")
    room.desk("amina").claim("evt-1")


def test_nobody_has_more_than_five_at_a_time():
    room = Room()
    for number in range(2, 8):
        its_id = f"evt-{number}"
        room.add(a.event(id=its_id), a.source(id=f"src-{number}", event=its_id))
    desk = room.desk("amina")
    for number in range(1, 6):
        desk.claim(f"evt-{number}")
    with pytest.raises(EventError, match="5 events already"):
        desk.claim("evt-6")
    desk.give_back("evt-1")
    desk.claim("evt-6")


def test_a_slip_is_taken_back_within_ten_minutes_and_stays_readable():
    room = Room()
    room.see("amina", GRASS)
    room.clock.on(minutes=10)
    undone = room.desk("amina").undo("evt-1")
    assert undone.undone == room.clock.now
    room.see("amina", HARMED)
    room.clock.on(minutes=10, seconds=1)
    with pytest.raises(EventError, match="more than 10 minutes"):
        room.desk("amina").undo("evt-1")
    room.see("badr", HARMED)
    assert room.state() == "confirmed"
    assert len(room.store.assessments("ours")) == 3


def test_taking_back_what_settled_it_takes_that_back_and_somebody_else_looks():
    room = Room()
    room.see("amina", HARMED)
    room.see("badr", HARMED)
    with pytest.raises(EventError, match="Somebody has looked after you"):
        room.desk("amina").undo("evt-1")
    room.desk("badr").undo("evt-1")
    assert room.state() == "provisional"
    assert [one.verb for one in room.store.opinions("ours", "evt-1")] == [Verb.CONFIRM, Verb.UNDO]
    # Who took it back knows by it what the other one saw.
    with pytest.raises(EventError, match="Somebody else has to look"):
        room.desk("badr").claim("evt-1")
    room.desk("amina").undo("evt-1")
    with pytest.raises(EventError, match="Somebody else has to look"):
        room.desk("amina").claim("evt-1")
    room.see("chidi", GRASS)
    room.see("dede", GRASS)
    assert room.state() == "rejected"


def test_what_others_said_of_the_event_since_is_not_taken_back_with_it():
    room = Room()
    room.see("amina", HARMED)
    room.see("badr", HARMED)
    say(room.store, "ours", "evt-1", Verb.RETRACT, Saying("chidi", room.clock.now, text="wrong"))
    with pytest.raises(EventError, match="Others have said something"):
        room.desk("badr").undo("evt-1")
    assert room.state() == "retracted"


def test_what_is_given_back_to_the_software_is_looked_at_anew():
    room = Room()
    first = room.see("amina", GRASS)
    room.see("badr", GRASS)
    say(room.store, "ours", "evt-1", Verb.REOPEN, Saying("chidi", room.clock.now))
    again = room.see("amina", HARMED)
    assert again.shown["pictures"] != first.shown["pictures"]
    assert again.round == "first"


class TestSupervisors:
    def test_whoever_looks_again_sees_it_alike_and_it_stays(self):
        room = Room(ALWAYS)
        room.see("amina", HARMED)
        room.see("badr", HARMED)
        for person, role in (("amina", Role.ADMIN), ("chidi", Role.ANALYST)):
            with pytest.raises(EventError, match="Somebody else has to look"):
                room.desk(person, role).claim("evt-1")
        said = room.see("chidi", HARMED, Role.REVIEWER)
        assert (said.round, room.state()) == ("audit", "confirmed")
        assert len(room.store.opinions("ours", "evt-1")) == 1
        with pytest.raises(EventError, match="Nobody has to look"):
            room.desk("dede", Role.ADMIN).claim("evt-1")

    @pytest.mark.parametrize(("last", "state"), [(HARMED, "confirmed"), (GRASS, "rejected")])
    def test_where_they_see_it_otherwise_the_next_one_decides(self, last, state):
        room = Room(ALWAYS)
        for person, seen in (("amina", HARMED), ("badr", HARMED)):
            room.see(person, seen)
        room.see("chidi", GRASS, Role.REVIEWER)
        assert room.state() == "disputed"
        room.see("dede", last)
        assert room.state() == state

    def test_rejections_that_calibrate_are_all_due_and_of_the_rest_a_share(self):
        room = Room(Sampling(0.0))
        room.see("amina", GRASS)
        room.see("badr", GRASS)
        duplicate = dataclasses.replace(GRASS, reason=RejectionReason.DUPLICATE)
        said = room.see("chidi", duplicate, Role.REVIEWER)
        assert said.round == "audit"
        # It is none either way; why it is none is a supervisor's word.
        assert room.state() == "rejected"
        assert [one.reason for one in room.store.opinions("ours", "evt-1")] == [
            "seasonal_burn", "duplicate",
        ]  # fmt: skip

    def test_the_share_is_drawn_by_the_seed_and_the_same_whenever_it_is_asked(self):
        event = a.event()

        def drawn(seed):
            one = Sampling(0.3, seed)
            return [one.is_due(event, str(n), Verdict.HARMED, "") for n in range(10_000)]

        assert drawn("one") == drawn("one") != drawn("two")
        # 0.3 of 10,000 within five standard errors of 46.
        assert abs(sum(drawn("one")) - 3000) < 230

    def test_nobody_can_tell_before_they_answer_whether_it_will_be_drawn(self):
        def drawn():
            room = Room(Sampling(0.5))
            room.see("amina", HARMED)
            room.see("badr", HARMED)
            return room.desk("chidi", Role.REVIEWER).task("evt-1") is not None

        # The same people, event, pictures and seed: 64 draws are all alike by 1 in 2^63.
        assert len({drawn() for _ in range(64)}) == 2


class TestRefusals:
    def test_only_people_who_are_signed_in_look(self):
        room = Room()
        key = dataclasses.replace(caller("key-1"), person="")
        for desk in (dataclasses.replace(room.desk("x"), who=key), room.desk("x", Role.VIEWER)):
            for act in (
                lambda d=desk: d.claim("evt-1"),
                lambda d=desk: d.assess("evt-1", HARMED),
                lambda d=desk: d.undo("evt-1"),
            ):
                with pytest.raises(EventError, match="Only people look at pictures"):
                    act()

    def test_everything_that_is_wrong_is_said_at_once_and_the_claim_stays(self):
        room = Room()
        desk = room.desk("amina")
        desk.claim("evt-1")
        wrong = Seen(Verdict.HARMED, RejectionReason.OTHER, "", seconds=-1.0)
        with pytest.raises(EventError) as raised:
            desk.assess("evt-1", wrong)
        for words in ("only a rejection has", "`other` needs words", "seconds from 0"):
            assert words in raised.value.message
        with pytest.raises(EventError, match="as one of seasonal_burn"):
            desk.assess("evt-1", Seen(Verdict.UNHARMED))
        desk.assess("evt-1", HARMED)

    def test_an_answer_to_other_pictures_is_not_taken_for_these(self):
        room = Room()
        desk = room.desk("amina")
        desk.claim("evt-1")
        with pytest.raises(EventError, match="not the pictures"):
            desk.assess("evt-1", Seen(Verdict.HARMED, pictures="others"))

    def test_events_of_others_are_like_none(self):
        room = Room()
        desk = dataclasses.replace(room.desk("x"), who=caller("x", organisation="theirs"))
        for act in (desk.claim, desk.give_back, desk.undo, desk.task):
            with pytest.raises(NotFound):
                act("evt-1")

    def test_what_people_settled_otherwise_is_not_looked_at(self):
        room = Room()
        room.desk("amina").claim("evt-1")
        say(room.store, "ours", "evt-1", Verb.CLOSE, Saying("chidi", room.clock.now))
        with pytest.raises(EventError, match="Nobody has to look"):
            room.desk("amina").assess("evt-1", HARMED)


def test_the_time_that_was_looked_is_at_most_that_of_the_claim():
    room = Room()
    desk = room.desk("amina")
    desk.claim("evt-1")
    room.clock.on(seconds=30)
    said = desk.assess("evt-1", Seen(Verdict.HARMED, seconds=12.0))
    assert said.seconds == 12.0
    desk.undo("evt-1")
    desk.claim("evt-1")
    room.clock.on(seconds=5)
    assert desk.assess("evt-1", Seen(Verdict.HARMED, seconds=99.0)).seconds == 5.0


def test_cases_are_told_apart_by_their_pictures_and_the_newest_is_last():
    said = [
        a.assessment(id=str(n), shown={"pictures": pictures}, said=a.NOON + n * a.DAY)
        for n, pictures in enumerate(["one", "two", "one"])
    ]
    assert [case.pictures for case in cases_of(said)] == ["two", "one"]
    assert MemoryStore().assessments("ours") == ()
