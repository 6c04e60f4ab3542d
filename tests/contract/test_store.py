"""What every store must do, asked of each of them."""

import itertools
import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from hearthwatch.errors import NotFound, QuestionError, StoreError
from hearthwatch.records import (
    EventFilter,
    EventState,
    Kind,
    Label,
    LedgerTotals,
    NotObservable,
    ObservationStatus,
    Role,
    RunOutcome,
)
from hearthwatch.store import MemoryStore, Store, Transaction, open_store
from hearthwatch.store.protocol_events import row_of
from tests.contract import store_records as a
from tests.support import postgis

# Another way of storing joins here and answers the same questions.
STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(),
    "sqlite": lambda folder: open_store(folder / "hearthwatch.db", write=True),
    "postgis": postgis.empty_store,
}
PROPERTY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PLACE = ("reg-1", "36N_0512_0143", "indices")
_numbers = itertools.count()


@pytest.fixture
def store(empty: Store) -> Store:
    return a.with_region(empty)


def put_events(store: Store, *events: Any) -> None:
    with store.transaction() as tx:
        for event in events:
            tx.put_event(event)


def put_settlements(store: Store, *settlements: Any) -> None:
    with store.transaction() as tx:
        tx.put_settlements(settlements)


def put_ledger(store: Store, *rows: Any) -> None:
    with store.transaction() as tx:
        for row in rows:
            tx.put_ledger(row)


def all_pages(ask: Callable[..., Any], limit: int) -> list[Any]:
    items, cursor = [], None
    while True:
        page = ask(after=cursor, limit=limit)
        items += page.items
        cursor = page.next
        if cursor is None:
            return items


class TestRegions:
    def test_a_region_comes_back_as_it_was(self, empty: Store) -> None:
        watched = a.region(purpose="early warning", owner="A. N.", expires=a.NOON + a.DAY)
        with empty.transaction() as tx:
            tx.put_region(watched)
        assert empty.region("ours", "reg-1") == watched
        assert empty.region("ours", "Village") == watched

    def test_regions_come_by_name(self, empty: Store) -> None:
        with empty.transaction() as tx:
            for name in ("b", "É", "a", "B"):
                tx.put_region(a.region(id=f"reg-{name}", name=name))
        assert [region.name for region in empty.regions("ours")] == ["B", "a", "b", "É"]

    def test_a_removed_region_is_seen_only_on_request(self, store: Store) -> None:
        gone = a.region(removed=a.NOON + a.DAY)
        with store.transaction() as tx:
            tx.put_region(gone)
        assert store.regions("ours") == ()
        assert store.regions("ours", removed=True) == (gone,)
        with pytest.raises(NotFound):
            store.region("ours", "reg-1")

    def test_a_name_of_several_regions_asks_for_an_id(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", kind=Kind.RAZED))
        with pytest.raises(StoreError, match="reg-1, reg-2"):
            store.region("ours", "Village")

    def test_an_id_wins_over_a_name(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name="reg-1"))
        assert store.region("ours", "reg-1").id == "reg-1"

    @pytest.mark.parametrize("name", ["'; DROP TABLE regions; --", '"', "%", "a\nb", "قرية", ""])
    def test_any_name_is_only_a_name(self, store: Store, name: str) -> None:
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name=name))
        assert store.region("ours", name).id == "reg-2"
        assert len(store.regions("ours")) == 2

    def test_organisations_are_those_that_watch_a_region(self, empty: Store) -> None:
        assert empty.organisations() == ()
        with empty.transaction() as tx:
            for n, who in enumerate(("theirs", "ours", "ours", "Éire")):
                tx.put_region(a.region(id=f"reg-{n}", organisation=who))
            tx.put_region(a.region(organisation="past", removed=a.NOON))
            tx.put_settlements([a.settlement(organisation="settled")])
        assert empty.organisations() == ("ours", "theirs", "Éire")


class TestSettlements:
    def test_a_settlement_comes_back_as_it_was(self, empty: Store) -> None:
        placed = a.settlement(source="census 2008", geometry=box(25.30, 13.60, 25.32, 13.62))
        put_settlements(empty, placed)
        assert empty.settlement("ours", "set-1") == placed
        assert empty.settlements("ours").items == (placed,)

    def test_a_new_version_takes_the_place_of_the_old(self, empty: Store) -> None:
        put_settlements(empty, a.settlement(), a.settlement(id="set-2"))
        moved = a.settlement(name="Town", geometry=Point(10, 10).buffer(0.1))
        put_settlements(empty, moved)
        assert empty.settlement("ours", "set-1") == moved
        assert empty.settlements("ours", bbox=(9, 9, 11, 11)).items == (moved,)
        assert empty.settlements("ours", bbox=(25, 13, 26, 14)).items == (a.settlement(id="set-2"),)

    def test_of_one_given_twice_the_last_holds(self, empty: Store) -> None:
        put_settlements(empty, a.settlement(), a.settlement(name="Town"))
        assert empty.settlements("ours").items == (a.settlement(name="Town"),)

    def test_putting_none_changes_nothing(self, empty: Store) -> None:
        put_settlements(empty)
        assert empty.settlements("ours").items == ()

    def test_a_removed_settlement_is_not_seen_until_put_again(self, empty: Store) -> None:
        put_settlements(empty, a.settlement(removed=a.NOON + a.DAY))
        assert empty.settlements("ours").items == ()
        assert empty.settlements("ours", bbox=(25, 13, 26, 14)).items == ()
        with pytest.raises(NotFound, match="settlement set-1"):
            empty.settlement("ours", "set-1")
        put_settlements(empty, a.settlement())
        assert empty.settlement("ours", "set-1") == a.settlement()

    def test_an_unknown_settlement_is_not_found(self, empty: Store) -> None:
        with pytest.raises(NotFound, match="settlement set-9"):
            empty.settlement("ours", "set-9")

    def test_the_labels_stay_readable_by_id(self, empty: Store) -> None:
        gone = a.settlement(id="set-2", name="Gone", removed=a.NOON)
        bare = a.settlement(id="set-3", name="", pcode="")
        put_settlements(empty, a.settlement(), gone, bare)
        everyone = {
            "set-1": Label("Village", "SD010021"),
            "set-2": Label("Gone", "SD010021"),
            "set-3": Label(),
        }
        assert empty.settlement_labels("ours") == everyone
        assert empty.settlement_labels("ours", ["set-2", "set-9"]) == {"set-2": everyone["set-2"]}
        assert empty.settlement_labels("ours", []) == {}
        assert empty.settlement_labels("theirs") == {}
        many = [*everyone, *(f"none-{n}" for n in range(40_000))]
        assert empty.settlement_labels("ours", many) == everyone

    def test_settlements_come_by_name_then_by_id(self, empty: Store) -> None:
        named = [("b", "1"), ("É", "2"), ("a", "4"), ("B", "5"), ("a", "3")]
        put_settlements(empty, *(a.settlement(id=x, name=name) for name, x in named))
        assert [found.id for found in empty.settlements("ours").items] == ["5", "3", "4", "1", "2"]

    def test_an_edge_counts_and_a_box_just_beside_does_not_meet(self, empty: Store) -> None:
        put_settlements(empty, a.settlement(geometry=box(25.1, 13.7, 25.2, 13.8)))

        def meets(west: float, south: float, east: float, north: float) -> bool:
            return bool(empty.settlements("ours", bbox=(west, south, east, north)).items)

        assert meets(25.2, 13.8, 26, 14)
        assert not meets(25.2 + 1e-9, 13, 26, 14)
        assert not meets(25, 13, 25.1 - 1e-9, 14)
        assert not meets(25, 13.8 + 1e-9, 26, 14)
        assert not meets(25, 13, 26, 13.7 - 1e-9)

    def test_a_box_over_180_degrees_has_two_parts(self, empty: Store) -> None:
        places = {"east": 179.5, "west": -179.5, "far": 0.0}
        put_settlements(
            empty, *(a.settlement(id=x, geometry=Point(lon, 0)) for x, lon in places.items())
        )
        found = empty.settlements("ours", bbox=(179, -1, -179, 1)).items
        assert [settlement.id for settlement in found] == ["east", "west"]

    def test_an_impossible_box_is_refused(self, empty: Store) -> None:
        with pytest.raises(QuestionError, match="south below north"):
            empty.settlements("ours", bbox=(0, 1, 1, 0))

    @pytest.mark.parametrize("bbox", [None, (25.0, 13.0, 26.0, 14.0)], ids=str)
    def test_paging_while_settlements_come_in(self, empty: Store, bbox: Any) -> None:
        # What people call places is not always what a printer can print.
        names = ["", "'; DROP TABLE settlements; --", "a\nb", "a\u00a0b", "قرية", "village", "🏘"]

        def settlements(wave: int) -> list[Any]:
            return [a.settlement(id=f"{n}-{wave}", name=name) for n, name in enumerate(names)]

        there = settlements(0) + settlements(1)
        put_settlements(empty, *there)
        waves = itertools.count(2)

        def ask(**paging: Any) -> Any:
            page = empty.settlements("ours", bbox=bbox, **paging)
            put_settlements(empty, *settlements(next(waves)))
            return page

        seen = all_pages(ask, limit=10)
        assert seen == sorted(seen, key=lambda found: (found.name, found.id))
        assert len(seen) == len({found.id for found in seen})
        assert {found.id for found in there} <= {found.id for found in seen}

    def test_a_cursor_belongs_to_its_question(self, empty: Store) -> None:
        put_settlements(empty, a.settlement(), a.settlement(id="set-2"))
        cursor = empty.settlements("ours", limit=1).next
        with pytest.raises(QuestionError, match="another question"):
            empty.settlements("ours", bbox=(25, 13, 26, 14), after=cursor)
        with pytest.raises(QuestionError, match="another question"):
            empty.settlements("theirs", after=cursor)

    @pytest.mark.parametrize("limit", [0, 10_001])
    def test_a_limit_out_of_bounds_is_refused(self, empty: Store, limit: int) -> None:
        with pytest.raises(QuestionError, match="limit"):
            empty.settlements("ours", limit=limit)


