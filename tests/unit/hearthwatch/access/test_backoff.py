"""How long wrong passwords make one wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.access.backoff import FREE_OF_AN_ADDRESS, Addresses, wait_after

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_waits_begin_after_five_and_double_to_a_quarter_of_an_hour() -> None:
    seconds = [w.total_seconds() if (w := wait_after(n)) else None for n in range(1, 17)]
    assert seconds == [None] * 4 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@given(st.integers(0, 10**9))
def test_no_wait_is_shorter_than_the_one_before_nor_without_end(failures: int) -> None:
    wait, longer = wait_after(failures), wait_after(failures + 1)
    assert (wait or timedelta()) <= (longer or timedelta()) <= timedelta(minutes=15)


def test_a_guesser_has_few_tries_in_a_day() -> None:
    now, end, tries = NOON, NOON + timedelta(1), 0
    while now < end:
        tries += 1
        now += wait_after(tries) or timedelta()
    assert tries == 109


def test_an_address_waits_too_after_more_of_them() -> None:
    known = Addresses()
    assert all(known.count("192.0.2.7", NOON) for _ in range(FREE_OF_AN_ADDRESS))
    assert not known.count("192.0.2.7", NOON)
    assert known.count("192.0.2.8", NOON)
    assert known.count("192.0.2.7", NOON + timedelta(seconds=1))
    assert not known.count("192.0.2.7", NOON + timedelta(seconds=2))
    assert known.count("192.0.2.7", NOON + timedelta(hours=2))


def test_right_passwords_between_wrong_ones_forgive_none() -> None:
    known = Addresses()
    for _ in range(FREE_OF_AN_ADDRESS - 1):
        assert known.count("192.0.2.7", NOON)
        assert known.count("192.0.2.7", NOON)
        known.take_back("192.0.2.7")
    assert known.count("192.0.2.7", NOON)
    assert not known.count("192.0.2.7", NOON)


def test_a_household_of_the_newer_kind_is_one_address() -> None:
    known = Addresses()
    for n in range(FREE_OF_AN_ADDRESS):
        assert known.count(f"2001:db8:1:2::{n:x}", NOON)
    assert not known.count("2001:db8:1:2:ffff::1", NOON)
    assert known.count("2001:db8:1:3::1", NOON)


def test_as_many_addresses_as_one_likes_take_no_more_room() -> None:
    known = Addresses(most=50)
    for n in range(5000):
        known.count(f"10.0.{n >> 8}.{n & 255}", NOON)
    assert len(known) == 50
