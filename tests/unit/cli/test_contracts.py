from __future__ import annotations

import shutil
from pathlib import Path

from typer.testing import CliRunner

from cli.app import application
from cli.errors import CommandError
from policies import ContractChangeError

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
    result = runner.invoke(application, ["contracts", "check", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 1
    line = (tmp_path / "contracts" / "parking.odcs.yaml").read_text(encoding="utf-8").splitlines()
    number = next(n for n, text in enumerate(line, start=1) if "mislabeledOffset" in text)
    assert f"ligne {number} : feed.options.mislabeledOffset : cette option n'existe pas [feed-options]" in result.output
    assert "→ Corrigez « feed.options »" in result.output
    assert "1 problème :" in result.output


def test_check_goes_on_to_the_last_problem_of_the_last_contract(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "angers")
    contracts = tmp_path / "angers" / "contracts"
    changed(
        contracts,
        ("value: PT1H", "value: une heure"),
        ("formats: [parquet, csv, geojson, geoparquet]", "formats: [xlsx]"),
    )
    water = contracts / "water-meters.odcs.yaml"
    water.write_text(water.read_text(encoding="utf-8").replace("minimumUnits: 10", "minimumUnits: 9"), encoding="utf-8")
    (tmp_path / "angers" / "access.cedar").unlink()
    result = runner.invoke(application, ["contracts", "check", str(tmp_path / "angers")], catch_exceptions=False)
    assert result.exit_code == 1
    for told in (
        "✓ citizen-reports",
        "✗ parking.odcs.yaml",
        "lateness : doit être une durée ISO 8601",
        "✗ water-meters.odcs.yaml",
        "la stratégie demande au moins 10 [weak-minimum-units]",
        "→ Remontez la protection au plancher",
        "[access]",
    ):
        assert told in result.output


def test_check_says_which_file_of_the_territory_stops_everything(tmp_path: Path) -> None:
    result = runner.invoke(application, ["contracts", "check", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 1
    assert "strategy.yaml" in result.output
    assert "le fichier ne peut pas être lu (il n'existe pas) [unreadable]" in result.output


def test_check_tells_a_draft(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "angers")
    changed(tmp_path / "angers" / "contracts", ("status: active", "status: draft"))
    result = runner.invoke(application, ["contracts", "check", str(tmp_path / "angers")], catch_exceptions=False)
    assert result.exit_code == 0
    assert "ni collecté ni publié : statut « draft »" in result.output


def test_two_datasets_are_not_compared() -> None:
    contracts = SHIPPED / "contracts"
    files = [str(contracts / f"{name}.odcs.yaml") for name in ("parking", "water-meters")]
    result = runner.invoke(application, ["contracts", "compare", *files])
    assert isinstance(result.exception, CommandError)
    assert "deux jeux de données" in str(result.exception)
