"""Runs the migrations on the connection that the store hands over."""

from alembic import context

from hearthwatch.store.schema import is_ours
from hearthwatch.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
