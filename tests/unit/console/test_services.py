"""The console's collaborators, put together from settings."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.__main__ import build_services
from settings import Settings
from settings.model import SHIPPED_TERRITORY
from storage.database import memory_engine


def test_a_broken_contract_takes_no_other_dataset_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    territory = tmp_path / "territory"
    shutil.copytree(SHIPPED_TERRITORY, territory)
    others = len(list((territory / "contracts").iterdir())) - 1
    (territory / "contracts" / "parking.odcs.yaml").write_text("apiVersion: v3.1.0\n", encoding="utf-8")
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    settings = Settings(home=tmp_path, territory=territory)
    for name in ("login-steward", "login-dpo", "login-operator", "console-session", "console-lineage", "s3-console"):
        file = secrets / name
        file.write_text(f"{'x' * 20}:{'x' * 20}", encoding="ascii")
        file.chmod(0o600)
    services = build_services(settings, memory_engine())
    assert len(services.reader.datasets(datetime(2026, 11, 5, tzinfo=UTC)).cards) == others
    assert "parking.odcs.yaml" in caplog.text
