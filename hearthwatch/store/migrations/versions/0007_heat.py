"""Heat that satellites saw: the pixels, of what there is a record, and sources people know."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema from the one before."""
    _table(
        "heat_spots",
        *_texts("id", "organisation"),
        *_wholes("sensed"),
        *_reals("lon", "lat", "scan_m", "track_m"),
        sa.Column("frp_mw", sa.Double, nullable=True),
        *_texts("confidence", "stated", "satellite", "instrument", "processing", "version"),
        *_texts("seen_by"),
        sa.Column("type", sa.BigInteger, nullable=True),
        *_texts("source_sha256"),
        *_wholes("received"),
    )
    op.create_index("ix_heat_spots_time", "heat_spots", ["organisation", "sensed", "id"])
    op.create_index("ix_heat_spots_place", "heat_spots", ["organisation", "lon", "lat", "sensed"])
    _table(
        "heat_covers",
        *_texts("id", "organisation", "source"),
        *_reals("west", "south", "east", "north"),
        *_wholes("since", "until"),
        *_texts("sha256"),
        *_wholes("received"),
    )
    _table(
        "heat_sources",
        *_texts("id", "organisation"),
        *_reals("lon", "lat", "radius_m"),
        *_texts("why"),
        *_wholes("added"),
        sa.Column("removed", sa.BigInteger, nullable=True),
    )


def downgrade() -> None:
    """Go back to the schema before."""
    for table in ("heat_sources", "heat_covers", "heat_spots"):
        op.drop_table(table)


def _table(name: str, *items: Any) -> None:
    number = sa.Column(
        "number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    unique = sa.UniqueConstraint("organisation", "id", name=f"uq_{name}")
    op.create_table(name, number, *items, unique)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _reals(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]
