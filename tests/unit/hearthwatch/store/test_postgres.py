"""PostgreSQL: who may write when, what is promised, and what is said when it fails."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from hearthwatch.errors import HearthwatchError, StoreError, StoreLocked
from hearthwatch.store import SqlStore, postgres, schema
from hearthwatch.store.faults_server import of_server
from hearthwatch.store.tables import metadata
from tests.contract import store_records as a
from tests.support import postgis

pytestmark = pytest.mark.needs_postgis
ROOT = Path(__file__).resolve().parents[4]
HOLD = """
import sys
from hearthwatch.store import SqlStore
store = SqlStore.open(sys.argv[1], write=True, alone=sys.argv[2] == "alone")
if sys.argv[2] == "writing":
    context = store.transaction()
    context.__enter__()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def address() -> str:
    return postgis.server().empty()


@pytest.fixture
def store(address: str) -> Iterator[SqlStore]:
    with closing(SqlStore.open(address, write=True)) as store:
        yield store


def holder(address: str, how: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, address, how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "postgresql://me:s3cret@host/db",
            "postgresql://host/db?password=s3cret",
            "postgresql://me@host/db?sslmode=require&password=s3cret",
            "postgresql://me:s3cret@[::1]:5432/db",
            "postgresql://me:s3/cret@host/db",
            "postgresql://me:s3#cret@host/db",
            "postgresql://me:s3@cret@host/db",
        ],
    )
    def test_one_with_a_password_is_refused_and_not_repeated(self, address: str) -> None:
        with pytest.raises(StoreError, match="PGPASSFILE") as caught:
            SqlStore.open(address)
        assert "cret" not in str(caught.value)
        assert caught.value.__cause__ is None

    @pytest.mark.parametrize(
        "address",
        [
            "postgresql://me@host:5432/db?sslmode=verify-full",
            "postgres://[::1]/db",
            "postgresql://me@one:1,two:2/db?target_session_attrs=read-write",
            "postgresql:///db?host=/run/postgresql&passfile=/run/secrets/pgpass",
            "postgresql://me@%2Frun%2Fpostgresql/db",
        ],
    )
    def test_every_other_form_of_libpq_is_taken(self, address: str) -> None:
        assert postgres.checked(address) == address

    def test_one_that_cannot_be_read_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(StoreError, match="it must be") as caught:
            SqlStore.open("postgresql://me@host:12:s3cret/db")
        assert "s3cret" not in str(caught.value)

    def test_a_store_and_its_parts_tell_no_password(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGPASSWORD", "s3cret")
        with closing(SqlStore.open(address, write=True)) as store:
            told = f"{store!r} {vars(store)!r} {store._writer!r} {store._writer.url!r}"  # type: ignore[union-attr]
        assert "s3cret" not in told


class TestServers:
    def test_one_that_is_not_there_is_told_of(self, tmp_path: Path) -> None:
        with pytest.raises(StoreLocked, match=r"cannot be reached.*HEARTHWATCH_DATABASE"):
            SqlStore.open(f"postgresql://me@/db?host={tmp_path}")

    def test_a_database_that_is_not_there_is_told_of(self) -> None:
        with pytest.raises(StoreError, match="createdb"):
            SqlStore.open(postgis.server().address("nothing"))

    def test_a_database_of_another_program_is_left_alone(self) -> None:
        address = postgis.server().make()
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE theirs (id int)")
        with pytest.raises(StoreError, match="another program"):
            SqlStore.open(address, write=True)

    def test_a_database_that_is_not_in_utf8_is_refused(self) -> None:
        server = postgis.server()
        server.say("CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'")
        with pytest.raises(StoreError, match="LATIN1"):
            SqlStore.open(server.address("latin"), write=True)

    def test_whoever_may_not_make_an_extension_learns_who_must(self) -> None:
        server = postgis.server()
        address = server.make()
        server.say("DROP ROLE IF EXISTS weak")
        server.say("CREATE ROLE weak LOGIN")
        with pytest.raises(StoreError, match=r"administrator.*CREATE EXTENSION postgis"):
            SqlStore.open(address.replace(f"{postgis.USER}@", "weak@"), write=True)

    def test_the_store_goes_on_when_the_server_is_back(self, store: SqlStore) -> None:
        a.with_region(store)
        server = postgis.server()
        server.stop("immediate")
        for _ in range(2):
            with pytest.raises(StoreLocked, match="cannot be reached"):
                store.regions("ours")
            with pytest.raises(StoreLocked, match="cannot be reached"), store.transaction():
                pass
        server.start()
        assert store.regions("ours") == (a.region(),)
        with store.transaction() as tx:
            tx.put_region(a.region(id="reg-2", name="Two"))
        assert len(store.regions("ours")) == 2

    def test_an_error_does_not_repeat_what_was_written(self, store: SqlStore) -> None:
        with store._writer.connect() as connection:  # type: ignore[union-attr]
            connection.execute(text("ALTER TABLE regions ADD CHECK (name <> 'Secret')"))
            connection.commit()
        try:
            with (
                pytest.raises(StoreError, match="CheckViolation") as caught,
                store.transaction() as tx,
            ):
                tx.put_region(a.region(name="Secret"))
            assert "Secret" not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__
        finally:
            with store._writer.connect() as connection:  # type: ignore[union-attr]
                connection.execute(text("ALTER TABLE regions DROP CONSTRAINT regions_name_check"))
                connection.commit()

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (psycopg.errors.DiskFull(), "Make room"),
            (psycopg.errors.TooManyConnections(), "no connection left"),
            (psycopg.errors.QueryCanceled(), "took too long"),
            (psycopg.errors.InvalidPassword(), "refused the login"),
            (psycopg.errors.AdminShutdown(), "cannot be reached"),
            (psycopg.errors.ProgramLimitExceeded(), "too long"),
            (psycopg.errors.IdleInTransactionSessionTimeout(), "cannot be reached"),
            (psycopg.OperationalError("fe_sendauth: no password supplied"), "PGPASSFILE"),
            (psycopg.OperationalError("FATAL:  sorry, too many clients"), "max_connections"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_errors_say_what_to_do(self, error: psycopg.Error, words: str) -> None:
        told = of_server(error)
        assert isinstance(told, HearthwatchError)
        assert words in told.message


class TestTurns:
    def test_the_second_writer_alone_learns_who_the_first_is(self, address: str) -> None:
        first = holder(address, "alone")
        try:
            with pytest.raises(StoreLocked, match=rf"Process {first.pid} on .* stop it"):
                SqlStore.open(address, write=True)
            with closing(SqlStore.open(address, write=True, alone=False)) as beside:
                a.with_region(beside)
        finally:
            end(first)
        _until(lambda: SqlStore.open(address, write=True).close())

    def test_this_process_is_told_that_it_is_itself(self, store: SqlStore, address: str) -> None:
        with pytest.raises(StoreLocked, match="This process"):
            SqlStore.open(address, write=True)

    def test_a_writer_waits_for_its_turn_only_so_long(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.2)
        with closing(SqlStore.open(address, write=True, alone=False)) as beside:
            writing = holder(address, "writing")
            try:
                with pytest.raises(StoreLocked, match="did not let go"), beside.transaction():
                    pass
                assert beside.regions("ours") == ()
            finally:
                end(writing)
            _until(lambda: a.with_region(beside))
        assert beside._closed

    def test_a_frozen_writer_does_not_hold_up_the_others_for_ever(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "IDLE_SECONDS", 0.3)
        with (
            closing(SqlStore.open(address, write=True, alone=False)) as frozen,
            closing(SqlStore.open(address, write=True, alone=False)) as other,
        ):
            with pytest.raises(StoreLocked, match="cannot be reached"), frozen.transaction() as tx:
                tx.put_region(a.region(name="too late"))
                a.with_region(other)
                tx.put_region(a.region(id="reg-2"))
            assert other.regions("ours") == (a.region(),)
            with frozen.transaction() as tx:
                tx.put_region(a.region(id="reg-2", name="Two"))

    def test_a_lock_that_was_lost_is_taken_again_or_nothing_is_written(
        self, store: SqlStore, address: str
    ) -> None:
        cut = (
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            f"AND objid = 2 AND database = (SELECT oid FROM pg_database "
            f"WHERE datname = '{address.split('/')[3].split('?')[0]}')"
        )
        postgis.server().say(cut)
        a.with_region(store)
        with pytest.raises(StoreLocked, match="This process"):
            SqlStore.open(address, write=True)
        postgis.server().say(cut)
        other = holder(address, "alone")
        try:
            with pytest.raises(StoreLocked, match=f"Process {other.pid}"), store.transaction():
                pass
        finally:
            end(other)

    # From Python 3.12 on, a fork beside other threads (of pytest-xdist, here) is warned of.
    @pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
    def test_a_forked_worker_neither_holds_the_lock_on_nor_breaks_it(
        self, store: SqlStore, address: str
    ) -> None:
        a.with_region(store)
        fork = get_context("fork")
        running, wait = fork.Event(), fork.Event()
        worker = fork.Process(target=lambda: (running.set(), wait.wait()))
        worker.start()
        try:
            assert running.wait(30)
            assert store.regions("ours") == (a.region(),)
            with pytest.raises(StoreLocked):
                SqlStore.open(address, write=True)
            store.close()
            SqlStore.open(address, write=True).close()
        finally:
            wait.set()
            worker.join()

    def test_the_writer_promises_what_it_does(self, store: SqlStore) -> None:
        def asked(engine, *names: str) -> dict[str, str]:  # type: ignore[no-untyped-def]
            with engine.connect() as connection:
                return {
                    name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names
                }

        shared = {"statement_timeout": "1min", "lock_timeout": "30s"}
        shared |= {"idle_in_transaction_session_timeout": "2min", "tcp_keepalives_idle": "0"}
        writer = {"transaction_isolation": "read committed", "transaction_read_only": "off"}
        reader = {"transaction_isolation": "repeatable read", "transaction_read_only": "on"}
        assert asked(store._writer, *shared, *writer) == shared | writer
        assert asked(store._reader, *shared, *reader) == shared | reader

    def test_no_question_can_write_be_it_in_a_transaction_or_not(self, store: SqlStore) -> None:
        for engine in (store._reader, store._single):
            with engine.connect() as connection, pytest.raises(InternalError, match="read-only"):
                connection.exec_driver_sql("DELETE FROM events")


class TestSchema:
    @pytest.mark.filterwarnings("ignore:Did not recognize type 'geometry'")
    def test_the_migrations_make_the_tables_of_the_code(self, address: str) -> None:
        engine = postgres.lasting_engine(address, read_only=True)
        with engine.connect() as connection:
            options = {"include_name": schema.is_ours, "compare_type": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []
        engine.dispose()

    def test_every_text_is_sorted_by_code_point(self, address: str) -> None:
        with psycopg.connect(address) as connection:
            found = connection.execute(
                "SELECT table_name, collation_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND data_type = 'text'"
            ).fetchall()
        ours = [collation for table, collation in found if table in metadata.tables]
        assert len(ours) > 200
        assert set(ours) == {"C"}

    def test_the_way_down_and_up_again_leads_to_the_same_place(self) -> None:
        address = postgis.server().make("ours")
        engine = postgres.lasting_engine(address, read_only=False)
        with engine.begin() as connection:
            command.downgrade(schema.alembic_config(connection), "base")
            assert schema.table_names(connection) == ["alembic_version"]
            command.upgrade(schema.alembic_config(connection), "head")
        engine.dispose()
        SqlStore.open(address, write=True).close()

    def test_a_newer_schema_is_refused(self) -> None:
        address = postgis.server().make("ours")
        with psycopg.connect(address) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for write in (True, False):
            with pytest.raises(StoreError, match="Install a newer hearthwatch"):
                SqlStore.open(address, write=write)

    def test_an_empty_database_is_brought_up_once_while_several_come(self) -> None:
        address = postgis.server().make()
        with ThreadPoolExecutor(3) as pool:
            opened = pool.map(lambda _: SqlStore.open(address, write=True, alone=False), range(3))
            for store in opened:
                store.close()
        SqlStore.open(address).close()

    def test_a_migration_that_fails_leaves_nothing_of_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = postgis.server().make()

        def cut_short(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("alembic.operations.Operations.create_index", cut_short)
            with pytest.raises(KeyboardInterrupt):
                SqlStore.open(address, write=True)
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT to_regclass('regions')").fetchone() == (None,)
        SqlStore.open(address, write=True).close()


def _until(act) -> None:  # type: ignore[no-untyped-def]
    """Try until it goes: the server notices that a process was killed a moment later."""
    for _ in range(100):
        try:
            act()
        except StoreLocked:
            time.sleep(0.05)
        else:
            return
    act()
