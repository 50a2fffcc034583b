"""Run by Alembic, with the connection :mod:`storage.database.migrate` gives."""

from alembic import context

from storage.database.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
