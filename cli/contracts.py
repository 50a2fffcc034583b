"""``ardoise contracts check``: read a territory's contracts as the stages will."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.screen import console

application = typer.Typer(help="Les contrats de données du territoire.", no_args_is_help=True)


@application.callback()
def contracts() -> None:
    """Hold the group open for more commands."""


@application.command()
def check(
    territory: Annotated[
        Path | None,
        typer.Argument(help="Dossier du territoire ; sinon celui des réglages.", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Lire tous les contrats et la stratégie ; une erreur nomme le fichier, la ligne et la règle."""
    from policies import load_territory
    from settings import load_settings

    found = load_territory(territory or load_settings().territory)
    screen = console()
    for contract in found.contracts.values():
        screen.print(f"  [green]✓[/] {contract.id:<20} v{contract.version}  {contract.title}")
