"""When what led to an alert happened, and when it was sent and acknowledged."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TEXTS = ("region", "sensor")
_TIMES = (
    "sensed", "published", "fetched", "detected", "verified", "sent", "acknowledged", "looked_up",
)  # fmt: skip
_TIMED = [
    "organisation", "made", "region", "mode", "act", "due", "sensor", "sensed", "published",
    "fetched", "detected", "verified", "sent", "acknowledged", "looked_up", "id", "event",
    "receiver", "version",
]  # fmt: skip


def upgrade() -> None:
    """Go to this schema from the one before."""
    for name in _TEXTS:
        # The default is for the rows there already; every row written from now on says its own.
        op.add_column("alerts", sa.Column(name, sa.Text, nullable=False, server_default=""))
    for name in _TIMES:
        op.add_column("alerts", sa.Column(name, sa.BigInteger, nullable=True))
    _sort_by_code_point()
    # What led to them is looked up by whatever sends; receipts are only here.
    op.execute(
        "UPDATE alerts SET sent = (SELECT ended FROM messages WHERE messages.id = alerts.message "
        "AND messages.organisation = alerts.organisation AND messages.state = 'delivered' "
        "AND messages.attempts > 0) WHERE message <> ''"
    )
    op.create_index("ix_alerts_looked_up", "alerts", ["looked_up", "number"])
    op.create_index("ix_alerts_steps", "alerts", _TIMED)


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_index("ix_alerts_steps", "alerts")
    op.drop_index("ix_alerts_looked_up", "alerts")
    for name in (*_TEXTS, *_TIMES):
        op.drop_column("alerts", name)


def _sort_by_code_point() -> None:
    """Let PostgreSQL sort as SQLite does."""
    if op.get_bind().dialect.name != "postgresql":
        return
    columns = ", ".join(f'ALTER COLUMN "{name}" TYPE text COLLATE "C"' for name in _TEXTS)
    op.execute(f"ALTER TABLE alerts {columns}")
