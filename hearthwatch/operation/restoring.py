"""A backup put back: every digest compared, the log verified, and nothing set off again.

Until all of it is there the data folder holds the file `restoring`, and no other command works on
it; a restore that was killed is begun anew by the same command.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from hearthwatch.audit.entries import COMMAND_LINE, SERVICE, unsealed
from hearthwatch.audit.verifying import Verified, verify
from hearthwatch.errors import BackupError
from hearthwatch.layout import Layout
from hearthwatch.operation import folder
from hearthwatch.operation.backup import FORM
from hearthwatch.operation.sealing import Opener
from hearthwatch.operation.vault import Vault
from hearthwatch.records import Alarm, AlarmKind, RunOutcome, Severity
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store, Transaction
from tiles.atomic import storage_errors, sweep, sync_folder, write_atomically

_NOT_SET_OFF = "It was under way or waiting when the backup was made, which was restored since."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes
    ----------
    taken : str
        When the backup was made, ISO 8601.
    chains : tuple of Verified
        What the log comes to, organisation by organisation.
    runs, sessions : int
        That were ended, so that nothing is set off again.
    untold : int
        Messages and alerts that waited, and are not told before somebody says so.
    missing : tuple of str
        Files that were missing already when the backup was made.
    """

    name: str
    taken: str
    files: int
    chains: tuple[Verified, ...]
    runs: int
    sessions: int
    untold: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """One backup, opened.

    Attributes
    ----------
    document : dict
        Its list.
    """

    vault: Vault
    opener: Opener
    document: dict[str, Any]

    def files(self) -> Iterator[dict[str, Any]]:
        """Yield what is listed: path, size, sha256 and pieces of each file.

        Raises
        ------
        BackupError
            The listing is not whole.
        """
        listed, rest, count = self.document["listing"], b"", 0
        digest = hashlib.sha256()
        for name in listed["pieces"]:
            piece = self.vault.read_piece(self.opener, name)
            digest.update(piece)
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                count += 1
                yield json.loads(line)
        if rest or digest.hexdigest() != listed["sha256"] or count != self.document["files"]:
            raise BackupError("The listing of the backup is not whole.")

    def content(self, file: dict[str, Any]) -> Iterator[bytes]:
        """Yield the content of a file, piece by piece.

        Raises
        ------
        BackupError
            At the end, if it is not what was backed up.
        """
        digest, size = hashlib.sha256(), 0
        for name in file["pieces"]:
            piece = self.vault.read_piece(self.opener, name)
            digest.update(piece)
            size += len(piece)
            yield piece
        if size != file["size"] or digest.hexdigest() != file["sha256"]:
            raise BackupError(f"{file['path']}: is not what was backed up.")


def contents(vault: Vault, opener: Opener, name: str | None = None) -> tuple[str, Contents]:
    """Open a backup, the newest if none is named; return its name and what is in it.

    Raises
    ------
    BackupError
        There is none, or the key is another.
    """
    names = vault.backups()
    if not names:
        raise BackupError(f"There is no whole backup in {vault.root}.")
    chosen = names[-1] if name is None else name
    document = vault.read_list(opener, chosen)
    if document.get("form") != FORM:
        raise BackupError(f"{chosen} is of a form that this version does not know.")
    return chosen, Contents(vault, opener, document)


def check(held: Contents) -> int:
    """Read all of a backup and compare every digest; return how many files it holds.

    Raises
    ------
    BackupError
        Something is missing, was changed or was cut.
    """
    count = 0
    for file in held.files():
        for _ in held.content(file):
            pass
        count += 1
    return count


def restore(
    held: Contents,
    name: str,
    layout: Layout,
    database: str = "",
    words: tuple[str, str] = ("", ""),
) -> Restored:
    """Put a backup into an empty data folder.

    What was to be told when it was made may have been told since: it is set aside, and an alarm
    says so, until somebody lets it be told.

    Parameters
    ----------
    words : tuple of str
        Of that alarm: what is wrong, and what to do about it.
    database : str
        Address of an empty PostgreSQL database that the store goes to; empty for a file in the
        data folder. Whatever it was kept in before.

    Raises
    ------
    BackupError
        There is something in the data folder, or the backup is not whole.
    StoreError
        The database holds something already, which is found before anything is written.
    """
    if database:
        _require_empty(database)
    _begin(layout)
    for file in held.files():
        _put_back(held, file, layout.root)
    copied = layout.root / folder.WORK / folder.STORE
    if not copied.is_file():
        raise BackupError("There is no store in the backup.")
    chains, runs, sessions, untold = _settle(copied, name, str(held.document["taken"]), words)
    _place(copied, layout, database)
    _end(layout, name, held.document)
    document = held.document
    return Restored(
        name, document["taken"], document["files"], chains, runs, sessions, untold,
        tuple(document["missing"]),
    )  # fmt: skip


