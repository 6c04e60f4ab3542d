"""Sealing: the backup is whole before anything goes, and afterwards nothing is there."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from hearthwatch.errors import BackupError
from hearthwatch.layout import Layout
from hearthwatch.operation import vault as vaults
from hearthwatch.operation.seal import is_due, seal
from hearthwatch.operation.vault import Vault
from hearthwatch.operation.wiping import holders, wipe
from hearthwatch.store import open_store
from hearthwatch.store.copying import digests
from tests.contract import store_everything as whole
from tests.contract import store_records as a
from tests.support import backups as b
from tests.support import chips, postgis
from tiles.archive import Archive

HOUR = timedelta(hours=1)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return b.filled(tmp_path / "var")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.make(tmp_path / "usb", b.RECIPIENT)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folder_is_empty_and_the_backup_has_all_of_it(
    layout: Layout, vault: Vault, tmp_path: Path
) -> None:
    key = tmp_path / "provider.key"
    key.write_text("secret")
    store = open_store(layout.database, write=True)
    with store.transaction() as tx:
        tx.put_proposal(a.hold())
    store.close()
    before = {name: one.sha256 for name, one in digests(layout.database).items()}
    done = seal(layout.database, layout, vault, also=[key])
    assert everything(layout.root) == []
    assert not key.exists()
    assert done.holds == 1
    assert done.backup is not None
    assert vault.backups() == (done.backup.name,)
    b.checked(vault, done.backup.name)
    b.put_back(tmp_path / "usb", tmp_path / "new")
    database = Layout(tmp_path / "new").database
    after = {name: one.sha256 for name, one in digests(database).items()}
    # All but what restoring ends, and the entry that says that it was sealed.
    changed = {name for name, one in before.items() if after[name] != one}
    assert changed <= {"audit", "sessions", "runs", "leases"}
    store = open_store(database)
    assert [one.act for one in store.audit("")] == ["seal", "restore"]
    store.close()


def test_pieces_that_were_there_are_written_and_read_again(layout: Layout, vault: Vault) -> None:
    b.made(layout, vault.root)
    (rotten, *_) = sorted((vault.root / "pieces").glob("*/*"))
    rotten.write_bytes(bytes(rotten.stat().st_size))
    done = seal(layout.database, layout, vault)
    assert done.backup is not None
    b.checked(vault, done.backup.name)


def test_a_backup_that_does_not_read_back_keeps_everything(
    layout: Layout, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(layout.root)
    true_read_back = vaults.read_back

    def on_a_bad_disk(held: Vault, sealed: dict[str, bytes]) -> None:
        (held.root / sorted(sealed)[-1]).write_bytes(b"rot")
        true_read_back(held, sealed)

    monkeypatch.setattr("hearthwatch.operation.backup.read_back", on_a_bad_disk)
    with pytest.raises(BackupError, match="reads back otherwise"):
        seal(layout.database, layout, vault)
    left = everything(layout.root)
    assert set(before) - set(left) <= {"hearthwatch.sqlite-shm", "hearthwatch.sqlite-wal"}
    open_store(layout.database).close()


def test_nothing_is_done_while_another_process_has_the_store_open(
    layout: Layout, vault: Vault
) -> None:
    words = (
        "import sys; from hearthwatch.store import open_store; "
        f"s = open_store({str(layout.database)!r}, write=True, alone=False); s.regions('ours'); "
        "print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert holders(layout.root) == (other.pid,)
        with pytest.raises(BackupError, match=f": {other.pid}. Stop the service first"):
            seal(layout.database, layout, vault)
        assert layout.database.exists()
        # Without time one wipes all the same, and what it has open is emptied.
        seal(layout.database, layout, None)
        assert everything(layout.root) == []
    finally:
        other.kill()
        other.communicate()


def test_a_quick_wipe_needs_no_backup_and_leaves_nothing(layout: Layout) -> None:
    assert seal(layout.database, layout, None).backup is None
    assert everything(layout.root) == []


def test_what_was_removed_was_overwritten_before(layout: Layout, tmp_path: Path) -> None:
    """Hard links keep the blocks: in them is what a reader of the disk would find."""
    kept = {}
    for name in ("hearthwatch.sqlite", "layers/ours/roads.geojson", "net/token", b.STATE):
        kept[name] = tmp_path / name.replace("/", "_")
        kept[name].hardlink_to(layout.root / name)
    wipe(layout.database, layout)
    assert {name: path.read_bytes() for name, path in kept.items()} == dict.fromkeys(kept, b"")


def test_the_mark_of_a_wipe_is_there_until_its_end(
    layout: Layout, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_unlink, seen = Path.unlink, []

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if len(seen) == 3 and layout.sealing.exists():
            raise OSError("power")
        seen.append(self)
        true_unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(BackupError, match="could not be removed"):
        wipe(layout.database, layout)
    monkeypatch.undo()
    assert layout.sealing.exists()
    told: list[str] = []
    seal(layout.database, layout, vault, tell=told.append)
    assert "goes on" in told[0]
    assert (everything(layout.root), vault.backups()) == ([], ())


@pytest.mark.parametrize("quick", [True, False])
def test_what_cannot_be_removed_keeps_nothing_else(layout: Layout, quick: bool) -> None:
    """Neither a database that is away nor a key on a disk that cannot be written to."""
    nowhere = "postgresql://hearthwatch@127.0.0.1:1/hearthwatch"
    stuck = Path("/proc/self/stat")
    with pytest.raises(BackupError, match="2 things could not be removed; all else is gone"):
        wipe(nowhere, layout, also=[stuck], quick=quick)
    assert everything(layout.root) == [layout.sealing.name]
    wipe(layout.database, layout)
    assert everything(layout.root) == []


def test_a_database_on_a_server_is_emptied(vault: Vault, tmp_path: Path) -> None:
    address, layout = postgis.server().make("ours"), Layout(tmp_path / "var")
    whole.fill(open_store(address, write=True), "ours").close()
    layout.make()
    with psycopg.connect(address) as reader:
        reader.execute("SELECT 1")
        with pytest.raises(BackupError, match="1 other connections"):
            seal(address, layout, vault)
    done = seal(address, layout, vault)
    assert done.backup is not None
    b.checked(vault, done.backup.name)
    with psycopg.connect(address) as reader:
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert reader.execute(asked).fetchall() == [("spatial_ref_sys",)]
    assert everything(layout.root) == []
    # Again does no harm.
    seal(address, layout, None)


@pytest.mark.parametrize(("hours", "due"), [(0, False), (71.9, False), (72.1, True)])
def test_a_file_left_alone_too_long_is_due(tmp_path: Path, hours: float, due: bool) -> None:
    file, now = tmp_path / "alive", datetime(2026, 5, 1, tzinfo=UTC)
    file.touch()
    touched = (now - hours * HOUR).timestamp()
    os.utime(file, (touched, touched))
    found, age = is_due(file, 72 * HOUR, now)
    assert (found, round(age / HOUR, 3)) == (due, hours)


def test_of_a_file_that_is_gone_or_of_the_future_nothing_is_concluded(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with pytest.raises(BackupError, match="cannot be asked for its age"):
        is_due(tmp_path / "gone", HOUR, now)
    (tmp_path / "ahead").touch()
    with pytest.raises(BackupError, match="a clock is wrong"):
        is_due(tmp_path / "ahead", HOUR, now - HOUR)


def test_what_an_earlier_version_left_is_wiped_too(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    layout.make()
    for place in (layout.archives, layout.archive("ours"), layout.archive("theirs")):
        Archive(place).store(chips.chip(), chips.CELL)
    assert len(everything(layout.root)) > 6
    wipe(layout.database, layout)
    assert everything(layout.root) == []
