"""What the store's package gives, and how late it loads it."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hearthwatch.store
from hearthwatch.store import SqlStore


def test_no_database_library_is_loaded_before_a_store_is_opened() -> None:
    code = (
        "import sys; from hearthwatch.store import open_store;"
        "print([m for m in ('sqlalchemy', 'alembic', 'shapely', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_name_given_is_there() -> None:
    for name in hearthwatch.store.__all__:
        assert getattr(hearthwatch.store, name).__module__.startswith("hearthwatch.store")


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = hearthwatch.store.nothing


def test_what_is_held_while_a_store_is_closed_is_let_go_of_afterwards(tmp_path: Path) -> None:
    opened = SqlStore.open(tmp_path / "hearthwatch.db", write=True)
    with opened._connect(opened._single) as connection:
        driver: Any = connection.connection.driver_connection
        opened.close()
        assert driver.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        driver.execute("SELECT 1")
