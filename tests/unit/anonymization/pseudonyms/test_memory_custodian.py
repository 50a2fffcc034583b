from __future__ import annotations

from collections.abc import Callable

import pytest

from anonymization.pseudonyms import ROLES, Custodian, MemoryCustodian
from tests.custodian_behavior import DOMAINS, CustodianBehavior


class TestMemoryCustodian(CustodianBehavior):
    @pytest.fixture
    def client(self) -> Callable[[str], Custodian]:
        custodian = MemoryCustodian(DOMAINS)
        tokens = {name: custodian.add_client(scope) for name, scope in ROLES.items()}
        return lambda role: custodian.with_token(tokens[role])
