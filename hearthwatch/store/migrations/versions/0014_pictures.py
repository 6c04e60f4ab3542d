"""Whether pictures before and after go with the e-mail of a receiver."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema from the one before."""
    # The default is for the rows there already; every row written from now on says its own.
    column = sa.Column("pictures", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("receivers", column)


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_column("receivers", "pictures")
