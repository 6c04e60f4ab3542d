"""Pacing, with a clock that the test turns."""

import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.errors import Permanent, Transient
from imagery.net.gate import MOST_AHEAD_S, SHARE, UNITS_BURST_S, Gate, Pace, Queue
from imagery.net.patience import Patience
from imagery.net.types import Account, Deadline


class Clock:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self, now=1.7e9):
        self.now = now
        self.left = []

    def __call__(self, handle):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def gate(tmp_path, clock, **limits):
    account = Account("a", (), tmp_path, **{"units_per_minute": math.inf, **limits})
    return Gate(account, tmp_path, Patience(sleep=clock.sleep), clock)


def departures(gate, clock, count, units=0.0):
    times = []
    for _ in range(count):
        gate.wait(units, Deadline.after(1e6))
        times.append(clock.now)
    return times


def test_requests_leave_evenly_at_97_per_cent_of_the_limit(tmp_path):
    clock = Clock()
    times = departures(gate(tmp_path, clock, requests_per_minute=60), clock, 5)
    expected = [1.7e9 + n * 60 / (0.97 * 60) for n in range(5)]
    assert times == pytest.approx(expected, abs=1e-3)


def test_a_pause_saves_nothing_up(tmp_path):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=60)
    departures(paced, clock, 1)
    clock.now += 3600
    start = clock.now
    times = departures(paced, clock, 3)
    assert [t - start for t in times] == pytest.approx([0, 1 / 0.97, 2 / 0.97], abs=1e-3)


def test_units_are_paced_by_what_each_request_costs(tmp_path):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=6000, units_per_minute=60)
    times = departures(paced, clock, 5, units=10)
    # 10 units take 10 s at 60 a minute; 3 s' worth may be used beforehand.
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == pytest.approx([10 / SHARE - UNITS_BURST_S, *[10 / SHARE] * 3], abs=1e-3)


def test_what_costs_no_units_does_not_wait_for_them(tmp_path):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=6000, units_per_minute=60)
    departures(paced, clock, 1, units=100)
    start = clock.now
    departures(paced, clock, 1)
    assert clock.now - start < 0.1


@given(
    limit=st.floats(1, 3000),
    units_limit=st.floats(1, 3000),
    asked=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 50)), min_size=2, max_size=60),
)
def test_no_minute_holds_more_than_the_account_allows(limit, units_limit, asked):
    """Whoever asks whenever: the queue alone, without file or clock."""
    pace = Pace.of(Account("a", (), None, None, limit, units_limit))  # type: ignore[arg-type]
    queue, now, left = Queue(), 0.0, []
    for later, units in asked:
        now += later
        queue = Queue(max(0.0, queue.requests_s - later), max(0.0, queue.units_s - later))
        left.append((now + queue.wait(pace, units), units))
        queue = queue.taken(pace, units)
    for start, _ in left:
        minute = [units for when, units in left if start <= when < start + 60]
        assert len(minute) <= SHARE * limit + 1 + 1e-6
        # A request that costs more than a minute's worth goes alone; the last one may reach over.
        assert sum(minute[:-1]) <= units_limit * SHARE * (1 + UNITS_BURST_S / 60) + 1e-6 + max(
            0.0, *minute
        )


def test_a_wait_beyond_the_deadline_is_refused_at_once_and_takes_no_place(tmp_path):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=1)
    departures(paced, clock, 1)
    for _ in range(5):
        with pytest.raises(Transient, match="no room for 62 s"):
            paced.wait(0.0, Deadline.after(30))
    assert clock.now == 1.7e9
    departures(paced, clock, 1)
    assert clock.now == pytest.approx(1.7e9 + 60 / 0.97, abs=1e-3)


