"""The service, as its own process, does what every custodian must do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anonymization.pseudonyms import Custodian
from tests.custodian_behavior import CustodianBehavior
from tests.integration.custody.conftest import CustodyHome


class TestCustodyService(CustodianBehavior):
    @pytest.fixture
    def client(self, custody: CustodyHome) -> Callable[[str], Custodian]:
        return custody.client
