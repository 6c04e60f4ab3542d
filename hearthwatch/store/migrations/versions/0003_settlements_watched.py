"""What is said of one settlement: in the ledger, in events and in detections."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = ("ledger_history", "events", "event_versions", "detections")
_LOOK = ("organisation", "region", "cell", "acquisition", "detector")
_TIME = ("organisation", "region", "sensed", "cell", "acquisition", "detector")
_ACQUISITION = ("organisation", "acquisition", "region", "cell", "detector")


def upgrade() -> None:
    """Go to this schema from the one before."""
    _drop_indices()
    for table in _TABLES:
        op.add_column(table, _settlement())
    with op.batch_alter_table("ledger") as ledger:
        ledger.add_column(_settlement())
        ledger.drop_constraint("uq_ledger", type_="unique")
        ledger.create_unique_constraint("uq_ledger", [*_LOOK, "settlement"])
    _create_indices("settlement")
    place = ["organisation", "region", "settlement", "sensed", "cell", "acquisition", "detector"]
    op.create_index("ix_ledger_settlement", "ledger", place)
    happened = ["organisation", "settlement", "first_changed", "id"]
    op.create_index("ix_events_settlement", "events", happened)


def downgrade() -> None:
    """Go back to the schema before, in which a look at a settlement has no place in the ledger."""
    op.drop_index("ix_events_settlement", "events")
    op.drop_index("ix_ledger_settlement", "ledger")
    _drop_indices()
    for table in ("ledger", "ledger_history"):
        op.execute(f"DELETE FROM {table} WHERE settlement <> ''")
    with op.batch_alter_table("ledger") as ledger:
        ledger.drop_constraint("uq_ledger", type_="unique")
        ledger.create_unique_constraint("uq_ledger", list(_LOOK))
        ledger.drop_column("settlement")
    for table in _TABLES:
        op.drop_column(table, "settlement")
    _create_indices()


def _settlement() -> sa.Column[str]:
    # The default is for the rows there already; every row written from now on says its own.
    return sa.Column("settlement", sa.Text, nullable=False, server_default="")


def _drop_indices() -> None:
    op.drop_index("ix_ledger_time", "ledger")
    op.drop_index("ix_ledger_acquisition", "ledger")
    op.drop_index("ix_ledger_history_look", "ledger_history")


def _create_indices(*more: str) -> None:
    op.create_index("ix_ledger_time", "ledger", [*_TIME, *more])
    op.create_index("ix_ledger_acquisition", "ledger", [*_ACQUISITION, *more])
    op.create_index("ix_ledger_history_look", "ledger_history", [*_LOOK, *more, "seq"])
