"""Runs the migrations of this extension's own tables, in CKAN's database (``ckan db upgrade -p ardoise``)."""

from alembic import context
from ckan.common import config
from sqlalchemy import create_engine, pool

engine = create_engine(str(config["sqlalchemy.url"]), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table="ardoise_own_alembic_version")
    with context.begin_transaction():
        context.run_migrations()
