"""Runs this extension's migrations in CKAN's database (``ckan db upgrade -p ardoise``)."""

from alembic import context
from sqlalchemy import engine_from_config, pool

engine = engine_from_config(
    context.config.get_section(context.config.config_ini_section) or {}, prefix="sqlalchemy.", poolclass=pool.NullPool
)
with engine.connect() as connection:
    context.configure(connection=connection, version_table="ardoise_alembic_version")
    with context.begin_transaction():
        context.run_migrations()
