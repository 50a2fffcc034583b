from __future__ import annotations

from pathlib import Path

import pytest

from cli import doctor
from cli.errors import CommandError


def test_an_ordinary_user_is_told_that_the_stack_is_no_boundary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    findings = {finding.name: finding for finding in doctor.machine(tmp_path)}
    boundary = findings["séparation des pouvoirs"]
    assert boundary.warning
    assert "pas une frontière de confiance" in boundary.detail


def test_a_missing_test_tool_stops_an_ordinary_user_with_the_exact_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda program, path=None: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(CommandError, match="sudo apt-get install -y --no-install-recommends chromium"):
        doctor.install_test_tools()


def test_nothing_is_installed_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda program, path=None: f"/usr/bin/{program}")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    doctor.install_test_tools()


def test_a_missing_environment_of_ckan_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARDOISE_CKAN_PYTHON", str(tmp_path / "absent"))
    (finding,) = [finding for finding in doctor.machine(tmp_path) if "CKAN" in finding.name]
    assert not finding.good
    assert "make demo" in finding.remedy
