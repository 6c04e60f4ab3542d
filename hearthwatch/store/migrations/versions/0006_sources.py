"""What events are made of, and what people say of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NEW = {
    "events": ("change", "said_by", "merged_into"),
    "event_versions": ("change", "said_by", "merged_into"),
    "detections": ("source",),
}
_SHARED = (
    "id", "organisation", "kind", "mode", "region", "cell", "detector", "detector_state",
    "version", "geometry", "area_m2", "last_unharmed", "first_changed", "first_detected",
    "last_detected", "looks", "observed", "evidence", "doubts", "settlement", "change",
)  # fmt: skip
"""What an event told of itself while it was the episode of one detector."""
_EDGES = ("west", "south", "east", "north")


def upgrade() -> None:
    """Go to this schema from the one before, in which every event has one source: itself."""
    for table, columns in _NEW.items():
        for name in columns:
            # The default is for the rows there already; every row written from now on says its own.
            op.add_column(table, sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE detections SET source = event")
    op.create_index(
        "ix_detections_source", "detections", ["organisation", "source", "sensed", "id"]
    )
    _make_sources()
    _make_opinions()
    _fill("event_sources", "events", _EDGES)
    _fill("event_source_versions", "event_versions")


def downgrade() -> None:
    """Go back to the schema before."""
    for table in ("opinions", "event_source_versions", "event_sources"):
        op.drop_table(table)
    op.drop_index("ix_detections_source", "detections")
    for table, columns in _NEW.items():
        for name in columns:
            op.drop_column(table, name)


def _make_sources() -> None:
    edges = [sa.Column(edge, sa.Double, nullable=False) for edge in _EDGES]
    op.create_table(
        "event_sources",
        _number("number"),
        *_of_source(),
        *edges,
        sa.UniqueConstraint("organisation", "id", name="uq_event_sources"),
        _reference("event_sources", "region", "regions"),
        _reference("event_sources", "event", "events"),
    )
    place = ["organisation", "region", "first_changed", *_EDGES]
    op.create_index("ix_event_sources_event", "event_sources", ["organisation", "event", "id"])
    op.create_index("ix_event_sources_place", "event_sources", place)
    op.create_table(
        "event_source_versions",
        _number("seq"),
        *_of_source(),
        _reference("event_source_versions", "id", "event_sources"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_event_source_versions_id",
        "event_source_versions",
        ["organisation", "id", "version"],
        unique=True,
    )


def _make_opinions() -> None:
    op.create_table(
        "opinions",
        _number("number"),
        *_texts("id", "organisation", "kind", "mode", "event", "act", "verb", "who"),
        *_texts("reason", "text", "other", "sources", "undoes"),
        *_numbers("version", "said"),
        sa.UniqueConstraint("organisation", "id", name="uq_opinions"),
        _reference("opinions", "event", "events"),
    )
    op.create_index("ix_opinions_event", "opinions", ["organisation", "event", "version", "id"])


def _fill(target: str, origin: str, more: tuple[str, ...] = ()) -> None:
    """Make every event of the schema before a source of itself; all of them were optical."""
    shared = ", ".join((*_SHARED, *more))
    op.execute(
        f"INSERT INTO {target} ({shared}, event, sensors, groups, reached) "
        f"""SELECT {shared}, id, '["sentinel-2-l2a"]', '["optical"]', detector_state """
        f"FROM {origin}"
    )
    # Of an episode that had ended, how far it had come stands in the version before.
    op.execute(
        f"UPDATE {target} SET reached = COALESCE((SELECT v.detector_state FROM event_versions v "
        f"WHERE v.organisation = {target}.organisation AND v.id = {target}.id "
        f"AND v.version < {target}.version AND v.detector_state NOT IN ('CLOSED', 'LAPSED') "
        "ORDER BY v.version DESC LIMIT 1), reached) WHERE detector_state IN ('CLOSED', 'LAPSED')"
    )


def _of_source() -> list[sa.Column[Any]]:
    return [
        *_texts("id", "organisation", "kind", "mode", "event", "region", "cell", "detector"),
        *_texts("sensors", "groups", "detector_state", "reached", "observed", "evidence"),
        *_texts("doubts", "settlement", "change"),
        *_numbers("version", "first_changed", "first_detected", "last_detected", "looks"),
        sa.Column("last_unharmed", sa.BigInteger),
        sa.Column("area_m2", sa.Double, nullable=False),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
    ]


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _reference(table: str, field: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation", field],
        [f"{target}.organisation", f"{target}.id"],
        name=f"fk_{table}_{field}",
        deferrable=True,
        initially="DEFERRED",
    )
