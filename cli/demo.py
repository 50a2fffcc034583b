"""``ardoise demo``: the whole journey, on the simulated operators, run by Airflow's own scheduler."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.screen import console, reporter, show_addresses
from cli.stack import Rows, Seed, Today, context_of, every_feed, options_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cli.watch import Progress
    from policies import Territory
    from settings import Settings
    from stack.airflow_client import AirflowClient, Run

LIMIT_SECONDS = 1_800.0
DAGS_SECONDS = 120.0

APPROVAL = """[bold]« {title} » attend son intendant[/bold] : {url}
  1. Entrez comme « steward » (mot de passe : ardoise logins) et ouvrez l'action requise de la période voulue.
  2. Lisez le verdict et les mesures de risque ; le lien vers la console montre d'où vient chaque valeur.
  3. Répondez « Approuver la publication » ou « Refuser », avec un motif : rien n'est publié sans cette décision."""


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command()(demo)


All = Annotated[bool, typer.Option("--all", help="Tous les flux du territoire, en petite taille.")]


def demo(
    context: typer.Context, rows: Rows = None, seed: Seed = None, today: Today = None, everything: All = False
) -> None:
    """Démarrer la pile et faire voyager les flux de demo.yaml, de l'opérateur au catalogue. Laisse tout en marche."""
    from cli.airflow import sign_in
    from policies import load_territory
    from stack.embedded import Stack

    screen, began = console(), time.monotonic()
    screen.print("[bold]La pile démarre[/bold]")
    options = options_of(rows, seed, today)
    stack_context = context_of(context.obj, operators=every_feed(context.obj, options) if everything else options)
    Stack(stack_context).up(reporter(screen))
    settings = stack_context.settings
    territory = load_territory(settings.territory)
    shown = _shown(territory, everything)
    titles = {str(dataset): contract.title for dataset, contract in territory.contracts.items()}
    since = datetime.now(UTC) - timedelta(seconds=5)
    screen.print(f"\n[bold]Les flux voyagent[/bold] ({time.monotonic() - began:.0f} s depuis le départ)")
    with sign_in(settings) as airflow:
        _wait_for_dags(airflow, [*shown, *(f"{dataset}__release" for dataset in shown)])
        collections = {dataset: _start(airflow, dataset, since) for dataset in shown}
        states = _show(screen, airflow, collections, since)
    screen.print()
    screen.print(_summary(settings, list(collections), since))
    screen.print(f"  {time.monotonic() - began:.0f} s en tout.")
    show_addresses(screen, stack_context)
    for state in states:
        if state.waiting:
            url = f"{settings.airflow_url}/required_actions"
            screen.print(APPROVAL.format(title=titles[state.dataset], url=url))
    failed = [state.dataset for state in states if state.broken]
    if failed:
        raise CommandError(f"en échec : {', '.join(failed)} ; le journal des tâches est dans {settings.airflow_url}")


def _shown(territory: Territory, everything: bool) -> list[str]:
    """The datasets to show: those in force, all or as listed."""
    in_force = [str(dataset) for dataset, contract in territory.contracts.items() if contract.in_force]
    if everything:
        return in_force
    if unknown := sorted(set(territory.demonstrated) - set(in_force)):
        raise CommandError(f"demo.yaml : pas de contrat en vigueur pour {', '.join(unknown)}")
    return list(territory.demonstrated)


def _wait_for_dags(airflow: AirflowClient, wanted: list[str]) -> None:
    """Wait until Airflow has read the DAGs of every contract."""
    deadline = time.monotonic() + DAGS_SECONDS
    while missing := set(wanted) - set(airflow.dags()):
        if errors := airflow.import_errors():
            raise CommandError(f"Airflow ne lit pas les contrats : {errors[0]}")
        if time.monotonic() > deadline:
            raise CommandError(f"Airflow n'a pas lu {', '.join(sorted(missing))} : voyez airflow-dag-processor.log")
        time.sleep(1)


def _start(airflow: AirflowClient, dataset: str, since: datetime) -> Callable[[], Run | None]:
    """Let the schedule run the dataset; ask for a run if its schedule runs already, and return what finds the run."""
    airflow.unpause(f"{dataset}__release")
    asked = None
    if airflow.dags()[dataset]["is_paused"]:
        airflow.unpause(dataset)
    else:
        asked = airflow.trigger(dataset).run_id

    def latest() -> Run | None:
        if asked is not None:
            return airflow.run(dataset, asked)
        runs = [run for run in airflow.runs(dataset) if run.queued_at is None or run.queued_at >= since]
        return runs[0] if runs else None  # later visits of the schedule are not this demonstration

    return latest


def _show(
    screen: Console, airflow: AirflowClient, collections: dict[str, Callable[[], Run | None]], since: datetime
) -> list[Progress]:
    """Show the progress until nothing moves; on a terminal in place, elsewhere a line a change."""
    from rich.live import Live

    from cli.watch import follow

    states: list[Progress] = []
    began = time.monotonic()
    if screen.is_terminal:
        with Live(console=screen, refresh_per_second=4) as live:
            for states in follow(airflow, collections, since, LIMIT_SECONDS):
                live.update(_progress_table(states))
        return states
    said: dict[str, str] = {}
    for states in follow(airflow, collections, since, LIMIT_SECONDS):
        for state in states:
            if said.get(state.dataset) != (words := state.words()):
                screen.print(f"  {time.monotonic() - began:4.0f} s  {state.dataset:<23} {words}")
                said[state.dataset] = words
    return states


def _progress_table(states: list[Progress]) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2))
    for state in states:
        style = "green" if state.done and not state.failed else "yellow"
        table.add_row(state.dataset, f"[{style}]{state.words()}[/]")
    return table


def _summary(settings: Settings, datasets: list[str], since: datetime) -> Table:
    from cli.summary import summarize, table
    from storage.database import database_engine
    from storage.journal import Journal

    engine = database_engine(settings.hub_database_url())
    try:
        journal = Journal(engine)
        return table(summarize(journal, dataset, since) for dataset in datasets)
    finally:
        engine.dispose()