class TestKeys:
    def test_a_key_tells_whose_it_is(self, empty: Store) -> None:
        mine = a.api_key(
            role=Role.ADMIN, expires=a.NOON + a.DAY, used=a.NOON, scopes=("read",),
            made_by="per-1", shown_to="per-2",
        )  # fmt: skip
        other = a.api_key(id="b", organisation="theirs")
        with empty.transaction() as tx:
            tx.put_key(mine)
            tx.put_key(other)
        assert empty.key(mine.id) == mine
        assert empty.key("b") == other
        assert empty.key("c") is None

    def test_a_revoked_key_stays(self, empty: Store) -> None:
        revoked = a.api_key(revoked=a.NOON)
        for key in (a.api_key(), revoked):
            with empty.transaction() as tx:
                tx.put_key(key)
        assert empty.key(revoked.id) == revoked
        assert empty.keys("ours") == (revoked,)

    def test_keys_come_oldest_first(self, empty: Store) -> None:
        keys = [a.api_key(id=x, created=a.NOON + n * a.DAY) for n, x in enumerate("cab")]
        with empty.transaction() as tx:
            for key in (*reversed(keys), a.api_key(id="d", organisation="theirs")):
                tx.put_key(key)
        assert empty.keys("ours") == tuple(keys)

    def test_a_key_never_changes_hands(self, empty: Store) -> None:
        with empty.transaction() as tx:
            tx.put_key(a.api_key())
        with pytest.raises(StoreError, match="another organisation"), empty.transaction() as tx:
            tx.put_key(a.api_key(organisation="theirs"))
        assert empty.keys("theirs") == ()
        assert empty.key(a.api_key().id) == a.api_key()


class TestRegionNames:
    def test_those_of_removed_regions_too(self, store: Store) -> None:
        gone = a.region(id="reg-2", name="Gone", removed=a.NOON)
        a.with_region(store, "theirs")
        with store.transaction() as tx:
            tx.put_region(gone)
        assert store.region_names("ours") == {"reg-1": a.region().name, "reg-2": "Gone"}


DETECTOR = a.look().detector


