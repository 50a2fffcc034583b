"""Run by Alembic with the connection that :mod:`custody.database.state` gives it."""

from alembic import context

from custody.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
