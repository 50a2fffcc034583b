"""A search that can not be is refused with its file, its line and the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policies import ContractError, WeakContractError, load_contract, load_strategy
from policies.contract import Contract
from policies.generalized_reading import months_of

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
STRATEGY = load_strategy(SHIPPED / "strategy.yaml")
GRID = "maille: {kind: grid, sizes: [400, 800, 1600, 3200], root: territoire}"
PREFIXES = "code_commune: {kind: prefixes, root: territoire}"
DIVERSITY = "{model: distinct_l_diversity, l: 2, sensitive: categorie}"
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write the contract of citizens' reports with some texts replaced, and files beside its folder."""

    def write(*edits: tuple[str, str], **files: str) -> Path:
        text = (SHIPPED / "contracts" / "citizen-reports.odcs.yaml").read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "contracts").mkdir(exist_ok=True)
        for name, content in files.items():
            (tmp_path / name.replace("__", ".")).write_text(content, encoding="utf-8")
        target = tmp_path / "contracts" / "citizen-reports.odcs.yaml"
        target.write_text(text, encoding="utf-8")
        return target

    return write


def loaded(path: Path) -> Contract:
    return load_contract(path, STRATEGY)


def refused(path: Path, kind: type[ContractError] = ContractError) -> list[tuple[str, str, int]]:
    with pytest.raises(kind) as caught:
        loaded(path)
    return [(finding.rule, finding.file.name, finding.line) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("model: k_anonymity", "model: k_anonymat", "model"),
        ("{model: k_anonymity, k: 5}", "{model: k_anonymity}", "model"),
        ("{model: k_anonymity, k: 5}", "{model: k_anonymity, k: 5, l: 2}", "model"),
        ("{model: k_anonymity, k: 5}", "{model: k_anonymity, k: 1}", "model"),
        (DIVERSITY, "{model: distinct_l_diversity, l: 1.5, sensitive: categorie}", "model"),
        (DIVERSITY, "{model: t_closeness, t: 1.2, distance: equal, sensitive: categorie}", "model"),
        (DIVERSITY, "{model: t_closeness, t: 0.2, distance: hierarchical, sensitive: categorie}", "model"),
        (DIVERSITY, "{model: maximum_risk, p: 0}", "model"),
        (DIVERSITY, "{model: delta_presence, minimum: 0.6, maximum: 0.5, population: p.csv}", "model"),
        (DIVERSITY, "{model: t_closeness, t: 0.2, distance: equal, sensitive: categorie}", "local-recoding"),
        (DIVERSITY, "{model: average_risk, p: 0.1}", "local-recoding"),
        ("sensitive: categorie", "sensitive: texte", "sensitive-column"),
        ("sensitive: categorie", "sensitive: maille", "sensitive-column"),
        (GRID, "maillage: {kind: grid, sizes: [400]}", "hierarchy"),
        (GRID, "statut: {kind: prefixes}", "hierarchy"),
        (GRID, "maille: {kind: grid, sizes: [400, 600]}", "hierarchy"),
        (GRID, "maille: {kind: grid}", "hierarchy"),
        (GRID, "maille: {kind: grid, sizes: [300]}", "hierarchy"),
        (PREFIXES, "code_commune: {kind: grid, sizes: [400]}", "hierarchy"),
        (GRID, "maille: {kind: grid, sizes: [400], lengths: [2]}", "hierarchy"),
        (PREFIXES, "code_commune: {kind: prefixes, lengths: [2, 3]}", "hierarchy"),
        (PREFIXES, "code_commune: {kind: intervals, edges: [[1, 5], [0, 10]]}", "hierarchy"),
        (PREFIXES, "code_commune: {kind: intervals, edges: [[5, 1]]}", "hierarchy"),
        (PREFIXES, "code_commune: {kind: csv, file: absent.csv}", "hierarchy-file"),
        (PREFIXES, "code_commune: {kind: csv, file: ../angers/communes.csv}", "hierarchy-file"),
        ("metric: entropy", "metric: entropie", "metric"),
        ("metric: entropy", "metric: entropy\n          weights: {categorie: 2}", "weights"),
        ("metric: entropy", "metric: entropy\n          weights: {maille: -1}", "weights"),
        ("metric: entropy", "metric: discernibility\n          weights: {maille: 2}", "weights"),
        ("metric: entropy", "metric: height", "local-recoding"),
        ("suppressionLimit: 0.2", "suppressionLimit: 1.0", "suppression-limit"),
        ("suppressionLimit: 0.2", "suppressionLimit: 1.2", "custom-property"),
        ("levelsFixedFor: P1Y", "levelsFixedFor: P5M", "levels-fixed"),
        ("levelsFixedFor: P1Y", "levelsFixedFor: P30D", "levels-fixed"),
        ("metric: entropy", "metric: entropy\n          k: 5", "model"),
        ("derivedFrom: code_commune", "derivedFrom: statistique", "derived-column"),
        ("derivedFrom: code_commune", "derivedFrom: code_commune, quasiIdentifier: true", "derived-column"),
        ("generalization: commune, derivedFrom", "derivedFrom", "derived-column"),
    ],
)  # fmt: skip
def test_a_search_that_can_not_be(written: Written, old: str, new: str, rule: str) -> None:
    found = refused(written((old, new)))
    assert rule in {name for name, _, _ in found}
    assert {file for _, file, _ in found} == {"citizen-reports.odcs.yaml"}


