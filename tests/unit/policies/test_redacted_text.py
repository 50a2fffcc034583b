"""Free text is published only redacted, where the strategy lets it, and once a person has read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from policies import ContractError, StrategyError, WeakContractError, load_contract, load_strategy
from policies.contract import Contract, RedactedText, Strategy
from policies.redacted_rules import released_texts

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
APPROVAL = "  - {property: approval, value: true}\n"
STATUS = "{name: statut, sources: [statut], logicalType: string, "
TEXT = "{name: texte, sources: [texte], logicalType: string, description: Texte expurgé}\n            - "
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write the contract of reports with a text among what it publishes, and other changes."""

    def write(*changes: tuple[str, str]) -> Path:
        text = (SHIPPED / "contracts" / "citizen-reports.odcs.yaml").read_text(encoding="utf-8")
        for old, new in ((STATUS, TEXT + STATUS), *changes):
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "citizen-reports.odcs.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def strategy(publish: str | None) -> Strategy:
    found = load_strategy(SHIPPED / "strategy.yaml")
    return replace(found, redacted_text=RedactedText(publish) if publish else RedactedText())  # type: ignore[arg-type]


def refused(path: Path, publish: str | None) -> str:
    with pytest.raises(WeakContractError) as caught:
        load_contract(path, strategy(publish))
    (finding,) = caught.value.findings
    assert finding.rule == "weak-redacted-text"
    line = path.read_text(encoding="utf-8").splitlines()[finding.line - 1]
    assert finding.file == path
    assert "name: texte, sources: [texte]" in line
    return finding.sentence


def test_a_strategy_that_says_nothing_lets_no_text_out(written: Written, tmp_path: Path) -> None:
    text = (SHIPPED / "strategy.yaml").read_text(encoding="utf-8")
    line = "redactedText: {publish: after_reading}\n"
    assert line in text
    (tmp_path / "strategy.yaml").write_text(text.replace(line, ""), encoding="utf-8")
    assert load_strategy(tmp_path / "strategy.yaml").redacted_text == RedactedText("never")
    for publish in (None, "never"):
        assert "la stratégie ne permet pas" in refused(written(), publish)


def test_a_text_goes_out_where_somebody_reads_it(written: Written) -> None:
    contract: Contract = load_contract(written(), strategy("after_reading"))
    assert [column.name for column in released_texts(contract)] == ["texte"]
    assert contract.approval


def test_the_contract_itself_asks_that_it_is_read(written: Written) -> None:
    assert "approval: true" in refused(written((APPROVAL, "")), "after_reading")


def test_a_category_does_not_hide_what_has_to_be_redacted(written: Written) -> None:
    path = written(("{category: free_text, technique: redact", "{category: none, technique: redact"))
    assert "la stratégie ne permet pas" in refused(path, "never")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("{name: texte, ", "{quasiIdentifier: true, name: texte, ", "redacted-text"),
        ("description: Texte expurgé", "generalization: month, description: Texte expurgé", "redacted-text"),
        ("technique: redact, redaction: {thresholds", "technique: drop, redaction: {thresholds", "released-source"),
        ("operators: {ADRESSE: generalize}}", "operators: {NOM: hash}}, domain: citizen-reports", "redacted-text"),
    ],
)
def test_it_goes_out_as_it_stands_and_stored(written: Written, old: str, new: str, rule: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_contract(written((old, new)), strategy("after_reading"))
    assert rule in {finding.rule for finding in caught.value.findings}


def test_a_strategy_says_one_of_two_things(tmp_path: Path) -> None:
    text = (SHIPPED / "strategy.yaml").read_text(encoding="utf-8")
    (tmp_path / "strategy.yaml").write_text(text.replace("publish: after_reading", "publish: always"), encoding="utf-8")
    with pytest.raises(StrategyError, match="redactedText"):
        load_strategy(tmp_path / "strategy.yaml")
