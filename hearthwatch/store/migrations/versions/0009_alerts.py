"""Receivers, subscriptions, alerts, messages, attempts."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = ("attempts", "messages", "alerts", "subscriptions", "receivers")


def upgrade() -> None:
    """Go to this schema from the one before."""
    _make_receivers()
    _make_alerts()
    _make_messages()
    _sort_by_code_point()


def downgrade() -> None:
    """Go back to the schema before."""
    for table in _TABLES:
        op.drop_table(table)


def _make_receivers() -> None:
    _table(
        "receivers",
        ["organisation", "id"],
        *_texts(
            "id", "organisation", "name", "channel", "owner", "address", "language", "detail",
            "zone", "scope", "disabled_reason",
        ),
        *_wholes("created", "storm_cap", "turn", "revision"),
        *_wholes(
            "quiet_from", "quiet_until", "rotated", "confirmed", "disabled", "removed",
            nullable=True,
        ),
        sa.Column("quiet_override", sa.Text),
    )  # fmt: skip
    op.create_index("ix_receivers_revision", "receivers", ["organisation", "revision"])
    _table(
        "subscriptions",
        ["organisation", "id"],
        *_texts(
            "id", "organisation", "receiver", "name", "region", "kinds", "modes", "least_state",
            "least_severity", "rhythm", "responder",
        ),
        *_wholes("created", "revision"),
        *_wholes("paused", "removed", nullable=True),
        sa.Column("geometry", sa.LargeBinary),
        _reference("subscriptions", "receiver", "receivers"),
    )  # fmt: skip
    op.create_index("ix_subscriptions_revision", "subscriptions", ["organisation", "revision"])
    op.create_index("ix_subscriptions_receiver", "subscriptions", ["organisation", "receiver"])


def _make_alerts() -> None:
    _table(
        "alerts",
        ["organisation", "id"],
        *_texts(
            "id", "organisation", "receiver", "event", "kind", "mode", "act", "severity", "facts",
            "subscriptions", "message", "before",
        ),
        *_wholes("sequence", "version", "made", "due"),
        _reference("alerts", "receiver", "receivers"),
    )  # fmt: skip
    told = ["organisation", "event", "receiver", "sequence"]
    op.create_index("ix_alerts_told", "alerts", told, unique=True)
    op.create_index("ix_alerts_message", "alerts", ["organisation", "message"])
    op.create_index("ix_alerts_waiting", "alerts", ["message", "due"])


def _make_messages() -> None:
    _table(
        "messages",
        ["organisation", "id"],
        *_texts(
            "id", "organisation", "receiver", "form", "mode", "events", "content", "state",
            "holder",
        ),
        *_wholes("made", "next", "late", "attempts", "spent"),
        *_wholes("held_until", "ended", "since", nullable=True),
        _reference("messages", "receiver", "receivers"),
    )  # fmt: skip
    op.create_index("ix_messages_waiting", "messages", ["state", "next"])
    queue = ["organisation", "receiver", "state", "number"]
    op.create_index("ix_messages_receiver", "messages", queue)
    op.create_index("ix_messages_made", "messages", ["organisation", "made", "id"])
    _table(
        "attempts",
        ["organisation", "message", "sequence"],
        *_texts("organisation", "message", "outcome", "words"),
        *_wholes("sequence", "began", "ended", "status"),
        _reference("attempts", "message", "messages"),
    )


def _sort_by_code_point() -> None:
    """Let PostgreSQL sort as SQLite does."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TABLES:
        texts = sa.text(
            "SELECT column_name FROM information_schema.columns WHERE table_name = :name "
            "AND table_schema = current_schema() AND data_type = 'text'"
        )
        names = op.get_bind().execute(texts, {"name": table}).scalars()
        columns = ", ".join(f'ALTER COLUMN "{name}" TYPE text COLLATE "C"' for name in names)
        op.execute(f'ALTER TABLE "{table}" {columns}')


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
