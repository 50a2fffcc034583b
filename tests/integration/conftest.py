"""The real services, as this room sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from storage import S3ObjectStore, database_engine, upgrade
from tests.stack_fixtures import ObjectStoreServer, PostgresServer

ROOM = Path(__file__).parent
LONGEST_FIRST = ("catalog", "pipeline", "airflow", "custody", "sources", "console")  # so that none is left for the end

OpenStore = Callable[[str], S3ObjectStore]


@pytest.hookimpl(tryfirst=True)  # before xdist's own, which reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A folder's tests share servers: where tests are spread over processes, they stay in one, the longest first."""
    for item in items:
        if item.path.is_relative_to(ROOM):
            item.add_marker(pytest.mark.xdist_group(_folder(item)))
    items.sort(key=lambda item: LONGEST_FIRST.index(_folder(item)) if _folder(item) in LONGEST_FIRST else 99)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(ROOM).parts[0] if item.path.is_relative_to(ROOM) else ""


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
