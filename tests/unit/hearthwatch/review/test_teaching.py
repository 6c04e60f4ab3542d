"""What people see in pictures changes what a calibration learns, and a supervisor corrects it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from detectors.probability import Platt
from hearthwatch.calibration.gather import Verdict as Taught
from hearthwatch.calibration.judged import FALSE_ALARM, NO_FALSE_ALARM
from hearthwatch.calibration.verdicts import learn
from hearthwatch.records import EventFilter, EventState, Kind, RejectionReason, Role, Verdict
from hearthwatch.review.seen import Seen
from hearthwatch.review.teaching import taught_by
from hearthwatch.store.whole import all_events
from tests.contract import store_records as a
from tests.support.desks import Room

HARMED = Seen(Verdict.HARMED)
GRASS = Seen(Verdict.UNHARMED, RejectionReason.SEASONAL_BURN)
TRUE = Platt(0.9, -7.0)
COUNT, OPEN = 105, 10
"""Events, and how many of them people have still to look at."""


def world(seed: int = 3) -> tuple[Room, dict[str, bool]]:
    """Return events of known evidence, most of them judged; and which of the others burned."""
    rng = np.random.default_rng(seed)
    room, truth = Room(), {}
    for number in range(COUNT):
        # Those that wait are the strongest.
        waits = number < OPEN
        score, its_id = float(rng.uniform(11, 13) if waits else rng.uniform(3, 11)), f"e-{number}"
        burned = bool(rng.random() < TRUE(np.array([score]))[0])
        state = "provisional" if waits else "confirmed" if burned else "rejected"
        evidence = {"log_likelihood_ratio": score}
        place = {"settlement": "", "evidence": evidence, "detector_state": "PROBABLE"}
        source = a.source(id=f"s-{number}", event=its_id, **place)
        room.add(a.event(id=its_id, state=EventState(state), **place), source)
        if waits:
            truth[its_id] = burned
    return room, truth


def seen_by_two(room: Room, event: str, seen: Seen) -> None:
    for person in ("amina", "badr"):
        room.see(person, seen, event=event)


def learned(room: Room):
    events = list(all_events(room.store, "ours", EventFilter()))
    return learn(events, taught_by(room.store, events))


def test_what_people_saw_gives_back_the_curve_that_the_truth_was_drawn_from():
    room, truth = world()
    assert learned(room) is None
    for event, burned in truth.items():
        seen_by_two(room, event, HARMED if burned else GRASS)
    model = learned(room)
    assert model.verdicts == COUNT
    scores = np.array([4.0, 8.0, 12.0])
    assert model.model(scores) == pytest.approx(TRUE(scores), abs=0.2)


def test_other_words_of_people_give_another_curve():
    straight, truth = world()
    turned, _ = world()
    for event, burned in truth.items():
        seen_by_two(straight, event, HARMED if burned else GRASS)
        seen_by_two(turned, event, GRASS if burned else HARMED)
    one, other = learned(straight), learned(turned)
    strong = np.array([12.0])
    assert one.confirmed - other.confirmed == 2 * sum(truth.values()) - OPEN
    assert one.model(strong)[0] - other.model(strong)[0] > 0.2


def test_what_nobody_could_tell_and_what_is_disputed_teaches_nothing():
    room = Room()
    for number in range(2, 6):
        its_id = f"evt-{number}"
        room.add(
            a.event(id=its_id),
            a.source(id=f"src-{number}", event=its_id, detector_state="PROBABLE"),
        )
    seen_by_two(room, "evt-1", Seen(Verdict.UNSURE))
    seen_by_two(room, "evt-2", Seen(Verdict.BAD_IMAGERY))
    room.see("amina", HARMED, event="evt-3")
    room.see("badr", GRASS, event="evt-3")
    room.see("amina", HARMED, event="evt-4")
    seen_by_two(room, "evt-5", HARMED)
    every = list(all_events(room.store, "ours", EventFilter()))
    assert taught_by(room.store, every) == {"evt-5": Taught.CONFIRMED}


@pytest.mark.parametrize("reason", RejectionReason)
def test_only_a_rejection_of_what_did_not_change_is_a_false_alarm(reason):
    room = Room()
    seen_by_two(room, "evt-1", Seen(Verdict.UNHARMED, reason, "words"))
    event = room.store.event("ours", "evt-1")
    (found,) = taught_by(room.store, [event]).values()
    if reason is RejectionReason.ACCIDENTAL_FIRE:
        # It burned, which is what its detector said.
        assert (event.kind, found) == (Kind.BURNED, Taught.CONFIRMED)
        razed = dataclasses.replace(event, kind=Kind.RAZED)
        assert taught_by(room.store, [razed]) == {"evt-1": Taught.UNDECIDED}
    else:
        expected = Taught.UNDECIDED if reason in NO_FALSE_ALARM else Taught.REJECTED
        assert found is expected
    assert {*FALSE_ALARM, *NO_FALSE_ALARM} == {*RejectionReason} - {RejectionReason.OTHER}


def test_a_supervisor_who_sees_it_otherwise_corrects_what_is_learned():
    room = Room()
    seen_by_two(room, "evt-1", GRASS)

    def now():
        return taught_by(room.store, [room.store.event("ours", "evt-1")]).get("evt-1")

    assert now() is Taught.REJECTED
    room.see("chidi", HARMED, Role.REVIEWER)
    assert now() is None
    room.see("dede", HARMED)
    assert now() is Taught.CONFIRMED


def test_where_of_faint_events_fewer_are_judged_those_that_are_stand_for_the_rest():
    # Of equal evidence, faint events truly burn in 0.2 and strong ones in 0.8 of all cases; there
    # are 1,000 of each, and 500 of the strong and 50 of the faint were judged.
    def events(state: str, burned: int, judged: int):
        for number in range(1000):
            evidence = {"log_likelihood_ratio": 5.0 + (number % 7) * 0.01}
            is_judged, is_burned = number < judged, number < burned
            said = ("confirmed" if is_burned else "rejected") if is_judged else "provisional"
            yield a.event(
                id=f"{state}-{number}", settlement=f"{state}-{number}", state=EventState(said),
                detector_state=state, evidence=evidence,
            )  # fmt: skip

    told = [*events("WATCH", 10, 50), *events("ESTABLISHED", 400, 500)]
    found = learn(told, {})
    # Unweighted it would be 410 of 550, 0.745; 0.5 is true.
    assert found.model(np.array([5.03])) == pytest.approx(0.5, abs=0.05)
