"""``ardoise contracts check``, ``new`` and ``compare``: a territory's contracts, read as the stages will."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CommandError
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
    """Lire tous les contrats et la stratégie ; expliquer chaque problème : fichier, ligne, règle, et que faire."""
    from cli.checking import check_territory, show
    from settings import load_settings

    checked = check_territory(territory or load_settings().territory)
    show(checked, console())
    if checked.findings:
        raise typer.Exit(1)


@application.command()
def new(
    answers: Annotated[
        Path | None,
        typer.Option(
            "--reponses", help="Fichier de réponses (YAML) ; sans lui, les questions sont posées.", exists=True
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--sortie", help="Dossier où écrire ; sinon celui des contrats du territoire.")
    ] = None,
    territory: Annotated[
        Path | None,
        typer.Option("--territoire", help="Dossier du territoire ; sinon celui des réglages.", exists=True),
    ] = None,
    service: Annotated[
        str | None, typer.Option("--service", help="Adresse du service de l'opérateur ; sinon celle des réglages.")
    ] = None,
    drop: Annotated[
        Path | None, typer.Option("--depot", help="Dossier de dépôt ; sinon celui des réglages.", exists=True)
    ] = None,
) -> None:
    """Proposer le contrat d'un nouveau flux, d'après quelques réponses et un échantillon ; une personne le relit."""
    from cli.new_contract import propose_contract
    from settings import load_settings

    given = {"territory": territory, "operators_url": service, "drop_folder": drop}
    settings = load_settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    propose_contract(settings, answers, output, console())


@application.command()
def compare(
    old: Annotated[Path, typer.Argument(help="Le contrat tel qu'il était.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="Le contrat tel qu'il devient.", exists=True, dir_okay=False)],
) -> None:
    """Dire ce qui change d'un contrat à l'autre ; refuser un numéro de version qui dit moins que ce qui change."""
    from policies import load_contract, load_strategy
    from policies.changes import check_version, compare
    from settings import load_settings

    strategy = load_strategy(load_settings().territory / "strategy.yaml")
    before, after = load_contract(old, strategy), load_contract(new, strategy)
    if before.id != after.id:
        raise CommandError(f"« {before.id} » et « {after.id} » sont deux jeux de données : rien à comparer")
    screen = console()
    for change in compare(before, after):
        screen.print(f"  {change.level.french:<10} {change.sentence}")
    check_version(before, after)
    screen.print(f"  [green]✓[/] {before.version} → {after.version}")
