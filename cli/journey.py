"""``ardoise run, replay``: start a dataset's journey by hand, through Airflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.errors import CommandError
from cli.screen import console

LIMIT_SECONDS = 3_600.0
Dataset = Annotated[str, typer.Argument(help="Identifiant du jeu de données, par exemple « parking ».")]


def register(application: typer.Typer) -> None:
    """Add the commands of this file."""
    application.command()(run)


def run(
    dataset: Dataset,
    period: Annotated[
        str | None, typer.Option("--period", help="Publier de nouveau cette période, par exemple 2026-10.")
    ] = None,
) -> None:
    """Collecter un jeu de données et publier ce qui a changé, en passant par Airflow."""
    from cli.airflow_api import AirflowApi
    from cli.watch import follow
    from policies import load_territory
    from settings import load_settings

    settings = load_settings()
    known = load_territory(settings.territory).contracts
    if dataset not in known:
        raise CommandError(f"pas de contrat « {dataset} » : les contrats sont {', '.join(sorted(known))}")
    screen, since = console(), datetime.now(UTC) - timedelta(seconds=5)
    with AirflowApi(settings) as airflow:
        airflow.set_paused(f"{dataset}__release", paused=False)
        airflow.set_paused(dataset, paused=False)
        started = airflow.trigger(dataset, {"periods": [period]} if period else {})
        said, state = "", None
        for (state,) in follow(airflow, {dataset: lambda: airflow.run(dataset, started.run_id)}, since, LIMIT_SECONDS):
            if (words := state.words()) != said:
                screen.print(f"  {words}")
                said = words
        if state is None or state.collection != "success" or state.failed:
            raise CommandError(f"le parcours de « {dataset} » a échoué : le journal est dans {settings.airflow_url}")
        if state.waiting:
            screen.print(f"  À approuver dans {settings.airflow_url}/required_actions")
