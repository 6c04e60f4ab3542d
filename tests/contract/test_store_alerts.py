"""What every store keeps of who is told of what."""

import dataclasses
from datetime import timedelta

import pytest

from hearthwatch.errors import NotFound, QuestionError, StoreError
from hearthwatch.records import Message, MessageState
from hearthwatch.store import Store
from tests.contract import store_records as a

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(empty: Store) -> Store:
    """With a region, an event each of two, and a receiver, of two organisations."""
    for organisation in ("ours", "theirs"):
        a.with_region(empty, organisation)
        with empty.transaction() as tx:
            for number in ("1", "2", "3"):
                tx.put_event(a.event(organisation=organisation, id=f"evt-{number}"))
            tx.put_receiver(a.receiver(organisation=organisation))
            tx.put_receiver(
                a.receiver(organisation=organisation, id="rcv-2", created=a.NOON + MINUTE)
            )
    return empty


def put(store: Store, *messages: Message) -> None:
    with store.transaction() as tx:
        for one in messages:
            tx.put_message(one)


def waiting(store: Store, now) -> set[tuple[str, str]]:
    return {
        (one.organisation, one.id)
        for whose in store.untold(now)
        for one in store.waiting_alerts(*whose, now, 100)
    }


def hold(store: Store, at=a.NOON, most=100, holder="one") -> list[str]:
    with store.transaction() as tx:
        return [one.id for one in tx.hold_messages(holder, at, at + MINUTE, most)]


