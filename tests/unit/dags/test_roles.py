"""Who may do what in Airflow."""

from __future__ import annotations

from dags.roles import DPO, LOGINS, OPERATOR, STEWARD, role_names, role_permissions
from policies.contract import Territory

SECRETS = ("Connections", "Variables", "Configurations", "Users", "Roles", "Plugins")


def test_nobody_but_the_administrator_sees_connections_variables_or_configuration() -> None:
    for role in (STEWARD, DPO, OPERATOR):
        assert not {resource for _, resource in role} & set(SECRETS)


def test_only_a_steward_answers_and_nobody_forges_an_answer() -> None:
    assert ("can_edit", "HITL Detail") in STEWARD
    assert ("can_edit", "HITL Detail") not in DPO | OPERATOR
    assert not {("can_create", "XComs"), ("can_edit", "XComs")} & (STEWARD | DPO | OPERATOR)


def test_a_dpo_reads_everything_and_changes_nothing_but_the_own_account() -> None:
    changes = {(action, resource) for action, resource in DPO if action in ("can_create", "can_edit", "can_delete")}
    assert changes == {("can_edit", "My Profile"), ("can_edit", "My Password")}
    assert ("can_read", "All Audit Logs") in DPO


def test_an_operator_has_its_own_collections_only(territory: Territory) -> None:
    roles = role_permissions(territory.contracts.values())
    own = {name for name, one in territory.contracts.items() if one.feed.operator == "eau-angers-loire-metropole"}
    assert own >= {"water-meters"}
    assert {resource for _, resource in roles["operator-eau-angers-loire-metropole"]} == {
        f"{kind}:{name}" for name in own for kind in ("DAG", "DAG Run")
    }
    assert ("can_read", "DAGs") not in OPERATOR
    login = next(login for login in LOGINS if login.name == "operator")
    droppers = {one.feed.operator for one in territory.contracts.values() if one.feed.connector == "file_drop"}
    assert droppers >= {"eau-angers-loire-metropole"}
    names = ("operator", *(f"operator-{name}" for name in sorted(droppers)))
    assert role_names(login, territory.contracts.values()) == names
