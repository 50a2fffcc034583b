"""``ardoise custody …``: the trusted third party's own commands, over the custody that this stack keeps.

Custody is another program with a folder of its own; all that is added here is where that folder is.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import typer

from cli.errors import CommandError
from cli.stack import context_of


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    passed_on = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    application.command(context_settings=passed_on)(custody)


def custody(context: typer.Context) -> None:
    """Administrer le tiers de confiance de cette pile : domaines, clients, officiers, clés, journal."""
    home: Path = context.obj
    if not (home / "ports.toml").is_file():
        raise CommandError(f"pas de pile dans {home} : « ardoise up » la crée")
    stack_context = context_of(home)
    command = [str(stack_context.python), "-m", "custody", *context.args]
    if not {"-h", "--help"} & set(context.args) and context.args:
        command += ["--home", str(stack_context.paths.custody)]
    environment = os.environ | {"PYTHONPATH": str(stack_context.root)}
    raise typer.Exit(subprocess.run(command, env=environment).returncode)
