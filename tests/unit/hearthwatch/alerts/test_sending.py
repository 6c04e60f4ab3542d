"""From an event to a message that was taken, and everything that may come between."""

import dataclasses
from datetime import timedelta

import pytest

from hearthwatch.alerting.outbox import enqueue_erased
from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.planning import IN_A_LIST
from hearthwatch.records import (
    AttemptOutcome,
    Channel,
    Detail,
    EventState,
    MessageState,
    Mode,
    Rhythm,
    Subject,
)
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import Desk, Spy, at, event

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Desk:
    made = Desk(MemoryStore())
    made.receiver()
    made.subscribe()
    return made


def facts(desk: Desk) -> list[tuple[str, str, int]]:
    return [
        (one["event"], one["act"], one["sequence"]) for sent in desk.sent for one in sent["facts"]
    ]


class TestTelling:
    def test_an_event_is_told_once(self, desk: Desk) -> None:
        assert desk.tell(event()) == 1
        assert desk.step() == 1
        assert desk.step(HOUR) == 0
        (sent,) = desk.sent
        assert (sent["form"], sent["late"], sent["more"]) == ("single", False, 0)
        (fact,) = sent["facts"]
        assert (fact["event"], fact["act"], fact["sure"]) == ("evt-1", "alert", "Possible")
        assert fact["links"] == {"event": "https://watch.example/#event/evt-1"}
        (parcel,) = desk.spy.taken
        assert parcel.address == "https://rcv-1.example"
        assert len(parcel.secrets) == 1
        message = desk.store.message("ours", parcel.id)
        assert (message.state, message.attempts) == (MessageState.DELIVERED, 1)
        (attempt,) = desk.store.attempts("ours", parcel.id)
        assert (attempt.outcome, attempt.status) == (AttemptOutcome.DELIVERED, 200)

    def test_a_change_that_matters_is_told_and_one_that_does_not_is_not(self, desk: Desk) -> None:
        desk.tell(event())
        desk.step()
        assert desk.tell(event(version=2, looks=9, last_detected=at(1))) == 0
        assert desk.tell(event(version=3, state=EventState.CONFIRMED)) == 1
        desk.step(MINUTE)
        assert facts(desk) == [("evt-1", "alert", 1), ("evt-1", "update", 2)]
        first, second = desk.spy.taken
        assert [one.split(",")[0] for one in second.content["before"]] == [first.id]

    def test_what_is_taken_back_reaches_whoever_was_told(self, desk: Desk) -> None:
        desk.tell(event())
        desk.step()
        paused = desk.subscribe(paused=a.NOON, revision=2)
        assert paused.paused
        rejected = event(version=2, state=EventState.REJECTED, said_by="somebody")
        assert desk.tell(rejected, reasons={"evt-1": "seasonal_burn"}) == 1
        desk.step(MINUTE)
        assert facts(desk)[-1] == ("evt-1", "cancel", 2)
        assert desk.sent[-1]["facts"][0]["reason"] == "seasonal_burn"
        # What people bring back begins anew.
        assert desk.tell(event(version=3)) == 1
        desk.step(MINUTE)
        assert facts(desk)[-1] == ("evt-1", "alert", 3)

    def test_nobody_hears_of_what_they_did_not_ask_for(self, desk: Desk) -> None:
        assert desk.tell(event(1, state=EventState.CANDIDATE)) == 0
        assert desk.tell(event(2, state=EventState.REJECTED)) == 0
        assert desk.tell(event(3, mode=Mode.TEST)) == 0
        assert desk.step() == 0

    def test_one_not_confirmed_or_switched_off_hears_nothing(self, desk: Desk) -> None:
        desk.receiver(confirmed=None, revision=2)
        assert desk.tell(event(1)) == 0
        desk.receiver(disabled=a.NOON, revision=3)
        assert desk.tell(event(2)) == 0

    def test_alerts_and_event_are_written_together_or_not_at_all(self, desk: Desk) -> None:
        with pytest.raises(ZeroDivisionError), desk.store.transaction() as tx:
            tx.put_event(event())
            from hearthwatch.alerting.outbox import enqueue

            enqueue(desk.store, tx, "ours", [event()], now=desk.now)
            raise ZeroDivisionError
        assert desk.store.alerts("ours") == ()
        assert desk.step() == 0

    def test_it_says_with_what_it_was_seen(self, desk: Desk) -> None:
        sources = [
            a.source(detector_state="ESTABLISHED"),
            a.source(id="src-2", detector_state="WATCH", sensors=("sentinel-1-rtc",)),
            a.source(id="src-3", detector_state="LAPSED", sensors=("opera-dist-alert-s1",)),
        ]
        desk.tell(event())
        with desk.store.transaction() as tx:
            for one in sources:
                tx.put_source(one)
        desk.step()
        (fact,) = desk.sent[0]["facts"]
        assert fact["sensors"] == ["sentinel-1-rtc", "sentinel-2-l2a"]

    def test_a_notice_names_no_place_size_or_time(self) -> None:
        desk = Desk(MemoryStore())
        desk.receiver(detail=Detail.NOTICE)
        desk.subscribe()
        desk.tell(event())
        desk.step()
        (fact,) = desk.sent[0]["facts"]
        told = {name for name, value in fact.items() if value not in (None, "", [], {}, False)}
        assert told == {
            "event", "version", "sequence", "act", "mode", "state", "sure", "severity", "urgent",
            "chain", "links",
        }  # fmt: skip
        assert {name for name, value in fact["chain"].items() if value} == {"made"}


