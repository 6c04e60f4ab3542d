"""What a password has to be, and how it is kept."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.access.passwords import SHORTEST, Passwords, faults_of
from hearthwatch.access.people import made_up_password
from hearthwatch.errors import AccessBusy

CHEAP = Passwords(memory_kib=64, passes=1, lanes=1)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short pass", "fewer than 12 characters"),
        ("aaaaaaaaaaaaab", "fewer than 5 different"),
        ("Password1234!", "tried first"),
        ("qwertyuiop[]12", "tried first"),
        ("123456789012", "tried first"),
        ("Motdepasse2026!", "tried first"),
        ("amina@local1", "little more than the name"),
        ("LOCAL-amina-2026", "little more than the name"),
        ("hearthwatch2026", "tried first"),
        ("x" * 300, "longer than 256"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, said: str) -> None:
    assert any(said in fault for fault in faults_of(password, "amina", "local"))


@pytest.mark.parametrize(
    "password", ["wolf birch cup ten", "حصان بطارية صحيح", "amina likes 7 goats"]
)
def test_what_is_long_and_ones_own_is_taken(password: str) -> None:
    assert faults_of(password, "amina", "local") == []


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(faults_of("aaa", "amina", "local")) == 2


def test_a_password_made_up_for_somebody_may_be_used() -> None:
    made = {made_up_password() for _ in range(50)}
    assert len(made) == 50
    assert not [fault for one in made for fault in faults_of(one, "admin", "local")]


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_hash_opens_to_its_own_password_alone(one: str, other: str) -> None:
    kept = CHEAP.hash(one)
    assert one not in kept or len(one) < SHORTEST
    assert CHEAP.is_right(kept, one)
    if CHEAP.is_right(kept, other):
        # Alike on another keyboard.
        from unicodedata import normalize

        assert normalize("NFKC", one) == normalize("NFKC", other)


def test_a_letter_composed_otherwise_is_the_same_letter() -> None:
    assert CHEAP.is_right(CHEAP.hash("pass\u00e9 composé"), "passe\u0301 compose\u0301")


def test_nobodys_password_is_never_right_and_no_hash_is_no_error() -> None:
    for kept in ("", "no hash at all", "$argon2id$v=19$m=64,t=1,p=1$AAAA$BBBB"):
        assert not CHEAP.is_right(kept, "")
        assert not CHEAP.is_right(kept, "wolf birch cup ten")


def test_the_parameters_are_those_that_are_stated() -> None:
    assert Passwords().hash("wolf birch cup ten").startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_a_hash_of_other_parameters_is_old() -> None:
    stronger = Passwords(memory_kib=128, passes=1, lanes=1)
    kept = CHEAP.hash("wolf birch cup ten")
    assert stronger.is_old(kept)
    assert not CHEAP.is_old(kept)
    assert stronger.is_right(kept, "wolf birch cup ten")


def test_who_comes_when_all_are_busy_is_sent_away_and_let_in_later() -> None:
    busy = Passwords(memory_kib=64, passes=1, lanes=1, at_once=1, waiting=1)
    inside, done, refused = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        def hash(self, _: str) -> str:
            inside.set()
            assert done.wait(60)
            return "kept"

    busy._hasher = Slow()  # type: ignore[assignment]
    workers = [threading.Thread(target=busy.hash, args=("a",)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert inside.wait(60)
    while busy._known._value:
        refused.wait(0.01)
    with pytest.raises(AccessBusy):
        busy.hash("b")
    done.set()
    for worker in workers:
        worker.join(60)
    assert busy.hash("c") == "kept"
