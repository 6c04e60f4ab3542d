"""In whatever order people claim, speak, take back and let time go by, some things always hold."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from itertools import combinations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hearthwatch.errors import EventError
from hearthwatch.fusion.people import Saying, say
from hearthwatch.records import Assessment, RejectionReason, Role, Verb, Verdict
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import cases_of, task_of
from hearthwatch.review.desk import MOST_CLAIMS, UNDO
from hearthwatch.review.seen import Seen
from hearthwatch.review.shown import readable
from tests.support.desks import Room

PEOPLE = ("amina", "badr", "chidi", "dede", "efua", "femi")
SUPERVISORS = {"efua", "femi"}
SAID = {Verdict.HARMED: "confirmed", Verdict.UNHARMED: "rejected"}

people = st.sampled_from(PEOPLE)
reasons = st.sampled_from(["seasonal_burn", "duplicate", "other"])
verdicts = st.sampled_from([*Verdict, Verdict.HARMED, Verdict.UNHARMED])


class AnyOrder(RuleBasedStateMachine):
    """One event, six people, two of whom supervise."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room(Sampling(0.5, "x"), looks=4)
        self.before: dict[str, Assessment] = {}
        self.read: dict[str, set[str]] = {person: set() for person in PEOPLE}

    def desk(self, person: str):
        role = Role.REVIEWER if person in SUPERVISORS else Role.ANALYST
        return self.room.desk(person, role)

    @rule(person=people)
    def claim(self, person):
        task = self.desk(person).task("evt-1")
        try:
            claim = self.desk(person).claim("evt-1")
        except EventError:
            return
        assert task is not None
        assert claim.expires == self.room.clock.now + timedelta(minutes=30)

    @rule(person=people)
    def give_back(self, person):
        self.desk(person).give_back("evt-1")

    @rule(person=people, verdict=verdicts, reason=reasons)
    def look(self, person, verdict, reason):
        """Claim and speak at once, as most do."""
        self.claim(person)
        self.speak(person, verdict, reason)

    @rule(person=people, verdict=verdicts, reason=reasons)
    def speak(self, person, verdict, reason):
        code = RejectionReason(reason) if verdict is Verdict.UNHARMED else ""
        try:
            said = self.desk(person).assess("evt-1", Seen(verdict, code, "words"))
        except EventError:
            return
        same = [one for one in self.said() if one.shown == said.shown and one.id != said.id]
        # Blind: nothing of this case that anybody else said had ever been readable.
        assert not self.read[person] & {one.id for one in same if one.person != person}
        assert person not in {one.person for one in same if one.undone is None}
        if said.round == "audit":
            assert person in SUPERVISORS
        assert all(one.said < said.said for one in self.said() if one.id != said.id)

    @rule(person=people)
    def undo(self, person):
        try:
            undone = self.desk(person).undo("evt-1")
        except EventError:
            return
        assert undone.person == person
        assert self.room.clock.now - undone.said <= UNDO
        assert all(one.said <= undone.said for one in self.said() if one.undone is None)

    @rule(minutes=st.sampled_from([1, 9, 31]))
    def time_goes_by(self, minutes):
        self.room.clock.on(minutes=minutes)

    @rule()
    def software_sees_it_again(self):
        self.room.again()

    @rule(verb=st.sampled_from([Verb.REOPEN, Verb.CLOSE]))
    def others_say_something(self, verb):
        say(self.room.store, "ours", "evt-1", verb, Saying("somebody", self.room.clock.now))

    def said(self) -> list[Assessment]:
        return list(self.room.store.assessments("ours", event="evt-1"))

    @invariant()
    def nothing_is_lost_or_changed_but_that_it_was_taken_back(self):
        now = {one.id: one for one in self.said()}
        for key, old in self.before.items():
            assert dataclasses.replace(now[key], undone=old.undone) == old
            assert old.undone in (None, now[key].undone)
        self.before = now

    @invariant()
    def one_person_looks_at_a_time(self):
        now = self.room.clock.now
        claims = [one for one in self.room.store.claims("ours") if one.expires > now]
        assert len(claims) <= 1 < MOST_CLAIMS

    @invariant()
    def everybody_saw_the_same_pictures_and_spoke_once(self):
        standing = [one for one in self.said() if one.undone is None]
        for one, other in combinations(standing, 2):
            if one.shown["pictures"] == other.shown["pictures"]:
                assert one.shown == other.shown
                assert one.person != other.person

    @invariant()
    def a_state_has_two_who_saw_it_so(self):
        event = self.room.store.event("ours", "evt-1")
        for verdict, state in SAID.items():
            if event.state.value == state:
                saw = [
                    {one.person for one in case.standing if one.verdict is verdict}
                    for case in cases_of(self.said())
                ]
                assert max(map(len, saw)) >= 2
        if event.state.value == "disputed":
            assert any(
                len({one.verdict for one in case.standing}) > 1 for case in cases_of(self.said())
            )

    @invariant()
    def what_is_readable_is_remembered(self):
        said = self.said()
        event = self.room.store.event("ours", "evt-1")
        current = task_of(event, cases_of(said), self.room.sampling)
        for person in PEOPLE:
            theirs = {one.id for one in readable(said, person, current) if one.person != person}
            self.read[person] |= theirs


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=40, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
