"""The inbox: where operators post by themselves. Each operator whose contract says so gets a token at first start."""

from __future__ import annotations

import subprocess

from policies import load_territory
from stack.errors import PrepareError
from stack.service import HealthCheck, Service, StackContext


def prepare(context: StackContext) -> None:
    """Give the operators of posted feeds their token, once (secret ``inbox-<operator>``).

    Raises:
        PrepareError: with the last line that it wrote.
    """
    territory = load_territory(context.territory, refused=lambda file, error: None)
    posting = {one.feed.operator for one in territory.contracts.values() if one.feed.connector == "http_push"}
    for operator in sorted(posting):
        name = f"inbox-{operator}"
        if context.secrets.has(name):
            continue
        into = context.secrets.folder / name
        command = [str(context.python), "-m", "inbox", "token", operator, "--into", str(into)]
        result = subprocess.run(
            command, env=context.environment(), cwd=context.paths.scratch, capture_output=True, text=True, timeout=120
        )
        if result.returncode != 0:
            last = (result.stdout.strip().splitlines() or ["aucun message"])[-1]
            raise PrepareError(f"le dépôt des opérateurs ne se prépare pas : {last}")


def services(context: StackContext) -> list[Service]:
    """Describe the service."""
    port = context.ports["inbox"]
    return [
        Service(
            name="inbox",
            command=(str(context.python), "-m", "inbox", "serve", "--host", "127.0.0.1", "--port", str(port)),
            env=context.environment(),
            cwd=context.paths.scratch,
            log=context.log_file("inbox"),
            ports=(port,),
            health=HealthCheck(url=f"http://127.0.0.1:{port}/health", patience_seconds=90),
            stop_seconds=15,
        )
    ]
