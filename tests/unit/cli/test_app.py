from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import application, main
from stack.errors import PortTakenError

runner = CliRunner()


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cli.app import application; "
        "heavy = {'airflow', 'pyarrow', 'polars', 'httpx', 'minio', 'sqlalchemy', 'supervisor', 'pydantic'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert time.monotonic() - began < 5  # a wide margin on a loaded machine; what matters is the list above


@pytest.mark.parametrize("command", ["up", "down", "status", "logins", "demo", "run", "doctor", "contracts"])
def test_every_command_explains_itself(command: str) -> None:
    assert runner.invoke(application, [command, "--help"]).exit_code == 0


def test_logins_are_shown_on_a_terminal_only(tmp_path: Path) -> None:
    result = runner.invoke(application, ["--home", str(tmp_path), "logins"])
    assert result.exit_code != 0
    assert "terminal" in str(result.exception)


def test_commands_on_no_stack_make_none(tmp_path: Path) -> None:
    assert runner.invoke(application, ["--home", str(tmp_path), "down"]).exit_code == 0
    assert runner.invoke(application, ["--home", str(tmp_path), "status"]).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_room_s_refusal_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise PortTakenError("le port 8080 est occupé")

    monkeypatch.setattr("cli.app.application", refuse)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert capsys.readouterr().err == "ardoise : le port 8080 est occupé\n"


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyError("x")

    monkeypatch.setattr("cli.app.application", fail)
    with pytest.raises(KeyError):
        main()


def test_contracts_check_names_each_contract() -> None:
    result = runner.invoke(application, ["contracts", "check", "policies/angers"])
    assert result.exit_code == 0, result.output
    for dataset in ("parking", "citizen-reports", "water-meters"):
        assert dataset in result.output