class TestLedgerTotals:
    def test_a_look_over_two_cells_counts_once(self, store: Store) -> None:
        unusable = ObservationStatus.NOT_DELIVERED
        looks = [
            ("one", a.NOON, "cell-1", ObservationStatus.UNCHANGED),
            ("one", a.NOON, "cell-2", ObservationStatus.CHANGED),
            ("two", a.NOON + a.DAY, "cell-1", ObservationStatus.UNCHANGED),
            ("two", a.NOON + a.DAY, "cell-2", unusable),
            ("six", a.NOON + 2 * a.DAY, "cell-1", unusable),
        ]
        with store.transaction() as tx:
            for acquisition, sensed, cell, status in looks:
                row = a.look(
                    acquisition=acquisition, sensed=sensed, cell=cell, status=status, cause=None
                )
                tx.put_ledger(row)
        totals = LedgerTotals(3, 2, a.NOON + 2 * a.DAY, a.NOON + a.DAY)
        assert store.ledger_totals("ours") == {"reg-1": {DETECTOR: totals}}
        assert store.ledger_totals("theirs") == {}

    def test_of_one_region_alone(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name="Other"))
        put_ledger(store, a.look(), a.look(region="reg-2"), a.look(region="reg-2", cell="other"))
        once = {DETECTOR: LedgerTotals(1, 1, a.NOON, a.NOON)}
        assert store.ledger_totals("ours") == {"reg-1": once, "reg-2": once}
        assert store.ledger_totals("ours", "reg-2") == {"reg-2": once}
        assert store.ledger_totals("ours", "reg-3") == {}
        assert store.ledger_totals("theirs", "reg-2") == {}

    def test_a_look_of_radar_is_not_counted_as_one_of_light(self, store: Store) -> None:
        unseen = {"status": ObservationStatus.NOT_PROCESSED, "usable": 0.0}
        radar = {"detector": "radar", "acquisition": "S1A", "sensed": a.NOON + a.DAY}
        put_ledger(store, a.look(settlement="x", **unseen), a.look(settlement="x", **radar))
        each = {
            "radar": LedgerTotals(1, 1, a.NOON + a.DAY, a.NOON + a.DAY),
            DETECTOR: LedgerTotals(1, 0, a.NOON, None),
        }
        assert store.ledger_totals("ours") == {"reg-1": each}
        assert store.settlement_totals("ours", "reg-1") == {"x": each}

    def test_of_each_settlement_of_a_region(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name="Other"))
        unseen = {"status": ObservationStatus.NOT_PROCESSED, "usable": 0.0}
        put_ledger(store, *a.looks_at(["x", "y"], acquisition="one"))
        put_ledger(store, *a.looks_at(["x"], acquisition="two", sensed=a.NOON + a.DAY))
        put_ledger(store, *a.looks_at(["z"], acquisition="one", **unseen))
        put_ledger(store, a.look(region="reg-2", settlement="x"), a.look())
        once = {DETECTOR: LedgerTotals(1, 1, a.NOON, a.NOON)}
        assert store.settlement_totals("ours", "reg-1") == {
            "": once,
            "x": {DETECTOR: LedgerTotals(2, 2, a.NOON + a.DAY, a.NOON + a.DAY)},
            "y": once,
            "z": {DETECTOR: LedgerTotals(1, 0, a.NOON, None)},
        }
        assert store.settlement_totals("ours", "reg-9") == {}
        assert store.settlement_totals("theirs", "reg-1") == {}

    def test_when_each_settlement_was_seen(self, store: Store) -> None:
        put_ledger(
            store,
            *(a.look(cell=cell, acquisition=cell, settlement="x") for cell in "ab"),
            a.look(sensed=a.NOON - a.DAY, settlement="x", status=ObservationStatus.CHANGED),
            a.look(settlement="y", status=ObservationStatus.NOT_PROCESSED),
            a.look(),
            a.look(sensed=a.NOON + a.DAY, acquisition="S1A", detector="radar", settlement="x"),
        )
        seen = {"": (a.NOON,), "x": (a.NOON - a.DAY, a.NOON)}
        assert store.usable_looks("ours", "reg-1", DETECTOR) == seen
        assert store.usable_looks("ours", "reg-1", "radar") == {"x": (a.NOON + a.DAY,)}
        assert store.usable_looks("ours", "reg-2", DETECTOR) == {}
        assert store.usable_looks("theirs", "reg-1", DETECTOR) == {}

    def test_a_look_over_many_settlements_counts_once(self, store: Store) -> None:
        unseen = {"status": ObservationStatus.NOT_PROCESSED, "usable": 0.0}
        put_ledger(store, *a.looks_at(["x", "y"], acquisition="one"))
        put_ledger(store, *a.looks_at(["x"], acquisition="two", sensed=a.NOON + a.DAY))
        put_ledger(store, *a.looks_at(["y"], acquisition="two", sensed=a.NOON + a.DAY, **unseen))
        last = a.NOON + 2 * a.DAY
        put_ledger(store, *a.looks_at(["x", "y"], acquisition="six", sensed=last, **unseen))
        totals = LedgerTotals(3, 2, last, a.NOON + a.DAY)
        assert store.ledger_totals("ours") == {"reg-1": {DETECTOR: totals}}


