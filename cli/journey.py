"""``ardoise run, replay, withdraw``: a dataset's journey by hand; releases are always Airflow's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.screen import console

if TYPE_CHECKING:
    from settings import Settings

LIMIT_SECONDS = 3_600.0
Dataset = Annotated[str, typer.Argument(help="Identifiant du jeu de données, par exemple « parking ».")]


def register(application: typer.Typer) -> None:
    """Add the commands of this file."""
    application.command()(run)
    application.command()(replay)
    application.command()(withdraw)


def run(
    dataset: Dataset,
    period: Annotated[
        str | None, typer.Option("--period", help="Publier de nouveau cette période, par exemple 2026-10.")
    ] = None,
) -> None:
    """Collecter un jeu de données et publier ce qui a changé, en passant par Airflow."""
    settings = load_known(dataset)
    console().print(f"  « {dataset} » part chez son opérateur")
    _collect(settings, dataset, [period] if period else [])


def replay(dataset: Dataset) -> None:
    """Reprendre les lignes mises en quarantaine, une fois le contrat corrigé."""
    from pipeline import entry

    settings = load_known(dataset)
    touched = entry.replay(dataset, f"replay.{datetime.now(UTC):%Y%m%dT%H%M%S}")
    counts = ", ".join(f"{name} {count}" for name, count in touched["counts"].items())
    console().print(f"  reprises : {counts or 'aucune livraison en quarantaine'}")
    if touched["periods"]:
        _collect(settings, dataset, touched["periods"])


def withdraw(
    dataset: Dataset,
    period: Annotated[str, typer.Option("--period", help="La période à retirer, par exemple 2026-10.")],
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander confirmation.")] = False,
) -> None:
    """Retirer une période qui portait des données personnelles : fichiers de toutes versions, table, catalogue."""
    from pipeline import entry

    load_known(dataset)
    if not yes and not typer.confirm(f"Retirer {dataset} {period}, sans retour ?"):
        raise CommandError("rien n'a été retiré")
    entry.withdraw(dataset, f"withdraw.{datetime.now(UTC):%Y%m%dT%H%M%S}", period)
    console().print(f"  {dataset} {period} : plus aucun fichier, plus aucune ligne au catalogue")


def load_known(dataset: str) -> Settings:
    """Return the settings; refuse a dataset that has no contract."""
    from policies import load_territory
    from settings import load_settings

    settings = load_settings()
    known = load_territory(settings.territory).contracts
    if dataset not in known:
        raise CommandError(f"pas de contrat « {dataset} » : les contrats sont {', '.join(sorted(known))}")
    return settings


def _collect(settings: Settings, dataset: str, periods: list[str]) -> None:
    """Have Airflow collect, releasing ``periods`` again whatever the collection brings, and follow it to its end."""
    from cli.airflow import sign_in
    from cli.watch import follow

    since = datetime.now(UTC) - timedelta(seconds=5)
    with sign_in(settings) as airflow:
        airflow.unpause(f"{dataset}__release")
        airflow.unpause(dataset)
        run_id = airflow.trigger(dataset, periods=periods).run_id
        said, state = "", None
        for (state,) in follow(airflow, {dataset: lambda: airflow.run(dataset, run_id)}, since, LIMIT_SECONDS):
            if (words := state.words()) != said:
                console().print(f"  {words}")
                said = words
    if state is None or state.broken:
        raise CommandError(f"le parcours de « {dataset} » a échoué : le journal est dans {settings.airflow_url}")
    if state.waiting:
        console().print(f"  À approuver dans {settings.airflow_url}/required_actions")
