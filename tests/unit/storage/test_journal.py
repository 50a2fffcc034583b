import pytest

from storage import Journal, memory_engine
from tests.unit.storage.journal_behavior import JournalBehavior


class TestJournalInMemory(JournalBehavior):
    @pytest.fixture
    def journal(self) -> Journal:
        return Journal(memory_engine())
