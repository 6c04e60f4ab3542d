"""Who is let in by a password, and who has to wait."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hearthwatch.access import people, standing
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.signin import SignIn
from hearthwatch.errors import AccessError
from hearthwatch.records import Organisation, Person, Role
from hearthwatch.store import Store, open_store
from tests.support.waiting import PATIENCE_S
from tests.unit.hearthwatch.access.conftest import (
    NOON,
    RIGHT,
    WRONG,
    Clock,
    CountedPasswords,
    put_person,
)

Door = Callable[[Store], SignIn]
IDLE = timedelta(hours=1)


def names(n: int) -> str:
    return f"198.51.100.{n % 250}"


def let_in(door: SignIn, password: str = RIGHT, login: str = "amina@ours", n: int = 0) -> bool:
    return door.sign_in(login, password, names(n)) is not None


def test_the_right_password_begins_a_session_that_stands(
    store: Store, amina: Person, door: Door, clock: Clock
) -> None:
    signed = door(store).sign_in(" Amina@OURS ", RIGHT, "192.0.2.1")
    assert signed is not None
    who = standing.of_session(store, signed.session.id, clock(), IDLE)
    assert who is not None
    assert (who.organisation, who.person, who.role) == ("ours", amina.id, Role.ANALYST)
    # Nothing that is kept opens anything.
    assert signed.token not in repr(store.sessions("ours"))
    assert signed.form not in repr(store.sessions("ours"))


def test_whatever_is_wrong_it_is_the_same_work_and_no_answer(
    store: Store, amina: Person, door: Door, passwords: CountedPasswords
) -> None:
    put_person(store, passwords, "gone", disabled=NOON)
    put_person(store, passwords, "waits", failures=9, waits_until=NOON + timedelta(hours=1))
    put_person(store, passwords, "empty")
    with store.transaction() as tx:
        tx.put_person(dataclasses.replace(store.person_by_login("ours", "empty"), password=""))  # type: ignore[type-var]
    put_person(store, passwords, "theirs", "closed")
    with store.transaction() as tx:
        tx.put_organisation(Organisation("closed", "Closed", NOON, NOON))
    opened = door(store)
    for n, (login, password) in enumerate([
        ("amina@ours", WRONG), ("nobody@ours", RIGHT), ("amina@nowhere", RIGHT), ("amina", RIGHT),
        ("@", RIGHT), ("gone@ours", RIGHT), ("waits@ours", RIGHT), ("empty@ours", ""),
        ("theirs@closed", RIGHT), ("amina@ours@ours", RIGHT), ("' or 1=1 --@ours", RIGHT),
        ("amina@ours", RIGHT + "x" * 100_000),
    ]):  # fmt: skip
        before = passwords.checked
        assert opened.sign_in(login, password, names(n)) is None, login
        assert passwords.checked == before + 1, login
    assert store.sessions("ours") == ()


def test_after_five_wrong_ones_even_the_right_one_waits(
    store: Store, amina: Person, door: Door, clock: Clock
) -> None:
    opened = door(store)
    for n in range(5):
        assert not let_in(opened, WRONG, n=n)
    assert not let_in(opened)
    clock.on(seconds=0.9)
    assert not let_in(opened)
    clock.on(seconds=0.2)
    # Tries within the wait did not count: it is over when it was said to be.
    assert not let_in(opened, WRONG)
    clock.on(seconds=1.9)
    assert not let_in(opened)
    clock.on(seconds=0.2)
    assert let_in(opened)
    assert store.person("ours", amina.id).failures == 0
    assert store.person("ours", amina.id).waits_until is None


def test_one_who_guesses_at_many_has_to_wait_by_the_address(
    store: Store, door: Door, passwords: CountedPasswords, amina: Person
) -> None:
    opened = door(store)
    for n in range(20):
        assert not let_in(opened, login=f"nobody{n}@ours")
    checked = passwords.checked
    assert not let_in(opened)
    assert passwords.checked == checked
    assert let_in(opened, n=1)


def test_many_at_once_are_no_way_round(
    store: Store, amina: Person, door: Door, passwords: CountedPasswords
) -> None:
    opened = door(store)
    tried: list[str] = []
    check = passwords.is_right

    def noted(kept: str, password: str) -> bool:
        if kept:
            tried.append(password)
        return check(kept, password)

    passwords.is_right = noted  # type: ignore[method-assign]
    gate = threading.Barrier(24)

    def guess(n: int) -> None:
        gate.wait(PATIENCE_S)
        assert not let_in(opened, WRONG, n=n)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(tried) == 5
    assert store.person("ours", amina.id).failures == 5


def test_two_processes_and_a_new_start_count_together(
    tmp_path: Path, door: Door, passwords: CountedPasswords
) -> None:
    path = tmp_path / "hearthwatch.sqlite"
    with OpenTwice(path) as (one, other):
        amina = put_person(one, passwords, "amina")
        for n in range(4):
            assert not let_in(door((one, other)[n % 2]), WRONG, n=n)
    again = open_store(path, write=True, alone=False)
    assert not let_in(door(again), WRONG)
    assert not let_in(door(again))
    assert again.person("ours", amina.id).failures == 5
    again.close()


class OpenTwice:
    """Two stores over one file, as two processes have it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> tuple[Store, Store]:
        one = open_store(self.path, write=True, alone=False)
        self.both = (one, open_store(self.path, write=True, alone=False))
        return self.both

    def __exit__(self, *_: object) -> None:
        for one in self.both:
            one.close()


