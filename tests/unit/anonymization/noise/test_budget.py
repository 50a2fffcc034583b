from __future__ import annotations

import pytest

from anonymization.noise import BudgetLedger
from storage.database import memory_engine
from tests.unit.anonymization.noise.behavior import BudgetBehavior


class TestBudgetInMemory(BudgetBehavior):
    @pytest.fixture
    def ledger(self) -> BudgetLedger:
        return BudgetLedger(memory_engine())