def _require_empty(database: str) -> None:
    from hearthwatch.store.copying import require_empty

    require_empty(database)


def _begin(layout: Layout) -> None:
    root, mark = layout.root, layout.restoring
    # One that was killed while it wrote the mark left nothing else.
    sweep(root)
    if mark.exists():
        # Nothing but an earlier restore put anything here: no other command would.
        for entry in root.iterdir():
            if entry != mark:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    elif root.exists() and any(root.iterdir()):
        raise BackupError(f"{root} holds something already. Restore to an empty folder.")
    write_atomically(mark, b"A restore is under way here, or was stopped: run it again.\n")
    (root / folder.WORK).mkdir(mode=0o700)


def _put_back(held: Contents, file: dict[str, Any], root: Path) -> None:
    target = _target(str(file["path"]), root)
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o644 if target.is_relative_to(Layout(root).archives) else 0o600
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as out:
            for piece in held.content(file):
                out.write(piece)
            out.flush()
            os.fsync(descriptor)


def _target(name: str, root: Path) -> Path:
    """Return where a file of a backup goes; never out of the folder."""
    path = PurePosixPath(name)
    if name == folder.STORE:
        return root / folder.WORK / name
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
        raise BackupError("The backup names a file outside its folder. Nothing of it is used.")
    return root / path


def _settle(
    copied: Path, name: str, taken: str, words: tuple[str, str]
) -> tuple[tuple[Verified, ...], int, int, int]:
    """End what was under way when the backup was made, and write down that it was restored."""
    now = datetime.now(UTC)
    store = open_store(copied, write=True)
    try:
        chains = tuple(verify(store))
        runs = _end_runs(store, now)
        sessions = _end_sessions(store, now)
        with store.transaction() as tx:
            untold = _set_aside(tx, name, now, words)
            detail = {"taken": taken, "runs": runs, "sessions": sessions, "untold": untold}
            tx.add_audit(unsealed(SERVICE, now, COMMAND_LINE, "restore", name, detail=detail))
    finally:
        store.close()
    with closing(sqlite3.connect(copied)) as opened:
        # Who held one is no process of this machine.
        opened.execute("DELETE FROM leases")
        opened.commit()
        opened.execute("PRAGMA journal_mode = DELETE")
    return chains, runs, sessions, untold


def _set_aside(tx: Transaction, name: str, now: datetime, words: tuple[str, str]) -> int:
    """Let nothing be told that may have been told since the backup; return how much waited."""
    untold = sum(tx.set_aside(now))
    if untold:
        what, advice = words
        tx.put_alarm(
            Alarm(
                id=f"alm-{uuid.uuid4().hex}", organisation="", kind=AlarmKind.RESTORED,
                subject=name, severity=Severity.SEVERE, since=now, raised=now, seen=now,
                words=what, advice=advice,
            )
        )  # fmt: skip
    return untold


def _end_runs(store: Store, now: datetime) -> int:
    names = {*store.organisations(removed=True), *(one.organisation for one in
             store.all_organisations())}  # fmt: skip
    found = [run for one in sorted(names) for run in store.runs(one) if run.finished is None]
    with store.transaction() as tx:
        for run in found:
            ended = replace(run, finished=now, outcome=RunOutcome.INTERRUPTED, detail=_NOT_SET_OFF)
            tx.put_run(ended)
    return len(found)


def _end_sessions(store: Store, now: datetime) -> int:
    found = [
        session
        for one in store.all_organisations()
        for session in store.sessions(one.organisation)
        if session.ended is None
    ]
    with store.transaction() as tx:
        for session in found:
            tx.put_session(replace(session, ended=now))
    return len(found)


def _place(copied: Path, layout: Layout, database: str) -> None:
    if not database:
        copied.rename(layout.database)
        return
    from hearthwatch.store.copying import copy_store

    copy_store(copied, database)


def _end(layout: Layout, name: str, document: dict[str, Any]) -> None:
    """Make it durable, and let other commands in."""
    shutil.rmtree(layout.root / folder.WORK)
    for path, _, _ in os.walk(layout.root):
        sync_folder(Path(path))
    told = {
        "form": 1,
        "restored_at": datetime.now(UTC).isoformat(),
        "backup": name,
        "taken": document["taken"],
    }
    write_atomically(layout.restored, json.dumps(told).encode() + b"\n", mode=0o600)
    layout.restoring.unlink()
    sync_folder(layout.root)
