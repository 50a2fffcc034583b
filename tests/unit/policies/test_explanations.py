"""Every problem a contract can have is told in French, with what to do next, and is tried by a test."""

# ruff: noqa: E501

from __future__ import annotations

import ast
import errno
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for
from pydantic import BaseModel, Field, ValidationError, field_validator

from policies import ContractError, Finding, StrategyError, load_contract, load_strategy, load_territory
from policies.advice import ADVICE, MARK, advice
from policies.declared import DeclaredDcat, DeclaredFeed, DeclaredRelease, DeclaredRoot
from policies.french import explain_shape, explain_syntax, explain_system
from policies.odcs import _standard
from tests.unit.policies.test_documentation import ROOT, rules
from tests.unit.policies.test_loader import SHIPPED

ENGLISH = re.compile(r"\b(the|should|must|input|value error|not|valid|expected|found|while|is|are|was|string)\b", re.I)


def every_rule() -> set[str]:
    files = (ROOT / "policies").glob("*.py")
    return {rule for file in files for rule in rules(ast.parse(file.read_text(encoding="utf-8")))} - {"to-complete"}


def findings(folder: Path, text: str, name: str = "parking") -> tuple[Finding, ...]:
    path = folder / f"{name}.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_contract(path, load_strategy(SHIPPED / "strategy.yaml"))
    return caught.value.findings


def shipped(name: str = "parking") -> str:
    return (SHIPPED / "contracts" / f"{name}.odcs.yaml").read_text(encoding="utf-8")


def test_every_rule_says_what_to_do_next() -> None:
    assert every_rule() <= set(ADVICE)
    for rule in ADVICE:
        assert advice(Finding(Path(), 1, rule, "")).endswith((".", "}", "!"))
    assert "docs/contracts.md" in advice(Finding(Path(), 1, "une-regle-a-venir", ""))


def test_every_rule_is_tried_by_a_test() -> None:
    tried: set[str] = set()
    for file in (ROOT / "tests" / "unit" / "policies").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                tried |= {node.value, *re.findall(r"\[([a-z-]+)\\?\]", node.value)}
    assert every_rule() <= tried


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("id: parking", "id: Parc Relais", "id", "minuscules-avec-tirets"),
        ("  - {property: frequency, value: 1, unit: h, element: landing}", "  - {property: frequency, value: 1, unit: siècle}", "frequency", "min, h, d, w, m (mois)"),
        ("    dataGranularityDescription", "    quality: [{type: library, metric: duplicateValues, mustBe: 0}]\n    dataGranularityDescription", "volume", "rowCount"),
        ("purpose: >-", "purposes: >-", "missing", "description.purpose"),
        ("kind: DataContract", "kind: DataContract\nowner: nous", "odcs", "« owner » n'existe pas dans la norme"),
        ("kind: DataContract", "kind: Contrat", "odcs", "doit être l'un de DataContract"),
        ("tags: [stationnement, parking, temps réel, mobilité]", "tags: stationnement", "odcs", "doit être une liste"),
        ("        physicalName: live.nom", "        physicalName: [live]", "odcs", "doit être un texte"),
        ("connector: http_pull", "connector: pigeon", "custom-property", "feed.connector : doit être l'un de "),
        ("value: P2D", "value: deux jours", "custom-property", "corrections : doit être une durée ISO 8601"),
        ("schedule: \"*/15 * * * *\"", "schedule: souvent", "custom-property", "cinq champs cron"),
        ("property: treatmentRef, value: sans-objet", "property: treatmentReference, value: sans-objet", "custom-property", "treatmentReference : cette propriété n'existe pas"),
        ("  - {property: purpose, value: stationnement-information}\n", "", "custom-property", "purpose : cette propriété est obligatoire"),
        ("name: parking\n        physicalName: live.nom\n", "name: horodatage\n        physicalName: live.nom\n", "repeated-column", "« horodatage »"),
        ("primaryKey: true\n        primaryKeyPosition: 1", "primaryKeyPosition: 1", "primary-key", "au moins une colonne"),
    ],
)  # fmt: skip
def test_a_problem_is_told_in_french_at_its_line(tmp_path: Path, old: str, new: str, rule: str, said: str) -> None:
    text = shipped()
    assert old in text
    if rule == "primary-key":
        text = text.replace("        primaryKey: true\n        primaryKeyPosition: 2\n", "")
    found = findings(tmp_path, text.replace(old, new, 1))
    told = next(one for one in found if one.rule == rule and said in one.sentence)
    assert not any(ENGLISH.search(re.sub(r"« [^»]*»|[\w.]+ : ", "", one.sentence)) for one in found)
    assert told.line > 1 or said.endswith("obligatoire")  # what is missing has no line of its own