class TestRunsAndJobs:
    def test_runs_come_oldest_first_with_their_outcome(self, store: Store) -> None:
        earlier = a.run(id="run-0", started=a.NOON - a.DAY)
        finished = a.run(finished=a.NOON + a.DAY, outcome=RunOutcome.COMPLETE)
        with store.transaction() as tx:
            tx.put_run(earlier)
            tx.put_run(finished)
        assert store.runs("ours") == (earlier, finished)

    def test_a_run_tells_how_far_it_has_come(self, store: Store) -> None:
        going = a.run(done=3, total=10, sensed=a.NOON - a.DAY)
        failed = a.run(done=4, total=10, outcome=RunOutcome.FAILED, detail="the catalogue is gone")
        for run in (going, failed):
            with store.transaction() as tx:
                tx.put_run(run)
            assert store.run("ours", "run-1") == run

    def test_an_unknown_run_is_not_found(self, store: Store) -> None:
        for who, run in (("ours", "run-9"), ("theirs", "run-1")):
            with pytest.raises(NotFound, match=run):
                store.run(who, run)

    def test_runs_of_one_region(self, store: Store) -> None:
        other = a.run(id="run-2", region="reg-2")
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2"))
            tx.put_run(other)
        assert store.runs("ours", region="reg-2") == (other,)
        assert store.runs("ours", region="reg-3") == ()

    def test_the_newest_runs_and_those_of_one_outcome(self, store: Store) -> None:
        runs = [
            a.run(id=f"run-{n}", started=a.NOON + n * a.DAY, outcome=outcome)
            for n, outcome in enumerate(
                (RunOutcome.COMPLETE, RunOutcome.WAITING, RunOutcome.RUNNING, RunOutcome.WAITING)
            )
        ]
        with store.transaction() as tx:
            for run in runs:
                tx.put_run(run)
        assert store.runs("ours", newest=2) == tuple(runs[2:])
        assert store.runs("ours", newest=9) == tuple(runs)
        assert store.runs("ours", outcome=RunOutcome.WAITING) == (runs[1], runs[3])
        assert store.runs("ours", outcome=RunOutcome.WAITING, newest=1) == (runs[3],)

    def test_waiting_runs_of_all_come_oldest_first(self, store: Store) -> None:
        a.with_region(store, "theirs")
        waiting = [
            a.run(id="run-2", started=a.NOON - a.DAY, outcome=RunOutcome.WAITING),
            a.run(id="run-0", organisation="theirs", outcome=RunOutcome.WAITING),
            a.run(id="run-9", outcome=RunOutcome.WAITING),
        ]
        with store.transaction() as tx:
            for run in reversed(waiting):
                tx.put_run(run)
        assert store.waiting_runs() == tuple(waiting)
        with store.transaction() as tx:
            tx.put_run(a.run(id="run-2", outcome=RunOutcome.RUNNING))
        assert store.waiting_runs() == tuple(waiting[1:])

    def test_a_job_is_done_once(self, store: Store) -> None:
        assert not store.done(a.key())
        with store.transaction() as tx:
            tx.finish_job(a.job())
        assert store.done(a.key())
        with pytest.raises(StoreError, match="committed already"), store.transaction() as tx:
            tx.finish_job(a.job(run="run-1", digest="e" * 64))

    @pytest.mark.parametrize(
        "other",
        [
            {"organisation": "theirs"},
            {"kind": Kind.RAZED},
            {"region": "reg-2"},
            {"cell": "x"},
            {"acquisition": "x"},
            {"detector": "x"},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_every_part_of_a_key_counts(self, store: Store, other: dict[str, Any]) -> None:
        with store.transaction() as tx:
            tx.finish_job(a.job())
        assert not store.done(a.key(**other))

    def test_jobs_done_are_those_of_one_place_and_detector(self, store: Store) -> None:
        with store.transaction() as tx:
            for change in ({}, {"acquisition": "S2A-2"}, {"cell": "x"}, {"detector": "x"}):
                tx.finish_job(a.job(key=a.key(**change)))
        assert store.jobs_done("ours", *PLACE) == {"S2A-1", "S2A-2"}


class TestState:
    def test_the_last_versions_stay_and_the_others_are_told(self, store: Store) -> None:
        versions = [a.state(sequence=n, path=f"state/{n}") for n in range(1, 7)]
        fallen = []
        for version in versions:
            with store.transaction() as tx:
                fallen.append(tx.add_state(version, keep=4))
        assert fallen == [(), (), (), (), (versions[0],), (versions[1],)]
        assert store.state("ours", *PLACE) == versions[5]
        assert store.state_versions("ours", *PLACE) == tuple(reversed(versions[2:]))

    def test_keeping_fewer_drops_all_that_is_too_many(self, store: Store) -> None:
        versions = [a.state(sequence=n, path=f"state/{n}") for n in range(1, 5)]
        with store.transaction() as tx:
            for version in versions[:3]:
                assert tx.add_state(version, keep=3) == ()
            assert tx.add_state(versions[3], keep=1) == tuple(versions[:3])
        assert store.state_versions("ours", *PLACE) == (versions[3],)

    def test_a_replay_drops_the_versions_it_makes_untrue(self, store: Store) -> None:
        old = [a.state(sequence=n, path=f"state/{n}") for n in range(1, 6)]
        late = a.state(sequence=4, path="state/4-late")
        with store.transaction() as tx:
            for version in old:
                tx.add_state(version, keep=4)
        with store.transaction() as tx:
            assert tx.add_state(late, keep=4) == (old[3], old[4])
        assert store.state_versions("ours", *PLACE) == (late, old[2], old[1])

    def test_places_do_not_push_each_other_out(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.add_state(a.state(), keep=1)
            assert tx.add_state(a.state(cell="x"), keep=1) == ()
            assert tx.add_state(a.state(detector="x"), keep=1) == ()
        assert store.state("ours", *PLACE) == a.state()

    def test_a_place_never_looked_at_has_no_state(self, store: Store) -> None:
        assert store.state("ours", *PLACE) is None
        assert store.state_versions("ours", *PLACE) == ()

    def test_keeping_nothing_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError, match="at least 1"), store.transaction() as tx:
            tx.add_state(a.state(), keep=0)


class TestEvents:
    def test_every_version_stays_readable(self, store: Store) -> None:
        first = a.event()
        second = a.event(
            version=2,
            state=EventState.PROVISIONAL,
            looks=2,
            last_unharmed=None,
            settlement="set-1",
        )
        put_events(store, first)
        put_events(store, second)
        assert store.event("ours", "evt-1") == second
        assert store.event_history("ours", "evt-1") == (first, second)
        assert store.events("ours", EventFilter()).items == (second,)

    @pytest.mark.parametrize("version", [0, 1, 3])
    def test_a_version_out_of_order_is_refused(self, store: Store, version: int) -> None:
        put_events(store, a.event())
        with pytest.raises(StoreError, match="changed in between"):
            put_events(store, a.event(version=version))
        assert store.event_history("ours", "evt-1") == (a.event(),)

    def test_the_first_version_is_one(self, store: Store) -> None:
        with pytest.raises(StoreError, match="changed in between"):
            put_events(store, a.event(version=2))

    def test_an_unknown_event_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match="evt-9"):
            store.event("ours", "evt-9")
        with pytest.raises(NotFound, match="evt-9"):
            store.event_history("ours", "evt-9")

    def test_detections_come_oldest_look_first(self, store: Store) -> None:
        late = a.detection(id="det-a", sensed=a.NOON + a.DAY, settlement="set-1")
        early = a.detection(id="det-b", last_unharmed=a.NOON - a.DAY, doubts=("haze", "edge"))
        other = a.detection(id="det-c", event="evt-2")
        put_events(store, a.event(), a.event(id="evt-2"))
        with store.transaction() as tx:
            tx.add_detections([late, early, other])
        assert store.detections("ours", "evt-1") == (early, late)

    @pytest.mark.parametrize("together", [True, False])
    def test_a_detection_is_added_once(self, store: Store, together: bool) -> None:
        put_events(store, a.event())
        if not together:
            with store.transaction() as tx:
                tx.add_detections([a.detection()])
        before = store.detections("ours", "evt-1")
        more = [a.detection(id="det-2"), *([a.detection()] * (2 if together else 1))]
        with pytest.raises(StoreError, match="det-1 is stored already"), store.transaction() as tx:
            tx.add_detections(more)
        assert store.detections("ours", "evt-1") == before

    def test_filters_join(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name="Camp", kind=Kind.RAZED))
        put_events(
            store,
            a.event(id="plain"),
            a.event(id="razed", kind=Kind.RAZED),
            a.event(id="there", region="reg-2"),
            a.event(id="closed", state=EventState.CLOSED),
            a.event(id="home", settlement="set-1"),
            a.event(id="home there", settlement="set-1", region="reg-2"),
        )

        def ids(**where: Any) -> set[str]:
            return {event.id for event in store.events("ours", EventFilter(**where)).items}

        assert ids(kind=Kind.RAZED) == {"razed"}
        assert ids(region="reg-2") == {"there", "home there"}
        assert ids(states=(EventState.CLOSED, EventState.CONFIRMED)) == {"closed"}
        assert ids(kind=Kind.BURNED, region="reg-1") == {"plain", "closed", "home"}
        assert ids(bbox=(25, 13, 26, 14), region="reg-2") == {"there", "home there"}
        assert ids(settlement="set-1") == {"home", "home there"}
        assert ids(settlement="set-1", region="reg-2") == {"home there"}
        assert ids(settlement="set-1", bbox=(25, 13, 26, 14), kind=Kind.BURNED) == ids(
            settlement="set-1"
        )
        assert ids(settlement="set-1", bbox=(0, 0, 1, 1)) == set()
        assert ids(settlement="set-9") == set()
        assert ids(settlement="") == {"plain", "razed", "there", "closed"}
        assert ids(region="reg-2", kind=Kind.RAZED) == set()

    @pytest.mark.parametrize(
        "where",
        [
            EventFilter(),
            EventFilter(bbox=(25, 13, 26, 14), since=a.NOON),
            EventFilter(bbox=(179, 13, 26, 14), states=(EventState.CANDIDATE,)),
            EventFilter(kind=Kind.BURNED, region="reg-1", settlement="set-1"),
        ],
        ids=["all", "window", "over 180", "words"],
    )
    def test_rows_of_events_are_what_their_records_are_made_of(
        self, store: Store, where: EventFilter
    ) -> None:
        a.with_region(store, "theirs")
        put_events(
            store,
            a.event(id="early", first_changed=a.NOON - a.DAY, last_unharmed=None),
            a.event(id="named", settlement="set-1", change="closed", evidence={"name": "قرية"}),
            a.event(id="far", geometry=Point(100, 0, 3), doubts=()),
            a.event(id="other", organisation="theirs", region="reg-1"),
            *(a.event(id=str(n)) for n in range(3)),
        )
        after, told = None, []
        while True:
            page = store.event_rows("ours", where, after=after, limit=2)
            same = store.events("ours", where, after=after, limit=2)
            assert page.next == same.next
            assert list(page.items) == [row_of(one) for one in same.items]
            told += page.items
            after = page.next
            if after is None:
                break
        assert told
        assert all(type(one.first_changed) is int and type(one.geometry) is bytes for one in told)

    @pytest.mark.parametrize("bbox", [None, (25, 13, 26, 14), (179, 13, 26, 14)], ids=str)
    def test_events_are_counted_up_to_a_most(self, store: Store, bbox: Any) -> None:
        states = [EventState.CANDIDATE, EventState.CLOSED]
        put_events(store, *(a.event(id=str(n), state=states[n % 2]) for n in range(9)))
        put_events(store, a.event(id="far", geometry=Point(100, 0), kind=Kind.RAZED))
        where = EventFilter(kind=Kind.BURNED, states=(EventState.CANDIDATE,), bbox=bbox)
        counts = [store.count_events("ours", where, most=most) for most in (0, 4, 5, 6, 10**6)]
        assert counts == [None, None, 5, 5, 5]
        assert store.count_events("theirs", where, most=0) == 0

    def test_counting_to_less_than_nothing_is_refused(self, store: Store) -> None:
        with pytest.raises(QuestionError, match="0 or more"):
            store.count_events("ours", EventFilter(), most=-1)

    def test_both_ends_of_a_period_count(self, store: Store) -> None:
        second = timedelta(microseconds=1)
        put_events(store, a.event())

        def count(since: datetime, until: datetime) -> int:
            where = EventFilter(since=since, until=until, bbox=(25, 13, 26, 14))
            return len(store.events("ours", where).items)

        assert count(a.NOON, a.NOON) == 1
        assert count(a.NOON + second, a.NOON + a.DAY) == 0
        assert count(a.NOON - a.DAY, a.NOON - second) == 0

    def test_a_box_just_beside_an_event_does_not_meet_it(self, store: Store) -> None:
        put_events(store, a.event(geometry=Point(25.1, 13.7)))
        beside = 1e-9

        def meets(west: float, south: float, east: float, north: float) -> bool:
            where = EventFilter(bbox=(west, south, east, north))
            return bool(store.events("ours", where).items)

        assert meets(25.1, 13.7, 25.1, 13.7)
        assert not meets(25.1 + beside, 13, 26, 14)
        assert not meets(25, 13, 25.1 - beside, 14)
        assert not meets(25, 13.7 + beside, 26, 14)
        assert not meets(25, 13, 26, 13.7 - beside)

    def test_a_box_over_180_degrees_has_two_parts(self, store: Store) -> None:
        put_events(
            store,
            a.event(id="east", geometry=Point(179.5, 0)),
            a.event(id="west", geometry=Point(-179.5, 0)),
            a.event(id="far", geometry=Point(0, 0)),
        )
        page = store.events("ours", EventFilter(bbox=(179, -1, -179, 1)))
        assert {event.id for event in page.items} == {"east", "west"}

    @pytest.mark.parametrize(
        "bbox", [(0, 1, 1, 0), (0, 0, math.nan, 1), (0, 0, math.inf, 1)], ids=str
    )
    def test_an_impossible_box_is_refused(
        self, store: Store, bbox: tuple[float, float, float, float]
    ) -> None:
        with pytest.raises(StoreError, match="south below north"):
            store.events("ours", EventFilter(bbox=bbox))

    def test_an_event_that_moved_is_found_where_it_is_now(self, store: Store) -> None:
        put_events(store, a.event(geometry=Point(10, 10)))
        moved = a.event(version=2, geometry=Point(20, 20), first_changed=a.NOON - 100 * a.DAY)
        put_events(store, moved)
        assert store.events("ours", EventFilter(bbox=(9, 9, 11, 11))).items == ()
        there = EventFilter(bbox=(19, 19, 21, 21), until=a.NOON - 99 * a.DAY)
        assert store.events("ours", there).items == (moved,)

    def test_numpy_numbers_are_numbers(self, store: Store) -> None:
        numpy = a.event(
            version=np.int64(1),
            looks=np.int32(3),
            area_m2=np.float32(2.5),
            evidence={"pixels": np.int64(7), "drop": np.float32(0.5), "edge": np.bool_(True)},
        )
        put_events(store, numpy)
        plain = {"pixels": 7, "drop": 0.5, "edge": True}
        assert store.event("ours", "evt-1") == a.event(looks=3, area_m2=2.5, evidence=plain)
        put_events(store, a.event(version=np.int64(2)))
        corner = tuple(np.float64(edge) for edge in (25, 13, 26, 14))
        assert len(store.events("ours", EventFilter(bbox=corner)).items) == 1  # type: ignore[arg-type]