def test_a_hold_stops_those_who_already_had_a_place(tmp_path):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=60)
    departures(paced, clock, 1)
    slept = []

    def sleep(seconds):
        if not slept:
            # While we wait for our place, another worker is told to wait 20 s.
            gate(tmp_path, clock, requests_per_minute=60).hold(20.0, Deadline.after(1))
        slept.append(seconds)
        clock.sleep(seconds)

    waiting = Gate(
        Account("a", (), tmp_path, requests_per_minute=60), tmp_path, Patience(sleep=sleep), clock
    )
    waiting.wait(0.0, Deadline.after(1e6))
    assert clock.now == pytest.approx(1.7e9 + 20.01, abs=1e-3)
    assert len(slept) == 2


def test_a_hold_is_at_most_two_minutes_and_a_shorter_one_does_not_end_it(tmp_path):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=60)
    paced.hold(86400.0, Deadline.after(1))
    paced.hold(1.0, Deadline.after(1))
    departures(paced, clock, 1)
    assert clock.now == pytest.approx(1.7e9 + 120, abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        b"\x00\xff garbage",
        b"[]",
        b'{"requests_s": NaN, "at": 1}',
        b'{"requests_s": Infinity, "at": 1}',
        b'{"requests_s": 5}',
        b"[" * 4000,
    ],
)
def test_a_broken_file_neither_opens_the_gate_nor_shuts_it(tmp_path, text):
    (tmp_path / "gate").write_bytes(text)
    clock = Clock()
    times = departures(gate(tmp_path, clock, requests_per_minute=60), clock, 3)
    assert [t - 1.7e9 for t in times] == pytest.approx([n / 0.97 for n in (1, 2, 3)], abs=1e-3)


@pytest.mark.parametrize("step", [-1e9, -600.0, 600.0, 1e9])
def test_a_clock_that_jumps_neither_opens_the_gate_nor_shuts_it(tmp_path, step):
    clock = Clock()
    paced = gate(tmp_path, clock, requests_per_minute=60)
    departures(paced, clock, 3)
    clock.now += step
    start = clock.now
    times = departures(paced, clock, 4)
    assert times[0] - start <= 2.1  # the queue as it was last written down
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == pytest.approx([1 / 0.97] * 3, abs=1e-3)


def test_a_file_that_claims_an_endless_queue_is_not_believed(tmp_path):
    clock = Clock()
    (tmp_path / "gate").write_text(
        json.dumps({"requests_s": 1e12, "units_s": 1e12, "held_s": 1e12, "at": clock.now})
    )
    departures(gate(tmp_path, clock, requests_per_minute=60), clock, 1)
    assert clock.now - 1.7e9 <= MOST_AHEAD_S


def test_threads_and_gates_of_one_folder_share_one_queue(tmp_path):
    account = Account("a", (), tmp_path, requests_per_minute=60_000)
    waits, lock = [], threading.Lock()

    def sleep(seconds):
        with lock:
            waits.append(seconds)

    class Still:
        def __call__(self, handle):
            return 1.7e9

    gates = [Gate(account, tmp_path, Patience(sleep=sleep), Still()) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: gates[n % 4].wait(0.0, Deadline.after(60)), range(80)))
    # Time stands still: place n waits n times the pace, and nobody has the place of another.
    assert sorted(waits) == pytest.approx([n / 970 for n in range(1, 80)])


def test_an_account_without_a_limit_is_not_paced(tmp_path):
    clock = Clock()
    departures(gate(tmp_path, clock, requests_per_minute=math.inf), clock, 100, units=1000)
    assert clock.now == 1.7e9


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_a_limit_that_allows_nothing_is_refused(tmp_path, limit):
    with pytest.raises(Permanent, match="must be above 0"):
        gate(tmp_path, Clock(), requests_per_minute=limit)


def test_a_folder_that_cannot_be_written_is_one_of_the_five_errors(tmp_path):
    (tmp_path / "file").write_text("")
    account = Account("a", (), tmp_path)
    blocked = Gate(account, tmp_path / "file" / "a", Patience())
    with pytest.raises(Permanent, match="cannot be used"):
        blocked.wait(0.0, Deadline.after(1))