class TestTrying:
    def test_it_goes_on_up_the_ladder_with_one_id(self, desk: Desk) -> None:
        down = True

        def answer(parcel: Parcel) -> None:
            if down:
                raise DeliveryFailed("HTTP 500", status=500)

        desk.spy.answer = answer
        desk.tell(event())
        tried = []
        for _ in range(6 * 24 * 12):
            if desk.step():
                tried.append(desk.now - a.NOON)
            desk.now += 5 * MINUTE
        hours = [round(one / HOUR, 2) for one in tried]
        assert hours[:4] == [0.0, 0.08, 0.17, 0.67]
        assert 90 <= hours[-1] <= 120
        assert len({one.id for one in desk.spy.tried}) == 1
        message = desk.store.message("ours", desk.spy.tried[0].id)
        assert message.state is MessageState.DEAD
        made = desk.store.attempts("ours", message.id)
        assert [one.sequence for one in made] == list(range(1, len(tried) + 1))
        assert {one.outcome for one in made} == {AttemptOutcome.FAILED}

    def test_order_is_kept_of_one_event_and_others_do_not_wait(self, desk: Desk) -> None:
        refused = {"evt-1"}

        def answer(parcel: Parcel) -> None:
            if refused & {one["event"] for one in parcel.content["facts"]}:
                raise DeliveryFailed("HTTP 500", status=500)

        desk.spy.answer = answer
        desk.tell(event(1))
        desk.step()
        desk.tell(event(1, version=2, state=EventState.CONFIRMED), event(2))
        desk.step(timedelta(seconds=1))
        assert facts(desk) == [("evt-2", "alert", 1)]
        refused.clear()
        while desk.step(timedelta(minutes=6)):
            pass
        assert facts(desk)[1:] == [("evt-1", "alert", 1), ("evt-1", "update", 2)]

    def test_one_that_wants_no_more_is_switched_off(self, desk: Desk) -> None:
        def answer(parcel: Parcel) -> None:
            raise DeliveryFailed("HTTP 410", status=410, gone=True)

        desk.spy.answer = answer
        desk.tell(event())
        desk.step()
        receiver = desk.store.receiver("ours", "rcv-1")
        assert receiver.disabled == desk.now
        assert receiver.disabled_reason == "It answered: HTTP 410"
        assert desk.tell(event(2)) == 0
        (message,) = desk.store.messages("ours").items
        assert message.state is MessageState.DEAD

    def test_a_sender_that_dies_is_taken_over_from_with_the_same_id(self, desk: Desk) -> None:
        class Killed(BaseException):
            pass

        def die(parcel: Parcel) -> None:
            raise Killed

        desk.spy.answer = die
        desk.tell(event())
        with pytest.raises(Killed):
            desk.step()
        desk.spy.answer = lambda parcel: None
        other = desk.another()
        assert other.step() == 0
        desk.now += 3 * MINUTE
        assert other.step() == 1
        first, second = desk.spy.tried
        assert first.id == second.id

    def test_two_senders_never_send_the_same_one(self, desk: Desk) -> None:
        for number in range(1, 8):
            desk.tell(event(number))
        other = desk.another()
        desk.sender.planner.plan(desk.now)
        held = desk.sender._hold(64)
        assert len(held) == 4  # A receiver that hangs must not take up a whole sender.
        assert desk.sender._hold(64) == ()
        assert other.step() == 3
        assert {one.id for one in held}.isdisjoint(one.id for one in desk.spy.tried)

    def test_what_a_late_sender_could_not_do_does_not_undo_what_another_did(
        self, desk: Desk
    ) -> None:
        desk.tell(event())
        desk.sender.planner.plan(desk.now)
        (held,) = desk.sender._hold(64)
        desk.now += 3 * MINUTE
        assert desk.another().step() == 1
        desk.spy.answer = lambda parcel: (_ for _ in ()).throw(DeliveryFailed("too late"))
        desk.sender.send(held)
        assert desk.store.message("ours", held.id).state is MessageState.DELIVERED

    def test_erased_content_is_never_sent_and_the_rest_of_it_is(self, desk: Desk) -> None:
        desk.subscribe(rhythm=Rhythm.DAILY, revision=2)
        desk.tell(event(1), event(2))
        desk.now += timedelta(days=1)
        desk.sender.planner.plan(desk.now)
        with desk.store.transaction() as tx:
            tx.erase(desk.store.parts("ours", Subject.EVENT, "evt-1"))
        desk.step()
        desk.step()
        assert facts(desk) == [("evt-2", "alert", 1)]

    def test_who_was_told_of_what_is_erased_reads_that_it_is_withdrawn(self, desk: Desk) -> None:
        desk.tell(event())
        desk.step()
        with desk.store.transaction() as tx:
            tx.erase(desk.store.parts("ours", Subject.EVENT, "evt-1"))
            enqueue_erased(desk.store, tx, "ours", ["evt-1"], desk.now)
        desk.step(MINUTE)
        first, second = desk.spy.taken
        (fact,) = second.content["facts"]
        assert (fact["event"], fact["act"], fact["sequence"]) == ("evt-1", "cancel", 2)
        assert (fact["geometry"], fact["place"], fact["observed"], fact["links"]) == (
            None, "", "", {},
        )  # fmt: skip
        assert [one.split(",")[0] for one in second.content["before"]] == [first.id]
        assert not desk.store.message("ours", first.id).content