class TestReceivers:
    def test_come_back_as_they_were_oldest_first(self, store: Store) -> None:
        first, second = store.receivers("ours")
        assert first == a.receiver()
        assert (second.id, store.receiver("ours", "rcv-2")) == ("rcv-2", second)

    def test_one_removed_stays_readable(self, store: Store) -> None:
        gone = a.receiver(removed=a.NOON, revision=2, pictures=True)
        with store.transaction() as tx:
            tx.put_receiver(gone)
        assert [one.id for one in store.receivers("ours")] == ["rcv-2"]
        assert [one.id for one in store.receivers("ours", removed=True)] == ["rcv-1", "rcv-2"]
        assert store.receiver("ours", "rcv-1") == gone

    def test_nobody_else_has_them(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.receiver("others", "rcv-1")
        assert store.receivers("others") == ()


class TestSubscriptions:
    def test_come_back_as_they_were(self, store: Store) -> None:
        plain, drawn = a.subscription(), a.subscription(id="sub-2", geometry=a.region().geometry)
        with store.transaction() as tx:
            tx.put_subscription(plain)
            tx.put_subscription(drawn)
            tx.put_subscription(a.subscription(id="sub-3", receiver="rcv-2", removed=a.NOON))
        assert store.subscriptions("ours") == (plain, drawn)
        assert store.subscriptions("ours", receiver="rcv-2") == ()
        assert len(store.subscriptions("ours", removed=True)) == 3
        assert store.subscriptions("theirs", removed=True) == ()

    def test_one_is_found_without_its_organisation(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_receiver(a.receiver(id="rcv-7", organisation="theirs"))
        found = store.find_receiver("rcv-7")
        assert found is not None
        assert (found.id, found.organisation) == ("rcv-7", "theirs")
        assert store.find_receiver("rcv-8") is None

    def test_one_of_no_receiver_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError), store.transaction() as tx:
            tx.put_subscription(a.subscription(receiver="nobody"))

    def test_every_change_of_either_shows(self, store: Store) -> None:
        seen = [store.subscribed("ours")]
        for change in (
            a.subscription(), a.subscription(paused=a.NOON, revision=2), a.subscription(id="s-2"),
            a.receiver(disabled=a.NOON, revision=2), a.receiver(revision=3),
        ):  # fmt: skip
            with store.transaction() as tx:
                put_one = tx.put_receiver if change.id == "rcv-1" else tx.put_subscription
                put_one(change)
            seen.append(store.subscribed("ours"))
        assert len(set(seen)) == len(seen)
        assert store.subscribed("theirs") == (2, 2, 0, 0)


class TestAlerts:
    def test_come_back_as_they_were_in_order(self, store: Store) -> None:
        first, second = a.alert(), a.alert(id="alr-0", sequence=2)
        with store.transaction() as tx:
            tx.add_alerts([first, second])
        assert store.alerts("ours", event="evt-1") == (first, second)
        assert store.alerts("ours", event="evt-2") == store.alerts("theirs") == ()

    def test_no_two_have_one_place_in_the_order(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.add_alerts([a.alert()])
        with pytest.raises(StoreError, match="changed in between"), store.transaction() as tx:
            tx.add_alerts([a.alert(id="alr-9")])
        with pytest.raises(StoreError), store.transaction() as tx:
            tx.add_alerts([a.alert(id="a", sequence=2), a.alert(id="b", sequence=2)])
        assert [one.id for one in store.alerts("ours")] == ["alr-1"]

    def test_the_last_of_each_receiver_and_event(self, store: Store) -> None:
        made = [
            a.alert(),
            a.alert(id="alr-2", sequence=2),
            a.alert(id="alr-3", receiver="rcv-2"),
            a.alert(id="alr-4", event="evt-2"),
            a.alert(id="alr-5", event="evt-3"),
        ]
        with store.transaction() as tx:
            tx.add_alerts(made)
        found = store.last_alerts("ours", ["evt-1", "evt-2", "evt-9"])
        assert {key: one.id for key, one in found.items()} == {
            ("rcv-1", "evt-1"): "alr-2", ("rcv-2", "evt-1"): "alr-3", ("rcv-1", "evt-2"): "alr-4",
        }  # fmt: skip
        assert store.last_alerts("ours", []) == store.last_alerts("theirs", ["evt-1"]) == {}

    def test_those_that_are_due_wait_until_they_are_in_a_message(self, store: Store) -> None:
        later = a.alert(id="alr-3", event="evt-3", due=a.NOON + MINUTE)
        with store.transaction() as tx:
            tx.add_alerts([a.alert(), a.alert(id="alr-2", event="evt-2"), later])
            tx.add_alerts([a.alert(organisation="theirs")])
        assert waiting(store, a.NOON) == {
            ("ours", "alr-1"), ("ours", "alr-2"), ("theirs", "alr-1"),
        }  # fmt: skip
        with store.transaction() as tx:
            tx.put_message(a.message(), ["alr-1", "alr-3"])
        assert [one.message for one in store.alerts("ours")] == ["msg-1", "", "msg-1"]
        assert waiting(store, a.NOON + MINUTE) == {("ours", "alr-2"), ("theirs", "alr-1")}
        assert [one.id for one in store.alerts("ours", message="msg-1")] == ["alr-1", "alr-3"]

    def test_those_of_a_message_can_be_freed(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.add_alerts([a.alert(), a.alert(organisation="theirs")])
            for organisation in ("ours", "theirs"):
                tx.put_message(a.message(organisation=organisation), ["alr-1"])
        with store.transaction() as tx:
            tx.free_alerts("ours", "msg-1")
        assert store.untold(a.NOON) == (("ours", "rcv-1"),)

    def test_those_that_are_due_can_be_shelved_until_a_receiver_is_on_again(
        self, store: Store
    ) -> None:
        due, later = a.alert(made=a.NOON - MINUTE), a.alert(id="alr-2", event="evt-2")
        later = dataclasses.replace(later, due=a.NOON + MINUTE)
        others = [a.alert(id="alr-3", receiver="rcv-2"), a.alert(organisation="theirs")]
        with store.transaction() as tx:
            tx.add_alerts([due, later, *others, a.alert(id="alr-4", event="evt-3")])
            tx.put_message(a.message(), ["alr-4"])
        count, _ = store.overdue(a.NOON)
        with store.transaction() as tx:
            assert tx.shelve_alerts("ours", "rcv-1", a.NOON) == 1
            assert tx.shelve_alerts("ours", "rcv-1", a.NOON) == 0
        assert store.untold(a.NOON + 999 * a.DAY) == (
            ("ours", "rcv-2"), ("theirs", "rcv-1"), ("ours", "rcv-1"),
        )  # fmt: skip
        assert store.waiting_alerts("ours", "rcv-1", a.NOON + 999 * a.DAY, 9) == (later,)
        assert store.overdue(a.NOON)[0] == count - 1
        with store.transaction() as tx:
            assert tx.unshelve_alerts("ours", "rcv-1") == 1
            assert tx.unshelve_alerts("ours", "rcv-2") == 0
        again = dataclasses.replace(due, due=due.made - timedelta(microseconds=1))
        assert store.waiting_alerts("ours", "rcv-1", a.NOON, 9) == (again,)

    def test_whoever_waits_longest_comes_first_and_nobody_counts_for_others(
        self, store: Store
    ) -> None:
        own = [a.alert(id=f"alr-{n}", event="evt-1", sequence=n) for n in range(1, 6)]
        other = a.alert(id="alr-6", receiver="rcv-2", due=a.NOON - MINUTE)
        with store.transaction() as tx:
            tx.add_alerts([*own, other])
            tx.add_alerts([a.alert(organisation="theirs", due=a.NOON + MINUTE)])
        assert store.untold(a.NOON) == (("ours", "rcv-2"), ("ours", "rcv-1"))
        assert store.untold(a.NOON + MINUTE)[-1] == ("theirs", "rcv-1")
        assert store.untold(a.NOON - 2 * MINUTE) == ()
        assert store.waiting_alerts("ours", "rcv-1", a.NOON, 100) == tuple(own)
        assert store.waiting_alerts("ours", "rcv-1", a.NOON, 2) == tuple(own[:2])
        assert store.waiting_alerts("ours", "rcv-2", a.NOON, 100) == (other,)


class TestMessages:
    def test_are_listed_newest_first_page_by_page(self, store: Store) -> None:
        made = [a.message(id=f"msg-{n}", made=a.NOON + n * MINUTE) for n in range(5)]
        put(store, *made, a.message(id="msg-x", receiver="rcv-2", state=MessageState.DEAD))
        first = store.messages("ours", receiver="rcv-1", limit=3)
        rest = store.messages("ours", receiver="rcv-1", limit=3, after=first.next)
        assert (*first.items, *rest.items) == tuple(reversed(made))
        assert rest.next is None
        dead = store.messages("ours", state=MessageState.DEAD)
        assert [one.id for one in dead.items] == ["msg-x"]
        assert store.messages("theirs").items == ()
        with pytest.raises(QuestionError):
            store.messages("ours", receiver="rcv-2", after=first.next)

    def test_what_was_delivered_comes_in_that_order(self, store: Store) -> None:
        had = {"state": MessageState.DELIVERED}
        late = a.message(id="msg-0", ended=a.NOON + 5 * MINUTE, **had)
        some = [
            a.message(id=f"msg-{n}", made=a.NOON + n * MINUTE, ended=a.NOON + n * MINUTE, **had)
            for n in (1, 2, 3)
        ]
        twin = a.message(id="msg-4", ended=some[-1].ended, **had)
        put(store, late, *some, twin, a.message(id="msg-5"))
        put(store, a.message(id="msg-6", receiver="rcv-2", ended=a.NOON, **had))
        put(store, a.message(id="msg-7", organisation="theirs", ended=a.NOON, **had))
        told = [*some, twin, late]
        assert store.delivered_count("ours", "rcv-1") == len(told)
        assert store.delivered("ours", "rcv-1", 0, 100) == tuple(told)
        assert store.delivered("ours", "rcv-1", 1, 3) == tuple(told[1:4])
        assert store.delivered("ours", "rcv-1", 5, 3) == ()
        assert store.delivered_count("theirs", "rcv-2") == 0

    def test_one_is_replaced_and_its_attempts_stay(self, store: Store) -> None:
        put(store, a.message())
        ended = a.message(state=MessageState.DELIVERED, attempts=2, ended=a.NOON + MINUTE)
        with store.transaction() as tx:
            tx.add_attempt(a.attempt(sequence=2))
            tx.add_attempt(a.attempt())
            tx.put_message(ended)
        assert store.message("ours", "msg-1") == ended
        assert [one.sequence for one in store.attempts("ours", "msg-1")] == [1, 2]
        assert store.attempts("ours", "msg-1")[0] == a.attempt()
        with pytest.raises(NotFound):
            store.message("theirs", "msg-1")

    def test_what_was_sent_lately_is_counted_without_tests(self, store: Store) -> None:
        put(
            store, a.message(), a.message(id="m-2", made=a.NOON + MINUTE),
            a.message(id="m-3", made=a.NOON + MINUTE, events=()),
            a.message(id="m-4", made=a.NOON + MINUTE, receiver="rcv-2"),
        )  # fmt: skip
        assert store.sent_since("ours", "rcv-1", a.NOON) == 1
        assert store.sent_since("ours", "rcv-1", a.NOON - MINUTE) == 2

    def test_the_backlog(self, store: Store) -> None:
        assert store.backlog() == (0, None)
        put(
            store, a.message(made=a.NOON + MINUTE), a.message(id="m-2"),
            a.message(id="m-3", made=a.NOON - MINUTE, state=MessageState.DEAD),
            a.message(organisation="theirs", made=a.NOON - 2 * MINUTE),
        )  # fmt: skip
        assert store.backlog("ours") == (2, a.NOON)
        assert store.backlog() == (3, a.NOON - 2 * MINUTE)


class TestHolding:
    def test_no_two_senders_have_the_same_one(self, store: Store) -> None:
        put(store, *(a.message(id=f"m-{n}", events=(f"evt-{n}",)) for n in (1, 2, 3)))
        assert hold(store, most=2) == ["m-1", "m-2"]
        assert hold(store, holder="two") == ["m-3"]
        assert hold(store, holder="three") == []
        held = store.message("ours", "m-3")
        assert (held.holder, held.held_until) == ("two", a.NOON + MINUTE)

    def test_whoever_does_not_come_back_loses_it(self, store: Store) -> None:
        put(store, a.message())
        assert hold(store) == ["msg-1"]
        assert hold(store, a.NOON + MINUTE / 2, holder="two") == []
        assert hold(store, a.NOON + MINUTE, holder="two") == ["msg-1"]

    def test_whether_anything_may_be_sent(self, store: Store) -> None:
        assert not store.may_be_sent("one", a.NOON)
        put(store, a.message(next=a.NOON + MINUTE))
        assert not store.may_be_sent("one", a.NOON)
        assert store.may_be_sent("one", a.NOON + MINUTE)
        assert hold(store, a.NOON + MINUTE) == ["msg-1"]
        assert not store.may_be_sent("one", a.NOON + MINUTE)
        assert store.may_be_sent("one", a.NOON + 2 * MINUTE)
        put(store, a.message(state=MessageState.DEAD))
        assert not store.may_be_sent("one", a.NOON + 2 * MINUTE)

    def test_what_has_to_wait_for_another_may_not_be_sent(self, store: Store) -> None:
        put(store, a.message(next=a.NOON + MINUTE), a.message(id="m-2"))
        assert not store.may_be_sent("one", a.NOON)
        put(store, a.message(id="m-3", receiver="rcv-2"))
        assert store.may_be_sent("one", a.NOON)

    def test_what_is_not_due_or_ended_is_not_given(self, store: Store) -> None:
        put(
            store, a.message(id="m-1", next=a.NOON + MINUTE),
            a.message(id="m-2", events=(), state=MessageState.DELIVERED),
            a.message(id="m-3", events=(), state=MessageState.DEAD),
        )  # fmt: skip
        assert hold(store) == []
        assert hold(store, a.NOON + MINUTE) == ["m-1"]

    def test_of_one_event_they_go_in_order(self, store: Store) -> None:
        put(
            store, a.message(id="m-1", next=a.NOON + MINUTE), a.message(id="m-2"),
            a.message(id="m-3", events=("evt-2",)), a.message(id="m-4", events=("evt-2", "evt-3")),
            a.message(id="m-5", receiver="rcv-2"), a.message(id="m-6", organisation="theirs"),
        )  # fmt: skip
        # The second waits for the first, whose time has not come; the fourth for the third.
        assert hold(store) == ["m-3", "m-5", "m-6"]
        ended = a.message(id="m-3", events=("evt-2",), state=MessageState.DELIVERED, ended=a.NOON)
        put(store, ended)
        assert hold(store) == ["m-4"]
        assert hold(store, a.NOON + MINUTE / 2) == []
        put(store, a.message(id="m-1", state=MessageState.DEAD, ended=a.NOON))
        assert hold(store, a.NOON + MINUTE / 2) == ["m-2"]

    def test_one_receiver_with_very_many_does_not_hold_up_others(self, store: Store) -> None:
        many = [a.message(id=f"m-{n:03}", events=(f"x-{n}",)) for n in range(80)]
        put(store, *many, a.message(id="other", receiver="rcv-2"))
        found = hold(store, most=1000)
        assert found == ["m-000", "m-001", "m-002", "m-003", "other"]
        assert hold(store, most=1000) == []
        assert not store.may_be_sent("one", a.NOON)
        assert hold(store, most=1000, holder="two") == ["m-004", "m-005", "m-006", "m-007"]
        done = [a.message(id=one, state=MessageState.DELIVERED) for one in found[:2]]
        put(store, *done)
        assert hold(store, most=1000) == ["m-008", "m-009"]
        # What another held that died counts for nobody any more.
        assert len(hold(store, a.NOON + MINUTE, most=1000)) == 5

    def test_what_failed_does_not_hold_up_what_is_new(self, store: Store) -> None:
        failed = [
            a.message(id=f"m-{n:03}", events=(f"x-{n}",), attempts=5, next=a.NOON + 600 * MINUTE)
            for n in range(300)
        ]
        put(store, *failed, a.message(id="new"))
        assert store.may_be_sent("one", a.NOON)
        assert hold(store) == ["new"]
