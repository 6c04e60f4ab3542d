"""What each rule finds, and what it does not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hearthwatch.records import AlarmKind, Channel, Lease
from hearthwatch.store.rules import Stuck
from hearthwatch.watchdogs.facts import Feed, Finding, Installation, Watched
from hearthwatch.watchdogs.rules import find_installation, find_watched
from tests.contract import store_records as a

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WELL = Installation(
    now=a.NOON,
    watches=True,
    tells=True,
    expects_runs=True,
    sender=Lease("sender", "", "one", a.NOON, a.NOON + MINUTE, 1),
    coordinator=Lease("coordinator", "", "one", a.NOON, a.NOON + MINUTE, 1),
    last_run=a.NOON - HOUR,
    between_runs=6 * HOUR,
    free_bytes=50 * 10**9,
    jumped=timedelta(),
    overdue=(0, None),
    stuck=(),
    locked_since=None,
)
FRESH = Feed("reg-1", "sentinel-2-l2a", a.NOON - a.DAY, a.NOON - 99 * a.DAY)
WATCHED = Watched(
    now=a.NOON,
    silent_after=14 * a.DAY,
    feeds=(FRESH,),
    gaps=(),
    pauses=(),
    unread={},
    gone={},
    unanswered=(),
)


def found(**changes: Any) -> list[Finding]:
    return find_installation(replace(WELL, **changes))


def watched(**changes: Any) -> list[Finding]:
    return find_watched(replace(WATCHED, **changes))


def ended(minutes: float) -> Lease:
    return Lease("any", "", "one", a.NOON - HOUR, a.NOON - minutes * MINUTE, 1)


def kinds(findings: list[Finding]) -> list[AlarmKind]:
    return [one.kind for one in findings]


def test_where_all_is_well_nothing_is_found() -> None:
    assert found() == [] and watched() == []


class TestSigns:
    def test_a_sender_that_died_is_found_when_its_sign_ran_out(self) -> None:
        assert kinds(found(sender=ended(1))) == []
        (one,) = found(sender=ended(5))
        assert (one.kind, one.since) == (AlarmKind.SENDER_DEAD, a.NOON - 5 * MINUTE)

    def test_so_is_that_none_ever_was_but_only_where_somebody_is_to_be_told(self) -> None:
        assert kinds(found(sender=None)) == [AlarmKind.SENDER_DEAD]
        assert found(sender=None, tells=False) == []

    def test_a_coordinator_that_died_is_found(self) -> None:
        (one,) = found(coordinator=ended(5))
        assert (one.kind, one.since) == (AlarmKind.NO_HEARTBEAT, a.NOON - 5 * MINUTE)
        assert found(coordinator=ended(1)) == []

    def test_where_runs_are_begun_otherwise_they_are_the_sign(self) -> None:
        assert found(coordinator=None) == []
        assert found(coordinator=ended(90), last_run=a.NOON - HOUR) == []
        late = {"coordinator": None, "last_run": a.NOON - 13 * HOUR}
        assert kinds(found(**late)) == [AlarmKind.NO_HEARTBEAT]
        assert found(**late, expects_runs=False) == []
        assert found(**late, watches=False) == []


class TestSending:
    def test_what_is_due_and_not_sent_is_found(self) -> None:
        late = (7, a.NOON - 15 * MINUTE)
        assert kinds(found(overdue=late)) == [AlarmKind.QUEUE_AGE]
        assert found(overdue=(7, a.NOON - 14 * MINUTE)) == []

    def test_where_nothing_sends_that_is_found_alone(self) -> None:
        late = (7, a.NOON - HOUR)
        assert kinds(found(overdue=late, sender=ended(60))) == [AlarmKind.SENDER_DEAD]

    def test_a_channel_by_which_nothing_goes_is_found_once_for_all_its_messages(self) -> None:
        down = Stuck(Channel.EMAIL, 500, a.NOON - HOUR, delivers=False)
        one_receiver = Stuck(Channel.WEBHOOK, 3, a.NOON - HOUR, delivers=True)
        (one,) = found(stuck=(down, one_receiver))
        assert (one.kind, one.subject) == (AlarmKind.CHANNEL_DOWN, "email")


class TestMachine:
    @pytest.mark.parametrize("jumped", [-a.DAY, -MINUTE, MINUTE, 3000 * a.DAY])
    def test_a_clock_that_was_set_is_found(self, jumped: timedelta) -> None:
        assert kinds(found(jumped=jumped)) == [AlarmKind.CLOCK_JUMP]

    def test_a_clock_that_is_corrected_is_not(self) -> None:
        assert found(jumped=timedelta(seconds=-59)) == []

    def test_a_disk_that_fills_is_found_before_it_is_full(self) -> None:
        assert kinds(found(free_bytes=999_999_999)) == [AlarmKind.DISK_LOW]
        assert found(free_bytes=None) == []

    def test_a_store_that_was_locked_is_found_when_it_can_be_written_again(self) -> None:
        (one,) = found(locked_since=a.NOON - 5 * MINUTE)
        assert (one.kind, one.since) == (AlarmKind.STORE_LOCKED, a.NOON - 5 * MINUTE)
        assert found(locked_since=a.NOON - 4 * MINUTE) == []


class TestSilence:
    def test_a_sensor_that_is_silent_over_many_regions_is_one_finding(self) -> None:
        old = a.NOON - 14 * a.DAY
        feeds = [Feed(f"reg-{n}", "sentinel-2-l2a", old - n * HOUR, old) for n in range(1000)]
        radar = Feed("reg-1", "sentinel-1-rtc", a.NOON - a.DAY, old)
        (one,) = watched(feeds=(*feeds, radar, FRESH))
        assert (one.kind, one.subject) == (AlarmKind.NO_DATA, "sentinel-2-l2a")
        assert (len(one.regions), one.since) == (1000, old - 999 * HOUR)

    def test_one_that_never_came_is_waited_for_since_the_region_is_watched(self) -> None:
        never = Feed("reg-2", "sentinel-1-rtc", None, a.NOON - 20 * a.DAY)
        (one,) = watched(feeds=(FRESH, never))
        assert (one.subject, one.regions, one.since) == (
            "sentinel-1-rtc", ("reg-2",), a.NOON - 20 * a.DAY
        )  # fmt: skip
        assert watched(feeds=(replace(never, since=a.NOON - 13 * a.DAY),)) == []

    def test_missing_passes_are_one_finding_for_each_sensor(self) -> None:
        gaps = [a.gap(id=f"gap-{n}", region=f"reg-{n % 2}", expected=a.NOON - n * a.DAY)
                for n in (2, 3, 4)]  # fmt: skip
        radar = a.gap(id="gap-9", sensor="sentinel-1-rtc")
        optical, other = sorted(watched(gaps=(*gaps, radar)), key=lambda one: len(one.items))[::-1]
        assert other.subject == "sentinel-1-rtc"
        assert optical.items == ("gap-2", "gap-3", "gap-4")
        assert optical.regions == ("reg-0", "reg-1")
        assert optical.since == a.NOON - 4 * a.DAY

    def test_a_paused_provider_is_the_one_cause_of_all_that_follows(self) -> None:
        pause = a.pause(since=a.NOON - HOUR)
        silent = Feed("reg-1", "sentinel-2-l2a", a.NOON - 20 * a.DAY, a.NOON - 99 * a.DAY)
        unread = {"reg-1": a.NOON - HOUR, "reg-2": a.NOON - HOUR}
        (one,) = watched(feeds=(silent,), pauses=(pause,), unread=unread)
        assert (one.kind, one.subject) == (AlarmKind.PROVIDER_PAUSED, pause.provider)
        assert (one.regions, one.since) == (("reg-1", "reg-2"), pause.since)

    def test_a_provider_that_stammers_for_minutes_is_none_that_is_paused(self) -> None:
        assert watched(pauses=(a.pause(since=a.NOON - 29 * MINUTE),)) == []

    def test_regions_of_which_nothing_is_read_are_found_without_a_pause_too(self) -> None:
        (one,) = watched(unread={"reg-1": a.NOON - HOUR})
        assert (one.kind, one.regions) == (AlarmKind.NOT_READ, ("reg-1",))

    def test_receivers_for_whom_nobody_answers_are_found_by_who_did(self) -> None:
        (one,) = watched(gone={"per-1": ["rcv-2", "rcv-1"]})
        assert (one.kind, one.subject, one.items) == (
            AlarmKind.OWNER_GONE, "per-1", ("rcv-1", "rcv-2")
        )  # fmt: skip

    def test_events_to_which_nobody_in_the_network_answers_are_one_finding(self) -> None:
        asked = [a.response(id=f"rsp-{n}", event=f"evt-{n % 2}", since=a.NOON - n * a.DAY)
                 for n in range(3)]  # fmt: skip
        (one,) = watched(unanswered=asked)
        assert (one.kind, one.items) == (AlarmKind.UNANSWERED, ("evt-0", "evt-1"))
        assert one.since == a.NOON - 2 * a.DAY

    def test_events_that_wait_for_a_release_are_found_apart(self) -> None:
        waits = a.response(id="rsp-9", event="evt-9", state=a.ResponseState.UNRELEASED)
        first, second = watched(unanswered=[a.response(), waits])
        assert (first.kind, first.items) == (AlarmKind.UNANSWERED, ("evt-1",))
        assert (second.kind, second.items) == (AlarmKind.UNRELEASED, ("evt-9",))
