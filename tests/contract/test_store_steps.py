"""What every store keeps of how long alerts take."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hearthwatch.records import Alert, Mode, Steps
from hearthwatch.store import Store
from hearthwatch.store.delays import Delays
from hearthwatch.store.rules import Behind, Look
from tests.contract import store_records as a

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LOOK = Steps(
    region="reg-1", sensor="sentinel-2-l2a", sensed=a.NOON - 3 * HOUR, published=a.NOON - 2 * HOUR,
    fetched=a.NOON - HOUR, detected=a.NOON, verified=a.NOON, looked_up=a.NOON + MINUTE,
)  # fmt: skip


@pytest.fixture
def store(empty: Store) -> Store:
    """With a receiver of each of two organisations."""
    for organisation in ("ours", "theirs"):
        with empty.transaction() as tx:
            tx.put_receiver(a.receiver(organisation=organisation))
            tx.put_receiver(a.receiver(organisation=organisation, id="rcv-2"))
    return empty


def with_events(store: Store) -> None:
    for organisation in ("ours", "theirs"):
        a.with_region(store, organisation)
        with store.transaction() as tx:
            for name in ("evt-1", "evt-2"):
                tx.put_event(a.event(organisation=organisation, id=name))


def add(store: Store, *alerts: Alert) -> None:
    with store.transaction() as tx:
        tx.add_alerts(alerts)


def steps(store: Store, its_id: str = "alr-1", organisation: str = "ours") -> Steps:
    (found,) = (one for one in store.alerts(organisation) if one.id == its_id)
    return found.steps


def test_all_that_is_known_comes_back_as_it_was(store: Store) -> None:
    made = a.alert(steps=replace(LOOK, sent=a.NOON + HOUR, acknowledged=a.NOON + 2 * HOUR))
    add(store, made)
    assert store.alerts("ours") == (made,)


def test_what_led_to_an_alert_is_noted_and_what_came_of_it_stays(store: Store) -> None:
    sent = Steps(region="reg-1", sent=a.NOON + HOUR)
    add(store, a.alert(steps=sent), a.alert(id="alr-2", sequence=2))
    add(store, a.alert(organisation="theirs"))
    assert [one.id for one in store.alerts_to_look_up(2)] == ["alr-1", "alr-2"]
    with store.transaction() as tx:
        tx.note_origins("ours", {"alr-1": LOOK, "alr-0": LOOK})
    assert steps(store) == replace(LOOK, sent=sent.sent)
    assert steps(store, "alr-2") == steps(store, organisation="theirs") == Steps()
    left = [(one.organisation, one.id) for one in store.alerts_to_look_up(9)]
    assert left == [("ours", "alr-2"), ("theirs", "alr-1")]


def test_the_first_receipt_counts_and_for_the_alerts_of_that_message_only(store: Store) -> None:
    add(store, a.alert(), a.alert(id="alr-2", sequence=2), a.alert(organisation="theirs"))
    with store.transaction() as tx:
        tx.put_message(a.message(), ["alr-1"])
        tx.put_message(a.message(organisation="theirs"), ["alr-1"])
    for at in (a.NOON, a.NOON + HOUR):
        with store.transaction() as tx:
            tx.note_sent("ours", "msg-1", at)
    assert steps(store).sent == a.NOON
    assert steps(store, "alr-2").sent is steps(store, organisation="theirs").sent is None


def test_an_answer_is_of_what_that_receiver_was_told_of_that_event_until_then(store: Store) -> None:
    second = a.alert(id="alr-2", sequence=2, made=a.NOON + HOUR)
    third = a.alert(id="alr-3", sequence=3)
    others = [
        a.alert(id="alr-4", receiver="rcv-2"), a.alert(id="alr-5", event="evt-2"),
        a.alert(organisation="theirs"),
    ]  # fmt: skip
    add(store, a.alert(), second, third, *others)
    for organisation in ("ours", "theirs"):
        with store.transaction() as tx:
            told = ["alr-1", "alr-2", "alr-4", "alr-5"]
            tx.put_message(a.message(organisation=organisation), told)
    answered = []
    for at in (a.NOON + MINUTE, a.NOON + 2 * HOUR):
        with store.transaction() as tx:
            answered.append(tx.note_acknowledged("ours", "evt-1", "rcv-1", at))
    assert answered == [1, 1]
    every = {one.id: one.steps.acknowledged for one in store.alerts("ours")}
    assert every == {
        "alr-1": a.NOON + MINUTE, "alr-2": a.NOON + 2 * HOUR, "alr-3": None, "alr-4": None,
        "alr-5": None,
    }  # fmt: skip
    assert steps(store, organisation="theirs").acknowledged is None


def test_times_are_told_by_region_and_since_when(store: Store) -> None:
    old = a.alert(id="alr-0", sequence=2, made=a.NOON - HOUR, steps=LOOK)
    other = a.alert(id="alr-2", sequence=3, steps=replace(LOOK, region="reg-2"))
    add(store, a.alert(steps=LOOK), old, other, a.alert(organisation="theirs", steps=LOOK))
    found = store.timed_alerts("ours", a.NOON)
    assert [one.id for one in found] == ["alr-1", "alr-2"]
    assert (found[0].steps, found[0].receiver, found[0].due) == (LOOK, "rcv-1", a.NOON)
    assert len(store.timed_alerts("ours", a.NOON - HOUR)) == 3
    assert [one.id for one in store.timed_alerts("ours", a.NOON, region="reg-2")] == ["alr-2"]
    assert store.timed_alerts("ours", a.NOON, region="reg-3") == ()


def test_real_alerts_of_all_are_counted_by_how_long_they_took(store: Store) -> None:
    sent = replace(LOOK, sent=a.NOON + MINUTE)
    add(
        store, a.alert(steps=replace(sent, acknowledged=a.NOON + HOUR)),
        # Told of in a daily list: that is no delay of the service.
        a.alert(id="alr-2", sequence=2, steps=replace(sent, sent=a.NOON + 2 * HOUR),
                due=a.NOON + HOUR),
        a.alert(id="alr-3", sequence=3, mode=Mode.EXERCISE, steps=sent),
        # Found in a look of the past.
        a.alert(id="alr-4", sequence=4, steps=replace(sent, sensed=a.NOON - 31 * a.DAY)),
        a.alert(id="alr-5", sequence=5),
    )  # fmt: skip
    add(store, a.alert(organisation="theirs", steps=replace(sent, detected=None)))
    found = store.delays([MINUTE, HOUR, 4 * HOUR])
    assert found == {
        "detected": Delays((0, 0, 1), 1, 3 * 3600.0),
        "told": Delays((0, 0, 2), 2, 2 * (3 * 3600.0 + 60.0)),
        "sent": Delays((3, 4, 4), 4, 3 * 60.0 + 3600.0),
        "acknowledged": Delays((0, 1, 1), 1, 3600.0 - 60.0),
    }


def test_what_was_sent_before_it_was_due_took_no_time(store: Store) -> None:
    early = Steps(sent=a.NOON, acknowledged=a.NOON - MINUTE)
    add(store, a.alert(due=a.NOON + HOUR, steps=early))
    found = store.delays([MINUTE])
    assert found["sent"] == found["acknowledged"] == Delays((1,), 1, 0.0)


def test_alerts_stand_on_the_last_look_that_spoke_of_their_event_then(store: Store) -> None:
    with_events(store)
    looks = [
        a.detection(id="det-1", sensed=a.NOON - HOUR, source="src-1"),
        # Of two at one moment the later by its id; the one of another's is none of ours.
        a.detection(id="det-2", acquisition="S2A-2", source="src-1"),
        a.detection(id="det-3", acquisition="S2A-3", source="src-9"),
        a.detection(id="det-4", acquisition="S2A-4", sensed=a.NOON + 2 * HOUR),
    ]
    made = a.job(key=a.key(acquisition="S2A-1"), run="run-1", committed=a.NOON + MINUTE)
    with store.transaction() as tx:
        tx.put_run(a.run(id="run-1"))
        tx.finish_job(made)
        tx.put_source(a.source(sensors=("sentinel-2-l2a", "other")))
        tx.add_detections([*looks, a.detection(id="det-9", organisation="theirs")])
    add(
        store,
        a.alert(steps=Steps(sensed=a.NOON - MINUTE)),
        a.alert(id="alr-2", sequence=2),
        a.alert(id="alr-3", sequence=3, steps=Steps(sensed=a.NOON - 2 * HOUR)),
        a.alert(id="alr-4", event="evt-2"),
        a.alert(id="alr-5", event="evt-gone"),
        a.alert(organisation="theirs"),
    )
    assert store.behind("ours", [f"alr-{n}" for n in range(1, 10)]) == {
        "alr-1": Behind(
            "reg-1",
            Look(a.key(), a.NOON - HOUR, ("sentinel-2-l2a", "other"), a.NOON + MINUTE),
        ),
        "alr-2": Behind("reg-1", Look(a.key(acquisition="S2A-3"), a.NOON, (), None)),
        "alr-3": Behind("reg-1", None),
        "alr-4": Behind("reg-1", None),
    }
    assert store.behind("ours", []) == {}


def test_what_people_said_of_many_events_is_found_at_once(store: Store) -> None:
    with_events(store)
    first, second = a.opinion(), a.opinion(id="opn-0", version=3)
    other = a.opinion(id="opn-3", event="evt-2")
    with store.transaction() as tx:
        tx.add_opinions([second, other, first, a.opinion(organisation="theirs")])
    found = store.opinions_of("ours", ["evt-1", "evt-2", "evt-3"])
    assert {event: list(said) for event, said in found.items()} == {
        "evt-1": [first, second], "evt-2": [other],
    }  # fmt: skip
    assert not store.opinions_of("ours", [])


def test_a_store_without_alerts_has_counts_of_nothing(empty: Store) -> None:
    assert set(empty.delays([MINUTE]).values()) == {Delays((0,), 0, 0.0)}
