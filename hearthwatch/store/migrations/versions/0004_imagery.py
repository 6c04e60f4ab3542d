"""What is known of imagery providers: spend, pauses, marks, scenes they list, missed passes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("gaps", "known_scenes", "marks", "pauses", "spends")


def upgrade() -> None:
    """Go to this schema from the one before."""
    _spends()
    _pauses()
    _marks()
    _known_scenes()
    _gaps()


def downgrade() -> None:
    """Go back to the schema before."""
    for table in _TABLES:
        op.drop_table(table)


def _spends() -> None:
    columns = (
        *_texts("id", "organisation", "region", "provider", "acquisition", "cell"),
        *_texts("priority", "status"),
        *_wholes("reserved"),
        *_reals("estimated_units"),
        *_wholes("estimated_requests"),
        *_reals("units"),
        *_wholes("requests", "bytes"),
        *_wholes("settled", nullable=True),
        *_texts("detail", "run"),
    )
    _table("spends", ("organisation", "id"), *columns)
    op.create_index("ix_spends_time", "spends", ["organisation", "reserved", "id"])
    account = ["organisation", "provider", "settled", "region", "status"]
    sums = ["units", "requests", "estimated_units", "estimated_requests"]
    op.create_index("ix_spends_settled", "spends", [*account, *sums])


def _pauses() -> None:
    columns = (
        *_texts("organisation", "provider"),
        *_wholes("since"),
        *_wholes("until", nullable=True),
        *_texts("reason"),
        *_wholes("ended", nullable=True),
    )
    _table("pauses", ("organisation", "provider", "since"), *columns)


def _marks() -> None:
    identity = ("organisation", "region", "provider", "collection")
    times = (*_wholes("published"), *_wholes("reconciled", nullable=True))
    _table("marks", identity, *_texts(*identity), *times)


def _known_scenes() -> None:
    identity = ("organisation", "region", "provider", "collection", "id")
    columns = (
        *_texts(*identity),
        *_wholes("sensed"),
        *_wholes("published", nullable=True),
        *_texts("item_sha256"),
        *_wholes("first_seen", "last_seen"),
        *_wholes("gone", nullable=True),
        *_texts("document"),
    )
    _table("known_scenes", identity, *columns, _region("known_scenes"))
    time = ["organisation", "region", "provider", "sensed", "id"]
    op.create_index("ix_known_scenes_time", "known_scenes", time)


def _gaps() -> None:
    columns = (
        *_texts("id", "organisation", "kind", "mode", "region", "sensor"),
        *_wholes("relative_orbit", "expected", "raised"),
        *_wholes("closed", nullable=True),
        *_texts("detail"),
    )
    _table("gaps", ("organisation", "id"), *columns, _region("gaps"))
    op.create_index("ix_gaps_time", "gaps", ["organisation", "expected", "id"])


def _table(name: str, identity: tuple[str, ...], *items: Any) -> None:
    number = sa.Column(
        "number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    op.create_table(name, number, *items, sa.UniqueConstraint(*identity, name=f"uq_{name}"))


def _region(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation", "region"],
        ["regions.organisation", "regions.id"],
        name=f"fk_{table}_region",
        deferrable=True,
        initially="DEFERRED",
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _reals(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]
