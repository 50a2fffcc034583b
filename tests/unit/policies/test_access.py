from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies.access import AccessPolicies, Action, Principal, load_access
from policies.errors import AccessDeniedError, AccessError
from stack.services.objects import RIGHTS

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
ZONES = ("landing", "trusted", "quarantine", "known", "candidate", "memory", "open", "audit")
STAGES = ("ingest", "deidentify", "anonymize", "assess", "publish", "rotate", "lineage", "console")
OPEN = {"open"}  # anyone reads it, without a credential


@pytest.fixture(scope="module")
def access() -> AccessPolicies:
    return load_access(SHIPPED)


def zones(access: AccessPolicies, stage: str, action: Action) -> set[str]:
    principal = Principal("Stage", stage)
    return {zone for zone in ZONES if access.allowed(principal, action, zone, purpose="a", declared="a")}


def test_the_object_store_grants_what_the_policies_permit(access: AccessPolicies) -> None:
    assert set(RIGHTS) == set(STAGES)
    for stage, granted in RIGHTS.items():
        assert zones(access, stage, "read") - OPEN == {zone for zone, of in granted.items() if "Read" in of} - OPEN
        assert zones(access, stage, "write") == {zone for zone, of in granted.items() if "Write" in of}
        assert zones(access, stage, "destroy") == set()


def test_nobody_but_deidentify_reads_both_sides(access: AccessPolicies) -> None:
    for stage in set(STAGES) - {"deidentify"}:
        assert not {"landing", "trusted"} <= zones(access, stage, "read")
    for role in ("steward", "dpo", "operator"):
        for zone in ("landing", "trusted", "quarantine"):
            assert not access.allowed(Principal("Role", role), "read", zone, purpose="a", declared="a")


def test_another_purpose_opens_only_what_is_open(access: AccessPolicies) -> None:
    for stage in STAGES:
        for zone in ZONES:
            allowed = access.allowed(Principal("Stage", stage), "read", zone, purpose="b", declared="a")
            assert allowed == (zone == "open")


def test_a_steward_approves_and_a_dpo_destroys_all_but_the_proofs(access: AccessPolicies) -> None:
    steward, dpo = Principal("Role", "steward"), Principal("Role", "dpo")
    assert access.allowed(steward, "approve", "candidate", purpose="a", declared="a")
    assert not access.allowed(dpo, "approve", "candidate", purpose="a", declared="a")
    assert access.allowed(dpo, "destroy", "landing", purpose="a", declared="a")
    assert not access.allowed(dpo, "destroy", "audit", purpose="a", declared="a")
    with pytest.raises(AccessDeniedError, match="audit"):
        access.require(dpo, "destroy", "audit", purpose="a", declared="a")


def test_the_unknown_is_refused(access: AccessPolicies) -> None:
    assert not access.allowed(Principal("Stage", "nobody"), "read", "trusted", purpose="a", declared="a")
    assert not access.allowed(Principal("Role", "steward"), "read", "elsewhere", purpose="a", declared="a")


@pytest.mark.parametrize("text", ["permit(", 'permit(principal == Nobody::"x", action, resource);'])
def test_a_policy_that_can_not_be_judged_does_not_load(tmp_path: Path, text: str) -> None:
    shutil.copy(SHIPPED / "access.cedarschema", tmp_path)
    (tmp_path / "a.cedar").write_text(text, encoding="utf-8")
    with pytest.raises(AccessError, match=r"a\.cedar:1: "):
        load_access(tmp_path)


def test_a_territory_without_policies_does_not_load(tmp_path: Path) -> None:
    with pytest.raises(AccessError):
        load_access(tmp_path)


@pytest.mark.parametrize(
    "permit",
    [
        'permit (principal == Role::"steward", action == Action::"read", resource == Zone::"trusted");',
        'permit (principal, action == Action::"read", resource == Zone::"trusted");',
        'permit (principal == Stage::"publish", action, resource);',
        'permit (principal == Role::"dpo", action, resource) unless { resource == Zone::"audit" };',
    ],
)
def test_policies_that_let_others_read_pseudonyms_do_not_load(tmp_path: Path, permit: str) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "territory")
    (folder / "more.cedar").write_text(permit)
    with pytest.raises(AccessError, match="trusted"):
        load_access(folder)
