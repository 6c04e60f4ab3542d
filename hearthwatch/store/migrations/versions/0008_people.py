"""People, passes, log of acts, order of changes, releases, verifying, levels, backtests."""

from collections.abc import Iterable
from typing import Any

import shapely
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The defaults are for the rows there already; every row written from now on says its own.
_NEW = {
    "regions": {"level": "routine", "level_reason": "", "terms": "{}"},
    "region_versions": {"level": "routine", "level_reason": "", "terms": "{}"},
    "api_keys": {"scopes": "[]", "replaces": "", "made_by": ""},
    "settlements": {"pcode": ""},
    "settlement_versions": {"pcode": ""},
}
_TABLES = (
    "backtests", "assessments", "claims", "proposals", "tellings", "renderings", "changes", "audit",
    "leases", "passes", "sessions", "people", "organisations",
)  # fmt: skip
_EDGES = ("west", "south", "east", "north")
_LOOKED_UP = {
    "ix_events_state": ["state", "first_changed", "id", *_EDGES],
    "ix_events_kind": ["kind", "first_changed", "id", *_EDGES],
    "ix_events_cell": ["cell", "first_changed", "id"],
    "ix_events_area": ["area_m2"],
    "ix_events_seen": ["last_detected"],
}
"""Of events: what filters ask for that few of them may have."""
_EVENT = ("event", "events")
_PCODES = ["organisation", "pcode", "name", "id"]
_LOOKS_SEEN = ["organisation", "sensed", "acquisition", "cell", "detector"]


def upgrade() -> None:
    """Go to this schema from the one before."""
    for table, columns in _NEW.items():
        for name, default in columns.items():
            op.add_column(table, sa.Column(name, sa.Text, nullable=False, server_default=default))
    for table in ("regions", "region_versions"):
        op.add_column(table, sa.Column("level_until", sa.BigInteger))
    op.add_column("api_keys", sa.Column("used", sa.BigInteger))
    _make_people()
    _make_log()
    _make_releases()
    _make_reviews()
    _make_backtests()
    _fill()
    _place_detections()
    op.create_index("ix_ledger_looks", "ledger", _LOOKS_SEEN)
    op.create_index("ix_settlements_pcode", "settlements", _PCODES)
    for name, found_by in _LOOKED_UP.items():
        op.create_index(name, "events", ["organisation", *found_by])
    _suit_postgresql()


def downgrade() -> None:
    """Go back to the schema before."""
    if _is_postgresql():
        op.drop_index("ix_events_box", "events")
        op.drop_column("events", "box")
    for name in _LOOKED_UP:
        op.drop_index(name, "events")
    op.drop_index("ix_settlements_pcode", "settlements")
    op.drop_index("ix_ledger_looks", "ledger")
    op.drop_index("ix_detections_time", "detections")
    for edge in _EDGES:
        op.drop_column("detections", edge)
    for table in _TABLES:
        op.drop_table(table)
    for table, columns in _NEW.items():
        for name in columns:
            op.drop_column(table, name)
    for table in ("regions", "region_versions"):
        op.drop_column(table, "level_until")
    op.drop_column("api_keys", "used")


def _make_people() -> None:
    _table(
        "organisations",
        ["organisation"],
        *_texts("organisation", "name"),
        *_wholes("created"),
        *_wholes("closed", nullable=True),
    )
    _table(
        "people",
        ["organisation", "id"],
        *_texts("id", "organisation", "login", "name", "role", "password"),
        *_wholes("created", "changed", "failures"),
        *_wholes("waits_until", "disabled", nullable=True),
    )
    op.create_index("ix_people_login", "people", ["organisation", "login"], unique=True)
    _table(
        "sessions",
        ["id"],
        *_texts("id", "organisation", "person", "form_sha256"),
        *_wholes("created", "seen", "expires"),
        *_wholes("ended", nullable=True),
        _reference("sessions", "person", "people"),
    )
    op.create_index("ix_sessions_person", "sessions", ["organisation", "person", "created"])
    _table(
        "passes",
        ["id"],
        *_texts("id", "organisation", "resource", "sha256", "made_by"),
        *_wholes("created", "expires"),
        *_wholes("revoked", nullable=True),
    )
    op.create_index("ix_passes_created", "passes", ["organisation", "created", "id"])
    _table(
        "leases",
        ["name"],
        *_texts("name", "organisation", "holder"),
        *_wholes("taken", "until", "turn"),
    )


def _make_log() -> None:
    _table(
        "audit",
        ["organisation", "sequence"],
        *_wholes("sequence", "at"),
        *_texts("organisation", "actor", "act", "subject", "outcome", "previous", "sha256"),
        *_texts("detail"),
    )
    _table(
        "changes",
        ["organisation", "sequence"],
        *_texts("organisation", "subject", "id"),
        *_wholes("sequence", "version", "gone"),
    )


def _make_releases() -> None:
    _table(
        "renderings",
        ["organisation", "event", "audience"],
        *_texts("organisation", "event", "audience", "precision", "place"),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        *_wholes("made", "not_before"),
        _reference("renderings", *_EVENT),
    )
    _table(
        "tellings",
        ["organisation", "event", "audience", "version"],
        *_texts("organisation", "event", "audience", "id", "detail"),
        *_wholes("version", "at", "gone"),
    )
    op.create_index("ix_tellings_at", "tellings", ["organisation", "audience", "at", "id"])
    _table(
        "proposals",
        ["organisation", "id"],
        *_texts("id", "organisation", "act", "subject", "reason", "asked_by", "outcome"),
        *_texts("decided_by", "ended_by", "detail"),
        sa.Column("audience", sa.Text),
        *_wholes("asked"),
        *_wholes("decided", "ended", nullable=True),
    )
    op.create_index("ix_proposals_asked", "proposals", ["organisation", "asked", "id"])


