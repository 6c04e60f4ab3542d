"""Databases of this, an older, a newer and another program's schema."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table

from hearthwatch.errors import StoreError
from hearthwatch.records import EventFilter, ObservationStatus, RunOutcome
from hearthwatch.store import SqlStore, schema, sqlite
from hearthwatch.store.codec import Row, to_row
from hearthwatch.store.extent import Box
from hearthwatch.store.tables import metadata
from hearthwatch.store.window import YEAR
from tests.contract import store_records as a
from tests.support import new_database


@pytest.fixture(autouse=True)
def _every_migration_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "create_file", new_database.as_shipped["create_file"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "hearthwatch.db"
    SqlStore.open(path, write=True).close()
    return path


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = sqlite.writing_engine(path)
    yield engine
    engine.dispose()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_migrations_make_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"include_name": schema.is_ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_named(engine: Engine) -> None:
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(schema.alembic_config(connection))
        assert schema.revision(connection) == schema.HEAD == script.get_current_head()


def test_every_table_says_whose_what_and_how_real(engine: Engine) -> None:
    # A settlement may be watched for several kinds, and a key opens the records of all.
    of_no_kind = {"settlements": {"kind"}, "settlement_versions": {"kind"}}
    # An account with a provider serves regions of every kind and mode.
    accounts = ("spends", "pauses", "marks", "known_scenes", *HEAT)
    of_accounts = {table: {"kind", "mode"} for table in accounts}
    of_people = {table: {"kind", "mode"} for table in PEOPLE}
    exempt = {**of_no_kind, **of_accounts, **of_people, "api_keys": {"kind", "mode"}}
    for table in metadata.sorted_tables:
        told = {"organisation", "kind", "mode"} - exempt.get(table.name, set())
        assert told <= set(table.c.keys()), table.name


HEAT = ("heat_spots", "heat_covers", "heat_sources")
"""What a satellite sees is of no kind of watch."""
PEOPLE = (
    "organisations", "people", "sessions", "passes", "leases", "audit", "changes", "renderings",
    "tellings", "proposals", "claims", "receivers", "subscriptions", "messages", "attempts",
    "responders", "responses", "response_steps", "notes", "effects",
    "alarms",
    "context_observations",
)  # fmt: skip
"""Who may ask, what they did and what they let others know is of no kind of watch."""
OF_0002 = {
    "settlements": a.settlement(),
    "settlement_versions": a.settlement(),
    "api_keys": a.api_key(),
}
OF_0006 = {
    "event_sources": a.source(id="evt-1", reached="watch"),
    "event_source_versions": a.source(id="evt-1", reached="watch"),
}
SINCE_0002 = {"runs": {"done": 0, "total": 0, "sensed": None, "detail": ""}}
SINCE_0003 = {
    table: {"settlement": ""}
    for table in ("ledger", "ledger_history", "events", "event_versions", "detections")
}
OF_AN_EVENT = {"change": "", "said_by": "", "merged_into": ""}
SINCE_0005 = {
    "events": OF_AN_EVENT,
    "event_versions": OF_AN_EVENT,
    # What was said of an event then was said of the only source it had.
    "detections": {"source": "evt-1"},
}
WATCH = {"level": "routine", "level_until": None, "level_reason": "", "terms": "{}"}
SINCE_0007 = {
    "regions": WATCH,
    "region_versions": WATCH,
    # Where each one lies, reckoned from its outline.
    "detections": Box(*a.detection().geometry.bounds)._asdict(),
    "api_keys": {"scopes": "[]", "replaces": "", "made_by": "", "used": None},
    "settlements": {"pcode": ""},
    "settlement_versions": {"pcode": ""},
}
SINCE_0011 = {table: {"raised": "{}"} for table in ("regions", "region_versions")}
SINCE_0016 = {"api_keys": {"shown_to": ""}}
SINCE = {
    "0001": SINCE_0002, "0002": SINCE_0003, "0005": SINCE_0005, "0007": SINCE_0007,
    "0011": SINCE_0011, "0016": SINCE_0016,
}  # fmt: skip
"""Last revision without them, and the columns."""
ADDED: dict[str, dict[str, Row]] = {
    revision: {
        table: {
            name: value
            for since, added in SINCE.items()
            if revision <= since
            for name, value in added.get(table, {}).items()
        }
        for table in {name for added in SINCE.values() for name in added}
    }
    for revision in ("0001", "0002", "0003", "0004", "0005", "0007")
}
"""Columns that came after a revision, with what they say of the rows from before."""


def make_of(path: Path, revision: str) -> dict[str, list[Row]]:
    """Make a database of an older schema with a row in every table; return the rows."""
    records = {
        "regions": a.region(expires=a.NOON),
        "region_versions": a.region(),
        "runs": a.run(outcome=RunOutcome.INTERRUPTED),
        "jobs": a.job(),
        "state_versions": a.state(),
        "ledger": a.look(),
        "ledger_history": a.look(status=ObservationStatus.NOT_DELIVERED),
        "events": a.event(),
        "event_versions": a.event(),
        "detections": a.detection(source="evt-1" if revision > "0005" else ""),
        **(OF_0002 if revision > "0001" else {}),
        **(OF_0006 if revision > "0005" else {}),
    }
    sqlite.create_file(path)
    engine = sqlite.writing_engine(path)
    with engine.begin() as connection:
        command.upgrade(schema.alembic_config(connection), revision)
        for name, record in records.items():
            first = Table(name, MetaData(), autoload_with=connection)
            row = to_row(record) | Box(*a.VILLAGE.bounds)._asdict()
            # What came after this schema is not there yet.
            known = {column: value for column, value in row.items() if column in first.c}
            connection.execute(first.insert(), known)
    engine.dispose()
    return all_rows(path, tuple(records))


def all_rows(path: Path, tables: tuple[str, ...]) -> dict[str, list[Row]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
            for name in tables
        }


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("revision", list(ADDED))
def test_bringing_an_older_schema_up_keeps_every_row(
    tmp_path: Path, revision: str, alone: bool
) -> None:
    path = tmp_path / "hearthwatch.db"
    before = make_of(path, revision)
    with closing(SqlStore.open(path, write=True, alone=alone)) as store:
        assert store.region("ours", "reg-1") == a.region(expires=a.NOON)
        assert store.runs("ours") == (a.run(outcome=RunOutcome.INTERRUPTED),)
        assert store.done(a.key())
        assert store.looks("ours", "S2A-1") == (a.look(),)
        assert store.events("ours", EventFilter(bbox=(25, 13, 26, 14))).items == (a.event(),)
        assert store.detections("ours", "evt-1") == (a.detection(source="evt-1"),)
        assert store.source_detections("ours", "evt-1") == (a.detection(source="evt-1"),)
        (source,) = store.sources("ours", "evt-1")
        assert store.source_history("ours", "evt-1") == (source,)
        assert source == a.source(id="evt-1", reached="watch")
        assert store.spends("ours").items == ()
        with store.transaction() as tx:
            tx.put_scenes([a.known_scene()])
        assert store.known_scenes("ours", "reg-1", "stac") == (a.known_scene(),)
    new = ADDED[revision]
    after = all_rows(path, tuple(before))
    assert after == {
        table: [row | new.get(table, {}) for row in rows] for table, rows in before.items()
    }
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_episode_that_had_ended_is_brought_up_with_how_far_it_had_come(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    make_of(path, "0005")
    states = ["WATCH", "PROBABLE", "ESTABLISHED", "CLOSED", "CLOSED"]
    with closing(sqlite3.connect(path)) as connection:
        for number, state in enumerate(states, 1):
            connection.execute("UPDATE events SET detector_state = ?, version = ?", (state, number))
            if number == 1:
                connection.execute("UPDATE event_versions SET detector_state = ?", (state,))
                continue
            columns = [row[1] for row in connection.execute("PRAGMA table_info(event_versions)")]
            kept = ", ".join(
                name for name in columns if name not in ("seq", "version", "detector_state")
            )
            connection.execute(
                f"INSERT INTO event_versions ({kept}, version, detector_state) "
                f"SELECT {kept}, ?, ? FROM event_versions WHERE version = 1",
                (number, state),
            )
        connection.commit()
    with closing(SqlStore.open(path, write=True)) as store:
        history = store.source_history("ours", "evt-1")
        assert [one.reached for one in history] == [*states[:3], "ESTABLISHED", "ESTABLISHED"]
        assert store.source("ours", "evt-1").reached == "ESTABLISHED"


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_the_way_back_to_an_older_schema_keeps_its_rows(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "hearthwatch.db"
    before = make_of(path, revision)
    with closing(SqlStore.open(path, write=True)) as store, store.transaction() as tx:
        tx.put_settlements([a.settlement(id="set-2")])
        tx.put_key(a.api_key(id="another"))
        for settlement in ("set-1", "set-2"):
            # The older schema has one row for a look, and that of the whole area is there.
            tx.put_ledger(a.look(settlement=settlement))
            tx.put_ledger(a.look(settlement=settlement, usable=0.5))
    engine = sqlite.writing_engine(path)
    with engine.begin() as connection:
        command.downgrade(schema.alembic_config(connection), revision)
    engine.dispose()
    kept = all_rows(path, tuple(before))
    for table, rows in before.items():
        assert kept[table][: len(rows)] == rows
        assert len(kept[table]) == len(rows) + (table in OF_0002)


def test_a_ledger_brought_up_tells_settlements_apart_and_still_needs_its_region(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hearthwatch.db"
    make_of(path, "0002")
    rows = [a.look(settlement=settlement) for settlement in ("", "set-1", "set-2")]
    with closing(SqlStore.open(path, write=True)) as store:
        # A reference waits for the end of its transaction, as it did before.
        with store.transaction() as tx:
            for row in rows:
                tx.put_ledger(row)
            tx.put_ledger(a.look(region="reg-9"))
            tx.put_region(a.region(id="reg-9"))
        with pytest.raises(StoreError, match="does not hold"), store.transaction() as tx:
            tx.put_ledger(a.look(region="nowhere"))
        assert store.ledger("ours", "reg-1").items == tuple(rows)


def test_the_index_counts_years_as_the_question_does(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        divisors = re.findall(r"/ (\d+)\.0", "".join(sql for (sql,) in rows))
    assert set(divisors) == {str(YEAR)}


def test_the_way_down_and_up_again_leads_to_the_same_place(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(schema.alembic_config(connection), "base")
        left = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql NOT NULL")
        assert {name for (name,) in left} <= {"alembic_version", "sqlite_sequence"}
        command.upgrade(schema.alembic_config(connection), "head")


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_schema_is_refused(path: Path, write: bool) -> None:
    change(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"9999.*Install a newer hearthwatch"):
        SqlStore.open(path, write=write)


def test_an_older_schema_is_not_read_until_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    path.touch()
    with pytest.raises(StoreError, match="older version"):
        SqlStore.open(path)
    SqlStore.open(path, write=True).close()
    SqlStore.open(path).close()


@pytest.mark.parametrize("write", [True, False])
def test_a_database_of_another_program_is_left_alone(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE theirs (id)")
    with pytest.raises(StoreError, match="another program"):
        SqlStore.open(path, write=write)
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("theirs",)]


def test_a_migration_that_fails_leaves_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hearthwatch.db"

    def cut_short(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.create_index", cut_short)
        with pytest.raises(KeyboardInterrupt):
            SqlStore.open(path, write=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    SqlStore.open(path, write=True).close()


def test_opening_again_changes_nothing(path: Path) -> None:
    with closing(SqlStore.open(path, write=True)) as store:
        a.with_region(store)
    with closing(SqlStore.open(path, write=True)) as store:
        assert store.regions("ours") == (a.region(),)