def test_two_right_ones_at_once_are_two_sessions_and_no_failure(
    store: Store, amina: Person, door: Door
) -> None:
    opened, found = door(store), []
    threads = [
        threading.Thread(target=lambda: found.append(opened.sign_in("amina@ours", RIGHT, "a")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len({one.session.id for one in found if one}) == 4
    assert store.person("ours", amina.id).failures == 0


def test_a_hash_of_old_parameters_is_made_anew(
    store: Store, amina: Person, door: Door, clock: Clock
) -> None:
    stronger = Passwords(memory_kib=128, passes=1, lanes=1)
    opened = dataclasses.replace(door(store), passwords=stronger)
    assert let_in(opened)
    kept = store.person("ours", amina.id).password
    assert "m=128" in kept
    assert stronger.is_right(kept, RIGHT)
    assert store.person("ours", amina.id).changed == amina.changed


def test_another_password_ends_every_other_session(
    store: Store, amina: Person, door: Door, clock: Clock
) -> None:
    opened = door(store)
    first, second = (opened.sign_in("amina@ours", RIGHT, "a") for _ in range(2))
    assert first is not None
    assert second is not None
    clock.on(minutes=1)
    signed = opened.change_password(first.person, RIGHT, "ten cups of birch")
    for old in (first, second):
        assert standing.of_session(store, old.session.id, clock(), IDLE) is None
    assert standing.of_session(store, signed.session.id, clock(), IDLE) is not None
    assert not let_in(opened)
    assert let_in(opened, "ten cups of birch")


def test_a_stolen_session_cannot_guess_the_password(
    store: Store, amina: Person, door: Door
) -> None:
    opened = door(store)
    for _ in range(5):
        with pytest.raises(AccessError, match="present password is wrong"):
            opened.change_password(amina, WRONG, "ten cups of birch")
    with pytest.raises(AccessError, match="present password is wrong"):
        opened.change_password(amina, RIGHT, "ten cups of birch")
    assert store.person("ours", amina.id).password == amina.password


def test_a_new_password_that_cannot_be_used_changes_nothing(
    store: Store, amina: Person, door: Door
) -> None:
    with pytest.raises(AccessError, match="fewer than 12"):
        door(store).change_password(amina, RIGHT, "short")
    assert store.person("ours", amina.id) == amina


def test_who_is_shut_out_while_the_password_is_checked_stays_out(
    store: Store, amina: Person, door: Door, passwords: CountedPasswords
) -> None:
    check = passwords.is_right

    def meanwhile(kept: str, password: str) -> bool:
        found = check(kept, password)
        with store.transaction() as tx:
            people.disable(store, tx, store.person("ours", amina.id), NOON)
        return found

    passwords.is_right = meanwhile  # type: ignore[method-assign]
    assert not let_in(door(store))
    assert store.sessions("ours") == ()
