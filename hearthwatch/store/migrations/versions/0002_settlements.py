"""Settlements, API keys, how far a run has come, and the looks of one acquisition."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("api_keys", "settlement_versions", "settlements")
_PROGRESS = ("done", "total", "sensed", "detail")


def upgrade() -> None:
    """Go to this schema from the one before."""
    _settlements()
    _api_keys()
    _progress()
    look = ["organisation", "acquisition", "region", "cell", "detector"]
    op.create_index("ix_ledger_acquisition", "ledger", look)


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_index("ix_ledger_acquisition", "ledger")
    op.drop_index("ix_runs_outcome", "runs")
    for column in _PROGRESS:
        op.drop_column("runs", column)
    for table in _TABLES:
        op.drop_table(table)


def _settlements() -> None:
    edges = ("west", "south", "east", "north")
    columns: tuple[Any, ...] = (
        *_texts("id", "organisation", "mode", "name"),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        *_reals("area_m2"),
        *_wholes("created"),
        *_texts("source"),
        *_wholes("removed", nullable=True),
    )
    op.create_table(
        "settlements",
        _number("number"),
        *columns,
        *_reals(*edges),
        sa.UniqueConstraint("organisation", "id", name="uq_settlements"),
    )
    name = ["organisation", "name", "id", "removed", *edges]
    op.create_index("ix_settlements_name", "settlements", name)
    op.create_table(
        "settlement_versions",
        _number("seq"),
        *columns,
        sa.ForeignKeyConstraint(
            ["organisation", "id"],
            ["settlements.organisation", "settlements.id"],
            name="fk_settlement_versions_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_autoincrement=True,
    )
    version = ["organisation", "id", "seq"]
    op.create_index("ix_settlement_versions_id", "settlement_versions", version)


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        _number("number"),
        *_texts("id", "organisation", "name", "role", "sha256"),
        *_wholes("created"),
        *_wholes("expires", "revoked", nullable=True),
        sa.UniqueConstraint("id", name="uq_api_keys"),
    )
    op.create_index("ix_api_keys_created", "api_keys", ["organisation", "created", "id"])


def _progress() -> None:
    # The defaults are for the runs there already; every run written from now on says its own.
    for column in (
        sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("total", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("sensed", sa.BigInteger, nullable=True),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
    ):
        op.add_column("runs", column)
    op.create_index("ix_runs_outcome", "runs", ["outcome", "started", "id"])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _reals(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]
