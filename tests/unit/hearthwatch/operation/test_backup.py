"""What was backed up comes back, all of it or none, and sets nothing off."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest
from alembic import command
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearthwatch.audit.verifying import verify
from hearthwatch.errors import BackupError, StoreError
from hearthwatch.layout import Layout, folder_name
from hearthwatch.operation import folder, vault
from hearthwatch.operation.restoring import check, contents
from hearthwatch.operation.sealing import recipient_of
from hearthwatch.operation.vault import Vault
from hearthwatch.records import RunOutcome
from hearthwatch.store import open_store
from hearthwatch.store.copying import digests
from hearthwatch.store.postgres import lasting_engine
from hearthwatch.store.schema import alembic_config
from tests.contract import store_records as a
from tests.support import backups as b
from tests.support import chips, postgis
from tiles.archive import Archive

TOUCHED = {"runs", "sessions", "leases", "audit", "changes"}
"""Tables that restoring writes to."""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return b.filled(tmp_path_factory.mktemp("template") / "var").root


@pytest.fixture
def layout(template, tmp_path):
    shutil.copytree(template, tmp_path / "var")
    return Layout(tmp_path / "var")


def untouched(place):
    return {name: one for name, one in digests(place).items() if name not in TOUCHED}


def test_all_comes_back_to_another_folder(layout, tmp_path):
    made = b.made(layout, tmp_path / "backups")
    restored = b.put_back(tmp_path / "backups", tmp_path / "new")
    new = Layout(tmp_path / "new")
    assert restored.name == made.name
    assert made.missing == restored.missing == ()
    assert untouched(new.database) == untouched(layout.database)
    here, there = (Archive(one.archive("ours")) for one in (layout, new))
    assert there.verify() == []
    assert there.manifest.head() == here.manifest.head()
    mine, its = b.tree(layout.root), b.tree(new.root)
    own = f"archive/{folder_name('ours')}"
    apart = ("hearthwatch.sqlite", "net/", "cubes/", "scratch/", f"{own}/manifest.jsonl.lock",
             f"{own}/.pulling", "restored.json")  # fmt: skip
    kept = {name: data for name, data in mine.items() if not name.startswith(apart)}
    assert kept == {name: data for name, data in its.items() if not name.startswith(apart)}
    assert b.STATE in kept
    assert "layers/ours/roads.geojson" in kept
    assert not [name for name in its if name.startswith(apart[1:4])]


def test_the_log_verifies_afterwards_and_tells_of_it(layout, tmp_path):
    made = b.made(layout, tmp_path / "backups")
    restored = b.put_back(tmp_path / "backups", tmp_path / "new")
    assert [(one.organisation, one.entries, one.broken) for one in restored.chains] == [
        ("ours", 5, None)
    ]
    with closing(open_store(Layout(tmp_path / "new").database)) as store:
        assert all(chain.broken is None for chain in verify(store))
        (entry,) = store.audit("")
    assert (entry.act, entry.subject) == ("restore", made.name)


def test_a_log_that_was_changed_before_is_told(layout, tmp_path):
    with closing(sqlite3.connect(layout.database)) as connection, connection:
        connection.execute("UPDATE audit SET subject = 'nothing' WHERE sequence = 3")
    b.made(layout, tmp_path / "backups")
    (chain,) = b.put_back(tmp_path / "backups", tmp_path / "new").chains
    assert chain.broken is not None
    assert chain.broken.sequence == 3


def test_nothing_is_set_off_again(layout, tmp_path):
    b.made(layout, tmp_path / "backups")
    b.put_back(tmp_path / "backups", tmp_path / "new")
    new = Layout(tmp_path / "new")
    with closing(open_store(new.database)) as store:
        assert store.waiting_runs() == ()
        assert store.run("ours", "run-9").outcome is RunOutcome.INTERRUPTED
        assert store.run("ours", "run-8").outcome is RunOutcome.COMPLETE
        assert all(one.ended is not None for one in store.sessions("ours"))
        assert store.lease(a.lease().name) is None
    told = json.loads(new.restored.read_text())
    assert told["taken"] < told["restored_at"]
    assert told["backup"] == Vault(tmp_path / "backups").backups()[0]


def test_a_second_backup_writes_only_what_is_new(layout, tmp_path):
    first = b.made(layout, tmp_path / "backups")
    again = b.made(layout, tmp_path / "backups")
    assert first.written > 300_000
    assert again.written < first.written / 20
    Archive(layout.archive("ours")).store(chips.chip(acquisition="S2A_20200710T092031"), chips.CELL)
    b.made(layout, tmp_path / "backups")
    names = Vault(tmp_path / "backups").backups()
    assert len(names) == 3
    for name, looks in zip(names, (2, 2, 3), strict=True):
        root = tmp_path / name
        b.put_back(tmp_path / "backups", root, name=name)
        assert len({r.acquisition for r in Archive(Layout(root).archive("ours")).listed()}) == looks


def test_a_large_file_is_shared_piece_by_piece(layout, tmp_path, monkeypatch):
    monkeypatch.setattr("hearthwatch.operation.backup.PIECE_BYTES", 1000)
    large = layout.root / "layers" / "large"
    large.write_bytes(bytes(i % 251 for i in range(30_500)))
    b.made(layout, tmp_path / "backups")
    with large.open("r+b") as file:
        file.seek(20_100)
        file.write(b"changed")
    again = b.made(layout, tmp_path / "backups")
    # The piece that changed, the list and the listing, which names every piece.
    assert again.written < 25_000
    b.put_back(tmp_path / "backups", tmp_path / "new")
    assert (tmp_path / "new" / "layers" / "large").read_bytes() == large.read_bytes()


def test_it_is_of_one_moment_while_the_service_writes(layout, tmp_path):
    """Every transaction writes an event and its act: a backup has both of it or neither."""
    stop, number = threading.Event(), 0

    def write():
        nonlocal number
        with closing(open_store(layout.database, write=True, alone=False)) as store:
            while not stop.is_set():
                number += 1
                with store.transaction() as tx:
                    tx.put_event(a.event(id=f"evt-w{number}"))
                    tx.add_audit(a.audit_entry(organisation="writer", subject=f"{number}"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(5):
            b.made(layout, tmp_path / "backups")
    finally:
        stop.set()
        thread.join()
    counts = []
    for name in Vault(tmp_path / "backups").backups():
        root = tmp_path / name
        assert all(
            c.broken is None for c in b.put_back(tmp_path / "backups", root, name=name).chains
        )
        with closing(sqlite3.connect(Layout(root).database)) as connection:
            asked = "SELECT count(*) FROM events WHERE id LIKE 'evt-w%'"
            events = connection.execute(asked).fetchone()[0]
            asked = "SELECT count(*) FROM audit WHERE organisation = 'writer'"
            assert connection.execute(asked).fetchone()[0] == events
            counts.append(events)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


@pytest.fixture(scope="module")
def whole(template, tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    b.made(Layout(template), root / "backups")
    return root / "backups"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_lost_cut_or_changed_is_found(whole, tmp_path_factory, data):
    broken = tmp_path_factory.mktemp("broken") / "backups"
    shutil.copytree(whole, broken)
    files = [path for path in sorted(broken.rglob("*")) if path.is_file()]
    file = data.draw(st.sampled_from(files[1:] if files[0].name == vault.HEAD else files))
    content = file.read_bytes()
    match data.draw(st.sampled_from(["lost", "cut", "changed", "swapped"])):
        case "lost":
            file.unlink()
        case "cut":
            file.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        case "changed":
            at = data.draw(st.integers(0, len(content) - 1))
            file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        case "swapped":
            other = data.draw(st.sampled_from([path for path in files if path != file]))
            file.write_bytes(other.read_bytes())
    with pytest.raises(BackupError):
        check(contents(Vault(broken), b.OPENER)[1])


def test_nothing_in_a_backup_can_be_read_without_the_key(whole):
    everything = b"".join(path.read_bytes() + path.name.encode() for path in whole.rglob("*")
                          if path.is_file())  # fmt: skip
    for word in (b"reg-1", b"SQLite", b"a layer", b"manifest", chips.CELL.encode(), b"ours"):
        assert word not in everything


def test_a_folder_that_holds_anything_is_refused_and_left_alone(layout, tmp_path):
    b.made(layout, tmp_path / "backups")
    held = tmp_path / "held"
    held.mkdir()
    (held / "letter").write_text("mine")
    with pytest.raises(BackupError, match="empty folder"):
        b.put_back(tmp_path / "backups", held)
    assert b.tree(held) == {"letter": b"mine"}
    with pytest.raises(BackupError, match="something else"):
        b.made(layout, held)


def test_what_one_left_that_was_killed_as_it_began_keeps_no_other_out(layout, tmp_path):
    """The very first file of either is half-written then, and there is nothing else."""
    for folder_of_it, first in (("backups", vault.HEAD), ("new", "restoring")):
        (tmp_path / folder_of_it).mkdir()
        (tmp_path / folder_of_it / f".hearthwatch-1-00000000-{first}.part").write_bytes(b"ha")
    made = b.made(layout, tmp_path / "backups")
    assert b.put_back(tmp_path / "backups", tmp_path / "new").name == made.name
    assert not [*tmp_path.rglob("*.part")]


def test_backups_for_two_keys_are_kept_apart(layout, tmp_path):
    b.made(layout, tmp_path / "backups")
    other = recipient_of(X25519PrivateKey.generate())
    with pytest.raises(BackupError, match="another public key"):
        Vault.make(tmp_path / "backups", other)


def test_what_is_missing_is_told_and_the_rest_kept(layout, tmp_path):
    (layout.root / b.STATE).unlink()
    master = next(ref.path for ref in Archive(layout.archive("ours")).listed())
    (layout.archive("ours") / master).unlink()
    made = b.made(layout, tmp_path / "backups")
    assert set(made.missing) == {b.STATE, f"archive/{folder_name('ours')}/{master}"}
    assert b.put_back(tmp_path / "backups", tmp_path / "new").missing == made.missing


def test_what_a_backtest_under_way_has_is_not_kept(layout, tmp_path):
    trial = layout.backtests / "trial"
    (trial / "state").mkdir(parents=True)
    (trial / "state" / "slab").write_text("a try")
    (trial / "archive").symlink_to(layout.archives, target_is_directory=True)
    b.made(layout, tmp_path / "backups")
    b.put_back(tmp_path / "backups", tmp_path / "new")
    assert not (tmp_path / "new" / "backtests").exists()


def test_a_backup_that_names_a_file_outside_is_refused(layout, tmp_path, monkeypatch):
    real = folder.other_files
    monkeypatch.setattr(folder, "other_files", lambda one: [*real(one), "../outside"])
    (tmp_path / "outside").write_text("x")
    b.made(layout, tmp_path / "backups")
    with pytest.raises(BackupError, match="outside its folder"):
        b.put_back(tmp_path / "backups", tmp_path / "deep" / "new")
    assert not (tmp_path / "deep" / "outside").exists()


@pytest.mark.needs_postgis
def test_the_store_moves_to_the_other_kind_and_back(layout, tmp_path):
    b.made(layout, tmp_path / "backups")
    server = postgis.server().empty()
    b.put_back(tmp_path / "backups", tmp_path / "new", server)
    assert untouched(server) == untouched(layout.database)
    new = Layout(tmp_path / "new")
    assert not new.database.exists()
    with closing(open_store(server, write=True, alone=False)):
        # While the service has it open.
        b.made(new, tmp_path / "of-server", server)
    b.put_back(tmp_path / "of-server", tmp_path / "back")
    assert untouched(Layout(tmp_path / "back").database) == untouched(layout.database)
    with pytest.raises(StoreError, match="holds something"):
        b.put_back(tmp_path / "backups", tmp_path / "again", server)
    assert not (tmp_path / "again").exists()
    assert untouched(server) == untouched(layout.database)


@pytest.mark.needs_postgis
@pytest.mark.parametrize(
    ("made", "words"),
    [("CREATE TABLE others (a int)", "another program"), ("of an older schema", "holds something")],
)
def test_a_database_that_is_not_empty_is_refused_before_anything_is_unpacked(
    layout, tmp_path, made, words
):
    b.made(layout, tmp_path / "backups")
    server = postgis.server().make()
    engine = lasting_engine(server, read_only=False)
    if made == "of an older schema":
        b.put_back(tmp_path / "backups", tmp_path / "new", server)
        with engine.begin() as connection:
            command.downgrade(alembic_config(connection), "0012")
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql(made)
    engine.dispose()
    with pytest.raises(StoreError, match=words):
        b.put_back(tmp_path / "backups", tmp_path / "again", server)
    assert not (tmp_path / "again").exists()
