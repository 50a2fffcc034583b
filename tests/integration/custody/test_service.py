"""The service, as its own process, does what every custodian must do."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from anonymization.pseudonyms import Custodian
from tests.custodian_behavior import CustodianBehavior
from tests.integration.custody.conftest import CustodyHome


class TestCustodyService(CustodianBehavior):
    @pytest.fixture
    def client(self, custody: CustodyHome) -> Callable[[str], Custodian]:
        done = custody.add_operator("operator", days=random.uniform(1, 2))  # its quota is whole again
        assert done.returncode == 0, done.stderr
        return custody.client
