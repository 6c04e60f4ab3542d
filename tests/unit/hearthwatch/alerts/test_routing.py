"""Who of the response network is told of an event, and what is waited for."""

from datetime import timedelta

import pytest
from shapely.geometry import box

from hearthwatch.records import Detail, EventState, Kind, Mode, Severity
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import at, event
from tests.unit.hearthwatch.alerts.net import Net, changed

ELSEWHERE = box(40, 1, 41, 2)


@pytest.fixture
def net() -> Net:
    return Net(MemoryStore())


def test_the_first_contact_of_each_responder_that_an_event_meets_is_told(net: Net) -> None:
    net.responder("rsd-1", "a", "b")
    net.responder("rsd-2", "c")
    assert net.tell(event()) == 2
    net.step()
    assert sorted(net.told) == [("a", "alert", "evt-1"), ("c", "alert", "evt-1")]
    assert net.states() == {"rsd-1": "told", "rsd-2": "told"}
    assert net.steps("rsd-1") == [("told", "a")]
    assert {one.asked for one in map(Asked, net.facts("a"))} == {"first"}


class Asked:
    """What a contact reads of why it is told."""

    def __init__(self, facts) -> None:
        self.asked, self.link = facts["asked"], facts["links"].get("answer", "")


@pytest.mark.parametrize(
    "terms",
    [
        {"geometry": ELSEWHERE},
        {"region": "reg-2"},
        {"kinds": (Kind.CAMP_CHANGE.value,)},
        {"modes": (Mode.EXERCISE.value,)},
        {"least_state": EventState.CONFIRMED},
        {"least_severity": Severity.EXTREME},
        {"since": at(1)},
        {"until": a.NOON},
        {"removed": a.NOON},
    ],
    ids=lambda terms: next(iter(terms)),
)
def test_what_it_does_not_serve_it_is_not_told(net: Net, terms) -> None:
    net.responder("rsd-1", "a", **terms)
    net.tell(event(severe := 1))
    net.step()
    assert severe and net.told == []
    assert net.states() == {}


def test_what_it_serves_it_is_told(net: Net) -> None:
    net.responder(
        "rsd-1", "a", geometry=event().geometry, region="reg-1", kinds=("burned",),
        modes=("actual",), least_severity=Severity.SEVERE, until=at(1),
    )  # fmt: skip
    net.tell(event())
    net.step()
    assert net.told == [("a", "alert", "evt-1")]


def test_an_urgent_event_is_waited_for_hours_another_a_day(net: Net) -> None:
    net.responder("rsd-1", "a")
    net.tell(event(), event(2, kind=Kind.GROUND_CHANGE))
    assert net.response("rsd-1").due == at(2)
    assert net.response("rsd-1", "evt-2").due == at(24)
    # What becomes urgent is not waited for a day any more.
    net.now = at(1)
    net.tell(changed(event(2), kind=Kind.BURNED))
    assert net.response("rsd-1", "evt-2").due == at(3)


def test_the_time_that_was_agreed_counts(net: Net) -> None:
    net.responder("rsd-1", "a", urgent_wait=30, routine_wait=90)
    net.tell(event(), event(2, kind=Kind.GROUND_CHANGE))
    assert net.response("rsd-1").due == at(0.5)
    assert net.response("rsd-1", "evt-2").due == at(1.5)


def test_a_contact_that_cannot_be_told_is_passed_over(net: Net) -> None:
    net.receiver(id="a", confirmed=None)
    net.receiver(id="b", disabled=a.NOON)
    net.responder("rsd-1", "gone", "a", "b", "c")
    with net.store.transaction() as tx:
        tx.put_receiver(a.receiver(id="gone", removed=a.NOON))
    net.tell(event())
    assert net.response("rsd-1").contacts == ("c",)


def test_that_nobody_can_be_told_is_not_passed_over_in_silence(net: Net) -> None:
    net.receiver(id="a", confirmed=None)
    net.responder("rsd-1", "a")
    net.tell(event())
    assert net.states() == {"rsd-1": "unanswered"}
    assert [one.responder for one in net.store.unanswered("ours")] == ["rsd-1"]


def test_no_contact_is_told_more_than_was_agreed(net: Net) -> None:
    net.receiver(id="a", detail=Detail.EXACT)
    net.receiver(id="b", detail=Detail.NOTICE)
    net.responder("rsd-1", "a", "b", detail=Detail.NOTICE)
    net.tell(event())
    net.step()
    assert [one for one, _, _ in net.told] == ["b"]
    assert net.facts("b")[0]["geometry"] is None


def test_of_two_ranks_the_lower_one_is_told_at_first(net: Net) -> None:
    net.responder("rsd-1", "a", rank=3)
    net.responder("rsd-2", "b", rank=2)
    net.responder("rsd-3", "c", rank=1, geometry=ELSEWHERE)
    net.tell(event())
    assert net.states() == {"rsd-2": "told"}
    # What the event meets later is told too, but none of a higher rank.
    net.responder("rsd-4", "d", rank=2)
    net.tell(changed(event(), state=EventState.CORROBORATED))
    assert net.states() == {"rsd-2": "told", "rsd-4": "told"}


def test_who_was_told_is_told_what_it_becomes_and_that_it_is_taken_back(net: Net) -> None:
    net.responder("rsd-1", "a")
    first = event()
    second = changed(first, state=EventState.CONFIRMED)
    third = changed(second, state=EventState.RETRACTED)
    for one in (first, second, third):
        net.tell(one)
        net.step()
    assert [act for _, act, _ in net.told] == ["alert", "update", "cancel"]
    assert net.states() == {"rsd-1": "withdrawn"}
    assert [Asked(one).link != "" for one in net.facts("a")] == [True, True, False]
    # It stands again: an answer is waited for again.
    net.now = at(5)
    net.tell(changed(third, state=EventState.CONFIRMED))
    assert net.response("rsd-1").due == at(7)


def test_after_the_agreement_only_what_is_taken_back_is_told(net: Net) -> None:
    made = net.responder("rsd-1", "a", until=at(1))
    first = event()
    net.tell(first)
    net.step()
    net.now = at(2)
    second = changed(first, state=EventState.CONFIRMED)
    net.tell(second)
    net.step()
    net.tell(changed(second, state=EventState.RETRACTED))
    net.step()
    assert [act for _, act, _ in net.told] == ["alert", "cancel"]
    assert made.until == at(1)


def test_who_else_was_told_stands_in_the_message(net: Net) -> None:
    net.receiver(id="own")
    net.subscribe(receiver="own")
    net.responder("rsd-1", "a")
    net.receiver(id="n", detail=Detail.NOTICE)
    net.responder("rsd-2", "n")
    net.tell(event())
    net.step()
    (own,), (first,), (notice,) = net.facts("own"), net.facts("a"), net.facts("n")
    nothing = {"answer": "", "at": None}
    assert own["told"] == [{"name": "Aid rsd-1", **nothing}, {"name": "Aid rsd-2", **nothing}]
    assert first["told"] == [{"name": "Aid rsd-2", **nothing}]
    assert notice["told"] == []
    assert "answer" not in own["links"] and "asked" not in own
    assert "event" not in first["links"]


def test_a_late_finding_is_told_in_the_morning_and_waited_for_from_then(net: Net) -> None:
    net.responder("rsd-1", "a")
    net.tell(event(last_detected=a.NOON - timedelta(days=40)))
    assert net.response("rsd-1").due == at(19 + 2)
