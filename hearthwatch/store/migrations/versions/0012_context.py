"""What people observed round watched places, and to what it raises the level of a watch."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = "context_observations"
_WATCHED = ("regions", "region_versions")


def upgrade() -> None:
    """Go to this schema from the one before."""
    for table in _WATCHED:
        op.add_column(table, sa.Column("raised", sa.Text, nullable=False, server_default="{}"))
    op.create_table(
        _TABLE,
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        *_texts("id", "organisation", "region", "sort", "made_by"),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("observed", sa.BigInteger),
        *_texts("words", "source", "reliability"),
        sa.Column("credibility", sa.BigInteger, nullable=False),
        *_texts("grades"),
        sa.Column("factor", sa.BigInteger, nullable=False),
        *_texts("sha256"),
        sa.Column("withdrawn", sa.BigInteger),
        *_texts("withdrawn_by"),
        sa.UniqueConstraint("organisation", "id", name=f"uq_{_TABLE}"),
        sa.ForeignKeyConstraint(
            ["organisation", "region"],
            ["regions.organisation", "regions.id"],
            name=f"fk_{_TABLE}_region",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    found_by = ["organisation", "region", "created", "id"]
    op.create_index("ix_context_observations_region", _TABLE, found_by)
    _sort_by_code_point()


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_table(_TABLE)
    for table in _WATCHED:
        op.drop_column(table, "raised")


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _sort_by_code_point() -> None:
    """Let PostgreSQL sort as SQLite does."""
    if op.get_bind().dialect.name != "postgresql":
        return
    texts = sa.text(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :name "
        "AND table_schema = current_schema() AND data_type = 'text'"
    )
    names = op.get_bind().execute(texts, {"name": _TABLE}).scalars()
    columns = ", ".join(f'ALTER COLUMN "{name}" TYPE text COLLATE "C"' for name in names)
    op.execute(f'ALTER TABLE "{_TABLE}" {columns}')
    for table in _WATCHED:
        op.execute(f'ALTER TABLE "{table}" ALTER COLUMN raised TYPE text COLLATE "C"')
