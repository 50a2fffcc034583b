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
        subjects = store.active_subjects("statistiques-eau", now)
        contract = households._contract(stack_context)
        assert contract is not None
        signed = len(households._signed(stack_context, contract))
        assert len(subjects) == signed > 10
        head = store.head()
        households.prepare(stack_context)
        assert store.head() == head
        assert store.verify_chain() == head
    finally:
        engine.dispose()
