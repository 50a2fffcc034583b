# ruff: noqa: E501
"""Health data: no host declared, no contract; and a contract that has some is held to more than others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies import ContractError, StrategyError, WeakContractError, load_contract, load_strategy
from policies.errors import Finding

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
HOSTING = "healthDataHosting:\n  host: Machine de démonstration\n  certificate: aucun, données inventées\n"
AT_SOURCE = ", atSource: true"


def strategy(tmp_path: Path, hosting: str) -> Path:
    text = (SHIPPED / "strategy.yaml").read_text(encoding="utf-8")
    assert HOSTING in text
    target = tmp_path / "strategy.yaml"
    target.write_text(text.replace(HOSTING, hosting), encoding="utf-8")
    return target


def changed(tmp_path: Path, old: str, new: str, dataset: str = "wellbeing") -> Path:
    text = (SHIPPED / "contracts" / f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
    assert old in text
    target = tmp_path / f"{dataset}.odcs.yaml"
    target.write_text(text.replace(old, new), encoding="utf-8")
    shutil.copy(SHIPPED / "tailles.csv", tmp_path)
    return target


def refused(path: Path, kind: type[ContractError] = ContractError) -> tuple[Finding, ...]:
    with pytest.raises(kind) as caught:
        load_contract(path, load_strategy(SHIPPED / "strategy.yaml"))
    return caught.value.findings


def test_with_a_declared_host_it_loads_and_always_asks_a_person(tmp_path: Path) -> None:
    path = changed(tmp_path, "  - {property: approval, value: true}\n", "")
    contract = load_contract(path, load_strategy(SHIPPED / "strategy.yaml"))
    assert contract.approval
    assert contract.column("participant").privacy.at_source


def test_without_a_declared_host_it_does_not_load_and_says_what_where_and_why(tmp_path: Path) -> None:
    path = changed(tmp_path, "1.0.0", "1.0.0")
    with pytest.raises(WeakContractError) as caught:
        load_contract(path, load_strategy(strategy(tmp_path, "")))
    (finding,) = caught.value.findings
    assert finding.rule == "health-hosting"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[finding.line - 1].strip() == "- name: sommeil"
    assert str(caught.value).startswith(f"{path}:{finding.line}: ")
    for words in ("« sommeil »", "healthDataHosting", "strategy.yaml", "L. 1111-8"):
        assert words in finding.sentence


def test_other_contracts_need_no_host(tmp_path: Path) -> None:
    path = changed(tmp_path, "1.0.0", "1.0.0", "water-meters")
    assert load_contract(path, load_strategy(strategy(tmp_path, ""))).id == "water-meters"


@pytest.mark.parametrize(
    "hosting",
    [
        "healthDataHosting: true\n",
        "healthDataHosting: {host: Nuage}\n",
        "healthDataHosting: {host: Nuage, certificate: ''}\n",
        "healthDataHosting: {host: Nuage, certificate: HDS-1, region: FR}\n",
    ],
)
def test_half_a_declaration_is_none(tmp_path: Path, hosting: str) -> None:
    with pytest.raises(StrategyError, match="healthDataHosting"):
        load_strategy(strategy(tmp_path, hosting))


def test_a_declaration_is_read(tmp_path: Path) -> None:
    found = load_strategy(strategy(tmp_path, "healthDataHosting: {host: Nuage, certificate: HDS-2026-7}\n"))
    assert found.health_data_hosting is not None
    assert (found.health_data_hosting.host, found.health_data_hosting.certificate) == ("Nuage", "HDS-2026-7")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("code: A9-2-j", "code: A6-1-e", "health-basis"),
        (AT_SOURCE, "", "health-at-source"),
        ("kind: protected_table", "kind: aggregate", "health-release"),
        ("      - name: date\n", "      - name: nom\n        logicalType: string\n        customProperties: [{property: privacy, value: {category: direct_identifier, technique: drop}}]\n      - name: date\n", "health-at-source"),
        ("technique: keep}}]\n      - name: code_insee", f"technique: keep{AT_SOURCE}}}}}]\n      - name: code_insee", "at-source"),
    ],
)  # fmt: skip
def test_what_a_contract_with_health_data_must_not_say(tmp_path: Path, old: str, new: str, rule: str) -> None:
    assert rule in {finding.rule for finding in refused(changed(tmp_path, old, new))}


def test_consent_can_not_be_decided_from_a_pseudonym(tmp_path: Path) -> None:
    path = changed(tmp_path, "canonical: upper}", f"canonical: upper{AT_SOURCE}}}", "water-meters")
    assert {finding.rule for finding in refused(path)} == {"at-source"}
