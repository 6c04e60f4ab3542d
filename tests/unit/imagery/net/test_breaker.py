"""The circuit breaker, with a clock that the test turns."""

import pytest

from imagery.errors import Transient
from imagery.net.breaker import Breaker
from imagery.net.types import Deadline

# Far off: it is set when tests are collected, and this file may come late.
SOON = Deadline.after(86_400.0)


class Clock:
    now = 1.7e9

    def __call__(self, handle):
        return self.now


def breakers(tmp_path, count=1, origin="https://a.example:443"):
    clock = Clock()
    return clock, [Breaker(tmp_path, origin, clock) for _ in range(count)]


def fail(breaker, times):
    for _ in range(times):
        breaker.failed(SOON)


def test_the_fifth_failure_in_a_row_opens_it_for_all_who_share_the_folder(tmp_path):
    _, (one, other) = breakers(tmp_path, 2)
    fail(one, 4)
    other.enter(SOON)
    fail(other, 1)
    for breaker in (one, other):
        with pytest.raises(Transient, match=r"a\.example:443 failed 5 times.*again in 60 s"):
            breaker.enter(SOON)
        assert breaker.is_open(SOON)


def test_a_success_between_starts_the_count_anew(tmp_path):
    _, (breaker,) = breakers(tmp_path)
    fail(breaker, 4)
    breaker.worked()
    fail(breaker, 4)
    breaker.enter(SOON)


def test_what_one_sensor_is_refused_leaves_the_others_way_open(tmp_path):
    clock = Clock()
    radar, light, rest = (
        Breaker(tmp_path, "https://a.example:443", clock, lane)
        for lane in ("sentinel-1-grd", "sentinel-2-l2a", "")
    )
    fail(radar, 5)
    assert radar.is_open(SOON)
    for breaker in (light, rest):
        breaker.enter(SOON)
        assert not breaker.is_open(SOON)


def test_after_a_minute_one_alone_may_try(tmp_path):
    clock, (one, other) = breakers(tmp_path, 2)
    fail(one, 5)
    clock.now += 61
    one.look(SOON)
    one.enter(SOON)
    with pytest.raises(Transient):
        other.enter(SOON)
    one.worked()
    other.enter(SOON)
    other.enter(SOON)


def test_a_try_that_fails_closes_the_way_for_another_minute(tmp_path):
    clock, (breaker,) = breakers(tmp_path)
    fail(breaker, 5)
    clock.now += 61
    breaker.enter(SOON)
    fail(breaker, 1)
    clock.now += 59
    with pytest.raises(Transient):
        breaker.enter(SOON)
    clock.now += 2
    breaker.enter(SOON)


def test_a_try_that_never_comes_back_is_given_to_the_next_after_a_minute(tmp_path):
    clock, (breaker,) = breakers(tmp_path)
    fail(breaker, 5)
    clock.now += 61
    breaker.enter(SOON)  # and is killed
    clock.now += 61
    breaker.enter(SOON)


@pytest.mark.parametrize("step", [-1e9, 1e9])
def test_a_clock_that_jumps_does_not_keep_it_open_for_ever(tmp_path, step):
    clock, (breaker,) = breakers(tmp_path)
    fail(breaker, 5)
    clock.now += step
    if step < 0:
        with pytest.raises(Transient, match="again in 60 s"):
            breaker.enter(SOON)
        clock.now += 61
    breaker.enter(SOON)


def test_a_broken_file_is_not_taken_for_an_open_breaker(tmp_path):
    _, (breaker,) = breakers(tmp_path)
    fail(breaker, 5)
    next(tmp_path.glob("breaker-*")).write_bytes(b"\xff\x00")
    breaker.enter(SOON)


def test_origins_do_not_share_a_breaker(tmp_path):
    _, (one,) = breakers(tmp_path)
    _, (other,) = breakers(tmp_path, origin="https://b.example:443")
    fail(one, 5)
    other.enter(SOON)
