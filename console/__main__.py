"""``python -m console serve``: the entry point of the console's process."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from console import logs
from console.accounts import Accounts, Person, Role
from console.application import create_application
from console.contexts import Links, Reader
from console.errors import ConsoleError
from console.proofreading import Proofreading
from console.services import Services
from console.sessions import Sessions
from console.theme import load_theme
from policies import ContractError, PolicyError, load_territory
from policies.access import load_access
from settings import Settings, SettingsError, load_settings
from settings.version import __version__
from storage import Journal, LineageEvents, ObjectStore, S3ObjectStore, StorageError, database_engine, upgrade

log = logging.getLogger("console")
GRACE_SECONDS = 5


def build_services(settings: Settings, engine: Engine) -> Services:
    """Put the console's collaborators together from the settings."""
    territory = load_territory(settings.territory, refused=_left_out)
    lineage = LineageEvents(engine)
    people = {Person(role.value, role): settings.secret(f"login-{role.value}") for role in Role}
    return Services(
        accounts=Accounts(people),
        sessions=Sessions(settings.secret("console-session")),
        reader=Reader(territory, Journal(engine), lineage, Links(settings.airflow_url)),
        lineage=lineage,
        proofreading=Proofreading(_candidates(settings), load_access(settings.territory)),
        lineage_token=settings.secret("console-lineage"),
        theme=load_theme(settings.territory, territory.strategy.territory),
        version=__version__,
        database_ready=lambda: database_answers(engine),
        wall=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        secure_cookie=settings.console_url.startswith("https://"),
    )


def _candidates(settings: Settings) -> ObjectStore:
    """The private zones, under a credential that reads candidates and nothing else."""
    return S3ObjectStore(settings.s3, settings.s3.private_bucket, settings.credential("console"))


def _left_out(file: Path, error: ContractError) -> None:
    """One broken contract must not take the other datasets from the DPO's sight."""
    log.warning("%s is not valid and is left out: « ardoise contracts check » says why", file.name)


def database_answers(engine: Engine) -> bool:
    """Whether a trivial statement comes back."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m console", description="The console of Ardoise.")
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="bring the hub's database to this version's state")
    serve = commands.add_parser("serve", help="serve the pages and the lineage endpoint")
    for command in (migrate, serve):
        command.add_argument("--home", type=Path, help="the state folder (default: ARDOISE_HOME)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8702)
    given = parser.parse_args(arguments)
    logs.configure()
    try:
        settings = load_settings(given.home)
        revision = upgrade(settings.hub_database_url())
        log.info("database ready", extra={"fields": {"revision": revision}})
        if given.command == "serve":
            _serve(settings, given.host, given.port)
    except (SettingsError, PolicyError, StorageError, ConsoleError) as error:
        log.error("%s", error)
        return 1
    return 0


def _serve(settings: Settings, host: str, port: int) -> None:
    engine = database_engine(settings.hub_database_url())
    try:
        application = create_application(build_services(settings, engine))
        uvicorn.run(
            application,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
