from __future__ import annotations

import random
from pathlib import Path

import pytest

from settings import load_settings
from stack.context import build_context
from stack.paths import SYSTEM_FOLDER, StackPaths


def context(home: Path):
    return build_context(home, preferred_ports=False, rng=random.Random(7))


def test_secrets_are_private_and_kept(tmp_path: Path) -> None:
    first = {file.name: file.read_text() for file in context(tmp_path).secrets.folder.iterdir()}
    assert len(set(first.values())) == len(first) > 20
    files = list((tmp_path / "secrets").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert {file.name: file.read_text() for file in context(tmp_path).secrets.folder.iterdir()} == first


def test_no_secret_is_shown_by_a_context(tmp_path: Path) -> None:
    shown = repr(context(tmp_path))
    assert not [file.name for file in (tmp_path / "secrets").iterdir() if file.read_text() in shown]


def test_settings_follow_the_ports(tmp_path: Path) -> None:
    made = context(tmp_path)
    settings = load_settings(tmp_path)
    assert settings.airflow_url == f"http://127.0.0.1:{made.ports['airflow']}"
    assert settings.s3.endpoint == f"http://127.0.0.1:{made.ports['s3']}"
    assert f":{made.ports['postgres-hub']}/" in settings.hub_database_url()


def test_what_an_adopter_wrote_in_the_settings_stays(tmp_path: Path) -> None:
    context(tmp_path)
    file = tmp_path / "ardoise.toml"
    text = file.read_text().replace("[s3]\n", '[s3]\nopen_bucket = "ouvert"\n')
    file.write_text(text)
    assert context(tmp_path).settings.s3.open_bucket == "ouvert"


def test_the_operators_size_is_kept_until_another_is_given(tmp_path: Path) -> None:
    from stack.service import OperatorOptions

    given = OperatorOptions(rows=500, seed=3)
    assert build_context(tmp_path, operators=given, preferred_ports=False).operators == given
    assert context(tmp_path).operators == given


def test_as_root_other_users_can_reach_their_files(tmp_path: Path) -> None:
    paths = StackPaths.of(tmp_path, root=True)
    assert paths.hub_postgres.is_relative_to(SYSTEM_FOLDER)
    assert paths.custody.is_relative_to(SYSTEM_FOLDER)
    assert StackPaths.of(tmp_path / "other", root=True).outside != paths.outside


def test_as_an_ordinary_user_everything_lies_in_the_state_folder(tmp_path: Path) -> None:
    paths = StackPaths.of(tmp_path, root=False)
    assert paths.custody_postgres.is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("name", ["PATH", "HOME", "TMPDIR", "ARDOISE_STACK"])
def test_processes_inherit_nothing(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_OF_THE_USER", "x")
    env = context(tmp_path).environment(EXTRA="1")
    assert name in env
    assert env["EXTRA"] == "1"
    assert "SOMETHING_OF_THE_USER" not in env
