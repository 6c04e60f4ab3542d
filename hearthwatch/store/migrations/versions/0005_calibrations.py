"""Calibration sets, and which of them holds from when on."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema from the one before."""
    _table(
        "calibrations",
        ("organisation", "id"),
        *_texts("id", "organisation", "kind", "mode", "region", "detector", "detector_version"),
        *_texts("digest"),
        sa.Column("created", sa.BigInteger, nullable=False),
        *_texts("document"),
    )
    op.create_index("ix_calibrations_time", "calibrations", ["organisation", "created", "id"])
    _table(
        "calibration_choices",
        ("organisation", "detector", "mode", "region", "since"),
        *_texts("organisation", "kind", "mode", "region", "detector"),
        sa.Column("since", sa.BigInteger, nullable=False),
        *_texts("calibration"),
    )


def downgrade() -> None:
    """Go back to the schema before."""
    for table in ("calibration_choices", "calibrations"):
        op.drop_table(table)


def _table(name: str, identity: tuple[str, ...], *items: Any) -> None:
    number = sa.Column(
        "number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    op.create_table(name, number, *items, sa.UniqueConstraint(*identity, name=f"uq_{name}"))


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
