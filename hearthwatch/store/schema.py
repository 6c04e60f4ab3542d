"""Which schema a database has, and bringing it up to the one this code knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from hearthwatch.errors import StoreError
from hearthwatch.store.faults import translated

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0018"
"""The newest revision under ``migrations/versions``."""

_VERSION_TABLE = table("alembic_version", column("version_num"))
# Those that an extension made are of nobody: PostGIS keeps its reference systems in one.
_POSTGRESQL_TABLES = text(
    "SELECT relname FROM pg_class AS c WHERE relkind IN ('r', 'p') "
    "AND relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT FROM pg_depend "
    "WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')"
)


def upgrade(engine: Engine) -> None:
    """Bring a database, new or older, to `HEAD` in one transaction.

    Raises
    ------
    StoreError
        It is of a newer schema or not ours.
    """
    with translated(), engine.begin() as connection:
        found = revision(connection)
        if found == HEAD:
            return
        _refuse_newer(found)
        # Imported late: most processes find the schema as it should be.
        from alembic import command

        command.upgrade(alembic_config(connection), "head")


def require_current(engine: Engine) -> None:
    """Refuse (`StoreError`) to read a database whose schema is not `HEAD`."""
    if not is_current(engine):
        raise StoreError(
            "The database was made by an older version of hearthwatch and must be brought up "
            "first. Open it once for writing; any command that records something does."
        )


def is_current(engine: Engine) -> bool:
    """Tell whether a database's schema is `HEAD`; a newer one is refused (`StoreError`)."""
    with translated(), engine.connect() as connection:
        found = revision(connection)
    _refuse_newer(found)
    return found == HEAD


def revision(connection: Connection) -> str | None:
    """Return the revision of a database, None for an empty one."""
    tables = table_names(connection)
    if _VERSION_TABLE.name in tables:
        return connection.execute(select(_VERSION_TABLE.c.version_num)).scalar()
    if tables:
        raise StoreError("This database belongs to another program. Name another one.")
    return None


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration for one connection; there is no file of it."""
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Tell Alembic what to compare: not in what a database keeps the indices of places."""
    if kind == "table":
        return not (name or "").startswith("event_window") and name != "spatial_ref_sys"
    return (kind, name) not in {
        ("column", "box"),
        ("index", "ix_events_box"),
        ("index", "ix_events_map"),
    }


def table_names(connection: Connection) -> Sequence[str]:
    """Return the names of all tables of a database but those of its extensions."""
    if connection.dialect.name == "postgresql":
        return connection.execute(_POSTGRESQL_TABLES).scalars().all()
    return inspect(connection).get_table_names()


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > HEAD:
        raise StoreError(
            f"The database has schema {found}, but this version of hearthwatch knows only "
            f"{HEAD} and older. Install a newer hearthwatch."
        )
