"""``ardoise up, down, status, logins, forget``: the embedded stack."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.screen import console, reporter, show_addresses

if TYPE_CHECKING:
    from stack.service import OperatorOptions, StackContext

SMALL_ROWS = 62_000  # water readings a month of two thousand households
SMALL_SCALE = 0.01
Rows = Annotated[int | None, typer.Option("--rows", help="Lignes par flux des opérateurs simulés.", min=100)]
Seed = Annotated[int | None, typer.Option("--seed", help="Graine des opérateurs simulés.")]
Today = Annotated[
    datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="Jour que vivent les opérateurs simulés.")
]
Territory = Annotated[
    Path | None,
    typer.Option("--territory", envvar="ARDOISE_TERRITORY", help="Dossier des contrats.", exists=True, file_okay=False),
]


def register(application: typer.Typer) -> None:
    """Add the commands of this file."""
    application.command()(up)
    application.command()(down)
    application.command()(status)
    application.command()(logins)
    application.command()(forget)


def context_of(home: Path, territory: Path | None = None, operators: OperatorOptions | None = None) -> StackContext:
    """Return the context of the stack kept in ``home``."""
    from stack.context import build_context

    return build_context(home, territory=territory, operators=operators)


def options_of(rows: int | None, seed: int | None, today: datetime | None) -> OperatorOptions | None:
    """Return the operators' options if any was given: what is not given stays as it was."""
    from stack.service import OperatorOptions

    if rows is None and seed is None and today is None:
        return None
    return OperatorOptions(rows, 49007 if seed is None else seed, None if today is None else today.date())


def every_feed(home: Path, options: OperatorOptions | None) -> OperatorOptions:
    """Return the options with which all feeds are simulated: small on a new stack, else as large as they were."""
    from dataclasses import replace

    from stack.service import OperatorOptions

    if options is None:
        options = context_of(home).operators if _exists(home) else OperatorOptions(rows=SMALL_ROWS)
    return replace(options, every=True, scale=SMALL_SCALE)


def up(
    context: typer.Context, rows: Rows = None, seed: Seed = None, today: Today = None, territory: Territory = None
) -> None:
    """Démarrer la pile et attendre qu'elle soit prête."""
    from stack.embedded import Stack

    screen = console()
    stack_context = context_of(context.obj, territory, options_of(rows, seed, today))
    Stack(stack_context).up(reporter(screen))
    show_addresses(screen, stack_context)


def down(context: typer.Context) -> None:
    """Arrêter la pile : aucun processus ne reste, les données restent."""
    from stack.embedded import Stack

    if not _exists(context.obj):
        return
    Stack(context_of(context.obj)).down(reporter(console()))


def status(context: typer.Context) -> None:
    """Dire l'état de chaque service ; le code de retour est 1 si l'un d'eux n'est pas prêt."""
    from rich.table import Table

    from stack.embedded import Stack

    if not _exists(context.obj):
        console().print(f"Pas de pile dans {context.obj} : « ardoise up » la crée.")
        raise typer.Exit(1)
    statuses = Stack(context_of(context.obj)).status()
    table = Table("service", "état", "prêt", "processus", "depuis", box=None, header_style="bold")
    table.add_column("ports", no_wrap=True)
    for entry in statuses:
        ready = "[green]oui[/]" if entry.healthy else "[red]non[/]"
        since = f"{entry.seconds // 60} min {entry.seconds % 60:02} s" if entry.seconds else ""
        ports = " ".join(map(str, entry.ports[:2])) + ("…" if len(entry.ports) > 2 else "")
        table.add_row(entry.name, entry.state, ready, str(entry.pid or ""), since, ports)
    console().print(table)
    raise typer.Exit(0 if all(entry.healthy for entry in statuses) else 1)


def logins(context: typer.Context) -> None:
    """Montrer les mots de passe, dans un terminal seulement."""
    if not sys.stdout.isatty():
        raise CommandError("les mots de passe ne se montrent que dans un terminal, jamais dans un fichier ou un tube")
    if not _exists(context.obj):
        raise CommandError(f"pas de pile dans {context.obj} : « ardoise up » la crée")
    from rich.table import Table

    stack_context = context_of(context.obj)
    table = Table("qui", "mot de passe", "où", box=None, header_style="bold")
    places = {"ckan-admin": stack_context.settings.ckan_url}
    common = f"{stack_context.settings.airflow_url}  {stack_context.settings.console_url}"
    for file in sorted(stack_context.secrets.folder.glob("login-*")):
        name = file.name.removeprefix("login-")
        password = stack_context.secrets.get(file.name).get_secret_value()
        table.add_row(name.removeprefix("airflow-"), password, places.get(name, common))
    console().print(table)


def forget(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander confirmation.")] = False,
) -> None:
    """Arrêter la pile et effacer tout ce qu'elle a gardé."""
    from stack.embedded import Stack

    if not _exists(context.obj):
        return
    if not yes:
        typer.confirm(f"Effacer {context.obj}, données et clés comprises ?", abort=True)
    Stack(context_of(context.obj)).forget()


def _exists(home: Path) -> bool:
    return (home / "ports.toml").exists()
