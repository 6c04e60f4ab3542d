"""What led to alerts is found, and when they were sent and acknowledged is noted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.alerting.outbox import enqueue_erased
from hearthwatch.alerting.steps import acknowledged
from hearthwatch.alerts import origins, sending
from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.origins import look_up
from hearthwatch.alerts.sending import Sending
from hearthwatch.records import Channel, Detail, EventState, SpendStatus, Steps, Verb
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_records as a
from tests.contract.test_store import STORES
from tests.unit.hearthwatch.alerts.desk import Desk, event

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SENSED = a.NOON - 6 * HOUR


@pytest.fixture
def desk() -> Desk:
    made = Desk(MemoryStore())
    made.receiver(detail=Detail.EXACT)
    made.subscribe()
    return made


def found(desk: Desk, number: int = 0) -> Steps:
    return desk.store.alerts("ours")[number].steps


def look(desk: Desk, **changes: Any) -> None:
    """Put the look that event 1 is known from, its read and its scene."""
    cell, acquisition = "36N_0777_0777", "S2A-1"
    detection = a.detection(
        event="evt-1", region="reg-1", sensed=SENSED, cell=cell, acquisition=acquisition,
        source="src-1", **changes,
    )  # fmt: skip
    read = a.spend(
        region="reg-1", provider="stac", acquisition=acquisition, cell=cell,
        reserved=SENSED + 3 * HOUR,
    )  # fmt: skip
    scene = a.known_scene(
        region="reg-1", provider="stac", sensed=SENSED + SECOND, published=SENSED + 2 * HOUR
    )
    key = replace(
        a.key(), region="reg-1", cell=cell, acquisition=acquisition, detector=detection.detector,
        kind=detection.kind,
    )  # fmt: skip
    with desk.store.transaction() as tx:
        tx.put_run(a.run(id="run-1"))
        tx.put_source(a.source(event="evt-1", sensors=("sentinel-1-grd", "sentinel-1-rtc")))
        tx.add_detections([detection])
        settled = SENSED + 4 * HOUR
        tx.put_spend(replace(read, status=SpendStatus.SETTLED, settled=settled))
        # Another look's read, and one of this look that was done later, tell nothing of it.
        later = {"status": SpendStatus.SETTLED, "settled": a.NOON + HOUR}
        tx.put_spend(replace(read, id="spend-2", **later))
        tx.put_spend(replace(read, id="spend-3", acquisition="S2A-2", **later))
        tx.put_scenes([scene, replace(scene, id="other", sensed=SENSED + HOUR,
                                      published=SENSED + 5 * HOUR)])  # fmt: skip
        tx.finish_job(a.job(key=key, run="run-1", committed=a.NOON - MINUTE))


def test_of_what_was_written_down_all_is_found(desk: Desk) -> None:
    desk.tell(event(last_detected=SENSED))
    assert found(desk) == Steps(region="reg-1", sensed=SENSED)
    look(desk)
    assert look_up(desk.store, desk.now + MINUTE) == 1
    assert found(desk) == Steps(
        region="reg-1", sensor="sentinel-1-grd+sentinel-1-rtc", sensed=SENSED,
        published=SENSED + 2 * HOUR, fetched=SENSED + 4 * HOUR, detected=a.NOON - MINUTE,
        looked_up=a.NOON + MINUTE,
    )  # fmt: skip
    assert look_up(desk.store, desk.now + HOUR) == 0


def test_of_what_was_not_written_down_nothing_is_said(desk: Desk) -> None:
    desk.tell(event(last_detected=SENSED))
    look_up(desk.store, desk.now)
    # A look gave rise to it, so it was detected when it was told of.
    assert found(desk) == Steps(region="reg-1", sensed=SENSED, detected=a.NOON, looked_up=a.NOON)


def test_a_later_look_is_not_what_led_to_an_alert(desk: Desk) -> None:
    desk.tell(event(last_detected=SENSED))
    look(desk)
    with desk.store.transaction() as tx:
        tx.add_detections([a.detection(id="det-9", event="evt-1", sensed=a.NOON, source="src-1")])
    look_up(desk.store, desk.now)
    assert found(desk).sensed == SENSED


def test_what_a_person_confirmed_was_verified_and_not_detected_then(desk: Desk) -> None:
    desk.tell(event(last_detected=SENSED))
    desk.now += HOUR
    with desk.store.transaction() as tx:
        said = a.opinion(event="evt-1", version=2, verb=Verb.CONFIRM, said=desk.now)
        tx.add_opinions([said])
    desk.tell(event(version=2, last_detected=SENSED, state=EventState.CONFIRMED))
    look_up(desk.store, desk.now)
    assert found(desk, 0).verified is None
    assert (found(desk, 1).verified, found(desk, 1).detected) == (desk.now, None)


def test_one_that_cannot_be_looked_up_holds_up_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: Store, organisation: str, events: Collection[str]) -> Any:
        if "evt-1" in events:
            raise ZeroDivisionError
        return {}

    desk.tell(event(1, last_detected=SENSED), event(2, last_detected=SENSED))
    monkeypatch.setattr(type(desk.store), "opinions_of", fail)
    assert look_up(desk.store, desk.now) == 2
    assert look_up(desk.store, desk.now) == 0
    assert [one.steps.detected for one in desk.store.alerts("ours")] == [None, a.NOON]


def test_many_are_looked_up_part_by_part(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "AT_ONCE", 2)
    desk.tell(*(event(number) for number in range(3)))
    assert [look_up(desk.store, desk.now) for _ in range(3)] == [2, 1, 0]


def test_whatever_sends_looks_them_up(desk: Desk) -> None:
    desk.tell(event(last_detected=SENSED))
    Sending(desk.sender).beside()
    assert found(desk).looked_up == desk.now


def test_in_a_storm_more_is_looked_up_in_every_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (origins, sending):
        monkeypatch.setattr(part, "AT_ONCE", 2)
    desk.tell(*(event(number) for number in range(5)))
    beside = Sending(desk.sender)
    left = []
    for _ in range(4):
        beside.beside()
        left.append(len(desk.store.alerts_to_look_up(9)))
    assert left == [3, 1, 0, 0]
    # What comes later waits for its turn.
    desk.tell(event(7))
    beside.beside()
    assert len(desk.store.alerts_to_look_up(9)) == 1
    desk.now += MINUTE
    beside.beside()
    assert desk.store.alerts_to_look_up(9) == ()


@pytest.mark.parametrize("way", ["memory", "sqlite"])
def test_many_alerts_take_no_more_questions_than_one(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(desk: Desk) -> int:
        count = 0
        for name in ("behind", "opinions_of", "spends", "known_scenes", "event", "opinions"):
            real = getattr(type(desk.store), name)

            def counted(self: Any, *args: Any, real: Any = real, **more: Any) -> Any:
                nonlocal count
                count += 1
                return real(self, *args, **more)

            monkeypatch.setattr(type(desk.store), name, counted)
        look_up(desk.store, desk.now)
        monkeypatch.undo()
        return count

    desk = Desk(STORES[way](tmp_path))
    desk.receiver(detail=Detail.EXACT)
    desk.subscribe()
    desk.tell(event(1, last_detected=SENSED))
    look(desk)
    one = asked(desk)
    desk.tell(*(event(number, last_detected=SENSED) for number in range(2, 40)))
    with desk.store.transaction() as tx:
        tx.add_detections([
            a.detection(id=f"det-{n}", event=f"evt-{n}", sensed=SENSED, acquisition="S2A-1",
                        cell="36N_0777_0777", region="reg-1")
            for n in range(2, 40)
        ])  # fmt: skip
    assert asked(desk) == one == 4
    every = desk.store.alerts("ours")
    assert {one.steps.fetched for one in every} == {SENSED + 4 * HOUR}


def test_it_was_sent_when_the_first_receipt_was_stored(desk: Desk) -> None:
    down = True

    def answer(parcel: Parcel) -> None:
        if down:
            raise DeliveryFailed("HTTP 500", status=500)

    desk.spy.answer = answer
    desk.tell(event(1), event(2))
    desk.step()
    assert found(desk).sent is None
    down = False
    desk.step(MINUTE)
    assert [one.steps.sent for one in desk.store.alerts("ours")] == [desk.now, desk.now]


def test_what_lies_in_a_feed_was_not_sent() -> None:
    desk = Desk(MemoryStore())
    desk.receiver(channel=Channel.FEED)
    desk.subscribe()
    desk.tell(event())
    desk.step()
    assert (desk.store.alerts("ours")[0].message != "", found(desk).sent) == (True, None)


def test_only_the_receivers_own_word_acknowledges(desk: Desk) -> None:
    desk.tell(event())
    desk.step()
    assert found(desk).acknowledged is None
    for _ in range(2):
        desk.now += MINUTE
        with desk.store.transaction() as tx:
            acknowledged(tx, "ours", "evt-1", "rcv-1", desk.now)
    assert found(desk).acknowledged == a.NOON + MINUTE


def test_of_what_is_erased_no_time_stays(desk: Desk) -> None:
    desk.tell(event(last_detected=SENSED))
    look(desk)
    desk.step()
    look_up(desk.store, desk.now)
    with desk.store.transaction() as tx:
        enqueue_erased(desk.store, tx, "ours", ["evt-1"], desk.now)
    assert found(desk, 1) == Steps(looked_up=desk.now)
