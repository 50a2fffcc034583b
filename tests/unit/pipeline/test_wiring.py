"""Which stage may hold a token of custody: none that reads pseudonyms, but the one that makes them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from pipeline.errors import RefusedError
from pipeline.hub import Role, RunRequest
from pipeline.wiring import open_hub
from settings import Settings
from settings.model import SHIPPED_TERRITORY


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for role in get_args(Role):
        (secrets / f"s3-{role}").write_text("key:secret")
    for name in ("s3-lineage", "console-lineage", "postgres-ardoise"):
        (secrets / name).write_text("key:secret")
    for client in ("ingest", "orchestrator", "rotation", "assess"):
        (secrets / f"custody-client-{client}").write_text("token")
    return Settings(home=tmp_path, territory=SHIPPED_TERRITORY, custody_url="http://127.0.0.1:1")


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_gets_its_own_custody_only(settings: Settings, role: Role) -> None:
    hub = open_hub(settings, role)
    asked = {
        "ingest": hub.landing_custody,
        "deidentify": hub.erasing_custody,
        "assess": hub.known_custody,
        "rotate": hub.rotation_custody,
    }
    for holder, ask in asked.items():
        if holder == role:
            assert "token" not in repr(ask())
        else:
            with pytest.raises(RefusedError, match="no token of custody"):
                ask()
    if role != "deidentify":
        with pytest.raises(RefusedError, match="no token of custody"):
            hub.run_custody(RunRequest("r", "d"))
