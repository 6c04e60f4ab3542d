"""What every store keeps of what is wrong with the service, and what shows it."""

from datetime import datetime, timedelta

import pytest

from hearthwatch.errors import NotFound
from hearthwatch.records import (
    About,
    AlarmKind,
    Alert,
    Channel,
    MessageForm,
    MessageState,
    NotObservable,
    ObservationStatus,
)
from hearthwatch.store import Store
from hearthwatch.store.rules import SET_ASIDE, Stuck
from tests.contract import store_records as a

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(empty: Store) -> Store:
    a.with_region(empty)
    with empty.transaction() as tx:
        for number in ("1", "2", "3"):
            tx.put_event(a.event(id=f"evt-{number}"))
        tx.put_receiver(a.receiver())
        tx.put_receiver(a.receiver(id="rcv-2", channel=Channel.EMAIL))
    return empty


class TestAlarms:
    def test_come_back_as_they_were_newest_first(self, store: Store) -> None:
        first = a.alarm(said=("reg-1",), told=("rcv-1",), told_at=a.NOON, rounds=7)
        second = a.alarm(id="alm-2", raised=a.NOON + MINUTE, kind=AlarmKind.QUEUE_AGE)
        over = a.alarm(id="alm-3", raised=a.NOON - MINUTE, cleared=a.NOON, over_told=("rcv-1",))
        of_all = a.alarm(id="alm-4", organisation="", kind=AlarmKind.DISK_LOW, subject="")
        with store.transaction() as tx:
            for one in (first, second, over, of_all):
                tx.put_alarm(one)
        assert store.alarms("ours") == (second, first, over)
        assert store.alarms("ours", open_only=True) == (second, first)
        lately = {"open_only": True, "or_over_since": a.NOON - MINUTE}
        assert store.alarms("ours", **lately) == (second, first, over)
        assert store.alarms("ours", **lately | {"or_over_since": a.NOON}) == (second, first)
        assert store.alarms("ours", most=1) == (second,)
        assert store.alarms("") == (of_all,)
        assert store.alarms("theirs") == ()
        assert store.alarm("ours", "alm-3") == over
        with pytest.raises(NotFound):
            store.alarm("theirs", "alm-3")

    def test_one_put_again_replaces_what_stood(self, store: Store) -> None:
        for rounds in (1, 2):
            with store.transaction() as tx:
                tx.put_alarm(a.alarm(rounds=rounds))
        assert store.alarms("ours") == (a.alarm(rounds=2),)

    def test_a_subscription_keeps_what_it_is_about(self, store: Store) -> None:
        wanted = a.subscription(region="", about=About.ALARMS)
        with store.transaction() as tx:
            tx.put_subscription(wanted)
        assert store.subscriptions("ours") == (wanted,)

    def test_alarms_are_not_counted_among_messages_of_events(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_message(a.message(form=MessageForm.ALARM, events=("alm-1",)))
        assert store.sent_since("ours", "rcv-1", a.NOON - MINUTE) == 0


class TestWhatShowsThem:
    def test_what_is_overdue(self, store: Store) -> None:
        later = a.NOON + 5 * MINUTE
        assert store.overdue(later) == (0, None)
        with store.transaction() as tx:
            tx.put_message(a.message(id="msg-1", next=a.NOON + MINUTE))
            tx.put_message(a.message(id="msg-2", next=later + MINUTE))
            held = {"holder": "one", "held_until": later + MINUTE}
            tx.put_message(a.message(id="msg-3", next=a.NOON, **held))
            over = {"state": MessageState.DELIVERED, "ended": a.NOON}
            tx.put_message(a.message(id="msg-4", next=a.NOON, **over))
            tx.add_alerts([a.alert(due=a.NOON + 2 * MINUTE, message="")])
            tx.add_alerts([a.alert(id="alr-2", event="evt-2", due=later + MINUTE, message="")])
        assert store.overdue(later) == (2, a.NOON + MINUTE)

    def test_by_which_channels_messages_are_stuck(self, store: Store) -> None:
        vain = {"receiver": "rcv-2", "attempts": 3, "next": a.NOON + 9 * MINUTE}
        with store.transaction() as tx:
            tx.put_message(a.message(id="msg-1", attempts=2))
            tx.put_message(a.message(id="msg-2", **vain, made=a.NOON + MINUTE))
            tx.put_message(a.message(id="msg-3", **vain, made=a.NOON))
            # Asked for again by hand: what was tried before that counts no more.
            tx.put_message(a.message(id="msg-4", **vain, since=a.NOON, spent=2))
        assert list(store.stuck()) == [Stuck(Channel.EMAIL, 2, a.NOON, False)]
        over = {"state": MessageState.DELIVERED, "ended": a.NOON + MINUTE, "attempts": 1}
        with store.transaction() as tx:
            tx.put_message(a.message(id="msg-5", receiver="rcv-1", next=a.NOON, **over))
        assert not store.stuck()[0].delivers, "by another channel"
        with store.transaction() as tx:
            tx.put_message(a.message(id="msg-6", receiver="rcv-2", next=a.NOON, **over))
        assert store.stuck()[0].delivers

    def test_what_arrived_of_each_region_and_detector(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_ledger(a.look(acquisition="1", sensed=a.NOON))
            cloud = {"status": ObservationStatus.NOT_OBSERVABLE, "cause": NotObservable.CLOUD}
            tx.put_ledger(a.look(acquisition="2", sensed=a.NOON + MINUTE, **cloud))
            for number, status in enumerate(
                (ObservationStatus.NOT_DELIVERED, ObservationStatus.NOT_PROCESSED)
            ):
                look = {"acquisition": f"3{number}", "sensed": a.NOON + a.DAY}
                tx.put_ledger(a.look(**look, status=status))
            tx.put_ledger(a.look(acquisition="4", detector="radar", sensed=a.NOON - a.DAY))
        assert store.arrived("ours", a.NOON) == {"reg-1": {"indices": a.NOON + MINUTE}}
        assert store.arrived("ours", a.NOON - a.DAY)["reg-1"]["radar"] == a.NOON - a.DAY
        assert store.arrived("theirs", a.NOON) == {}


def _waiting(store: Store, now: datetime) -> tuple[Alert, ...]:
    return store.waiting_alerts("ours", "rcv-1", now, 10)


class TestSettingAside:
    def test_nothing_that_waits_is_told_until_somebody_says_so(self, store: Store) -> None:
        at, later = a.NOON + MINUTE, a.NOON + 2 * MINUTE
        with store.transaction() as tx:
            tx.add_alerts([a.alert(message=""), a.alert(id="alr-2", event="evt-2")])
            tx.put_message(a.message(id="msg-1", events=("evt-3",), attempts=2))
            tx.put_message(a.message(events=("evt-2",), id="msg-2"), ["alr-2"])
            dead = {"state": MessageState.DEAD, "ended": a.NOON}
            tx.put_message(a.message(id="msg-3", events=(), **dead))
        with store.transaction() as tx:
            assert tx.set_aside(at) == (2, 1)
        assert _waiting(store, a.NOON + 999 * a.DAY) == ()
        assert not store.may_be_sent("sender-1", later) and store.overdue(later) == (0, None)
        given_up = store.message("ours", "msg-1")
        assert (given_up.state, given_up.ended) == (MessageState.DEAD, at)
        assert store.alerts("ours", event="evt-1")[0].due == SET_ASIDE
        with store.transaction() as tx:
            assert tx.take_up(at, later) == (2, 1)
        again = store.message("ours", "msg-1")
        assert (again.state, again.next, again.since) == (MessageState.WAITING, later, later)
        assert (again.attempts, again.spent, again.ended) == (2, 2, None)
        assert store.message("ours", "msg-3").state is MessageState.DEAD
        assert [one.id for one in _waiting(store, later)] == ["alr-1"]
