"""« ardoise contracts new », and the page that explains it, followed word for word."""

from __future__ import annotations

import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from cli.app import application
from cli.errors import CommandError
from cli.new_contract import ask
from pipeline.deidentification.check import check
from policies import Technique, load_territory
from policies.advice import MARK
from policies.contract import DatasetId
from sources import PayloadPart, decoder

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "ajouter-un-jeu-de-donnees.md").read_text(encoding="utf-8")
SHIPPED = ROOT / "policies" / "angers"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (?!à la place)(?!---)(.+?) \| (.+?) \|$", re.MULTILINE)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a steward works: the territory's folder, and a drop folder."""
    shutil.copytree(SHIPPED, tmp_path / "angers")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARDOISE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(application, list(words), catch_exceptions=False)


def settled(file: Path) -> None:
    """The operator finished writing some time ago."""
    then = time.time() - 3600
    os.utime(file, (then, then))


def test_the_page_can_be_followed_word_for_word(place: Path) -> None:
    contract = place / "angers" / "contracts" / "prets-de-velos.odcs.yaml"
    output = ""
    position = 0
    commands = 0
    for block in [*BLOCK.finditer(PAGE), None]:
        between = PAGE[position : block.start() if block else len(PAGE)]
        for old, new in ROW.findall(between):
            _replace(contract, old, new)
        if block is None:
            break
        kind, name, content = block.groups()
        position = block.end()
        if kind == "sh":
            commands += 1
            for line in content.splitlines():
                output = run(*line.removeprefix("ardoise ").split()).output
        elif kind == "text":
            for line in content.splitlines():
                assert line in output, f"{line!r} is not in:\n{output}"
        elif name == "organizations.yaml":
            with (place / "angers" / name).open("a", encoding="utf-8") as file:
                file.write(content)
        else:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(content, encoding="utf-8")
            settled(place / name)
    assert commands == 4
    _is_applied(place)


def _replace(contract: Path, old: str, new: str) -> None:
    text = contract.read_text(encoding="utf-8")
    if old.startswith("`"):
        changed = text.replace(old.strip("`"), new.strip("`"))
    else:
        quoted = re.escape(old).replace("'", "''")
        changed = re.sub(rf"'{MARK} : {quoted}[^\n]*'", lambda _: f"'{new.replace(chr(39), chr(39) * 2)}'", text)
    assert changed != text, old
    contract.write_text(changed, encoding="utf-8")


def _is_applied(place: Path) -> None:
    """The contract loads, protects whom it should, and reads the operator's file without a reject."""
    territory = load_territory(place / "angers")
    contract = territory.contracts[DatasetId("prets-de-velos")]
    assert contract.in_force
    assert contract.key == ("badge", "sortie")
    assert (contract.event_time, contract.column("sortie").format) == ("sortie", "%d/%m/%Y %H:%M")
    assert contract.column("badge").privacy.technique is Technique.PSEUDONYMIZE
    assert contract.column("courriel").privacy.technique is Technique.DROP
    assert contract.protection_unit is not None
    assert (contract.protection_unit.column, contract.release.minimum_units) == ("badge", 10)
    with (place / "depot" / "prets" / "2026-10.csv").open("rb") as stream:
        decoded = decoder(contract, territory).decode(iter([PayloadPart("2026-10.csv", stream)]))
        checked = list(check(decoded, contract, "Europe/Paris", datetime(2026, 11, 2, tzinfo=UTC)))
    assert sum(one.batch.num_rows for one in checked) == 12
    assert sum(one.rejects.num_rows for one in checked) == 0


ANSWERS = """
identifiant: comptages
titre: Comptages de vélos
operateur: stationnement-angers
theme: mobilite
source: file_drop
decodeur: csv
options: {pattern: "*.csv"}
"""
COUNTS = "compteur_id,horodatage,passages,taux\n" + "".join(
    f"{100 + n % 3},2026-10-0{1 + n // 3}T08:00:00+02:00,{n},0.5\n" for n in range(27)
)


def proposed(place: Path, answers: str = ANSWERS, content: str | bytes = COUNTS) -> str:
    (place / "depot").mkdir(exist_ok=True)
    file = place / "depot" / "a.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    settled(file)
    (place / "reponses.yaml").write_text(answers, encoding="utf-8")
    result = CliRunner().invoke(
        application, ["contracts", "new", "--reponses", "reponses.yaml", "--territoire", "angers", "--depot", "depot"]
    )
    if result.exception is not None:
        raise result.exception
    return (place / "angers" / "contracts" / "comptages.odcs.yaml").read_text(encoding="utf-8")


def test_an_existing_contract_is_never_written_over(place: Path) -> None:
    proposed(place)
    with pytest.raises(CommandError, match="existe déjà"):
        proposed(place)


def test_an_identifier_is_taken_once_wherever_the_contract_is_written(place: Path) -> None:
    (place / "reponses.yaml").write_text(ANSWERS.replace("identifiant: comptages", "identifiant: parking"), "utf-8")
    words = ["--reponses", "reponses.yaml", "--territoire", "angers", "--sortie", "ailleurs"]
    result = CliRunner().invoke(application, ["contracts", "new", *words])
    assert "est déjà celui d'un contrat" in str(result.exception)


