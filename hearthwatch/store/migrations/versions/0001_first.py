"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "jobs",
    "detections",
    "event_versions",
    "events",
    "ledger_history",
    "ledger",
    "state_versions",
    "runs",
    "region_versions",
    "regions",
)

# Time counts in Julian years, as it does where the window is asked.
_SQLITE_WINDOW = (
    "CREATE VIRTUAL TABLE event_window USING rtree(number, west, east, south, north, since, until)",
    """
    CREATE TRIGGER event_window_insert AFTER INSERT ON events BEGIN
        INSERT INTO event_window VALUES (
            new.number, new.west, new.east, new.south, new.north,
            new.first_changed / 31557600000000.0, new.first_changed / 31557600000000.0
        );
    END
    """,
    """
    CREATE TRIGGER event_window_update
    AFTER UPDATE OF west, south, east, north, first_changed ON events BEGIN
        UPDATE event_window SET
            west = new.west, east = new.east, south = new.south, north = new.north,
            since = new.first_changed / 31557600000000.0,
            until = new.first_changed / 31557600000000.0
        WHERE number = new.number;
    END
    """,
    """
    CREATE TRIGGER event_window_delete AFTER DELETE ON events BEGIN
        DELETE FROM event_window WHERE number = old.number;
    END
    """,
)


def upgrade() -> None:
    """Go to this schema from an empty database."""
    _regions()
    _work()
    _ledger()
    _events()
    _window()


def downgrade() -> None:
    """Go back to an empty database."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE event_window")
    for table in _TABLES:
        op.drop_table(table)


def _regions() -> None:
    columns = (
        *_texts("id", "organisation", "kind", "mode", "name"),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        *_reals("area_km2"),
        *_wholes("created"),
        *_texts("purpose", "owner"),
        *_wholes("expires", "removed", nullable=True),
    )
    _current("regions", *columns, sa.UniqueConstraint("organisation", "id", name="uq_regions"))
    _past("region_versions", *columns, _refers("region_versions", "id", "regions"))
    op.create_index("ix_region_versions_id", "region_versions", ["organisation", "id", "seq"])


def _work() -> None:
    _current(
        "runs",
        *_texts("id", "organisation", "kind", "mode", "region"),
        *_wholes("started"),
        *_wholes("until", nullable=True),
        *_texts("digest", "executor"),
        *_wholes("finished", nullable=True),
        *_texts("outcome"),
        _refers("runs", "region", "regions"),
        sa.UniqueConstraint("organisation", "id", name="uq_runs"),
    )
    key = ("organisation", "kind", "region", "cell", "acquisition", "detector")
    _current(
        "jobs",
        *_texts(*key, "mode", "run", "digest"),
        *_wholes("sensed", "committed"),
        _refers("jobs", "region", "regions"),
        _refers("jobs", "run", "runs"),
        sa.UniqueConstraint(*key, name="uq_jobs"),
    )
    place = ("organisation", "region", "cell", "detector")
    op.create_index("ix_jobs_place", "jobs", list(place))
    _current(
        "state_versions",
        *_texts("organisation", "kind", "mode", "region", "cell", "detector", "detector_version"),
        *_wholes("sequence"),
        *_texts("acquisition"),
        *_wholes("sensed"),
        *_texts("path", "sha256", "digest"),
        _refers("state_versions", "region", "regions"),
        sa.UniqueConstraint(*place, "sequence", name="uq_state_versions"),
    )


def _ledger() -> None:
    columns = (
        *_texts("organisation", "kind", "mode", "region", "cell", "acquisition", "detector"),
        *_wholes("sensed"),
        *_texts("status"),
        *_reals("usable"),
        sa.Column("cause", sa.Text, nullable=True),
        *_texts("detail"),
    )
    look = ("organisation", "region", "cell", "acquisition", "detector")
    _current(
        "ledger",
        *columns,
        _refers("ledger", "region", "regions"),
        sa.UniqueConstraint(*look, name="uq_ledger"),
    )
    op.create_index(
        "ix_ledger_time",
        "ledger",
        ["organisation", "region", "sensed", "cell", "acquisition", "detector"],
    )
    _past("ledger_history", *columns, _refers("ledger_history", "region", "regions"))
    op.create_index("ix_ledger_history_look", "ledger_history", [*look, "seq"])


def _events() -> None:
    columns = (
        *_texts("id", "organisation", "kind", "mode", "region", "cell", "detector", "state"),
        *_texts("detector_state"),
        *_wholes("version"),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        *_reals("area_m2"),
        *_wholes("last_unharmed", nullable=True),
        *_wholes("first_changed", "first_detected", "last_detected", "looks"),
        *_texts("observed", "evidence", "doubts"),
    )
    edges = ("west", "south", "east", "north")
    _current(
        "events",
        *columns,
        *_reals(*edges),
        _refers("events", "region", "regions"),
        sa.UniqueConstraint("organisation", "id", name="uq_events"),
    )
    time = ["organisation", "first_changed", "id", *edges, "kind", "state"]
    op.create_index("ix_events_time", "events", time)
    op.create_index("ix_events_region", "events", ["organisation", "region", "first_changed", "id"])
    _past("event_versions", *columns, _refers("event_versions", "id", "events"))
    op.create_index(
        "ix_event_versions_id", "event_versions", ["organisation", "id", "version"], unique=True
    )
    _current(
        "detections",
        *_texts("id", "organisation", "kind", "mode", "event", "region", "cell", "acquisition"),
        *_texts("detector", "detector_version", "detector_state"),
        *_wholes("sensed"),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        *_reals("area_m2"),
        *_wholes("last_unharmed", nullable=True),
        *_wholes("first_changed", "looks"),
        *_texts("evidence", "doubts", "digest"),
        _refers("detections", "region", "regions"),
        _refers("detections", "event", "events"),
        sa.UniqueConstraint("organisation", "id", name="uq_detections"),
    )
    op.create_index("ix_detections_event", "detections", ["organisation", "event", "sensed", "id"])


def _window() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE_WINDOW:
            op.execute(statement)


def _current(name: str, *parts: Any) -> None:
    op.create_table(name, _number("number"), *parts)


def _past(name: str, *parts: Any) -> None:
    op.create_table(name, _number("seq"), *parts, sqlite_autoincrement=True)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _reals(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]


def _refers(table: str, field: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation", field],
        [f"{target}.organisation", f"{target}.id"],
        name=f"fk_{table}_{field}",
        deferrable=True,
        initially="DEFERRED",
    )