class TestOneAndTheOthers:
    def test_who_has_no_channel_now_holds_up_nobody_and_is_told_later(self, desk: Desk) -> None:
        desk.receiver(id="rcv-2", channel=Channel.EMAIL)
        desk.subscribe(id="sub-2", receiver="rcv-2")
        way = desk.channels.pop(Channel.EMAIL)
        for number in range(30):
            desk.tell(event(number))
        asked = _counted(desk)
        for _ in range(5):
            desk.step(timedelta(seconds=1))
        # All at once in a list, as they are more than 20; of the other nothing was even read.
        assert {one.address for one in desk.spy.taken} == {"https://rcv-1.example"}
        assert asked == ["rcv-1"]
        assert len(desk.store.waiting_alerts("ours", "rcv-2", desk.now, 100)) == 30
        desk.channels[Channel.EMAIL] = way
        desk.step(timedelta(seconds=30))
        assert {one.address for one in desk.spy.taken[1:]} == {"https://rcv-2.example"}
        assert desk.store.untold(desk.now) == ()

    def test_who_has_to_wait_in_a_storm_is_looked_at_rarely(self, desk: Desk) -> None:
        desk.receiver(storm_cap=1, revision=2)
        desk.tell(event(1))
        desk.step()
        desk.tell(event(2), event(3))
        desk.step()
        desk.tell(event(4))
        asked = _counted(desk)
        for _ in range(60):
            desk.step(timedelta(seconds=1))
        assert len(asked) == 3
        # Another one does not wait for that.
        desk.receiver(id="rcv-2")
        desk.subscribe(id="sub-2", receiver="rcv-2")
        desk.tell(event(5))
        desk.step(timedelta(seconds=1))
        assert desk.spy.taken[-1].address == "https://rcv-2.example"

    def test_one_that_fails_here_is_not_tried_every_moment(self, desk: Desk) -> None:
        desk.tell(event())
        rendered = []

        def render(letter: object) -> dict[str, object]:
            rendered.append(letter)
            raise ValueError("a fault of ours")

        desk.spy.render = render  # type: ignore[method-assign]
        for _ in range(60):
            desk.step(timedelta(seconds=1))
        assert len(rendered) == 3
        assert desk.store.untold(desk.now) == (("ours", "rcv-1"),)

    def test_a_clock_set_back_makes_nobody_wait(self, desk: Desk) -> None:
        desk.receiver(storm_cap=1, revision=2)
        desk.tell(event(1))
        desk.step()
        desk.tell(event(2), event(3))
        desk.step()
        desk.tell(event(4))
        desk.step()
        asked = _counted(desk)
        desk.step()
        assert asked == []
        desk.sender.planner.plan(desk.now + timedelta(seconds=1))
        assert asked == []
        # An hour later all is due, by the clock as it was set meanwhile.
        desk.sender.planner._in_vain["ours", "rcv-1"] = desk.now + HOUR
        desk.step()
        assert asked == ["rcv-1"]


