"""The ``ardoise`` command: one file a group, heavy imports inside the commands, so that ``--help`` is quick.

Errors of the rooms are shown as one sentence, in French, saying what to do next; a traceback is for defects only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import contracts, custody, demo, doctor, journey, stack, verify

application = typer.Typer(
    name="ardoise",
    help="Ardoise : des flux d'opérateurs à l'open data, par un tiers de confiance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@application.callback()
def configure(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option("--home", envvar="ARDOISE_HOME", help="Dossier d'état de la pile.", show_default=True)
    ] = Path(".ardoise"),
) -> None:
    """Keep the state folder for the command that follows."""
    context.obj = home.resolve()
    os.environ["ARDOISE_HOME"] = str(context.obj)


stack.register(application)
demo.register(application)
journey.register(application)
doctor.register(application)
custody.register(application)
verify.register(application)
application.add_typer(contracts.application, name="contracts")


def main() -> None:
    """Run the command; end with one readable sentence if a room refuses."""
    try:
        application()
    except Exception as error:
        if not _is_ours(error):
            raise
        typer.secho(f"ardoise : {error}", fg="red", err=True)
        sys.exit(1)


def _is_ours(error: Exception) -> bool:
    """Tell whether a room raised this error on purpose: rooms keep theirs in modules called ``errors``."""
    return any(kind.__module__.split(".")[-1] == "errors" and "." in kind.__module__ for kind in type(error).__mro__)
