"""Contacts that may know only what two people release: the clock runs, and others are told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from shapely.geometry import box

from hearthwatch.alerting.escalating import escalate
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.crier import cry
from hearthwatch.records import Answer, Audience, Detail, EventState, Severity
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import at, event
from tests.unit.hearthwatch.alerts.net import Net, changed
from tests.unit.hearthwatch.disclosure.world import MONDAY, OURS, World

HOUR = timedelta(hours=1)
PLACE = (25.3, 13.6)


@pytest.fixture
def net() -> Net:
    """Two partners of the first rank's responder, and one of the second that may know all."""
    made = Net(MemoryStore())
    for one in ("p", "q"):
        made.receiver(id=one, detail=Detail.PARTNER)
    made.responder("rsd-1", "p", "q", detail=Detail.PARTNER)
    made.responder("rsd-2", "a", rank=2)
    return made


def who(net: Net) -> list[str]:
    return [receiver for receiver, _, _ in net.told]


class TestTheClock:
    def test_runs_and_those_of_the_next_rank_that_can_be_told_are(self, net: Net) -> None:
        net.tell(event())
        net.step()
        assert (net.states(), net.response("rsd-1").due) == ({"rsd-1": "unreleased"}, at(2))
        net.step(2 * HOUR)
        # The second partner waits for the same release: it is not waited for too.
        assert who(net) == ["a"]
        assert net.states() == {"rsd-1": "unreleased", "rsd-2": "told"}
        assert net.response("rsd-1").due is None
        net.step(2 * HOUR)
        assert net.states() == {"rsd-1": "unreleased", "rsd-2": "unanswered"}

    def test_runs_also_where_a_later_rank_waits(self, net: Net) -> None:
        net.responder("rsd-0", "b", rank=1, created=a.NOON - HOUR)
        net.responder("rsd-1", "p", "q", detail=Detail.PARTNER, rank=2, revision=2)
        net.responder("rsd-2", "a", rank=3, revision=2)
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        assert net.states() == {"rsd-0": "unanswered", "rsd-1": "unreleased"}
        net.step(2 * HOUR)
        assert who(net) == ["b", "a"]

    def test_leads_to_a_contact_of_the_same_that_may_have_a_notice(self, net: Net) -> None:
        net.receiver(id="n", detail=Detail.NOTICE)
        net.responder("rsd-1", "p", "q", "n", detail=Detail.PARTNER, revision=2)
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        assert who(net) == ["n"]
        assert net.states() == {"rsd-1": "told"}

    def test_runs_on_when_one_that_was_told_before_declines_late(self, net: Net) -> None:
        net.receiver(id="n", detail=Detail.NOTICE)
        net.responder("rsd-1", "n", "p", detail=Detail.PARTNER, revision=2)
        net.tell(event())
        net.step()
        net.step(2 * HOUR)
        net.answers("n", Answer.DECLINED)
        assert net.states() == {"rsd-1": "unreleased"}
        net.step(2 * HOUR)
        assert who(net) == ["n", "a"]

    def test_ends_with_what_is_taken_back_and_begins_anew(self, net: Net) -> None:
        net.tell(event())
        net.tell(changed(event(), state=EventState.RETRACTED))
        assert net.states() == {"rsd-1": "withdrawn"}
        back = changed(changed(event()), state=EventState.CONFIRMED)
        net.tell(back)
        assert (net.states(), net.response("rsd-1").due) == ({"rsd-1": "unreleased"}, at(2))


def test_that_it_waits_is_known_until_somebody_knows_of_the_event(net: Net) -> None:
    net.tell(event())
    net.step()
    assert [one.responder for one in net.store.unanswered("ours")] == ["rsd-1"]
    net.step(2 * HOUR)
    net.answers("a", Answer.RECEIVED)
    assert net.store.unanswered("ours") == ()


def test_nobody_is_told_that_it_was_told(net: Net) -> None:
    net.tell(event())
    net.step()
    net.step(2 * HOUR)
    assert net.facts("a")[0]["told"] == []


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, [PLACE])


def partner(world: World, **changes: object) -> None:
    """A partner of the first rank, and one of the second that may know all."""
    with world.store.transaction() as tx:
        for name, detail in (("aid", Detail.PARTNER), ("own", Detail.EXACT)):
            tx.put_receiver(a.receiver(
                id=name, detail=detail, quiet_from=None, quiet_until=None, confirmed=MONDAY,
            ))  # fmt: skip
            plain = {
                "id": f"rsd-{name}", "detail": detail, "contacts": (name,), "region": "",
                "kinds": (), "created": MONDAY, "since": MONDAY, "least_severity": Severity.MINOR,
                "rank": 1 if name == "aid" else 2,
            }  # fmt: skip
            tx.put_responder(a.responder(**plain | (changes if name == "aid" else {})))


def happened(world: World) -> None:
    made = world.happens(PLACE)
    with world.store.transaction() as tx:
        enqueue(world.store, tx, OURS, [made], now=world.now)


def told(world: World) -> list[str]:
    return [one.receiver for one in world.store.alerts(OURS)]


def states(world: World) -> dict[str, str]:
    return {one.responder: one.state.value for one in world.store.responses(OURS, ["evt-1"])}


def test_released_after_its_time_it_is_told_all_the_same_and_waited_for(world: World) -> None:
    partner(world)
    happened(world)
    world.later(2 * HOUR)
    escalate(world.store, world.now)
    assert (told(world), states(world)["rsd-aid"]) == (["own"], "unreleased")
    world.release(Audience.PARTNER)
    cry(world.store, world.now)
    assert told(world) == ["own", "aid"]
    (found,) = (one for one in world.store.responses(OURS, ["evt-1"]) if one.responder == "rsd-aid")
    assert (found.state.value, found.due) == ("told", world.now + 2 * HOUR)
    cry(world.store, world.now)
    assert told(world) == ["own", "aid"]


def test_being_told_does_not_show_that_the_true_place_lies_in_a_drawn_area(world: World) -> None:
    """Who waits follows from the true place, and who is told from what is released alone."""
    happened_at = world.happens(PLACE)
    west, south, east, north = happened_at.geometry.bounds
    partner(world, geometry=box(west, south, east, north))
    with world.store.transaction() as tx:
        enqueue(world.store, tx, OURS, [happened_at], now=world.now)
    assert states(world) == {"rsd-aid": "unreleased"}
    elsewhere = a.responder(
        id="rsd-aid", detail=Detail.PARTNER, contacts=("aid",), region="", kinds=(),
        created=MONDAY, since=MONDAY, geometry=box(40, 1, 41, 2), revision=2,
    )  # fmt: skip
    with world.store.transaction() as tx:
        tx.put_responder(elsewhere)
    world.release(Audience.PARTNER)
    assert cry(world.store, world.now) == 0
