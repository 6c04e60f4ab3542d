"""Indices of events in the very order in which events are given: late first, then by id.

Of a look that showed thousands of changes all have the same time. Gone through the other way, an
index gives those the wrong way round, and the first hundred are known once all are sorted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_EDGES = ("west", "south", "east", "north")
_INDICES = {
    "ix_events_time": ((), (*_EDGES, "kind", "state")),
    "ix_events_region": (("region",), ()),
    "ix_events_settlement": (("settlement",), ()),
    "ix_events_state": (("state",), _EDGES),
    "ix_events_kind": (("kind",), _EDGES),
    "ix_events_cell": (("cell",), ()),
}
"""What comes before time and id, and what after them."""


def upgrade() -> None:
    """Go to this schema from the one before."""
    _make("first_changed DESC")


def downgrade() -> None:
    """Go back to the schema before."""
    _make("first_changed")


def _make(order: str) -> None:
    for name, (before, after) in _INDICES.items():
        op.drop_index(name, "events")
        columns: list[str | sa.TextClause] = [
            "organisation", *before, sa.text(order), "id", *after,
        ]  # fmt: skip
        op.create_index(name, "events", columns)