class TestLedger:
    def test_looks_come_oldest_first(self, store: Store) -> None:
        rows = [
            a.look(acquisition="S2A-2", sensed=a.NOON - a.DAY),
            a.look(cell="a"),
            a.look(
                cell="b",
                status=ObservationStatus.NOT_OBSERVABLE,
                usable=0.0,
                cause=NotObservable.CLOUD,
            ),
        ]
        with store.transaction() as tx:
            for row in reversed(rows):
                tx.put_ledger(row)
        assert store.ledger("ours", "reg-1").items == tuple(rows)
        assert store.ledger("ours", "reg-1", until=a.NOON - a.DAY).items == (rows[0],)
        assert store.ledger("ours", "reg-1", since=a.NOON).items == tuple(rows[1:])
        assert store.ledger("ours", "reg-2").items == ()

    def test_a_later_truth_replaces_and_the_old_one_stays_readable(self, store: Store) -> None:
        missing = a.look(status=ObservationStatus.NOT_DELIVERED, usable=0.0, detail={})
        failed = a.look(status=ObservationStatus.NOT_PROCESSED, usable=0.0, detail={"error": "x"})
        seen = a.look()
        for row in (missing, failed, seen):
            with store.transaction() as tx:
                tx.put_ledger(row)
        assert store.ledger("ours", "reg-1").items == (seen,)
        look = ("reg-1", "36N_0512_0143", "S2A-1", "indices")
        assert store.ledger_history("ours", *look) == (missing, failed, seen)
        assert store.ledger_history("theirs", *look) == ()

    def test_one_look_has_a_row_for_each_settlement(self, store: Store) -> None:
        rows = a.looks_at(["", "a", "b", "É"])
        later = a.looks_at(["a"], acquisition="S2A-2", sensed=a.NOON + a.DAY)
        put_ledger(store, *reversed([*rows, *later]))
        assert store.ledger("ours", "reg-1").items == (*rows, *later)
        assert store.ledger("ours", "reg-1", settlement="a").items == (rows[1], *later)
        of_may = store.ledger("ours", "reg-1", settlement="a", until=a.NOON)
        assert of_may.items == (rows[1],)
        assert store.ledger("ours", "reg-1", settlement="").items == (rows[0],)
        assert store.ledger("ours", "reg-1", settlement="c").items == ()
        assert store.ledger("ours", "reg-2", settlement="a").items == ()
        assert store.ledger("theirs", "reg-1", settlement="a").items == ()

    def test_a_later_truth_about_one_settlement_leaves_the_others(self, store: Store) -> None:
        before = a.looks_at(["a", "b"], status=ObservationStatus.NOT_PROCESSED, usable=0.0)
        put_ledger(store, *before)
        (now,) = a.looks_at(["b"])
        put_ledger(store, now)
        assert store.ledger("ours", "reg-1").items == (before[0], now)
        look = ("reg-1", "36N_0512_0143", "S2A-1", "indices")
        assert store.ledger_history("ours", *look, "a") == (before[0],)
        assert store.ledger_history("ours", *look, "b") == (before[1], now)
        assert store.ledger_history("ours", *look) == ()

    def test_saying_the_same_again_changes_nothing(self, store: Store) -> None:
        for _ in range(2):
            with store.transaction() as tx:
                tx.put_ledger(a.look())
        look = ("reg-1", "36N_0512_0143", "S2A-1", "indices")
        assert store.ledger_history("ours", *look) == (a.look(),)

    def test_the_looks_of_one_acquisition_in_all_regions(self, store: Store) -> None:
        places = [
            ("reg-1", "a", "x", ""),
            ("reg-1", "b", "w", "set-2"),
            ("reg-1", "b", "x", "set-1"),
            ("reg-1", "b", "x", "set-2"),
            ("reg-2", "a", "x", "set-1"),
        ]
        rows = [
            a.look(region=region, cell=cell, detector=detector, settlement=settlement)
            for region, cell, detector, settlement in places
        ]
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2"))
            for row in reversed(rows):
                tx.put_ledger(row)
            tx.put_ledger(a.look(acquisition="S2A-2"))
        assert store.looks("ours", "S2A-1") == tuple(rows)
        assert store.looks("ours", "S2A-3") == ()
        assert store.looks("theirs", "S2A-1") == ()


