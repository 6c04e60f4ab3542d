"""A question that no index answers is stopped, and the store goes on."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from hearthwatch.errors import StoreLocked
from hearthwatch.store import SqlStore, postgres, sqlite
from hearthwatch.store.faults import translated
from tests.contract import store_records as a
from tests.support import postgis

ENDLESS = text(
    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n"
)


def is_stopped(store: SqlStore) -> None:
    with (
        pytest.raises(StoreLocked, match="Ask for less"),
        store._connect(store._reader) as connection,
        translated(),
    ):
        connection.execute(ENDLESS)
    assert store.region("ours", "reg-1") == a.region()


def test_a_file_gives_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "STATEMENT_SECONDS", 0.2)
    with closing(SqlStore.open(tmp_path / "hearthwatch.db", write=True)) as store:
        a.with_region(store)
        is_stopped(store)


@pytest.mark.needs_postgis
def test_a_server_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 0.2)
    with closing(SqlStore.open(postgis.server().empty(), write=True)) as store:
        a.with_region(store)
        is_stopped(store)
