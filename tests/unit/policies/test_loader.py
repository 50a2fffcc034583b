# ruff: noqa: E501
"""A contract is refused with its file, its line and the rule it breaks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from policies import ContractError, StrategyError, WeakContractError, load_contract, load_strategy, load_territory
from policies.contract import CanonicalForm, PrivacyCategory, Technique
from stack.operators.registry import simulated

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
Edit = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Copy a shipped contract with one text replaced by another."""

    def edit(dataset: str, old: str, new: str) -> Path:
        text = (SHIPPED / "contracts" / f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
        assert old in text
        target = tmp_path / f"{dataset}.odcs.yaml"
        shutil.copy(SHIPPED / "tailles.csv", tmp_path)
        target.write_text(text.replace(old, new, 1), encoding="utf-8")
        return target

    return edit


def refusal(path: Path, kind: type[ContractError] = ContractError) -> ContractError:
    with pytest.raises(kind) as caught:
        load_contract(path, load_strategy(SHIPPED / "strategy.yaml"))
    return caught.value


def rules(path: Path, kind: type[ContractError] = ContractError) -> set[str]:
    return {finding.rule for finding in refusal(path, kind).findings}


def test_the_shipped_territory_loads() -> None:
    territory = load_territory(SHIPPED)
    assert set(territory.contracts) == {file.name.split(".")[0] for file in (SHIPPED / "contracts").iterdir()}
    assert set(territory.demonstrated) == {"parking", "citizen-reports", "water-meters"}
    assert set(simulated()) <= set(territory.contracts)
    assert len(territory.communes) == 29
    reports, water = territory.contracts["citizen-reports"], territory.contracts["water-meters"]  # type: ignore[index]
    assert reports.approval
    assert not water.approval
    assert water.key == ("contrat", "date")
    assert water.column("contrat").privacy.technique is Technique.PSEUDONYMIZE
    assert water.column("contrat").privacy.canonical is CanonicalForm.UPPER
    assert water.column("date").format == "%d/%m/%Y"
    assert water.lateness == timedelta(days=1)
    assert water.source_version == "version"
    assert water.landing_retention == timedelta(days=30)
    assert reports.column("texte").privacy.category is PrivacyCategory.FREE_TEXT
    assert reports.release.k == 5


def test_a_message_names_file_line_and_rule(edited: Edit) -> None:
    path = edited("citizen-reports", "{model: k_anonymity, k: 5}", "{model: k_anonymity, k: 3}")
    line = path.read_text(encoding="utf-8").splitlines().index("            - {model: k_anonymity, k: 3}") + 1
    error = refusal(path, WeakContractError)
    assert str(error).startswith(f"{path}:{line}: ")
    assert str(error).endswith("[weak-k]")


@pytest.mark.parametrize(
    ("dataset", "old", "new", "rule"),
    [
        ("water-meters", "minimumUnits: 10", "minimumUnits: 9", "weak-minimum-units"),
        ("water-meters", "dominance: 0.5", "dominance: 0.51", "weak-dominance"),
        ("water-meters", "value: 30, unit: d", "value: 31, unit: d", "weak-retention"),
        ("water-meters", "licence: lov2", "licence: cc-by-nc", "weak-licence"),
        ("citizen-reports", "property: approval, value: true", "property: approval, value: false", "weak-approval"),
    ],
)
def test_weaker_than_the_strategy(edited: Edit, dataset: str, old: str, new: str, rule: str) -> None:
    assert rules(edited(dataset, old, new), WeakContractError) == {rule}


@pytest.mark.parametrize(
    ("dataset", "old", "new", "rule"),
    [
        ("parking", "id: parking", "id: parkings", "file-name"),
        ("parking", "kind: DataContract", "kind: DataContract\nkind: DataContract", "repeated-key"),
        ("parking", "kind: DataContract", "kind: DataContract\nowner: nous", "odcs"),
        ("parking", "kind: DataContract", "kind: [", "yaml"),
        ("parking", "apiVersion: v3.1.0", "apiVersion: v2.2.2", "api-version"),
        ("parking", "version: 1.0.0", "version: 1.0.x", "version"),
        ("parking", "domain: mobilite", "tags: []", "repeated-key"),
        ("parking", "value: PT1H", "value: une heure", "custom-property"),
        ("parking", "mislabelledOffset", "mislabelledOffset: x\n      schedul", "custom-property"),
        ("parking", "logicalType: string", "logicalType: object", "column-type"),
        ("parking", "name: places_disponibles", "name: Places", "column-name"),
        ("parking", "formats: [parquet, csv, geojson, geoparquet]", "formats: [xlsx]", "custom-property"),
        ("parking", "          longitude: longitude", "          longitude: nom", "geometry"),
        ("parking", "{property: eventTime, value: horodatage}", "{property: eventTime, value: nom}", "event-time"),
        ("parking", "sources: [capacite]", "sources: [contenance]", "released-source"),
        ("parking", "{minimum: 0, maximum: 5000}", "{exclusiveMinimum: 0}", "type-option"),
        ("citizen-reports", "technique: pseudonymize, domain: citizen-reports, ", "technique: pseudonymize, ", "domain"),
        ("citizen-reports", "category: direct_identifier, technique: drop", "category: direct_identifier, technique: keep", "direct-identifier"),
        ("citizen-reports", "category: free_text, technique: redact", "category: free_text, technique: keep", "free-text"),
        ("citizen-reports", "{kind: person, column: compte}", "{kind: person, column: courriel}", "protection-unit"),
        ("citizen-reports", "code: A6-1-e", "code: none", "legal-basis"),
        ("citizen-reports", "sources: [statut], logicalType: string", "sources: [texte], logicalType: string, quasiIdentifier: true", "redacted-text"),
        ("citizen-reports", "sources: [ouvert_le], logicalType: string, generalization: month", "sources: [texte], logicalType: string, generalization: month", "redacted-text"),
        ("citizen-reports", "sources: [statut]", "sources: [compte]", "released-identifier"),
        ("citizen-reports", "sources: [statut]", "sources: [courriel]", "released-source"),
        ("citizen-reports", "generalization: month, quasiIdentifier: true", "generalization: month", "released-quasi-identifier"),
        ("citizen-reports", "generalization: month", "generalization: semaine", "generalization"),
        ("citizen-reports", "sources: [longitude, latitude]", "sources: [longitude]", "generalization"),
        ("citizen-reports", "kind: records", "kind: as_is", "release-kind"),
        ("citizen-reports", "{model: k_anonymity, k: 5}", "{model: k_anonymat, k: 5}", "model"),
        ("citizen-reports", "mustBe: 0", "mustBeLessThan: 5", "quality"),
        ("citizen-reports", "role: author", "role: relectrice", "author"),
        ("water-meters", "column: contrat, purpose: statistiques-eau", "column: compteur, purpose: statistiques-eau", "coverage"),
        ("water-meters", "column: contrat, purpose: statistiques-eau", "column: contrat, purpose: facturation", "coverage"),
        ("water-meters", "code: A6-1-a", "code: A6-1-e", "legal-basis"),
        ("water-meters", "value: {kind: delivery_point, column: contrat}", "value: null", "protection-unit"),
        ("water-meters", "function: sum, column: consommation_l", "function: sum, column: code_insee", "measure"),
        ("water-meters", "          dominance: 0.5\n", "", "release-kind"),
        ("water-meters", "format: dd/MM/yyyy", "format: d MMM yyyy", "date-format"),
        ("water-meters", "element: landing", "element: archive", "retention"),
        ("water-meters", "fullText: [taille, commune]", "fullText: [foyers_participants]", "full-text"),
        ("water-meters", "fullText: [taille, commune]", "fullText: [commune, commune]", "full-text"),
        ("water-meters", "fullText: [taille, commune]", "fullText: [commune]\n          searchable: false", "full-text"),
        ("water-meters", "property: sourceVersion, value: version", "property: sourceVersion, value: revision", "source-version"),
        ("water-meters", "^49[0-9]{3}$", "^49[0-9{3}$(", "pattern"),
    ],
)  # fmt: skip
def test_broken(edited: Edit, dataset: str, old: str, new: str, rule: str) -> None:
    assert rule in rules(edited(dataset, old, new))


def test_every_mistake_is_named_at_once(edited: Edit) -> None:
    path = edited("water-meters", "code: A6-1-a", "code: A6-1-e")
    text = path.read_text(encoding="utf-8").replace("column: contrat, purpose", "column: compteur, purpose")
    path.write_text(text, encoding="utf-8")
    assert {"coverage", "legal-basis"} <= rules(path)


def test_an_approval_is_forced_by_what_the_columns_hold(edited: Edit) -> None:
    path = edited("citizen-reports", "  - {property: approval, value: true}\n", "")
    assert load_contract(path, load_strategy(SHIPPED / "strategy.yaml")).approval


def test_unknown_operator_and_theme(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    for name in ("strategy.yaml", "organizations.yaml", "themes.yaml", "communes.csv"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    text = (SHIPPED / "contracts" / "parking.odcs.yaml").read_text(encoding="utf-8")
    text = text.replace("domain: mobilite", "domain: inconnu").replace(
        "operator: stationnement-angers", "operator: moi"
    )
    (tmp_path / "contracts" / "parking.odcs.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_territory(tmp_path)
    assert {finding.rule for finding in caught.value.findings} == {"organization", "theme"}


def test_an_operator_and_a_theme_of_one_name_are_refused(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "territory")
    themes = tmp_path / "territory" / "themes.yaml"
    line = len(themes.read_text(encoding="utf-8").splitlines()) + 1
    with themes.open("a", encoding="utf-8") as file:
        file.write("relation-usagers:\n  title: Relation\n  description: Un thème.\n")
    with pytest.raises(StrategyError, match=rf"themes\.yaml:{line}: « relation-usagers »"):
        load_territory(tmp_path / "territory")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"strategy\.yaml:1: "):
        load_territory(tmp_path)


def test_a_strategy_without_a_floor_is_refused(tmp_path: Path) -> None:
    text = (SHIPPED / "strategy.yaml").read_text(encoding="utf-8").replace("minimumK: 5", "minimumK: 1")
    (tmp_path / "strategy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StrategyError) as caught:
        load_strategy(tmp_path / "strategy.yaml")
    assert caught.value.findings[0].line == text.splitlines().index("minimumK: 1") + 1


def test_loading_needs_none_of_the_heavy_packages() -> None:
    code = (
        "import sys; from pathlib import Path; from policies import load_territory;"
        f"load_territory(Path({str(SHIPPED)!r}));"
        "print(sorted({'pyarrow', 'polars', 'httpx', 'cedarpy', 'open_data_contract_standard'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SHIPPED.parents[1]
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("file", sorted((SHIPPED / "contracts").glob("*.odcs.yaml")), ids=lambda file: file.name)
def test_a_shipped_contract_is_the_standard_s_as_well(file: Path) -> None:
    from open_data_contract_standard.model import OpenDataContractStandard

    read = OpenDataContractStandard.from_file(str(file))
    assert (read.kind, read.apiVersion) == ("DataContract", "v3.1.0")
    assert f"{read.id}.odcs.yaml" == file.name


def test_loading_is_quick_enough_for_every_parse_of_the_dags() -> None:
    began = time.process_time()
    load_territory(SHIPPED)
    assert time.process_time() - began < 1.0
