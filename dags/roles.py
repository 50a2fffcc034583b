"""Who may do what in Airflow: three roles of our own, and one an operator.

A permission is Airflow's pair (action, resource). What follows from it:

* **steward** sees everything about the journey, runs and backfills it, answers required actions; no connections,
  variables or configuration, and no writing of XComs: *decide* reads the answer of a person there.
* **dpo** reads everything, audit log included, and changes nothing.
* **operator** sees, starts and may switch off the collection of the datasets its organization delivers (Airflow has no
  right to start without the right to switch), and nothing else.

A person's right to approve one given release is judged again by the journey itself: whoever wrote the contract or
started the run is refused there, whatever Airflow's roles say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dags.names import collect_dag_id
from policies.contract import Contract

Permission = tuple[str, str]

READ, EDIT, CREATE, DELETE, MENU = "can_read", "can_edit", "can_create", "can_delete", "menu_access"

_ACCOUNT = {
    (READ, "Website"),
    (READ, "My Profile"),
    (EDIT, "My Profile"),
    (READ, "My Password"),
    (EDIT, "My Password"),
}
_RUNS = {(READ, "DAG Runs"), (READ, "Task Instances"), (READ, "Task Logs"), (READ, "DAG Versions")}
_SEE = (
    _ACCOUNT
    | _RUNS
    | {
        (action, resource)
        for action in (READ, MENU)
        for resource in ("DAGs", "DAG Dependencies", "Assets", "Cluster Activity", "HITL Detail")
    }
    | {
        (READ, resource)
        for resource in ("DAG Code", "DAG Warnings", "Asset Aliases", "Backfills", "ImportError", "Jobs", "XComs")
    }
    | {(READ, "All Import Errors"), (READ, "Pools"), (READ, "Task Reschedules")}
    | {(MENU, resource) for resource in ("Browse", "DAG Runs", "Task Instances", "Jobs", "Docs", "Documentation")}
)

STEWARD: frozenset[Permission] = frozenset(
    _SEE
    | {
        (EDIT, "DAGs"),  # switch on and off
        (EDIT, "HITL Detail"),  # answer
        (CREATE, "DAG Runs"),
        (EDIT, "DAG Runs"),
        (EDIT, "Task Instances"),  # clear, hence run again
        (CREATE, "Backfills"),
        (EDIT, "Backfills"),
        (READ, "Audit Logs"),
        (MENU, "Audit Logs"),
    }
)
DPO: frozenset[Permission] = frozenset(
    _SEE
    | {
        (READ, "Audit Logs"),
        (READ, "All Audit Logs"),
        (MENU, "Audit Logs"),
        (READ, "Triggers"),
        (MENU, "Triggers"),
    }
)
OPERATOR: frozenset[Permission] = frozenset(_ACCOUNT | _RUNS | {(MENU, "DAGs"), (MENU, "DAG Runs")})


@dataclass(frozen=True, slots=True)
class Login:
    """A person who signs in to Airflow; the password is a secret of the state folder."""

    name: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    secret: str
    drops_files: bool = False  # acts for the operators whose files are dropped


OPERATOR_PREFIX = "operator-"
LOGINS = (
    Login("airflow-admin", "Administration", "technique", ("Admin",), "login-airflow-admin"),
    Login("steward", "Responsable", "des données", ("steward",), "login-steward"),
    Login("author", "Auteur", "de contrats", ("steward",), "login-author"),
    Login("dpo", "Délégué à la", "protection des données", ("dpo",), "login-dpo"),
    Login("operator", "Opérateur", "de démonstration", ("operator",), "login-operator", drops_files=True),
)


def role_permissions(contracts: Iterable[Contract]) -> dict[str, frozenset[Permission]]:
    """Every role of ours with its permissions: the three roles, and ``operator-<organization>`` for each operator."""
    roles: dict[str, frozenset[Permission]] = {"steward": STEWARD, "dpo": DPO, "operator": OPERATOR}
    for contract in contracts:
        dag_id = collect_dag_id(contract.id)
        name = f"{OPERATOR_PREFIX}{contract.feed.operator}"
        own = {(READ, f"DAG:{dag_id}"), (EDIT, f"DAG:{dag_id}"), (CREATE, f"DAG Run:{dag_id}")}
        roles[name] = roles.get(name, frozenset()) | own
    return roles


def role_names(login: Login, contracts: Iterable[Contract]) -> tuple[str, ...]:
    """The roles of a person; whoever drops files for operators has the roles of those that deliver so."""
    if not login.drops_files:
        return login.roles
    droppers = {contract.feed.operator for contract in contracts if contract.feed.connector == "file_drop"}
    return (*login.roles, *(f"{OPERATOR_PREFIX}{operator}" for operator in sorted(droppers)))
