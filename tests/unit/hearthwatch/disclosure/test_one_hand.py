"""What takes two people is not agreed to where one person could have been both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from hearthwatch.access.hands import are_apart, hands_of
from hearthwatch.access.people import set_password
from hearthwatch.access.standing import Caller
from hearthwatch.disclosure.erasing import Erasures
from hearthwatch.disclosure.holds import Holds
from hearthwatch.disclosure.proposing import Releases
from hearthwatch.errors import ReleaseError
from hearthwatch.records import Audience, Person, ProposalOutcome, Role, Subject
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_everything as whole
from tests.contract import store_records as a
from tests.unit.hearthwatch.disclosure.world import OURS, World, person

AMINA, BADR, CHLOE = (person(name, Role.ADMIN) for name in ("amina", "badr", "chloe"))
KEY = "0123456789ab"
MACHINE = dataclasses.replace(AMINA, key=KEY, person="")


def people(store: Store, **set_by: str) -> Store:
    """Let three people in; for some of them another one set the password."""
    with store.transaction() as tx:
        for name in ("amina", "badr", "chloe"):
            tx.put_person(a.person(id=f"per-{name}", login=name, set_by=set_by.get(name, "")))
    return store


def key(store: Store, its_id: str = KEY, **changes: str) -> Store:
    with store.transaction() as tx:
        tx.put_key(a.api_key(id=its_id, **changes))
    return store


def of(store: Store, name: str) -> Person:
    return store.person(OURS, f"per-{name}")


@pytest.fixture
def store() -> Store:
    return MemoryStore()


class TestHands:
    @pytest.mark.parametrize(
        ("set_by", "apart"),
        [
            ({}, True),
            ({"badr": "per-amina"}, False),
            ({"amina": "per-badr"}, False),
            # A third one who could have been both, or who made the one that made the other.
            ({"amina": "per-chloe", "badr": "per-chloe"}, False),
            ({"badr": "per-chloe", "chloe": "per-amina"}, False),
            ({"badr": "per-chloe"}, True),
            ({"badr": "per-gone", "amina": "per-badr"}, False),
            ({"badr": "per-badr"}, True),
        ],
    )
    def test_two_are_apart_where_nobody_could_have_been_both(
        self, store: Store, set_by: dict[str, str], apart: bool
    ) -> None:
        people(store, **set_by)
        assert are_apart(store, OURS, "per-amina", "per-badr") is apart
        assert are_apart(store, OURS, "per-badr", "per-amina") is apart

    def test_who_set_passwords_in_a_ring_is_followed_once(self, store: Store) -> None:
        people(store, amina="per-badr", badr="per-chloe", chloe="per-amina")
        assert hands_of(store, OURS, "per-amina") == {"per-amina", "per-badr", "per-chloe"}

    def test_a_key_is_in_the_hands_of_its_maker_and_of_whom_it_was_shown_to(
        self, store: Store
    ) -> None:
        key(people(store), made_by="per-badr", shown_to="per-amina")
        assert not are_apart(store, OURS, KEY, "per-amina")
        assert not are_apart(store, OURS, KEY, "per-badr")
        assert are_apart(store, OURS, KEY, "per-chloe")

    def test_whom_a_key_let_in_or_made_is_in_its_hands(self, store: Store) -> None:
        key(key(people(store, badr=KEY)), "a" * 12, shown_to=KEY)
        assert not are_apart(store, OURS, KEY, "per-badr")
        assert not are_apart(store, OURS, "a" * 12, "per-badr")
        assert are_apart(store, OURS, KEY, "per-amina")

    def test_a_password_of_ones_own_takes_one_out_of_anothers_hands(self, store: Store) -> None:
        people(store, badr="per-amina")
        with store.transaction() as tx:
            set_password(store, tx, of(store, "badr"), "another hash", a.NOON)
        assert are_apart(store, OURS, "per-amina", "per-badr")
        with store.transaction() as tx:
            set_password(store, tx, of(store, "badr"), "a third", a.NOON, set_by="per-amina")
        assert not are_apart(store, OURS, "per-amina", "per-badr")


def of_a_release(store: Store, layers: Path) -> Callable[[Caller], ProposalOutcome]:
    asked = Releases(store, AMINA, layers).ask("evt-1", Audience.PARTNER, "They are near.")
    return lambda who: Releases(store, who, layers).agree(asked.id).outcome


def of_an_erasure(store: Store, layers: Path) -> Callable[[Caller], ProposalOutcome]:
    asked = Erasures(store, AMINA).ask(Subject.EVENT, "evt-1", "They asked us to.")
    return lambda who: Erasures(store, who).agree(asked.id).outcome


def of_lifting(store: Store, layers: Path) -> Callable[[Caller], ProposalOutcome]:
    held = Holds(store, AMINA).put("event", "evt-1", "Case 7")
    Holds(store, AMINA).lift(held.id, "The case is closed.")

    def agree(who: Caller) -> ProposalOutcome:
        assert Holds(store, who).lift(held.id).ended is not None
        return ProposalOutcome.AGREED

    return agree


@pytest.mark.parametrize("asked", [of_a_release, of_an_erasure, of_lifting])
def test_whose_password_the_asker_set_agrees_to_nothing_until_they_change_it(
    asked: Callable[[Store, Path], Callable[[Caller], ProposalOutcome]],
    store: Store,
    tmp_path: Path,
) -> None:
    if asked is of_a_release:
        store = released(tmp_path).store
    else:
        whole.fill(store, OURS)
    people(store, badr="per-amina")
    agree = asked(store, tmp_path)
    told = len(store.audit(OURS))
    with pytest.raises(ReleaseError, match=r"One person could have done both.*changed it them"):
        agree(BADR)
    assert len(store.audit(OURS)) == told
    assert store.event(OURS, "evt-1").id == "evt-1"
    with store.transaction() as tx:
        set_password(store, tx, of(store, "badr"), "their own", a.NOON)
    assert agree(BADR) is ProposalOutcome.AGREED


def released(layers: Path) -> World:
    world = World(layers, [(25.3, 13.6)])
    world.happens((25.3, 13.6), settlement="set-0")
    return world


def test_who_asked_with_a_key_that_the_other_saw_waits_for_a_third(tmp_path: Path) -> None:
    world = released(tmp_path)
    key(people(world.store), shown_to="per-badr")
    asked = world.as_(MACHINE).ask("evt-1", Audience.PARTNER, "They are near.")
    with pytest.raises(ReleaseError, match="One person"):
        world.as_(BADR).agree(asked.id)
    assert world.as_(CHLOE).agree(asked.id).outcome is ProposalOutcome.AGREED


def test_to_refuse_one_may_be_in_the_hands_of_whoever_asked(tmp_path: Path) -> None:
    world = released(tmp_path)
    people(world.store, badr="per-amina")
    asked = world.as_(AMINA).ask("evt-1", Audience.PARTNER, "They are near.")
    assert world.as_(BADR).refuse(asked.id).outcome is ProposalOutcome.REFUSED
