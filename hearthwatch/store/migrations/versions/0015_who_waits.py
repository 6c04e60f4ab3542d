"""Of whom alerts wait is read off an index, however many wait of each."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema from the one before."""
    op.drop_index("ix_alerts_waiting", "alerts")
    op.create_index("ix_alerts_waiting", "alerts", ["message", "organisation", "receiver", "due"])


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_index("ix_alerts_waiting", "alerts")
    op.create_index("ix_alerts_waiting", "alerts", ["message", "due"])
