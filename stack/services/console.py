"""The console: pages for stewards and the DPO, and the lineage endpoint. It migrates the database as it starts."""

from __future__ import annotations

from stack.service import HealthCheck, Service, StackContext


def prepare(context: StackContext) -> None:
    """Nothing to prepare: its secrets are among those the stack makes."""


def services(context: StackContext) -> list[Service]:
    """Describe the service."""
    port = context.ports["console"]
    return [
        Service(
            name="console",
            command=(str(context.python), "-m", "console", "serve", "--host", "127.0.0.1", "--port", str(port)),
            env=context.environment(),
            cwd=context.paths.scratch,
            log=context.log_file("console"),
            ports=(port,),
            health=HealthCheck(url=f"http://127.0.0.1:{port}/health", patience_seconds=90),
        )
    ]
