"""The search engine of our CKAN extension on a real PostgreSQL, without CKAN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.request import read_request
from ckanext.ardoise.search.searching import Answer

from tests.integration.catalog.search.documents import DOCUMENTS, NOW, Ask
from tests.stack_fixtures import PostgresServer

MIGRATIONS = Path("catalog/ckanext/ckanext/ardoise/migration/ardoise_search").resolve()


@pytest.fixture(scope="session")
def index_url(postgres: PostgresServer) -> str:
    """The address of a database with an empty index; its owner is no superuser."""
    url = postgres.fresh_database()
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["address"] = url
    command.upgrade(settings, "head")
    return url


@pytest.fixture(scope="module")
def filled(index_url: str) -> Iterator[SearchEngine]:
    engine = SearchEngine(index_url)
    engine.delete(parse("*:*"))
    engine.add(DOCUMENTS, NOW)
    yield engine
    engine.delete(parse("*:*"))
    engine.close()


@pytest.fixture
def empty(filled: SearchEngine, index_url: str) -> Iterator[SearchEngine]:
    """The same index under another site's name, so that its documents are apart."""
    engine = SearchEngine(index_url)
    yield engine
    engine.delete(parse("site_id:apart"))
    engine.close()


@pytest.fixture(scope="module")
def ask(filled: SearchEngine) -> Ask:
    def run(q: str = "*:*", *fq: str, **parameters: Any) -> Answer:
        request = {"q": q, "fq": ["+site_id:here", "+permission_labels:(public)", *fq], "fl": "name", **parameters}
        return filled.search(read_request(request), NOW)

    return run
