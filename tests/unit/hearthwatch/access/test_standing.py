"""Who comes with a key, a session or a pass, and what they may do at this moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.access import passes, people, standing
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.scopes import OF_ROLE, scopes_of
from hearthwatch.access.signin import SignIn
from hearthwatch.access.standing import Caller
from hearthwatch.access.uses import Uses
from hearthwatch.errors import AccessError
from hearthwatch.keys import new_key, rotated, take_apart
from hearthwatch.records import ApiKey, Organisation, Person, Role, Scope
from hearthwatch.store import Store
from tests.support.waiting import until
from tests.unit.hearthwatch.access.conftest import NOON, RIGHT, Clock, put_person

Door = Callable[[Store], SignIn]
IDLE = timedelta(hours=1)
DAY = timedelta(1)


def put_key(store: Store, **more: object) -> tuple[ApiKey, str]:
    made, shown = new_key("ours", "map room", Role.ANALYST, NOON, **more)  # type: ignore[arg-type]
    with store.transaction() as tx:
        tx.put_key(made)
    return made, shown


def close(store: Store, organisation: str = "ours") -> None:
    with store.transaction() as tx:
        tx.put_organisation(Organisation(organisation, "Ours", NOON, NOON))


def disable(store: Store, person: Person) -> None:
    with store.transaction() as tx:
        people.disable(store, tx, store.person("ours", person.id), NOON)


class TestKeys:
    def test_a_key_has_its_roles_scopes_or_fewer(self, store: Store) -> None:
        _, whole = put_key(store)
        _, narrow = put_key(store, scopes=("read",))
        assert standing.of_key(store, whole, NOON).scopes == OF_ROLE[Role.ANALYST]  # type: ignore[union-attr]
        assert standing.of_key(store, narrow, NOON).scopes == {Scope.READ}  # type: ignore[union-attr]

    def test_an_organisation_closed_shuts_it_out_at_once(self, store: Store) -> None:
        _, shown = put_key(store)
        assert standing.of_key(store, shown, NOON)
        close(store)
        assert standing.of_key(store, shown, NOON) is None

    def test_it_goes_with_the_person_who_made_it(self, store: Store, amina: Person) -> None:
        _, shown = put_key(store, made_by=amina.id)
        assert standing.of_key(store, shown, NOON)
        disable(store, amina)
        assert standing.of_key(store, shown, NOON) is None
        with store.transaction() as tx:
            people.enable(tx, store.person("ours", amina.id))
        assert standing.of_key(store, shown, NOON)

    def test_it_has_no_more_than_who_made_it_has_now(self, store: Store, amina: Person) -> None:
        _, shown = put_key(store, made_by=amina.id)
        for role in Role:
            with store.transaction() as tx:
                people.set_role(tx, store.person("ours", amina.id), role)
            who = standing.of_key(store, shown, NOON)
            assert who is not None
            assert who.scopes == OF_ROLE[Role.ANALYST] & OF_ROLE[role]

    def test_two_of_a_line_hold_and_never_three(self, store: Store) -> None:
        old, shown = put_key(store, scopes=("read",), made_by="")
        ending, new, fresh = rotated(old, store.keys("ours"), NOON + DAY, timedelta(hours=6))
        with store.transaction() as tx:
            tx.put_key(ending)
            tx.put_key(new)
        later = NOON + DAY + timedelta(hours=5, minutes=59)
        for key in (shown, fresh):
            assert standing.of_key(store, key, later).scopes == {Scope.READ}  # type: ignore[union-attr]
        for one in (ending, new):
            with pytest.raises(AccessError, match="Two keys are in force"):
                rotated(one, store.keys("ours"), later)
        after = later + timedelta(minutes=2)
        assert standing.of_key(store, shown, after) is None
        assert standing.of_key(store, fresh, after)
        with pytest.raises(AccessError, match="not in force"):
            rotated(ending, store.keys("ours"), after)
        assert rotated(new, store.keys("ours"), after)[1].replaces == new.id

    def test_what_takes_its_place_lives_as_long_as_it_was_to(self, store: Store) -> None:
        old, _ = put_key(store, expires=NOON + 30 * DAY)
        ending, new, _ = rotated(old, (old,), NOON + 29 * DAY)
        assert ending.expires == NOON + 30 * DAY
        assert new.expires == NOON + 59 * DAY


class TestSessions:
    def test_they_end_when_left_alone_and_in_the_end_anyway(
        self, store: Store, amina: Person, door: Door, clock: Clock
    ) -> None:
        signed = door(store).sign_in("amina@ours", RIGHT, "a")
        assert signed is not None

        def stands(seen: float | None = None) -> bool:
            when = None if seen is None else NOON + timedelta(hours=seen)
            return bool(standing.of_session(store, signed.session.id, clock(), IDLE, when))

        assert stands()
        clock.on(minutes=59)
        assert stands()
        clock.on(minutes=1)
        assert not stands()
        assert stands(0.5)
        clock.on(hours=11)
        assert not stands(11.9)

    def test_who_is_shut_out_is_out_at_once(
        self, store: Store, amina: Person, door: Door, clock: Clock
    ) -> None:
        signed = door(store).sign_in("amina@ours", RIGHT, "a")
        assert signed is not None
        disable(store, amina)
        assert standing.of_session(store, signed.session.id, clock(), IDLE) is None
        with store.transaction() as tx:
            people.enable(tx, store.person("ours", amina.id))
        # Let in again, they sign in again.
        assert standing.of_session(store, signed.session.id, clock(), IDLE) is None

    def test_another_role_holds_from_the_next_request_on(
        self, store: Store, amina: Person, door: Door, clock: Clock
    ) -> None:
        signed = door(store).sign_in("amina@ours", RIGHT, "a")
        assert signed is not None
        with store.transaction() as tx:
            people.set_role(tx, store.person("ours", amina.id), Role.PARTNER)
        who = standing.of_session(store, signed.session.id, clock(), IDLE)
        assert who is not None
        assert who.scopes == {Scope.RELEASED}


class TestPasses:
    def made(self, store: Store, maker: str, resource: str = "tiles/events") -> str:
        made, shown = passes.new_pass("ours", resource, maker, NOON, NOON + DAY)
        with store.transaction() as tx:
            tx.put_pass(made)
        return shown

    def test_it_opens_its_own_address_alone(self, store: Store, amina: Person) -> None:
        shown = self.made(store, amina.id)

        def opens(path: str, *query: tuple[str, str]) -> bool:
            given = [("pass", shown), *query]
            return bool(standing.of_pass(store, shown, NOON, path, given))

        assert opens("/tiles/events/0/0/0.mvt")
        assert opens("/tiles/events/tilejson.json")
        for path in ("/tiles/eventsx/0/0/0.mvt", "/tiles/looks/a/true_colour/0/0/0.png", "/events",
                     "/", "", "//tiles/events", "/x/tiles/events"):  # fmt: skip
            assert not opens(path), path
        assert not opens("/tiles/events/0/0/0.mvt", ("region", "other"))

    def test_of_a_wmts_it_opens_every_tile_of_that_region_alone(
        self, store: Store, amina: Person
    ) -> None:
        resource, _ = passes.checked_resource("tiles/regions/reg-1/wmts")
        shown = self.made(store, amina.id, resource)

        def opens(path: str, *query: tuple[str, str]) -> bool:
            return bool(standing.of_pass(store, shown, NOON, path, [("pass", shown), *query]))

        own = "/tiles/regions/reg-1/wmts"
        assert opens(own, ("Request", "GetTile"), ("LAYER", "a~b"), ("tilerow", "1"))
        assert opens(f"{own}/1.0.0/a/change/1/2/3.png", ("before", "b"))
        for path in ("/tiles/regions/reg-1", "/tiles/regions/reg-2/wmts", f"{own}x",
                     "/tiles/looks/a/change/1/2/3.png"):  # fmt: skip
            assert not opens(path), path
        assert not opens(own, ("region", "reg-2"))

    def test_filters_that_it_was_made_with_hold(self, store: Store, amina: Person) -> None:
        resource, scope = passes.checked_resource("/tiles/events?region=r 1&kind=burned")
        assert (resource, scope) == ("tiles/events?kind=burned&region=r+1", Scope.READ)
        shown = self.made(store, amina.id, resource)
        path, given = "/tiles/events/0/0/0.mvt", [("pass", shown)]
        right = [*given, ("region", "r 1"), ("kind", "burned")]
        assert standing.of_pass(store, shown, NOON, path, right)
        for query in (given, right[:2], [*right, ("region", "other")], [*right, ("kind", "")]):
            assert standing.of_pass(store, shown, NOON, path, query) is None

    def test_it_holds_as_long_as_its_maker_may(self, store: Store, amina: Person) -> None:
        key, _ = put_key(store)
        by_person, by_key = self.made(store, amina.id), self.made(store, key.id)
        path, query = "/tiles/events/0/0/0.mvt", ()

        def who(shown: str) -> Caller | None:
            return standing.of_pass(store, shown, NOON, path, query)

        assert who(by_person).scopes == who(by_key).scopes == {Scope.READ}  # type: ignore[union-attr]
        with store.transaction() as tx:
            people.set_role(tx, store.person("ours", amina.id), Role.PARTNER)
            tx.put_key(dataclasses.replace(key, revoked=NOON))
        assert who(by_person).scopes == frozenset()  # type: ignore[union-attr]
        assert who(by_key) is None
        disable(store, amina)
        assert who(by_person) is None

    def test_revoked_expired_cut_or_closed_it_opens_nothing(
        self, store: Store, amina: Person
    ) -> None:
        shown = self.made(store, amina.id)
        path = "/tiles/events/0/0/0.mvt"
        assert standing.of_pass(store, shown, NOON + DAY, path, ()) is None
        assert standing.of_pass(store, shown[:-1], NOON, path, ()) is None
        assert standing.of_pass(store, shown[:-1] + "é", NOON, path, ()) is None
        found = store.find_pass(passes.take_apart(shown)[0])  # type: ignore[index]
        with store.transaction() as tx:
            tx.put_pass(dataclasses.replace(found, revoked=NOON))  # type: ignore[type-var]
        assert standing.of_pass(store, shown, NOON, path, ()) is None
        other = self.made(store, amina.id)
        close(store)
        assert standing.of_pass(store, other, NOON, path, ()) is None

    @pytest.mark.parametrize(
        "resource",
        ["", "events", "keys", "people", "tiles", "tiles/", "tiles/events/..", "tiles/../keys",
         "tiles/events?pass=x", "tiles/events?after=x", "tiles/looks/a", "tiles/looks/a/b/c",
         "exports/events", "https://elsewhere/tiles/events", "tiles/events\n",
         "exports/events.csv?LIMIT=1", "tiles/regions/reg-1/wmts?before=a",
         "tiles/regions/reg-1/wmts?LAYER=a"],
    )  # fmt: skip
    def test_for_anything_else_none_is_made(self, resource: str) -> None:
        with pytest.raises(AccessError, match="A pass is for"):
            passes.checked_resource(resource)

    @given(st.text(max_size=60))
    def test_no_text_is_an_error_but_a_resource_or_refused(self, text: str) -> None:
        try:
            found, _ = passes.checked_resource(text)
        except AccessError:
            return
        assert passes.checked_resource(found)[0] == found


class TestGiving:
    @given(st.sampled_from(Role), st.sets(st.sampled_from(Scope)), st.sampled_from(Role))
    def test_nobody_gives_what_they_have_not(
        self, role: Role, narrowed: set[Scope], wanted: Role
    ) -> None:
        mine = scopes_of(role, [scope.value for scope in narrowed])
        who = Caller("ours", "key", "name", role, mine)
        if scopes_of(wanted) <= mine:
            people.require_no_more(who, scopes_of(wanted))
        else:
            with pytest.raises(AccessError, match="You may not"):
                people.require_no_more(who, scopes_of(wanted))

    def test_a_key_is_narrowed_to_what_its_role_has(self) -> None:
        assert people.scopes_asked(Role.VIEWER, ["read"]) == ("read",)
        with pytest.raises(AccessError, match="has not the scope manage"):
            people.scopes_asked(Role.VIEWER, ["read", "manage"])

    def test_the_last_who_lets_in_is_not_shut_out(self, store: Store, passwords: Passwords) -> None:
        first = put_person(store, passwords, "first", role=Role.ADMIN)
        with pytest.raises(AccessError, match="Nobody would be left"):
            people.require_manager_left(store, first)
        put_person(store, passwords, "second", role=Role.ADMIN, disabled=NOON)
        with pytest.raises(AccessError, match="Nobody would be left"):
            people.require_manager_left(store, first)
        put_person(store, passwords, "third", role=Role.ADMIN)
        people.require_manager_left(store, first)


class TestUses:
    def test_a_key_is_written_once_a_day_however_often_it_comes(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key, shown = put_key(store)
        key_id = take_apart(shown)[0]  # type: ignore[index]
        uses = Uses(store)
        writes: list[int] = []
        write = uses._write
        monkeypatch.setattr(uses, "_write", lambda: (writes.append(1), write()))
        for n in range(100):
            uses.of_key(key_id, NOON + timedelta(minutes=n))
        until(lambda: store.key(key_id).used is not None)  # type: ignore[union-attr]
        assert store.key(key_id) == dataclasses.replace(key, used=NOON.replace(hour=0))
        assert len(writes) == 1
        uses.of_key(key_id, NOON + DAY)
        until(lambda: store.key(key_id).used == NOON.replace(hour=0) + DAY)  # type: ignore[union-attr]

    def test_a_session_ended_meanwhile_stays_ended(
        self, store: Store, amina: Person, door: Door
    ) -> None:
        signed = door(store).sign_in("amina@ours", RIGHT, "a")
        assert signed is not None
        disable(store, amina)
        uses, then = Uses(store), NOON + timedelta(minutes=7)
        uses.of_session(signed.session.id, then)
        assert uses.seen(signed.session.id) == then
        until(lambda: store.session(signed.session.id).seen == then)  # type: ignore[union-attr]
        assert store.session(signed.session.id).ended == NOON  # type: ignore[union-attr]
