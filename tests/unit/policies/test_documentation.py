"""docs/contracts.md explains every rule and every property that a steward can meet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic.alias_generators import to_camel

from anonymization import known_generalizations
from policies import declared
from policies.contract import CanonicalForm
from policies.generalizations import SOURCES_TAKEN

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"`([A-Za-z0-9_-]+)`", PAGE))
COMPLAINTS = ("finding", "found", "Finding")


def rules(tree: ast.AST) -> Iterator[str]:
    """The slug of every complaint: the next to last argument of a call, or the first half of a pair."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in COMPLAINTS:
            given = node.args[-2] if len(node.args) > 1 else None
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            given = node.value.elts[0]
        else:
            continue
        if isinstance(given, ast.Constant):
            yield str(given.value)


def test_every_rule_is_explained() -> None:
    files = (ROOT / "policies").glob("*.py")
    found = {rule for file in files for rule in rules(ast.parse(file.read_text(encoding="utf-8")))}
    assert {"weak-k", "released-identifier", "yaml", "version-change", "access"} <= found
    assert found <= EXPLAINED


def test_every_property_is_explained() -> None:
    models = [
        model
        for name, model in vars(declared).items()
        if name.startswith("Declared") and name not in ("Declared", "DeclaredStrategy", "DeclaredEntry")
    ]
    assert len(models) > 8
    for model in models:
        assert {field.alias or to_camel(name) for name, field in model.model_fields.items()} <= EXPLAINED


def test_every_generalization_is_listed_and_exists() -> None:
    assert set(SOURCES_TAKEN) <= EXPLAINED
    assert {name: entry.arity for name, entry in known_generalizations().items()} == SOURCES_TAKEN


def test_every_canonical_form_is_declared_and_explained() -> None:
    table = PAGE.partition("| `canonical` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == {form.value for form in CanonicalForm}
    for form in CanonicalForm:
        given = {"category": "direct_identifier", "technique": "pseudonymize", "domain": "d", "canonical": form.value}
        assert declared.DeclaredPrivacy.model_validate(given).canonical is form
