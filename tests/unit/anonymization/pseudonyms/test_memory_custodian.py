from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from anonymization.pseudonyms import ROLES, Custodian, Kind, MemoryCustodian
from tests.custodian_behavior import (
    DIGITS,
    DOMAINS,
    OPERATOR_QUOTA,
    PADDED,
    PRESERVING,
    REVERSIBLE,
    CustodianBehavior,
)


class TestMemoryCustodian(CustodianBehavior):
    @pytest.fixture
    def client(self) -> Callable[[str], Custodian]:
        custodian = MemoryCustodian(DOMAINS)
        custodian.declare(REVERSIBLE, Kind.REVERSIBLE, padded_length=PADDED)
        custodian.declare(PRESERVING, Kind.FORMAT_PRESERVING, alphabet=DIGITS)
        tokens = {name: custodian.add_client(scope) for name, scope in ROLES.items()}
        operator = replace(ROLES["operator"], domains=frozenset({"water-meter"}))
        tokens["operator"] = custodian.add_client(operator, OPERATOR_QUOTA)
        return lambda role: custodian.with_token(tokens[role])
