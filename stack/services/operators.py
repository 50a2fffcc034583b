"""The simulated operators: their HTTP services, and the files they drop."""

from __future__ import annotations

from policies import load_territory
from stack.service import HealthCheck, Service, StackContext


def prepare(context: StackContext) -> None:
    """Make the folder where they drop files."""
    context.paths.drop.mkdir(mode=0o700, exist_ok=True)


def services(context: StackContext) -> list[Service]:
    """Describe the server; it drops files before it answers: of the demonstrated feeds, or of all."""
    port, options = context.ports["operators"], context.operators
    command = [str(context.python), "-m", "stack.operators", "--port", str(port), "--drop", str(context.paths.drop)]
    command += ["--seed", str(options.seed), "--territory", str(context.territory)]
    given = {
        "--rows": options.rows,
        "--households": options.households,
        "--reports": options.reports,
        "--scale": options.scale,
        "--today": options.today,
        "--canaries": options.canaries,
    }
    for flag, value in given.items():
        if value is not None:
            command += [flag, str(value)]
    if not options.every:
        territory = load_territory(context.territory, refused=lambda file, error: None)
        command += ["--feeds", *territory.demonstrated]
    if options.defects:
        command += ["--defects", *(f"{name}={value}" for name, value in options.defects)]
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
