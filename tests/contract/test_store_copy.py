"""A store copied to another database and back is the same store."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box
from sqlalchemy import Connection, Table

from hearthwatch.errors import StoreError, StoreLocked
from hearthwatch.records import ObservationStatus, RunOutcome
from hearthwatch.store import Store, checking, copying, open_store, rules
from hearthwatch.store.copying import copy_store, digests
from hearthwatch.store.rows import TableDigest, every_table
from tests.contract import store_records as a
from tests.support import postgis

pytestmark = pytest.mark.needs_postgis
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**63), 2**63 - 1)
TIMES = st.integers(0, 10**6).map(lambda n: a.NOON + n * a.DAY / 86_400)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hearthwatch.db"


def filled(place: Path | str) -> Store:
    """Open a store with a row in every table."""
    store = a.with_region(open_store(place, write=True))
    with store.transaction() as tx:
        tx.put_region(a.region(removed=a.NOON))
        tx.put_region(a.region())
        tx.put_settlements([a.settlement(), a.settlement(id="set-2", name="É")])
        tx.put_run(a.run(outcome=RunOutcome.COMPLETE, finished=a.NOON))
        for version in (1, 2, 3):
            tx.put_event(a.event(version=version, geometry=box(-0.0, 0, 1, version)))
            tx.put_source(a.source(version=version))
        tx.add_detections([a.detection(), a.detection(id="det-2", source="src-1")])
        tx.add_opinions([a.opinion()])
        tx.put_ledger(a.look())
        tx.put_ledger(a.look(status=ObservationStatus.NOT_DELIVERED))
        tx.finish_job(a.job())
        tx.add_state(a.state(), 4)
        tx.put_spend(a.settled())
        tx.put_pause(a.pause())
        tx.put_mark(a.mark())
        tx.put_scenes([a.known_scene()])
        tx.put_gap(a.gap())
        tx.put_calibration(a.calibration())
        tx.choose_calibration(a.choice())
        tx.add_heat([a.heat_spot()])
        tx.put_heat_cover(a.heat_cover())
        tx.put_heat_source(a.heat_source())
        tx.put_organisation(a.organisation())
        tx.put_person(a.person())
        tx.put_session(a.session())
        tx.put_key(a.api_key())
        tx.put_pass(a.pass_())
        tx.take_lease(a.lease())
        for number in range(3):
            tx.add_audit(a.audit_entry(subject=f"event evt-{number}"))
        tx.add_rendering(a.rendering())
        tx.add_telling(a.telling())
        tx.put_proposal(a.proposal())
        tx.put_claim(a.claim())
        tx.put_assessment(a.assessment())
        tx.put_backtest(a.backtest())
    with store.transaction() as tx:
        _tell(tx)
    return store


def _tell(tx: Any) -> None:
    tx.put_receiver(a.receiver())
    tx.put_subscription(a.subscription())
    tx.add_alerts([a.alert()])
    tx.put_message(a.message(), ["alr-1"])
    tx.add_attempt(a.attempt())
    tx.put_alarm(a.alarm())


def test_there_and_back_is_the_same_store(file: Path, tmp_path: Path) -> None:
    filled(file).close()
    server, back = postgis.server().empty(), tmp_path / "back.db"
    there = copy_store(file, server)
    again = copy_store(server, back)
    assert [name for name, one in there.items() if not one.rows] == [], "not tried"
    assert there == again == digests(file) == digests(server) == digests(back)
    assert rows_of(file) == rows_of(back)
    assert checking.faults(back) == []
    with closing(open_store(server)) as copied, closing(open_store(file)) as first:
        assert copied.event_history("ours", "evt-1") == first.event_history("ours", "evt-1")
        assert copied.changes("ours") == first.changes("ours")
        previous = rules.FIRST_PREVIOUS
        for entry in copied.audit("ours"):
            assert entry.previous == previous
            assert rules.sealed(entry) == entry
            previous = entry.sha256
        assert len(copied.audit("ours")) == 3


def test_the_planner_of_a_copy_knows_how_much_there_is(file: Path, tmp_path: Path) -> None:
    filled(file).close()
    server = postgis.server().empty()
    copy_store(file, server)
    copy_store(server, tmp_path / "back.db")
    with psycopg.connect(server) as connection:
        asked = "SELECT reltuples FROM pg_class WHERE relname = 'events'"
        (counted,) = connection.execute(asked).fetchone() or (None,)
        (there,) = connection.execute("SELECT count(*) FROM events").fetchone() or (None,)
    assert counted == there > 0
    with closing(sqlite3.connect(tmp_path / "back.db")) as connection:
        told = connection.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_events_time'")
        assert told.fetchone()[0].split()[0] == str(there)


def test_numbers_go_on_where_they_were_even_above_rows_that_are_gone(
    file: Path, tmp_path: Path
) -> None:
    filled(file).close()
    with closing(sqlite3.connect(file)) as connection, connection:
        last = connection.execute("SELECT max(seq) FROM region_versions").fetchone()[0]
        connection.execute("DELETE FROM region_versions WHERE seq = ?", [last])
    server, back = postgis.server().empty(), tmp_path / "back.db"
    copy_store(file, server)
    copy_store(server, back)
    for place in (server, back):
        with closing(open_store(place, write=True)) as store, store.transaction() as tx:
            tx.put_region(a.region(id="reg-new"))
        connect = psycopg.connect if place == server else sqlite3.connect
        with closing(connect(place)) as connection:
            new = connection.execute("SELECT seq FROM region_versions WHERE id = 'reg-new'")
            assert new.fetchone()[0] == last + 1


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables and nothing in them: to make one takes longer than to copy it."""
    path = tmp_path_factory.mktemp("nothing") / "nothing.db"
    open_store(path, write=True).close()
    return path


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(WORDS, NUMBERS, WHOLE, TIMES), max_size=6),
    st.dictionaries(WORDS, st.one_of(NUMBERS, WORDS, WHOLE), max_size=4),
)
def test_any_record_comes_through(
    tmp_path: Path, nothing: Path, drawn: list, evidence: dict
) -> None:
    first, back = tmp_path / "first.db", tmp_path / "back.db"
    for path in (first, back):
        shutil.copy(nothing, path)
    server = postgis.server().empty()
    with (
        closing(a.with_region(open_store(first, write=True))) as store,
        store.transaction() as tx,
    ):
        for number, (word, real, whole, time) in enumerate(drawn):
            tx.put_event(
                a.event(
                    id=f"{number}{word}", cell=word, area_m2=real, looks=whole, observed=word,
                    first_changed=time, evidence=evidence, geometry=Point(number, -0.0),
                )
            )  # fmt: skip
    copy_store(first, server)
    copy_store(server, back)
    assert rows_of(first) == rows_of(back)
    with closing(open_store(first)) as store, closing(open_store(server)) as copied:
        for number, (word, *_) in enumerate(drawn):
            its_id = f"{number}{word}"
            assert copied.event("ours", its_id) == store.event("ours", its_id)