def _counted(desk: Desk) -> list[str]:
    """Return a list to which every receiver is added whose alerts are read from now on."""
    asked: list[str] = []
    read = desk.store.waiting_alerts

    def waiting_alerts(organisation: str, receiver: str, *more: object) -> object:
        asked.append(receiver)
        return read(organisation, receiver, *more)  # type: ignore[arg-type]

    desk.store.waiting_alerts = waiting_alerts  # type: ignore[method-assign,assignment]
    return asked


class TestManyAtOnce:
    def test_a_storm_is_told_in_few_messages_and_nothing_is_left_out(self, desk: Desk) -> None:
        desk.receiver(storm_cap=5, revision=2)
        desk.tell(*(event(n) for n in range(300)))
        for _ in range(60):
            desk.step(MINUTE)
        (sent,) = desk.sent
        assert (sent["form"], len(sent["facts"]), sent["more"]) == ("list", IN_A_LIST, 100)
        (message,) = desk.store.messages("ours").items
        assert len(message.events) == 300
        assert desk.store.untold(desk.now) == ()

    def test_while_it_lasts_lists_come_every_ten_minutes(self, desk: Desk) -> None:
        desk.receiver(storm_cap=3, revision=2)
        for n in range(60):
            desk.tell(event(n))
            desk.step(MINUTE)
        assert [one["form"] for one in desk.sent].count("single") == 3
        assert 5 <= [one["form"] for one in desk.sent].count("list") <= 7
        for _ in range(12):
            desk.step(MINUTE)
        told = {fact["event"] for sent in desk.sent for fact in sent["facts"]}
        assert len(told) == 60

    def test_a_daily_receiver_has_one_list_a_day(self, desk: Desk) -> None:
        desk.subscribe(rhythm=Rhythm.DAILY, revision=2)
        desk.tell(event(1))
        desk.tell(event(2))
        desk.tell(event(1, version=2, state=EventState.CONFIRMED))
        for _ in range(48):
            desk.step(HOUR)
        (sent,) = desk.sent
        assert sent["form"] == "digest"
        # What was not told before is news, however often it changed meanwhile.
        assert sorted((one["event"], one["act"], one["state"]) for one in sent["facts"]) == [
            ("evt-1", "alert", "confirmed"), ("evt-2", "alert", "provisional"),
        ]  # fmt: skip

    def test_what_changed_is_not_told_before_what_it_was(self, desk: Desk) -> None:
        desk.subscribe(rhythm=Rhythm.WEEKLY, revision=2)
        desk.tell(event(1))
        desk.subscribe(id="sub-2", least_state=EventState.CONFIRMED)
        desk.tell(event(1, version=2, state=EventState.CONFIRMED))
        desk.step()
        assert [(one["act"], one["state"]) for sent in desk.sent for one in sent["facts"]] == [
            ("alert", "confirmed")
        ]
        for _ in range(8 * 24):
            desk.step(HOUR)
        assert len(desk.sent) == 1

    def test_after_an_outage_there_is_one_summary_that_says_so(self, desk: Desk) -> None:
        for n in range(4):
            desk.tell(event(n))
            desk.now += HOUR
        desk.step()
        (sent,) = desk.sent
        assert (sent["form"], sent["late"], len(sent["facts"])) == ("late", True, 4)

    def test_what_lies_far_back_is_told_in_the_daily_list(self, desk: Desk) -> None:
        old = a.NOON - timedelta(days=400)
        desk.tell(*(event(n, last_detected=old) for n in range(3)))
        assert desk.step() == 0
        for _ in range(24):
            desk.step(HOUR)
        (sent,) = desk.sent
        assert (sent["form"], len(sent["facts"])) == ("digest", 3)

    def test_what_changes_far_back_before_it_was_told_waits_with_it(self, desk: Desk) -> None:
        old = a.NOON - timedelta(days=400)
        desk.tell(event(last_detected=old))
        desk.tell(event(version=2, last_detected=old, state=EventState.CORROBORATED))
        assert desk.step() == 0
        for _ in range(24):
            desk.step(HOUR)
        assert [(one["form"], one["facts"][0]["state"]) for one in desk.sent] == [
            ("digest", "corroborated")
        ]
        # Once it was told, what becomes of it is told at once.
        desk.tell(event(version=3, last_detected=old, state=EventState.CONFIRMED))
        assert desk.step() == 1
        assert desk.sent[-1]["form"] == "single"

    def test_a_feed_has_its_messages_at_once(self) -> None:
        desk = Desk(MemoryStore(), Spy())
        desk.receiver(channel=Channel.FEED)
        desk.subscribe()
        desk.tell(event())
        assert desk.step() == 0
        (message,) = desk.store.messages("ours").items
        assert message.state is MessageState.DELIVERED
        assert desk.spy.tried == []


def test_an_exercise_among_real_ones_does_not_mark_them(desk: Desk) -> None:
    desk.subscribe(modes=("actual", "exercise"), rhythm=Rhythm.DAILY, revision=2)
    desk.tell(event(1), event(2, mode=Mode.EXERCISE))
    for _ in range(24):
        desk.step(HOUR)
    assert {one["mode"] for one in desk.sent} == {"actual", "exercise"}
    for sent in desk.sent:
        assert {one["mode"] for one in sent["facts"]} == {sent["mode"]}


def test_replaced_secrets_sign_together_for_a_day(desk: Desk) -> None:
    plain = desk.store.receiver("ours", "rcv-1")
    turned = dataclasses.replace(plain, turn=2, rotated=a.NOON, revision=2)
    sign = desk.sender.vault.signing
    (old,) = sign(plain, a.NOON)
    assert sign(turned, a.NOON)[1:] == [old]
    assert sign(turned, a.NOON + timedelta(days=1)) == sign(turned, a.NOON)[:1]
