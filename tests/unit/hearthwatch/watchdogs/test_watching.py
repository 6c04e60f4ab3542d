"""From something that is wrong to one message, and to one more when it is over."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.errors import StoreLocked
from hearthwatch.records import (
    About,
    AlarmKind,
    Channel,
    Detail,
    Lease,
    MessageForm,
    MessageState,
    Person,
    Role,
    WatchLevel,
)
from hearthwatch.store import MemoryStore
from hearthwatch.watchdogs import watching
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import Spy, event
from tests.unit.hearthwatch.watchdogs.kennel import MINUTE, Kennel

HOUR = timedelta(hours=1)
LITTLE = 10**8


@pytest.fixture
def kennel(tmp_path: Path) -> Kennel:
    made = Kennel(MemoryStore(), tmp_path)
    made.sends()
    return made


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    free = {"bytes": 10**12}
    monkeypatch.setattr("hearthwatch.watchdogs.gathering.free_bytes", lambda folder: free["bytes"])
    return free


def told(kennel: Kennel) -> list[list[tuple[str, bool]]]:
    """Return of what alarms each message told, and whether they were over."""
    return [
        [(one["kind"], one["over"] is not None) for one in sent["alarms"]]
        for sent in kennel.sent
        if sent["form"] == "alarm"
    ]


class TestOneAlarm:
    def test_what_is_found_in_a_thousand_rounds_is_told_once(
        self, kennel: Kennel, disk: dict[str, int]
    ) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        kennel.rounds(1000)
        (one,) = kennel.open()
        assert (one.kind, one.rounds) == (AlarmKind.DISK_LOW, 998), "but for two of patience"
        assert told(kennel) == [[("disk_low", False)]]
        assert kennel.store.alarms("") == (one,)

    def test_it_is_told_once_that_it_is_over(self, kennel: Kennel, disk: dict[str, int]) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        kennel.rounds(5)
        disk["bytes"] = 10**12
        kennel.rounds(30)
        assert kennel.open() == []
        assert told(kennel) == [[("disk_low", False)], [("disk_low", True)]]
        (one,) = kennel.store.alarms("")
        assert one.cleared == one.seen + 10 * MINUTE

    def test_what_comes_and_goes_stays_one(self, kennel: Kennel, disk: dict[str, int]) -> None:
        kennel.subscribe_to()
        for minute in range(120):
            disk["bytes"] = 10**12 if minute % 9 > 5 else LITTLE
            kennel.rounds()
        assert told(kennel) == [[("disk_low", False)]]

    def test_what_is_over_before_anybody_knows_it_is_no_alarm(
        self, kennel: Kennel, disk: dict[str, int]
    ) -> None:
        disk["bytes"] = LITTLE
        kennel.rounds(2)
        disk["bytes"] = 10**12
        kennel.rounds(20)
        assert kennel.store.alarms("") == ()

    def test_two_watchdogs_find_it_once(self, kennel: Kennel, disk: dict[str, int]) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        other = kennel.more_dogs()
        made = [0, 0]
        for _ in range(30):
            kennel.now += MINUTE
            made[0] += kennel.dogs.step()
            made[1] += other.step()
            kennel.sender.step()
        assert made == [30, 0], "the lease is one's"
        assert told(kennel) == [[("disk_low", False)]]

    def test_one_that_dies_is_followed_and_nothing_is_told_anew(
        self, kennel: Kennel, disk: dict[str, int]
    ) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        kennel.rounds(5)
        kennel.dogs = kennel.more_dogs()
        kennel.rounds(20)
        assert kennel.open()[0].rounds > 10
        assert told(kennel) == [[("disk_low", False)]]

    def test_without_the_lease_too_there_is_one(
        self, kennel: Kennel, disk: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        other = kennel.more_dogs()
        monkeypatch.setattr(watching.Watchdogs, "_takes_turn", lambda self, now: True)
        for _ in range(10):
            kennel.now += MINUTE
            kennel.dogs.step()
            other.step()
            kennel.sender.step()
        assert told(kennel) == [[("disk_low", False)]] and len(kennel.open()) == 1

    def test_killed_between_alarm_and_message_neither_is_there(
        self, kennel: Kennel, disk: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        kennel.rounds(2)
        with monkeypatch.context() as patched:
            patched.setattr("hearthwatch.watchdogs.telling.told", _dies)
            kennel.rounds(sent=False)
        assert kennel.store.alarms("") == ()
        assert kennel.store.messages("ours").items == ()
        kennel.rounds(3)
        assert told(kennel) == [[("disk_low", False)]]


def _dies(*_: object) -> None:
    raise SystemError("killed")


class TestWhoIsTold:
    def test_only_who_subscribed_and_nobody_of_events(
        self, kennel: Kennel, disk: dict[str, int]
    ) -> None:
        kennel.receiver()
        kennel.subscribe(receiver="rcv-1")
        kennel.subscribe_to(id="rcv-2")
        disk["bytes"] = LITTLE
        kennel.rounds(5)
        assert [one.address for one in kennel.spy.taken] == ["https://rcv-2.example"]
        assert kennel.tell(event()) == 1, "of events only who asked for events"

    def test_what_comes_at_once_is_one_message(self, kennel: Kennel, disk: dict[str, int]) -> None:
        kennel.subscribe_to()
        disk["bytes"] = LITTLE
        with kennel.store.transaction() as tx:
            tx.put_gap(a.gap())
        kennel.rounds(2, sent=False)
        kennel.dogs._watches_due = None
        kennel.rounds(5)
        assert sorted(len(one) for one in told(kennel)) == [1, 1]
        assert {kind for one in told(kennel) for kind, _ in one} == {"disk_low", "pass_missing"}

    def test_who_asks_later_is_told_of_what_is_open(
        self, kennel: Kennel, disk: dict[str, int]
    ) -> None:
        disk["bytes"] = LITTLE
        kennel.rounds(5)
        kennel.subscribe_to()
        kennel.rounds(5)
        assert told(kennel) == [[("disk_low", False)]]

    def test_no_more_than_a_receiver_takes_in_an_hour_and_nothing_is_left_out(
        self, kennel: Kennel, disk: dict[str, int]
    ) -> None:
        kennel.subscribe_to(storm_cap=1)
        disk["bytes"] = LITTLE
        kennel.rounds(4)
        with kennel.store.transaction() as tx:
            tx.put_gap(a.gap())
        kennel.rounds(40)
        assert len(told(kennel)) == 1
        kennel.rounds(40)
        assert told(kennel) == [[("disk_low", False)], [("pass_missing", False)]]

    def test_regions_are_named_to_who_may_know_them_and_to_nobody_else(
        self, kennel: Kennel
    ) -> None:
        kennel.subscribe_to(id="rcv-exact", detail=Detail.EXACT)
        kennel.subscribe_to(id="rcv-notice", detail=Detail.NOTICE)
        kennel.subscribe_to(id="rcv-partner", detail=Detail.PARTNER)
        theirs = {"organisation": "theirs", "id": "rcv-theirs", "detail": Detail.EXACT}
        with kennel.store.transaction() as tx:
            tx.put_organisation(a.organisation(organisation="theirs"))
        kennel.subscribe_to(**theirs)
        with kennel.store.transaction() as tx:
            tx.put_gap(a.gap())
        kennel.rounds(3)
        names = {one.address: one.content["alarms"][0]["names"] for one in kennel.spy.taken}
        assert names == {"https://rcv-exact.example": ["Village"], "https://rcv-notice.example": []}

    def test_more_that_comes_to_it_is_told_once_a_day(self, kennel: Kennel) -> None:
        kennel.subscribe_to()
        for day in range(3):
            with kennel.store.transaction() as tx:
                tx.put_gap(a.gap(id=f"gap-{day}"))
            kennel.rounds(4, 2 * HOUR)
        (one,) = kennel.open("ours")
        assert (len(one.items), len(told(kennel))) == (3, 1)
        kennel.rounds(30, 2 * HOUR)
        assert told(kennel) == 2 * [[("pass_missing", False)]]


class TestFaults:
    def test_mail_that_is_down_is_one_alarm_and_everything_waits(
        self, tmp_path: Path, disk: dict[str, int]
    ) -> None:
        down = True

        def answer(parcel: Parcel) -> None:
            if down and "mail" in parcel.address:
                raise DeliveryFailed("The mail server does not answer.")

        kennel = Kennel(MemoryStore(), tmp_path, Spy(answer))
        kennel.sends()
        kennel.subscribe_to(id="rcv-hook")
        kennel.receiver(id="rcv-mail", channel=Channel.EMAIL)
        kennel.subscribe(id="sub-mail", receiver="rcv-mail")
        for number in range(1, 20):
            kennel.tell(event(number))
        kennel.rounds(120)
        assert told(kennel) == [[("channel_down", False)]]
        (one,) = kennel.open()
        assert one.subject == "email"
        waiting = kennel.store.messages("ours", receiver="rcv-mail").items
        assert {one.state for one in waiting} == {MessageState.WAITING}
        down = False
        kennel.rounds(400)
        assert told(kennel) == [[("channel_down", False)], [("channel_down", True)]]
        delivered = kennel.store.messages("ours", receiver="rcv-mail").items
        assert {one.state for one in delivered} == {MessageState.DELIVERED}

    def test_a_dead_sender_is_noticed_by_the_one_that_takes_looks(self, tmp_path: Path) -> None:
        kennel = Kennel(MemoryStore(), tmp_path)
        kennel.sends(kennel.now + MINUTE)
        kennel.subscribe_to()
        kennel.dogs = kennel.more_dogs(takes_looks=lambda: True)
        kennel.rounds(10, sent=False)
        assert [one.kind for one in kennel.open()] == [AlarmKind.SENDER_DEAD]
        kennel.sends()
        kennel.rounds(20)
        assert told(kennel)[0] == [("sender_dead", False)]

    def test_a_dead_coordinator_is_noticed_by_the_one_that_sends(self, kennel: Kennel) -> None:
        kennel.subscribe_to()
        coordinator = kennel.more_dogs(takes_looks=lambda: True)
        coordinator.step()
        kennel.rounds(10)
        assert told(kennel) == [[("no_heartbeat", False)]]

    def test_a_coordinator_dead_for_days_is_one_alarm_that_says_what_to_do(
        self, kennel: Kennel
    ) -> None:
        kennel.subscribe_to()
        kennel.settings = kennel.settings.model_copy(update={"provider": "stac"})
        # What is said of runs goes by the machine's clock.
        kennel.now = kennel.began = datetime.now(UTC)
        read = kennel.now - 3 * a.DAY
        kennel.sends()
        with kennel.store.transaction() as tx:
            tx.put_region(a.region(created=read - 9 * a.DAY))
            tx.put_run(a.run(started=read, finished=read, outcome="complete"))
            tx.take_lease(Lease("coordinator", "", "dead", read, read + MINUTE, 0))
        kennel.dogs = kennel.more_dogs()
        kennel.rounds(40)
        assert told(kennel) == [[("no_heartbeat", False)]]
        assert kennel.store.alarms("ours", open_only=True) == ()
        coordinator = kennel.more_dogs(takes_looks=lambda: True)
        for _ in range(20):
            coordinator.step()
            kennel.rounds(sent=False)
        kinds = {one.kind for one in kennel.store.alarms("ours", open_only=True)}
        assert AlarmKind.NOT_READ in kinds

    def test_one_that_ended_as_it_should_is_not_missed(self, kennel: Kennel) -> None:
        coordinator = kennel.more_dogs(takes_looks=lambda: True)
        coordinator.once()
        kennel.rounds(10)
        assert kennel.open() == []

    def test_a_clock_that_was_set_is_one_alarm_and_nothing_else_is_believed(
        self, kennel: Kennel
    ) -> None:
        kennel.subscribe_to()
        kennel.rounds(3)
        jump = timedelta(days=40)
        kennel.now += jump
        kennel.lost += jump
        kennel.rounds(8)
        assert told(kennel) == [[("clock_jump", False)]]
        kennel.now -= jump
        kennel.lost -= jump
        kennel.rounds(30)
        assert {kind for one in told(kennel) for kind, _ in one} == {"clock_jump"}
        assert kennel.open() == []

    def test_a_store_that_was_locked_is_told_when_it_is_not_any_more(
        self, kennel: Kennel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kennel.subscribe_to()
        kennel.rounds(2)
        with monkeypatch.context() as patched:
            patched.setattr(MemoryStore, "transaction", _locked)
            kennel.rounds(10, sent=False)
        kennel.rounds(20)
        assert told(kennel) == [[("store_locked", False)], [("store_locked", True)]]


def _locked(self: MemoryStore) -> None:
    raise StoreLocked("Another process writes.")


class TestOwners:
    @pytest.fixture
    def owned(self, kennel: Kennel) -> Kennel:
        self.person = Person("per-1", "ours", "amina", "Amina", Role.ANALYST, "", a.NOON, a.NOON)
        with kennel.store.transaction() as tx:
            tx.put_person(self.person)
        kennel.receiver(owner="per-1")
        kennel.subscribe()
        kennel.subscribe_to(id="rcv-2", owner="command line")
        return kennel

    @pytest.mark.parametrize("out", [{"disabled": a.NOON}, {"role": Role.PARTNER}])
    def test_nobody_is_told_for_whom_nobody_answers_and_what_there_is_waits(
        self, owned: Kennel, out: dict[str, Any]
    ) -> None:
        with owned.store.transaction() as tx:
            tx.put_person(dataclasses.replace(self.person, **out))
        assert owned.tell(event()) == 1
        owned.rounds(40)
        assert [one.address for one in owned.spy.taken] == ["https://rcv-2.example"]
        assert told(owned) == [[("owner_gone", False)]]
        (waiting,) = owned.store.messages("ours", receiver="rcv-1").items
        assert (waiting.state, waiting.attempts) == (MessageState.WAITING, 0)
        with owned.store.transaction() as tx:
            tx.put_person(self.person)
        owned.rounds(40)
        assert told(owned)[-1] == [("owner_gone", True)]
        assert "https://rcv-1.example" in [one.address for one in owned.spy.taken]

    def test_a_key_is_gone_unless_another_took_its_place(self, kennel: Kennel) -> None:
        old = a.api_key(revoked=a.NOON)
        with kennel.store.transaction() as tx:
            tx.put_key(old)
        kennel.receiver(owner=old.id)
        kennel.rounds(2)
        (one,) = kennel.open("ours")
        assert (one.kind, one.subject) == (AlarmKind.OWNER_GONE, old.id)
        with kennel.store.transaction() as tx:
            tx.put_key(a.api_key(id="ba9876543210", replaces=old.id))
        kennel.rounds(3, 15 * MINUTE)
        assert kennel.open("ours") == []


class TestSignOfLife:
    def test_it_comes_once_a_day_and_says_how_the_watches_stand(self, kennel: Kennel) -> None:
        with kennel.store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name="Elsewhere", level=WatchLevel.ROUTINE))
            tx.put_ledger(a.look(sensed=kennel.now - a.DAY))
        kennel.subscribe_to(About.HEARTBEAT, detail=Detail.EXACT)
        kennel.rounds(3 * 24, HOUR)
        beats = [one for one in kennel.sent if one["form"] == "heartbeat"]
        assert len(beats) == 4, "one at once, and one each midnight"
        assert (beats[0]["beat"]["regions"], beats[0]["beat"]["fresh"]) == (2, 1)
        assert beats[0]["next"] == "2024-05-02T00:00:00+00:00"

    def test_others_learn_only_that_it_runs(self, kennel: Kennel) -> None:
        kennel.subscribe_to(About.HEARTBEAT, detail=Detail.PARTNER)
        kennel.rounds(2)
        (beat,) = kennel.sent
        assert beat["beat"] is None

    def test_two_watchdogs_write_it_once(
        self, kennel: Kennel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kennel.subscribe_to(About.HEARTBEAT)
        monkeypatch.setattr(watching.Watchdogs, "_takes_turn", lambda self, now: True)
        other = kennel.more_dogs()
        for _ in range(5):
            kennel.rounds()
            other.step()
        made = kennel.store.messages("ours").items
        assert [one.form for one in made] == [MessageForm.HEARTBEAT]
