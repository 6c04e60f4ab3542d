"""Responders, responses and their steps, notes, effects."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = ("effects", "notes", "response_steps", "responses", "responders")


def upgrade() -> None:
    """Go to this schema from the one before."""
    _make_responders()
    _make_responses()
    _make_notes()
    _sort_by_code_point()


def downgrade() -> None:
    """Go back to the schema before."""
    for table in _TABLES:
        op.drop_table(table)


def _make_responders() -> None:
    _table(
        "responders",
        ["organisation", "id"],
        *_texts(
            "id", "organisation", "name", "owner", "agreement", "detail", "contacts", "region",
            "kinds", "modes", "least_state", "least_severity",
        ),
        *_wholes("created", "since", "rank", "urgent_wait", "routine_wait", "revision"),
        *_wholes("until", "removed", nullable=True),
        sa.Column("geometry", sa.LargeBinary),
    )  # fmt: skip
    op.create_index("ix_responders_revision", "responders", ["organisation", "revision"])


def _make_responses() -> None:
    _table(
        "responses",
        ["organisation", "id"],
        *_texts(
            "id", "organisation", "event", "responder", "contacts", "state", "handed_from",
            "handed_to",
        ),
        *_wholes("told", "since", "steps"),
        *_wholes("due", nullable=True),
        _reference("responses", "event", "events"),
    )  # fmt: skip
    told = ["organisation", "event", "responder"]
    op.create_index("ix_responses_told", "responses", told, unique=True)
    op.create_index("ix_responses_due", "responses", ["due"])
    op.create_index("ix_responses_state", "responses", ["state", "organisation"])
    _table(
        "response_steps",
        ["organisation", "response", "sequence"],
        *_texts("organisation", "response", "event", "act", "receiver", "by", "words", "to"),
        *_wholes("sequence", "at"),
        _reference("response_steps", "response", "responses"),
    )
    op.create_index("ix_response_steps_event", "response_steps", ["organisation", "event"])


def _make_notes() -> None:
    for table, texts in (
        ("notes", ("id", "organisation", "event", "by", "words")),
        (
            "effects",
            ("id", "organisation", "event", "by", "effect", "day", "source", "words", "responder"),
        ),
    ):
        reference = _reference(table, "event", "events")
        _table(table, ["organisation", "id"], *_texts(*texts), *_wholes("at"), reference)
        op.create_index(f"ix_{table}_event", table, ["organisation", "event", "at", "id"])


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