def test_a_table_without_columns_is_told(tmp_path: Path) -> None:
    text = shipped()
    start = text.index("    properties:\n")
    found = findings(tmp_path, text[:start] + text[text.index("    customProperties:\n", start) :])
    assert {one.rule for one in found} == {"one-schema"}


def test_a_search_is_for_records_only(tmp_path: Path) -> None:
    text = shipped().replace("kind: as_is", "kind: as_is\n          models: [{model: k_anonymity, k: 5}]", 1)
    assert "search" in {one.rule for one in findings(tmp_path, text)}


def test_a_technique_for_texts_refuses_a_number(tmp_path: Path) -> None:
    private = "customProperties: [{property: privacy, value: {category: sensitive, technique: commune}}]"
    text = shipped().replace('customProperties: [{property: unit, value: "{place}"}]', private, 1)
    assert "technique-type" in {one.rule for one in findings(tmp_path, text)}


def test_what_is_wrong_with_several_columns_is_told_at_once(tmp_path: Path) -> None:
    text = (
        shipped()
        .replace("- name: places_disponibles", "- name: Places", 1)
        .replace("- name: capacite\n", "- name: Capacité\n", 1)
    )
    assert [one.rule for one in findings(tmp_path, text)] == ["column-name", "column-name"]


def test_what_a_person_must_complete_is_named_one_by_one_and_first(tmp_path: Path) -> None:
    text = shipped().replace("value: sans-objet", f'value: "{MARK} : référence au registre"')
    text = text.replace("code: none", f'code: "{MARK}"').replace("kind: DataContract", "kind: autre chose")
    found = sorted(findings(tmp_path, text), key=lambda one: one.line)
    lines = text.splitlines()
    assert {one.rule for one in found} == {"to-complete"}
    assert [one.sentence for one in found] == ["à compléter : ce texte", "à compléter : référence au registre"]
    assert all(MARK in lines[one.line - 1] for one in found)
    assert "Remplacez tout le texte" in advice(found[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: a\n\tname: b\n", "tabulation"),
        ("id: a: b\n", "entre guillemets"),
        ("tags: [a, b\nid: c\n", "n'est pas refermé"),
        ('id: "a\n', "guillemet"),
        ("id: *a\n", "guillemets"),
        ("a:\n  b: 1\n c: 2\n", "indentation"),
    ],
)
def test_broken_syntax_is_told_in_french(tmp_path: Path, text: str, said: str) -> None:
    (found,) = findings(tmp_path, text)
    assert found.rule == "yaml"
    assert said in found.sentence
    assert not ENGLISH.search(found.sentence)


def test_an_unknown_complaint_about_syntax_is_still_french() -> None:
    assert explain_syntax("something new") == explain_syntax(None) == "vérifiez l'indentation et les guillemets"


def test_why_a_file_can_not_be_read(tmp_path: Path) -> None:
    assert explain_system(OSError(errno.EACCES, "denied")) == "l'accès est refusé"
    assert explain_system(OSError(errno.EIO, "I/O")) == f"erreur {errno.EIO} du système"
    with pytest.raises(ContractError, match=r"c'est un dossier.*\[unreadable\]"):
        load_contract(tmp_path, load_strategy(SHIPPED / "strategy.yaml"))


