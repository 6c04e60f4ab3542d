"""What audiences are told, when, and that nothing they are told gives the place back."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import secrets
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from hearthwatch.disclosure.grid import square_at
from hearthwatch.disclosure.telling import Heard, heard, page_of
from hearthwatch.errors import QuestionError, ReleaseError
from hearthwatch.records import Audience, EventState, Mode, Page, Verb
from tests.unit.hearthwatch.disclosure.test_grid import at, in_every_part
from tests.unit.hearthwatch.disclosure.world import (
    DAY,
    HOUR,
    MONDAY,
    OURS,
    World,
    village,
    written,
)

PARTNER, PUBLIC = Audience.PARTNER, Audience.PUBLIC
TOWN = (25.3, 13.6)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class TestWhenAndWhat:
    def test_nothing_is_told_before_two_people_agree(self, world: World) -> None:
        world.happens(TOWN)
        assert world.read(PARTNER) == []
        asked = world.as_("amina").ask("evt-1", PARTNER, "They are near.")
        assert world.read(PARTNER) == []
        world.as_("badr").agree(asked.id)
        assert world.one()["properties"]["state"] == "provisional"
        assert world.read(PUBLIC) == []

    def test_a_partner_is_told_by_the_day_and_without_what_draws_the_place(
        self, world: World
    ) -> None:
        event = world.happens(TOWN, change="razed_total")
        world.release(PARTNER)
        found = world.one()
        name = found["id"]
        assert found["properties"] == {
            "id": name, "gone": False, "told": "2024-05-06", "kind": "burned",
            "mode": "actual", "state": "provisional", "change": "razed_total",
            "unharmed_until": "2024-04-27", "changed_by": "2024-05-02",
            "place": "somewhere in a square of 128 km", "precision": "admin", "sure": "Possible",
            "unseen": "Nothing of it could be told from any look within the 5 days in which it "
            "changed. Who or what changed it, and who was there, cannot be seen from above.",
        }  # fmt: skip
        assert shape(found["geometry"]).equals(square_at(*TOWN, 0).box)
        for word in (event.id, event.region, event.cell, event.detector, event.observed):
            assert word not in written([found]), word

    def test_the_public_is_told_by_the_week_from_a_monday_72_hours_later(
        self, world: World
    ) -> None:
        # Sensed on Friday: 72 hours are over on Monday after midnight, so the Monday after.
        world.later(-12 * HOUR - 2 * DAY)
        world.happens(TOWN, last_detected=world.now - DAY + 5 * HOUR)
        world.release(PUBLIC)
        due = MONDAY + 7 * DAY
        for now in (world.now, MONDAY, MONDAY + 6 * HOUR, due - timedelta(microseconds=1)):
            world.now = now
            assert world.read(PUBLIC) == [], now
        world.now = due
        told = world.one(PUBLIC)["properties"]
        assert (told["told"], told["unharmed_until"], told["changed_by"]) == (
            "2024-05-13", "2024-04-22", "2024-05-05",
        )  # fmt: skip
        assert told.keys().isdisjoint({"change", "unseen"})

    def test_ids_of_two_audiences_have_nothing_in_common(self, world: World) -> None:
        world.happens(TOWN)
        world.release(PARTNER)
        world.release(PUBLIC)
        world.later(7 * DAY)
        ids = {world.one(audience)["id"] for audience in (PARTNER, PUBLIC)}
        assert len(ids) == 2
        assert {len(one) for one in ids} == {16}

    def test_what_software_finds_waits_for_the_day_and_what_people_say_does_not(
        self, world: World
    ) -> None:
        world.happens(TOWN)
        world.release(PARTNER)
        world.later(HOUR)
        world.becomes("evt-1", state=EventState.CORROBORATED)
        assert world.one()["properties"]["state"] == "provisional"
        world.now = MONDAY + DAY
        assert world.one()["properties"]["state"] == "corroborated"
        world.later(HOUR)
        world.becomes("evt-1", state=EventState.RETRACTED, said_by="amina")
        told = world.one()["properties"]
        assert (told["state"], told["sure"]) == ("retracted", "Unlikely")

    @pytest.mark.parametrize("state", ["retracted", "rejected", "disputed"])
    def test_what_people_take_back_reaches_the_public_that_was_told_at_once(
        self, world: World, state: str
    ) -> None:
        world.happens(TOWN)
        world.release(PUBLIC)
        world.later(8 * DAY)
        name = world.one(PUBLIC)["id"]
        world.becomes("evt-1", state=EventState(state), said_by="amina")
        told = world.one(PUBLIC)
        assert (told["id"], told["properties"]["state"]) == (name, state)

    def test_what_is_taken_back_before_anybody_read_it_is_never_told(self, world: World) -> None:
        world.happens(TOWN)
        world.release(PUBLIC)
        world.becomes("evt-1", state=EventState.REJECTED, said_by="amina")
        assert world.read(PUBLIC) == []
        world.later(30 * DAY)
        assert world.read(PUBLIC) == []

    def test_to_the_public_no_look_is_told_before_it_is_72_hours_old(self, world: World) -> None:
        world.happens(TOWN)
        world.release(PUBLIC)
        world.now = MONDAY + 7 * DAY
        world.one(PUBLIC)
        # A look of Saturday is not 72 hours old on the Monday after.
        world.now = MONDAY + 12 * DAY
        world.becomes("evt-1", state=EventState.CORROBORATED, last_detected=world.now)
        for days, state in ((14, "provisional"), (21, "corroborated")):
            world.read(PUBLIC)
            world.now = MONDAY + days * DAY
            assert world.one(PUBLIC)["properties"]["state"] == state

    def test_a_withdrawal_leaves_a_tombstone_and_a_later_release_the_same_id(
        self, world: World
    ) -> None:
        world.happens(TOWN)
        release = world.release(PARTNER)
        told = world.one()
        world.later(HOUR)
        world.as_("amina").withdraw(release)
        assert world.one() == {
            "type": "Feature", "id": told["id"], "geometry": None,
            "properties": {"id": told["id"], "gone": True, "told": "2024-05-06"},
        }  # fmt: skip
        world.later(HOUR)
        world.release(PARTNER)
        assert world.one() == told

    def test_what_is_withdrawn_before_it_was_told_leaves_no_tombstone(self, world: World) -> None:
        world.happens(TOWN)
        release = world.release(PUBLIC)
        world.later(HOUR)
        world.as_("amina").withdraw(release)
        world.later(30 * DAY)
        assert world.read(PUBLIC) == []

    def test_with_its_cursor_one_reads_what_came_since_and_nothing_twice(
        self, world: World
    ) -> None:
        page = partial(paged, world)
        releases = []
        for name in ("evt-1", "evt-2", "evt-3"):
            world.happens(TOWN, name)
            releases.append(world.release(PARTNER, name))
            world.later(HOUR)
        first = page(None, 2)
        rest = page(first.next, 2)
        assert [one.telling.event for one in (*first.items, *rest.items)] == [
            "evt-1", "evt-2", "evt-3",
        ]  # fmt: skip
        assert page(rest.next).items == ()
        world.as_("amina").withdraw(releases[1])
        (gone,) = page(rest.next).items
        assert (gone.telling.event, gone.telling.gone) == ("evt-2", True)
        assert page(page(rest.next).next).items == ()

    def test_a_cursor_keeps_its_place_when_what_it_names_is_told_anew(self, world: World) -> None:
        for name in ("evt-1", "evt-2"):
            world.happens(TOWN, name)
        world.release(PARTNER, "evt-1")
        world.later(HOUR)
        first = paged(world, None)
        world.release(PARTNER, "evt-2")
        world.later(HOUR)
        world.becomes("evt-1", state=EventState.RETRACTED, said_by="amina")
        came = paged(world, first.next)
        assert [one.telling.event for one in came.items] == ["evt-2", "evt-1"]
        assert paged(world, came.next).items == ()

    def test_a_cursor_tells_no_time(self, world: World) -> None:
        """The moment of a telling would tell which satellite had just passed."""
        world.happens(TOWN)
        release = world.release(PARTNER)
        for times in (1, 2):
            told = world.one()
            cursor = paged(world, None).next
            assert cursor is not None
            _, *place = json.loads(base64.urlsafe_b64decode(cursor))
            assert place == [told["id"], times]
            world.later(HOUR)
            if times == 1:
                world.as_("amina").withdraw(release)

    def test_a_cursor_that_names_nothing_told_here_is_refused(self, world: World) -> None:
        world.happens(TOWN)
        world.release(PARTNER)
        cursor = paged(world, None).next
        with pytest.raises(QuestionError, match="Start again"):
            page_of([], "q", cursor, 10)


def paged(world: World, after: str | None, limit: int = 10) -> Page[Heard]:
    """Return a page of what partners read now."""
    world.read(PARTNER)
    return page_of(heard(world.store, OURS, PARTNER, world.now), "q", after, limit)


class TestPlace:
    def test_an_event_that_moves_or_grows_stays_where_it_was_told(self, world: World) -> None:
        world.happens(TOWN)
        world.release(PARTNER)
        told = world.one()
        other = square_at(*TOWN, 0).box.bounds
        world.becomes("evt-1", geometry=world.happens((other[2] + 1, other[3]), "x").geometry)
        world.later(DAY)
        assert world.one() == told

    @pytest.mark.parametrize("how", ["settlement", Verb.SPLIT, Verb.MERGE])
    def test_beside_a_line_events_of_one_place_are_told_in_one_square(
        self, tmp_path: Path, how: Verb | str
    ) -> None:
        west, south, east, north = square_at(*TOWN, 0).box.bounds
        world = World(tmp_path)
        of = {"settlement": "gone-from-the-list"} if how == "settlement" else {}
        world.happens((east - 0.001, 13.6), "evt-1", **of)
        world.happens((east + 0.001, 13.6), "evt-2", **of)
        if isinstance(how, Verb):
            world.kin(how, "evt-1", "evt-2")
        world.release(PARTNER, "evt-1")
        world.release(PARTNER, "evt-2")
        boxes = {tuple(one["bbox"]) for one in world.read(PARTNER)}
        assert boxes == {(west, south, east, north)}

    def test_beside_a_line_what_was_split_twice_is_told_in_one_square(self, tmp_path: Path) -> None:
        east = square_at(*TOWN, 0).box.bounds[2]
        world = World(tmp_path)
        for name, lon in (("evt-1", east - 0.002), ("evt-2", east), ("evt-3", east + 0.002)):
            world.happens((lon, 13.6), name)
        world.kin(Verb.SPLIT, "evt-1", "evt-2")
        world.kin(Verb.SPLIT, "evt-2", "evt-3")
        for name in ("evt-1", "evt-3"):
            world.release(PARTNER, name)
        assert len({tuple(one["bbox"]) for one in world.read(PARTNER)}) == 1

    def test_two_that_have_nothing_to_do_with_each_other_have_a_square_each(
        self, world: World
    ) -> None:
        east = square_at(*TOWN, 0).box.bounds[2]
        for name, lon in (("evt-1", east - 0.001), ("evt-2", east + 0.001)):
            world.happens((lon, 13.6), name)
            world.release(PARTNER, name)
        assert len({tuple(one["bbox"]) for one in world.read(PARTNER)}) == 2

    def test_an_exercise_hides_among_settlements_of_exercises_only(self, tmp_path: Path) -> None:
        known = in_every_part(square_at(*TOWN, 0), 6, 1)
        world = World(tmp_path, known)
        world.happens(TOWN)
        world.happens(TOWN, "drill", mode=Mode.EXERCISE)
        for name in ("evt-1", "drill"):
            world.release(PARTNER, name)
        places = {one["properties"]["mode"]: one["properties"]["place"]
                  for one in world.read(PARTNER)}  # fmt: skip
        assert places == {"actual": "somewhere in a square of 64 km",
                          "exercise": "somewhere in a square of 128 km"}  # fmt: skip


SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1))
STATES = st.sampled_from([EventState.PROVISIONAL, EventState.CORROBORATED])
SAID = st.sampled_from([EventState.CONFIRMED, EventState.RETRACTED, EventState.DISPUTED])
STEP = st.one_of(
    st.tuples(st.just("look"), STATES),
    st.tuples(st.just("say"), SAID),
    st.tuples(st.just("wait"), st.integers(1, 200)),
    st.tuples(st.just("withdraw"), st.sampled_from([PARTNER, PUBLIC])),
    st.tuples(st.just("release"), st.sampled_from([PARTNER, PUBLIC])),
    st.tuples(st.just("grow"), st.integers(100, 3000)),
)


class TestNothingGivesThePlaceBack:
    @settings(
        max_examples=10,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        known=st.lists(SHARES, max_size=60),
        pair=st.tuples(SHARES, SHARES),
        steps=st.lists(STEP, max_size=12),
        dense=st.booleans(),
    )
    def test_two_places_in_one_square_read_alike_to_the_byte(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known, pair, steps, dense
    ) -> None:
        top = square_at(*TOWN, 4 if dense else 0)
        places = [at(top, share) for share in known] + (_all_over() if dense else [])
        first = at(top, pair[0])
        told = _square(World(tmp_path, places), first)
        for audience, square in told.items():
            runs = []
            for point in (first, at(square, pair[1])):
                numbers = itertools.count()
                monkeypatch.setattr(secrets, "token_hex", lambda _, n=numbers: f"{next(n):016x}")
                runs.append(_history(World(tmp_path, places), point, steps, audience))
            assert runs[0] == runs[1]

    def test_events_at_any_settlement_of_a_square_read_alike(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        places = _all_over()
        within = [n for n, one in enumerate(places) if square_at(*one, 5) == square_at(*TOWN, 5)]
        assert len(within) >= 3
        runs = set()
        for number in within:
            numbers = itertools.count()
            monkeypatch.setattr(secrets, "token_hex", lambda _, n=numbers: f"{next(n):016x}")
            world = World(tmp_path, places)
            world.happens(places[number], settlement=f"set-{number}")
            world.release(PARTNER)
            assert world.one()["properties"]["place"] == "somewhere in a square of 4 km"
            runs.add(written(world.read(PARTNER)))
        assert len(runs) == 1

    def test_whoever_lays_all_that_was_told_over_each_other_gets_no_smaller_place(
        self, tmp_path: Path
    ) -> None:
        world = World(tmp_path, _all_over())
        top = square_at(*TOWN, 4)
        for number, share in enumerate(itertools.product((0.1, 0.4, 0.6, 0.9), repeat=2)):
            world.happens(at(top, share), f"evt-{number}")
            world.release(PARTNER, f"evt-{number}")
            world.release(PUBLIC, f"evt-{number}")
            world.later(HOUR)
        world.later(14 * DAY)
        told = [shape(one["geometry"]) for audience in (PARTNER, PUBLIC)
                for one in world.read(audience)]  # fmt: skip
        assert len(told) == 32
        for one, other in itertools.combinations(told, 2):
            met = one.intersection(other).area
            assert met < 1e-9 or met == pytest.approx(min(one.area, other.area))


def _all_over() -> list[tuple[float, float]]:
    """Return settlements so dense that in one square of 8 km a partner is told 4 km."""
    found = []
    for level in range(5):
        for part in square_at(*TOWN, level).parts():
            found += [at(part, (0.5, (n + 0.5) / 6)) for n in range(6)]
    return found


def _square(world: World, point: tuple[float, float]) -> dict[Audience, object]:
    """Return the square in which an event at a point is told to each audience."""
    world.happens(point)
    found = {}
    for audience in (PARTNER, PUBLIC):
        world.release(audience)
    world.later(14 * DAY)
    for audience in (PARTNER, PUBLIC):
        box = shape(world.one(audience)["geometry"])
        (square,) = [one for level in range(8) if (one := square_at(*point, level)).box.equals(box)]
        found[audience] = square
    return found


def _history(world: World, point, steps, audience: Audience) -> str:
    """Return all that an audience reads through a history of an event at a point."""
    read = []
    world.happens(point)
    releases = {one: world.release(one) for one in (PARTNER, PUBLIC)}
    for what, value in steps:
        _take(world, releases, point, what, value)
        read.append(written(world.read(audience)))
        read.append(written(world.read(audience)))
    world.later(15 * DAY)
    return "\n".join([*read, written(world.read(audience))])


def _take(world: World, releases, point, what: str, value) -> None:
    if what == "look":
        world.becomes("evt-1", state=value, said_by="", last_detected=world.now)
    elif what == "say":
        world.becomes("evt-1", state=value, said_by="amina")
    elif what == "wait":
        world.later(value * HOUR)
    elif what == "grow":
        world.becomes("evt-1", geometry=village(point, value))
    elif what == "withdraw" and value in releases:
        world.as_("amina").withdraw(releases.pop(value))
    elif what == "release" and value not in releases:
        # What is in dispute or taken back cannot be: in neither history.
        with contextlib.suppress(ReleaseError):
            releases[value] = world.release(value)