def test_without_a_terminal_or_answers_nobody_is_asked(place: Path) -> None:
    result = CliRunner().invoke(application, ["contracts", "new", "--territoire", "angers"])
    assert isinstance(result.exception, CommandError)
    assert "--reponses" in str(result.exception)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("theme: mobilite", "theme: plage", "theme : « plage » n'existe pas ; au choix : batiments"),
        ("source: file_drop", "source: pigeon", "source : « pigeon » n'existe pas"),
        ("decodeur: csv", "decodeur: morse", "decodeur : « morse » n'existe pas"),
        ("operateur: stationnement-angers", "operateur: moi", "operateur : « moi » n'existe pas"),
        ("identifiant: comptages", "identifiant: parking", "existe déjà"),
        ("identifiant: comptages", "identifiant: Comptages 2", "identifiant : s'écrit en minuscules-avec-tirets"),
        ("titre: Comptages de vélos\n", "", "titre : cette propriété est obligatoire"),
        ("titre:", "titres:", "titres : cette propriété n'existe pas"),
        ("theme: mobilite", "theme: mobilite\ncle: [ailleurs]", "« ailleurs » n'est pas dans le flux ; on y trouve : "),
        ('pattern: "*.csv"', 'pattern: "*.xml"', "n'a rien à livrer pour l'instant"),
        ('pattern: "*.csv"', 'motif: "*.csv"', "feed.options.motif"),
        ("decodeur: csv", "decodeur: open311", "aucune colonne n'est reconnue"),
    ],
)
def test_what_can_not_be_done_is_told_in_french(place: Path, old: str, new: str, told: str) -> None:
    assert old in ANSWERS
    with pytest.raises(Exception, match=re.escape(told)):
        proposed(place, ANSWERS.replace(old, new))
    assert not (place / "angers" / "contracts" / "comptages.odcs.yaml").exists()


def test_answers_that_are_no_yaml_are_told(place: Path) -> None:
    with pytest.raises(Exception, match="ne se lit pas"):
        proposed(place, "identifiant: [")


def test_even_where_nobody_is_seen_a_person_confirms_it(place: Path) -> None:
    text = proposed(place)
    assert "technique: pseudonymize" in text  # compteur_id: a meter is somebody's until a steward says otherwise
    plain = COUNTS.replace("compteur_id", "borne_id")
    (place / "angers" / "contracts" / "comptages.odcs.yaml").unlink()
    text = proposed(place, content=plain)
    assert "technique:" not in text
    assert f"{MARK} : confirmez que rien ici ne concerne une personne" in text
    assert "kind: as_is" in text


def test_everything_can_be_answered_beforehand(place: Path) -> None:
    more = """
retard: PT6H
frequence: {valeur: 2, unite: d}
conservation_jours: 7
date: horodatage
cle: [borne_id, horodatage]
finalite: comptage-velos
registre: sans-objet
base_legale: {code: none, texte: "Des passages sont comptés, jamais des personnes."}
textes: {objet: Compter., limites: Aucune., usage: Libre.}
contact: {nom: Données ouvertes, courriel: donnees@exemple.fr}
descriptions: {borne_id: Borne, horodatage: Heure, passages: Passages, taux: Taux}
"""
    text = proposed(place, ANSWERS + more, COUNTS.replace("compteur_id", "borne_id"))
    assert f"{MARK} : " not in text
    result = run("contracts", "check", "angers")
    assert (result.exit_code, "✓ comptages" in result.output) == (0, True)
    found = load_territory(place / "angers").contracts[DatasetId("comptages")]
    assert found.expected.frequency is not None
    assert (found.expected.frequency.days, found.landing_retention.days, found.lateness.seconds) == (2, 7, 6 * 3600)
    assert {one.logical_type for one in found.columns} == {"string", "timestamp", "integer", "number"}


def test_dialect_and_encoding_are_found(place: Path) -> None:
    lines = ["borne;jour;débit;libellé", *(f"B{n};{1 + n % 28:02d}/10/2026;{n},5;Été {n % 2}" for n in range(40))]
    text = proposed(place, content="\r\n".join([*lines, ""]).encode("cp1252"))
    for told in ("encoding: cp1252", "delimiter: ;", "decimal: ','", "physicalName: débit", "format: dd/MM/yyyy"):
        assert told in text
    assert re.search(r"name: debit\n +physicalName: débit\n +logicalType: number", text)


def test_the_questions_are_asked_again_until_the_answer_is_known(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = iter(
        (
            *("velos", "Vélos", "inconnu", "stationnement-angers", "mobilite", "http_pull", "open311"),
            *("/api/velos", "page", "maj", "", "month", "", "author"),
        )
    )
    asked: list[str] = []

    def prompt(text: str, **_: Any) -> str:
        asked.append(text)
        return next(replies)

    monkeypatch.setattr(typer, "prompt", prompt)
    answers = ask(load_territory(place / "angers"))
    assert sum("Opérateur" in text for text in asked) == 2
    assert answers.options == {"collections": {"live": {"path": "/api/velos", "paging": "page", "since": "maj"}}}
    assert answers.horaire is None


def test_a_source_is_asked_for_the_options_it_needs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = iter(
        ["velos", "Vélos", "stationnement-angers", "mobilite", "file_drop", "csv", "*.csv", "day", "0 5 * * *", "a"]
    )
    monkeypatch.setattr(typer, "prompt", lambda text, **_: next(replies))
    answers = ask(load_territory(place / "angers"))
    assert (answers.options, answers.periode, answers.horaire) == ({"pattern": "*.csv"}, "day", "0 5 * * *")
