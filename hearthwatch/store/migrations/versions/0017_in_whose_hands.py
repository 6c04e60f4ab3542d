"""Who set a person's password and who saw a key: what takes two people asks for it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = (("people", "set_by"), ("api_keys", "shown_to"))


def upgrade() -> None:
    """Go to this schema from the one before."""
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
        if op.get_bind().dialect.name == "postgresql":
            # Let PostgreSQL sort as SQLite does.
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE "C"')


def downgrade() -> None:
    """Go back to the schema before."""
    for table, column in _COLUMNS:
        op.drop_column(table, column)
