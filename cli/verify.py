"""``ardoise verify``: a published file against its certificate, with nothing else at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.screen import console


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command(name="verify")(verify_file)


def verify_file(
    file: Annotated[Path, typer.Argument(help="Le fichier Parquet publié.", exists=True, dir_okay=False)],
    certificate: Annotated[
        Path, typer.Option("--certificate", help="Son certificat : certificat.json.", exists=True, dir_okay=False)
    ],
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Le CSV de la même période : a-t-il les mêmes lignes ?", dir_okay=False)
    ] = None,
) -> None:
    """Recalculer, du fichier seul, ce que dit son certificat : empreinte, plus petit groupe, diversité."""
    from catalog.verification import beyond, verify

    screen = console()
    for check in verify(file, certificate, csv):
        screen.print(f"  [green]✓[/] {check.what:<40} {check.found}")
    screen.print(f"  {beyond(certificate)}")
