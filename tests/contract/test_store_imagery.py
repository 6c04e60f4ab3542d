"""What every store must do with what is known of imagery providers, asked of each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearthwatch.errors import QuestionError, StoreError
from hearthwatch.records import ObservationStatus, SpendStatus, SpendTotals
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_records as a
from tests.contract.test_store import STORES, all_pages

MONTH = datetime(2024, 5, 1, tzinfo=UTC)
NOTHING = SpendTotals(0.0, 0, 0.0, 0)


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path)
    yield a.with_region(store)
    store.close()


def put(store: Store, *records: Any) -> None:
    with store.transaction() as tx:
        verbs: dict[str, Callable[[Any], None]] = {
            "Spend": tx.put_spend,
            "Pause": tx.put_pause,
            "Mark": tx.put_mark,
            "KnownScene": lambda scene: tx.put_scenes([scene]),
            "Gap": tx.put_gap,
            "LedgerRow": tx.put_ledger,
        }
        for record in records:
            verbs[type(record).__name__](record)


class TestSpends:
    def test_a_spend_comes_back_as_it_was_and_replaces_itself(self, store: Store) -> None:
        put(store, a.spend())
        assert store.spends("ours").items == (a.spend(),)
        over = a.settled(bytes=12_000, detail="paid", run="run-1", settled=a.NOON + a.DAY)
        put(store, over)
        assert store.spends("ours").items == (over,)

    def test_a_time_of_settlement_belongs_to_all_but_the_reserved(self) -> None:
        with pytest.raises(ValueError, match="exactly when"):
            a.spend(settled=a.NOON)
        with pytest.raises(ValueError, match="exactly when"):
            a.spend(status=SpendStatus.LOST)

    def test_spends_come_last_reserved_first_in_pages(self, store: Store) -> None:
        moments = [a.NOON, a.NOON, a.NOON + a.DAY, a.NOON - a.DAY, a.NOON]
        for number, moment in enumerate(moments):
            put(store, a.spend(id=f"spend-{number}", reserved=moment))
        expected = ["spend-2", "spend-0", "spend-1", "spend-4", "spend-3"]
        for limit in (1, 2, 3, 10):
            found = all_pages(lambda **page: store.spends("ours", **page), limit)
            assert [spend.id for spend in found] == expected

    def test_a_cursor_of_another_question_is_refused(self, store: Store) -> None:
        put(store, *(a.spend(id=str(number)) for number in range(3)))
        cursor = store.spends("ours", limit=1).next
        with pytest.raises(QuestionError):
            store.spends("ours", region="reg-1", after=cursor, limit=1)

    def test_spends_are_found_by_region_status_and_period(self, store: Store) -> None:
        put(
            store,
            a.spend(id="a"),
            a.settled(id="b", region="", reserved=a.NOON + a.DAY),
            a.settled(id="c", reserved=a.NOON + 2 * a.DAY),
        )

        def ids(**which: Any) -> list[str]:
            return [spend.id for spend in store.spends("ours", **which).items]

        assert ids(region="reg-1") == ["c", "a"]
        assert ids(region="") == ["b"]
        assert ids(status=SpendStatus.SETTLED) == ["c", "b"]
        assert ids(since=a.NOON + a.DAY) == ["c", "b"]
        assert ids(until=a.NOON + a.DAY) == ["b", "a"]
        assert ids(since=a.NOON + a.DAY, until=a.NOON + a.DAY) == ["b"]

    def test_sums_count_the_settled_the_lost_and_the_reserved(self, store: Store) -> None:
        put(
            store,
            a.settled(id="a", units=6.5, requests=3),
            a.settled(id="b", units=1.25, requests=1, region="reg-2"),
            a.spend(id="c", status=SpendStatus.LOST, settled=a.NOON),
            a.spend(id="d", status=SpendStatus.RELEASED, settled=a.NOON, estimated_units=500.0),
            a.spend(id="e", estimated_units=2.5, estimated_requests=4),
            a.settled(id="f", provider="stac", units=9.0),
        )
        found = store.spent("ours", "sentinelhub", MONTH)
        assert found.units == pytest.approx(6.5 + 1.25 + 6.67)
        assert (found.requests, found.reserved_units, found.reserved_requests) == (6, 2.5, 4)
        of_two = SpendTotals(units=1.25, requests=1, reserved_units=0.0, reserved_requests=0)
        assert store.spent("ours", "sentinelhub", MONTH, region="reg-2") == of_two
        assert store.spent("ours", "folder", MONTH) == NOTHING

    def test_a_read_counts_when_it_ended_and_while_it_is_open(self, store: Store) -> None:
        before = MONTH - timedelta(seconds=1)
        put(
            store,
            a.settled(id="last month", reserved=before, settled=before, units=100.0),
            a.settled(id="over midnight", reserved=before, settled=MONTH, units=1.0),
            a.spend(id="still open", reserved=before - 40 * a.DAY),
        )
        assert store.spent("ours", "sentinelhub", MONTH) == SpendTotals(1.0, 3, 6.67, 2)

    def test_inside_a_transaction_the_sum_is_that_of_its_beginning(self, store: Store) -> None:
        put(store, a.settled(id="a", units=1.0))
        with store.transaction() as tx:
            tx.put_spend(a.settled(id="b", units=2.0))
            assert store.spent("ours", "sentinelhub", MONTH).units == 1.0
        assert store.spent("ours", "sentinelhub", MONTH).units == 3.0

    def test_what_others_spend_is_not_ours(self, store: Store) -> None:
        put(store, a.settled(organisation="theirs"))
        assert store.spends("ours").items == ()
        assert store.spent("ours", "sentinelhub", MONTH) == NOTHING

    def test_a_naive_time_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError, match="time zone"):
            store.spent("ours", "sentinelhub", MONTH.replace(tzinfo=None))

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        drawn=st.lists(
            st.tuples(
                st.sampled_from(list(SpendStatus)),
                st.sampled_from(["reg-1", "reg-2"]),
                st.integers(-3, 3),
                st.integers(0, 1000),
            ),
            max_size=12,
        )
    )
    def test_every_store_sums_up_alike(self, tmp_path_factory: Any, drawn: list[Any]) -> None:
        folder = tmp_path_factory.mktemp("sums")
        spends = [
            a.spend(
                id=str(number),
                status=status,
                region=region,
                reserved=MONTH + days * a.DAY,
                settled=None if status is SpendStatus.RESERVED else MONTH + days * a.DAY,
                units=amount / 8,
                requests=amount,
                estimated_units=amount / 4,
                estimated_requests=amount * 2,
            )
            for number, (status, region, days, amount) in enumerate(drawn)
        ]
        expected = MemoryStore()
        put(expected, *spends)
        for make in STORES.values():
            asked = make(folder)
            put(asked, *spends)
            for region in (None, "reg-1"):
                question = ("ours", "sentinelhub", MONTH)
                theirs = asked.spent(*question, region=region)
                assert theirs == expected.spent(*question, region=region)
            asked.close()


class TestPauses:
    def test_a_pause_lasts_until_it_is_ended(self, store: Store) -> None:
        first, second = a.pause(), a.pause(provider="stac", since=a.NOON - a.DAY, until=None)
        put(store, first, second)
        assert store.pauses("ours", active=True) == (second, first)
        ended = a.pause(ended=a.NOON + a.DAY)
        put(store, ended)
        assert store.pauses("ours", active=True) == (second,)
        assert store.pauses("ours") == (second, ended)
        assert store.pauses("theirs") == ()


class TestMarks:
    def test_a_mark_holds_for_one_list_of_one_region(self, store: Store) -> None:
        assert store.mark("ours", "reg-1", "stac", "sentinel-2-c1-l2a") is None
        put(store, a.mark(), a.mark(region="", published=a.NOON + a.DAY))
        moved = a.mark(published=a.NOON + 2 * a.DAY, reconciled=a.NOON)
        put(store, moved)
        assert store.mark("ours", "reg-1", "stac", "sentinel-2-c1-l2a") == moved
        of_all = store.mark("ours", "", "stac", "sentinel-2-c1-l2a")
        assert of_all is not None
        assert of_all.published == a.NOON + a.DAY
        assert store.mark("theirs", "reg-1", "stac", "sentinel-2-c1-l2a") is None
        assert store.mark("ours", "reg-1", "stac", "another") is None


class TestKnownScenes:
    def test_scenes_come_by_sensing_time_and_the_last_version_holds(self, store: Store) -> None:
        late = a.known_scene(id="late", sensed=a.NOON + a.DAY)
        twin = a.known_scene(id="A")
        with store.transaction() as tx:
            tx.put_scenes([late, a.known_scene(), twin])
            tx.put_scenes([])
        assert store.known_scenes("ours", "reg-1", "stac") == (twin, a.known_scene(), late)
        seen = a.known_scene(item_sha256="d" * 64, last_seen=a.NOON + 9 * a.DAY, published=None)
        put(store, seen)
        assert store.known_scenes("ours", "reg-1", "stac") == (twin, seen, late)
        assert store.known_scenes("theirs", "reg-1", "stac") == ()
        assert store.known_scenes("ours", "reg-1", "folder") == ()

    def test_what_is_gone_is_told_on_request_only(self, store: Store) -> None:
        gone = a.known_scene(id="gone", gone=a.NOON + a.DAY)
        put(store, gone, a.known_scene())
        assert store.known_scenes("ours", "reg-1", "stac") == (a.known_scene(),)
        assert store.known_scenes("ours", "reg-1", "stac", gone=True) == (a.known_scene(), gone)

    def test_a_scene_of_no_known_region_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError, match="does not hold"):
            put(store, a.known_scene(region="nowhere"))
        assert store.known_scenes("ours", "nowhere", "stac") == ()


class TestGaps:
    def test_gaps_come_oldest_first_open_ones_on_request(self, store: Store) -> None:
        later = a.gap(id="gap-2", expected=a.NOON + 5 * a.DAY)
        put(store, later, a.gap())
        assert store.gaps("ours") == (a.gap(), later)
        closed = a.gap(closed=a.NOON + 2 * a.DAY, detail="it came late")
        put(store, closed)
        assert store.gaps("ours", open_only=True) == (later,)
        assert store.gaps("ours", region="reg-1") == (closed, later)
        assert store.gaps("ours", region="reg-2") == ()
        assert store.gaps("theirs") == ()


class TestExpectedPasses:
    EXPECTED = "expected_s2_078_20240501"

    def expected(self, settlement: str, **changes: Any) -> Any:
        late = {"status": ObservationStatus.NOT_DELIVERED, "usable": 0.0, "detail": {}}
        changes = {"acquisition": self.EXPECTED, **late, **changes}
        return a.look(settlement=settlement, **changes)

    def test_the_pass_itself_takes_the_place_of_the_expected_one(self, store: Store) -> None:
        other = self.expected("set-1", cell="36N_0513_0143")
        put(store, self.expected("set-1"), self.expected("set-2"), other)
        with store.transaction() as tx:
            place = ("ours", "reg-1", "36N_0512_0143", "indices")
            assert tx.replace_expected(*place, self.EXPECTED) == 2
            for settlement in ("set-1", "set-2"):
                tx.put_ledger(a.look(settlement=settlement))
        rows = {(row.cell, row.acquisition, row.settlement) for row in self.ledger(store)}
        assert rows == {
            ("36N_0512_0143", "S2A-1", "set-1"),
            ("36N_0512_0143", "S2A-1", "set-2"),
            ("36N_0513_0143", self.EXPECTED, "set-1"),
        }
        (total,) = store.ledger_totals("ours", "reg-1")["reg-1"].values()
        assert total.looks == 2

    def test_what_was_said_of_the_expected_pass_stays_readable(self, store: Store) -> None:
        told = [self.expected("set-1"), self.expected("set-1", detail={"reason": "36 h late"})]
        put(store, *told)
        self.replace(store)
        look = ("ours", "reg-1", "36N_0512_0143", self.EXPECTED, "indices", "set-1")
        assert store.ledger_history(*look) == tuple(told)
        put(store, again := self.expected("set-1", detail={"reason": "taken back"}))
        assert store.ledger_history(*look) == (*told, again)
        assert self.ledger(store) == (again,)

    def test_replacing_what_is_not_there_changes_nothing(self, store: Store) -> None:
        put(store, a.look())
        assert self.replace(store) == 0
        assert self.replace(store, organisation="theirs") == 0
        assert self.ledger(store) == (a.look(),)

    def test_a_transaction_that_fails_takes_nothing_back(self, store: Store) -> None:
        put(store, self.expected("set-1"))
        with pytest.raises(RuntimeError), store.transaction() as tx:
            tx.replace_expected("ours", "reg-1", "36N_0512_0143", "indices", self.EXPECTED)
            raise RuntimeError
        assert self.ledger(store) == (self.expected("set-1"),)

    def replace(self, store: Store, organisation: str = "ours") -> int:
        with store.transaction() as tx:
            return tx.replace_expected(
                organisation, "reg-1", "36N_0512_0143", "indices", self.EXPECTED
            )

    def ledger(self, store: Store) -> tuple[Any, ...]:
        return store.ledger("ours", "reg-1").items