def test_a_floor_of_the_strategy_is_told_in_french(tmp_path: Path) -> None:
    text = (SHIPPED / "strategy.yaml").read_text(encoding="utf-8").replace("minimumK: 5", "minimumK: 1")
    (tmp_path / "strategy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StrategyError, match=r"doit valoir au moins 2 \[strategy\]"):
        load_strategy(tmp_path / "strategy.yaml")


def test_communes_that_are_not_there_are_told(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "angers")
    (tmp_path / "angers" / "communes.csv").unlink()
    with pytest.raises(StrategyError, match=r"« insee » et « nom » \[communes\]"):
        load_territory(tmp_path / "angers")


def test_how_a_text_is_read_goes_with_a_text_that_is_redacted(tmp_path: Path) -> None:
    text = shipped("citizen-reports").replace(
        "{category: free_text, technique: redact,", "{category: free_text, technique: drop,", 1
    )
    assert text != shipped("citizen-reports")
    assert "redaction" in {one.rule for one in findings(tmp_path, text, "citizen-reports")}


def test_public_figures_that_are_no_text_are_told(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "angers")
    (tmp_path / "angers" / "public-figures.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(StrategyError, match=r"un texte en UTF-8 \[public-figures\]"):
        load_territory(tmp_path / "angers")


class Anything(BaseModel):
    """One field of each kind that pydantic has a complaint about."""

    few: list[int] = Field(default=[1], min_length=1)
    text: str = Field(default="a", max_length=1)
    count: int = Field(default=1, gt=0, lt=9)
    share: float = Field(default=0.1, le=1)
    yes: bool = True
    table: dict[str, str] = {}
    when: bytes = b""

    @field_validator("text")
    @classmethod
    def _ours(cls, text: str) -> str:
        if text == "!":
            raise ValueError("ce signe n'a pas de sens ici")
        return text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"few": []}, "doit avoir au moins 1 élément(s)"),
        ({"few": 3}, "doit être une liste"),
        ({"few": ["a"]}, "doit être un nombre entier"),
        ({"text": "abc"}, "doit avoir au plus 1 caractères"),
        ({"text": 3}, "doit être un texte"),
        ({"text": "!"}, "ce signe n'a pas de sens ici"),
        ({"count": 0}, "doit être plus grand que 0"),
        ({"count": 9}, "doit être plus petit que 9"),
        ({"share": 2}, "doit valoir au plus 1.0"),
        ({"share": "x"}, "doit être un nombre"),
        ({"yes": "peut-être"}, "doit être true ou false"),
        ({"table": 1}, "doit être un objet (des clés et leurs valeurs)"),
        ({"when": 1}, "valeur incorrecte"),
    ],
)
def test_every_kind_of_shape_error_has_a_sentence(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Anything.model_validate(given)
    assert [explain_shape(dict(error)) for error in caught.value.errors()] == [said]


@pytest.mark.parametrize("model", [DeclaredRoot, DeclaredFeed, DeclaredDcat, DeclaredRelease])
@pytest.mark.parametrize("wrong", [1, [], "x", None, {"x": 1}])
def test_our_own_properties_are_never_refused_in_english(model: type[BaseModel], wrong: Any) -> None:
    given = {field.alias or name: wrong for name, field in model.model_fields.items()}
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    for error in caught.value.errors():
        assert not ENGLISH.search(re.sub(r"la forme \S+", "", explain_shape(dict(error))))


def test_the_mark_survives_yaml() -> None:
    assert yaml.safe_load(f'a: "{MARK} : quoi"')["a"].startswith(MARK)


def test_the_quick_validator_and_the_one_that_explains_agree() -> None:
    quick, schema = _standard()
    slow = validator_for(schema)(schema)
    kept = yaml.safe_load((SHIPPED / "contracts" / "parking.odcs.yaml").read_text(encoding="utf-8"))
    kept["schema"][0]["properties"] = kept["schema"][0]["properties"][:2]
    del kept["schema"][0]["customProperties"], kept["customProperties"][2:]
    assert quick.is_valid(kept)
    spoilt = 0
    places: list[tuple[Any, Any]] = [(kept, key) for key in kept]
    while places:
        holder, key = places.pop()
        value = holder[key]
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        places.extend((value, name) for name, _ in inside)
        for wrong in (7, [], {"zzz": 1}):
            holder[key] = wrong
            said = quick.is_valid(kept)
            assert said == slow.is_valid(kept)
            spoilt += not said
        holder[key] = value
    assert spoilt > 50
