import pytest

from storage import Journal, memory_engine
from tests.unit.storage.journal_behavior import FeedBehavior, JournalBehavior


class TestJournalInMemory(JournalBehavior, FeedBehavior):
    @pytest.fixture
    def journal(self) -> Journal:
        return Journal(memory_engine())
