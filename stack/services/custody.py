"""Custody, the trusted third party: a process, a cluster and a folder of its own.

Started as root it becomes its own operating-system user once everything is imported: the interpreter may lie under a
home that this user can not enter. What the hub gets from it are its clients' tokens, in the hub's secrets.
"""

from __future__ import annotations

import json
import subprocess

from policies import load_territory
from stack.accounts import CUSTODY_USER, account
from stack.errors import PrepareError
from stack.service import HealthCheck, Service, StackContext

CLIENTS = ("ingest", "orchestrator", "consent", "rotation", "assess")


def prepare(context: StackContext) -> None:
    """Prepare its home and database, the territory's pseudonymisation domains, and the hub's clients.

    Raises:
        PrepareError: with the last line that it wrote.
    """
    port = context.ports["postgres-custody"]
    arguments = ["--database", f"postgresql+psycopg://custody@127.0.0.1:{port}/custody"]
    declared = context.paths.custody / "domains.toml"
    declared.write_text(_domains(context), encoding="utf-8")
    arguments += ["--domains", str(declared)]
    for client in CLIENTS:
        arguments += ["--client", f"{client}={context.secrets.folder / f'custody-client-{client}'}"]
    if (user := account(CUSTODY_USER)) is not None:
        arguments += ["--user", user]
    command = [str(context.python), "-m", "custody", "init", "--home", str(context.paths.custody), *arguments]
    result = subprocess.run(
        command, env=_environment(context), cwd=context.paths.custody, capture_output=True, text=True, timeout=120
    )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["aucun message"])[-1]
        raise PrepareError(f"le tiers de confiance ne se prépare pas : {last}")


def services(context: StackContext) -> list[Service]:
    """Describe the service."""
    port, user = context.ports["custody"], account(CUSTODY_USER)
    command = [str(context.python), "-m", "custody", "serve", "--home", str(context.paths.custody), "--port", str(port)]
    return [
        Service(
            name="custody",
            command=(*command, *(() if user is None else ("--user", user))),
            env=_environment(context),
            cwd=context.paths.custody,
            log=context.log_file("custody"),
            ports=(port,),
            health=HealthCheck(url=f"http://127.0.0.1:{port}/health"),
            stop_seconds=15,
        )
    ]


def _domains(context: StackContext) -> str:
    """Declare, for custody, the domains of the territory's contracts: who works with their pseudonyms, and what for.

    Names of domains and purposes are all that custody is told of the hub's contracts.
    """
    territory, purposes = load_territory(context.territory), dict[str, set[str]]()
    for contract in territory.contracts.values():
        for domain in contract.domains():
            purposes.setdefault(str(domain), set()).add(contract.purpose)
    recipient = json.dumps(territory.strategy.territory, ensure_ascii=False)  # also a string of TOML
    tables = (
        f"[{name}]\nrecipient = {recipient}\npurpose = {json.dumps(', '.join(sorted(found)), ensure_ascii=False)}\n"
        for name, found in sorted(purposes.items())
    )
    return "\n".join(tables)


def _environment(context: StackContext) -> dict[str, str]:
    """Give custody no address of the hub: it needs none."""
    return context.bare_environment(
        HOME=str(context.paths.custody), TMPDIR=str(context.paths.custody), PYTHONPATH=str(context.root)
    )
