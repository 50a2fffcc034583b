"""The simulated households' consents reach the ledger through custody, once."""

from __future__ import annotations

from datetime import UTC, datetime

from consent import ConsentStore
from stack.embedded import Stack
from stack.service import StackContext
from stack.services import households
from storage.database import database_engine


def test_consents_are_recorded_once_and_as_pseudonyms(stack_context: StackContext) -> None:
    Stack(stack_context, only=("postgres", "hub", "custody", "households")).up(die_with_parent=True)
    engine = database_engine(stack_context.settings.hub_database_url())
    try:
        store, now = ConsentStore(engine), datetime.now(UTC)
        for _, coverage, signed in households._covered(stack_context):
            assert len(store.active_subjects(coverage.purpose, now)) == len(signed) > 10
        assert len(store.active_subjects("statistiques-eau", now)) > 10
        head = store.head()
        households.prepare(stack_context)
        assert store.head() == head
        assert store.verify_chain() == head
    finally:
        engine.dispose()
