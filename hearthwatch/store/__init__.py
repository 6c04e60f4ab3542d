"""All that the service remembers.

`Store` and `Transaction` are the seam, `SqlStore` and `MemoryStore` stand behind it. They are
loaded when first asked for: a command that stores nothing shall not wait for a database library.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hearthwatch.store.memory import MemoryStore
    from hearthwatch.store.protocol import Store, Transaction
    from hearthwatch.store.sql import SqlStore

__all__ = ["MemoryStore", "SqlStore", "Store", "Transaction", "open_store"]

_HOMES = {
    "MemoryStore": "memory",
    "SqlStore": "sql",
    "Store": "protocol",
    "Transaction": "protocol",
}


def open_store(place: Path | str, write: bool = False, alone: bool = True) -> Store:
    """Open the store in a database.

    Parameters
    ----------
    place : Path or str
        The file of SQLite, which is made if missing when opened for writing; or the address of
        PostgreSQL with PostGIS, ``postgresql://user@host/database``, without a password.
    write : bool
        Whether to write.
    alone : bool
        Whether to keep out every other process that would write alone, until closed. One that
        writes without it takes turns with all others, transaction by transaction.

    Returns
    -------
    Store
        Close it after use.

    Raises
    ------
    StoreLocked
        Another process writes alone and this one is to do so too, or must first bring an older
        schema up.
    StoreError
        The database cannot be used as it is.
    DiskFull
        There is no room.
    """
    from hearthwatch.store.sql import SqlStore

    return SqlStore.open(place, write=write, alone=alone)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
