"""New databases of SQLite as copies of one, where a test is about something else than making them.

For a new database every migration from the first to the newest is run: once for each test process
is enough. Nor is a disk waited for: what a test writes need not survive a power cut, and a kill it
survives as it is. Programs that a test starts make theirs themselves, and wait.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_making = threading.RLock()
as_shipped: dict[str, Any] = {}
"""What is replaced in `hearthwatch.store.sqlite`, for a test that is about it."""


@contextmanager
def copied() -> Iterator[None]:
    """Let who opens a database for writing that is not there find our tables in it."""
    from hearthwatch.store import sqlite

    make, writing = sqlite.create_file, sqlite._WRITING
    as_shipped.update(create_file=make, _WRITING=writing)

    def create(path: Path) -> None:
        if not path.exists():
            # What cannot be made the other one says as it would.
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                _put(_template(), path)
        make(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "create_file", create)
        patch.setattr(sqlite, "_WRITING", (*writing, "PRAGMA synchronous = OFF"))
        yield


def _put(content: bytes, path: Path) -> None:
    """Put a file where there is none, at once: whoever else makes it keeps his own."""
    new = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    new.touch(mode=0o600)
    try:
        new.write_bytes(content)
        os.link(new, path)
    finally:
        new.unlink()


def _template() -> bytes:
    with _making:
        return _made()


@cache
def _made() -> bytes:
    from hearthwatch.store.sql import SqlStore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hearthwatch.db")
        # There it is, empty, so this one is made as all are.
        path.touch(mode=0o600)
        SqlStore.open(path, write=True).close()
        assert not path.with_name(f"{path.name}-wal").exists()
        return path.read_bytes()