def _make_reviews() -> None:
    _table(
        "claims",
        ["organisation", "id"],
        *_texts("id", "organisation", "event", "person", "shown"),
        *_wholes("made", "expires"),
        *_wholes("ended", nullable=True),
        _reference("claims", *_EVENT),
    )
    op.create_index("ix_claims_event", "claims", ["organisation", "event", "made", "id"])
    _table(
        "assessments",
        ["organisation", "id"],
        *_texts("id", "organisation", "kind", "mode", "event", "person", "round", "verdict"),
        *_texts("reason", "text", "shown"),
        *_wholes("version", "said"),
        sa.Column("seconds", sa.Double, nullable=False),
        *_wholes("undone", nullable=True),
        _reference("assessments", *_EVENT),
    )
    op.create_index("ix_assessments_event", "assessments", ["organisation", "event", "said", "id"])


def _make_backtests() -> None:
    _table(
        "backtests",
        ["organisation", "id"],
        *_texts("id", "organisation", "kind", "mode", "region", "outcome", "detail", "report"),
        *_wholes("asked", "until", "done", "total"),
        *_wholes("started", "finished", nullable=True),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("months", "learned_months")),
        sa.Column("most_units", sa.Double),
        _reference("backtests", "region", "regions"),
    )
    op.create_index("ix_backtests_region", "backtests", ["organisation", "region", "asked", "id"])


def _fill() -> None:
    """Name the organisations there are, and put what changed so far in the order it was written."""
    op.execute(
        "INSERT INTO organisations (organisation, name, created) "
        "SELECT organisation, organisation, min(created) FROM ("
        "SELECT organisation, created FROM regions UNION ALL "
        "SELECT organisation, created FROM settlements UNION ALL "
        "SELECT organisation, created FROM api_keys) AS known GROUP BY organisation"
    )
    gone = "CASE WHEN removed IS NULL THEN 0 ELSE 1 END"
    written = " UNION ALL ".join(
        f"SELECT {rank} AS rank, {order} AS written, organisation, '{subject}' AS subject, id, "
        f"{version} AS version, {ended} AS gone FROM {table}"
        for rank, (subject, table, order, version, ended) in enumerate(
            (
                ("region", "region_versions", "seq", "0", gone),
                ("settlement", "settlement_versions", "seq", "0", gone),
                ("event", "event_versions", "seq", "version", "0"),
                ("detection", "detections", "number", "0", "0"),
            )
        )
    )
    op.execute(
        "INSERT INTO changes (organisation, sequence, subject, id, version, gone) "
        "SELECT organisation, row_number() OVER "
        "(PARTITION BY organisation ORDER BY rank, written), subject, id, version, gone "
        f"FROM ({written}) AS known"
    )


def _place_detections() -> None:
    """Write the edges of every detection beside it, and let time and place be looked up."""
    for edge in _EDGES:
        op.add_column("detections", sa.Column(edge, sa.Double, nullable=False, server_default="0"))
    table = sa.table("detections", *(sa.column(name) for name in ("number", "geometry", *_EDGES)))
    bind = op.get_bind()
    change = sa.update(table).where(table.c.number == sa.bindparam("its_number"))
    change = change.values({edge: sa.bindparam(edge) for edge in _EDGES})
    for number, wkb in bind.execute(sa.select(table.c.number, table.c.geometry)).fetchall():
        edges = shapely.from_wkb(wkb).bounds
        bind.execute(change, {"its_number": number, **dict(zip(_EDGES, edges, strict=True))})
    op.create_index("ix_detections_time", "detections", ["organisation", "sensed", "id", *_EDGES])


def _suit_postgresql() -> None:
    """Let PostgreSQL, which came with this schema, sort by code point and look up windows.

    SQLite sorts so by itself, and has had its index of windows from the first schema on.
    """
    if not _is_postgresql():
        return
    texts = sa.text(
        "SELECT table_name, string_agg(format('ALTER COLUMN %I TYPE text COLLATE \"C\"', "
        "column_name), ', ') FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = current_schema() "
        "AND table_type = 'BASE TABLE' AND data_type = 'text' "
        "AND table_name <> 'spatial_ref_sys' GROUP BY table_name"
    )
    for table, columns in op.get_bind().execute(texts).fetchall():
        op.execute(f'ALTER TABLE "{table}" {columns}')
    op.execute(
        "ALTER TABLE events ADD COLUMN box geometry(Polygon, 4326) NOT NULL "
        "GENERATED ALWAYS AS (ST_MakeEnvelope(west, south, east, north, 4326)) STORED"
    )
    op.execute("CREATE INDEX ix_events_box ON events USING gist (box, first_changed)")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _table(name: str, identity: list[str], *items: Any) -> None:
    unique = sa.UniqueConstraint(*identity, name=f"uq_{name}")
    op.create_table(name, _number(), *items, unique)


def _number() -> sa.Column[Any]:
    return sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _texts(*names: str) -> Iterable[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str, nullable: bool = False) -> Iterable[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _reference(table: str, field: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation", field],
        [f"{target}.organisation", f"{target}.id"],
        name=f"fk_{table}_{field}",
        deferrable=True,
        initially="DEFERRED",
    )