class TestRefused:
    def test_a_store_that_holds_something_stays_as_it_was(self, file: Path, tmp_path: Path) -> None:
        filled(file).close()
        server, other = postgis.server().empty(), tmp_path / "other.db"
        for place in (server, other):
            with closing(open_store(place, write=True)) as store, store.transaction() as tx:
                tx.put_organisation(a.organisation(name="Theirs"))
            before = digests(place)
            with pytest.raises(StoreError, match="holds something already"):
                copy_store(file, place)
            assert digests(place) == before

    def test_a_store_that_is_not_there(self, file: Path) -> None:
        with pytest.raises(StoreError, match="no database"):
            copy_store(file, postgis.server().empty())

    def test_a_store_that_somebody_writes_alone(self, file: Path) -> None:
        server = postgis.server().empty()
        with closing(filled(file)), pytest.raises(StoreLocked):
            copy_store(file, server)
        with closing(open_store(server, write=True)), pytest.raises(StoreLocked):
            copy_store(file, server)
        assert not any(one.rows for one in digests(server).values())

    @pytest.mark.parametrize("cut", ["an error", "another row"])
    def test_what_goes_wrong_leaves_an_empty_store(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, cut: str
    ) -> None:
        filled(file).close()
        server = postgis.server().empty()
        last = every_table()[-1].name

        def spoil(table: str, rows: int) -> None:
            if table == last:
                raise KeyboardInterrupt

        if cut == "an error":
            with pytest.raises(KeyboardInterrupt):
                copy_store(file, server, spoil)
        else:
            told = copying.digest

            def other(connection: Connection, table: Table) -> TableDigest:
                found = told(connection, table)
                return replace(found, rows=0) if table.name == last else found

            with monkeypatch.context() as patch:
                patch.setattr(copying, "digest", other)
                with pytest.raises(StoreError, match=f"{last} does not come back"):
                    copy_store(file, server)
        assert not any(one.rows for one in digests(server).values())
        copy_store(file, server)
        assert digests(server) == digests(file)


class TestCheck:
    def test_a_sound_store_has_no_fault(self, file: Path) -> None:
        filled(file).close()
        assert checking.faults(file) == []

    def test_a_server_that_may_lose_commits_is_told_of(self) -> None:
        told = checking.faults(postgis.server().empty())
        assert [word.split(" with ")[1].split()[0] for word in told] == [
            "fsync",
            "full_page_writes",
        ]

    def test_a_counter_behind_its_rows_and_another_order_are_told_of(self, file: Path) -> None:
        filled(file).close()
        server = postgis.server().make("ours")
        copy_store(file, server)
        with psycopg.connect(server) as connection:
            connection.execute("SELECT setval('changes_number_seq', 1)")
            connection.execute('ALTER TABLE regions ALTER name TYPE text COLLATE "en-x-icu"')
        told = "\n".join(checking.faults(server))
        assert "changes would get a number that is taken" in told
        assert "regions.name is not sorted by code point" in told

    def test_a_damaged_file_is_told_of(self, file: Path) -> None:
        filled(file).close()
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE jobs SET run = 'nowhere'")
            connection.execute("DELETE FROM event_window")
        told = "\n".join(checking.faults(file))
        assert "jobs names a row of runs" in told
        assert "index of windows" in told


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table.name: connection.execute(f"SELECT * FROM {table.name} ORDER BY 1").fetchall()
            for table in every_table()
        }
