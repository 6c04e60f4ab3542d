"""Alarms, and subscriptions to them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXTS = (
    "id", "organisation", "kind", "subject", "severity", "words", "advice", "regions", "items",
    "said", "told", "over_told", "acknowledged_by",
)  # fmt: skip


def upgrade() -> None:
    """Go to this schema from the one before."""
    op.create_table(
        "alarms",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        *[sa.Column(name, sa.Text, nullable=False) for name in _TEXTS],
        *[_whole(name) for name in ("since", "raised", "seen", "rounds")],
        *[_whole(name, nullable=True) for name in ("told_at", "acknowledged", "cleared")],
        sa.UniqueConstraint("organisation", "id", name="uq_alarms"),
    )
    op.create_index("ix_alarms_open", "alarms", ["cleared", "organisation", "raised"])
    # The default is for the rows there already; every row written from now on says its own.
    about = sa.Column("about", sa.Text, nullable=False, server_default="events")
    op.add_column("subscriptions", about)
    _sort_by_code_point("alarms", _TEXTS)
    _sort_by_code_point("subscriptions", ("about",))


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_table("alarms")
    op.drop_column("subscriptions", "about")


def _sort_by_code_point(table: str, names: tuple[str, ...]) -> None:
    """Let PostgreSQL sort as SQLite does."""
    if op.get_bind().dialect.name != "postgresql":
        return
    columns = ", ".join(f'ALTER COLUMN "{name}" TYPE text COLLATE "C"' for name in names)
    op.execute(f'ALTER TABLE "{table}" {columns}')


def _whole(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)