class TestOrganisations:
    def test_none_sees_what_another_has(self, store: Store) -> None:
        put_events(store, a.event())
        with store.transaction() as tx:
            tx.add_detections([a.detection()])
            tx.put_ledger(a.look())
            tx.add_state(a.state(), keep=4)
            tx.finish_job(a.job())
            tx.put_settlements([a.settlement()])
            tx.put_key(a.api_key())
        put_ledger(store, *a.looks_at(["set-1"]))
        put_events(store, a.event(id="evt-2", settlement="set-1"))
        who = "theirs"
        assert store.regions(who, removed=True) == ()
        assert store.settlements(who).items == ()
        assert store.settlements(who, bbox=(25, 13, 26, 14)).items == ()
        assert store.keys(who) == ()
        assert store.count_events(who, EventFilter(), most=0) == 0
        assert store.looks(who, "S2A-1") == ()
        assert store.runs(who) == ()
        assert not store.done(a.key(organisation=who))
        assert store.jobs_done(who, *PLACE) == frozenset()
        assert store.state(who, *PLACE) is None
        assert store.state_versions(who, *PLACE) == ()
        assert store.events(who, EventFilter()).items == ()
        assert store.events(who, EventFilter(bbox=(25, 13, 26, 14))).items == ()
        assert store.events(who, EventFilter(region="reg-1")).items == ()
        assert store.events(who, EventFilter(settlement="set-1")).items == ()
        assert store.settlement_labels(who, ["set-1"]) == {}
        assert store.detections(who, "evt-1") == ()
        assert store.ledger(who, "reg-1").items == ()
        for ask, name in (
            (store.region, "reg-1"),
            (store.settlement, "set-1"),
            (store.run, "run-1"),
            (store.event, "evt-1"),
            (store.event_history, "evt-1"),
        ):
            with pytest.raises(NotFound):
                ask(who, name)

    def test_ids_of_one_do_not_stand_in_the_way_of_another(self, store: Store) -> None:
        a.with_region(store, "theirs")
        for who in ("ours", "theirs"):
            with store.transaction() as tx:
                tx.put_event(a.event(organisation=who, observed=who))
                tx.add_detections([a.detection(organisation=who)])
                tx.put_ledger(a.look(organisation=who))
                assert tx.add_state(a.state(organisation=who), keep=1) == ()
                tx.finish_job(a.job(key=a.key(organisation=who)))
                tx.put_settlements([a.settlement(organisation=who, source=who)])
        assert store.settlement("ours", "set-1").source == "ours"
        assert store.event("ours", "evt-1").observed == "ours"
        assert store.event("theirs", "evt-1").observed == "theirs"

    def test_a_cursor_of_one_is_of_no_use_to_another(self, store: Store) -> None:
        put_events(store, a.event(), a.event(id="evt-2"))
        cursor = store.events("ours", EventFilter(), limit=1).next
        with pytest.raises(StoreError, match="another question"):
            store.events("theirs", EventFilter(), after=cursor)

    def test_a_record_cannot_lean_on_another_organisation(self, store: Store) -> None:
        with pytest.raises(StoreError, match="does not hold"):
            put_events(store, a.event(organisation="theirs"))


class TestTransactions:
    def test_an_exception_leaves_nothing(self, store: Store) -> None:
        before = store.regions("ours")
        with pytest.raises(ZeroDivisionError), store.transaction() as tx:
            fill(tx)
            raise ZeroDivisionError
        assert_untouched(store)
        assert store.regions("ours") == before

    def test_nothing_is_seen_before_the_end(self, store: Store) -> None:
        with store.transaction() as tx:
            fill(tx)
            assert_untouched(store)
        assert store.event("ours", "evt-1") == a.event()

    def test_an_error_passed_over_leaves_nothing(self, store: Store) -> None:
        with pytest.raises(StoreError, match="none of it is kept"), store.transaction() as tx:
            fill(tx)
            with pytest.raises(StoreError):
                tx.finish_job(a.job())
        assert_untouched(store)

    def test_no_step_follows_an_error(self, store: Store) -> None:
        with pytest.raises(StoreError, match="none of it is kept"), store.transaction() as tx:
            with pytest.raises(StoreError):
                tx.put_event(a.event(version=7))
            tx.put_event(a.event())

    def test_the_next_transaction_is_free_of_the_last_error(self, store: Store) -> None:
        with pytest.raises(StoreError), store.transaction() as tx:
            tx.put_event(a.event(version=7))
        put_events(store, a.event())
        assert store.event("ours", "evt-1") == a.event()

    def test_what_is_named_must_be_there_at_the_end(self, store: Store) -> None:
        with store.transaction() as tx:
            tx.add_detections([a.detection()])
            tx.put_event(a.event())
        with pytest.raises(StoreError, match="does not hold"), store.transaction() as tx:
            tx.add_detections([a.detection(id="det-2", event="evt-2")])
        assert store.detections("ours", "evt-1") == (a.detection(),)

    def test_a_transaction_inside_another_is_refused(self, store: Store) -> None:
        inner = store.transaction()
        with store.transaction(), pytest.raises(StoreError, match="open already"), inner:
            pass

    def test_a_transaction_that_is_over_takes_nothing(self, store: Store) -> None:
        with store.transaction() as tx:
            pass
        with pytest.raises(StoreError, match="is over"):
            tx.put_event(a.event())

    def test_a_closed_store_says_so(self, store: Store) -> None:
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"):
            store.regions("ours")
        with pytest.raises(StoreError, match="closed"), store.transaction():
            pass

    def test_what_is_handed_out_is_the_callers_own(self, store: Store) -> None:
        evidence = {"drop": 0.31}
        put_events(store, a.event(evidence=evidence))
        evidence["drop"] = 9
        store.event("ours", "evt-1").evidence["drop"] = 9  # type: ignore[index]
        assert store.event("ours", "evt-1").evidence == {"drop": 0.31}