def test_hierarchies_without_a_model_say_nothing(written: Written) -> None:
    models = f"            - {{model: k_anonymity, k: 5}}\n            - {DIVERSITY}\n"
    assert "model" in {rule for rule, _, _ in refused(written(("models:\n" + models, "models: []\n")))}


def test_models_without_a_size_are_weaker_than_the_strategy(written: Written) -> None:
    path = written(("            - {model: k_anonymity, k: 5}\n", ""))
    assert {rule for rule, _, _ in refused(path, WeakContractError)} == {"weak-k"}


def test_a_maximum_risk_is_a_size(written: Written) -> None:
    assert loaded(written(("{model: k_anonymity, k: 5}", "{model: maximum_risk, p: 0.1}"))).release.k == 10
    weak = refused(written(("{model: k_anonymity, k: 5}", "{model: maximum_risk, p: 0.3}")), WeakContractError)
    assert {rule for rule, _, _ in weak} == {"weak-k"}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", 1),
        ("49007\n", 1),
        ("49007;Nord;*\n49015;Sud\n", 2),
        ("49007;Nord;*\n49015;Sud;*\n49007;Nord;*\n", 3),
        ("49007;Nord;A\n49015;Nord;B\n", 2),
        ("49007;Nord;A;*\n49015;Sud;B;*\n49020;Nord;B;*\n", 3),
        ("49007;Nord;*\n49015;;*\n", 2),
        ("49007;Nord\n49015;Sud\n", 2),
    ],
)
def test_a_file_that_is_no_hierarchy_is_named_with_its_line(written: Written, content: str, line: int) -> None:
    path = written((PREFIXES, "code_commune: {kind: csv, file: niveaux.csv}"), niveaux__csv=content)
    assert ("hierarchy-file", "niveaux.csv", line) in refused(path)


@pytest.mark.parametrize("content", ["a: [1, 2", "a: [1]\nb: [2]\n", "[1, 2]", "tout: {a: [1, 2], b: [2]}"])
def test_a_tree_that_is_none(written: Written, content: str) -> None:
    path = written((PREFIXES, "code_commune: {kind: tree, file: arbre.yaml}"), arbre__yaml=content)
    assert {("hierarchy-file", "arbre.yaml")} == {(rule, file) for rule, file, _ in refused(path)}


@pytest.mark.parametrize(
    ("content", "line"),
    [("maille;code_commune;effectif\n", 1), ("mois;maille;code_commune;effectif\n2026-10;A;B;trois\n", 2)],
)
def test_a_population_without_its_columns_or_counts(written: Written, content: str, line: int) -> None:
    edits = ((DIVERSITY, "{model: k_map, k: 5, population: gens.csv}"), ("localRecoding: true", "localRecoding: false"))
    assert ("hierarchy-file", "gens.csv", line) in refused(written(*edits, gens__csv=content))


def test_a_file_that_changes_makes_another_contract(written: Written) -> None:
    edit = (PREFIXES, "code_commune: {kind: csv, file: niveaux.csv}")
    first = loaded(written(edit, niveaux__csv="49007;Nord;*\n49015;Sud;*\n"))
    again = loaded(written(edit, niveaux__csv="49007;Nord;*\n49015;Sud;*\n"))
    other = loaded(written(edit, niveaux__csv="49007;Nord;*\n49015;Nord;*\n"))
    assert first.digest == again.digest != other.digest
    assert first.release.search is not None
    assert first.release.search.files[0][0] == "niveaux.csv"


@pytest.mark.parametrize(("text", "months"), [("P1Y", 12), ("P6M", 6), ("P1Y6M", 18), ("P30D", 0), ("", 0), ("P", 0)])
def test_durations_in_months(text: str, months: int) -> None:
    assert months_of(text) == months
