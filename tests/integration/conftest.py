"""The real services, as this room sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from xdist.scheduler.loadscope import LoadScopeScheduling

from storage import S3ObjectStore, database_engine, upgrade
from tests.stack_fixtures import ObjectStoreServer, PostgresServer

LONGEST_FIRST = (
    "catalog", "pipeline", "airflow", "ckan_suite", "custody", "sources", "console",
)  # so that none is left for the end  # fmt: skip

OpenStore = Callable[[str], S3ObjectStore]


class ByFolder(LoadScopeScheduling):
    """A folder's tests share servers: where tests are spread over processes, they stay in one.

    xdist's own groups are of no use: their names are lost with pytest 9.2, and every server then starts twice.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _folder(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder | None:
    """``--dist loadscope`` is by folder here."""
    return ByFolder(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest folders first."""
    order = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(_folder(item.nodeid), len(order)))


def _folder(nodeid: str) -> str:
    """``tests/integration/catalog/…::…`` is of « catalog »."""
    return nodeid.partition("tests/integration/")[2].partition("/")[0]


@pytest.fixture(scope="session")
def open_store(object_store: ObjectStoreServer) -> OpenStore:
    """The private bucket, with the credential of a role."""

    def open_as(role: str) -> S3ObjectStore:
        return S3ObjectStore(object_store.s3, object_store.s3.private_bucket, object_store.credential(role))

    return open_as


@pytest.fixture
def store(open_store: OpenStore) -> Iterator[S3ObjectStore]:
    """The private bucket, empty, with every right."""
    found = open_store("admin")
    _empty(found)
    yield found
    _empty(found)


def _empty(store: S3ObjectStore) -> None:
    for item in list(store.list("")):
        store.delete(item.key)


@pytest.fixture(scope="session")
def migrated_database(postgres: PostgresServer) -> Callable[[], str]:
    """Makes migrated databases: each is a copy of one that the migrations made."""
    first = postgres.fresh_database()
    upgrade(first)
    return lambda: postgres.fresh_database(template=first.rpartition("/")[2])


@pytest.fixture(scope="session")
def hub_database(migrated_database: Callable[[], str]) -> str:
    """The address of a migrated database of this session."""
    return migrated_database()


@pytest.fixture
def engine(hub_database: str, postgres: PostgresServer) -> Iterator[Engine]:
    """That database, empty. Only a superuser who switches the triggers off can empty what is append-only."""
    found = database_engine(hub_database)
    yield found
    found.dispose()
    with psycopg.connect(postgres.admin_dsn(hub_database.rpartition("/")[2]), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchone()
        connection.execute(f"TRUNCATE {tables[0] if tables else ''}".encode())
