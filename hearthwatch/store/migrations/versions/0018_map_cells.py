"""Events by cell of the map, then the newest first, with what a map draws of small ones.

The expression is that of `hearthwatch.store.map_cells`, written out: a migration stays as it is.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_LARGE = "east - west > 0.05 OR north - south > 0.05"
_CELL = {
    "sqlite": "CAST((west + 180.0) * 4 AS INTEGER) * 1000 + CAST((south + 90.0) * 4 AS INTEGER)",
    "postgresql": "CAST(floor((west + 180.0) * 4) AS integer) * 1000"
    " + CAST(floor((south + 90.0) * 4) AS integer)",
}
_DRAWN = (
    "organisation, id, kind, mode, state, last_unharmed, area_m2, settlement,"
    " west, south, east, north"
)


def upgrade() -> None:
    """Go to this schema from the one before."""
    dialect = op.get_bind().dialect.name
    # A row's number is in every index of SQLite.
    drawn = _DRAWN if dialect == "sqlite" else f"{_DRAWN}, number"
    op.execute(
        "CREATE INDEX ix_events_map ON events"
        f" ((CASE WHEN {_LARGE} THEN -1 ELSE {_CELL[dialect]} END), first_changed DESC, {drawn})"
    )


def downgrade() -> None:
    """Go back to the schema before."""
    op.execute("DROP INDEX ix_events_map")
