"""Of whom alerts wait is read off an index: however many wait, nobody goes through them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from hearthwatch.store import SqlStore, tables
from hearthwatch.store.codec import microseconds, to_row
from hearthwatch.store.sql_alerts import who_waits
from tests.contract import store_records as a
from tests.contract.test_store import STORES

MANY = 20_000
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgis"], scope="module")
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlStore]:
    """With many alerts that wait of one receiver, and one each of three others."""
    made = STORES[request.param](tmp_path_factory.mktemp("waiting"))
    assert isinstance(made, SqlStore)
    for organisation in ("ours", "theirs"):
        a.with_region(made, organisation)
        with made.transaction() as tx:
            tx.put_event(a.event(organisation=organisation))
            for name in ("rcv-1", "rcv-2"):
                tx.put_receiver(a.receiver(organisation=organisation, id=name))
    plain = to_row(a.alert())
    with made.transaction() as tx:
        rows = [plain | {"id": f"alr-{n}", "sequence": n} for n in range(MANY)]
        tx._connection.execute(insert(tables.alerts), rows)  # type: ignore[attr-defined]
        tx.add_alerts([
            a.alert(id="alr-x", receiver="rcv-2", due=a.NOON - MINUTE),
            a.alert(organisation="theirs", due=a.NOON + MINUTE),
            a.alert(organisation="theirs", id="alr-2", receiver="rcv-2", due=a.NOON + a.DAY),
        ])  # fmt: skip
        tx._connection.execute(text("ANALYZE alerts"))  # type: ignore[attr-defined]
    yield made
    made.close()


def test_everybody_is_found_who_waits_and_nobody_else(store: SqlStore) -> None:
    assert store.untold(a.NOON) == (("ours", "rcv-2"), ("ours", "rcv-1"))
    assert store.untold(a.NOON + MINUTE)[2:] == (("theirs", "rcv-1"),)
    assert store.untold(a.NOON - 2 * MINUTE) == ()


def test_one_alert_of_each_is_read(store: SqlStore) -> None:
    with store._reader.connect() as connection:
        asked = who_waits().params(moment=microseconds(a.NOON))
        compiled = asked.compile(connection, compile_kwargs={"literal_binds": True})
        is_sqlite = connection.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)"
        rows = connection.exec_driver_sql(f"{explain} {compiled}").all()
    plan = "\n".join(" ".join(str(cell) for cell in row) for row in rows)
    if is_sqlite:
        by_index = "SEARCH others USING COVERING INDEX ix_alerts_waiting (message=? AND "
        assert f"{by_index}organisation=? AND receiver>?)" in plan
        assert f"{by_index}organisation>?)" in plan
        assert "SCAN alerts" not in plan and "BLOOM" not in plan
        assert plan.count("TEMP B-TREE") == 1  # Of the few that were found, by who waits longest.
    else:
        assert "(organisation = last.organisation) AND (receiver > last.receiver)" in plan
        assert plan.count("using ix_alerts_waiting") == 3
        assert "Seq Scan on alerts" not in plan
