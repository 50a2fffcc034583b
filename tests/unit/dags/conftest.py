"""Airflow reads its configuration when it is first imported: its home is set here, before any test module is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from policies import load_territory
from policies.contract import Contract, Territory
from settings import Settings
from settings.model import SHIPPED_TERRITORY

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="ardoise-airflow-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")


@pytest.fixture(scope="session")
def territory() -> Territory:
    return load_territory(SHIPPED_TERRITORY)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), territory=SHIPPED_TERRITORY)


@pytest.fixture(scope="session")
def reports(territory: Territory) -> Contract:
    return next(contract for contract in territory.contracts.values() if contract.approval)


@pytest.fixture(scope="session")
def house() -> Path:
    return Path(__file__).resolve().parents[3]
