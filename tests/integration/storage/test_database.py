from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from storage import Journal, NewerStateError, RecordError, database_engine, upgrade
from storage.database import METADATA
from tests.stack_fixtures import PostgresServer
from tests.unit.storage.journal_behavior import DELIVERY, NOW, REF, FeedBehavior, JournalBehavior, decision, release


class TestJournalOnPostgres(JournalBehavior, FeedBehavior):
    """The one suite, on the real service."""

    @pytest.fixture
    def journal(self, engine: Engine) -> Journal:
        return Journal(engine)


def test_the_migrations_make_the_tables_that_the_code_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_processes_that_start_together_take_turns(postgres: PostgresServer) -> None:
    url = postgres.fresh_database()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(upgrade, [url] * 4))) == 1
    assert upgrade(url) == upgrade(url)


def test_a_newer_state_is_refused_and_left_alone(postgres: PostgresServer) -> None:
    url = postgres.fresh_database()
    upgrade(url)
    engine = database_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = inspect(engine).get_table_names()
    with pytest.raises(NewerStateError, match="9999"):
        upgrade(url)
    assert inspect(engine).get_table_names() == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


@pytest.mark.parametrize(
    "change", ["UPDATE decisions SET approved = true", "DELETE FROM decisions", "TRUNCATE decisions"]
)
def test_decisions_are_only_ever_added(engine: Engine, change: str) -> None:
    journal = Journal(engine)
    journal.record_decision(**decision(approved=False))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(change))
    found = journal.decision("c" * 64)
    assert found is not None
    assert not found.approved


def test_what_the_database_refuses_is_not_quoted(engine: Engine) -> None:
    with pytest.raises(RecordError) as caught:
        Journal(engine).record_release(**release(content="Lemoine" * 20))
    assert "Lemoine" not in str(caught.value)
    assert "22001" in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_lost_connection_is_replaced(engine: Engine, hub_database: str) -> None:
    journal = Journal(engine)
    journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW, {"offset": 1})
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    killer = database_engine(hub_database)
    with killer.connect() as connection:
        ended = connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        assert ended.rowcount == 1
    killer.dispose()
    assert journal.cursor("parking") == {"offset": 1}
