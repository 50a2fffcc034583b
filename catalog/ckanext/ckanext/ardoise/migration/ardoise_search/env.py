"""Runs this extension's migrations where the index lies (``ckan db upgrade -p ardoise_search``).

That is CKAN's database, unless ``solr_url`` names another. A caller without CKAN gives the attribute ``address``.
"""

from alembic import context
from sqlalchemy import create_engine, pool


def _address() -> str:
    if given := context.config.attributes.get("address"):
        return str(given)
    from ckan.common import config

    from ckanext.ardoise.solr import SCHEME, database_address

    told = str(config.get("solr_url") or "")
    return database_address(told if told.startswith(SCHEME) else SCHEME)


engine = create_engine(_address(), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table="ardoise_alembic_version")
    with context.begin_transaction():
        context.run_migrations()