def fill(tx: Transaction) -> None:
    tx.put_region(a.region(id="reg-2", name="Camp"))
    tx.put_settlements([a.settlement()])
    tx.put_key(a.api_key())
    tx.put_run(a.run(outcome=RunOutcome.COMPLETE))
    tx.put_event(a.event())
    tx.add_detections([a.detection()])
    tx.put_ledger(a.look())
    tx.add_state(a.state(), keep=4)
    tx.finish_job(a.job())


def assert_untouched(store: Store) -> None:
    assert store.settlements("ours").items == ()
    assert store.key(a.api_key().id) is None
    assert store.runs("ours") == (a.run(),)
    assert store.events("ours", EventFilter(bbox=(-180, -90, 180, 90))).items == ()
    assert store.detections("ours", "evt-1") == ()
    assert store.ledger("ours", "reg-1").items == ()
    assert store.state("ours", *PLACE) is None
    assert not store.done(a.key())
    with pytest.raises(NotFound):
        store.event_history("ours", "evt-1")


class TestValues:
    NAIVE = datetime(2024, 5, 1)  # noqa: DTZ001 -- what is to be refused

    def test_a_naive_datetime_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError, match="first_changed names no time zone"):
            put_events(store, a.event(first_changed=self.NAIVE))
        with pytest.raises(StoreError, match="no time zone"):
            store.events("ours", EventFilter(since=self.NAIVE))
        with pytest.raises(StoreError, match="no time zone"):
            store.ledger("ours", "reg-1", until=self.NAIVE)

    def test_times_come_back_in_utc_to_the_microsecond(self, store: Store) -> None:
        khartoum = timezone(timedelta(hours=2))
        sensed = datetime(2024, 5, 1, 10, 11, 12, 345678, tzinfo=khartoum)
        put_events(store, a.event(first_changed=sensed))
        stored = store.event("ours", "evt-1").first_changed
        assert stored.isoformat() == "2024-05-01T08:11:12.345678+00:00"

    @pytest.mark.parametrize(
        "geometry",
        [
            Point(0.1, 0.2),
            Point(1 / 3, -1e-17, 5),
            LineString([(0, 0), (math.pi, math.e)]),
            Polygon([(0, 0), (9, 0), (9, 9), (0, 0)], [[(3, 1), (4, 1), (4, 2), (3, 1)]]),
            MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]),
        ],
        ids=lambda geometry: geometry.geom_type,
    )
    def test_geometries_come_back_exactly(self, store: Store, geometry: Any) -> None:
        put_events(store, a.event(geometry=geometry))
        for stored in (store.event("ours", "evt-1"), *store.event_history("ours", "evt-1")):
            assert stored.geometry.equals_exact(geometry, tolerance=0)
            assert stored.geometry.has_z == geometry.has_z

    @given(
        st.dictionaries(
            st.text(st.characters(codec="utf-8"), max_size=5),
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.floats(allow_nan=False, allow_infinity=False),
                lambda inner: st.lists(inner, max_size=3),
                max_leaves=5,
            ),
            max_size=4,
        )
    )
    @PROPERTY
    def test_evidence_comes_back_exactly(self, store: Store, evidence: dict[str, Any]) -> None:
        event = a.event(id=f"evt-{next(_numbers)}-x", evidence=evidence)
        put_events(store, event)
        assert store.event("ours", event.id) == event

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"geometry": Polygon()}, "extent"),
            ({"area_m2": math.nan}, "finite"),
            ({"looks": 1.5}, "whole number"),
            ({"evidence": {"drop": math.nan}}, "JSON"),
            ({"evidence": {"when": a.NOON}}, "JSON"),
            ({"observed": "\0"}, "character"),
            ({"observed": "\ud800"}, "character"),
            ({"observed": None}, "text"),
            ({"state": "perhaps"}, "perhaps"),
        ],
        ids=lambda value: value if isinstance(value, str) else next(iter(value)),
    )
    def test_what_cannot_be_kept_is_refused(
        self, store: Store, change: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(StoreError, match=why):
            put_events(store, a.event(**change))


look_parts = st.tuples(st.integers(0, 1), st.sampled_from("ab"), st.sampled_from("AB"))
"""Day, cell and satellite of a look."""


class TestPaging:
    def test_pages_follow_each_other(self, store: Store) -> None:
        events = [a.event(id=f"evt-{n}", first_changed=a.NOON - n // 3 * a.DAY) for n in range(10)]
        put_events(store, *events)
        first = store.events("ours", EventFilter(), limit=4)
        second = store.events("ours", EventFilter(), after=first.next, limit=4)
        third = store.events("ours", EventFilter(), after=second.next, limit=4)
        assert [len(page.items) for page in (first, second, third)] == [4, 4, 2]
        assert first.items + second.items + third.items == tuple(events)
        assert third.next is None

    def test_a_full_last_page_has_no_next(self, store: Store) -> None:
        put_events(store, a.event())
        assert store.events("ours", EventFilter(), limit=1).next is None

    @pytest.mark.parametrize("limit", [0, -1, 10_001])
    def test_a_limit_out_of_bounds_is_refused(self, store: Store, limit: int) -> None:
        with pytest.raises(StoreError, match="limit"):
            store.events("ours", EventFilter(), limit=limit)
        with pytest.raises(StoreError, match="limit"):
            store.ledger("ours", "reg-1", limit=limit)

    def test_a_cursor_belongs_to_its_question(self, store: Store) -> None:
        put_events(store, a.event(), a.event(id="evt-2"))
        cursor = store.events("ours", EventFilter(), limit=1).next
        others = ({"kind": Kind.BURNED}, {"since": a.NOON}, {"settlement": ""})
        for where in (EventFilter(**other) for other in others):  # type: ignore[arg-type]
            with pytest.raises(StoreError, match="another question"):
                store.events("ours", where, after=cursor)
        with pytest.raises(StoreError, match="another question"):
            store.ledger("ours", "reg-1", after=cursor)
        put_ledger(store, *a.looks_at(["set-1", "set-2"]))
        cursor = store.ledger("ours", "reg-1", limit=1).next
        with pytest.raises(StoreError, match="another question"):
            store.ledger("ours", "reg-1", settlement="set-1", after=cursor)

    @given(st.data())
    @PROPERTY
    def test_a_changed_cursor_is_refused(self, store: Store, data: st.DataObject) -> None:
        organisation = f"cursor-{next(_numbers)}"
        a.with_region(store, organisation)
        put_events(store, *(a.event(id=x, organisation=organisation) for x in ("x", "y")))
        cursor = store.events(organisation, EventFilter(), limit=1).next
        assert cursor is not None
        place = data.draw(st.integers(0, len(cursor) - 1))
        letter = data.draw(st.characters().filter(lambda c: c != cursor[place]))
        changed = cursor[:place] + letter + cursor[place + 1 :]
        with pytest.raises(StoreError, match="damaged"):
            store.events(organisation, EventFilter(), after=changed)

    @pytest.mark.parametrize(
        "cursor", ["", "x", "====", "W10=", "MQ==", "bnVsbA==", "é", "W" * 9999]
    )
    def test_nonsense_is_no_cursor(self, store: Store, cursor: str) -> None:
        with pytest.raises(StoreError, match="damaged"):
            store.events("ours", EventFilter(), after=cursor)

    @given(
        before=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), unique=True, max_size=15),
        between=st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(100, 199)))),
        limit=st.integers(1, 5),
        bbox=st.sampled_from([None, (25.0, 13.0, 26.0, 14.0)]),
    )
    @PROPERTY
    def test_paging_loses_and_doubles_nothing_while_events_come_in(
        self,
        store: Store,
        before: list[tuple[int, int]],
        between: list[list[tuple[int, int]]],
        limit: int,
        bbox: Any,
    ) -> None:
        organisation = f"paging-{next(_numbers)}"
        a.with_region(store, organisation)

        def put(rows: list[tuple[int, int]]) -> set[str]:
            events = {
                f"evt-{day}-{n}": a.event(
                    organisation=organisation,
                    id=f"evt-{day}-{n}",
                    first_changed=a.NOON - day * a.DAY,
                )
                for day, n in rows
            }
            known = {e.id for e in store.events(organisation, EventFilter()).items}
            put_events(store, *(events[x] for x in events.keys() - known))
            return set(events)

        there = put(before)
        waves = iter(between)

        def ask(**paging: Any) -> Any:
            page = store.events(organisation, EventFilter(bbox=bbox), **paging)
            put(next(waves, []))
            return page

        seen = all_pages(ask, limit)
        ids = [event.id for event in seen]
        assert len(ids) == len(set(ids))
        assert there <= set(ids)
        assert seen == sorted(seen, key=lambda e: (-e.first_changed.timestamp(), e.id))

    def test_paging_the_ledger_while_looks_come_in(self, store: Store) -> None:
        def put(*numbers: int) -> None:
            with store.transaction() as tx:
                for n in numbers:
                    tx.put_ledger(a.look(acquisition=f"S2A-{n}", sensed=a.NOON + n // 4 * a.DAY))

        put(*range(0, 20, 2))
        later = iter(range(1, 21, 2))

        def ask(**paging: Any) -> Any:
            page = store.ledger("ours", "reg-1", **paging)
            put(next(later))
            return page

        seen = [row.acquisition for row in all_pages(ask, limit=3)]
        assert len(seen) == len(set(seen))
        assert {f"S2A-{n}" for n in range(0, 20, 2)} <= set(seen)

    @given(
        before=st.sets(st.tuples(look_parts, st.integers(0, 30)), max_size=40),
        between=st.lists(st.sets(st.tuples(look_parts, st.integers(31, 60)), max_size=9)),
        limit=st.integers(1, 7),
        asked=st.sampled_from([None, "", "set-05"]),
    )
    @PROPERTY
    def test_paging_settlements_that_share_a_look_loses_and_doubles_none(
        self,
        store: Store,
        before: set[tuple[tuple[int, str, str], int]],
        between: list[set[tuple[tuple[int, str, str], int]]],
        limit: int,
        asked: str | None,
    ) -> None:
        organisation = f"looks-{next(_numbers)}"
        a.with_region(store, organisation)

        def put(parts: set[tuple[tuple[int, str, str], int]]) -> set[Any]:
            rows = [
                a.look(
                    organisation=organisation,
                    sensed=a.NOON + day * a.DAY,
                    acquisition=f"{satellite}-{day}",
                    cell=cell,
                    settlement=f"set-{number:02d}" if number else "",
                )
                for (day, cell, satellite), number in parts
            ]
            put_ledger(store, *rows)
            return {order(row) for row in rows if asked in (None, row.settlement)}

        def order(row: Any) -> tuple[Any, ...]:
            return row.sensed, row.cell, row.acquisition, row.detector, row.settlement

        there = put(before)
        waves = iter(between)

        def ask(**paging: Any) -> Any:
            page = store.ledger(organisation, "reg-1", settlement=asked, **paging)
            put(next(waves, set()))
            return page

        seen = [order(row) for row in all_pages(ask, limit)]
        assert seen == sorted(set(seen))
        assert there <= set(seen)


places = st.tuples(st.integers(-4, 4), st.integers(-4, 4))
days = st.integers(0, 6)


@given(
    events=st.lists(st.tuples(places, places, days), max_size=12),
    west_east=st.tuples(st.integers(-5, 5), st.integers(0, 5)),
    south_north=st.tuples(st.integers(-5, 5), st.integers(0, 5)),
    since=st.none() | days,
    until=st.none() | days,
)
@PROPERTY
def test_a_window_finds_what_counting_by_hand_finds(
    store: Store,
    events: list[tuple[tuple[int, int], tuple[int, int], int]],
    west_east: tuple[int, int],
    south_north: tuple[int, int],
    since: int | None,
    until: int | None,
) -> None:
    organisation = f"window-{next(_numbers)}"
    a.with_region(store, organisation)
    west, east = west_east[0] / 10, sum(west_east) / 10
    south, north = south_north[0] / 10, sum(south_north) / 10
    wanted = set()
    for number, ((x1, y1), (x2, y2), day) in enumerate(events):
        x1, x2 = sorted((x1, x2))
        y1, y2 = sorted((y1, y2))
        shape = LineString([(x1 / 10, y1 / 10), (x2 / 10, y2 / 10)])
        put_events(
            store,
            a.event(
                id=str(number),
                organisation=organisation,
                geometry=shape,
                first_changed=a.NOON + day * a.DAY,
            ),
        )
        inside = x1 / 10 <= east and x2 / 10 >= west and y1 / 10 <= north and y2 / 10 >= south
        if inside and (since is None or since <= day) and (until is None or day <= until):
            wanted.add(str(number))
    where = EventFilter(
        bbox=(west, south, east, north),
        since=None if since is None else a.NOON + since * a.DAY,
        until=None if until is None else a.NOON + until * a.DAY,
    )
    assert {event.id for event in store.events(organisation, where).items} == wanted
    assert store.count_events(organisation, where, most=len(wanted)) == len(wanted)
    if wanted:
        assert store.count_events(organisation, where, most=len(wanted) - 1) is None


def test_readers_see_whole_transactions_while_another_thread_writes(store: Store) -> None:
    versions = 25
    stop = threading.Event()
    troubles: list[str] = []
    put_events(store, a.event(), a.event(id="evt-2"))

    def read() -> None:
        try:
            while not stop.is_set():
                # Both are in one page, so of one moment; each transaction raises both.
                first, second = store.events("ours", EventFilter()).items
                if first.version != second.version:
                    troubles.append(f"{first.version} beside {second.version}")
                if len(store.event_history("ours", "evt-1")) < first.version:
                    troubles.append("a version without its history")
        except BaseException as error:
            troubles.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(2, versions + 1):
        put_events(store, *(a.event(id=x, version=version) for x in ("evt-1", "evt-2")))
    stop.set()
    for reader in readers:
        reader.join()
    assert troubles == []
    assert store.event("ours", "evt-2").version == versions


def test_writers_take_turns(store: Store) -> None:
    def write(name: str) -> None:
        for n in range(5):
            put_events(store, a.event(id=f"{name}-{n}"))

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(store.events("ours", EventFilter()).items) == 15


def test_every_store_is_a_store(empty: Store) -> None:
    assert isinstance(empty, Store)
