"""Protected tables and tables with noise in contracts: what each impossible case is told, and on which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import ContractError, WeakContractError, load_contract, load_strategy
from policies.changes import ChangeLevel, compare
from policies.contract import Contract
from policies.tabulated import Dimension, DominanceRule
from tests.noise_behaviour import RELEASE

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
NAME = "water-meters.odcs.yaml"
DIMENSION = "levels: [taille, code_commune]"
NOISE = 'values: ["49007", "49020"]'


def written(folder: Path, text: str) -> Path:
    (folder / "tailles.csv").write_bytes((SHIPPED / "tailles.csv").read_bytes())
    (folder / NAME).write_text(text, encoding="utf-8")
    return folder / NAME


def shipped() -> str:
    return (SHIPPED / "contracts" / NAME).read_text(encoding="utf-8")


def noisy() -> str:
    text = shipped()
    start, end = text.index("          kind: protected_table"), text.index("          formats: [parquet, csv]")
    return text[:start] + RELEASE + text[end:]


def load(path: Path) -> Contract:
    return load_contract(path, load_strategy(SHIPPED / "strategy.yaml"))


def findings(folder: Path, text: str, *edits: tuple[str, str]) -> list[tuple[str, int]]:
    """Rules broken, and on which line."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    with pytest.raises(ContractError) as caught:
        load(written(folder, text))
    return [(finding.rule, finding.line) for finding in caught.value.findings]


def test_the_shipped_table_is_what_it_says() -> None:
    rule = load(SHIPPED / "contracts" / NAME).release
    assert rule.kind == "protected_table"
    assert rule.table is not None
    place = Dimension("lieu", ("taille", "code_commune"), "Ensemble", (("commune", "code_commune"),))
    assert rule.table.dimensions == (place,)
    assert rule.table.dominances == (DominanceRule(2, 0.8),)
    assert (rule.minimum_units, rule.dominance, rule.table.interval) == (10, 0.5, 0.2)
    assert rule.columns[1].options["values"]["49007"] == "100 000 habitants et plus"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (DIMENSION, "levels: [taille, quartier]", "dimension"),
        (DIMENSION, "levels: [taille, taille, code_commune]", "dimension"),
        (DIMENSION, "levels: [taille]", "dimension"),
        ("labels: {commune: code_commune}", "labels: {commune: mois}", "dimension"),
        ("{name: mois, sources: [date], logicalType: string, generalization: month",
         "{name: mois, sources: [date], logicalType: string, generalization: day", "dimension"),
        ("{name: code_commune, sources: [code_insee], logicalType: string",
         "{name: code_commune, sources: [code_insee], logicalType: integer", "dimension"),
        ("{name: consommation_totale_l, function: sum", "{name: statut, function: sum", "dimension"),
        ("function: mean", "function: median", "measure"),
        ("{name: foyers_participants, function: units", "{name: foyers_participants, function: rows", "measure"),
        ("          dominance: 0.5\n", "", "release-kind"),
        ("          minimumUnits: 10\n", "          minimumUnits: 10\n          k: 5\n", "release-kind"),
        ("dominances: [{units: 2, share: 0.8}]", "dominances: [{units: 10, share: 0.8}]", "dominance"),
        ("file: tailles.csv", "file: ../tailles.csv", "listed"),
        ("file: tailles.csv, level: 1", "file: tailles.csv, level: 2", "listed"),
        ("generalization: listed, options: {file: tailles.csv, level: 1}", "generalization: prefix", "generalization"),
        ("kind: protected_table", "kind: aggregate", "release-kind"),
        ("interval: 0.2", "interval: 0", "custom-property"),
        ("dominances: [{units: 2, share: 0.8}]", "dominances: [{units: 2, share: 1}]", "custom-property"),
        ("total: Ensemble", 'total: ""', "custom-property"),
    ],
)  # fmt: skip
def test_an_impossible_table_is_refused(tmp_path: Path, old: str, new: str, rule: str) -> None:
    found = findings(tmp_path, shipped(), (old, new))
    assert rule in {name for name, _ in found}
    first = shipped().index(old)
    line = shipped()[:first].count("\n") + 1
    assert any(abs(where - line) <= 25 for _, where in found)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (NOISE, "values: []", "noise"),
        (NOISE, 'values: ["49007", "49007"]', "noise"),
        ("epsilon: 1.0", "epsilon: 3.0", "noise"),
        ("epsilon: 1.0", "epsilon: 0.00000001", "noise"),
        ("column: consommation_l, least: 0", "column: index_m3, least: 0", "noise"),
        ("least: 0, most: 20000", "least: 5, most: 5", "noise"),
        ("{name: foyers, function: units", "{name: foyers, function: rows", "measure"),
        ("kind: noisy_table\n", "kind: noisy_table\n          minimumUnits: 10\n", "release-kind"),
        ("- {name: code_commune, sources", "- {name: encore, sources: [code_insee], logicalType: string, "
         "description: Autre}\n            - {name: code_commune, sources", "noise"),
    ],
)  # fmt: skip
def test_impossible_noise_is_refused(tmp_path: Path, old: str, new: str, rule: str) -> None:
    assert rule in {name for name, _ in findings(tmp_path, noisy(), (old, new))}


def test_the_strategy_s_floors_hold_for_tables(tmp_path: Path) -> None:
    for text, old, new, rule in (
        (shipped(), "minimumUnits: 10", "minimumUnits: 9", "weak-minimum-units"),
        (shipped(), "dominance: 0.5", "dominance: 0.6", "weak-dominance"),
        (noisy(), "epsilon: 1.0", "epsilon: 1.5", "weak-epsilon"),
        (noisy(), "budget: 2.0", "budget: 13.0", "weak-budget"),
    ):
        with pytest.raises(WeakContractError) as caught:
            load(written(tmp_path, text.replace(old, new, 1)))
        (finding,) = caught.value.findings
        assert finding.rule == rule
        assert new in text.replace(old, new, 1).splitlines()[finding.line - 1]


def test_a_list_counts_in_the_contract_s_digest(tmp_path: Path) -> None:
    before = load(written(tmp_path, shipped())).digest
    text = (SHIPPED / "tailles.csv").read_text(encoding="utf-8")
    (tmp_path / "tailles.csv").write_text(text.replace("49028;moins de 3 500", "49028;3 500"), encoding="utf-8")
    assert load(tmp_path / NAME).digest != before


def test_other_dimensions_are_a_major_change_and_another_interval_a_minor_one(tmp_path: Path) -> None:
    old = load(written(tmp_path, shipped()))
    wider = load(written(tmp_path, shipped().replace("interval: 0.2", "interval: 0.3")))
    assert max(change.level for change in compare(old, wider)) is ChangeLevel.MINOR
    other = load(written(tmp_path, shipped().replace("total: Ensemble", "total: Territoire")))
    assert max(change.level for change in compare(old, other)) is ChangeLevel.MAJOR
