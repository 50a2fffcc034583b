"""The simulated operators: their HTTP services, and the files they drop."""

from __future__ import annotations

from policies import load_territory
from stack.service import HealthCheck, Service, StackContext


def prepare(context: StackContext) -> None:
    """Make the folder where they drop files."""
    context.paths.drop.mkdir(mode=0o700, exist_ok=True)


def services(context: StackContext) -> list[Service]:
    """Describe the server; it drops files before it answers: of the demonstrated feeds, or of all."""
    port = context.ports["operators"]
    command = [str(context.python), "-m", "stack.operators", "--port", str(port), *world_arguments(context)]
    if not context.operators.every:
        territory = load_territory(context.territory, refused=lambda file, error: None)
        command += ["--feeds", *territory.demonstrated]
    return [
        Service(
            name="operators",
            command=tuple(command),
            env=context.environment(),
            cwd=context.paths.scratch,
            log=context.log_file("operators"),
            ports=(port,),
            health=HealthCheck(url=f"http://127.0.0.1:{port}/health", patience_seconds=120),
        )
    ]


def world_arguments(context: StackContext) -> list[str]:
    """What every process of the operators is told of their world; see :mod:`stack.operators.arguments`."""
    options = context.operators
    given = {
        "--drop": context.paths.drop,
        "--account": context.paths.of_service("devices") / "accounts" if options.every else None,
        "--territory": context.territory,
        "--seed": options.seed,
        "--rows": options.rows,
        "--households": options.households,
        "--reports": options.reports,
        "--scale": options.scale,
        "--today": options.today,
        "--canaries": options.canaries,
    }
    arguments = [text for flag, value in given.items() if value is not None for text in (flag, str(value))]
    if options.defects:
        arguments += ["--defects", *(f"{name}={value}" for name, value in options.defects)]
    return arguments
