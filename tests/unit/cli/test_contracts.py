from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import application
from cli.errors import CommandError
from policies import ContractChangeError
from sources import FeedError

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
runner = CliRunner()


def changed(folder: Path, *edits: tuple[str, str]) -> Path:
    text = (SHIPPED / "contracts" / "parking.odcs.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    target = folder / "parking.odcs.yaml"
    target.write_text(text, encoding="utf-8")
    return target


def compare(new: Path) -> object:
    old = str(SHIPPED / "contracts" / "parking.odcs.yaml")
    return runner.invoke(application, ["contracts", "compare", old, str(new)], catch_exceptions=True)


def test_compare_says_what_changes(tmp_path: Path) -> None:
    result = compare(changed(tmp_path, ("version: 1.0.0", "version: 2.0.0"), ("{name: nom, s", "{name: libelle, s")))
    assert "majeur" in result.output  # type: ignore[attr-defined]
    assert "1.0.0 → 2.0.0" in result.output  # type: ignore[attr-defined]


def test_compare_refuses_a_version_that_lies(tmp_path: Path) -> None:
    result = compare(changed(tmp_path, ("version: 1.0.0", "version: 1.0.1"), ("{name: nom, s", "{name: libelle, s")))
    assert isinstance(result.exception, ContractChangeError)  # type: ignore[attr-defined]


def test_check_refuses_an_option_that_nothing_understands(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    for file in SHIPPED.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    changed(tmp_path / "contracts", ("mislabelledOffset", "mislabeledOffset"))
    result = runner.invoke(application, ["contracts", "check", str(tmp_path)], catch_exceptions=True)
    with pytest.raises(FeedError, match="mislabeledOffset"):
        raise result.exception or AssertionError(result.output)


def test_two_datasets_are_not_compared() -> None:
    contracts = SHIPPED / "contracts"
    files = [str(contracts / f"{name}.odcs.yaml") for name in ("parking", "water-meters")]
    result = runner.invoke(application, ["contracts", "compare", *files])
    assert isinstance(result.exception, CommandError)
    assert "deux jeux de données" in str(result.exception)
